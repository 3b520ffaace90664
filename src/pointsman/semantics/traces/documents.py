"""Segment documents: what X-Ray accepts, and the pieces a document is made of.

A document is a segment with its subsegments, one in progress, or a subsegment sent by itself. ``read`` checks it as
``PutTraceSegments`` does and takes it apart into pieces: one for every segment and subsegment, each with its own
members only. Members that the format does not know, or that have another type there, are left out, as X-Ray does.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, Final

import msgspec

from pointsman.semantics.traces import deepjson

LARGEST: Final = 64 * 1024
"""Bytes of a document."""
LONGEST_NAME: Final = 200
_LATEST: Final = 253_402_300_799.0
"""The last second that a timestamp can say."""
_DEEPEST: Final = 100
"""How deep the values of a single segment may be nested; subsegments do not count."""
OLDEST: Final = 30 * 24 * 3600.0
"""Seconds: how old the time in a trace id may be."""
SKEW: Final = 24 * 3600.0
"""Seconds: how far ahead of us the time in a trace id may be."""

_TRACE: Final = re.compile(r"1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}")
_ID: Final = re.compile(r"[0-9a-fA-F]{16}")
_NAME: Final = re.compile(r"[\w\s.:/%&#=+\\\-@]+")
_OBJECTS: Final = frozenset(("http", "aws", "sql", "annotations", "metadata", "service"))
_TEXTS: Final = frozenset(("namespace", "user", "origin", "resource_arn"))
_FLAGS: Final = frozenset(("error", "throttle", "fault", "inferred", "traced"))
_LISTS: Final = frozenset(("precursor_ids", "links"))


class Unprocessed(ValueError):
    """A document that X-Ray does not take.

    Args:
        code: X-Ray's code: ``MissingId``, ``InvalidTraceId``, …
        segment_id: The document's id where it has one.
        nested: Whether the mistake is in a subsegment of it.
    """

    def __init__(self, code: str, segment_id: str = "", *, nested: bool = False) -> None:
        kind = "subsegment" if nested else "segment"
        self.message = f"Invalid {kind}. ErrorCode: {code}" + (", Cause: null" if nested else "")
        super().__init__(self.message)
        self.code = code
        self.segment_id = segment_id


class Piece(msgspec.Struct, frozen=True, gc=False):
    """A segment or subsegment with its own members, without those below it."""

    id: str
    """16 hexadecimal digits, in lower case."""
    parent: str
    """The id of what it belongs under; empty when it has none."""
    name: str
    start: float
    """Seconds since 1970."""
    end: float | None
    """None while it is in progress."""
    subsegment: bool
    fields: dict[str, Any]
    """The optional members, as the document spells them: ``http``, ``fault``, ``annotations``, …"""


class Document(msgspec.Struct, frozen=True):
    """A document, taken apart."""

    trace_id: str
    pieces: tuple[Piece, ...]
    """The document's own piece first."""


def epoch(trace_id: str) -> int:
    """The time in a trace id, in seconds since 1970."""
    return int(trace_id[2:10], 16)


def is_trace_id(text: str) -> bool:
    """Whether a text has the form of a trace id."""
    return _TRACE.fullmatch(text) is not None


def timely(trace_id: str, now: float) -> bool:
    """Whether X-Ray still takes, or already takes, documents of this trace."""
    return -SKEW <= now - epoch(trace_id) <= OLDEST


def decode(text: str | bytes) -> Any:
    """A JSON text of any depth.

    Raises:
        ValueError: It is not JSON.
    """
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        return deepjson.decode(text if isinstance(text, str) else text.decode())
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None


def read(text: str | bytes, *, largest: int = LARGEST) -> list[Document]:
    """Take a document apart; an array of subsegments gives several.

    Args:
        text: The document.
        largest: Bytes it may have; X-Ray's limit, unless it comes from elsewhere.

    Raises:
        Unprocessed: X-Ray would not take it.
    """
    size = len(text) if isinstance(text, bytes) or text.isascii() else len(text.encode("utf-8", "replace"))
    if size > largest:
        raise Unprocessed("DocumentTooLarge", _glimpse(text))
    try:
        value = decode(text)
    except ValueError:
        raise Unprocessed("ParseError") from None
    return [take_apart(one) for one in value] if isinstance(value, list) and value else [take_apart(value)]


def take_apart(value: Any) -> Document:
    """The document a decoded JSON value is.

    Raises:
        Unprocessed: X-Ray would not take it.
    """
    if not isinstance(value, dict):
        raise Unprocessed("MissingId" if value == [] else "ParseError")
    whole_id = _id_of(value, "", nested=False)
    trace_id = value.get("trace_id")
    if trace_id is None:
        raise Unprocessed("MissingTraceId", whole_id)
    if not isinstance(trace_id, str) or not is_trace_id(trace_id):
        raise Unprocessed("InvalidTraceId", whole_id)
    subsegment = value.get("type") == "subsegment"
    parent = value.get("parent_id") or ""
    if parent and not (isinstance(parent, str) and _ID.fullmatch(parent)):
        raise Unprocessed("InvalidParentId", whole_id)
    if subsegment and not parent:
        raise Unprocessed("MissingParentId", whole_id)
    pieces: list[Piece] = []
    stack: list[tuple[dict[str, Any], str]] = [(value, parent.lower())]
    while stack:
        node, above = stack.pop()
        nested = bool(pieces)
        piece = _piece(node, above, whole_id, nested=nested, subsegment=subsegment or nested)
        pieces.append(piece)
        below = node.get("subsegments")
        if isinstance(below, list) and below:
            for one in reversed(below):
                if not isinstance(one, dict):
                    raise Unprocessed("MissingId", whole_id, nested=True)
                stack.append((one, piece.id))
    return Document(trace_id.lower(), tuple(pieces))


def _glimpse(text: str | bytes) -> str:
    """The first thing that looks like the id of a document that is not read."""
    start = text[:4096] if isinstance(text, str) else text[:4096].decode("utf-8", "replace")
    found = re.search(r'"id"\s*:\s*"([0-9a-fA-F]{16})"', start)
    return found[1] if found else ""


def _id_of(value: dict[str, Any], whole_id: str, *, nested: bool) -> str:
    found = value.get("id")
    if found is None:
        raise Unprocessed("MissingId", whole_id, nested=nested)
    if not isinstance(found, str) or _ID.fullmatch(found) is None:
        raise Unprocessed("InvalidId", whole_id or (found if isinstance(found, str) else "")[:64], nested=nested)
    return found.lower()


def _piece(node: dict[str, Any], above: str, whole_id: str, *, nested: bool, subsegment: bool) -> Piece:
    own_id = _id_of(node, whole_id, nested=nested) if nested else whole_id
    name = node.get("name")
    if name is None:
        raise Unprocessed("MissingName", whole_id, nested=nested)
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or _NAME.fullmatch(name) is None:
        raise Unprocessed("InvalidName", whole_id, nested=nested)
    start = _time(node, "start_time", "StartTime", whole_id, nested=nested)
    if start is None:
        raise Unprocessed("MissingStartTime", whole_id, nested=nested)
    end = _time(node, "end_time", "EndTime", whole_id, nested=nested)
    if end is None and node.get("in_progress") is not True:
        raise Unprocessed("MissingEndTime", whole_id, nested=nested)
    fields: dict[str, Any] = {}
    for key, value in node.items():
        if key in _OBJECTS:
            kept = type(value) is dict
        elif key in _TEXTS:
            kept = type(value) is str
        elif key in _FLAGS:
            kept = type(value) is bool
        elif key in _LISTS:
            kept = type(value) is list
        elif key == "cause":
            kept = type(value) is dict or type(value) is str
        else:
            continue
        if not kept:
            continue
        if (type(value) is dict or type(value) is list) and not _shallow(value):
            raise Unprocessed("ParseError", whole_id, nested=nested)
        fields[key] = value
    return Piece(own_id, above, name, start, end, subsegment, fields)


def _time(node: dict[str, Any], key: str, word: str, whole_id: str, *, nested: bool) -> float | None:
    value = node.get(key)
    if value is None:
        return None
    if type(value) is not float and type(value) is not int:
        raise Unprocessed(f"Invalid{word}", whole_id, nested=nested)
    if not 0 <= value <= _LATEST or not isfinite(value):
        raise Unprocessed(f"Invalid{word}", whole_id, nested=nested)
    return float(value)


def _shallow(value: Any) -> bool:
    """Whether a value is nested no deeper than what every reader of JSON can read."""
    level = [value]
    for _ in range(_DEEPEST):
        below = [
            inner
            for one in level
            for inner in (one.values() if type(one) is dict else one)
            if type(inner) is dict or type(inner) is list
        ]
        if not below:
            return True
        level = below
    return False


# -- members, read without trust ------------------------------------------------------------------------------------


def part(fields: dict[str, Any], *keys: str) -> dict[str, Any]:
    """An object inside a piece's members; empty when there is none."""
    for key in keys:
        inner = fields.get(key)
        if type(inner) is not dict:
            return {}
        fields = inner
    return fields


def text(fields: dict[str, Any], key: str) -> str:
    """A text member; empty when there is none."""
    value = fields.get(key)
    return value if type(value) is str else ""


def status_of(fields: dict[str, Any]) -> int | None:
    """The HTTP status that was answered."""
    if "http" not in fields:
        return None
    status = part(fields, "http", "response").get("status")
    if type(status) is float and status.is_integer():
        status = int(status)
    return status if type(status) is int and 0 <= status <= 999 else None


def exceptions_of(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The exceptions of a cause."""
    cause = fields.get("cause")
    found = cause.get("exceptions") if type(cause) is dict else None
    return [one for one in found if type(one) is dict] if type(found) is list else []
