"""Root causes: which part of a trace made it fail, or made it slow.

A cause is the way from the entry point down to where it began: the services on it, and within each its segment and
the subsegments that were passed. A fault or error began where nothing below it has one. The way of a response time
follows the longest call for as long as that takes a fifth of the response.
"""

from __future__ import annotations

from typing import Final

import msgspec

from pointsman.semantics.traces.assembly import (
    BELOW_ERROR,
    BELOW_FAULT,
    ERROR,
    FAULT,
    INFERRED,
    REMOTE,
    SUBSEGMENT,
    Trace,
)
from pointsman.semantics.traces.documents import Piece, exceptions_of, text
from pointsman.semantics.traces.facts import Service, service_of

MOST: Final = 5
"""Causes of a kind that are told of a trace."""
LONGEST: Final = 100
"""Entities of a cause; a longer way is told by its lower end."""
EXCEPTIONS: Final = 10
"""Of an entity."""
LETTERS: Final = 1000
"""Of an exception's name and of its message."""
SHARE: Final = 0.2
"""Of the response time: what a call takes at least to be on the way of it."""


class CauseException(msgspec.Struct, frozen=True):
    """An exception on the way of a cause."""

    name: str
    message: str


class Entity(msgspec.Struct, frozen=True):
    """A segment or subsegment on the way of a cause."""

    name: str
    remote: bool
    exceptions: tuple[CauseException, ...] = ()
    coverage: float | None = None
    """Its share of the entry point's response time."""


class CauseService(msgspec.Struct, frozen=True):
    """A service on the way of a cause."""

    service: Service
    inferred: bool
    path: tuple[Entity, ...]


class Cause(msgspec.Struct, frozen=True):
    """The way from the entry point to where it began."""

    services: tuple[CauseService, ...]
    client_impacting: bool
    """Everything on the way has the mark, the entry point too."""


class Causes(msgspec.Struct, frozen=True):
    """The root causes of a trace, by kind."""

    fault: tuple[Cause, ...] = ()
    error: tuple[Cause, ...] = ()
    response: tuple[Cause, ...] = ()


def derive(trace: Trace, account: str = "") -> Causes:
    """The root causes of an assembled trace."""
    return Causes(
        _marked(trace, account, FAULT, BELOW_FAULT),
        _marked(trace, account, ERROR, BELOW_ERROR),
        _slow(trace, account),
    )


def _marked(trace: Trace, account: str, own: int, below: int) -> tuple[Cause, ...]:
    found: list[Cause] = []
    for place, span in enumerate(trace.spans):
        if span.flags & own and not span.flags & below:
            way = _way(trace, place)
            impacting = all(trace.spans[one].flags & own for one in way) and trace.spans[way[0]].parent < 0
            found.append(Cause(_services(trace, account, way, None), impacting))
            if len(found) == MOST:
                break
    return tuple(found)


def _way(trace: Trace, place: int) -> list[int]:
    way = [place]
    while (place := trace.spans[place].parent) >= 0 and len(way) < LONGEST:
        way.append(place)
    way.reverse()
    return way


def _slow(trace: Trace, account: str) -> tuple[Cause, ...]:
    tops = [place for place, span in enumerate(trace.spans) if span.parent < 0 and not span.flags & SUBSEGMENT]
    if not tops:
        return ()
    place = min(tops, key=lambda one: (bool(trace.pieces[one].parent), trace.spans[one].start, trace.spans[one].id))
    whole = trace.spans[place].duration
    if whole <= 0:
        return ()
    way = [place]
    while len(way) < LONGEST:
        longest = _longest(trace, place)
        if longest is None or trace.spans[longest].duration / whole < SHARE:
            break
        way.append(longest)
        place = longest
    return (Cause(_services(trace, account, way, whole), client_impacting=True),)


def _longest(trace: Trace, place: int) -> int | None:
    best: int | None = None
    child, end = place + 1, trace.spans[place].last
    while child < end:
        if best is None or trace.spans[child].duration > trace.spans[best].duration:
            best = child
        child = trace.spans[child].last
    return best


def _services(trace: Trace, account: str, way: list[int], whole: float | None) -> tuple[CauseService, ...]:
    found: list[CauseService] = []
    service, inferred = Service(""), False
    path: list[Entity] = []
    for place in way:
        span, piece = trace.spans[place], trace.pieces[place]
        if not span.flags & SUBSEGMENT:
            if path:
                found.append(CauseService(service, inferred, tuple(path)))
                path = []
            service, inferred = service_of(piece, account), span.has(INFERRED)
        coverage = None if whole is None else round(min(1.0, span.duration / whole), 2)
        path.append(Entity(piece.name, span.has(REMOTE), _exceptions(piece), coverage))
    found.append(CauseService(service, inferred, tuple(path)))
    return tuple(found)


def _exceptions(piece: Piece) -> tuple[CauseException, ...]:
    if "cause" not in piece.fields:
        return ()
    return tuple(
        CauseException(text(one, "type")[:LETTERS], text(one, "message")[:LETTERS])
        for one in exceptions_of(piece.fields)[:EXCEPTIONS]
    )
