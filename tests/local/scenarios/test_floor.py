"""The demonstration's floor: the story at second 0, the same on every machine, and a life after it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from pointsman.local.scenarios import Demo, open_demo
from support.scenes import ask, deployments, stages, world


@pytest.fixture
def demo() -> Iterator[Demo]:
    made = open_demo(seed=0, paused=True)
    yield made
    made.close()


def test_second_zero_shows_deployments_at_every_turn(demo: Demo) -> None:
    found = deployments(demo)
    rolling = next(one for one in found if one["applicationName"] == "storefront")
    assert rolling["status"] == "InProgress"
    assert rolling["deploymentOverview"]["InProgress"] == 3
    assert rolling["deploymentOverview"]["Pending"] > 0
    canary = next(one for one in found if one["applicationName"] == "pricing")
    target = ask(demo, "codedeploy", "GetDeploymentTarget", deploymentId=canary["deploymentId"], targetId="pricing")
    info = target["deploymentTarget"]["lambdaTarget"]["lambdaFunctionInfo"]
    assert (canary["status"], info["targetVersionWeight"]) == ("InProgress", 10.0)
    assert next(one for one in found if one["applicationName"] == "accounts-web")["status"] == "Ready"
    failed = next(one for one in found if one["status"] == "Failed")
    stopped = next(one for one in found if one["status"] == "Stopped")
    assert stopped["errorInformation"]["code"] == "ALARM_ACTIVE"
    by_id = {one["deploymentId"]: one for one in found}
    for one in (failed, stopped):
        back = by_id[one["rollbackInfo"]["rollbackDeploymentId"]]
        assert (back["status"], back["creator"]) == ("Succeeded", "codeDeployRollback")


def test_deployments_go_on_after_second_zero(demo: Demo) -> None:
    demo.pace.step(420)
    words = {one["applicationName"]: one["status"] for one in reversed(deployments(demo))}
    assert (words["storefront"], words["pricing"], words["accounts-web"]) == ("Succeeded", "Succeeded", "Ready")
    before = len(deployments(demo))
    demo.pace.step(900)
    assert len(deployments(demo)) > before


def test_second_zero_shows_something_of_everything(demo: Demo) -> None:
    assert stages(demo, "checkout")["Test"]["latestExecution"]["status"] == "Failed"
    waiting = stages(demo, "billing")["Approve"]["actionStates"][0]["latestExecution"]
    assert waiting["status"] == "InProgress"
    assert waiting["token"]
    assert stages(demo, "search")["Build"]["latestExecution"]["status"] == "InProgress"
    gate = stages(demo, "gateway")["Release"]
    assert gate["inboundTransitionState"]["enabled"] is False
    assert gate["inboundTransitionState"]["disabledReason"] == "freeze until the 25th"
    assert gate["inboundExecution"]["status"] == "InProgress"
    words = {
        one["status"]
        for name in ("gateway", "mobile-api", "catalog")
        for one in ask(demo, "codepipeline", "ListPipelineExecutions", pipelineName=name)["pipelineExecutionSummaries"]
    }
    assert words >= {"Superseded", "Stopped", "Succeeded"}


def test_the_same_seed_and_second_give_the_same_world(demo: Demo) -> None:
    ask(demo, "codepipeline", "ListPipelines")  # reading must not change what happens
    demo.pace.step(200)
    again = open_demo(seed=0, at=200, paused=True)
    try:
        assert world(again) == world(demo)
    finally:
        again.close()


def test_another_seed_gives_another_world(demo: Demo) -> None:
    other = open_demo(seed=1, paused=True)
    try:
        assert world(other) != world(demo)
    finally:
        other.close()


def test_life_goes_on_for_an_hour_without_a_mishap(demo: Demo, caplog: pytest.LogCaptureFixture) -> None:
    before = len(ask(demo, "codebuild", "ListBuilds")["ids"])
    with caplog.at_level(logging.WARNING):
        demo.pace.step(3600)
    assert caplog.records == []
    assert len(ask(demo, "codebuild", "ListBuilds")["ids"]) > before + 15
    assert stages(demo, "billing")["Approve"]["latestExecution"]["status"] in ("Failed", "InProgress")


def test_opening_the_gate_releases_the_newest_revision(demo: Demo) -> None:
    queued = stages(demo, "gateway")["Release"]["inboundExecution"]["pipelineExecutionId"]
    client = demo.session_factory().client("codepipeline")
    client.enable_stage_transition(pipelineName="gateway", stageName="Release", transitionType="Inbound")
    demo.pace.step(5)
    released = stages(demo, "gateway")["Release"]["latestExecution"]
    assert (released["pipelineExecutionId"], released["status"]) == (queued, "Succeeded")


def test_a_failing_build_says_in_its_log_what_failed(demo: Demo) -> None:
    ids = ask(demo, "codebuild", "ListBuildsForProject", projectName="checkout-test")["ids"]
    build = ask(demo, "codebuild", "BatchGetBuilds", ids=ids[:1])["builds"][0]
    assert build["buildStatus"] == "FAILED"
    events = ask(
        demo,
        "logs",
        "GetLogEvents",
        logGroupName=build["logs"]["groupName"],
        logStreamName=build["logs"]["streamName"],
        startFromHead=True,
    )["events"]
    assert any("FAIL tests/" in one["message"] for one in events)
    assert any("npm error" in one["message"] for one in events)
