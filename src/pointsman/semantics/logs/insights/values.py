"""Values of an Insights query: what is a number, what is equal, what comes first, and how each is shown.

A value is a text, a number, a list, a map, or None for what is not there. A time stamp is its milliseconds; which names
hold time stamps is known from the query (``expressions``), so that a million of them need no type of their own.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

Value = Any

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def number(value: Value) -> int | float | None:
    """A value as a number, when it is one or is written like one."""
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or not value or value[-1] not in "0123456789." or "_" in value:
        return None
    try:
        return int(value)
    except ValueError:
        pass
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def text(value: Value) -> str | None:
    """A value as a text; None stays None."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, list | dict):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


def plain(value: Value) -> Value:
    """A JSON value as the language has it: true and false are 1 and 0."""
    return int(value) if isinstance(value, bool) else value


def equal(left: Value, right: Value) -> bool:
    """Whether two values are the same: as numbers when both are, else as texts; what is not there equals nothing."""
    if left is None or right is None:
        return False
    if isinstance(left, str) and isinstance(right, str) and left == right:
        return True
    mine, other = number(left), number(right)
    if mine is not None and other is not None:
        return mine == other
    return text(left) == text(right)


def ordered(symbol: str) -> Callable[[Value, Value], bool]:
    """``<`` and its like: numbers by size, texts by code points; a number never compares with a text."""
    compare = _COMPARE[symbol]

    def ask(left: Value, right: Value) -> bool:
        if left is None or right is None:
            return False
        mine, other = number(left), number(right)
        if mine is not None and other is not None:
            return compare(mine, other)
        if mine is None and other is None:
            return compare(text(left) or "", text(right) or "")
        return False

    return ask


def truth(value: Value) -> bool:
    """Whether a condition's value holds."""
    if isinstance(value, str):
        found = number(value)
        return value.lower() == "true" if found is None else found != 0
    return bool(value)


def sort_key(value: Value) -> tuple[int, Any]:
    """What a value sorts by: what is not there first, then numbers, then texts."""
    if value is None:
        return (0, 0)
    found = number(value)
    return (2, text(value) or "") if found is None else (1, found)


def identity(value: Value) -> str | None:
    """What two values of one group share: what they read as, so that a JSON 1 and a "1" are together."""
    return text(value)


def moment(millis: Value) -> str | None:
    """``2026-01-05 10:00:00.000``; None for what is no time."""
    found = number(millis)
    if found is None:
        return text(millis)
    try:
        when = _EPOCH + timedelta(milliseconds=int(found))
    except OverflowError:
        return text(millis)
    return f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03d}"


def month_start(millis: int, months: int) -> int:
    """The start of the run of months (a quarter, a year) that a time is in."""
    when = _EPOCH + timedelta(milliseconds=millis)
    count = (when.year * 12 + when.month - 1) // months * months
    return _millis(count)


def month_end(millis: int, months: int) -> int:
    """The start of the run of months behind the one a time is in; a start is its own."""
    start = month_start(millis, months)
    if start == millis:
        return millis
    when = _EPOCH + timedelta(milliseconds=start)
    return _millis(when.year * 12 + when.month - 1 + months)


def _millis(count: int) -> int:
    year, month = divmod(count, 12)
    return int(datetime(max(year, 1), month + 1, 1, tzinfo=UTC).timestamp() * 1000)
