"""Where the services of a trace log, and what they logged of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from pointsman.model.opened_trace import OpenedTrace
from pointsman.semantics.traces import assembly
from pointsman.semantics.traces.documents import Piece, part, text

__all__ = ["TraceLine", "TraceLines", "groups_of", "log_groups"]

_FUNCTIONS = ("AWS::Lambda", "AWS::Lambda::Function")


class TraceLine(Struct, frozen=True):
    """A log event that names a trace."""

    at: datetime | None
    group: str
    stream: str
    text: str


class TraceLines(Struct, frozen=True):
    """The log events of a trace."""

    lines: tuple[TraceLine, ...]
    """In the order of time."""
    groups: tuple[str, ...]
    """Where was looked."""
    missing: tuple[str, ...] = ()
    """Groups that are not there (any more)."""
    more: bool = False
    """There are further events that were not read."""


def groups_of(piece: Piece) -> tuple[str, ...]:
    """The log groups that a segment names; a Lambda function's is named after it."""
    fields = piece.fields
    if not fields:
        return ()
    listed: Any = part(fields, "aws").get("cloudwatch_logs")
    found = [_group(one) for one in listed if type(one) is dict] if type(listed) is list else []
    if text(fields, "origin") in _FUNCTIONS and not piece.subsegment:
        found.append(f"/aws/lambda/{piece.name}")
    return tuple(dict.fromkeys(one for one in found if one))


def _group(told: dict[str, Any]) -> str:
    return text(told, "log_group") or text(told, "arn").partition(":log-group:")[2].removesuffix(":*")


def log_groups(opened: OpenedTrace) -> tuple[str, ...]:
    """The log groups of a trace, in the order its segments name them."""
    spans = opened.trace.spans
    found: dict[str, None] = {}
    for span, piece in zip(spans, opened.trace.pieces, strict=True):
        if not span.has(assembly.SUBSEGMENT):
            found.update(dict.fromkeys(groups_of(piece)))
    return tuple(found)
