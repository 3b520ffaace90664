"""Labels of GetMetricData: what stands in place of ``${…}``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from pointsman.semantics.metrics.math_tree import MathError
from pointsman.semantics.metrics.series import Series

MOST: Final = 6
"""Dynamic values in one label."""
_DYNAMIC = re.compile(r"\$\{(?:PROP\('([^']*)'\)|([A-Z_]+))\}")
_ZONE = re.compile(r"([+-])([01]\d|2[0-3])([0-5]\d)")


def zone(text: str) -> timezone:
    """A time zone as ``+0130``.

    Raises:
        MathError: It is not one.
    """
    found = _ZONE.fullmatch(text)
    if found is None:
        raise MathError(f"The time zone {text!r} is not written as +0130 or -0800")
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(offset if found[1] == "+" else -offset)


def dynamic(label: str) -> bool:
    """Whether there is anything to fill in."""
    return _DYNAMIC.search(label) is not None


def fill(label: str, series: Series, now: datetime, at: timezone = UTC) -> str:
    """A label with its values filled in.

    Args:
        label: As given.
        series: Whose label it is; its own label is what ``${LABEL}`` says.
        now: What relative times are told from.
        at: The zone of times.

    Raises:
        MathError: Too many dynamic values.
    """
    if sum(1 for _ in _DYNAMIC.finditer(label)) > MOST:
        raise MathError(f"A label has at most {MOST} dynamic values")

    def value(found: re.Match[str]) -> str:
        if found[1] is not None:
            return series.facts.get(found[1], found[0])
        if found[2] == "LABEL":
            return series.label
        read = _VALUES.get(found[2])
        if read is None:
            return found[0]
        return read(series, now, at) if series.points else "--"

    return _DYNAMIC.sub(value, label)


def _number(value: float) -> str:
    return f"{round(value, 4):g}" if abs(value) < 1e6 else f"{value:,.0f}".replace(",", "")


def _clock(time: int, at: timezone) -> str:
    return f"{datetime.fromtimestamp(time, at):%Y-%m-%d %H:%M:%S UTC}".replace("UTC", _name(at))


def _name(at: timezone) -> str:
    return "UTC" if at.utcoffset(None) == timedelta() else at.tzname(None)


def _relative(time: int, now: datetime) -> str:
    passed = max(0, int(now.timestamp()) - time)
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if passed >= length:
            count = passed // length
            return f"{count} {unit}{'s' if count != 1 else ''} ago"
    return "now"


def _first(series: Series) -> int:
    return next(iter(series.points))


def _last(series: Series) -> int:
    return next(reversed(series.points))


def _least(series: Series) -> int:
    return min(series.points, key=series.points.__getitem__)


def _most(series: Series) -> int:
    return max(series.points, key=series.points.__getitem__)


def _range(first: Callable[[Series], int], last: Callable[[Series], int]) -> dict[str, _Read]:
    return {
        "RANGE": lambda series, _, __: " - ".join(_number(series.points[end(series)]) for end in (first, last)),
        "TIME_RANGE": lambda series, _, at: " - ".join(_clock(end(series), at) for end in (first, last)),
    }


_Read = Callable[[Series, datetime, timezone], str]


def _values() -> dict[str, _Read]:
    made: dict[str, _Read] = {
        "AVG": lambda series, _, __: _number(sum(series.points.values()) / len(series.points)),
        "SUM": lambda series, _, __: _number(sum(series.points.values())),
        "DATAPOINT_COUNT": lambda series, _, __: str(len(series.points)),
    }
    for name, place in (("FIRST", _first), ("LAST", _last), ("MIN", _least), ("MAX", _most)):
        made |= _at(name, place)
    for name, first, last in (("FIRST_LAST", _first, _last), ("MIN_MAX", _least, _most)):
        made |= {f"{name}_{key}": read for key, read in _range(first, last).items()}
    return made


def _at(name: str, place: Callable[[Series], int]) -> dict[str, _Read]:
    return {
        name: lambda series, _, __: _number(series.points[place(series)]),
        f"{name}_TIME": lambda series, _, at: _clock(place(series), at),
        f"{name}_TIME_RELATIVE": lambda series, now, _: _relative(place(series), now),
    }


_VALUES: Final = _values()
