"""What an approval ships, how long stages take, each run's own stages: how often AWS is asked, and what comes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from operations import states
from pointsman.clock import EPOCH, ManualClock
from pointsman.errors import FaultKind
from pointsman.model.approvals import pending
from pointsman.model.pipelines import Board, PipelineRow
from pointsman.model.status import status
from pointsman.services.pipelines import Pipelines
from pointsman.services.releases import APART, forecast_cadence
from support.cloud import FakeCloud, failed

STAGES = ("Source", "Build", "Gate", "Deploy")
DEFINITION = {
    "pipeline": {
        "stages": [
            {"name": name, "actions": [{"name": "Work", "actionTypeId": {"category": "Build"}}]} for name in STAGES
        ]
    }
}


def nobody(*_: Any) -> None:
    return None


def detail(
    execution: str, number: int, stage: str = "Build", word: str = "Succeeded", took: float = 60
) -> dict[str, Any]:
    begun = EPOCH + timedelta(hours=number)
    return {
        "pipelineExecutionId": execution,
        "actionExecutionId": f"{execution}-{stage}",
        "stageName": stage,
        "actionName": "Work",
        "status": word,
        "startTime": begun,
        "lastUpdateTime": begun + timedelta(seconds=took),
        "input": {"actionTypeId": {"category": "Build"}},
    }


def executions(**answers: Any) -> Any:
    def execution(pipelineName: str, pipelineExecutionId: str) -> dict[str, Any]:  # noqa: N803 - AWS's names
        revision = {"name": "app", "revisionId": f"commit-{pipelineExecutionId[:1]}"}
        return {
            "pipelineExecution": {
                "pipelineExecutionId": pipelineExecutionId,
                "artifactRevisions": [revision],
                "variables": [{"name": "REGION", "resolvedValue": pipelineExecutionId[:1]}],
            }
        }

    given = {"GetPipeline": lambda name: DEFINITION, "GetPipelineExecution": execution, **answers}
    return FakeCloud(**given)


def service(cloud: FakeCloud) -> Pipelines:
    return Pipelines(cloud, ManualClock())


# -- what an approval ships


async def test_what_runs_behind_the_gate_is_compared_with_what_waits() -> None:
    (one,) = pending(Board((PipelineRow(states.PIPELINE, state=states.waiting()),)))
    cloud = executions()
    found = await service(cloud).releases.shipment(one).read(nobody)
    assert (found.waiting, found.running) == (states.MID, states.OLD)
    assert found.comparison is not None
    (change,) = found.comparison.changes
    assert change.older is not None
    assert change.newer is not None
    assert (change.older.id, change.newer.id) == ("commit-1", "commit-2")
    assert cloud.count("ListPipelineExecutions") == 0, "the state says what runs"


async def test_where_the_stage_behind_failed_history_says_what_ran_last() -> None:
    asked: list[dict[str, Any]] = []

    def history(**given: Any) -> dict[str, Any]:
        asked.append(given)
        return {"pipelineExecutionSummaries": [{"pipelineExecutionId": one} for one in (states.MID, states.OLD)]}

    broken = states.with_stage(states.waiting(), "Deploy", status=status("Failed"))
    (one,) = pending(Board((PipelineRow(states.PIPELINE, state=broken),)))
    found = await service(executions(ListPipelineExecutions=history)).releases.shipment(one).read(nobody)
    assert asked[0]["filter"] == {"succeededInStage": {"stageName": "Deploy"}}
    assert found.running == states.OLD


async def test_a_first_release_and_a_last_stage_have_nothing_to_compare_with() -> None:
    state = states.with_stage(states.waiting(), "Deploy", status=status("Failed"))
    (one,) = pending(Board((PipelineRow(states.PIPELINE, state=state),)))
    empty = executions(ListPipelineExecutions=lambda **_: {})
    found = await service(empty).releases.shipment(one).read(nobody)
    assert (found.comparison, found.note) == (None, "no run has been through Deploy yet: all of it is new")
    (last,) = pending(Board((PipelineRow(states.PIPELINE, state=replace(state, stages=state.stages[:3])),)))
    found = await service(executions()).releases.shipment(last).read(nobody)
    assert "the run ends here" in found.note


# -- how long stages take


async def test_a_forecast_reads_three_pages_once_and_one_page_after_that() -> None:
    def page(nextToken: str = "0", **given: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        assert given["maxResults"] == 100
        number = int(nextToken)
        made = [detail(f"{number}-{at}", number * 10 + at, took=60 + at) for at in range(5)]
        return {"actionExecutionDetails": made, "nextToken": str(number + 1)}

    cloud = executions(ListActionExecutions=page)
    source = service(cloud).releases.forecast(states.PIPELINE)
    found = await source.read(nobody)
    estimate = found.stage("Build")
    assert cloud.count("ListActionExecutions") == 3
    assert estimate is not None
    assert (estimate.samples, estimate.p50) == (14, timedelta(seconds=62)), "the oldest run may be cut in two"
    assert await source.read(nobody) == found
    assert cloud.count("ListActionExecutions") == 4
    assert forecast_cadence(found) == 60.0


async def test_a_run_at_work_is_looked_at_more_often() -> None:
    cloud = executions(ListActionExecutions=lambda **_: {"actionExecutionDetails": [detail("a", 1, word="InProgress")]})
    found = await service(cloud).releases.forecast(states.PIPELINE).read(nobody)
    assert [(one.execution_id, one.stage) for one in found.under] == [("a", "Build")]
    assert forecast_cadence(found) == 15.0


async def test_without_the_definition_the_actions_that_were_seen_are_the_stages() -> None:
    def denied(**_: Any) -> dict[str, Any]:
        raise failed(FaultKind.DENIED)

    cloud = executions(
        GetPipeline=denied,
        ListActionExecutions=lambda **_: {"actionExecutionDetails": [detail("a", 1), detail("b", 2)]},
    )
    found = await service(cloud).releases.forecast(states.PIPELINE).read(nobody)
    assert [name for name, _ in found.stages] == ["Build"]


# -- each run by itself


async def test_runs_that_have_ended_are_read_once_and_those_under_way_again() -> None:
    def of(**given: Any) -> dict[str, Any]:
        run = given["filter"]["pipelineExecutionId"]
        return {"actionExecutionDetails": [detail(run, 1, word="InProgress" if run == states.NEW else "Succeeded")]}

    cloud = executions(ListActionExecutions=of)
    runs = (states.execution(states.NEW, "InProgress"), states.execution(states.MID))
    source = service(cloud).releases.strips(states.PIPELINE, runs)
    found = await source.read(nobody)
    assert [(one.execution_id, one.place) for one in found] == [(states.NEW, "Build"), (states.MID, "Build")]
    assert [name for name, _ in found[0].stages] == list(STAGES)
    await source.read(nobody)
    assert cloud.count("ListActionExecutions") == 3
    assert source.cadence(found) == 5.0


async def test_only_so_many_runs_are_read_those_under_way_first() -> None:
    cloud = executions(ListActionExecutions=lambda **_: {})
    ended = tuple(replace(states.execution(states.OLD), id=f"{at:08d}") for at in range(40))
    moving = states.execution(states.NEW, "InProgress")
    found = await service(cloud).releases.strips(states.PIPELINE, (*ended, moving)).read(nobody)
    assert len(found) == APART
    assert found[0].execution_id == states.NEW


# -- compared


async def test_two_runs_are_compared_in_revisions_variables_and_what_their_stages_took() -> None:
    def of(**given: Any) -> dict[str, Any]:
        run = given["filter"]["pipelineExecutionId"]
        return {"actionExecutionDetails": [detail(run, 1, took=60 if run == states.OLD else 90)]}

    cloud = executions(ListActionExecutions=of)
    found = await service(cloud).changes(states.PIPELINE, states.OLD, states.MID)
    assert found.variables == (("REGION", "1", "2"),)
    ((before, after),) = found.times
    assert before is not None
    assert after is not None
    assert (before.took, after.took) == (timedelta(seconds=60), timedelta(seconds=90))


async def test_a_run_by_itself_tells_its_variables_and_an_ended_one_is_read_once() -> None:
    source = service(executions()).execution(states.PIPELINE, states.OLD)
    found = await source.read(nobody)
    assert found.variables == (("REGION", "1"),)
    assert source.cadence(replace(found, status=status("Succeeded"))) is None
    assert source.cadence(replace(found, status=status("InProgress"))) == 5.0
