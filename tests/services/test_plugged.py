"""The same services over the bundled backend: the code that talks to AWS, with the engines beneath boto3."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from pointsman.aws.cloud import Cloud
from pointsman.aws.guard import Guard
from pointsman.clock import ManualClock
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.attention import Urgency, attention
from pointsman.model.comparison import whereabouts
from pointsman.model.pipelines import Board, PipelineState
from pointsman.model.refs import BuildRef, PipelineRef
from pointsman.model.snapshot import Snapshot
from pointsman.model.status import Tone
from pointsman.services.builds import Builds
from pointsman.services.feeds import Feeds
from pointsman.services.logs import Logs
from pointsman.services.pipelines import Pipelines
from support.backend import CheckedBackend

REF = PipelineRef("checkout")
KIND = {"owner": "AWS", "version": "1"}


@pytest.fixture
def cloud(backend: CheckedBackend, clock: ManualClock) -> Cloud:
    made = Cloud(lambda: backend.session(region_name="eu-west-1"), clock, guard=Guard(read_only=False, clock=clock))
    assert made.prepare() is None
    return made


def client(backend: CheckedBackend, service: str) -> Any:
    return backend.session(region_name="eu-west-1").client(service)


def make_pipeline(backend: CheckedBackend, clock: ManualClock, name: str = "checkout") -> None:
    """An S3 source and an approval."""
    store = client(backend, "s3")
    place = {"LocationConstraint": "eu-west-1"}
    for bucket in ("artifacts", "sources"):
        store.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    store.put_bucket_versioning(Bucket="sources", VersioningConfiguration={"Status": "Enabled"})
    put_source(backend)
    source = {
        "name": "Code",
        "actionTypeId": {**KIND, "category": "Source", "provider": "S3"},
        "configuration": {"S3Bucket": "sources", "S3ObjectKey": "app.zip", "PollForSourceChanges": "false"},
        "outputArtifacts": [{"name": "app"}],
    }
    gate = {"name": "Sign-off", "actionTypeId": {**KIND, "category": "Approval", "provider": "Manual"}}
    client(backend, "codepipeline").create_pipeline(
        pipeline={
            "name": name,
            "roleArn": "arn:aws:iam::123456789012:role/pipeline",
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "pipelineType": "V2",
            "version": 1,
            "stages": [{"name": "Source", "actions": [source]}, {"name": "Gate", "actions": [gate]}],
        }
    )
    clock.advance(10)


def put_source(backend: CheckedBackend, words: str = "one") -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("app.txt", words)
    client(backend, "s3").put_object(Bucket="sources", Key="app.zip", Body=body.getvalue())


async def test_a_pipeline_is_followed_to_its_gate_and_on(
    backend: CheckedBackend, cloud: Cloud, clock: ManualClock
) -> None:
    make_pipeline(backend, clock)
    feeds = Feeds(clock, chance=lambda: 0.5)
    seen: list[Snapshot[PipelineState]] = []
    service = Pipelines(cloud, clock)
    held = feeds.subscribe(service.state(REF), seen.append)
    await feeds.idle()
    state = held.snapshot.value
    assert state is not None
    assert state.status.tone is Tone.WAITING
    approval = state.stages[1].waiting_approval
    assert approval is not None
    assert approval.token
    assert state.revision_in(state.stages[0]) is not None
    answer = {"summary": "fine", "status": "Approved"}
    await cloud.write(
        "codepipeline",
        "PutApprovalResult",
        {
            "pipelineName": "checkout",
            "stageName": "Gate",
            "actionName": "Sign-off",
            "token": approval.token,
            "result": answer,
        },
    )
    clock.advance(5)
    await feeds.idle()
    state = held.snapshot.value
    assert state is not None
    assert state.status.word == "Succeeded"
    await feeds.close()


async def test_the_board_tells_what_needs_a_person(backend: CheckedBackend, cloud: Cloud, clock: ManualClock) -> None:
    make_pipeline(backend, clock)
    feeds = Feeds(clock, chance=lambda: 0.5)
    seen: list[Snapshot[Board]] = []
    feeds.subscribe(Pipelines(cloud, clock).board(), seen.append)
    await feeds.idle()
    await feeds.close()
    board = seen[-1].value
    assert board is not None
    (item,) = attention(board, (), clock.now())
    assert item.urgency is Urgency.APPROVAL
    assert item.expires is not None


async def test_two_executions_are_compared_and_each_revision_is_found(
    backend: CheckedBackend, cloud: Cloud, clock: ManualClock
) -> None:
    make_pipeline(backend, clock)
    put_source(backend, "two")
    client(backend, "codepipeline").start_pipeline_execution(name="checkout")
    clock.advance(10)
    service = Pipelines(cloud, clock)
    state = await service.fresh(REF)
    places = whereabouts(state)
    assert len({place.execution_id for place in places}) == 2
    newer, older = state.executions[0].id, state.executions[1].id
    comparison = await service.changes(REF, older, newer)
    (change,) = comparison.changed
    assert change.action == "Code"
    history = await service.history(REF).read(lambda *_: None)
    assert [one.id for one in history] == [newer, older]
    runs = await service.runs(REF, older).read(lambda *_: None)
    assert {run.ref.action for run in runs} == {"Code", "Sign-off"}


async def test_the_commits_between_two_revisions_come_from_the_repository(
    backend: CheckedBackend, cloud: Cloud, clock: ManualClock
) -> None:
    repository = client(backend, "codecommit")
    repository.create_repository(repositoryName="till")
    ids: list[str] = []
    for number in range(3):
        parent = {"parentCommitId": ids[-1]} if ids else {}
        files = [{"filePath": "a.txt", "fileContent": f"{number}".encode()}]
        made = repository.create_commit(
            repositoryName="till", branchName="main", putFiles=files, commitMessage=f"Step {number}", **parent
        )
        ids.append(made["commitId"])
        clock.advance(60)
    service = Pipelines(cloud, clock)
    found, note = await service._changes._walk("till", ids[0], ids[2])
    assert [commit.summary for commit in found] == ["Step 2", "Step 1"]
    assert note == ""


async def test_what_there_is_not_is_a_fault_of_its_kind(cloud: Cloud, clock: ManualClock) -> None:
    with pytest.raises(CallFailed) as caught:
        await Pipelines(cloud, clock).fresh(PipelineRef("nobody"))
    assert caught.value.fault.kind is FaultKind.NOT_FOUND
    with pytest.raises(CallFailed) as caught:
        await Builds(cloud, clock).fresh(BuildRef("nobody:1"))
    assert caught.value.fault.kind is FaultKind.NOT_FOUND


async def test_what_the_backend_does_not_answer_is_said_by_name(cloud: Cloud) -> None:
    with pytest.raises(CallFailed) as caught:
        await cloud.read("events", "ListArchives")
    assert caught.value.fault.kind is FaultKind.NOT_BUILT
    assert "events:ListArchives" in caught.value.fault.sentence


async def test_the_caller_is_the_backend_s_account(cloud: Cloud) -> None:
    me = await cloud.whoami()
    assert (me.account, me.region) == ("123456789012", "eu-west-1")


async def test_the_guard_stands_above_the_plug(backend: CheckedBackend, clock: ManualClock) -> None:
    guarded = Cloud(lambda: backend.session(), clock, guard=Guard(read_only=True, clock=clock))
    with pytest.raises(CallFailed) as caught:
        await guarded.write("codepipeline", "DeletePipeline", {"name": "checkout"})
    assert caught.value.fault.kind is FaultKind.READ_ONLY


async def test_a_build_is_shown_with_its_phases_and_its_log_to_the_last_line(
    backend: CheckedBackend, cloud: Cloud, clock: ManualClock
) -> None:
    buildspec = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo first\n      - echo last\n"
    project = client(backend, "codebuild")
    project.create_project(
        name="webapp",
        source={"type": "NO_SOURCE", "buildspec": buildspec},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "local", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/build",
    )
    started = BuildRef(project.start_build(projectName="webapp")["build"]["id"])
    clock.advance(5)
    service = Builds(cloud, clock)
    build = await service.fresh(started)
    assert build.complete, build
    assert build.status.word == "SUCCEEDED", build.failure
    assert [phase.name for phase in build.phases][-1] == "COMPLETED"
    (shown,) = await service.projects().read(lambda *_: None)
    assert shown.latest == build
    assert build.log is not None
    logs = Logs(cloud, clock, sleep=_at_once)
    chunks = [chunk async for chunk in logs.follow(build.log, ended=lambda: True)]
    lines = [line.text for chunk in chunks for line in chunk.lines]
    assert lines.index("first") < lines.index("last")
    assert chunks[-1].ended


async def _at_once(_: float) -> None:
    return None
