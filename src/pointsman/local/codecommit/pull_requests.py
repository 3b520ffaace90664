"""Pull requests: their records, and what is told when one is opened, updated, merged or closed.

A pull request is about two branches of one repository, our own or a folder that a world file mapped. Whoever listens
to ``codecommit.pull_request`` hears of it (pipelines with triggers, webhooks of build projects). While one is open its
repository is looked at, so that a push with git is noticed; when the backend itself moves a branch, at once.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from pointsman.clock import SystemClock
from pointsman.local.codecommit import merging, pushes
from pointsman.local.codecommit.git import Git, GitFailed
from pointsman.local.codecommit.merging import Difference
from pointsman.local.codecommit.repositories import GitRepositories, Repositories, git_folder
from pointsman.local.world import Payload, Scope, World

log = logging.getLogger("pointsman.local")

TOPIC: Final = "codecommit.pull_request"
POLL: Final = "codecommit.pull_requests.poll"
LOOKED: Final = "codecommit.pull_requests.looked"
MOVED: Final = "codecommit.reference.updated"

QUICK: Final = 3.0
"""Seconds between two looks on the wall clock; our choice."""
STEADY: Final = 60.0
"""Seconds between two looks on a driven clock, which is spared the many timers."""

OPEN: Final = "OPEN"
CLOSED: Final = "CLOSED"

CREATED: Final = "CREATED"
UPDATED: Final = "UPDATED"
MERGED: Final = "MERGED"


class Merge(msgspec.Struct, frozen=True):
    """That a pull request was merged."""

    by: str
    commit: str
    option: str = ""
    """Empty when somebody merged it with git and pushed."""


class PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request; key: its number, padded to sort."""

    number: int
    title: str
    description: str = ""
    repository: str
    source: str
    """``refs/heads/feature``."""
    destination: str
    source_commit: str
    destination_commit: str
    base: str
    author: str
    created: datetime
    active: datetime
    status: str = OPEN
    merge: Merge | None = None
    revision: str
    token: str = ""
    """The client's, with which it was asked for."""

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.number)

    @property
    def key(self) -> str:
        """Its record's key."""
        return key(self.number)


class PullRequestEvent(msgspec.Struct, frozen=True):
    """Something that happened to a pull request; key: its key, then a number padded to sort."""

    at: datetime
    kind: str
    actor: str
    member: str = ""
    """Where AWS's shape has the details."""
    details: dict[str, Any] = {}


class OpenPullRequest(msgspec.Struct, frozen=True):
    """That a pull request is open; key: repository/number."""

    number: int


class Looked:
    """What repositories looked like from outside when they were last read: a tool of the world."""

    def __init__(self) -> None:
        self.at: dict[tuple[str, str, str], tuple[object, ...] | None] = {}


def key(number: int) -> str:
    """The key of a pull request's record."""
    return f"{number:010d}"


def install(world: World) -> None:
    """Subscribe."""
    world.provide(Looked())
    world.on(POLL, _poll)
    world.on(LOOKED, _looked)
    world.on(MOVED, _moved)


# -- what happens to one --------------------------------------------------------------------------------------------


def keep(scope: Scope, one: PullRequest) -> None:
    """Write it, and know whether it is open."""
    scope.put(one.key, one)
    place = f"{one.repository}/{one.key}"
    if one.status == OPEN:
        scope.put(place, OpenPullRequest(one.number))
        watch(scope)
    else:
        scope.delete(OpenPullRequest, place)


def note(scope: Scope, one: PullRequest, kind: str, actor: str, member: str = "", **details: Any) -> None:
    """Add to its history."""
    number = scope.next_number(f"codecommit.pull_request/{one.key}")
    scope.put(f"{one.key}/{number:06d}", PullRequestEvent(scope.now, f"PULL_REQUEST_{kind}", actor, member, details))


def tell(scope: Scope, one: PullRequest, event: str, actor: str, found: Difference, before: str = "") -> None:
    """Let whoever listens know what has happened."""
    scope.emit(
        TOPIC,
        {
            "event": event,
            "actor": actor,
            "id": one.id,
            "repository": one.repository,
            "source": one.source,
            "destination": one.destination,
            "source_commit": one.source_commit,
            "destination_commit": one.destination_commit,
            "merge_commit": one.merge.commit if one.merge is not None else "",
            "before": before,
            "files": list(found.files),
            "message": found.message,
            "author": found.author,
        },
    )


def close(scope: Scope, one: PullRequest, actor: str, found: Difference, merge: Merge | None = None) -> PullRequest:
    """Close it, merged or not."""
    one = replace(one, status=CLOSED, merge=merge, active=scope.now)
    keep(scope, one)
    if merge is not None:
        note(
            scope, one, "MERGE_STATE_CHANGED", actor, "pullRequestMergedStateChangedEventMetadata",
            repositoryName=one.repository, destinationReference=one.destination, mergeMetadata=merge_shape(merge),
        )  # fmt: skip
    note(
        scope, one, "STATUS_CHANGED", actor, "pullRequestStatusChangedEventMetadata", pullRequestStatus=CLOSED
    )  # fmt: skip
    tell(scope, one, MERGED if merge is not None else CLOSED, actor, found)
    return one


def forget(scope: Scope, repository: str) -> None:
    """Remove the pull requests of a repository that is gone."""
    for place, one in list(scope.scan(PullRequest)):
        if one.repository == repository:
            scope.delete(PullRequest, place)
            scope.delete(OpenPullRequest, f"{repository}/{place}")
            for event, _ in list(scope.scan(PullRequestEvent, f"{place}/")):
                scope.delete(PullRequestEvent, event)


def merge_shape(merge: Merge | None) -> dict[str, Any]:
    """``MergeMetadata``."""
    if merge is None:
        return {"isMerged": False}
    shown: dict[str, Any] = {"isMerged": True, "mergedBy": merge.by, "mergeCommitId": merge.commit}
    return {**shown, **({"mergeOption": merge.option} if merge.option else {})}


# -- pushes with git ------------------------------------------------------------------------------------------------


class _Look(msgspec.Struct, frozen=True):
    """A repository to be looked at, with its open pull requests."""

    repository: str
    path: Path
    written: tuple[object, ...] | None
    requests: list[PullRequest]


class _Change(msgspec.Struct, frozen=True):
    """What a look has found of a pull request."""

    before: PullRequest
    source: str
    destination: str
    found: Difference
    merged: bool


def watch(scope: Scope, *, at_once: bool = False) -> None:
    """Look at the repositories with open pull requests, soon and from then on."""
    seconds = 0.0 if at_once else QUICK if isinstance(scope.world.clock, SystemClock) else STEADY
    scope.after(seconds, POLL, key=POLL)


def _moved(scope: Scope, payload: Payload) -> None:
    if next(scope.scan(OpenPullRequest, f"{payload['repository']}/", limit=1), None) is not None:
        watch(scope, at_once=True)


def _poll(scope: Scope, _: Payload) -> None:
    """Look at them on another thread; one whose refs were not written since is left alone."""
    tool = scope.world.tool(Repositories)  # type: ignore[type-abstract]
    by_name: dict[str, list[PullRequest]] = {}
    for place, standing in scope.scan(OpenPullRequest):
        one = scope.get(PullRequest, key(standing.number))
        if one is not None:
            by_name.setdefault(place.rpartition("/")[0], []).append(one)
    if not by_name or not isinstance(tool, GitRepositories):
        return
    watch(scope)
    looks = []
    for name, requests in by_name.items():
        path = tool.path(scope.account, scope.region, name)
        written = pushes.looks(path) if path is not None else None
        if path is None or (written is not None and _seen(scope, name) == written):
            continue
        looks.append(_Look(name, path, written, requests))
    if looks:
        scope.job(LOOKED, partial(_look, looks))


def _seen(scope: Scope, name: str) -> tuple[object, ...] | None:
    return scope.world.tool(Looked).at.get((scope.account, scope.region, name))


def _look(looks: list[_Look]) -> Payload:
    changes: list[_Change] = []
    for look in looks:
        try:
            git, refs = Git(git_folder(look.path)), pushes.refs(look.path)
            for one in look.requests:
                source, destination = refs.get(one.source, ""), refs.get(one.destination, "")
                if not source or not destination:
                    continue  # a branch is gone: the pull request stays as it was
                if (source, destination) == (one.source_commit, one.destination_commit):
                    continue
                through = destination != one.destination_commit and merging.contains(git, source, destination)
                if through:  # what it had is told as it was before it went through
                    found = merging.difference(git, source, one.destination_commit)
                else:
                    found = merging.difference(git, source, destination)
                changes.append(_Change(one, source, destination, found, through))
        except GitFailed as failure:
            log.info("the repository %s cannot be looked at: %s", look.repository, failure)
    return {"changes": changes, "looks": looks}


def _looked(scope: Scope, payload: Payload) -> None:
    known = scope.world.tool(Looked).at
    for look in payload.get("looks", []):
        known[scope.account, scope.region, look.repository] = look.written
    for change in payload.get("changes", []):
        one = scope.get(PullRequest, change.before.key)
        if one is not None and one == change.before:  # else another look, or an answer, was quicker
            _apply(scope, one, change)


def _apply(scope: Scope, one: PullRequest, change: _Change) -> None:
    before = one.source_commit
    actor = one.author
    one = replace(one, source_commit=change.source, destination_commit=change.destination, base=change.found.base)
    if change.merged:
        close(scope, one, actor, change.found, Merge(actor, change.destination))
        return
    if change.source != before:
        one = replace(one, active=scope.now, revision=scope.world.hex(40))
        note(
            scope, one, "SOURCE_REFERENCE_UPDATED", actor, "pullRequestSourceReferenceUpdatedEventMetadata",
            repositoryName=one.repository, beforeCommitId=before, afterCommitId=change.source, mergeBase=one.base,
        )  # fmt: skip
    keep(scope, one)
    if change.source != before:
        tell(scope, one, UPDATED, actor, change.found, before)
