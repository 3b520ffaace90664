"""The functions of the language: values in, a value out. ``expressions`` deals with those that know the row."""

from __future__ import annotations

import ipaddress
import json
import math
from collections.abc import Callable
from typing import Any, Final

import msgspec

from pointsman.semantics.logs.insights.values import Value, number, plain, text

_DECODE = msgspec.json.Decoder().decode


def _numeric(function: Callable[[Any], Any]) -> Callable[[Value], Value]:
    def ask(value: Value) -> Value:
        found = number(value)
        return None if found is None else tamed(lambda: function(found))

    return ask


def tamed(compute: Callable[[], Any]) -> Value:
    """A computation's result; None when it has none."""
    try:
        found = compute()
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    if isinstance(found, complex) or (isinstance(found, float) and not math.isfinite(found)):
        return None
    return found


def _textual(function: Callable[..., Any]) -> Callable[..., Value]:
    def ask(*values: Value) -> Value:
        texts = [text(value) for value in values]
        return None if None in texts else function(*texts)

    return ask


def _trimmed(method: Callable[..., str]) -> Callable[..., Value]:
    return _textual(lambda value, *letters: method(value, *letters))


def _substr(value: Value, start: Value, length: Value = None) -> Value:
    found, first = text(value), number(start)
    if found is None or first is None:
        return None
    begin = max(int(first), 0)
    count = number(length)
    return found[begin:] if count is None else found[begin : begin + max(int(count), 0)]


def _extreme(last: bool) -> Callable[..., Value]:
    def ask(*values: Value) -> Value:
        found = [one for one in map(number, values) if one is not None]
        return (max(found) if last else min(found)) if found else None

    return ask


def _address(value: Value, version: int | None = None) -> Any:
    try:
        found = ipaddress.ip_address(text(value) or "")
    except ValueError:
        return None
    return found if version in (None, found.version) else None


def _valid(version: int | None = None) -> Callable[[Value], Value]:
    return lambda value: int(_address(value, version) is not None)


def _inside(version: int | None = None) -> Callable[[Value, Value], Value]:
    def ask(value: Value, subnet: Value) -> Value:
        found = _address(value, version)
        try:
            network = ipaddress.ip_network(text(subnet) or "", strict=False)
        except ValueError:
            return 0
        return int(found is not None and found.version == network.version and found in network)

    return ask


def _json_parse(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    try:
        return plain(_DECODE(value))
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None


def _json_stringify(value: Value) -> Value:
    return None if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def power(base: Any, exponent: Any) -> Any:
    """``base ^ exponent``, of bounded size."""
    if isinstance(base, int) and isinstance(exponent, int) and abs(exponent) > 64:
        return float(base) ** exponent
    return base**exponent


def first_present(*values: Value) -> Value:
    """What ``coalesce`` gives."""
    return next((value for value in values if value is not None), None)


PLAIN: Final[dict[str, Callable[..., Value]]] = {
    "abs": _numeric(abs),
    "ceil": _numeric(math.ceil),
    "floor": _numeric(math.floor),
    "log": _numeric(math.log),
    "sqrt": _numeric(math.sqrt),
    "greatest": _extreme(last=True),
    "least": _extreme(last=False),
    "coalesce": first_present,
    "ispresent": lambda value: int(value is not None),
    "jsonparse": _json_parse,
    "jsonstringify": _json_stringify,
    "isempty": lambda value: int(not text(value)),
    "isblank": lambda value: int(not (text(value) or "").strip()),
    "concat": lambda *values: "".join(text(value) or "" for value in values),
    "trim": _trimmed(str.strip),
    "ltrim": _trimmed(str.lstrip),
    "rtrim": _trimmed(str.rstrip),
    "strlen": _textual(len),
    "toupper": _textual(str.upper),
    "tolower": _textual(str.lower),
    "substr": _substr,
    "replace": _textual(lambda value, old, new: value.replace(old, new) if old else value),
    "strcontains": lambda value, searched: int((text(searched) or "") in (text(value) or "")),
    "frommillis": number,
    "tomillis": number,
    "isvalidip": _valid(),
    "isvalidipv4": _valid(4),
    "isvalidipv6": _valid(6),
    "isipinsubnet": _inside(),
    "isipv4insubnet": _inside(4),
    "isipv6insubnet": _inside(6),
}
"""Functions of their arguments alone, by name in lower case."""
