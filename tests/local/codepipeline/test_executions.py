"""Executions on the move: start, stop, wait, supersede, retry, roll back; and how they are shown."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.local.codepipeline.actions import built
from support.backend import CheckedBackend
from support.pipelines import (
    Scripted,
    action,
    newest,
    pipeline,
    simple,
    source,
    stages_of,
    status_of,
)


def start(codepipeline: Any, name: str = "web", **more: Any) -> str:
    started: str = codepipeline.start_pipeline_execution(name=name, **more)["pipelineExecutionId"]
    return started


@pytest.fixture
def web(codepipeline: Any) -> Any:
    codepipeline.create_pipeline(pipeline=simple(pipelineType="V2"))
    return codepipeline


def run_through(script: Scripted, *stages: str) -> None:
    for stage in stages or ("Source", "Build", "Deploy"):
        script.end(stage, stage)


def test_an_execution_runs_through_and_its_history_tells_how(web: Any, script: Scripted) -> None:
    run_through(script)
    shown = newest(web)
    assert shown["status"] == "Succeeded"
    assert shown["sourceRevisions"] == [{"actionName": "Source", "revisionId": "rev1"}]
    details = web.list_action_executions(pipelineName="web")["actionExecutionDetails"]
    assert [one["actionName"] for one in details] == ["Deploy", "Build", "Source"]
    assert {one["status"] for one in details} == {"Succeeded"}
    assert details[1]["input"]["inputArtifacts"] == [{"name": "src", "s3location": {"bucket": "store", "key": "k/src"}}]
    state = stages_of(web)
    assert state["Source"]["actionStates"][0]["currentRevision"]["revisionId"] == "rev1"
    assert state["Deploy"]["latestExecution"]["status"] == "Succeeded"


def test_a_failed_action_fails_its_stage_and_execution_and_says_why(web: Any, script: Scripted) -> None:
    script.end("Source", "Source")
    script.end("Build", "Build", ok=False)
    state = stages_of(web)
    assert newest(web)["status"] == state["Build"]["latestExecution"]["status"] == "Failed"
    failed = state["Build"]["actionStates"][0]["latestExecution"]
    assert failed["errorDetails"] == {"code": "JobFailed", "message": "it broke"}
    assert "latestExecution" not in state["Deploy"]


def test_a_closed_gate_shows_who_waits_and_who_closed_it(web: Any, script: Scripted, clock: ManualClock) -> None:
    web.disable_stage_transition(
        pipelineName="web", stageName="Source", transitionType="Outbound", reason="freeze until Monday!"
    )
    script.end("Source", "Source")
    first = newest(web)["pipelineExecutionId"]
    gate = stages_of(web)["Build"]
    assert gate["inboundExecution"] == {"pipelineExecutionId": first, "status": "InProgress", "type": "STANDARD"}
    assert gate["inboundTransitionState"] == {
        "enabled": False,
        "disabledReason": "freeze until Monday!",
        "lastChangedBy": "arn:aws:iam::123456789012:user/local",
        "lastChangedAt": clock.now(),
    }
    second = start(web)
    script.end("Source", "Source")
    assert (status_of(web, first), status_of(web, second)) == ("Superseded", "InProgress")
    for _ in range(2):
        web.enable_stage_transition(pipelineName="web", stageName="Build", transitionType="Inbound")
    gate = stages_of(web)["Build"]
    assert "inboundExecution" not in gate
    assert "disabledReason" not in gate["inboundTransitionState"]
    assert gate["latestExecution"]["pipelineExecutionId"] == second


@pytest.mark.parametrize("reason", ["a, b", "emoji 🚂", "line\nbreak"])
def test_a_reason_keeps_to_awss_characters(web: Any, reason: str) -> None:
    with pytest.raises(ClientError) as caught:
        web.disable_stage_transition(pipelineName="web", stageName="Build", transitionType="Inbound", reason=reason)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert stages_of(web)["Build"]["inboundTransitionState"]["enabled"]


def test_unknown_names_have_their_own_errors(web: Any) -> None:
    where = {"stageName": "Nope", "transitionType": "Inbound"}
    with pytest.raises(web.exceptions.StageNotFoundException):
        web.enable_stage_transition(pipelineName="web", **where)
    with pytest.raises(web.exceptions.PipelineNotFoundException, match="does not have a pipeline with name 'nope'"):
        web.enable_stage_transition(pipelineName="nope", **where)
    with pytest.raises(web.exceptions.PipelineExecutionNotFoundException):
        web.get_pipeline_execution(pipelineName="web", pipelineExecutionId="0" * 8 + "-0000-4000-8000-" + "0" * 12)


def test_a_clients_token_starts_one_execution(web: Any) -> None:
    assert start(web, clientRequestToken="t-1") == start(web, clientRequestToken="t-1") != start(web)


def test_stop_and_wait_then_stop_again_then_abandon(web: Any, script: Scripted) -> None:
    run = newest(web)["pipelineExecutionId"]
    where = {"pipelineName": "web", "pipelineExecutionId": run}
    web.stop_pipeline_execution(**where, reason="wrong commit")
    assert newest(web)["status"] == "Stopping"
    assert newest(web)["stopTrigger"] == {"reason": "wrong commit"}
    with pytest.raises(web.exceptions.DuplicatedStopRequestException):
        web.stop_pipeline_execution(**where)
    web.stop_pipeline_execution(**where, abandon=True)
    assert newest(web)["status"] == "Stopped"
    state = stages_of(web)["Source"]
    assert state["latestExecution"]["status"] == "Stopped"
    assert state["actionStates"][0]["latestExecution"]["status"] == "Abandoned"
    assert script.abandoned == ["Source"]
    assert not script.end("Source", "Source")
    with pytest.raises(web.exceptions.PipelineExecutionNotStoppableException):
        web.stop_pipeline_execution(**where)


def test_retry_of_failed_actions_and_of_all_and_the_latest_attempt(codepipeline: Any, script: Scripted) -> None:
    build = [action("A"), action("B"), action("C", order=2)]
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [source()]), ("Build", build)))
    run = newest(codepipeline)["pipelineExecutionId"]
    where = {"pipelineName": "web", "stageName": "Build", "pipelineExecutionId": run}
    script.end("Source", "Source")
    script.end("Build", "A")
    script.end("Build", "B", ok=False)
    answer = codepipeline.retry_stage_execution(**where, retryMode="FAILED_ACTIONS")
    assert answer["pipelineExecutionId"] == run
    assert [call.action for call in script.calls] == ["Source", "A", "B", "B"]
    assert status_of(codepipeline, run) == "InProgress"
    assert stages_of(codepipeline)["Build"]["retryStageMetadata"] == {
        "manualStageRetryAttempt": 1,
        "latestRetryTrigger": "ManualStageRetry",
    }
    script.end("Build", "B", ok=False)
    codepipeline.retry_stage_execution(**where, retryMode="ALL_ACTIONS")
    assert [call.action for call in script.calls[4:]] == ["A", "B"]

    def actions(**given: Any) -> list[str]:
        answer = codepipeline.list_action_executions(pipelineName="web", filter=given)
        return [one["actionName"] for one in answer["actionExecutionDetails"]]

    latest = {"pipelineExecutionId": run, "startTimeRange": "Latest"}
    assert actions(latestInPipelineExecution=latest) == ["B", "A", "Source"]
    assert actions(pipelineExecutionId=run) == ["B", "A", "B", "B", "A", "Source"]
    with pytest.raises(codepipeline.exceptions.StageNotRetryableException):
        codepipeline.retry_stage_execution(**where, retryMode="ALL_ACTIONS")


def test_only_the_latest_execution_of_a_stage_can_be_retried(web: Any, script: Scripted) -> None:
    first = newest(web)["pipelineExecutionId"]
    script.end("Source", "Source", ok=False)
    start(web)
    with pytest.raises(web.exceptions.NotLatestPipelineExecutionException):
        web.retry_stage_execution(
            pipelineName="web", stageName="Source", pipelineExecutionId=first, retryMode="FAILED_ACTIONS"
        )


def test_a_rollback_runs_one_stage_with_what_the_target_had(web: Any, script: Scripted) -> None:
    target = newest(web)["pipelineExecutionId"]
    run_through(script)
    start(web)
    run_through(script)
    where = {"pipelineName": "web", "stageName": "Deploy"}
    back = web.rollback_stage(**where, targetPipelineExecutionId=target)["pipelineExecutionId"]
    with pytest.raises(web.exceptions.UnableToRollbackStageException, match="currently running"):
        web.rollback_stage(**where, targetPipelineExecutionId=target)
    script.end("Deploy", "Deploy")
    shown = newest(web)
    assert (shown["pipelineExecutionId"], shown["status"], shown["executionType"]) == (back, "Succeeded", "ROLLBACK")
    assert shown["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": target}
    assert shown["trigger"]["triggerType"] == "ManualRollback"
    assert shown["sourceRevisions"][0]["revisionId"] == "rev1"
    assert len(script.calls) == 7
    assert stages_of(web)["Deploy"]["latestExecution"]["type"] == "ROLLBACK"


def test_a_rollback_is_refused_where_aws_refuses_it(web: Any, script: Scripted) -> None:
    target = newest(web)["pipelineExecutionId"]
    with pytest.raises(web.exceptions.UnableToRollbackStageException, match="not succeeded"):
        web.rollback_stage(pipelineName="web", stageName="Deploy", targetPipelineExecutionId=target)
    run_through(script)
    with pytest.raises(web.exceptions.UnableToRollbackStageException, match="source stage"):
        web.rollback_stage(pipelineName="web", stageName="Source", targetPipelineExecutionId=target)
    web.update_pipeline(pipeline=simple(pipelineType="V2"))
    with pytest.raises(web.exceptions.UnableToRollbackStageException, match="structure has changed"):
        web.rollback_stage(pipelineName="web", stageName="Deploy", targetPipelineExecutionId=target)


def test_a_stage_may_roll_itself_back(codepipeline: Any, script: Scripted, clock: ManualClock) -> None:
    given = simple(pipelineType="V2")
    given["stages"][2]["onFailure"] = {"result": "ROLLBACK"}
    codepipeline.create_pipeline(pipeline=given)
    target = newest(codepipeline)["pipelineExecutionId"]
    run_through(script)
    bad = start(codepipeline)
    run_through(script, "Source", "Build")
    script.end("Deploy", "Deploy", ok=False)
    clock.advance(0)
    shown = newest(codepipeline)
    assert shown["trigger"] == {"triggerType": "AutomatedRollback", "triggerDetail": bad}
    assert shown["rollbackMetadata"]["rollbackTargetPipelineExecutionId"] == target


def test_a_stage_may_retry_itself_once(codepipeline: Any, script: Scripted) -> None:
    given = simple(pipelineType="V2")
    given["stages"][1]["onFailure"] = {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}
    codepipeline.create_pipeline(pipeline=given)
    script.end("Source", "Source")
    script.end("Build", "Build", ok=False)
    assert newest(codepipeline)["status"] == "InProgress"
    assert stages_of(codepipeline)["Build"]["retryStageMetadata"]["autoStageRetryAttempt"] == 1
    script.end("Build", "Build", ok=False)
    assert newest(codepipeline)["status"] == "Failed"


def test_variables_are_filled_in_from_namespaces_defaults_and_the_execution(
    codepipeline: Any, script: Scripted
) -> None:
    given = pipeline(
        ("Source", [source(namespace="Src")]),
        ("Build", [action("Build", configuration={"ProjectName": "p-#{variables.level}", "EnvironmentVariables":
            "#{Src.CommitId} #{codepipeline.PipelineExecutionId}"})]),
        pipelineType="V2",
        variables=[{"name": "level", "defaultValue": "low"}],
    )  # fmt: skip
    codepipeline.create_pipeline(pipeline=given)
    script.end("Source", "Source", variables={"CommitId": "abc"})
    run = newest(codepipeline)["pipelineExecutionId"]
    details = codepipeline.list_action_executions(pipelineName="web")["actionExecutionDetails"]
    assert details[0]["input"]["resolvedConfiguration"] == {
        "ProjectName": "p-low",
        "EnvironmentVariables": f"abc {run}",
    }
    assert details[1]["output"]["outputVariables"] == {"CommitId": "abc"}
    other = start(codepipeline, variables=[{"name": "level", "value": "high"}])
    answer = codepipeline.get_pipeline_execution(pipelineName="web", pipelineExecutionId=other)
    assert answer["pipelineExecution"]["variables"] == [{"name": "level", "resolvedValue": "high"}]
    with pytest.raises(ClientError, match="does not declare"):
        start(codepipeline, variables=[{"name": "nope", "value": "x"}])


def test_a_variable_without_a_value_fails_the_action(codepipeline: Any, script: Scripted) -> None:
    build = action("Build", configuration={"ProjectName": "#{Src.Nope}"})
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [source(namespace="Src")]), ("Build", [build])))
    script.end("Source", "Source", variables={"CommitId": "abc"})
    failed = stages_of(codepipeline)["Build"]["actionStates"][0]["latestExecution"]
    assert failed["status"] == "Failed"
    assert failed["errorDetails"]["code"] == "ConfigurationError"
    assert "#{Src.Nope} could not be resolved" in failed["errorDetails"]["message"]


def test_a_start_without_a_needed_variable_is_refused(codepipeline: Any) -> None:
    codepipeline.create_pipeline(pipeline=simple(pipelineType="V2", variables=[{"name": "level"}]))
    assert codepipeline.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"] == []
    with pytest.raises(ClientError, match="level") as caught:
        start(codepipeline)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_provider_that_is_not_built_fails_its_action_by_name(codepipeline: Any, script: Scripted) -> None:
    deploy = action("Deploy", "Deploy", "ElasticBeanstalk")
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [source()]), ("Deploy", [deploy])))
    script.end("Source", "Source")
    failed = stages_of(codepipeline)["Deploy"]["actionStates"][0]["latestExecution"]
    assert failed["errorDetails"]["code"] == "ConfigurationError"
    assert "ElasticBeanstalk" in failed["errorDetails"]["message"]
    assert newest(codepipeline)["status"] == "Failed"


def test_five_hundred_actions_that_end_at_once_need_no_deep_stack(codepipeline: Any, script: Scripted) -> None:
    script.immediate = True
    stages = [(f"S{at}", [action(f"A{order}", order=order) for order in range(1, 11)]) for at in range(49)]
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [source()]), *stages))
    assert newest(codepipeline)["status"] == "Succeeded"


def test_history_comes_in_pages_and_by_success_in_a_stage(web: Any, script: Scripted) -> None:
    ids = [newest(web)["pipelineExecutionId"]]
    run_through(script)
    for at in range(4):
        ids.append(start(web))
        script.end("Source", "Source", ok=at % 2 == 0)
        if at % 2 == 0:
            run_through(script, "Build", "Deploy")

    def listed(operation: str, key: str, **more: Any) -> list[list[str]]:
        pages = web.get_paginator(operation).paginate(pipelineName="web", PaginationConfig={"PageSize": 2}, **more)
        return [[one["pipelineExecutionId"] for one in page[key]] for page in pages]

    assert listed("list_pipeline_executions", "pipelineExecutionSummaries") == [
        [ids[4], ids[3]],
        [ids[2], ids[1]],
        [ids[0]],
    ]
    answer = web.list_pipeline_executions(pipelineName="web", filter={"succeededInStage": {"stageName": "Build"}})
    assert [one["pipelineExecutionId"] for one in answer["pipelineExecutionSummaries"]] == [ids[3], ids[1], ids[0]]
    assert sum(len(page) for page in listed("list_action_executions", "actionExecutionDetails")) == 11


def test_after_a_restart_actions_in_progress_are_picked_up(
    tmp_path: Path, clock: ManualClock, script: Scripted
) -> None:
    providers = built()
    providers.add("Source", "AWS", "CodeCommit", script)
    with CheckedBackend(state=tmp_path / "again", clock=clock, tools=[providers]) as first:
        first.session().client("codepipeline").create_pipeline(pipeline=simple())
    script.waiting.clear()
    with CheckedBackend(state=tmp_path / "again", clock=clock, tools=[providers]) as second:
        assert script.resumed == ["Source"]
        assert script.end("Source", "Source")
        state = stages_of(second.session().client("codepipeline"))
        assert state["Source"]["latestExecution"]["status"] == "Succeeded"


def test_history_is_kept_for_twelve_months(web: Any, script: Scripted, clock: ManualClock) -> None:
    run_through(script)
    clock.advance(364 * 86_400)
    later = start(web)
    assert len(web.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]) == 2
    clock.advance(2 * 86_400)
    listed = web.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]
    assert [one["pipelineExecutionId"] for one in listed] == [later]
    actions = web.list_action_executions(pipelineName="web")["actionExecutionDetails"]
    assert {one["pipelineExecutionId"] for one in actions} == {later}


def test_an_action_has_awss_time(web: Any, script: Scripted, clock: ManualClock) -> None:
    script.end("Source", "Source")
    clock.advance(36 * 3600 - 1)
    assert newest(web)["status"] == "InProgress"
    clock.advance(1)
    failed = stages_of(web)["Build"]["actionStates"][0]["latestExecution"]
    assert failed["errorDetails"] == {"code": "JobFailed", "message": "The action did not end within 2160 minutes."}
    assert script.abandoned == ["Build"]
    assert not script.end("Build", "Build")


def test_executions_publish_their_metrics(web: Any, script: Scripted, line: CheckedBackend) -> None:
    run_through(script)
    start(web)
    script.end("Source", "Source", ok=False)
    listed = line.session().client("cloudwatch").list_metrics(Namespace="AWS/CodePipeline")["Metrics"]
    assert sorted((one["MetricName"], len(one["Dimensions"])) for one in listed) == [
        ("FailedPipelineExecutions", 0),
        ("FailedPipelineExecutions", 1),
        ("PipelineDuration", 0),
        ("PipelineDuration", 1),
    ]
    now = line.world.clock.now()
    client = line.session().client("cloudwatch")
    (point,) = client.get_metric_statistics(
        Namespace="AWS/CodePipeline",
        MetricName="FailedPipelineExecutions",
        Dimensions=[{"Name": "PipelineName", "Value": "web"}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=7200,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    assert (point["Sum"], point["SampleCount"]) == (1, 2)
