"""Rules at work: events and schedules reach topics, log groups, commands, pipelines and builds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pointsman.clock import ManualClock
from pointsman.local.codepipeline.actions import built
from pointsman.local.codepipeline.providers import Providers
from support.backend import CheckedBackend
from support.pipelines import Scripted, approval, newest, pipeline, simple, source

ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:told"


class Floor:
    """A backend with scripted actions, a topic that ends in a log group, and clients."""

    def __init__(self, backend: CheckedBackend, script: Scripted, folder: Path) -> None:
        self.backend, self.script, self.folder = backend, script, folder
        assert isinstance(backend.clock, ManualClock)
        self.clock = backend.clock
        session = backend.session("us-east-1")
        self.events: Any = session.client("events")
        self.logs: Any = session.client("logs")
        self.codepipeline: Any = session.client("codepipeline")
        self.codebuild: Any = session.client("codebuild")
        self.cloudwatch: Any = session.client("cloudwatch")
        self.sns: Any = session.client("sns")
        self.sns.create_topic(Name="told")
        self.sns.subscribe(TopicArn=TOPIC, Protocol="log", Endpoint="heard")

    def rule(self, pattern: Any, *targets: Any, name: str = "rule") -> None:
        given = pattern if isinstance(pattern, str) else json.dumps(pattern)
        kind = "ScheduleExpression" if given.startswith(("rate", "cron")) else "EventPattern"
        self.events.put_rule(Name=name, **{kind: given})
        made = [{"Id": str(at), **(one if isinstance(one, dict) else {"Arn": one})} for at, one in enumerate(targets)]
        self.events.put_targets(Rule=name, Targets=made)

    def put(self, detail: Any, **more: Any) -> str:
        entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps(detail), **more}
        (found,) = self.events.put_events(Entries=[entry])["Entries"]
        self.backend.settle()
        return str(found["EventId"])

    def lines(self, group: str, stream: str) -> list[str]:
        self.backend.settle()
        try:
            found = self.logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
        except self.logs.exceptions.ResourceNotFoundException:
            return []
        return [one["message"] for one in found["events"]]

    def pass_by(self, **time: float) -> None:
        self.clock.advance(timedelta(**time).total_seconds())

    def heard(self) -> list[Any]:
        return [json.loads(line)["Message"] for line in self.lines("heard", "sns")]

    def sum(self, name: str, rule: str = "rule") -> float:
        now = self.backend.clock.now()
        found = self.cloudwatch.get_metric_statistics(
            Namespace="AWS/Events",
            MetricName=name,
            Dimensions=[{"Name": "RuleName", "Value": rule}],
            StartTime=now - timedelta(hours=3),
            EndTime=now + timedelta(minutes=1),
            Period=86400,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(one["Sum"] for one in found))


@pytest.fixture
def floor(tmp_path: Path, clock: ManualClock) -> Iterator[Floor]:
    script = Scripted()
    providers: Providers = built()
    for category, name in (("Source", "CodeCommit"), ("Build", "CodeBuild")):
        providers.add(category, "AWS", name, script)
    with CheckedBackend(state=tmp_path / "state", clock=clock, tools=[providers]) as backend:
        yield Floor(backend, script, tmp_path)


def test_an_event_reaches_a_topic_whole(floor: Floor) -> None:
    floor.rule({"source": ["shop"]}, TOPIC)
    event_id = floor.put({"total": 5}, Resources=["arn:x"])
    (message,) = floor.heard()
    assert json.loads(message) == {
        "version": "0",
        "id": event_id,
        "account": ACCOUNT,
        "time": f"{floor.backend.clock.now():%Y-%m-%dT%H:%M:%SZ}",
        "region": "us-east-1",
        "source": "shop",
        "detail-type": "order",
        "resources": ["arn:x"],
        "detail": {"total": 5},
    }
    assert [floor.sum(name) for name in ("MatchedEvents", "TriggeredRules", "Invocations", "FailedInvocations")] == [
        1.0,
        1.0,
        1.0,
        0.0,
    ]


def test_a_rule_that_is_disabled_or_does_not_match_is_silent(floor: Floor) -> None:
    floor.rule({"detail": {"total": [{"numeric": [">", 10]}]}}, TOPIC)
    floor.put({"total": 5})
    floor.put({"total": 50})
    floor.events.disable_rule(Name="rule")
    floor.put({"total": 500})
    floor.events.enable_rule(Name="rule")
    floor.put({"total": 5000})
    assert [json.loads(one)["detail"]["total"] for one in floor.heard()] == [50, 5000]


def test_each_target_gets_its_own_words(floor: Floor) -> None:
    floor.rule(
        {"source": ["shop"]},
        {"Arn": TOPIC, "Input": '{"fixed": true}'},
        {"Arn": TOPIC, "InputPath": "$.detail"},
        {"Arn": TOPIC, "InputPath": "$.detail.none"},
        {
            "Arn": TOPIC,
            "InputTransformer": {
                "InputPathsMap": {"n": "$.detail.total"},
                "InputTemplate": '"<n> by <aws.events.rule-name>"',
            },
        },
    )
    floor.put({"total": 5})
    assert floor.heard() == ['{"fixed": true}', '{"total": 5}', "{}", '"5 by rule"']


def test_a_log_group_gets_a_line_and_a_missing_one_is_said(floor: Floor) -> None:
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/shop"
    template = '{"timestamp": <when>, "message": "total <n>"}'
    paths = {"when": "$.time", "n": "$.detail.total"}
    shaped = {"Arn": group, "InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}
    floor.rule({"source": ["shop"]}, group, shaped)
    floor.put({"total": 5})
    assert (
        floor.lines("/pointsman/events", "rule")
        == [f"{group} was not reached: The specified log group does not exist."] * 2
    )
    assert floor.sum("FailedInvocations") == 2.0
    floor.logs.create_log_group(logGroupName="/aws/events/shop")
    floor.put({"total": 6})
    whole, short = floor.lines("/aws/events/shop", "rule")
    assert json.loads(whole)["detail"] == {"total": 6}
    assert short == "total 6"


def test_a_command_gets_the_event_and_its_failure_is_said(floor: Floor) -> None:
    world = floor.folder / "world.yml"
    world.write_text(json.dumps({"local": {"functions": {"note": "cat > noted", "broken": "echo no >&2; exit 3"}}}))
    floor.backend.load(world)
    arns = [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}" for name in ("note", "broken", "nobody")]
    floor.rule({"source": ["shop"]}, *arns)
    floor.put({"total": 5})
    assert json.loads((floor.folder / "noted").read_text())["detail"] == {"total": 5}
    said = floor.lines("/pointsman/events", "rule")
    assert f"{arns[1]} was not reached: it ended with status 3: no" in said
    assert f"{arns[2]} was not reached: there is no function nobody: a world file names functions" in said


def test_a_rule_starts_a_pipeline_as_itself(floor: Floor) -> None:
    floor.codepipeline.create_pipeline(pipeline=simple())
    arn = f"arn:aws:codepipeline:us-east-1:{ACCOUNT}:web"
    floor.rule({"source": ["shop"]}, arn)
    floor.put({"total": 5})
    assert newest(floor.codepipeline)["trigger"] == {
        "triggerType": "CloudWatchEvent",
        "triggerDetail": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/rule",
    }


def test_a_rule_gives_a_pipeline_its_variables(floor: Floor) -> None:
    given = pipeline(("Source", [source()]), ("Gate", [approval()]), pipelineType="V2")
    given["variables"] = [{"name": "total", "defaultValue": "0"}]
    floor.codepipeline.create_pipeline(pipeline=given)
    template = '{"variables": [{"name": "total", "value": "<n>"}], "more": 1}'
    shaped = {"InputPathsMap": {"n": "$.detail.total"}, "InputTemplate": template}
    arn = f"arn:aws:codepipeline:us-east-1:{ACCOUNT}:{given['name']}"
    floor.rule({"source": ["shop"]}, {"Arn": arn, "InputTransformer": shaped})
    floor.put({"total": 5})
    run = newest(floor.codepipeline, given["name"])["pipelineExecutionId"]
    found = floor.codepipeline.get_pipeline_execution(pipelineName=given["name"], pipelineExecutionId=run)
    assert found["pipelineExecution"]["variables"] == [{"name": "total", "resolvedValue": "5"}]
    floor.events.put_targets(Rule="rule", Targets=[{"Id": "0", "Arn": arn, "Input": '{"variables": "x"}'}])
    floor.put({"total": 6})
    (said,) = floor.lines("/pointsman/events", "rule")
    assert "Parameter validation failed" in said or "Invalid type for parameter variables" in said


def test_a_rule_starts_a_build_with_what_it_says(floor: Floor) -> None:
    floor.codebuild.create_project(
        name="lint",
        source={"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: [true]}}"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "local", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/build",
    )
    wanted = {"environmentVariablesOverride": [{"name": "WHO", "value": "a rule"}]}
    arn = f"arn:aws:codebuild:us-east-1:{ACCOUNT}:project/lint"
    floor.rule({"source": ["shop"]}, {"Arn": arn, "Input": json.dumps(wanted)})
    floor.put({"total": 5})
    (build,) = floor.codebuild.batch_get_builds(ids=floor.codebuild.list_builds()["ids"])["builds"]
    assert build["initiator"] == "rule/rule"
    assert {"name": "WHO", "value": "a rule", "type": "PLAINTEXT"} in build["environment"]["environmentVariables"]


def test_engines_tell_of_pipelines_builds_and_alarms(floor: Floor) -> None:
    floor.rule({"source": [{"prefix": "aws."}]}, {"Arn": TOPIC, "InputPath": "$.detail-type"})
    floor.codepipeline.create_pipeline(pipeline=simple())
    floor.cloudwatch.put_metric_alarm(
        AlarmName="cpu",
        Namespace="N",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    floor.cloudwatch.set_alarm_state(AlarmName="cpu", StateValue="ALARM", StateReason="a drill")
    told = {json.loads(one) for one in floor.heard()}
    assert told >= {"CodePipeline Pipeline Execution State Change", "CloudWatch Alarm State Change"}


def test_a_rule_that_sets_itself_off_is_held_back(floor: Floor) -> None:
    floor.script.immediate = True
    floor.codepipeline.create_pipeline(pipeline=simple())
    arn = f"arn:aws:codepipeline:us-east-1:{ACCOUNT}:web"
    pattern = {"detail-type": ["CodePipeline Pipeline Execution State Change"], "detail": {"state": ["SUCCEEDED"]}}
    floor.rule(pattern, arn)
    floor.codepipeline.start_pipeline_execution(name="web")
    floor.backend.settle()
    runs = floor.codepipeline.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]
    assert 60 <= len(runs) <= 64
    assert "has started 60 pipelines or builds in a minute" in floor.lines("/pointsman/events", "rule")[-1]


# -- schedules --------------------------------------------------------------------------------------------------------


def test_a_schedule_comes_round_until_it_is_disabled(floor: Floor) -> None:
    floor.rule("rate(5 minutes)", TOPIC)
    floor.pass_by(minutes=4, seconds=59)
    assert floor.heard() == []
    floor.pass_by(minutes=10, seconds=1)
    found = [json.loads(one) for one in floor.heard()]
    start = floor.backend.clock.now() - timedelta(minutes=15)
    assert [one["time"] for one in found] == [
        f"{start + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}" for minute in (5, 10, 15)
    ]
    assert {(one["source"], one["detail-type"], str(one["detail"])) for one in found} == {
        ("aws.events", "Scheduled Event", "{}")
    }
    assert found[0]["resources"] == [f"arn:aws:events:us-east-1:{ACCOUNT}:rule/rule"]
    floor.events.disable_rule(Name="rule")
    floor.pass_by(hours=1)
    assert len(floor.heard()) == 3
    floor.events.enable_rule(Name="rule")
    floor.pass_by(minutes=5)
    assert len(floor.heard()) == 4


def test_a_cron_rule_is_due_at_its_minutes(floor: Floor) -> None:
    hour = (floor.backend.clock.now() + timedelta(hours=1)).hour
    floor.rule(f"cron(5,35 {hour} * * ? *)", {"Arn": TOPIC, "InputPath": "$.time"})
    floor.pass_by(days=1, hours=2)
    assert [json.loads(one)[11:] for one in floor.heard()] == [
        f"{hour:02}:05:00Z",
        f"{hour:02}:35:00Z",
        f"{hour:02}:05:00Z",
        f"{hour:02}:35:00Z",
    ]


def test_a_rule_that_is_removed_or_changed_has_no_old_times(floor: Floor) -> None:
    floor.rule("rate(5 minutes)", TOPIC)
    floor.events.put_rule(Name="rule", ScheduleExpression="rate(1 hour)")
    floor.pass_by(minutes=59)
    assert floor.heard() == []
    floor.events.remove_targets(Rule="rule", Ids=["0"])
    floor.events.delete_rule(Name="rule")
    floor.pass_by(hours=3)
    assert floor.heard() == []


def test_schedules_and_what_was_not_delivered_outlive_the_process(tmp_path: Path, clock: ManualClock) -> None:
    with CheckedBackend(state=tmp_path / "state", clock=clock) as backend:
        first = Floor(backend, Scripted(), tmp_path)
        first.rule("rate(1 hour)", TOPIC, name="hourly")
        first.rule({"source": ["shop"]}, TOPIC, name="shop")
        with backend.world.transaction():
            scope = backend.world.scope(ACCOUNT, "us-east-1")
            scope.emit("events", {"source": "shop", "detail-type": "order", "resources": [], "detail": {"a": 1}})
        # Not settled: the process ends before the delivery's turn.
    clock.advance(timedelta(hours=5, minutes=30).total_seconds())
    with CheckedBackend(state=tmp_path / "state", clock=clock) as backend:
        backend.settle()
        logs: Any = backend.session("us-east-1").client("logs")
        found = logs.get_log_events(logGroupName="heard", logStreamName="sns", startFromHead=True)["events"]
        told = [json.loads(json.loads(one["message"])["Message"])["detail-type"] for one in found]
        # What was due five times while nobody was there happens once.
        assert told == ["order", "Scheduled Event"]
        clock.advance(timedelta(minutes=30).total_seconds())
        backend.settle()
        found = logs.get_log_events(logGroupName="heard", logStreamName="sns", startFromHead=True)["events"]
        assert len(found) == 3
