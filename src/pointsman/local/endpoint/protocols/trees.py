"""JSON's and CBOR's trees against botocore's shapes: readers and writers, compiled when a shape is first met.

A reader turns what a parser gave (dicts, lists, scalars) into parameters; a writer turns an answer into what an
encoder takes. Members the model does not know are passed over on the way in, as AWS does; null is absence.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cbor2 import CBORTag

from pointsman.local.endpoint.messages import Undecodable
from pointsman.local.endpoint.protocols.values import base64text, moment, raw, seconds, unbase64, whole, written

Read = Callable[[Any, int], Any]
Write = Callable[[Any], Any]

DEPTH = 200
"""How deep values may be nested: deeper than any of AWS's."""

_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _kind(value: Any) -> str:
    if value is True or value is False:
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    if isinstance(value, str):
        return "STRING_VALUE"
    if isinstance(value, int | float):
        return "NUMBER_VALUE"
    return "VALUE"


def wrong(value: Any, wanted: str) -> Undecodable:
    """AWS's sentence about a value of the wrong type."""
    if isinstance(value, dict):
        return Undecodable("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return Undecodable("Start of list found where not expected.")
    if wanted == "structure":
        return Undecodable("Expected a structure or map")
    if wanted == "list":
        return Undecodable("Expected list or null")
    return Undecodable(f"{_kind(value)} can not be converted to {wanted}")


class Reader:
    """Reads one service's trees.

    Args:
        binary: The wire carries bytes and times as themselves (CBOR), not as base64 and numbers (JSON).
    """

    def __init__(self, *, binary: bool) -> None:
        self._binary = binary
        self._made: dict[tuple[str, str], Read] = {}
        self._scalars: dict[str, Read] = {
            "string": _string,
            "character": _string,
            "boolean": _boolean,
            "integer": _integer,
            "long": _long,
            "float": _float,
            "double": _float,
            "timestamp": _instant if binary else _timestamp,
            "blob": _bytes if binary else _base64,
        }

    def of(self, shape: Any) -> Read:
        """The reader of a shape."""
        kind = shape.type_name
        if kind in self._scalars:
            return self._scalars[kind]
        place = (shape.name, kind)
        made = self._made.get(place)
        if made is None:
            made = self._made[place] = getattr(self, f"_{kind}")(shape)
        return made

    def _structure(self, shape: Any) -> Read:
        if getattr(shape, "is_document_type", False):
            return _document
        members: dict[str, tuple[str, Read]] = {}
        union = getattr(shape, "is_tagged_union", False)

        def read(value: Any, depth: int) -> Any:
            if type(value) is not dict:
                raise wrong(value, "structure")
            if not members:
                for name, member in shape.members.items():
                    wire = name if self._binary else member.serialization.get("name", name)
                    members[wire] = (name, self.of(member))
                    if self._binary and (other := member.serialization.get("name")) is not None:
                        members.setdefault(other, members[wire])
            if depth > DEPTH:
                raise Undecodable("The request is nested too deeply")
            found = {}
            for wire, inner in value.items():
                if inner is not None and (member := members.get(wire)) is not None:
                    found[member[0]] = member[1](inner, depth + 1)
            if union and len(found) > 1:
                raise Undecodable("Expected exactly one member of a union to be set")
            return found

        return read

    def _list(self, shape: Any) -> Read:
        member = self.of(shape.member)

        def read(value: Any, depth: int) -> Any:
            if type(value) is not list:
                raise wrong(value, "list")
            if depth > DEPTH:
                raise Undecodable("The request is nested too deeply")
            return [None if inner is None else member(inner, depth + 1) for inner in value]

        return read

    def _map(self, shape: Any) -> Read:
        key, member = self.of(shape.key), self.of(shape.value)

        def read(value: Any, depth: int) -> Any:
            if type(value) is not dict:
                raise wrong(value, "structure")
            if depth > DEPTH:
                raise Undecodable("The request is nested too deeply")
            return {
                key(name, depth + 1): None if inner is None else member(inner, depth + 1)
                for name, inner in value.items()
            }

        return read


def _document(value: Any, _: int) -> Any:
    return value


def _string(value: Any, _: int) -> str:
    if type(value) is not str:
        raise wrong(value, "a String")
    return value


def _boolean(value: Any, _: int) -> bool:
    if type(value) is not bool:
        raise wrong(value, "a Boolean")
    return value


def _number(value: Any, kind: str, wanted: str) -> int:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise wrong(value, wanted)
    return whole(value, kind)


def _integer(value: Any, _: int) -> int:
    return _number(value, "integer", "an Integer")


def _long(value: Any, _: int) -> int:
    return _number(value, "long", "a Long")


def _float(value: Any, _: int) -> float:
    if type(value) is str and value in _SPECIAL:
        return _SPECIAL[value]
    if type(value) not in (int, float):
        raise wrong(value, "a Double")
    try:
        return float(value)
    except OverflowError:
        raise wrong(value, "a Double") from None


def _timestamp(value: Any, _: int) -> datetime:
    if type(value) not in (int, float, str):
        raise wrong(value, "a Timestamp")
    return moment(value)


def _instant(value: Any, _: int) -> datetime:
    if isinstance(value, datetime):
        return value
    if type(value) not in (int, float):
        raise wrong(value, "a Timestamp")
    return moment(value)


def _base64(value: Any, _: int) -> bytes:
    if type(value) is not str:
        raise wrong(value, "a Blob")
    return unbase64(value)


def _bytes(value: Any, _: int) -> bytes:
    if type(value) is not bytes:
        raise wrong(value, "a Blob")
    return value


class Writer:
    """Writes one service's trees; see ``Reader``."""

    def __init__(self, *, binary: bool) -> None:
        self._binary = binary
        self._made: dict[tuple[str, str], Write] = {}

    def of(self, shape: Any) -> Write:
        """The writer of a shape."""
        kind = shape.type_name
        form = shape.serialization.get("timestampFormat", "") if kind == "timestamp" else ""
        place = (form or shape.name, kind)
        made = self._made.get(place)
        if made is None:
            maker = getattr(self, f"_{kind}", None)
            made = self._made[place] = _same if maker is None else maker(shape)
        return made

    def _structure(self, shape: Any) -> Write:
        if getattr(shape, "is_document_type", False):
            return _same
        members: dict[str, tuple[str, Write]] = {}

        def write(value: Any) -> Any:
            if not members:
                for name, member in shape.members.items():
                    wire = name if self._binary else member.serialization.get("name", name)
                    members[name] = (wire, self.of(member))
            found = {}
            for name, inner in value.items():
                if inner is not None and (member := members.get(name)) is not None:
                    found[member[0]] = member[1](inner)
            return found

        return write

    def _list(self, shape: Any) -> Write:
        member = self.of(shape.member)
        return lambda value: [None if inner is None else member(inner) for inner in value]

    def _map(self, shape: Any) -> Write:
        member = self.of(shape.value)
        return lambda value: {name: None if inner is None else member(inner) for name, inner in value.items()}

    def _timestamp(self, shape: Any) -> Write:
        form = shape.serialization.get("timestampFormat", "unixTimestamp").lower()
        if self._binary or form == "unixtimestamp":
            return (lambda value: CBORTag(1, seconds(value))) if self._binary else seconds
        return lambda value: written(value, form)

    def _blob(self, _: Any) -> Write:
        return raw if self._binary else base64text

    def _float(self, _: Any) -> Write:
        return float if self._binary else _finite

    _double = _float


def _same(value: Any) -> Any:
    return value


def _finite(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
