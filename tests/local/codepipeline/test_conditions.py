"""Conditions and their rules, on the whole backend: what is shown, what follows, override, history."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.local.codepipeline.actions.rules import AlarmWatch
from support.backend import CheckedBackend
from support.pipelines import Scripted, action, check, condition, newest, pipeline, rule, simple, source, stages_of


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def with_stage(at: int = 1, **given: Any) -> dict[str, Any]:
    whole = simple(pipelineType="V2", variables=[{"name": "go", "defaultValue": "yes"}])
    whole["stages"][at].update(given)
    return whole


def build_of(codepipeline: Any) -> dict[str, Any]:
    return stages_of(codepipeline)["Build"]


def test_an_entry_condition_that_holds_lets_the_stage_run(codepipeline: Any, script: Scripted) -> None:
    codepipeline.create_pipeline(pipeline=with_stage(beforeEntry=condition(check("go", "#{variables.go}"))))
    script.end("Source", "Source")
    state = build_of(codepipeline)
    assert state["latestExecution"]["status"] == "InProgress"
    shown = state["beforeEntryConditionState"]
    assert shown["latestExecution"]["status"] == "Succeeded"
    assert shown["conditionStates"][0]["latestExecution"]["status"] == "Succeeded"
    judged = shown["conditionStates"][0]["ruleStates"][0]
    assert (judged["ruleName"], judged["latestExecution"]["status"]) == ("go", "Succeeded")
    history = codepipeline.list_rule_executions(pipelineName="web")["ruleExecutionDetails"]
    assert [one["ruleName"] for one in history] == ["go"]
    assert history[0]["input"]["configuration"]["Variable"] == "#{variables.go}"
    assert history[0]["input"]["resolvedConfiguration"]["Variable"] == "yes"
    assert history[0]["input"]["ruleTypeId"]["provider"] == "VariableCheck"
    actions = codepipeline.list_action_executions(pipelineName="web")["actionExecutionDetails"]
    assert [one["actionName"] for one in actions] == ["Build", "Source"]


def test_an_entry_condition_that_fails_fails_the_stage_until_it_is_overridden(
    codepipeline: Any, script: Scripted
) -> None:
    codepipeline.create_pipeline(pipeline=with_stage(beforeEntry=condition(check("go", "#{variables.go}", "no"))))
    script.end("Source", "Source")
    run = newest(codepipeline)["pipelineExecutionId"]
    state = build_of(codepipeline)
    assert (newest(codepipeline)["status"], state["latestExecution"]["status"]) == ("Failed", "Failed")
    shown = state["beforeEntryConditionState"]["conditionStates"][0]
    assert shown["latestExecution"]["status"] == "Failed"
    judged = shown["ruleStates"][0]["latestExecution"]
    assert (judged["status"], judged["errorDetails"]["code"]) == ("Failed", "JobFailed")
    assert "latestExecution" not in state["actionStates"][0]
    where = {"pipelineName": "web", "stageName": "Build", "pipelineExecutionId": run}
    with pytest.raises(ClientError) as caught:
        codepipeline.override_stage_condition(**where, conditionType="ON_SUCCESS")
    assert code(caught) == "ConditionNotOverridableException"
    codepipeline.override_stage_condition(**where, conditionType="BEFORE_ENTRY")
    state = build_of(codepipeline)
    assert state["beforeEntryConditionState"]["latestExecution"]["status"] == "Overridden"
    assert (newest(codepipeline)["status"], script.calls[-1].action) == ("InProgress", "Build")
    with pytest.raises(ClientError) as caught:
        codepipeline.override_stage_condition(**where, conditionType="BEFORE_ENTRY")
    assert code(caught) == "ConditionNotOverridableException"
    script.end("Build", "Build")
    script.end("Deploy", "Deploy")
    assert newest(codepipeline)["status"] == "Succeeded"


def test_only_the_latest_execution_of_a_stage_can_be_let_pass(codepipeline: Any, script: Scripted) -> None:
    codepipeline.create_pipeline(pipeline=with_stage(beforeEntry=condition(check("go", "no"))))
    first = newest(codepipeline)["pipelineExecutionId"]
    script.end("Source", "Source")
    codepipeline.start_pipeline_execution(name="web")
    script.end("Source", "Source")
    with pytest.raises(ClientError) as caught:
        codepipeline.override_stage_condition(
            pipelineName="web", stageName="Build", pipelineExecutionId=first, conditionType="BEFORE_ENTRY"
        )
    assert code(caught) == "NotLatestPipelineExecutionException"


def test_a_stage_is_skipped_when_its_entry_condition_says_so(codepipeline: Any, script: Scripted) -> None:
    given = with_stage(beforeEntry=condition(check("go", "#{variables.go}", "no"), result="SKIP"))
    codepipeline.create_pipeline(pipeline=given)
    script.end("Source", "Source")
    assert build_of(codepipeline)["latestExecution"]["status"] == "Skipped"
    script.end("Deploy", "Deploy")
    assert newest(codepipeline)["status"] == "Succeeded"
    listed = codepipeline.list_pipeline_executions(
        pipelineName="web", filter={"succeededInStage": {"stageName": "Build"}}
    )
    assert listed["pipelineExecutionSummaries"] == []


def test_a_failed_success_condition_rolls_the_stage_back(
    codepipeline: Any, script: Scripted, clock: ManualClock
) -> None:
    given = with_stage(at=2, onSuccess=condition(check("go", "#{variables.go}"), result="ROLLBACK"))
    codepipeline.create_pipeline(pipeline=given)
    target = newest(codepipeline)["pipelineExecutionId"]
    for stage in ("Source", "Build", "Deploy"):
        script.end(stage, stage)
    assert newest(codepipeline)["status"] == "Succeeded"
    bad = codepipeline.start_pipeline_execution(name="web", variables=[{"name": "go", "value": "no"}])
    for stage in ("Source", "Build", "Deploy"):
        script.end(stage, stage)
    clock.advance(0)
    shown = newest(codepipeline)
    assert shown["trigger"] == {"triggerType": "AutomatedRollback", "triggerDetail": bad["pipelineExecutionId"]}
    assert shown["rollbackMetadata"]["rollbackTargetPipelineExecutionId"] == target
    script.end("Deploy", "Deploy")
    assert newest(codepipeline)["status"] == "Succeeded"


def test_a_failure_condition_rolls_back_only_when_its_rules_fail(
    codepipeline: Any, script: Scripted, clock: ManualClock
) -> None:
    given = with_stage(at=2, onFailure=condition(check("keep", "#{variables.go}"), result="ROLLBACK"))
    codepipeline.create_pipeline(pipeline=given)
    for stage in ("Source", "Build", "Deploy"):
        script.end(stage, stage)
    for go, executions in (("yes", 2), ("no", 4)):
        codepipeline.start_pipeline_execution(name="web", variables=[{"name": "go", "value": go}])
        script.end("Source", "Source")
        script.end("Build", "Build")
        script.end("Deploy", "Deploy", ok=False)
        clock.advance(0)
        shown = stages_of(codepipeline)["Deploy"]
        assert (
            len(codepipeline.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]) == executions
        )
        if go == "yes":
            assert shown["onFailureConditionState"]["latestExecution"]["status"] == "Succeeded"
            assert shown["latestExecution"]["status"] == "Failed"
    assert newest(codepipeline)["executionType"] == "ROLLBACK"


def test_a_deployment_window_is_waited_for(codepipeline: Any, script: Scripted, clock: ManualClock) -> None:
    window = rule("office", "DeploymentWindow", {"Cron": "* * 9-16 ? * MON-FRI *", "TimeZone": "Europe/Berlin"})
    berlin = ZoneInfo("Europe/Berlin")
    clock.advance(3600 * (20 - clock.now().astimezone(berlin).hour))
    codepipeline.create_pipeline(pipeline=with_stage(beforeEntry=condition(window)))
    script.end("Source", "Source")
    state = build_of(codepipeline)["beforeEntryConditionState"]
    assert state["latestExecution"]["status"] == "InProgress"
    said = state["conditionStates"][0]["ruleStates"][0]["latestExecution"]["summary"]
    assert said.startswith("Waiting for the deployment window to open at ")
    opening = datetime.fromisoformat(said.removeprefix("Waiting for the deployment window to open at ")[:19] + "+00:00")
    assert opening.astimezone(berlin).strftime("%H:%M:%S") == "09:00:00"
    clock.advance((opening - clock.now()).total_seconds() - 1)
    assert script.calls[-1].action == "Source"
    clock.advance(1)
    assert script.calls[-1].action == "Build"


def test_a_window_that_does_not_open_in_time_times_out(codepipeline: Any, script: Scripted, clock: ManualClock) -> None:
    window = rule("never", "DeploymentWindow", {"Cron": "* * * 29 2 ? 2028"}, timeoutInMinutes=5)
    codepipeline.create_pipeline(pipeline=with_stage(beforeEntry=condition(window)))
    script.end("Source", "Source")
    later = rule("late", "DeploymentWindow", {"Cron": "* * 0 1 1 ?"}, timeoutInMinutes=5)
    history = codepipeline.list_rule_executions(pipelineName="web")["ruleExecutionDetails"][0]
    assert history["output"]["executionResult"]["errorDetails"]["message"].startswith("The deployment window does not")
    codepipeline.update_pipeline(pipeline=with_stage(beforeEntry=condition(later)))
    codepipeline.start_pipeline_execution(name="web")
    script.end("Source", "Source")
    clock.advance(301)
    history = codepipeline.list_rule_executions(pipelineName="web")["ruleExecutionDetails"][0]
    assert (history["ruleName"], history["status"]) == ("late", "Failed")
    assert "did not end within 5 minutes" in history["output"]["executionResult"]["errorDetails"]["message"]


def test_an_alarm_is_watched_for_its_time(
    line: CheckedBackend, codepipeline: Any, script: Scripted, clock: ManualClock
) -> None:
    alarms = line.session("us-east-1").client("cloudwatch")

    def is_in(state: str) -> None:
        alarms.set_alarm_state(AlarmName="errors", StateValue=state, StateReason="a drill")

    alarms.put_metric_alarm(
        AlarmName="errors",
        Namespace="Shop",
        MetricName="errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5.0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    is_in("OK")
    watch = rule("quiet", "CloudWatchAlarm", {"AlarmName": "errors", "WaitTime": "10"})
    codepipeline.create_pipeline(pipeline=with_stage(onSuccess=condition(watch)))
    script.end("Source", "Source")
    script.end("Build", "Build")
    clock.advance(590)
    assert build_of(codepipeline)["onSuccessConditionState"]["latestExecution"]["status"] == "InProgress"
    clock.advance(10)
    assert build_of(codepipeline)["latestExecution"]["status"] == "Succeeded"
    codepipeline.start_pipeline_execution(name="web")
    script.end("Source", "Source")
    script.end("Build", "Build")
    clock.advance(1)
    data = [{"MetricName": "errors", "Value": 9.0}]
    alarms.put_metric_data(Namespace="Shop", MetricData=data)
    clock.advance(1)
    assert build_of(codepipeline)["latestExecution"]["status"] == "Failed"
    scope = line.world.scope("123456789012", "us-east-1")
    assert list(scope.scan(AlarmWatch)) == [], "the watches that are over are forgotten"
    codepipeline.start_pipeline_execution(name="web")
    script.end("Source", "Source")
    is_in("ALARM")
    script.end("Build", "Build")
    clock.advance(60)
    assert build_of(codepipeline)["latestExecution"]["status"] == "Failed"
    assert build_of(codepipeline)["onSuccessConditionState"]["latestExecution"]["status"] == "Failed"


def test_what_cannot_be_judged_is_an_error_by_name(codepipeline: Any, script: Scripted) -> None:
    rules = {
        "alarm": rule("alarm", "CloudWatchAlarm", {"AlarmName": "errors"}),
        "commands": rule("commands", "Commands", commands=["true"]),
        "function": rule("function", "LambdaInvoke", {"FunctionName": "nobody"}),
        "pattern": check("pattern", "x", "(", "MATCHES"),
        "variable": check("variable", "#{variables.go}#{Nope.x}"),
    }
    said = {
        "alarm": "There is no alarm errors",
        "commands": "Commands",
        "function": "nobody",
        "pattern": "not a regular expression",
        "variable": "could not be resolved",
    }
    codepipeline.create_pipeline(pipeline=with_stage())
    script.end("Source", "Source", ok=False)
    for name, one in rules.items():
        codepipeline.update_pipeline(pipeline=with_stage(beforeEntry=condition(one)))
        codepipeline.start_pipeline_execution(name="web")
        script.end("Source", "Source")
        shown = build_of(codepipeline)["beforeEntryConditionState"]
        assert shown["latestExecution"]["status"] == "Errored", name
        details = shown["conditionStates"][0]["ruleStates"][0]["latestExecution"]["errorDetails"]
        assert details["code"] == "ConfigurationError"
        assert said[name] in details["message"]


def test_a_codebuild_rule_builds(backend: CheckedBackend) -> None:
    session = backend.session("us-east-1")
    codecommit, codebuild, codepipeline = (session.client(one) for one in ("codecommit", "codebuild", "codepipeline"))
    codecommit.create_repository(repositoryName="r")
    codecommit.put_file(repositoryName="r", branchName="main", filePath="a.txt", fileContent=b"hello")
    for name, command in (("good", "grep hello a.txt"), ("bad", "grep nothing a.txt")):
        codebuild.create_project(
            name=name,
            source={"type": "CODEPIPELINE", "buildspec": f"version: 0.2\nphases: {{build: {{commands: [{command}]}}}}"},
            artifacts={"type": "CODEPIPELINE"},
            environment={"type": "LINUX_CONTAINER", "image": "none", "computeType": "BUILD_GENERAL1_SMALL"},
            serviceRole="arn:aws:iam::123456789012:role/build",
        )

    def built(project: str) -> dict[str, Any]:
        return rule(project, "CodeBuild", {"ProjectName": project}, inputArtifacts=[{"name": "src"}])

    approve = action("Approve", "Approval", "Manual")
    given = pipeline(("Source", [source()]), ("Gate", [approve]), pipelineType="V2")
    given["stages"][1]["beforeEntry"] = condition(built("good"))
    codepipeline.create_pipeline(pipeline=given)
    backend.settle()
    gate = stages_of(codepipeline)["Gate"]
    assert gate["beforeEntryConditionState"]["latestExecution"]["status"] == "Succeeded"
    judged = gate["beforeEntryConditionState"]["conditionStates"][0]["ruleStates"][0]["latestExecution"]
    assert judged["externalExecutionId"].startswith("good:")
    codepipeline.stop_pipeline_execution(
        pipelineName="web", pipelineExecutionId=newest(codepipeline)["pipelineExecutionId"], abandon=True
    )
    given["stages"][1]["beforeEntry"] = condition(built("good"), built("bad"))
    codepipeline.update_pipeline(pipeline=given)
    codepipeline.start_pipeline_execution(name="web")
    backend.settle()
    assert stages_of(codepipeline)["Gate"]["latestExecution"]["status"] == "Failed"


def test_rule_history_comes_in_pages_and_by_execution(codepipeline: Any, script: Scripted) -> None:
    given = with_stage(beforeEntry=condition(check("one", "yes"), check("two", "yes")))
    codepipeline.create_pipeline(pipeline=given)
    first = newest(codepipeline)["pipelineExecutionId"]
    script.end("Source", "Source")
    script.end("Build", "Build", ok=False)
    where = {"pipelineName": "web", "stageName": "Build", "pipelineExecutionId": first}
    codepipeline.retry_stage_execution(**where, retryMode="ALL_ACTIONS")
    codepipeline.start_pipeline_execution(name="web")
    pages = codepipeline.get_paginator("list_rule_executions").paginate(
        pipelineName="web", PaginationConfig={"PageSize": 3}
    )
    assert [[one["ruleName"] for one in page["ruleExecutionDetails"]] for page in pages] == [
        ["two", "one", "two"],
        ["one"],
    ]
    latest = {"pipelineExecutionId": first, "startTimeRange": "Latest"}
    answer = codepipeline.list_rule_executions(pipelineName="web", filter={"latestInPipelineExecution": latest})
    assert [one["ruleName"] for one in answer["ruleExecutionDetails"]] == ["two", "one"]


def test_the_rule_types_are_listed(codepipeline: Any) -> None:
    found = {one["id"]["provider"]: one for one in codepipeline.list_rule_types()["ruleTypes"]}
    assert set(found) == {
        "CloudWatchAlarm", "CodeBuild", "Commands", "DeploymentWindow", "LambdaInvoke", "VariableCheck",
    }  # fmt: skip
    assert found["CodeBuild"]["inputArtifactDetails"] == {"minimumCount": 1, "maximumCount": 5}
