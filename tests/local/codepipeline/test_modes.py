"""Execution modes: SUPERSEDED is in ``test_executions``; here QUEUED and PARALLEL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.local.codepipeline.actions import built
from pointsman.local.codepipeline.shapes import Lane, Line
from support.backend import CheckedBackend
from support.pipelines import Scripted, approval, newest, pipeline, simple, source, stages_of, status_of


def start(codepipeline: Any, **more: Any) -> str:
    started: str = codepipeline.start_pipeline_execution(name="web", **more)["pipelineExecutionId"]
    return started


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture
def queued(codepipeline: Any) -> Any:
    codepipeline.create_pipeline(pipeline=simple(pipelineType="V2", executionMode="QUEUED"))
    return codepipeline


@pytest.fixture
def parallel(codepipeline: Any) -> Any:
    codepipeline.create_pipeline(pipeline=simple(pipelineType="V2", executionMode="PARALLEL"))
    return codepipeline


def through(script: Scripted, *stages: str) -> None:
    for stage in stages:
        assert script.end(stage, stage)


def test_a_queue_shows_everybody_who_waits_and_nobody_is_superseded(queued: Any, script: Scripted) -> None:
    first = newest(queued)["pipelineExecutionId"]
    second, third = start(queued), start(queued)
    source = stages_of(queued)["Source"]
    assert [one["pipelineExecutionId"] for one in source["inboundExecutions"]] == [second, third]
    assert source["inboundExecution"]["pipelineExecutionId"] == second
    assert newest(queued)["executionMode"] == "QUEUED"
    for _ in range(3):
        through(script, "Source")
    build = stages_of(queued)["Build"]
    assert build["latestExecution"]["pipelineExecutionId"] == first
    assert [one["pipelineExecutionId"] for one in build["inboundExecutions"]] == [second, third]
    for _ in range(3):
        through(script, "Build", "Deploy")
    assert [status_of(queued, one) for one in (first, second, third)] == ["Succeeded"] * 3
    order = [call.execution.id for call in script.calls if call.stage == "Deploy"]
    assert order == [first, second, third]


def test_a_queue_may_be_left_and_takes_no_more_than_fifty(queued: Any) -> None:
    waiting = [start(queued) for _ in range(49)]
    with pytest.raises(ClientError) as caught:
        start(queued)
    assert code(caught) == "ConcurrentPipelineExecutionsLimitExceededException"
    queued.stop_pipeline_execution(pipelineName="web", pipelineExecutionId=waiting[10])
    assert status_of(queued, waiting[10]) == "Stopped"
    assert start(queued)
    assert len(stages_of(queued)["Source"]["inboundExecutions"]) == 49


def test_leaving_queued_for_superseded_keeps_only_the_newest_of_a_queue(queued: Any) -> None:
    waiting = [start(queued) for _ in range(3)]
    queued.update_pipeline(pipeline=simple(pipelineType="V2"))
    assert [status_of(queued, one) for one in waiting] == ["Superseded", "Superseded", "InProgress"]


def test_parallel_executions_do_not_wait_for_each_other(parallel: Any, script: Scripted) -> None:
    first, second = newest(parallel)["pipelineExecutionId"], start(parallel)
    third = start(parallel)
    assert len(script.calls) == 3
    assert "inboundExecutions" not in stages_of(parallel)["Source"]
    through(script, "Source", "Build", "Deploy")
    assert [status_of(parallel, one) for one in (first, second, third)] == ["InProgress", "InProgress", "Succeeded"]
    assert newest(parallel)["executionMode"] == "PARALLEL"
    state = stages_of(parallel)
    assert state["Deploy"]["latestExecution"] == {
        "pipelineExecutionId": third,
        "status": "Succeeded",
        "type": "STANDARD",
    }


def test_a_transition_does_not_hold_parallel_executions(parallel: Any, script: Scripted) -> None:
    parallel.disable_stage_transition(
        pipelineName="web", stageName="Build", transitionType="Inbound", reason="not heard in PARALLEL"
    )
    through(script, "Source", "Build", "Deploy")
    assert newest(parallel)["status"] == "Succeeded"


def test_a_parallel_execution_is_stopped_retried_and_its_numbers_are_its_own(parallel: Any, script: Scripted) -> None:
    first = newest(parallel)["pipelineExecutionId"]
    through(script, "Source")
    script.end("Build", "Build", ok=False)
    second = start(parallel)
    through(script, "Source", "Build")
    assert status_of(parallel, first) == "Failed"
    where = {"pipelineName": "web", "stageName": "Build"}
    parallel.retry_stage_execution(**where, pipelineExecutionId=first, retryMode="FAILED_ACTIONS")
    assert status_of(parallel, first) == "InProgress"
    parallel.stop_pipeline_execution(pipelineName="web", pipelineExecutionId=first, abandon=True)
    assert (status_of(parallel, first), status_of(parallel, second)) == ("Stopped", "InProgress")
    through(script, "Deploy")
    assert status_of(parallel, second) == "Succeeded"
    runs = parallel.list_action_executions(pipelineName="web")["actionExecutionDetails"]
    assert len({run["actionExecutionId"] for run in runs}) == len(runs) == 6
    mine = parallel.list_action_executions(pipelineName="web", filter={"pipelineExecutionId": first})
    assert [run["status"] for run in mine["actionExecutionDetails"]] == ["Abandoned", "Failed", "Succeeded"]


def test_a_parallel_pipeline_has_no_rollback_and_takes_no_more_than_fifty(parallel: Any, script: Scripted) -> None:
    target = newest(parallel)["pipelineExecutionId"]
    through(script, "Source", "Build", "Deploy")
    with pytest.raises(ClientError, match="PARALLEL mode") as caught:
        parallel.rollback_stage(pipelineName="web", stageName="Deploy", targetPipelineExecutionId=target)
    assert code(caught) == "UnableToRollbackStageException"
    for _ in range(50):
        start(parallel)
    with pytest.raises(ClientError) as caught:
        start(parallel)
    assert code(caught) == "ConcurrentPipelineExecutionsLimitExceededException"


def test_an_update_cancels_parallel_executions_in_a_removed_stage_and_refuses_their_retry(
    parallel: Any, script: Scripted
) -> None:
    first = newest(parallel)["pipelineExecutionId"]
    through(script, "Source")
    second = start(parallel)
    script.end("Source", "Source", ok=False)
    given = simple(pipelineType="V2", executionMode="PARALLEL")
    del given["stages"][1]
    parallel.update_pipeline(pipeline=given)
    assert status_of(parallel, first) == "Cancelled"
    with pytest.raises(ClientError, match="structure has changed"):
        parallel.retry_stage_execution(
            pipelineName="web", stageName="Source", pipelineExecutionId=second, retryMode="FAILED_ACTIONS"
        )


def test_changing_the_mode_leaves_executions_under_way_in_theirs(parallel: Any, script: Scripted) -> None:
    first, second = newest(parallel)["pipelineExecutionId"], start(parallel)
    parallel.update_pipeline(pipeline=simple(pipelineType="V2", executionMode="QUEUED"))
    third = start(parallel)
    through(script, "Source")
    assert stages_of(parallel)["Build"]["latestExecution"]["pipelineExecutionId"] == third
    assert [status_of(parallel, one) for one in (first, second, third)] == ["InProgress"] * 3


def test_parallel_executions_are_picked_up_after_a_restart(
    tmp_path: Path, clock: ManualClock, script: Scripted
) -> None:
    providers = built()
    providers.add("Source", "AWS", "CodeCommit", script)
    with CheckedBackend(state=tmp_path / "again", clock=clock, tools=[providers]) as first:
        client = first.session().client("codepipeline")
        client.create_pipeline(pipeline=simple(pipelineType="V2", executionMode="PARALLEL"))
        start(client)
    script.waiting.clear()
    with CheckedBackend(state=tmp_path / "again", clock=clock, tools=[providers]) as second:
        assert script.resumed == ["Source", "Source"]
        client = second.session().client("codepipeline")
        assert script.end("Source", "Source")
        scope = second.world.scope(second.account, "us-east-1")
        line = scope.get(Line, "web")
        assert line is not None
        assert line.lanes == (1,), "the build of the other failed: there is no project"
        client.delete_pipeline(name="web")
        assert list(scope.scan(Lane)) == []


def test_approvals_of_parallel_executions_are_answered_one_by_one(codepipeline: Any, script: Scripted) -> None:
    given = pipeline(("Source", [source()]), ("Gate", [approval()]), pipelineType="V2", executionMode="PARALLEL")
    codepipeline.create_pipeline(pipeline=given)
    first, second = newest(codepipeline)["pipelineExecutionId"], start(codepipeline)
    for execution in (second, first):
        call = next(one for one in script.calls if one.execution.id == execution)
        script.waiting["Source", "Source"] = (script.world.scope("123456789012", "us-east-1"), call)
        through(script, "Source")
    assert "token" not in stages_of(codepipeline)["Gate"]["actionStates"][0]["latestExecution"]

    def token(execution: str) -> str:
        runs = codepipeline.list_action_executions(pipelineName="web", filter={"pipelineExecutionId": execution})
        found: str = runs["actionExecutionDetails"][0]["output"]["executionResult"]["externalExecutionId"]
        return found

    where = {"pipelineName": "web", "stageName": "Gate", "actionName": "Approve"}
    tokens = {execution: token(execution) for execution in (first, second)}
    codepipeline.put_approval_result(**where, token=tokens[first], result={"summary": "yes", "status": "Approved"})
    assert (status_of(codepipeline, first), status_of(codepipeline, second)) == ("Succeeded", "InProgress")
    with pytest.raises(ClientError) as caught:
        codepipeline.put_approval_result(**where, token=tokens[first], result={"summary": "no", "status": "Rejected"})
    assert code(caught) == "ApprovalAlreadyCompletedException"
    codepipeline.put_approval_result(**where, token=tokens[second], result={"summary": "no", "status": "Rejected"})
    assert status_of(codepipeline, second) == "Failed"
    with pytest.raises(ClientError) as caught:
        codepipeline.put_approval_result(
            **where, token=f"{first[:-4]}beef", result={"summary": "no", "status": "Rejected"}
        )
    assert code(caught) == "InvalidApprovalTokenException"
