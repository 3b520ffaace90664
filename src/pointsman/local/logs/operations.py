"""Answers that write and read events."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from pointsman.local.answers import Parameters, answers
from pointsman.local.logs import ingest, reading, table
from pointsman.local.logs.names import group_of, invalid, millis, plain
from pointsman.local.logs.streams import stream_of
from pointsman.local.world import Scope

_DAY = 86_400_000
_TOO_NEW = 2 * 3_600_000
_TOO_OLD = 14 * _DAY
_BATCH = 10_000
_BYTES = 1_048_576

_TOKEN = re.compile(r"([fb])/([0-9]{26})([0-9]{30})/s")


@answers("logs", "PutLogEvents")
def put_log_events(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Add events; those outside the time a group takes are left out one by one, and said."""
    group = group_of(scope, parameters["logGroupName"])
    stream = stream_of(scope, group.name, parameters["logStreamName"])
    events = [(event["timestamp"], event["message"]) for event in parameters["logEvents"]]
    _check(events)
    now = millis(scope)
    expiry = now - group.retention * _DAY if group.retention else None
    rejected: dict[str, int] = {}
    taken: list[tuple[int, str]] = []
    for index, (time, message) in enumerate(events):
        if time > now + _TOO_NEW:
            rejected.setdefault("tooNewLogEventStartIndex", index)
        elif time < now - _TOO_OLD:
            rejected["tooOldLogEventEndIndex"] = index + 1
        elif expiry is not None and time < expiry:
            rejected["expiredLogEventEndIndex"] = index + 1
        else:
            taken.append((time, message))
    table.append(scope, group.name, stream.name, taken)
    ingest.taken(scope, group.name, stream.name, taken)
    answer: dict[str, Any] = {"nextSequenceToken": f"{stream.id:024d}{stream.next + len(taken):032d}"}
    if rejected:
        answer["rejectedLogEventsInfo"] = rejected
    return answer


def _check(events: list[tuple[int, str]]) -> None:
    if not 1 <= len(events) <= _BATCH:
        raise invalid(
            "1 validation error detected: Value at 'logEvents' failed to satisfy constraint:"
            " Member must have length less than or equal to 10000"
        )
    if any(later[0] < earlier[0] for earlier, later in pairwise(events)):
        raise invalid("Log events in a single PutLogEvents request must be in chronological order.")
    if events[-1][0] - events[0][0] > _DAY:
        raise invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    size = sum(_size(message) for _, message in events)
    if size > _BYTES:
        raise invalid(f"Upload too large: {size} bytes exceeds limit of {_BYTES}")


def _size(message: str) -> int:
    return len(message.encode("utf-8", "replace")) + table.OVERHEAD


@answers("logs", "GetLogEvents")
def get_log_events(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A page of a stream: its tail, its head, or what follows or precedes a token.

    A forward token stands behind the page's last event, a backward one before its first. When nothing follows, the
    same forward token comes back: the end, for now. Only events from ``startTime`` to before ``endTime`` are given.
    """
    name = plain(parameters.get("logGroupName") or parameters.get("logGroupIdentifier", ""))
    stream = stream_of(scope, name, parameters["logStreamName"])
    limit = parameters.get("limit", _BATCH)
    if not 1 <= limit <= _BATCH:
        raise invalid(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint:"
            " Member must have value between 1 and 10000"
        )
    start, end = parameters.get("startTime"), parameters.get("endTime")
    if start is not None and end is not None and start > end:
        raise invalid("startTime must be less than or equal to endTime")
    kept = reading.expiry(scope, group_of(scope, name))
    start = max(start or 0, kept) if kept else start
    token = parameters.get("nextToken")
    if token is None:
        forward = parameters.get("startFromHead", False)
        position = table.FIRST if forward else table.LAST
    else:
        forward, position = _read(token)
    edge = _within(position, start, end, forward=forward)
    events = table.page(scope.world.database, stream.id, edge, forward=forward, limit=limit)
    events = _fitting([event for event in events if _inside(event.time, start, end)])
    if not forward:
        events.reverse()
    return {
        "events": [
            {"timestamp": event.time, "message": event.message, "ingestionTime": event.ingested} for event in events
        ],
        **_tokens(events, position, forward=forward),
    }


def _within(position: table.Position, start: int | None, end: int | None, *, forward: bool) -> table.Position:
    if forward and start is not None:
        return max(position, (start, 0))
    if not forward and end is not None:
        return min(position, (end, 0))
    return position


def _inside(time: int, start: int | None, end: int | None) -> bool:
    return (start is None or time >= start) and (end is None or time < end)


def _fitting(events: list[table.Event]) -> list[table.Event]:
    size = 0
    for index, event in enumerate(events):
        size += _size(event.message)
        if size > _BYTES and index:
            return events[:index]
    return events


def _read(token: str) -> tuple[bool, table.Position]:
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise invalid("The specified nextToken is invalid.")
    # The time is written one higher than it is, so that the place before every event has digits too.
    return match[1] == "f", (int(match[2]) - 1, int(match[3]))


def _write(letter: str, position: table.Position) -> str:
    return f"{letter}/{position[0] + 1:026d}{position[1]:030d}/s"


def _tokens(events: list[table.Event], position: table.Position, *, forward: bool) -> dict[str, str]:
    if events:
        behind, before = events[-1].position, events[0].position
    elif forward:
        behind, before = position, (position[0], position[1] + 1)
    elif position == table.LAST:
        behind, before = table.FIRST, position
    else:
        behind, before = (position[0], max(position[1] - 1, 0)), position
    return {"nextForwardToken": _write("f", behind), "nextBackwardToken": _write("b", before)}
