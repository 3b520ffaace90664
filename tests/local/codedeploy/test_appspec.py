"""AppSpecs read and refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.local.codedeploy.appspec import AppSpecError, server, shifted

HEAD = "version: 0.0\nos: linux\n"


def test_a_whole_appspec_is_read() -> None:
    spec = server(
        HEAD
        + """
files:
  - {source: /, destination: /srv/app}
file_exists_behavior: OVERWRITE
permissions:
  - {object: /srv/app, pattern: "*.sh", except: [x.sh], mode: 755, owner: web, type: [file]}
hooks:
  AfterInstall:
    - {location: a.sh, timeout: 10, runas: web}
    - location: b.sh
  ValidateService:
"""
    )
    assert spec.behavior == "OVERWRITE"
    assert spec.permissions[0].mode == 0o755
    assert [hook.location for hook in spec.scripts("AfterInstall")] == ["a.sh", "b.sh"]
    assert [hook.timeout for hook in spec.scripts("AfterInstall")] == [10, 3600]
    assert spec.scripts("ValidateService") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("os: linux", "no version"),
        ("version: 1.0\nos: linux", "unsupported version: 1.0"),
        ("version: 0.0\nos: mac", "operating system mac"),
        ("version: 0.0\nos: windows", "windows"),
        ("version: 0.0\nos: [", "not valid YAML"),
        (HEAD + "hooks: {Install: [{location: a}]}", "hook Install: no script can be given"),
        (HEAD + "hooks: {Lunch: [{location: a}]}", "hook Lunch: it is not a lifecycle event"),
        (HEAD + "hooks: {AfterInstall: [{timeout: 3}]}", "without a location"),
        (HEAD + "hooks: {AfterInstall: [{location: a, timeout: 0}]}", "timeout 0"),
        (HEAD + "hooks: {AfterInstall: [{location: a, timeout: 3000}, {location: b, timeout: 700}]}", "3600 seconds"),
        (HEAD + "hooks: {AfterInstall: [{location: ../a}]}", "leads out of the revision"),
        (HEAD + "hooks: {AfterInstall: [{location: /bin/a}]}", "leads out of the revision"),
        (HEAD + "hooks: [a]", "mapping of lifecycle events"),
        (HEAD + "files: [{source: a}]", "no destination"),
        (HEAD + "files: [{source: a, destination: b}]", "not a fully qualified path"),
        (HEAD + "files: [{source: a, destination: /srv/../../etc}]", "leads out of the instance"),
        (HEAD + "files: [{source: ../a, destination: /b}]", "leads out of the revision"),
        (HEAD + "files: {a: b}", "list of mappings"),
        (HEAD + "file_exists_behavior: ASK", "ASK"),
        (HEAD + "permissions: [{object: /a, mode: u+x}]", "octal"),
        (HEAD + "permissions: [{object: a}]", "absolute path"),
        (HEAD + "permissions: [{object: /a, type: [socket]}]", "neither file nor directory"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(AppSpecError, match=said.replace("+", r"\+")):
        server(text)


@given(st.text(max_size=300))
def test_whatever_comes_is_read_or_refused_in_words(text: str) -> None:
    for prefix in ("", HEAD, HEAD + "hooks: ", HEAD + "files: "):
        with suppress(AppSpecError):
            server(prefix + text)


LAMBDA = """
version: 0.0
Resources:
  - fn:
      Type: AWS::Lambda::Function
      Properties: {Name: f, Alias: live, CurrentVersion: "1", TargetVersion: "2"}
Hooks:
  - BeforeAllowTraffic: check
"""


def test_a_lambda_appspec_is_read_in_yaml_and_json() -> None:
    spec = shifted(LAMBDA, "Lambda")
    assert spec.properties["TargetVersion"] == "2"
    assert spec.hooks == {"BeforeAllowTraffic": "check"}
    text = (
        '{"version": 0.0, "Resources": [{"s": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": "t:1", '
        '"LoadBalancerInfo": {"ContainerName": "c", "ContainerPort": 80}}}}]}'
    )
    assert shifted(text, "ECS").properties["TaskDefinition"] == "t:1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 0.0", "exactly one resource"),
        (LAMBDA.replace("BeforeAllowTraffic", "AfterInstall"), "hook AfterInstall"),
        (LAMBDA.replace("AWS::Lambda::Function", "AWS::S3::Bucket"), "AWS::S3::Bucket"),
        (LAMBDA.replace("Alias: live, ", ""), "lacks Alias"),
    ],
)
def test_a_lambda_appspec_is_refused(text: str, said: str) -> None:
    with pytest.raises(AppSpecError, match=said):
        shifted(text, "Lambda")
