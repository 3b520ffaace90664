"""What CodeCommit tells EventBridge of: branches, tags and pull requests, moved by the API or pushed with git."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pointsman.clock import ManualClock
from pointsman.local.codecommit.repositories import GitRepositories, Repositories
from support.backend import CheckedBackend


@pytest.fixture
def told(backend: CheckedBackend) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []
    backend.world.on("events", lambda _, event: heard.append(event))
    return heard


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("codecommit")
    made.create_repository(repositoryName="web")
    first = made.put_file(
        repositoryName="web", branchName="main", filePath="README", fileContent=b"one", commitMessage="First"
    )["commitId"]
    made.create_branch(repositoryName="web", branchName="side", commitId=first)
    return made


def listen(backend: CheckedBackend, clock: ManualClock) -> None:
    events = backend.session().client("events")
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["aws.codecommit"]}))
    clock.advance(1)
    backend.settle()


def place(backend: CheckedBackend) -> Path:
    tool = backend.world.tool(Repositories)  # type: ignore[type-abstract]
    assert isinstance(tool, GitRepositories)
    found = tool.path("123456789012", "us-east-1", "web")
    assert found is not None
    return found


def details(told: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [
        (one["detail"]["event"], one["detail"]["referenceType"], one["detail"]["referenceName"])
        for one in told
        if one["detail-type"] == "CodeCommit Repository State Change"
    ]


def put(client: Any, branch: str, path: str) -> str:
    tip = client.get_branch(repositoryName="web", branchName=branch)["branch"]["commitId"]
    made = client.put_file(repositoryName="web", branchName=branch, filePath=path, fileContent=b"x", parentCommitId=tip)
    return str(made["commitId"])


def test_nothing_is_looked_at_while_nobody_listens(
    backend: CheckedBackend, client: Any, told: list[dict[str, Any]], clock: ManualClock
) -> None:
    put(client, "main", "a")
    clock.advance(300)
    assert told == [] and backend.world.next_due() is None


def test_a_branch_that_is_made_moved_and_deleted_is_told(
    backend: CheckedBackend, client: Any, told: list[dict[str, Any]], clock: ManualClock
) -> None:
    listen(backend, clock)
    assert told == [], "what was there before is not told"
    old = client.get_branch(repositoryName="web", branchName="main")["branch"]["commitId"]
    new = put(client, "main", "a")
    backend.settle()
    [event] = told
    identity = client.get_repository(repositoryName="web")["repositoryMetadata"]["repositoryId"]
    assert (event["source"], event["resources"]) == (
        "aws.codecommit",
        ["arn:aws:codecommit:us-east-1:123456789012:web"],
    )
    assert event["detail"] == {
        "event": "referenceUpdated",
        "repositoryName": "web",
        "repositoryId": identity,
        "referenceType": "branch",
        "referenceName": "main",
        "referenceFullName": "refs/heads/main",
        "commitId": new,
        "oldCommitId": old,
    }
    client.create_branch(repositoryName="web", branchName="more", commitId=new)
    backend.settle()
    client.delete_branch(repositoryName="web", branchName="more")
    backend.settle()
    assert details(told)[1:] == [("referenceCreated", "branch", "more"), ("referenceDeleted", "branch", "more")]


def test_what_is_pushed_with_git_is_told_and_so_is_a_new_repository(
    backend: CheckedBackend, client: Any, told: list[dict[str, Any]], clock: ManualClock
) -> None:
    listen(backend, clock)
    head = client.get_branch(repositoryName="web", branchName="main")["branch"]["commitId"]
    subprocess.run(["git", "-C", str(place(backend)), "update-ref", "refs/tags/v1", head], check=True)
    clock.advance(60)
    backend.settle()
    assert details(told) == [("referenceCreated", "tag", "v1")]
    client.create_repository(repositoryName="new")
    client.put_file(repositoryName="new", branchName="main", filePath="a", fileContent=b"x", commitMessage="First")
    backend.settle()
    assert details(told)[1:] == [("referenceCreated", "branch", "main")]
    clock.advance(600)
    backend.settle()
    assert len(told) == 2, "nothing is told twice"


def test_it_ends_when_nobody_listens_any_more(
    backend: CheckedBackend, client: Any, told: list[dict[str, Any]], clock: ManualClock
) -> None:
    listen(backend, clock)
    backend.session().client("events").delete_rule(Name="all")
    clock.advance(120)
    backend.settle()
    assert backend.world.next_due() is None
    put(client, "main", "a")
    listen(backend, clock)
    assert told == [], "what has happened meanwhile is not told"


def test_a_pull_request_is_told_from_its_beginning_to_its_merge(
    backend: CheckedBackend, client: Any, told: list[dict[str, Any]], clock: ManualClock
) -> None:
    listen(backend, clock)
    put(client, "side", "a")
    target = {"repositoryName": "web", "sourceReference": "side", "destinationReference": "main"}
    client.create_pull_request(title="App", description="All of it", targets=[target])
    head = put(client, "side", "b")
    backend.settle()
    clock.advance(60)
    backend.settle()
    client.merge_pull_request_by_fast_forward(pullRequestId="1", repositoryName="web")
    client.create_branch(repositoryName="web", branchName="other", commitId=head)
    put(client, "other", "c")
    client.create_pull_request(title="More", targets=[{**target, "sourceReference": "other"}])
    client.update_pull_request_status(pullRequestId="2", pullRequestStatus="CLOSED")
    backend.settle()
    requests = [one["detail"] for one in told if one["detail-type"] == "CodeCommit Pull Request State Change"]
    assert [(one["pullRequestId"], one["event"], one["pullRequestStatus"], one["isMerged"]) for one in requests] == [
        ("1", "pullRequestCreated", "Open", "False"),
        ("1", "pullRequestSourceBranchUpdated", "Open", "False"),
        ("1", "pullRequestMergeStatusUpdated", "Closed", "True"),
        ("2", "pullRequestCreated", "Open", "False"),
        ("2", "pullRequestStatusChanged", "Closed", "False"),
    ]
    first, _, merged = requests[:3]
    assert first["title"] == "App" and first["description"] == "All of it"
    assert first["sourceReference"] == "refs/heads/side" and first["repositoryNames"] == ["web"]
    assert first["callerUserArn"] == first["author"]
    assert first["creationDate"] == "Mon Jan 05 09:00:01 UTC 2026"
    assert merged["mergeOption"] == "FAST_FORWARD_MERGE" and merged["sourceCommit"] == head


def test_a_rule_starts_a_pipeline_on_a_push(backend: CheckedBackend, client: Any, clock: ManualClock) -> None:
    """As the templates of AWS's console have it: the source does not look by itself, a rule starts the pipeline."""
    codepipeline = backend.session().client("codepipeline")
    source = {
        "name": "Source",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"},
        "configuration": {"RepositoryName": "web", "BranchName": "main", "PollForSourceChanges": "false"},
        "outputArtifacts": [{"name": "Code"}],
    }
    gate = {
        "name": "Gate",
        "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
    }
    backend.session().client("s3").create_bucket(Bucket="store")
    codepipeline.create_pipeline(
        pipeline={
            "name": "line",
            "roleArn": "arn:aws:iam::123456789012:role/r",
            "artifactStore": {"type": "S3", "location": "store"},
            "stages": [{"name": "Source", "actions": [source]}, {"name": "Gate", "actions": [gate]}],
        }
    )
    backend.settle()
    events = backend.session().client("events")
    pattern = {
        "source": ["aws.codecommit"],
        "detail-type": ["CodeCommit Repository State Change"],
        "resources": ["arn:aws:codecommit:us-east-1:123456789012:web"],
        "detail": {"event": ["referenceCreated", "referenceUpdated"], "referenceName": ["main"]},
    }
    events.put_rule(Name="push", EventPattern=json.dumps(pattern))
    arn = "arn:aws:codepipeline:us-east-1:123456789012:line"
    events.put_targets(Rule="push", Targets=[{"Id": "1", "Arn": arn, "RoleArn": "arn:aws:iam::123456789012:role/r"}])
    clock.advance(1)
    backend.settle()
    head = put(client, "main", "a")
    put(client, "side", "b")
    backend.settle()
    clock.advance(2)
    backend.settle()
    runs = codepipeline.list_pipeline_executions(pipelineName="line")["pipelineExecutionSummaries"]
    assert len(runs) == 2 and runs[0]["trigger"]["triggerType"] == "CloudWatchEvent"
    assert runs[0]["sourceRevisions"][0]["revisionId"] == head
