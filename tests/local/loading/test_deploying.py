"""What of a world file is about deployments: functions, target groups, instances, groups that are updated."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointsman.errors import ConfigError
from pointsman.local.codedeploy.balancing import TargetGroup
from pointsman.local.codedeploy.ports import free_port
from pointsman.local.functions.records import LocalFunction
from support.backend import CheckedBackend

WORLD = """
local:
  functions:
    smoke: {command: [./smoke.sh, now], timeout: 60, environment: {A: b}}
    line: echo hello | wc
  target_groups: {web: PORT}
  instances:
    web-1: {path: ./web-1, tags: {role: web}}
calls:
  - codedeploy:
      create_application: {applicationName: shop}
      create_deployment_group:
        applicationName: shop
        deploymentGroupName: web
        serviceRoleArn: arn:aws:iam::123456789012:role/deploy
        deploymentConfigName: CodeDeployDefault.AllAtOnce
        ec2TagFilters: [{Key: role, Value: web, Type: KEY_AND_VALUE}]
"""


def test_everything_is_kept_and_loading_again_updates(backend: CheckedBackend, tmp_path: Path) -> None:
    world, port = tmp_path / "world.yml", free_port()
    world.write_text(WORLD.replace("PORT", str(port)))
    backend.load(world)
    scope = backend.world.scope(backend.account, "us-east-1")
    smoke, line = scope.get(LocalFunction, "smoke"), scope.get(LocalFunction, "line")
    assert smoke == LocalFunction("smoke", ("./smoke.sh", "now"), str(tmp_path), {"A": "b"}, 60)
    assert line is not None
    assert line.command == ("/bin/sh", "-c", "echo hello | wc")
    group = scope.get(TargetGroup, "web")
    assert group is not None
    assert group.port == port
    world.write_text(WORLD.replace("PORT", str(port)).replace("AllAtOnce", "HalfAtATime"))
    backend.load(world)
    client = backend.session().client("codedeploy")
    info = client.get_deployment_group(applicationName="shop", deploymentGroupName="web")["deploymentGroupInfo"]
    assert info["deploymentConfigName"] == "CodeDeployDefault.HalfAtATime"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("local: {target_groups: {web: 80}}", "local.target_groups.web: a port from 1024"),
        ("local: {target_groups: [a]}", "a mapping belongs here"),
        ("local: {functions: {f: {timeout: 5}}}", "local.functions.f: command is missing"),
    ],
)
def test_mistakes_are_named(backend: CheckedBackend, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "world.yml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        backend.load(tmp_path)
