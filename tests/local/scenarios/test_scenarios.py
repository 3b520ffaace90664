"""Every scenario of the demonstration: what it promises at second 0, the same on every machine, and a life after it."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from pointsman.errors import UsageError
from pointsman.local.scenarios import NAMES, Demo, kept, open_demo
from pointsman.local.scenarios.doorstep import Doorstep
from pointsman.local.scenarios.floor import Floor
from pointsman.local.scenarios.plot import DEEDS
from pointsman.local.scenarios.plots import PLOTS
from support.scenes import ask, deployments, stages, world

OTHERS = [name for name in NAMES if name != "floor"]


@contextmanager
def opened(name: str, at: float = 0, seed: int = 0) -> Iterator[Demo]:
    made = open_demo(name, seed=seed, at=at, paused=True)
    try:
        yield made
    finally:
        made.close()


def runs(demo: Demo, name: str) -> list[str]:
    """The states of a pipeline's runs, newest first."""
    found = ask(demo, "codepipeline", "ListPipelineExecutions", pipelineName=name)["pipelineExecutionSummaries"]
    return [one["status"] for one in found]


def pipelines(demo: Demo) -> list[str]:
    return [one["name"] for one in ask(demo, "codepipeline", "ListPipelines")["pipelines"]]


def test_every_name_has_a_plot_and_a_kept_second_zero() -> None:
    assert list(NAMES) == list(PLOTS)
    assert all(plot.name == name for name, plot in PLOTS.items())
    assert all(kept.file(name).exists() for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_happens_is_something_the_floor_can_do_to_a_pipeline_it_has(name: str) -> None:
    plot = PLOTS[name]
    tracks = {track.name: track for track in plot.tracks}
    for one in plot.story:
        assert one.deed in DEEDS
        assert callable(getattr(Floor, one.deed))
        assert one.given[0] in tracks
        assert -180 < one.minutes < 0


def test_the_names_are_known_without_an_engine() -> None:
    heavy = ["boto3", "sqlite3", "lark", "pointsman.local.world"]
    code = f"import sys, pointsman.local.scenarios; print([m for m in sys.modules if m in {heavy}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_scenario_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as refused:
        open_demo("nowhere")
    assert all(name in (refused.value.hint or "") for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_what_living_through_the_past_comes_to(name: str) -> None:
    """After a change to an engine: ``python scripts/keep_floor.py``."""
    lived = Floor(0, plot=PLOTS[name])
    demo = open_demo(name, paused=True)
    taken = demo.floor
    try:
        lived.play()
        for seconds in (0, 900):
            taken.clock.advance(seconds)
            lived.clock.advance(seconds)
            assert world(taken) == world(lived)
    finally:
        demo.close()
        lived.backend.close()


@pytest.mark.parametrize("name", OTHERS)
def test_the_same_seed_and_second_give_the_same_world(name: str) -> None:
    with opened(name) as stepped, opened(name, at=700) as jumped, opened(name, at=700, seed=1) as other:
        stepped.pace.step(700)
        assert world(stepped) == world(jumped)
        assert world(other) != world(jumped)


@pytest.mark.parametrize("name", OTHERS)
def test_life_goes_on_for_an_hour_without_a_mishap(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with opened(name) as demo, caplog.at_level(logging.WARNING):
        before = len(ask(demo, "codebuild", "ListBuilds")["ids"])
        demo.pace.step(3600)
        assert caplog.records == []
        assert len(ask(demo, "codebuild", "ListBuilds")["ids"]) > before


@pytest.mark.parametrize("seed", [0, 3])
def test_a_calm_day_is_green_with_one_build_under_way(seed: int) -> None:
    with opened("calm", seed=seed) as demo:
        states = {name: runs(demo, name) for name in pipelines(demo)}
        assert states.pop("search")[0] == "InProgress"
        assert {status for found in states.values() for status in found} == {"Succeeded"}
        ids = ask(demo, "codebuild", "ListBuilds")["ids"]
        builds = ask(demo, "codebuild", "BatchGetBuilds", ids=ids)["builds"]
        assert [one["projectName"] for one in builds if one["buildStatus"] != "SUCCEEDED"] == ["search-build"]
        assert {one["status"] for one in deployments(demo)} == {"Succeeded"}
        demo.pace.step(3600)
        every = {status for name in pipelines(demo) for status in runs(demo, name)}
        assert every <= {"Succeeded", "InProgress", "Superseded"}


@pytest.mark.parametrize("seed", [0, 3])
def test_a_bad_release_passed_its_tests_was_rolled_back_and_holds_the_next_commit(seed: int) -> None:
    with opened("bad-release", seed=seed) as demo:
        shown = stages(demo, "checkout")
        assert shown["Test"]["latestExecution"]["status"] == "Succeeded"
        assert shown["Release"]["latestExecution"]["status"] == "Failed"
        assert shown["Release"]["inboundTransitionState"]["enabled"] is False
        assert shown["Release"]["inboundExecution"]["status"] == "InProgress"
        assert runs(demo, "checkout")[:2] == ["InProgress", "Failed"]
        back, failed, *before = [one for one in deployments(demo) if one["applicationName"] == "checkout"]
        assert (back["status"], back["creator"]) == ("Succeeded", "codeDeployRollback")
        assert failed["rollbackInfo"]["rollbackDeploymentId"] == back["deploymentId"]
        assert failed["externalId"] == shown["Release"]["latestExecution"]["pipelineExecutionId"]
        assert {one["status"] for one in before} == {"Succeeded"}
        client = demo.session_factory().client("codepipeline")
        client.enable_stage_transition(pipelineName="checkout", stageName="Release", transitionType="Inbound")
        demo.pace.step(170)
        assert stages(demo, "checkout")["Release"]["latestExecution"]["status"] == "Succeeded"


@pytest.mark.parametrize("seed", [0, 3])
def test_the_approvals_expire_at_different_times_and_one_was_superseded(seed: int) -> None:
    with opened("approvals", seed=seed) as demo:

        def waiting() -> set[str]:
            found = set()
            for name in pipelines(demo):
                for action in stages(demo, name).get("Approve", {"actionStates": []})["actionStates"]:
                    if action.get("latestExecution", {}).get("token"):
                        found.add(name)
            return found

        assert waiting() == {"billing", "invoices", "mobile-api", "payments"}
        assert runs(demo, "mobile-api")[:3] == ["InProgress", "Superseded", "InProgress"]
        gate = stages(demo, "gateway")["Release"]
        assert gate["inboundTransitionState"]["enabled"] is False
        assert gate["inboundExecution"]["status"] == "InProgress"
        demo.pace.step(390)
        assert waiting() == {"billing", "mobile-api", "payments"}
        assert stages(demo, "invoices")["Approve"]["latestExecution"]["status"] == "Failed"


def test_a_board_is_answered_before_the_engines_are_there() -> None:
    with opened("floor") as demo:
        asleep = {
            name: ask(demo, "codepipeline", "GetPipelineState", name=name)
            for name in (one["name"] for one in ask(demo, "codepipeline", "ListPipelines")["pipelines"])
        }
        assert isinstance(demo.door, Doorstep)
        assert demo.door.waits
        ask(demo, "codebuild", "ListBuilds")
        assert not demo.door.waits
        assert {name: ask(demo, "codepipeline", "GetPipelineState", name=name) for name in asleep} == asleep


def test_the_first_event_that_falls_due_calls_the_scenario() -> None:
    with opened("floor") as demo:
        assert isinstance(demo.door, Doorstep)
        due = demo.door.next_due()
        assert due is not None
        demo.pace.step((due - demo.clock.now()).total_seconds() - 0.5)
        assert demo.door.waits
        demo.pace.step(1)
        assert not demo.door.waits


def test_questions_while_the_scenario_is_called_are_answered_once_each() -> None:
    """Ids of requests never come twice, whoever answered."""
    with opened("floor") as demo, ThreadPoolExecutor(8) as threads:
        asked = [("codepipeline", "ListPipelines"), ("codebuild", "ListProjects")] * 20
        told = list(threads.map(lambda one: demo.door.ask("eu-west-1", one[0], one[1], {}), asked))
        ids = [request_id for _, request_id in told]
        assert len(set(ids)) == len(ids)


def test_a_write_goes_to_the_scenario_itself() -> None:
    with opened("approvals") as demo:
        name = ask(demo, "codepipeline", "ListPipelines")["pipelines"][0]["name"]
        ask(demo, "codepipeline", "StartPipelineExecution", name=name)
        runs = ask(demo, "codepipeline", "ListPipelineExecutions", pipelineName=name)["pipelineExecutionSummaries"]
        assert runs[0]["trigger"]["triggerType"] == "StartPipelineExecution"


def test_a_scenario_that_nobody_called_is_never_loaded() -> None:
    demo = open_demo(paused=True)
    demo.close()
    assert isinstance(demo.door, Doorstep)
    assert demo.door.waits
