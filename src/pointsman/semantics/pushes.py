"""Whether a push or a pull request starts a pipeline: the filters of its git triggers.

A trigger has up to three push filters, of which one must match. Within a filter everything must match that can be said
of the push: of a tag its name, of a branch its name and the changed files. Exclusions win over inclusions; a criterion
without inclusions takes everything that is not excluded. A filter that names only file paths applies to pushes to every
branch.

Of a pull request the filters judge what has happened to it, the branch it is to be merged into, and the files in which
the two branches differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from pointsman.semantics.globs import matches


class Push(Struct, frozen=True):
    """What was pushed.

    Attributes:
        branch: The branch; empty for a tag.
        tag: The tag; empty for a branch.
        paths: Finds the changed files, and is called only when a filter asks for them.
    """

    branch: str = ""
    tag: str = ""
    paths: Callable[[], Iterable[str]] = tuple


class Request(Struct, frozen=True):
    """What has happened to a pull request.

    Attributes:
        event: ``OPEN``, ``UPDATED`` or ``CLOSED``.
        into: The branch it is to be merged into.
        paths: The files it changes.
    """

    event: str
    into: str
    paths: Iterable[str] = ()


def starts_on(filters: Iterable[Mapping[str, Any]], request: Request) -> bool:
    """Whether one of the pull request filters of a trigger matches; one that names no events takes every event."""
    return any(
        request.event in (one.get("events") or (request.event,))
        and ("branches" not in one or accepted(one["branches"], request.into))
        and ("filePaths" not in one or any(accepted(one["filePaths"], path) for path in request.paths))
        for one in filters
    )


def starts(filters: Iterable[Mapping[str, Any]], push: Push) -> bool:
    """Whether one of the push filters of a trigger matches."""
    return any(_fits(one, push) for one in filters)


def accepted(criteria: Mapping[str, Any], name: str) -> bool:
    """Whether a name is included, and not excluded."""
    if any(matches(pattern, name) for pattern in criteria.get("excludes", ())):
        return False
    includes = criteria.get("includes")
    return includes is None or any(matches(pattern, name) for pattern in includes)


def _fits(given: Mapping[str, Any], push: Push) -> bool:
    if push.tag:
        return "tags" in given and accepted(given["tags"], push.tag)
    if "tags" in given and "branches" not in given:
        return False
    if "branches" in given and not accepted(given["branches"], push.branch):
        return False
    if "filePaths" in given:
        return any(accepted(given["filePaths"], path) for path in push.paths())
    return "branches" in given
