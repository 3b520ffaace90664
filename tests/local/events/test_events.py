"""State changes in EventBridge's shape, and the routes a world file gives them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pointsman.clock import ManualClock
from pointsman.errors import ConfigError
from pointsman.local.codepipeline.actions import built
from pointsman.local.codepipeline.providers import Providers
from pointsman.local.events.bus import TOPIC, Interest
from pointsman.local.world import Payload, Scope
from support.backend import CheckedBackend
from support.pipelines import Scripted, approval, newest, pipeline, simple, source


class Heard:
    """A backend with scripted actions, and every event it emits."""

    def __init__(self, backend: CheckedBackend, script: Scripted) -> None:
        self.backend, self.script = backend, script
        self.events: list[Payload] = []
        backend.world.on(TOPIC, self._hear)
        backend.world.tool(Interest).add(lambda _: True)
        self.codepipeline: Any = backend.session("us-east-1").client("codepipeline")

    def _hear(self, _: Scope, event: Payload) -> None:
        self.events.append(event)

    def told(self, what: str) -> list[str]:
        """The states told of pipelines, stages or actions."""
        names = {"Stage": "stage", "Action": "action"}
        return [
            " ".join(filter(None, (event["detail"].get(names.get(what, ""), ""), event["detail"]["state"])))
            for event in self.events
            if event["detail-type"] == f"CodePipeline {what} Execution State Change"
        ]


@pytest.fixture
def heard(tmp_path: Path, clock: ManualClock) -> Any:
    script = Scripted()
    providers: Providers = built()
    for category, name in (("Source", "CodeCommit"), ("Build", "CodeBuild")):
        providers.add(category, "AWS", name, script)
    with CheckedBackend(state=tmp_path / "state", clock=clock, tools=[providers]) as backend:
        yield Heard(backend, script)


def test_every_change_is_told_in_awss_words(heard: Heard, clock: ManualClock) -> None:
    heard.codepipeline.create_pipeline(pipeline=simple())
    run = newest(heard.codepipeline)["pipelineExecutionId"]
    first = heard.events[0]
    assert {name: first[name] for name in first if name != "id"} == {
        "version": "0",
        "detail-type": "CodePipeline Pipeline Execution State Change",
        "source": "aws.codepipeline",
        "account": "123456789012",
        "time": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
        "region": "us-east-1",
        "resources": ["arn:aws:codepipeline:us-east-1:123456789012:web"],
        "detail": {
            "pipeline": "web",
            "execution-id": run,
            "state": "STARTED",
            "version": 1,
            "pipeline-execution-attempt": 1,
            "execution-trigger": {
                "trigger-type": "CreatePipeline",
                "trigger-detail": "arn:aws:iam::123456789012:user/local",
            },
        },
    }
    heard.script.end("Source", "Source")
    heard.script.end("Build", "Build", ok=False)
    assert heard.told("Pipeline") == ["STARTED", "FAILED"]
    assert heard.told("Stage") == ["Source STARTED", "Source SUCCEEDED", "Build STARTED", "Build FAILED"]
    assert heard.told("Action") == ["Source STARTED", "Source SUCCEEDED", "Build STARTED", "Build FAILED"]
    where = {"pipelineName": "web", "stageName": "Build", "pipelineExecutionId": run}
    heard.codepipeline.retry_stage_execution(**where, retryMode="FAILED_ACTIONS")
    assert heard.told("Pipeline")[-1] == "RESUMED"
    assert heard.told("Stage")[-1] == "Build RESUMED"
    heard.codepipeline.stop_pipeline_execution(
        pipelineName="web", pipelineExecutionId=run, abandon=True, reason="enough"
    )
    assert heard.told("Pipeline")[-1] == "STOPPED"
    assert heard.told("Action")[-1] == "Build ABANDONED"
    assert len({event["id"] for event in heard.events}) == len(heard.events)


def test_an_action_tells_what_it_took_made_and_came_to(heard: Heard) -> None:
    heard.codepipeline.create_pipeline(pipeline=simple())
    heard.script.end("Source", "Source")
    heard.script.end("Build", "Build", ok=False)
    details = [one["detail"] for one in heard.events if "action" in one["detail"]]
    assert details[1]["output-artifacts"] == [{"name": "src", "s3location": {"bucket": "store", "key": "k/src"}}]
    begun, ended = details[2], details[3]
    assert begun["input-artifacts"] == [{"name": "src", "s3location": {"bucket": "store", "key": "k/src"}}]
    assert begun["type"] == {"owner": "AWS", "provider": "CodeBuild", "category": "Build", "version": "1"}
    assert begun["action-execution-id"] == ended["action-execution-id"]
    assert "execution-result" not in begun
    assert ended["execution-result"] == {"external-execution-summary": "it broke", "error-code": "JobFailed"}


def test_a_superseded_execution_and_a_comment_are_told(heard: Heard) -> None:
    heard.codepipeline.create_pipeline(pipeline=simple())
    for _ in range(2):
        heard.codepipeline.start_pipeline_execution(name="web")
    assert "SUPERSEDED" in heard.told("Pipeline")
    first = heard.codepipeline.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"][-1]
    heard.codepipeline.stop_pipeline_execution(
        pipelineName="web", pipelineExecutionId=first["pipelineExecutionId"], reason="for an update"
    )
    stopping = [one["detail"] for one in heard.events if one["detail"]["state"] == "STOPPING"]
    assert stopping[1]["stop-execution-comments"] == "for an update"


def routed(backend: CheckedBackend, folder: Path, **events: Any) -> Any:
    session = backend.session("us-east-1")
    topic = session.client("sns").create_topic(Name="releases")["TopicArn"]
    session.client("sns").subscribe(TopicArn=topic, Protocol="log", Endpoint="heard")
    world = folder / "world.yml"
    world.write_text(json.dumps({"local": {"functions": {"note": "cat >> noted"}, "events": events}}))
    backend.load(world)
    return session


def messages(session: Any) -> list[dict[str, Any]]:
    events = session.client("logs").get_log_events(logGroupName="heard", logStreamName="sns")["events"]
    return [json.loads(json.loads(one["message"])["Message"]) for one in events]


def test_a_route_leads_to_a_topic_and_to_a_command(backend: CheckedBackend, tmp_path: Path) -> None:
    pattern = {
        "source": ["aws.codepipeline"],
        "detail": {"state": [{"prefix": "FAIL"}, "SUCCEEDED"], "stage": ["Source"]},
    }
    session = routed(backend, tmp_path, ends={"pattern": pattern, "topic": "releases", "function": "note"})
    given = pipeline(("Source", [source()]), ("Gate", [approval()]))
    session.client("codepipeline").create_pipeline(pipeline=given)
    backend.settle()
    found = messages(session)
    assert {one["detail-type"] for one in found} == {
        "CodePipeline Stage Execution State Change",
        "CodePipeline Action Execution State Change",
    }
    assert {one["detail"]["state"] for one in found} == {"FAILED"}
    noted = (tmp_path / "noted").read_text()
    assert noted.count('"aws.codepipeline"') == 2


def test_an_engine_may_leave_the_envelope_to_the_routes(backend: CheckedBackend, tmp_path: Path) -> None:
    session = routed(backend, tmp_path, builds={"pattern": {"source": ["aws.codebuild"]}, "topic": "releases"})
    with backend.world.transaction():
        scope = backend.world.scope(backend.account, "us-east-1")
        scope.emit(TOPIC, {"source": "aws.codebuild", "detail-type": "x", "resources": [], "detail": {"a": 1}})
    (event,) = messages(session)
    assert {"version", "id", "account", "time", "region", "source", "detail-type", "resources", "detail"} == set(event)
    assert (event["account"], event["region"], event["detail"]) == ("123456789012", "us-east-1", {"a": 1})


def test_an_approval_is_told_to_its_topic_in_awss_shape(backend: CheckedBackend, tmp_path: Path) -> None:
    session = routed(backend, tmp_path)
    topic = "arn:aws:sns:us-east-1:123456789012:releases"
    made = approval(
        configuration={"NotificationArn": topic, "CustomData": "look at it", "ExternalEntityLink": "http://x"}
    )
    bucket = session.client("s3")
    bucket.create_bucket(Bucket="sources")
    bucket.put_bucket_versioning(Bucket="sources", VersioningConfiguration={"Status": "Enabled"})
    bucket.put_object(Bucket="sources", Key="a", Body=b"x")
    first = source()
    first["actionTypeId"]["provider"] = "S3"
    first["configuration"] = {"S3Bucket": "sources", "S3ObjectKey": "a"}
    session.client("codepipeline").create_pipeline(pipeline=pipeline(("Source", [first]), ("Gate", [made])))
    backend.settle()
    (message,) = messages(session)
    assert set(message) == {"region", "consoleLink", "approval"}
    approval_told = message["approval"]
    assert {"pipelineName", "stageName", "actionName", "token", "expires", "externalEntityLink", "approvalReviewLink",
            "customData"} == set(approval_told)  # fmt: skip
    assert (approval_told["customData"], approval_told["externalEntityLink"]) == ("look at it", "http://x")
    assert datetime.strptime(approval_told["expires"], "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC) == (
        backend.clock.now() + timedelta(days=7)
    ).replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"pattern": {}}, "give a topic, a function"),
        ({"pattern": [1], "topic": "t"}, "a mapping belongs here"),
        ({"pattern": {"detail": {"state": [{"regex": "FA"}]}}, "topic": "t"}, "Unrecognized match type regex"),
        ({"pattern": {"source": "aws.codepipeline"}, "topic": "t"}, "must be an object or an array"),
        ({"topics": "t"}, "unknown key"),
        ({"function": "nobody"}, "there is no command nobody"),
    ],
)
def test_a_route_that_cannot_be_used_names_its_place(
    backend: CheckedBackend, tmp_path: Path, given: Any, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        routed(backend, tmp_path, wrong=given)
