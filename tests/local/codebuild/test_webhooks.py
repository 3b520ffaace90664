"""Webhooks: pushes to repositories of this machine start builds."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from support.builds import Builds

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
