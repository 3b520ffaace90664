"""Against a server of somebody else's, over HTTP: what it has is shown, what it lacks is a fault that says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from pointsman.aws.cloud import Cloud
from pointsman.aws.guard import Guard
from pointsman.aws.sessions import for_aws
from pointsman.clock import SystemClock
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.pipelines import Board
from pointsman.model.refs import LogRef, PipelineRef, ProjectRef
from pointsman.model.snapshot import Snapshot
from pointsman.services.builds import Builds
from pointsman.services.feeds import Feeds
from pointsman.services.logs import Logs
from pointsman.services.pipelines import Pipelines

moto_server = pytest.importorskip("moto.server")

REGION = "eu-west-1"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A session that prepares the server's state; the state goes with the test."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    session = boto3.session.Session(region_name=REGION)

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=endpoint)

    yield client
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")).close()


@pytest.fixture
def cloud(endpoint: str, aws: Any) -> Cloud:
    clock = SystemClock()
    made = Cloud(
        lambda: for_aws(region=REGION, endpoint_url=endpoint), clock, guard=Guard(clock=clock), attempts=2, threads=4
    )
    assert made.prepare() is None
    return made


def make_pipeline(aws: Any, name: str) -> None:
    role = f"arn:aws:iam::123456789012:role/{name}"
    trust = {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
    kind = {"owner": "AWS", "version": "1"}
    stages = [
        {
            "name": "Source",
            "actions": [
                {
                    "name": "Code",
                    "actionTypeId": {**kind, "category": "Source", "provider": "S3"},
                    "configuration": {"S3Bucket": "sources", "S3ObjectKey": "k"},
                    "outputArtifacts": [{"name": "app"}],
                }
            ],
        },
        {
            "name": "Gate",
            "actions": [{"name": "Sign-off", "actionTypeId": {**kind, "category": "Approval", "provider": "Manual"}}],
        },
    ]
    store = {"type": "S3", "location": "artifacts"}
    pipeline = {"name": name, "roleArn": role, "artifactStore": store, "stages": stages, "version": 1}
    aws("codepipeline").create_pipeline(pipeline=pipeline)


def make_project(aws: Any, name: str) -> None:
    aws("codebuild").create_project(
        name=name,
        source={"type": "S3", "location": "bucket/key"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/build",
    )


def nobody(*_: Any) -> None:
    return None


async def test_pipelines_are_listed_and_a_state_that_is_not_built_there_is_a_fault_per_row(
    aws: Any, cloud: Cloud
) -> None:
    for name in ("checkout", "search"):
        make_pipeline(aws, name)
    feeds = Feeds(cloud.clock)
    seen: list[Snapshot[Board]] = []
    feeds.subscribe(Pipelines(cloud, cloud.clock).board(), seen.append)
    await feeds.idle()
    await feeds.close()
    board = seen[-1].value
    assert board is not None
    assert [row.ref.name for row in board.rows] == ["checkout", "search"]
    for row in board.rows:
        assert row.state is None
        assert row.fault is not None
        assert row.fault.call == "codepipeline:GetPipelineState"
        assert row.fault.sentence
    assert seen[-1].partial == "0 of 2 read"


async def test_the_detail_of_a_pipeline_says_what_the_server_lacks(aws: Any, cloud: Cloud) -> None:
    make_pipeline(aws, "checkout")
    with pytest.raises(CallFailed) as caught:
        await Pipelines(cloud, cloud.clock).fresh(PipelineRef("checkout"))
    assert caught.value.fault.kind in (FaultKind.NOT_BUILT, FaultKind.NOT_FOUND, FaultKind.UNKNOWN)
    assert "codepipeline:GetPipelineState" in (caught.value.fault.call)


async def test_projects_and_builds_are_listed_with_phases_and_logs(aws: Any, cloud: Cloud) -> None:
    make_project(aws, "webapp")
    started = aws("codebuild").start_build(projectName="webapp")["build"]["id"]
    builds = Builds(cloud, cloud.clock)
    (project,) = await builds.projects().read(nobody)
    assert project.name == "webapp"
    assert project.latest is not None
    assert project.latest.ref.id == started
    (build,) = (await builds.recent(ProjectRef("webapp")).read(nobody)).builds
    assert build.status.word in ("SUCCEEDED", "IN_PROGRESS")
    assert build.phases


async def test_a_log_is_followed_to_its_end(aws: Any, cloud: Cloud) -> None:
    logs = aws("logs")
    logs.create_log_group(logGroupName="/aws/codebuild/webapp")
    logs.create_log_stream(logGroupName="/aws/codebuild/webapp", logStreamName="1")
    now = int(cloud.clock.now().timestamp() * 1000)
    events = [{"timestamp": now + number, "message": f"line {number}"} for number in range(25)]
    logs.put_log_events(logGroupName="/aws/codebuild/webapp", logStreamName="1", logEvents=events)

    async def at_once(_: float) -> None:
        return None

    service = Logs(cloud, cloud.clock, sleep=at_once)
    chunks = [one async for one in service.follow(LogRef("/aws/codebuild/webapp", "1"), ended=lambda: True)]
    assert [line.text for chunk in chunks for line in chunk.lines] == [f"line {number}" for number in range(25)]
    missing = [one async for one in service.follow(LogRef("/aws/codebuild/nobody", "1"), ended=lambda: True)]
    assert missing[-1].missing


async def test_the_caller_is_known_and_a_write_is_refused_before_it_leaves(cloud: Cloud) -> None:
    assert (await cloud.whoami()).account == "123456789012"
    with pytest.raises(CallFailed) as caught:
        await cloud.write("codebuild", "DeleteProject", {"name": "webapp"})
    assert caught.value.fault.kind is FaultKind.READ_ONLY
    assert [call.operation for call in cloud.trail.calls] == ["GetCallerIdentity"]
