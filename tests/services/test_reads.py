"""Readers must take every answer that AWS's model allows, whatever is missing from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pointsman.model.refs import PipelineRef, TraceRef
from pointsman.model.service_map import MapQuery
from pointsman.model.status import Tone
from pointsman.services.reads import (
    alarms,
    batches,
    builds,
    commits,
    dashboards,
    deployments,
    insights,
    logs,
    pipelines,
    reports,
    sampling,
    service_map,
    traces,
)
from support.generate import answer, shaped
from support.shapes import problems

REF = PipelineRef("checkout")

READERS: list[tuple[str, str, Callable[[dict[str, Any]], Any]]] = [
    ("codepipeline", "ListPipelines", pipelines.rows),
    ("codepipeline", "GetPipeline", pipelines.structure),
    ("codepipeline", "GetPipelineState", lambda one: pipelines.state(REF, one)),
    ("codepipeline", "ListPipelineExecutions", pipelines.executions),
    ("codepipeline", "GetPipelineExecution", pipelines.execution),
    ("codepipeline", "ListActionExecutions", lambda one: pipelines.action_runs(REF, one)),
    ("codebuild", "ListProjects", builds.names),
    ("codebuild", "BatchGetProjects", builds.projects),
    ("codebuild", "ListBuilds", builds.ids),
    ("codebuild", "ListBuildsForProject", builds.ids),
    ("codebuild", "BatchGetBuilds", builds.builds),
    ("codebuild", "BatchGetBuildBatches", batches.batches),
    ("codebuild", "BatchGetReports", reports.reports),
    ("codebuild", "ListReportsForReportGroup", reports.arns),
    ("codebuild", "DescribeTestCases", reports.cases),
    ("codebuild", "DescribeCodeCoverages", reports.files),
    ("logs", "GetLogEvents", logs.lines),
    ("logs", "GetQueryResults", lambda one: (insights.stats(one), insights.results(insights.rows(one)))),
    ("logs", "GetLogGroupFields", insights.fields),
    ("logs", "GetLogRecord", insights.record),
    ("logs", "DescribeLogGroups", insights.group_names),
    ("logs", "DescribeQueryDefinitions", insights.definitions),
    ("logs", "FilterLogEvents", lambda one: logs.events("g", one)),
    ("logs", "DescribeLogGroups", logs.groups),
    ("logs", "DescribeLogStreams", logs.streams),
    ("logs", "DescribeMetricFilters", logs.metric_filters),
    ("logs", "DescribeSubscriptionFilters", logs.subscription_filters),
    ("logs", "TestMetricFilter", logs.matches),
    ("codecommit", "GetCommit", commits.commit),
    ("codedeploy", "ListApplications", deployments.applications),
    ("codedeploy", "ListDeploymentGroups", deployments.group_names),
    ("codedeploy", "BatchGetDeploymentGroups", deployments.groups),
    ("codedeploy", "ListDeployments", deployments.ids),
    ("codedeploy", "BatchGetDeployments", deployments.deployments),
    ("codedeploy", "ListDeploymentTargets", deployments.target_ids),
    ("codedeploy", "BatchGetDeploymentTargets", deployments.targets),
    ("codedeploy", "GetDeploymentConfig", deployments.configuration),
    ("codedeploy", "ListApplicationRevisions", deployments.revisions),
    ("cloudwatch", "DescribeAlarms", alarms.alarms),
    ("cloudwatch", "DescribeAlarmHistory", alarms.changes),
    ("cloudwatch", "ListAlarmMuteRules", alarms.mute_names),
    ("cloudwatch", "GetAlarmMuteRule", alarms.mute),
    ("cloudwatch", "ListDashboards", dashboards.entries),
    ("cloudwatch", "DescribeAlarms", dashboards.faces),
    ("cloudwatch", "DescribeAlarms", lambda one: dashboards.watched(one, "abcXYZ01")),
    ("cloudwatch", "GetMetricData", lambda one: tuple(dashboards.lines(one, {}))),
    ("logs", "GetQueryResults", dashboards.rows),
    ("xray", "GetTraceSummaries", traces.page),
    ("xray", "GetServiceGraph", lambda one: service_map.map_of(MapQuery(), [service_map.page(one)])),
    ("xray", "GetGroups", service_map.groups),
    ("xray", "GetSamplingRules", lambda one: sampling.together(sampling.rules(one), ())),
    ("xray", "GetSamplingStatisticSummaries", lambda one: sampling.together((), [sampling.statistics(one)])),
    ("xray", "BatchGetTraces", lambda one: tuple(traces.documents(TraceRef("abcXYZ01"), one))),
]


@pytest.mark.parametrize(("service", "operation", "read"), READERS, ids=lambda one: one if isinstance(one, str) else "")
@pytest.mark.parametrize("keep", [0.25, 0.6, 1.0])
def test_a_reader_takes_every_answer_that_the_model_allows(
    service: str, operation: str, read: Callable[[dict[str, Any]], Any], keep: float
) -> None:
    for seed in range(120):
        made = answer(service, operation, seed, keep)
        first = read(made)
        assert read(made) == first, "a reader must give equal values for equal answers"
        hash(first)


@pytest.mark.parametrize(("service", "operation", "read"), READERS, ids=lambda one: one if isinstance(one, str) else "")
def test_a_reader_takes_an_empty_answer(service: str, operation: str, read: Callable[[dict[str, Any]], Any]) -> None:
    read({})


def test_the_answers_made_up_are_valid() -> None:
    for service, operation, _ in READERS:
        for seed in range(20):
            assert problems(service, operation, answer(service, operation, seed)) == ""


def test_a_state_is_merged_with_any_definition_and_history() -> None:
    for seed in range(300):
        declared = pipelines.structure(answer("codepipeline", "GetPipeline", seed))
        history = pipelines.executions(answer("codepipeline", "ListPipelineExecutions", seed))
        state = pipelines.state(REF, answer("codepipeline", "GetPipelineState", seed), declared, history)
        assert [stage.name for stage in state.stages][: len(dict(declared.stages))] == list(dict(declared.stages))
        assert state.status is not None


def test_the_definition_gives_order_and_kind_and_the_state_gives_the_rest() -> None:
    declared = pipelines.structure(
        {
            "pipeline": {
                "version": 3,
                "pipelineType": "V2",
                "stages": [
                    {"name": "Source", "actions": [{"name": "Code", "actionTypeId": {"category": "Source"}}]},
                    {
                        "name": "Gate",
                        "actions": [
                            {"name": "Sign-off", "actionTypeId": {"category": "Approval"}, "timeoutInMinutes": 60}
                        ],
                    },
                ],
            }
        }
    )
    when = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    state = pipelines.state(
        REF,
        {
            "stageStates": [
                {
                    "stageName": "Gate",
                    "actionStates": [
                        {
                            "actionName": "Sign-off",
                            "latestExecution": {"status": "InProgress", "token": "t", "lastStatusChange": when},
                        }
                    ],
                    "inboundTransitionState": {"enabled": False, "disabledReason": "freeze"},
                    "inboundExecutions": [{"pipelineExecutionId": "old"}, {"pipelineExecutionId": "new"}],
                }
            ]
        },
        declared,
    )
    assert [stage.name for stage in state.stages] == ["Source", "Gate"]
    gate = state.stages[1]
    assert gate.waiting_approval is not None
    assert gate.waiting_approval.expires == when.replace(hour=10)
    assert (gate.transition.enabled, gate.transition.reason, gate.inbound_id) == (False, "freeze", "new")


def test_without_the_definition_a_token_shows_an_approval() -> None:
    shown = {"actionName": "Sign-off", "latestExecution": {"status": "InProgress", "token": "t"}}
    state = pipelines.state(REF, {"stageStates": [{"stageName": "Gate", "actionStates": [shown]}]})
    assert state.stages[0].waiting_approval is not None


def test_a_connection_s_revision_summary_is_unwrapped() -> None:
    wrapped = '{"ProviderType":"GitHub","CommitMessage":"Fix the till\\n\\nmore"}'
    page = {
        "pipelineExecutionSummaries": [
            {"pipelineExecutionId": "e", "sourceRevisions": [{"actionName": "Code", "revisionSummary": wrapped}]}
        ]
    }
    assert pipelines.executions(page)[0].revisions[0].summary == "Fix the till"


def test_an_execution_s_artifacts_lead_back_to_their_source_action() -> None:
    declared = pipelines.structure(
        {
            "pipeline": {
                "stages": [
                    {
                        "name": "Source",
                        "actions": [
                            {
                                "name": "Code",
                                "actionTypeId": {"category": "Source"},
                                "outputArtifacts": [{"name": "app"}],
                            }
                        ],
                    }
                ]
            }
        }
    )
    found = pipelines.execution(
        {"pipelineExecution": {"pipelineExecutionId": "e", "artifactRevisions": [{"name": "app", "revisionId": "1"}]}},
        declared,
    )
    assert found is not None
    assert found.revisions[0].action == "Code"


def test_an_unknown_word_is_kept() -> None:
    state = pipelines.state(REF, {"stageStates": [{"stageName": "S", "latestExecution": {"status": "Pondering"}}]})
    assert (state.stages[0].status.word, state.stages[0].status.tone) == ("Pondering", Tone.UNKNOWN)


def test_a_running_phase_has_no_status_and_empty_contexts_are_left_out() -> None:
    found = builds.build(
        {
            "id": "app:1",
            "buildStatus": "IN_PROGRESS",
            "buildComplete": False,
            "phases": [
                {"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED", "contexts": [{"statusCode": "", "message": ""}]},
                {"phaseType": "BUILD"},
            ],
        }
    )
    assert [phase.contexts for phase in found.phases] == [(), ()]
    assert not found.complete
    assert found.phases[1].status.word == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("1484167798 -0800", datetime(2017, 1, 11, 20, 49, 58, tzinfo=UTC)),
        ("1484167798", datetime(2017, 1, 11, 20, 49, 58, tzinfo=UTC)),
        ("2017-01-11T20:49:58Z", datetime(2017, 1, 11, 20, 49, 58, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_of_commits_are_understood(words: str, expected: datetime | None) -> None:
    assert commits.git_date(words) == expected


def test_the_phase_under_way_shows_the_builds_status() -> None:
    phases = [{"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED"}, {"phaseType": "BUILD"}]
    running = builds.build({"id": "web:1", "buildStatus": "IN_PROGRESS", "currentPhase": "BUILD", "phases": phases})
    assert [phase.status.word for phase in running.phases] == ["SUCCEEDED", "IN_PROGRESS"]
    ended = builds.build(
        {"id": "web:1", "buildStatus": "SUCCEEDED", "currentPhase": "COMPLETED", "phases": [{"phaseType": "COMPLETED"}]}
    )
    assert ended.phases[0].status.word == ""


# -- conditions, queues, triggers


def test_conditions_are_declared_and_judged() -> None:
    rule = {"name": "Quiet", "ruleTypeId": {"provider": "CloudWatchAlarm"}, "configuration": {"AlarmName": "a"}}
    declared = pipelines.structure(
        {
            "pipeline": {
                "executionMode": "QUEUED",
                "stages": [
                    {
                        "name": "Deploy",
                        "beforeEntry": {"conditions": [{"result": "SKIP", "rules": [rule]}]},
                        "onFailure": {"result": "RETRY"},
                    }
                ],
            }
        }
    )
    latest = {"status": "Failed", "errorDetails": {"message": "in ALARM"}}
    shown = {
        "stageName": "Deploy",
        "beforeEntryConditionState": {
            "latestExecution": {"status": "Failed"},
            "conditionStates": [{"ruleStates": [{"ruleName": "Quiet", "latestExecution": latest}]}],
        },
        "onSuccessConditionState": {"latestExecution": {"status": "Succeeded"}},
        "retryStageMetadata": {"autoStageRetryAttempt": 1, "manualStageRetryAttempt": 2},
    }
    (stage,) = pipelines.state(REF, {"stageStates": [shown]}, declared).stages
    before, after = stage.conditions
    assert (before.kind, before.status.word, before.result) == ("BEFORE_ENTRY", "Failed", "SKIP")
    assert [(one.provider, one.error_message) for one in before.unmet] == [("CloudWatchAlarm", "in ALARM")]
    assert (after.kind, after.status.word, after.rules) == ("ON_SUCCESS", "Succeeded", ())
    assert stage.failed_condition == before
    assert (stage.retries.automatic, stage.retries.manual, stage.on_failure) == (1, 2, "RETRY")


@pytest.mark.parametrize(("mode", "first"), [("QUEUED", "old"), ("SUPERSEDED", "new"), ("PARALLEL", "new")])
def test_a_queue_s_oldest_enters_next_elsewhere_the_newest(mode: str, first: str) -> None:
    declared = pipelines.structure({"pipeline": {"executionMode": mode, "stages": [{"name": "Deploy"}]}})
    history = pipelines.executions(
        {"pipelineExecutionSummaries": [{"pipelineExecutionId": "new"}, {"pipelineExecutionId": "old"}]}
    )
    waiting = [{"pipelineExecutionId": "old"}, {"pipelineExecutionId": "new"}]
    answer = {"stageStates": [{"stageName": "Deploy", "inboundExecutions": waiting}]}
    (stage,) = pipelines.state(REF, answer, declared, history).stages
    assert (stage.inbound_id, stage.queue) == (first, ("old", "new"))
    answer = {"stageStates": [{"stageName": "Deploy", "inboundExecutions": waiting[::-1]}]}
    (stage,) = pipelines.state(REF, answer, declared, history).stages
    assert mode != "QUEUED" or stage.queue == ("old", "new"), "a queue is in the order of its runs, however it is told"


def test_triggers_tell_their_events_and_limits() -> None:
    git = {
        "sourceActionName": "Code",
        "push": [{"branches": {"includes": ["main"]}, "filePaths": {"excludes": ["docs/**"]}}],
        "pullRequest": [{"events": ["OPEN", "UPDATED"]}],
    }
    declared = pipelines.structure({"pipeline": {"triggers": [{"gitConfiguration": git}]}})
    (trigger,) = declared.triggers
    assert trigger.action == "Code"
    assert [(one.event, one.limits) for one in trigger.filters] == [
        ("push", (("branches", ("main",), ()), ("paths", (), ("docs/**",)))),
        ("pull request open, updated", ()),
    ]


def test_a_live_tail_reads_every_event_of_a_stream() -> None:
    for seed in range(200):
        event = {"sessionUpdate": shaped("logs", "LiveTailSessionUpdate", seed)}
        lines = logs.live_events(event)
        assert len(lines) == len(event["sessionUpdate"].get("sessionResults", ()))
        assert logs.sampled(event) in (True, False)
    assert logs.live_events({}) == () and not logs.sampled({})


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("arn:aws:logs:eu-west-1:123456789012:log-group:/app/a:*", "/app/a"),
        ("arn:aws-cn:logs:cn-north-1:123456789012:log-group:b", "b"),
        ("123456789012:/app/c", "/app/c"),
        ("/app/d", "/app/d"),
    ],
)
def test_a_groups_name_is_known_by_any_identifier(identifier: str, name: str) -> None:
    assert logs.group_name(identifier) == name


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '"x"',
        "[" * 100_000,
        '{"notificationResource": {"a": 1}, "error": [], "actionState": 5}',
    ],
)
@pytest.mark.parametrize("kind", ["StateUpdate", "Action", "ConfigurationUpdate", "", "Later"])
def test_whatever_an_alarm_s_history_says_is_read(kind: str, data: str) -> None:
    item = {"AlarmName": "a", "HistoryItemType": kind, "HistoryData": data, "HistorySummary": "s"}
    (change,) = alarms.changes({"AlarmHistoryItems": [item]})
    assert (change.kind, change.summary) == (kind, "s")
    (alarm,) = alarms.alarms({"MetricAlarms": [{"AlarmName": "a", "StateReasonData": data}]})
    assert isinstance(alarm.recent, tuple)


def test_an_action_of_an_alarm_says_what_it_was_and_why_it_failed() -> None:
    data = (
        '{"actionState":"Failed","notificationResource":"arn:aws:sns:eu:1:t","error":"denied","publishedMessage":null}'
    )
    item = {"AlarmName": "a", "HistoryItemType": "Action", "HistoryData": data}
    (change,) = alarms.changes({"AlarmHistoryItems": [item]})
    assert (change.action, change.result, change.error, change.failed) == (
        "arn:aws:sns:eu:1:t",
        "Failed",
        "denied",
        True,
    )
    (state,) = alarms.changes({"AlarmHistoryItems": [{**item, "HistoryItemType": "StateUpdate"}]})
    assert not state.failed


@pytest.mark.parametrize("threshold", [float("nan"), float("inf"), -float("inf"), 10**400, True, "5", None])
def test_a_threshold_that_is_no_number_is_none(threshold: Any) -> None:
    made = {"AlarmName": "a", "Threshold": threshold, "StateReasonData": f'{{"recentDatapoints": [{10**400}, 1e999]}}'}
    (alarm,) = alarms.alarms({"MetricAlarms": [made]})
    assert alarm.threshold is None
    assert alarm.recent == (float("inf"), float("inf"))
