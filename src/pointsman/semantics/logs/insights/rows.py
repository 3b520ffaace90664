"""Events as rows: the fields every event has, and those discovered in its message only when somebody asks."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec
from msgspec import Struct

from pointsman.digits import digits
from pointsman.semantics.logs.insights.values import Value, plain

Event = tuple[int, int, int, str]
"""Time, number in its stream, ingestion time (milliseconds), message."""


class Stream(Struct, frozen=True):
    """Where events come from."""

    id: int
    name: str
    log: str
    """``account:group``."""


SYSTEM: Final = ("@timestamp", "@message", "@ingestionTime", "@logStream", "@log", "@ptr")
"""The fields that every event has."""

_DECODE = msgspec.json.Decoder().decode
_RAW = json.JSONDecoder()
_REPORT = re.compile(r"(START|END|REPORT) RequestId: (\S+)")
_LINE = re.compile(r"\d{4}-\d\d-\d\dT\S+\t([0-9a-f-]{36})\t")
_MEASURE = re.compile(r"(Init Duration|Billed Duration|Duration|Memory Size|Max Memory Used): ([0-9.]+) (?:ms|MB)")
_WORD = re.compile(r"(XRAY TraceId|SegmentId): (\S+)")
_NAMES: Final = {
    "Init Duration": ("@initDuration", 1),
    "Billed Duration": ("@billedDuration", 1),
    "Duration": ("@duration", 1),
    "Memory Size": ("@memorySize", 1_000_000),
    "Max Memory Used": ("@maxMemoryUsed", 1_000_000),
    "XRAY TraceId": ("@xrayTraceId", 1),
    "SegmentId": ("@xraySegmentId", 1),
}


class Row:
    """An event on its way through a query, or a row that a command made.

    Args:
        event: The event; None for a row that stands for no single one.
        stream: Where it comes from.
        made: The fields that commands made.
    """

    __slots__ = ("_json", "event", "made", "stream")

    def __init__(self, event: Event | None, stream: Stream | None, made: dict[str, Value] | None = None) -> None:
        self.event = event
        self.stream = stream
        self.made = made
        self._json: Any = _UNREAD

    def get(self, name: str, parts: tuple[str, ...]) -> Value:
        """A field's value; None when the row has none."""
        made = self.made
        if made:
            if name in made:
                return made[name]
            if len(parts) > 1 and parts[0] in made:
                return walk(made[parts[0]], parts[1:])
        if self.event is None:
            return None
        if name[0] == "@":
            return self._own(name, parts)
        found = walk(self.json(), parts)
        return None if isinstance(found, dict | list) else found

    def with_made(self, name: str, value: Value) -> None:
        """Give it a field."""
        if self.made is None:
            self.made = {}
        self.made[name] = value

    def copy(self) -> Row:
        """The same row, to be given other fields."""
        return Row(self.event, self.stream, dict(self.made or ()))

    def json(self) -> Any:
        """The JSON its message is or holds; None when there is none."""
        if self._json is _UNREAD:
            self._json = read_json(self.event[3]) if self.event else None
        return self._json

    def _own(self, name: str, parts: tuple[str, ...]) -> Value:
        event, stream = self.event, self.stream
        assert event is not None
        if name == "@message":
            return event[3]
        if name == "@timestamp":
            return event[0]
        if name == "@ingestionTime":
            return event[2]
        if stream is not None and name == "@logStream":
            return stream.name
        if stream is not None and name == "@log":
            return stream.log
        if name == "@ptr":
            return pointer(self)
        if name.startswith("@@"):
            found = walk(self.json(), (parts[0][1:], *parts[1:]))
            return None if isinstance(found, dict | list) else found
        return lambda_fields(event[3]).get(name)


_UNREAD: Final = object()


def read_json(message: str) -> Any:
    """The object a message is, or the first one in it."""
    start = message.find("{")
    if start < 0:
        return None
    if start == 0:
        try:
            return _DECODE(message)
        except (msgspec.DecodeError, RecursionError, ValueError):
            pass
    try:
        found, _ = _RAW.raw_decode(message, start)
    except (ValueError, RecursionError):
        return None
    return found


def walk(value: Any, parts: tuple[str, ...]) -> Value:
    """What a path leads to; keys that hold dots are found too."""
    for index, part in enumerate(parts):
        if isinstance(value, dict):
            if part in value:
                value = value[part]
                continue
            for end in range(index + 2, len(parts) + 1):
                joined = ".".join(parts[index:end])
                if joined in value:
                    return walk(value[joined], parts[end:])
            return None
        if isinstance(value, list) and digits(part) and int(part) < len(value):
            value = value[int(part)]
            continue
        return None
    return plain(value)


def flattened(value: Any, prefix: str = "") -> dict[str, Value]:
    """Every field discovered in a JSON value, under its dotted path."""
    found: dict[str, Value] = {}
    waiting: list[tuple[str, Any]] = [(prefix, value)]
    while waiting:
        path, one = waiting.pop()
        inner = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else None
        if inner is not None:
            for key, item in list(inner)[::-1]:
                name = f"{path}.{key}" if path else f"@{key}" if str(key).startswith("@") else str(key)
                waiting.append((name, item))
        elif path and one is not None:
            found[path] = plain(one)
    return found


def lambda_fields(message: str) -> dict[str, Value]:
    """The fields discovered in a line of Lambda's."""
    match = _REPORT.match(message)
    if match is None:
        line = _LINE.match(message)
        return {"@requestId": line[1]} if line else {}
    found: dict[str, Value] = {"@type": match[1], "@requestId": match[2]}
    for name, value in _MEASURE.findall(message):
        key, factor = _NAMES[name]
        found[key] = float(value) * factor
    for name, value in _WORD.findall(message):
        found[_NAMES[name][0]] = value
    return found


def discovered(event: Event) -> dict[str, Value]:
    """Every field discovered in an event's message."""
    found = flattened(read_json(event[3]))
    found.update(lambda_fields(event[3]))
    return found


def pointer(row: Row) -> str | None:
    """``@ptr``: what GetLogRecord finds the event by."""
    if row.event is None or row.stream is None:
        return None
    return f"{row.stream.id:x}-{row.event[0]:x}-{row.event[1]:x}"
