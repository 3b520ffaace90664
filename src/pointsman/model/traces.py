"""Traces as lists tell them: what is asked for, and what each was."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from pointsman.model.refs import TraceRef

__all__ = ["RANGES", "TraceList", "TraceQuery", "TraceSummary", "troubled_first"]

RANGES: tuple[timedelta, ...] = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6))
"""How far back a list may go: X-Ray answers for six hours at once."""


class TraceQuery(Struct, frozen=True):
    """What a list is asked for."""

    span: timedelta = RANGES[0]
    """How far back, up to now."""
    expression: str = ""
    """X-Ray's filter expression; empty for every trace."""
    until: datetime | None = None
    """Up to then in place of now."""

    @classmethod
    def around(cls, moment: datetime, now: datetime, span: timedelta = RANGES[0], expression: str = "") -> TraceQuery:
        """A range with a moment in its middle, as far as there is a time after it."""
        until = moment + span / 2
        return cls(span, expression, until if until < now else None)


class TraceSummary(Struct, frozen=True):
    """A trace as a list tells it."""

    ref: TraceRef
    started: datetime | None = None
    duration: float | None = None
    """Seconds from the first start to the last end."""
    response: float | None = None
    """Seconds until the entry point answered."""
    method: str = ""
    url: str = ""
    status: int | None = None
    """The HTTP status that the entry point answered."""
    fault: bool = False
    error: bool = False
    throttle: bool = False
    partial: bool = False
    """More of it may come."""
    entry: str = ""
    """The service it came in at."""
    services: tuple[str, ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    causes: tuple[str, ...] = ()
    """Its root causes: ``fault: gateway > payments``, the kind and the services down to where it began."""

    @property
    def troubled(self) -> bool:
        """Whether anything in it went wrong."""
        return self.fault or self.error or self.throttle


class TraceList(Struct, frozen=True):
    """Traces of a range, newest first."""

    query: TraceQuery
    traces: tuple[TraceSummary, ...] = ()
    scanned: int = 0
    """Traces that X-Ray has looked at for them."""
    more: bool = False
    """There are further pages that were not read."""
    reached: datetime | None = None
    """X-Ray's approximate start of the last page, where not every page was read."""

    def __len__(self) -> int:
        return len(self.traces)


def troubled_first(traces: tuple[TraceSummary, ...]) -> tuple[TraceSummary, ...]:
    """Those with faults, then errors and throttles, then the rest; within each in the order they came."""
    return tuple(sorted(traces, key=lambda one: 0 if one.fault else 1 if one.troubled else 2))
