"""What git sources share: the tip of a branch, or a commit asked for, zipped into the artifact store."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from msgspec import Struct, field

from pointsman.local.codecommit.repositories import Commit, Repositories
from pointsman.local.codepipeline.artifacts import store
from pointsman.local.codepipeline.driver import finish
from pointsman.local.codepipeline.providers import REVISION_UNAVAILABLE, ActionCall, Outcome, failed
from pointsman.local.codepipeline.runs import call_of, running
from pointsman.local.codepipeline.shapes import Override, Revision, Ticket
from pointsman.local.s3.objects import Kept, keep
from pointsman.local.world import JobFailed, Payload, Scope

_MESSAGE: Final = 2048
"""Characters of a commit message that a revision's summary keeps."""


class Origin(Struct, frozen=True):
    """Where a source action's commits come from.

    Attributes:
        service: What messages call the repository's home.
        repository: What the tool ``Repositories`` knows it by.
        name: What messages call it.
        branch: The branch.
        link: A commit's address, by its id.
        variables: The output variables beside the commit's own.
        link_variable: The output variable that holds the commit's address; empty when none does.
    """

    service: str
    repository: str
    name: str
    branch: str
    link: Callable[[str], str]
    variables: dict[str, str] = field(default_factory=dict)
    link_variable: str = ""


class Finder(Protocol):
    """Finds the origin of an action again when its job has ended."""

    def origin(self, scope: Scope, configuration: dict[str, str], override: Override | None) -> Origin:
        """The origin."""
        ...


def repositories(scope: Scope) -> Repositories:
    """The tool that reads commits."""
    return scope.world.tool(Repositories)  # type: ignore[type-abstract]


def fetch(scope: Scope, call: ActionCall, origin: Origin, topic: str) -> None:
    """Have the commit read and zipped by a job, whose end is told under ``topic``."""
    wanted = call.override.value if call.override is not None else ""
    scope.job(topic, _fetching(scope, call.ticket, origin, wanted))


def tip(scope: Scope, origin: Origin) -> str:
    """The id of the branch's newest commit, "" when there is no such branch; blocks."""
    found = repositories(scope).head(scope.account, scope.region, origin.repository, origin.branch)
    return found.id if found is not None else ""


def fetched(scope: Scope, payload: Payload, finder: Finder) -> None:
    """End the action whose commit a job has fetched."""
    ticket = Ticket.of(payload)
    run = running(scope, ticket)
    call = call_of(scope, run) if run is not None else None
    if call is None:
        return
    if "unavailable" in payload:
        finish(scope, ticket, failed(REVISION_UNAVAILABLE, payload["unavailable"]))
        return
    commit = payload["commit"]
    origin = finder.origin(scope, call.configuration, call.override)
    artifact = store(scope, call.pipeline, call.region, call.declaration.outputs[0], Kept(**payload["zip"]), ".zip")
    summary = commit["message"].strip()[:_MESSAGE]
    outcome = Outcome(
        summary=summary,
        artifacts=(artifact,),
        variables={
            "AuthorDate": commit["author_date"],
            "BranchName": origin.branch,
            "CommitId": commit["id"],
            "CommitMessage": commit["message"].strip(),
            "CommitterDate": commit["committer_date"],
            **origin.variables,
            **({origin.link_variable: origin.link(commit["id"])} if origin.link_variable else {}),
        },
        external_id=commit["id"],
        revision=Revision(
            action=call.action,
            artifact=artifact.name,
            id=commit["id"],
            created=datetime.fromisoformat(commit["committer_date"]),
            change_id=commit["id"],
            summary=summary,
            url=origin.link(commit["id"]),
            author=commit["author"],
        ),
    )
    finish(scope, ticket, outcome)


def _fetching(scope: Scope, ticket: Ticket, origin: Origin, wanted: str) -> Callable[[], Payload]:
    tool, blobs = repositories(scope), scope.world.blobs
    account, region, repository = scope.account, scope.region, origin.repository
    where = f"{origin.service} repository {origin.name}"

    def work() -> dict[str, Any]:
        commit = (
            tool.commit(account, region, repository, wanted)
            if wanted
            else tool.head(account, region, repository, origin.branch)
        )
        if commit is None:
            what = f"commit {wanted}" if wanted else f"branch {origin.branch}"
            raise JobFailed(f"The {what} was not found in the {where}.")
        with tempfile.NamedTemporaryFile(prefix="pointsman-source-", suffix=".zip") as bundle:
            target = Path(bundle.name)
            tool.archive(account, region, repository, commit.id, target)
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

    def report() -> Payload:
        try:
            return {**ticket.payload(), **work()}
        except JobFailed as problem:
            return {**ticket.payload(), "unavailable": str(problem)}
        except Exception as problem:  # a thread boundary: whatever git or the disk says ends the action, not the job
            return {**ticket.payload(), "unavailable": f"The {where} is unusable: {problem}"}

    return report


def _person(commit: Commit) -> str:
    return f"{commit.author} <{commit.author_email}>"


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
