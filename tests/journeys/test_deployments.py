"""Deployments at the console over the bundled backend: taken back, continued, stopped in the middle of a canary."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from journeys.driving import Scene, User, at_the_console
from pointsman.clock import ManualClock
from pointsman.config.launch import World
from support.backend import CheckedBackend

pytest.importorskip("pointsman.local.codedeploy")
deploying = pytest.importorskip("support.deploying")
functions = pytest.importorskip("pointsman.local.functions.records")
commands = pytest.importorskip("pointsman.local.runners.commands")

REGION = "us-east-1"
FAILS = "#!/bin/sh\necho looking; echo 'E: no such package' >&2; exit 3\n"


def scene(backend: CheckedBackend, clock: ManualClock) -> Scene:
    return Scene(backend, clock, REGION, World.LOCAL)


async def looks_on(user: User, backend: CheckedBackend, words: str) -> None:
    """Let the backend work and the console read, until something is on the screen."""
    for _ in range(40):
        backend.settle()
        await user.waits(5)
        if words in user.screen:
            return
    user.sees(words)


async def test_a_deployment_that_failed_is_taken_back_from_its_own_screen(
    backend: CheckedBackend, clock: ManualClock
) -> None:
    shop = deploying.Deploying(backend, clock)
    shop.instances(3)
    shop.group("CodeDeployDefault.OneAtATime")
    good = shop.run(deploying.traced("1"))["deploymentId"]
    clock.advance(600)
    bad = shop.run(deploying.traced("2", BeforeInstall=FAILS))["deploymentId"]
    async with at_the_console(scene(backend, clock)) as user:
        user.sees(f"✗ shop/web {bad} failed")
        await user.presses("4", "enter")
        await looks_on(user, backend, f"({good}")
        user.sees("HEALTH_CONSTRAINTS", "web-1 ▸ BeforeInstall ▸ scripts/BeforeInstall.sh", "ScriptFailed")
        user.sees("[stderr]E: no such package", "exit code 3")
        await user.chooses("Roll back", "shop/web d-")
        user.sees("bundle-1 comes back", "codedeploy:CreateDeployment", "aws deploy create-deployment")
        await user.types("shop/web")
        await user.confirms()
        await looks_on(user, backend, "✓ Succeeded")
        assert bad not in user.lines[1], "the screen is that of the new deployment"
        user.sees("3/3", "the same as bundle-1")
        made = shop.client.list_deployments(applicationName="shop", deploymentGroupName="web")["deployments"]
        assert len(made) == 3
        await user.presses("f")
        await looks_on(user, backend, "all 3 do")
        assert "bundle-1" in user.row("web-1")


class Answers:
    """Functions without processes: every call is answered with nothing."""

    def environment(self, scope: Any, who: str) -> dict[str, str]:
        return {}

    def run(self, command: Any, folder: Path, given: bytes, environment: Any, seconds: float) -> Any:
        return commands.Ended(0, "null", "")

    def close(self) -> None:
        return None


@pytest.fixture
def canary(clock: ManualClock, tmp_path: Path) -> Iterator[CheckedBackend]:
    """A function with two versions behind an alias; the first is live, the second is in its canary's wait."""
    with CheckedBackend(state=tmp_path / "state", clock=clock, tools=[Answers()]) as backend:
        client, lambda_ = backend.session().client("codedeploy"), backend.session().client("lambda")
        with backend.world.transaction():
            kept = functions.LocalFunction("search", ("answer",), str(backend.root))
            backend.world.scope(backend.account, REGION).put("search", kept)
        for _ in range(2):
            lambda_.publish_version(FunctionName="search")
            with backend.world.transaction():
                again = functions.LocalFunction("search", ("answer", "other"), str(backend.root))
                backend.world.scope(backend.account, REGION).put("search", again)
        lambda_.create_alias(FunctionName="search", Name="live", FunctionVersion="1")
        client.create_application(applicationName="search", computePlatform="Lambda")
        group = {"applicationName": "search", "deploymentGroupName": "canary"}
        client.create_deployment_group(
            **group, serviceRoleArn=deploying.ROLE, deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce"
        )

        def start(current: str, target: str, **more: str) -> None:
            properties = {"Name": "search", "Alias": "live", "CurrentVersion": current, "TargetVersion": target}
            resource = {"search": {"Type": "AWS::Lambda::Function", "Properties": properties}}
            spec = json.dumps({"version": 0.0, "Resources": [resource]})
            revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": spec}}
            client.create_deployment(**group, revision=revision, **more)
            backend.settle()

        start("1", "1")
        clock.advance(600)
        start("1", "2", deploymentConfigName="CodeDeployDefault.LambdaCanary10Percent5Minutes")
        yield backend


async def test_a_canary_is_stopped_and_the_screen_goes_on_to_what_takes_it_back(
    canary: CheckedBackend, clock: ManualClock
) -> None:
    async with at_the_console(scene(canary, clock)) as user:
        await user.presses("4", "enter")
        await looks_on(user, canary, "10% to 2, 90% to 1")
        user.sees("step 1/2", "100% in")
        await user.chooses("Stop and roll back")
        user.sees("--auto-rollback-enabled", "The traffic goes back")
        await user.types("search/canary")
        await user.confirms()
        await looks_on(user, canary, "r rolls back d-")
        user.sees("100% to 1, 0% to 2", "by rollback")
        await user.presses("r")
        await looks_on(user, canary, "r rolled back by d-")
        user.sees("⊘ Stopped", "MANUAL_STOP")
