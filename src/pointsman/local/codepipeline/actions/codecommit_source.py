"""CodeCommit source: the tip of a branch, or the commit an execution asks for, zipped into the artifact store."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pointsman.local.codecommit.repositories import Commit, Repositories
from pointsman.local.codepipeline import urls
from pointsman.local.codepipeline.artifacts import store
from pointsman.local.codepipeline.declaration import ActionDeclaration
from pointsman.local.codepipeline.driver import finish
from pointsman.local.codepipeline.providers import (
    CONFIGURATION_ERROR,
    REVISION_UNAVAILABLE,
    ActionCall,
    Outcome,
    failed,
)
from pointsman.local.codepipeline.runs import call_of, progress, running
from pointsman.local.codepipeline.shapes import Revision, Ticket
from pointsman.local.s3.objects import Kept, keep
from pointsman.local.world import JobFailed, Payload, Scope, World

FETCHED_TOPIC: Final = "codepipeline.codecommit.fetched"
_MESSAGE: Final = 2048
"""Characters of a commit message that a revision's summary keeps."""


class CodeCommitSource:
    """Category Source, provider CodeCommit."""

    def __init__(self) -> None:
        self._looked: dict[tuple[str, ...], tuple[tuple[object, ...], str]] = {}
        """What a branch's files looked like when it was last read, and its tip: an unchanged one costs no git."""

    def install(self, world: World) -> None:
        """Hear of commits fetched."""
        world.on(FETCHED_TOPIC, _on_fetched)

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Have the commit read and zipped by a job."""
        configuration = call.configuration
        repository, branch = configuration["RepositoryName"], configuration["BranchName"]
        progress(scope, call.ticket, entity_url=urls.branch(scope.region, repository, branch))
        form = configuration.get("OutputArtifactFormat", "CODE_ZIP")
        if form != "CODE_ZIP":
            return failed(CONFIGURATION_ERROR, f"OutputArtifactFormat {form} is not built in this local backend.")
        wanted = call.override.value if call.override is not None else ""
        scope.job(FETCHED_TOPIC, _fetching(scope, call.ticket, repository, branch, wanted))
        return None

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """The job is gone with the process: begin again."""
        return self.start(scope, call)

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """What the job brings will not be heard."""

    def newest(self, scope: Scope, declaration: ActionDeclaration) -> str | Callable[[], str] | None:
        """The branch's tip while its files are as they were, or else work that asks git for it."""
        configuration = declaration.configuration
        name, branch = configuration["RepositoryName"], configuration["BranchName"]
        repositories = _repositories(scope)
        account, region = scope.account, scope.region
        place = (account, region, name, branch)
        looks = _looks(repositories.path(account, region, name), branch)
        known = self._looked.get(place)
        if known is not None and known[0] == looks:
            return known[1]

        def work() -> str:
            tip = repositories.head(account, region, name, branch)
            found = tip.id if tip is not None else ""
            if looks is not None:
                self._looked[place] = (looks, found)
            return found

        return work


def _repositories(scope: Scope) -> Repositories:
    return scope.world.tool(Repositories)  # type: ignore[type-abstract]


def _looks(path: Path | None, branch: str) -> tuple[object, ...] | None:
    """When a repository's refs were last written; None when it keeps them in no way known here."""
    if path is None:
        return None
    root = path / ".git" if (path / ".git").is_dir() else path
    if not (root / "refs").is_dir():
        return None
    found: list[object] = []
    for place in (root / "refs" / "heads" / branch, root / "packed-refs", root / "reftable" / "tables.list"):
        try:
            about = place.stat()
        except OSError:
            found.append(None)
        else:
            found.append((about.st_mtime_ns, about.st_size, about.st_ino))
    return tuple(found)


def _fetching(scope: Scope, ticket: Ticket, repository: str, branch: str, wanted: str) -> Callable[[], Payload]:
    repositories = _repositories(scope)
    blobs = scope.world.blobs
    account, region = scope.account, scope.region

    def fetch() -> dict[str, Any]:
        commit = (
            repositories.commit(account, region, repository, wanted)
            if wanted
            else repositories.head(account, region, repository, branch)
        )
        if commit is None:
            what = f"commit {wanted}" if wanted else f"branch {branch}"
            raise JobFailed(f"The {what} was not found in the CodeCommit repository {repository}.")
        with tempfile.NamedTemporaryFile(prefix="pointsman-source-", suffix=".zip") as bundle:
            target = Path(bundle.name)
            repositories.archive(account, region, repository, commit.id, target)
            kept = keep(blobs, target)
        return {
            "zip": {"digest": kept.digest, "md5": kept.md5, "size": kept.size},
            "commit": {
                "id": commit.id,
                "message": commit.message,
                "author": _person(commit),
                "author_date": _stamp(commit.author_date),
                "committer_date": _stamp(commit.committer_date),
            },
        }

    def work() -> Payload:
        try:
            return {**ticket.payload(), **fetch()}
        except JobFailed as problem:
            return {**ticket.payload(), "unavailable": str(problem)}
        except Exception as problem:  # a thread boundary: whatever git or the disk says ends the action, not the job
            return {**ticket.payload(), "unavailable": f"The CodeCommit repository {repository} is unusable: {problem}"}

    return work


def _person(commit: Commit) -> str:
    return f"{commit.author} <{commit.author_email}>"


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _on_fetched(scope: Scope, payload: Payload) -> None:
    ticket = Ticket.of(payload)
    run = running(scope, ticket)
    call = call_of(scope, run) if run is not None else None
    if call is None:
        return
    if "unavailable" in payload:
        finish(scope, ticket, failed(REVISION_UNAVAILABLE, payload["unavailable"]))
        return
    commit = payload["commit"]
    repository, branch = call.configuration["RepositoryName"], call.configuration["BranchName"]
    artifact = store(scope, call.pipeline, call.region, call.declaration.outputs[0], Kept(**payload["zip"]), ".zip")
    summary = commit["message"].strip()[:_MESSAGE]
    outcome = Outcome(
        summary=summary,
        artifacts=(artifact,),
        variables={
            "AuthorDate": commit["author_date"],
            "BranchName": branch,
            "CommitId": commit["id"],
            "CommitMessage": commit["message"].strip(),
            "CommitterDate": commit["committer_date"],
            "RepositoryName": repository,
        },
        external_id=commit["id"],
        revision=Revision(
            action=call.action,
            artifact=artifact.name,
            id=commit["id"],
            created=datetime.fromisoformat(commit["committer_date"]),
            change_id=commit["id"],
            summary=summary,
            url=urls.commit(scope.region, repository, commit["id"]),
            author=commit["author"],
        ),
    )
    finish(scope, ticket, outcome)
