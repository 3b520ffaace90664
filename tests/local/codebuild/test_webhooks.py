"""Webhooks: pushes to repositories of this machine start builds."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.local.endpoint import Endpoint
from support.builds import Builds
from support.endpoint import KEY

SPEC = "version: 0.2\nphases: {build: {commands: ['env | grep CODEBUILD_WEBHOOK | sort']}}"
PUSHED = [{"type": "EVENT", "pattern": "PUSH"}]
SOURCE = {"type": "CODECOMMIT", "location": "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/shop"}


@pytest.fixture
def code(builds: Builds) -> Any:
    client: Any = builds.backend.session().client("codecommit")
    client.create_repository(repositoryName="shop")
    return client


def put(code: Any, path: str, message: str = "a change", branch: str = "main") -> str:
    parent: dict[str, str] = {}
    with contextlib.suppress(ClientError):
        parent["parentCommitId"] = code.get_branch(repositoryName="shop", branchName=branch)["branch"]["commitId"]
    told = code.put_file(
        repositoryName="shop", branchName=branch, filePath=path, fileContent=message.encode(), commitMessage=message,
        name="Ann", email="ann@example.com", **parent,
    )  # fmt: skip
    commit: str = told["commitId"]
    return commit


def hook(builds: Builds, *groups: list[dict[str, Any]], **more: Any) -> Any:
    builds.project(SPEC, source={**SOURCE, "buildspec": SPEC})
    return builds.client.create_webhook(projectName="web", filterGroups=list(groups), **more)["webhook"]


def started(builds: Builds) -> list[Any]:
    builds.backend.settle()
    ids = builds.client.list_builds(sortOrder="ASCENDING")["ids"]
    return list(builds.client.batch_get_builds(ids=ids)["builds"]) if ids else []


def test_a_push_starts_a_build_that_knows_what_started_it(builds: Builds, code: Any) -> None:
    first = put(code, "README.md")
    hook(builds, PUSHED)
    assert started(builds) == []
    second = put(code, "src/app.py", "Second")
    [build] = started(builds)
    assert build["sourceVersion"] == build["resolvedSourceVersion"] == second
    assert build["initiator"].startswith("GitHub-Hookshot/")
    assert builds.printed(build) == [
        "CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID=ann@example.com",
        "CODEBUILD_WEBHOOK_EVENT=PUSH",
        "CODEBUILD_WEBHOOK_HEAD_REF=refs/heads/main",
        f"CODEBUILD_WEBHOOK_PREV_COMMIT={first}",
        "CODEBUILD_WEBHOOK_TRIGGER=branch/main",
    ]


def test_filters_judge_branches_files_and_messages(builds: Builds, code: Any) -> None:
    put(code, "README.md")
    hook(
        builds,
        [*PUSHED, {"type": "HEAD_REF", "pattern": "^refs/heads/main$"}, {"type": "FILE_PATH", "pattern": "^src/"}],
        [*PUSHED, {"type": "COMMIT_MESSAGE", "pattern": "\\[build\\]"}],
    )
    put(code, "docs/one.md")
    assert started(builds) == []
    put(code, "src/app.py")
    assert len(started(builds)) == 1
    tip = code.get_branch(repositoryName="shop", branchName="main")["branch"]["commitId"]
    code.create_branch(repositoryName="shop", branchName="side", commitId=tip)
    assert len(started(builds)) == 1, "a new branch changes no file"
    put(code, "src/other.py", branch="side")
    assert len(started(builds)) == 1
    put(code, "notes.txt", "please [build]", branch="side")
    assert len(started(builds)) == 2
    code.delete_branch(repositoryName="shop", branchName="side")
    assert len(started(builds)) == 2, "what is deleted is no push"


def test_a_push_of_ones_own_git_is_noticed_by_looking(builds: Builds, clock: ManualClock, tmp_path: Path) -> None:
    (tmp_path / "world.yml").write_text("local: {connections: {github: {path: checkouts}}}")
    place = tmp_path / "checkouts" / "acme" / "shop"
    place.mkdir(parents=True)

    def git(*arguments: str) -> str:
        who = {
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@x",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@x",
        }
        command = ["git", "-C", str(place), *arguments]
        done = subprocess.run(command, check=True, env={**os.environ, **who}, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--initial-branch=main")
    git("commit", "--allow-empty", "-m", "first")
    builds.backend.load(tmp_path / "world.yml")
    builds.project(SPEC, source={"type": "GITHUB", "location": "https://github.com/acme/shop.git", "buildspec": SPEC})
    builds.client.create_webhook(
        projectName="web", filterGroups=[[*PUSHED, {"type": "HEAD_REF", "pattern": "^refs/tags/"}]]
    )
    git("commit", "--allow-empty", "-m", "second")
    clock.advance(60)
    assert started(builds) == []
    (place / "f").write_text("no commit")
    git("tag", "odd", git("hash-object", "-w", "f"))
    git("tag", "-a", "v1", "-m", "the tag")
    clock.advance(60)
    [build] = started(builds)
    assert "CODEBUILD_WEBHOOK_TRIGGER=tag/v1" in builds.printed(build)
    clock.advance(600)
    assert len(started(builds)) == 1


def test_a_webhook_can_start_batches(builds: Builds, code: Any) -> None:
    text = "version: 0.2\nbatch: {build-list: [{identifier: a}]}\nphases: {build: {commands: ['true']}}"
    builds.project(text, source={**SOURCE, "buildspec": text})
    with pytest.raises(ClientError, match="has no buildBatchConfig"):
        builds.client.create_webhook(projectName="web", buildType="BUILD_BATCH")
    builds.client.update_project(name="web", buildBatchConfig={"serviceRole": "r"})
    builds.client.create_webhook(projectName="web", buildType="BUILD_BATCH")
    put(code, "README.md")
    builds.backend.settle()
    [batch_id] = builds.client.list_build_batches()["ids"]
    batch = builds.client.batch_get_build_batches(ids=[batch_id])["buildBatches"][0]
    assert batch["buildBatchStatus"] == "SUCCEEDED", batch


def test_a_webhook_is_shown_changed_and_removed(builds: Builds, code: Any) -> None:
    made = hook(builds, PUSHED, manualCreation=True)
    assert made["secret"]
    assert made["filterGroups"] == [[{"type": "EVENT", "pattern": "PUSH", "excludeMatchedPattern": False}]]
    shown = builds.client.batch_get_projects(names=["web"])["projects"][0]["webhook"]
    assert "secret" not in shown
    assert shown["status"] == "ACTIVE"
    with pytest.raises(ClientError, match="ResourceAlreadyExists"):
        builds.client.create_webhook(projectName="web")
    changed = builds.client.update_webhook(projectName="web", branchFilter="^release", rotateSecret=True)["webhook"]
    assert changed["branchFilter"] == "^release"
    assert changed["secret"] != made["secret"]
    builds.client.delete_webhook(projectName="web")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        builds.client.delete_webhook(projectName="web")
    put(code, "README.md")
    assert started(builds) == []


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([[{"type": "HEAD_REF", "pattern": "x"}]], "each filter group must have a filter of type EVENT"),
        ([[{"type": "EVENT", "pattern": "PUSHED"}]], "PUSHED is no webhook event"),
        ([[*PUSHED, {"type": "HEAD_REF", "pattern": "("}]], "is not a regular expression"),
    ],
)
def test_wrong_filters_are_refused(builds: Builds, groups: list[list[dict[str, Any]]], words: str) -> None:
    builds.project(SPEC, source={**SOURCE, "buildspec": SPEC})
    with pytest.raises(ClientError, match=words):
        builds.client.create_webhook(projectName="web", filterGroups=groups)


def test_a_source_without_a_repository_has_no_webhook(builds: Builds) -> None:
    builds.project(SPEC)
    with pytest.raises(ClientError, match="source of type NO_SOURCE has no webhook"):
        builds.client.create_webhook(projectName="web")


# -- pull requests --------------------------------------------------------------------------------------------------


def branch(code: Any, name: str) -> None:
    tip = code.get_branch(repositoryName="shop", branchName="main")["branch"]["commitId"]
    code.create_branch(repositoryName="shop", branchName=name, commitId=tip)


def opened(code: Any, source: str, destination: str = "main") -> str:
    target = {"repositoryName": "shop", "sourceReference": source, "destinationReference": destination}
    made = code.create_pull_request(title=source, targets=[target])["pullRequest"]
    return str(made["pullRequestId"])


def events(builds: Builds) -> list[str]:
    """What started each build, oldest first."""
    found = []
    for build in started(builds):
        printed = dict(line.partition("=")[::2] for line in builds.printed(build))
        found.append(printed["CODEBUILD_WEBHOOK_EVENT"])
    return found


ALL = [
    {
        "type": "EVENT",
        "pattern": "PULL_REQUEST_CREATED, PULL_REQUEST_UPDATED, PULL_REQUEST_MERGED, PULL_REQUEST_CLOSED",
    }
]


def test_what_happens_to_a_pull_request_starts_builds(builds: Builds, code: Any) -> None:
    put(code, "README.md")
    hook(builds, ALL)
    branch(code, "side")
    put(code, "src/app.py", branch="side")
    assert started(builds) == [], "the filters ask for no pushes"
    number = opened(code, "side")
    [build] = started(builds)
    tip = code.get_branch(repositoryName="shop", branchName="side")["branch"]["commitId"]
    assert build["resolvedSourceVersion"] == tip
    assert builds.printed(build) == [
        "CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID=ann@example.com",
        "CODEBUILD_WEBHOOK_BASE_REF=refs/heads/main",
        "CODEBUILD_WEBHOOK_EVENT=PULL_REQUEST_CREATED",
        "CODEBUILD_WEBHOOK_HEAD_REF=refs/heads/side",
        f"CODEBUILD_WEBHOOK_TRIGGER=pr/{number}",
    ]
    put(code, "src/more.py", branch="side")
    builds.backend.settle()
    code.merge_pull_request_by_squash(pullRequestId=number, repositoryName="shop")
    branch(code, "other")
    put(code, "docs/one.md", branch="other")
    code.update_pull_request_status(pullRequestId=opened(code, "other"), pullRequestStatus="CLOSED")
    assert events(builds) == [
        "PULL_REQUEST_CREATED",
        "PULL_REQUEST_UPDATED",
        "PULL_REQUEST_MERGED",
        "PULL_REQUEST_CREATED",
        "PULL_REQUEST_CLOSED",
    ]


def test_filters_judge_the_branches_and_files_of_a_pull_request(builds: Builds, code: Any) -> None:
    put(code, "README.md")
    hook(
        builds,
        [*ALL, {"type": "BASE_REF", "pattern": "^refs/heads/main$"}, {"type": "FILE_PATH", "pattern": "^src/"}],
        [*ALL, {"type": "HEAD_REF", "pattern": "^refs/heads/hotfix/"}],
    )
    for name in ("release", "docs", "src", "hotfix/1"):
        branch(code, name)
    put(code, "docs/one.md", branch="docs")
    put(code, "src/app.py", branch="src")
    put(code, "docs/two.md", branch="hotfix/1")
    opened(code, "docs")
    opened(code, "src", "release")
    assert started(builds) == []
    opened(code, "src")
    assert len(started(builds)) == 1
    opened(code, "hotfix/1", "release")
    assert len(started(builds)) == 2


def test_a_pull_request_that_needs_a_comment_waits(builds: Builds, code: Any) -> None:
    put(code, "README.md")
    policy = {"requiresCommentApproval": "ALL_PULL_REQUESTS"}
    assert hook(builds, ALL, pullRequestBuildPolicy=policy)["pullRequestBuildPolicy"] == policy
    branch(code, "side")
    put(code, "src/app.py", branch="side")
    opened(code, "side")
    assert started(builds) == []


# -- what GitHub posts ----------------------------------------------------------------------------------------------


def post(url: str, secret: str, event: str, payload: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
    body = json.dumps(payload).encode()
    signature = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    given = {"X-GitHub-Event": event, "X-Hub-Signature-256": signature, **headers}
    request = urllib.request.Request(url, body, given, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_what_github_posts_is_judged(builds: Builds, code: Any, clock: ManualClock) -> None:
    put(code, "README.md")
    branch(code, "side")
    head = put(code, "src/app.py", branch="side")
    base = code.get_branch(repositoryName="shop", branchName="main")["branch"]["commitId"]
    with Endpoint(builds.backend, keys=KEY, clock=clock):
        made = hook(builds, [*ALL, {"type": "FILE_PATH", "pattern": "^src/"}], manualCreation=True)
        url, secret = made["payloadUrl"], made["secret"]
        pull = {
            "action": "opened",
            "number": 7,
            "pull_request": {"head": {"ref": "side", "sha": head}, "base": {"ref": "main", "sha": base}},
            "sender": {"id": 42},
        }
        assert post(url, "guess", "pull_request", pull)[0] == 403
        assert post(url.replace("t=web", "t=none"), secret, "pull_request", pull)[0] == 404
        assert post(url, secret, "pull_request", {"action": "opened"})[0] == 400
        assert post(url, secret, "pull_request", {**pull, "action": "labeled"})[0] == 202
        assert post(url, secret, "ping", {"zen": "x"})[0] == 202
        push = {"ref": "refs/heads/main", "before": "0" * 40, "after": base, "commits": [], "sender": {"id": 42}}
        assert post(url, secret, "push", push)[1]["message"] == "ignored: no filter group lets it pass"
        assert started(builds) == []
        status, said = post(url, secret, "pull_request", pull)
        [build] = started(builds)
        assert (status, said["id"]) == (200, build["id"])
        assert builds.printed(build) == [
            "CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID=42",
            "CODEBUILD_WEBHOOK_BASE_REF=refs/heads/main",
            "CODEBUILD_WEBHOOK_EVENT=PULL_REQUEST_CREATED",
            "CODEBUILD_WEBHOOK_HEAD_REF=refs/heads/side",
            "CODEBUILD_WEBHOOK_TRIGGER=pr/7",
        ]
        closed = {**pull, "action": "closed", "pull_request": {**pull["pull_request"], "merged": True}}  # type: ignore[dict-item]
        assert post(url, secret, "pull_request", closed)[0] == 200
        assert events(builds)[-1] == "PULL_REQUEST_MERGED"
        groups = [[*PUSHED, {"type": "FILE_PATH", "pattern": "x"}], [{"type": "EVENT", "pattern": "RELEASED"}]]
        builds.client.update_webhook(projectName="web", filterGroups=groups)
        pushed = {**push, "commits": [{"added": ["x.py"]}], "head_commit": {"message": "m"}}
        assert post(url, secret, "push", pushed)[0] == 200
        assert post(url, secret, "release", {"action": "released", "release": {"tag_name": "v1"}})[0] == 200
        assert len(started(builds)) == 4
