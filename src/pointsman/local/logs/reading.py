"""Reading a group's events in order of time, whatever stream they are in.

Each stream is read by pages of its own cluster; a heap puts them together. A stream is opened only once the others
have come as far as its first event (or its last, backwards), so that a group of many streams costs what is read.
"""

from __future__ import annotations

import heapq
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from pointsman.local.logs.names import LogGroup, millis
from pointsman.local.world import Scope
from pointsman.semantics.logs.insights.pushdown import Contained
from pointsman.semantics.logs.insights.rows import Event, Stream

Execute = Callable[[str, tuple[Any, ...]], sqlite3.Cursor]
"""What runs a statement: the world's database, or a reader's connection."""
Place = tuple[int, int, int]
"""Time, stream, number: where an event stands among all of a group's."""

DAY = 86_400_000
_PAGE = 512
_EVER = 1 << 62
_GLOBBED = 200
"""Characters of a text that is made a pattern of."""
_SPECIAL = re.compile(r"[*?\[]")


class Part(Struct, frozen=True):
    """A stream, and what of it lies in a range of time."""

    stream: Stream
    first: int
    last: int
    events: int
    """How many the whole stream has."""
    bytes: int
    """What the whole stream weighs, overheads included."""
    plain: bool = False
    """Whether no message of it has a NUL."""


def expiry(scope: Scope, group: LogGroup) -> int:
    """From when on a group's events are still kept, in milliseconds."""
    return millis(scope) - group.retention * DAY if group.retention else 0


def parts(
    execute: Execute,
    scope: Scope,
    group: str,
    start: int,
    end: int,
    *,
    names: Sequence[str] = (),
    prefix: str = "",
) -> list[Part]:
    """The streams of a group that have events between two times, both included."""
    conditions = "s.account = ? AND s.region = ? AND s.grp = ? AND s.last >= ? AND s.first <= ?"
    parameters: list[Any] = [scope.account, scope.region, group, max(start, 0), end]
    if names:
        conditions += f" AND s.name IN ({', '.join('?' * len(names))})"
        parameters += names
    if prefix:
        conditions += " AND s.name >= ? AND s.name < ?"
        parameters += [prefix, prefix + "\U0010ffff"]
    rows = execute(
        "SELECT s.id, s.name, s.first, s.last, s.next - 1 - ifnull(e.events, 0), s.bytes, p.stream FROM log_streams s"
        " LEFT JOIN log_expired e ON e.stream = s.id LEFT JOIN log_plain p ON p.stream = s.id"
        f" WHERE {conditions} ORDER BY s.first, s.id",
        tuple(parameters),
    ).fetchall()
    log = f"{scope.account}:{group}"
    return [
        Part(Stream(number, name, log), first, last, max(events, 0), size, plain is not None)
        for number, name, first, last, events, size, plain in rows
    ]


def containing(texts: Sequence[Contained], *, plain: bool) -> tuple[str, list[Any]]:
    """The condition that a message contains some texts.

    Args:
        texts: The texts.
        plain: Whether no message has a NUL: a pattern, which ends there, is found in two thirds of the time.
    """
    sql, parameters = "", []
    for one in texts:
        ways = []
        for text in (*one.texts, *(("\\",) if one.escaped else ())):
            globbed = plain and text.isascii() and len(text) <= _GLOBBED
            ways.append("message GLOB ?" if globbed else "instr(message, ?) > 0")
            parameters.append(_pattern(text) if globbed else text)
        sql += f" AND ({' OR '.join(ways)})"
    return sql, parameters


def _pattern(text: str) -> str:
    within = _SPECIAL.sub(lambda found: f"[{found[0]}]", text)
    return f"*{within}*"


def merged(
    execute: Execute,
    found: Sequence[Part],
    start: int,
    end: int,
    *,
    forward: bool,
    after: Place | None = None,
    texts: Sequence[Contained] = (),
) -> Iterator[tuple[Stream, Event]]:
    """The events of some streams between two times, both included, in order of time.

    Args:
        execute: What runs statements.
        found: The streams.
        start: In milliseconds.
        end: In milliseconds.
        forward: Oldest first; else newest first.
        after: Begin behind this place (in the order asked for).
        texts: What the messages have to contain.
    """
    sign = 1 if forward else -1
    waiting = sorted(found, key=lambda part: part.first if forward else -part.last)
    heap: list[tuple[tuple[int, int, int], Stream, Event, Iterator[Event]]] = []

    def push(stream: Stream, events: Iterator[Event]) -> None:
        event = next(events, None)
        if event is not None:
            heapq.heappush(heap, ((sign * event[0], sign * stream.id, sign * event[1]), stream, event, events))

    opened = 0
    while heap or opened < len(waiting):
        while opened < len(waiting):
            part = waiting[opened]
            if heap and heap[0][0][0] < (part.first if forward else -part.last):
                break
            opened += 1
            push(part.stream, _paged(execute, part, start, end, forward=forward, after=after, texts=texts))
        if not heap:
            continue
        _, stream, event, events = heapq.heappop(heap)
        yield stream, event
        push(stream, events)


def _paged(
    execute: Execute,
    part: Part,
    start: int,
    end: int,
    *,
    forward: bool,
    after: Place | None,
    texts: Sequence[Contained],
) -> Iterator[Event]:
    stream = part.stream.id
    contained, parameters = containing(texts, plain=part.plain)
    compare, order = (">", "ASC") if forward else ("<", "DESC")
    edge = "time <= ?" if forward else "time >= ?"
    sql = (
        "SELECT time, number, ingested, message FROM log_events"
        f" WHERE stream = ? AND (time, number) {compare} (?, ?) AND {edge}{contained}"
        f" ORDER BY time {order}, number {order} LIMIT {_PAGE}"
    )
    position = _behind(stream, after, forward=forward) if after else None
    first = (start - 1, _EVER) if forward else (end + 1, -1)
    if position is None or (position < first if forward else position > first):
        position = first
    while True:
        rows: list[Event] = execute(sql, (stream, *position, end if forward else start, *parameters)).fetchall()
        yield from rows
        if len(rows) < _PAGE:
            return
        position = (rows[-1][0], rows[-1][1])


def _behind(stream: int, after: Place, *, forward: bool) -> tuple[int, int]:
    """The position in one stream that a place among all of them comes to."""
    time, other, number = after
    if stream == other:
        return time, number
    passed = stream < other if forward else stream > other
    if forward:
        return time, _EVER if passed else -1
    return time, -1 if passed else _EVER
