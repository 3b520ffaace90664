"""State changes as CodeCommit tells EventBridge of them: of branches and tags, and of pull requests.

Branches and tags are looked at while somebody listens, so that a push with git is told like a move by the API. The
detail of a reference has no members about a merge, and no caller: a push with git has none here.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from pointsman.clock import SystemClock
from pointsman.local.codecommit import branches, pull_requests, pushes
from pointsman.local.codecommit.git import GitFailed
from pointsman.local.codecommit.pull_requests import PullRequest
from pointsman.local.codecommit.repositories import CodeCommitRepository, GitRepositories, Repositories
from pointsman.local.events import bus
from pointsman.local.world import Payload, Scope, World

log = logging.getLogger("pointsman.local")

SOURCE: Final = "aws.codecommit"
POLL: Final = "codecommit.references.poll"
LOOKED: Final = "codecommit.references.looked"

_KINDS: Final = {
    pull_requests.CREATED: ("pullRequestCreated", "Created"),
    pull_requests.UPDATED: ("pullRequestSourceBranchUpdated", "Updated"),
    pull_requests.CLOSED: ("pullRequestStatusChanged", "Closed"),
    pull_requests.MERGED: ("pullRequestMergeStatusUpdated", "Merged"),
}


class KnownRefs(msgspec.Struct, frozen=True):
    """The branches and tags of a repository as they were told last; key: its name."""

    refs: dict[str, str]


class Listened(msgspec.Struct, frozen=True):
    """Since when somebody listens here; key: empty. What a repository had before is not told."""

    since: datetime


class Seen:
    """What repositories looked like from outside when they were last read: a tool of the world."""

    def __init__(self) -> None:
        self.at: dict[tuple[str, str, str], tuple[object, ...] | None] = {}


def install(world: World) -> None:
    """Hear of everything that changes, and of whoever wants to know."""
    world.provide(Seen())
    world.on(pull_requests.TOPIC, _on_request)
    world.on(pull_requests.MOVED, _moved)
    world.on(branches.DELETED, _moved)
    world.on(bus.LISTENED, _listened)
    world.on(POLL, _poll)
    world.on(LOOKED, _looked)


# -- pull requests --------------------------------------------------------------------------------------------------


def _on_request(scope: Scope, payload: Payload) -> None:
    one = scope.get(PullRequest, pull_requests.key(int(payload["id"]))) if bus.wanted(scope) else None
    if one is None:
        return
    event, word = _KINDS[payload["event"]]
    detail: dict[str, Any] = {
        "event": event,
        "pullRequestId": one.id,
        "title": one.title,
        "description": one.description,
        "author": one.author,
        "callerUserArn": payload["actor"],
        "creationDate": _date(one.created),
        "lastModifiedDate": _date(one.active),
        "repositoryNames": [one.repository],
        "sourceReference": one.source,
        "sourceCommit": one.source_commit,
        "destinationReference": one.destination,
        "destinationCommit": one.destination_commit,
        "pullRequestStatus": one.status.capitalize(),
        "isMerged": str(one.merge is not None),
        "revisionId": one.revision,
        "notificationBody": (
            f"A pull request event occurred in the following AWS CodeCommit repository: {one.repository}."
            f" User: {payload['actor']}. Event: {word}. Pull request: {one.id}, {one.title}"
        ),
    }
    if one.merge is not None and one.merge.option:
        detail["mergeOption"] = one.merge.option
    bus.put(scope, SOURCE, "CodeCommit Pull Request State Change", detail, [scope.arn("codecommit", one.repository)])


def _date(moment: datetime) -> str:
    return f"{moment:%a %b %d %H:%M:%S} UTC {moment.year}"


# -- branches and tags ----------------------------------------------------------------------------------------------


def _listened(scope: Scope, _: Payload) -> None:
    """Look at the repositories from now on; what they have now is known."""
    if scope.get(Listened, "") is None:
        scope.put("", Listened(scope.now))
        _watch(scope, at_once=True)


def _watch(scope: Scope, *, at_once: bool = False) -> None:
    live = isinstance(scope.world.clock, SystemClock)
    scope.after(0.0 if at_once else pull_requests.QUICK if live else pull_requests.STEADY, POLL, key=POLL)


def _moved(scope: Scope, _: Payload) -> None:
    if scope.get(Listened, "") is not None:
        _watch(scope, at_once=True)


def _poll(scope: Scope, _: Payload) -> None:
    """Look at them on another thread; one whose refs were not written since is left alone."""
    if not bus.wanted(scope):
        scope.delete(Listened, "")
        for name, _known in list(scope.scan(KnownRefs)):
            scope.delete(KnownRefs, name)
        return
    _watch(scope)
    tool = scope.world.tool(Repositories)  # type: ignore[type-abstract]
    if not isinstance(tool, GitRepositories):
        return
    seen = scope.world.tool(Seen).at
    looks = []
    for name, _repository in scope.scan(CodeCommitRepository):
        path = tool.path(scope.account, scope.region, name)
        written = pushes.looks(path) if path is not None else None
        same = written is not None and seen.get((scope.account, scope.region, name)) == written
        if path is not None and not (same and scope.get(KnownRefs, name) is not None):
            looks.append((name, path, written))
    if looks:
        scope.job(LOOKED, partial(_look, looks))


def _look(looks: list[tuple[str, Path, tuple[object, ...] | None]]) -> Payload:
    found = []
    for name, path, written in looks:
        try:
            found.append((name, written, pushes.refs(path)))
        except GitFailed as failure:
            log.info("the repository %s cannot be looked at: %s", name, failure)
    return {"found": found}


def _looked(scope: Scope, payload: Payload) -> None:
    listened = scope.get(Listened, "")
    if listened is None:
        return
    seen = scope.world.tool(Seen).at
    for name, written, refs in payload.get("found", []):
        repository = scope.get(CodeCommitRepository, name)
        if repository is None:
            continue
        seen[scope.account, scope.region, name] = written
        known = scope.get(KnownRefs, name)
        if known is None and repository.created > listened.since and not repository.path:
            known = KnownRefs({})
        if known is not None:
            _tell(scope, repository, known.refs, refs)
        scope.put(name, KnownRefs(refs))


def _tell(scope: Scope, repository: CodeCommitRepository, before: dict[str, str], refs: dict[str, str]) -> None:
    for name in sorted({*before, *refs}):
        old, new = before.get(name, ""), refs.get(name, "")
        if old == new:
            continue
        kind, prefix = ("tag", pushes.TAGS) if name.startswith(pushes.TAGS) else ("branch", pushes.HEADS)
        detail = {
            "event": "referenceCreated" if not old else "referenceUpdated" if new else "referenceDeleted",
            "repositoryName": repository.name,
            "repositoryId": repository.id,
            "referenceType": kind,
            "referenceName": name.removeprefix(prefix),
            "referenceFullName": name,
            **({"commitId": new} if new else {}),
            **({"oldCommitId": old} if old else {}),
        }
        arn = scope.arn("codecommit", repository.name)
        bus.put(scope, SOURCE, "CodeCommit Repository State Change", detail, [arn])
