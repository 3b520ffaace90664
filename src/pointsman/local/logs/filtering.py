"""FilterLogEvents: the events of a group's streams in order of time, in pages that look at only so much at once."""

from __future__ import annotations

import base64
import binascii
import hashlib
from itertools import islice
from time import monotonic
from typing import Any

import msgspec

from pointsman.local.answers import Parameters, answers
from pointsman.local.logs import reading, table
from pointsman.local.logs.names import group_of, invalid, plain
from pointsman.local.world import Scope
from pointsman.semantics.logs.filter_patterns import Pattern, PatternError, parse
from pointsman.semantics.logs.regexes import TooSlow

_MOST = 10_000
_BYTES = 1_048_576
LOOKED_AT = 20_000
"""Events that one call looks at: a page may be empty and still have a token."""
PATIENCE = 0.5
"""Seconds that one call takes at most: what slow expressions have left over is for the next page."""
_EVER = 1 << 60


class Token(msgspec.Struct, frozen=True, array_like=True):
    """Where the next page begins."""

    asked: str
    forward: bool
    place: reading.Place


def pattern_of(text: str) -> Pattern:
    """A filter pattern, or InvalidParameterException."""
    try:
        return parse(text)
    except PatternError as error:
        raise invalid(f"Invalid filter pattern: {error}") from None


def event_id(stream: int, number: int) -> str:
    """56 digits; no two events share them."""
    return f"{stream:024d}{number:032d}"


@answers("logs", "FilterLogEvents")
def filter_log_events(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Matching events, interleaved; without a token there are no more."""
    group = group_of(scope, plain(parameters.get("logGroupName") or parameters.get("logGroupIdentifier", "")))
    names, prefix = parameters.get("logStreamNames", ()), parameters.get("logStreamNamePrefix", "")
    if names and prefix:
        raise invalid("logStreamNames and logStreamNamePrefix cannot be used together")
    limit = parameters.get("limit", _MOST)
    if not 1 <= limit <= _MOST:
        raise invalid(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint:"
            " Member must have value between 1 and 10000"
        )
    pattern = pattern_of(parameters.get("filterPattern", ""))
    start = max(parameters.get("startTime", 0), reading.expiry(scope, group))
    end = min(parameters.get("endTime", _EVER), _EVER)
    asked = _asked(group.name, names, prefix, parameters)
    token = _read(parameters.get("nextToken"), asked)
    forward = token.forward if token else parameters.get("startFromHead", True)
    execute = scope.world.database.execute
    low, high = _left(start, end, token)
    found = reading.parts(execute, scope, group.name, low, high, names=names, prefix=prefix)
    events = reading.merged(execute, found, start, end, forward=forward, after=token.place if token else None)
    return _page(events, pattern, limit, asked, forward=forward)


def _left(start: int, end: int, token: Token | None) -> tuple[int, int]:
    if token is None:
        return start, end
    return (max(start, token.place[0]), end) if token.forward else (start, min(end, token.place[0]))


def _page(events: Any, pattern: Pattern, limit: int, asked: str, *, forward: bool) -> dict[str, Any]:
    taken: list[dict[str, Any]] = []
    size, place, looked = 0, (0, 0, 0), 0
    more = False
    deadline = monotonic() + PATIENCE
    for stream, event in islice(events, LOOKED_AT):
        time, number, ingested, message = event
        matches = matching(pattern, message)
        weight = len(message.encode("utf-8", "replace")) + table.OVERHEAD if matches else 0
        late = looked > 0 and pattern.regexes > 0 and monotonic() > deadline
        if late or (matches and taken and (len(taken) == limit or size + weight > _BYTES)):
            more = True
            break
        looked += 1
        place = (time, stream.id, number)
        if matches:
            size += weight
            taken.append(
                {
                    "logStreamName": stream.name,
                    "timestamp": time,
                    "message": message,
                    "ingestionTime": ingested,
                    "eventId": event_id(stream.id, number),
                }
            )
    answer: dict[str, Any] = {"events": taken, "searchedLogStreams": []}
    if more or looked == LOOKED_AT:
        answer["nextToken"] = _write(Token(asked, forward, place))
    return answer


def matching(pattern: Pattern, message: str) -> bool:
    """Whether a message matches, or InvalidParameterException when that takes too long."""
    try:
        return pattern.matches(message)
    except TooSlow as error:
        raise invalid(f"Invalid filter pattern: {error}") from None


def _asked(group: str, names: Any, prefix: str, parameters: Parameters) -> str:
    """What a token belongs to."""
    whole = [
        group,
        list(names),
        prefix,
        *(parameters.get(name) for name in ("startTime", "endTime", "filterPattern")),
    ]
    return hashlib.sha256(msgspec.json.encode(whole)).hexdigest()[:16]


def _write(token: Token) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode()


def _read(text: str | None, asked: str) -> Token | None:
    if text is None:
        return None
    try:
        token = msgspec.json.decode(base64.urlsafe_b64decode(text), type=Token)
    except (binascii.Error, msgspec.DecodeError, ValueError):
        token = None
    if token is None or token.asked != asked:
        raise invalid("The specified nextToken is invalid.")
    return token
