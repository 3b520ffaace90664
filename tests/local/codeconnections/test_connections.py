"""Connections that lead to folders, the sources behind them, and the pushes that start pipelines."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.errors import ConfigError
from pointsman.local.world_file import read
from support.backend import CheckedBackend
from support.pipelines import approval, connected, newest, pipeline, stages_of


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


class Checkout:
    """A git repository of the owner's, ``acme/web`` behind the connection ``github``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        settings = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *settings, *words], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, *paths: str, message: str = "a change") -> str:
        for path in paths:
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(place.read_text() + "x" if place.exists() else "x")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkouts" / "acme" / "web")


@pytest.fixture
def session(backend: CheckedBackend, checkout: Checkout, tmp_path: Path) -> Any:
    checkout.commit("app.py", message="first\n\nand more")
    world = tmp_path / "world.yml"
    world.write_text(json.dumps({"local": {"connections": {"github": {"path": "checkouts"}}}}))
    backend.load(world)
    backend.load(world)
    return backend.session("us-east-1")


def watching(push: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    git: dict[str, Any] = {"sourceActionName": "Source"}
    if push is not None:
        git["push"] = push
    triggers = [{"providerType": "CodeStarSourceConnection", "gitConfiguration": {**git, **more}}]
    return pipeline(
        ("Source", [connected(namespace="Src")]), ("Gate", [approval()]), pipelineType="V2", triggers=triggers
    )


def started(codepipeline: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = codepipeline.list_pipeline_executions(pipelineName="web")[
        "pipelineExecutionSummaries"
    ]
    return found


def test_a_source_behind_a_connection_is_fetched(session: Any, backend: CheckedBackend, checkout: Checkout) -> None:
    codepipeline = session.client("codepipeline")
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [connected(namespace="Src")]), ("Gate", [approval()])))
    backend.settle()
    head = checkout.git("rev-parse", "HEAD")
    assert stages_of(codepipeline)["Source"]["latestExecution"]["status"] == "Succeeded"
    source = newest(codepipeline)["sourceRevisions"][0]
    assert source == {
        "actionName": "Source",
        "revisionId": head,
        "revisionSummary": "first\n\nand more",
        "revisionUrl": f"https://github.com/acme/web/commit/{head}",
    }
    run = codepipeline.list_action_executions(pipelineName="web")["actionExecutionDetails"][-1]
    variables = run["output"]["outputVariables"]
    assert (variables["FullRepositoryName"], variables["BranchName"]) == ("acme/web", "main")
    assert variables["ConnectionArn"].endswith(":connection/github")
    assert variables["CommitId"] == head


def test_without_a_trigger_the_branch_is_watched(
    session: Any, backend: CheckedBackend, checkout: Checkout, clock: ManualClock
) -> None:
    codepipeline = session.client("codepipeline")
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [connected()]), ("Gate", [approval()])))
    backend.settle()
    clock.advance(120)
    assert len(started(codepipeline)) == 1
    head = checkout.commit("app.py")
    clock.advance(60)
    assert (len(started(codepipeline)), newest(codepipeline)["trigger"]["triggerType"]) == (2, "WebhookV2")
    assert newest(codepipeline)["sourceRevisions"][0]["revisionId"] == head
    quiet = connected()
    quiet["configuration"]["DetectChanges"] = "false"
    codepipeline.update_pipeline(pipeline=pipeline(("Source", [quiet]), ("Gate", [approval()])))
    checkout.commit("app.py")
    clock.advance(180)
    assert len(started(codepipeline)) == 2


def test_a_push_filter_judges_branches_and_files_and_runs_the_pushed_commit(
    session: Any, backend: CheckedBackend, checkout: Checkout, clock: ManualClock
) -> None:
    codepipeline = session.client("codepipeline")
    filters = [
        {"branches": {"includes": ["release/**"]}, "filePaths": {"includes": ["src/**"], "excludes": ["**/*.md"]}}
    ]
    codepipeline.create_pipeline(pipeline=watching(filters))
    backend.settle()
    clock.advance(60)
    checkout.commit("src/a.py")
    clock.advance(60)
    assert len(started(codepipeline)) == 1, "main is not in the filter"
    checkout.git("checkout", "-q", "-b", "release/1")
    checkout.commit("docs/a.txt", "src/a.md")
    clock.advance(60)
    assert len(started(codepipeline)) == 1, "no file of the filter was changed"
    head = checkout.commit("src/b.py")
    clock.advance(60)
    assert len(started(codepipeline)) == 2
    shown = newest(codepipeline)
    assert shown["trigger"] == {"triggerType": "WebhookV2", "triggerDetail": "refs/heads/release/1"}
    assert shown["sourceRevisions"][0]["revisionId"] == head
    runs = codepipeline.list_action_executions(
        pipelineName="web", filter={"pipelineExecutionId": shown["pipelineExecutionId"]}
    )["actionExecutionDetails"]
    assert runs[-1]["output"]["outputVariables"]["BranchName"] == "release/1"
    clock.advance(180)
    assert len(started(codepipeline)) == 2, "nothing is started twice"


def test_a_new_branch_and_a_tag_start_what_names_them(
    session: Any, backend: CheckedBackend, checkout: Checkout, clock: ManualClock
) -> None:
    codepipeline = session.client("codepipeline")
    filters = [{"tags": {"includes": ["v*"], "excludes": ["v*-rc"]}}, {"branches": {"includes": ["hot/*"]}}]
    codepipeline.create_pipeline(pipeline=watching(filters))
    backend.settle()
    clock.advance(60)
    checkout.git("tag", "v1-rc")
    checkout.git("tag", "-a", "v1", "-m", "one")
    clock.advance(60)
    assert [one["trigger"]["triggerDetail"] for one in started(codepipeline)][:-1] == ["refs/tags/v1"]
    checkout.git("branch", "hot/fix")
    clock.advance(60)
    assert newest(codepipeline)["trigger"]["triggerDetail"] == "refs/heads/hot/fix"
    checkout.git("branch", "-D", "hot/fix")
    clock.advance(60)
    assert len(started(codepipeline)) == 3


def test_of_pushes_that_find_no_room_each_starts_once_there_is(
    session: Any, backend: CheckedBackend, checkout: Checkout, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pointsman.local.codepipeline.lanes.MOST", 2)
    codepipeline = session.client("codepipeline")
    codepipeline.create_pipeline(
        pipeline={**watching([{"branches": {"includes": ["hot/*"]}}]), "executionMode": "PARALLEL"}
    )
    backend.settle()
    clock.advance(60)
    checkout.git("branch", "hot/a")
    checkout.git("branch", "hot/b")
    checkout.git("branch", "hot/c")
    clock.advance(60)
    details = [one["trigger"]["triggerDetail"] for one in started(codepipeline)][:-1]
    assert details == ["refs/heads/hot/a"], "one more is as many as may be"
    for _ in range(2):
        running = [one for one in started(codepipeline) if one["status"] == "InProgress"]
        codepipeline.stop_pipeline_execution(
            pipelineName="web", pipelineExecutionId=running[-1]["pipelineExecutionId"], abandon=True
        )
        clock.advance(120)
    details = [one["trigger"]["triggerDetail"] for one in started(codepipeline)][:-1]
    assert details == ["refs/heads/hot/c", "refs/heads/hot/b", "refs/heads/hot/a"]


def test_a_trigger_without_filters_watches_the_branch_and_one_for_pull_requests_nothing(
    session: Any, backend: CheckedBackend, checkout: Checkout, clock: ManualClock
) -> None:
    codepipeline = session.client("codepipeline")
    codepipeline.create_pipeline(pipeline=watching())
    backend.settle()
    clock.advance(60)
    checkout.commit("a")
    clock.advance(60)
    assert len(started(codepipeline)) == 2
    codepipeline.update_pipeline(pipeline=watching(pullRequest=[{"branches": {"includes": ["main"]}}]))
    checkout.commit("a")
    clock.advance(120)
    assert len(started(codepipeline)) == 2


def test_a_source_revision_can_be_asked_for(session: Any, backend: CheckedBackend, checkout: Checkout) -> None:
    codepipeline = session.client("codepipeline")
    old = checkout.git("rev-parse", "HEAD")
    checkout.commit("b")
    codepipeline.create_pipeline(pipeline=watching())
    backend.settle()
    override = {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": old}
    codepipeline.start_pipeline_execution(name="web", sourceRevisions=[override])
    backend.settle()
    assert newest(codepipeline)["sourceRevisions"][0]["revisionId"] == old


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_connections_are_made_shown_listed_and_deleted(session: Any, service: str) -> None:
    client = session.client(service)
    (mapped,) = client.list_connections()["Connections"]
    assert (mapped["ConnectionName"], mapped["ConnectionStatus"]) == ("github", "AVAILABLE")
    assert (
        client.create_connection(ProviderType="GitHub", ConnectionName="github")["ConnectionArn"]
        == mapped["ConnectionArn"]
    )
    arn = client.create_connection(ProviderType="GitLab", ConnectionName="lab", Tags=[{"Key": "team", "Value": "web"}])[
        "ConnectionArn"
    ]
    assert arn.startswith(f"arn:aws:{service}:us-east-1:123456789012:connection/")
    assert client.get_connection(ConnectionArn=arn)["Connection"]["ConnectionStatus"] == "PENDING"
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "web"}]
    listed = client.list_connections(ProviderTypeFilter="GitLab")["Connections"]
    assert [one["ConnectionArn"] for one in listed] == [arn]
    first = client.list_connections(MaxResults=1)
    rest = client.list_connections(MaxResults=1, NextToken=first["NextToken"])
    assert {one["ConnectionName"] for page in (first, rest) for one in page["Connections"]} == {"github", "lab"}
    client.delete_connection(ConnectionArn=arn)
    with pytest.raises(ClientError) as caught:
        client.get_connection(ConnectionArn=arn)
    assert code(caught) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"FullRepositoryId": "acme/nothing"}, "There is no git repository acme/nothing"),
        ({"FullRepositoryId": "../../etc"}, "is not the name of a repository"),
        ({"FullRepositoryId": "/etc"}, "is not the name of a repository"),
        ({"ConnectionArn": "arn:aws:codeconnections:us-east-1:123456789012:connection/none"}, "no connection"),
        ({"OutputArtifactFormat": "CODEBUILD_CLONE_REF"}, "CODEBUILD_CLONE_REF is not built"),
    ],
)
def test_what_leads_nowhere_says_so(session: Any, backend: CheckedBackend, changes: dict[str, str], said: str) -> None:
    source = connected()
    source["configuration"].update(changes)
    codepipeline = session.client("codepipeline")
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [source]), ("Gate", [approval()])))
    backend.settle()
    failed = stages_of(codepipeline)["Source"]["actionStates"][0]["latestExecution"]["errorDetails"]
    assert failed["code"] == "ConfigurationError"
    assert said in failed["message"]


def test_a_branch_that_is_not_there_is_unavailable(session: Any, backend: CheckedBackend) -> None:
    codepipeline = session.client("codepipeline")
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [connected("nope")]), ("Gate", [approval()])))
    backend.settle()
    failed = stages_of(codepipeline)["Source"]["actionStates"][0]["latestExecution"]["errorDetails"]
    assert failed["code"] == "RevisionUnavailable"
    assert "branch nope was not found in the GitHub repository acme/web" in failed["message"]


def test_a_repository_that_vanishes_ends_the_action_with_a_sentence_and_stops_nothing_else(
    session: Any, backend: CheckedBackend, checkout: Checkout, clock: ManualClock
) -> None:
    codepipeline = session.client("codepipeline")
    codepipeline.create_pipeline(pipeline=watching([{"branches": {"includes": ["**"]}}]))
    backend.settle()
    clock.advance(60)
    away = checkout.folder.rename(checkout.folder.with_name("away"))
    clock.advance(180)
    assert len(started(codepipeline)) == 1
    codepipeline.start_pipeline_execution(name="web")
    backend.settle()
    failed = stages_of(codepipeline)["Source"]["actionStates"][0]["latestExecution"]["errorDetails"]
    assert "There is no git repository acme/web" in failed["message"]
    away.rename(checkout.folder)
    head = checkout.commit("b")
    clock.advance(60)
    assert newest(codepipeline)["sourceRevisions"][0]["revisionId"] == head


def test_a_link_out_of_the_folder_is_not_followed(
    session: Any, backend: CheckedBackend, checkout: Checkout, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    outside = Checkout(tmp_path / "outside" / "secret")
    outside.commit("x")
    (checkout.folder.parent / "link").symlink_to(outside.folder)
    source = connected()
    source["configuration"]["FullRepositoryId"] = "acme/link"
    codepipeline = session.client("codepipeline")
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [source]), ("Gate", [approval()])))
    backend.settle()
    failed = stages_of(codepipeline)["Source"]["actionStates"][0]["latestExecution"]["errorDetails"]
    assert "There is no git repository" in failed["message"]


def test_a_provider_that_is_not_known_is_a_mistake(tmp_path: Path) -> None:
    world = tmp_path / "world.yml"
    world.write_text("local: {connections: {x: {path: ., provider: Gitea}}}")
    with pytest.raises(ConfigError, match=r"local\.connections\.x\.provider: Gitea is no provider here"):
        read(world)
