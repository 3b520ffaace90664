"""Pull requests start pipelines whose triggers ask for them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from pointsman.clock import ManualClock
from support.backend import CheckedBackend
from support.pipelines import Scripted, action, connected, pipeline


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=Ann", "-c", "user.email=ann@example.com", *words],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def commit(folder: Path, branch: str, name: str) -> str:
    git(folder, "checkout", "-q", *([branch] if branch == "main" else ["-B", branch, branch]))
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(name)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", f"Add {name}")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def folder(tmp_path: Path, line: CheckedBackend, script: Scripted) -> Path:
    """A repository that is behind a connection and has a name of CodeCommit's; branches main, release, side."""
    script.immediate = True
    place = tmp_path / "code" / "acme" / "web"
    place.mkdir(parents=True)
    git(place, "init", "-q", "-b", "main")
    (place / "README").write_text("x")
    git(place, "add", ".")
    git(place, "commit", "-qm", "First")
    git(place, "branch", "release")
    git(place, "branch", "side")
    world = tmp_path / "world.yaml"
    code = tmp_path / "code"
    world.write_text(f"local:\n  connections: {{github: {code}}}\n  repositories: {{web: {place}}}\n")
    line.load(world)
    return place


def triggered(codepipeline: Any, *filters: dict[str, Any], mode: str = "SUPERSEDED") -> None:
    given = pipeline(
        ("Source", [connected(namespace="Src")]),
        ("Build", [action("Build", configuration={"ProjectName": "#{Src.BranchName}"})]),
    )
    given["pipelineType"] = "V2"
    given["executionMode"] = mode
    given["triggers"] = [
        {
            "providerType": "CodeStarSourceConnection",
            "gitConfiguration": {"sourceActionName": "Source", "pullRequest": list(filters)},
        }
    ]
    codepipeline.create_pipeline(pipeline=given)


def started(codepipeline: Any) -> list[dict[str, Any]]:
    found = codepipeline.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]
    return [one for one in found if one["trigger"]["triggerType"] == "WebhookV2"]


def opened(code: Any, destination: str = "main", source: str = "side") -> str:
    target = {"repositoryName": "web", "sourceReference": source, "destinationReference": destination}
    return str(code.create_pull_request(title="App", targets=[target])["pullRequest"]["pullRequestId"])


@pytest.fixture
def code(line: CheckedBackend) -> Any:
    return line.session("us-east-1").client("codecommit")


def test_a_pull_request_starts_an_execution_of_its_head(
    codepipeline: Any, line: CheckedBackend, folder: Path, code: Any, script: Scripted, clock: ManualClock
) -> None:
    triggered(codepipeline, {"branches": {"includes": ["main"]}})
    head = commit(folder, "side", "src/app.py")
    opened(code)
    line.settle()
    [execution] = started(codepipeline)
    assert execution["trigger"]["triggerDetail"] == "refs/pull/1/head"
    assert execution["sourceRevisions"][0]["revisionId"] == head
    assert script.calls[-1].configuration["ProjectName"] == "side"
    head = commit(folder, "side", "src/more.py")
    clock.advance(61)
    line.settle()
    assert len(started(codepipeline)) == 2
    assert started(codepipeline)[0]["sourceRevisions"][0]["revisionId"] == head
    code.update_pull_request_status(pullRequestId="1", pullRequestStatus="CLOSED")
    line.settle()
    assert len(started(codepipeline)) == 3
    opened(code, "release")
    line.settle()
    assert len(started(codepipeline)) == 3, "it is to be merged into another branch"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([{"events": ["OPEN"]}], 1),
        ([{"events": ["UPDATED"]}], 1),
        ([{"events": ["CLOSED"]}], 1),
        ([{"events": ["OPEN", "CLOSED"]}], 2),
        ([{"events": ["OPEN"], "filePaths": {"includes": ["docs/**"]}}], 0),
        ([{"events": ["OPEN"], "filePaths": {"includes": ["src/**"]}}], 1),
        ([{"events": ["OPEN"], "branches": {"excludes": ["main"]}}], 0),
        ([{"branches": {"includes": ["other"]}}, {"branches": {"includes": ["m*"]}}], 3),
    ],
)
def test_filters_judge_events_branches_and_files(
    codepipeline: Any,
    line: CheckedBackend,
    folder: Path,
    code: Any,
    clock: ManualClock,
    filters: list[dict[str, Any]],
    expected: int,
) -> None:
    triggered(codepipeline, *filters)
    commit(folder, "side", "src/app.py")
    number = opened(code)
    commit(folder, "side", "src/more.py")
    clock.advance(61)
    line.settle()
    code.update_pull_request_status(pullRequestId=number, pullRequestStatus="CLOSED")
    line.settle()
    assert len(started(codepipeline)) == expected


def test_a_folder_of_the_owners_is_merged_with_git(
    codepipeline: Any, line: CheckedBackend, folder: Path, code: Any, clock: ManualClock
) -> None:
    triggered(codepipeline, {"events": ["CLOSED"]})
    commit(folder, "side", "src/app.py")
    number = opened(code)
    with pytest.raises(code.exceptions.ClientError, match="only read here"):
        code.merge_pull_request_by_squash(pullRequestId=number, repositoryName="web")
    git(folder, "checkout", "-q", "main")
    git(folder, "merge", "-q", "--no-ff", "-m", "Merge", "side")
    clock.advance(61)
    line.settle()
    assert len(started(codepipeline)) == 1
    assert code.get_pull_request(pullRequestId=number)["pullRequest"]["pullRequestStatus"] == "CLOSED"


def test_one_that_finds_no_room_waits_for_it(
    codepipeline: Any,
    line: CheckedBackend,
    folder: Path,
    code: Any,
    script: Scripted,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pointsman.local.codepipeline.lanes.MOST", 1)
    script.immediate = False
    triggered(codepipeline, {"branches": {"includes": ["main"]}}, mode="PARALLEL")
    line.settle()
    [busy] = codepipeline.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]
    assert busy["status"] == "InProgress"
    commit(folder, "side", "src/app.py")
    opened(code)
    clock.advance(120)
    line.settle()
    assert started(codepipeline) == []
    codepipeline.stop_pipeline_execution(
        pipelineName="web", pipelineExecutionId=busy["pipelineExecutionId"], abandon=True
    )
    line.settle()
    clock.advance(31)
    line.settle()
    [execution] = started(codepipeline)
    assert execution["trigger"]["triggerDetail"] == "refs/pull/1/head"
    clock.advance(300)
    line.settle()
    assert len(started(codepipeline)) == 1
