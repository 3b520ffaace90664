"""Pull requests of repositories of this machine: opened, updated by pushes, closed, merged."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from support.backend import CheckedBackend


def put(client: Any, branch: str, path: str, text: str = "x") -> str:
    tip = client.get_branch(repositoryName="web", branchName=branch)["branch"]["commitId"]
    made = client.put_file(
        repositoryName="web", branchName=branch, filePath=path, fileContent=text.encode(), parentCommitId=tip,
        name="Ada", email="ada@example.com", commitMessage=f"Add {path}",
    )  # fmt: skip
    return str(made["commitId"])


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("codecommit")
    made.create_repository(repositoryName="web")
    first = made.put_file(
        repositoryName="web", branchName="main", filePath="README", fileContent=b"one\ntwo\n", commitMessage="First"
    )["commitId"]
    made.create_branch(repositoryName="web", branchName="side", commitId=first)
    put(made, "side", "src/app.py")
    return made


@pytest.fixture
def told(backend: CheckedBackend) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []
    backend.world.on("codecommit.pull_request", lambda _, payload: heard.append(payload))
    return heard


def create(client: Any, **more: Any) -> dict[str, Any]:
    target = {"repositoryName": "web", "sourceReference": "side", "destinationReference": "main"}
    found: dict[str, Any] = client.create_pull_request(**{"title": "App", "targets": [target], **more})["pullRequest"]
    return found


def get(client: Any, number: str = "1") -> dict[str, Any]:
    found: dict[str, Any] = client.get_pull_request(pullRequestId=number)["pullRequest"]
    return found


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def tip(client: Any, branch: str) -> str:
    return str(client.get_branch(repositoryName="web", branchName=branch)["branch"]["commitId"])


def test_one_is_opened_listed_changed_and_closed(client: Any, told: list[dict[str, Any]]) -> None:
    made = create(client, description="What it is about", clientRequestToken="t")
    assert create(client, description="What it is about", clientRequestToken="t") == made
    target = made["pullRequestTargets"][0]
    assert (made["pullRequestId"], made["pullRequestStatus"]) == ("1", "OPEN")
    assert (target["sourceReference"], target["destinationReference"]) == ("refs/heads/side", "refs/heads/main")
    assert target["mergeBase"] == target["destinationCommit"] == tip(client, "main")
    assert told[0]["event"] == "CREATED"
    assert told[0]["files"] == ["src/app.py"]
    create(client, title="Another")
    assert client.list_pull_requests(repositoryName="web")["pullRequestIds"] == ["2", "1"]
    first = client.list_pull_requests(repositoryName="web", maxResults=1)
    rest = client.list_pull_requests(repositoryName="web", nextToken=first["nextToken"])
    assert first["pullRequestIds"] + rest["pullRequestIds"] == ["2", "1"]
    client.update_pull_request_title(pullRequestId="1", title="Better")
    client.update_pull_request_description(pullRequestId="1", description="")
    assert get(client)["title"] == "Better"
    client.update_pull_request_status(pullRequestId="1", pullRequestStatus="CLOSED")
    assert told[-1]["event"] == "CLOSED"
    assert client.list_pull_requests(repositoryName="web", pullRequestStatus="OPEN")["pullRequestIds"] == ["2"]
    for call, more, said in (
        (client.update_pull_request_status, {"pullRequestStatus": "OPEN"}, "InvalidPullRequestStatusUpdateException"),
        (client.update_pull_request_title, {"title": "x"}, "PullRequestAlreadyClosedException"),
        (client.merge_pull_request_by_squash, {"repositoryName": "web"}, "PullRequestAlreadyClosedException"),
    ):
        with pytest.raises(ClientError) as caught:
            call(pullRequestId="1", **more)
        assert code(caught) == said
    events = client.describe_pull_request_events(pullRequestId="1")["pullRequestEvents"]
    assert [one["pullRequestEventType"] for one in events] == ["PULL_REQUEST_CREATED", "PULL_REQUEST_STATUS_CHANGED"]
    client.delete_repository(repositoryName="web")
    with pytest.raises(ClientError) as caught:
        get(client)
    assert code(caught) == "PullRequestDoesNotExistException"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"targets": []}, "InvalidTargetsException"),
        ({"targets": [{"repositoryName": "no", "sourceReference": "side"}]}, "RepositoryDoesNotExistException"),
        ({"targets": [{"repositoryName": "web", "sourceReference": "none"}]}, "ReferenceDoesNotExistException"),
        ({"targets": [{"repositoryName": "web", "sourceReference": "main"}]}, "SourceAndDestinationAreSameException"),
        ({"targets": [{"repositoryName": "web", "sourceReference": "-x"}]}, "InvalidReferenceNameException"),
        (
            {"targets": [{"repositoryName": "web", "sourceReference": "refs/tags/v1"}]},
            "ReferenceTypeNotSupportedException",
        ),
        ({"title": "x" * 151}, "InvalidTitleException"),
    ],
)
def test_an_unsound_one_is_refused(client: Any, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError) as caught:
        create(client, **changes)
    assert code(caught) == said


def test_a_push_updates_it(client: Any, backend: CheckedBackend, told: list[dict[str, Any]]) -> None:
    create(client)
    before = tip(client, "side")
    after = put(client, "side", "src/more.py")
    backend.settle()
    assert told[-1]["event"] == "UPDATED"
    assert (told[-1]["before"], told[-1]["source_commit"]) == (before, after)
    assert told[-1]["files"] == ["src/app.py", "src/more.py"]
    assert get(client)["pullRequestTargets"][0]["sourceCommit"] == after
    put(client, "main", "other")
    backend.settle()
    assert len(told) == 2, "a push to the destination is no update"
    assert get(client)["pullRequestTargets"][0]["destinationCommit"] == tip(client, "main")


def test_a_merge_pushed_with_git_closes_it(
    client: Any, backend: CheckedBackend, clock: ManualClock, told: list[dict[str, Any]]
) -> None:
    create(client)
    folder = backend.root / "repositories" / "123456789012" / "us-east-1" / "web.git"
    subprocess.run(["git", "-C", str(folder), "update-ref", "refs/heads/main", "refs/heads/side"], check=True)
    clock.advance(61)
    backend.settle()
    shown = get(client)
    assert shown["pullRequestStatus"] == "CLOSED"
    assert shown["pullRequestTargets"][0]["mergeMetadata"]["mergeCommitId"] == tip(client, "side")
    assert told[-1]["event"] == "MERGED"
    assert told[-1]["files"] == ["src/app.py"]


@pytest.mark.parametrize("way", ["fast_forward", "squash", "three_way"])
def test_it_is_merged(client: Any, told: list[dict[str, Any]], way: str, tmp_path: Path) -> None:
    create(client)
    before, side = tip(client, "main"), tip(client, "side")
    done = getattr(client, f"merge_pull_request_by_{way}")(pullRequestId="1", repositoryName="web")["pullRequest"]
    metadata = done["pullRequestTargets"][0]["mergeMetadata"]
    assert metadata["mergeOption"] == f"{way.upper()}_MERGE"
    merged = tip(client, "main")
    assert metadata["mergeCommitId"] == merged
    parents = client.get_commit(repositoryName="web", commitId=merged)["commit"]["parents"]
    assert (merged == side) == (way == "fast_forward")
    if way != "fast_forward":
        assert parents == ([before] if way == "squash" else [before, side])
    assert client.get_file(repositoryName="web", filePath="src/app.py")["fileContent"] == b"x"
    assert [one["event"] for one in told] == ["CREATED", "MERGED"]


def test_what_cannot_be_merged_says_so(client: Any) -> None:
    put(client, "side", "README", "one\nside\n")
    put(client, "main", "README", "one\nmain\n")
    create(client)
    for way in ("fast_forward", "squash", "three_way"):
        with pytest.raises(ClientError) as caught:
            getattr(client, f"merge_pull_request_by_{way}")(pullRequestId="1", repositoryName="web")
        assert code(caught) == "ManualMergeRequiredException"
    options = client.get_merge_options(
        repositoryName="web", sourceCommitSpecifier="side", destinationCommitSpecifier="main"
    )
    assert options["mergeOptions"] == []
    with pytest.raises(ClientError) as caught:
        client.merge_pull_request_by_squash(pullRequestId="1", repositoryName="web", sourceCommitId=tip(client, "main"))
    assert code(caught) == "TipOfSourceReferenceIsDifferentException"
    with pytest.raises(ClientError, match="resolves no conflicts"):
        client.merge_pull_request_by_squash(
            pullRequestId="1", repositoryName="web", conflictResolutionStrategy="ACCEPT_SOURCE"
        )
