"""Cron expressions as deployment windows have them: six fields and an optional year, in a time zone.

``seconds minutes hours day-of-month month day-of-week [year]``. A window is open in every second the expression
matches. ``?`` stands for no value in one of the two day fields; ``L``, ``W`` and ``#`` are known there. When both day
fields say something, both must match.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from msgspec import Struct

_MONTHS: Final = {name.upper(): at for at, name in enumerate(calendar.month_abbr) if name}
_DAYS: Final = {name: at for at, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_FIELDS: Final[tuple[tuple[str, int, int, dict[str, int]], ...]] = (
    ("seconds", 0, 59, {}),
    ("minutes", 0, 59, {}),
    ("hours", 0, 23, {}),
    ("day-of-month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day-of-week", 1, 7, _DAYS),
    ("year", 1970, 2199, {}),
)

_Day = Callable[[date], bool]


class Cron(Struct, frozen=True):
    """A parsed expression.

    Attributes:
        seconds, minutes, hours, months, years: The values that match, in order.
        days: Whether a day matches both day fields.
    """

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    days: tuple[_Day, ...]

    def on(self, day: date) -> bool:
        """Whether the window opens at all on a day."""
        return day.month in self.months and day.year in self.years and all(match(day) for match in self.days)


def zone(name: str) -> tzinfo:
    """The time zone of a name; UTC when it is empty.

    Raises:
        ValueError: There is no such zone.
    """
    if not name:
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        raise ValueError(f"there is no time zone {name}") from None


def parse(text: str) -> Cron:
    """Read an expression; ``cron(…)`` around it is allowed.

    Raises:
        ValueError: Says which field is wrong, and how.
    """
    bare = text.strip()
    if bare.lower().startswith("cron(") and bare.endswith(")"):
        bare = bare[5:-1]
    fields = bare.split()
    if len(fields) not in (6, 7):
        raise ValueError(f"a cron expression has 6 fields and an optional year, not {len(fields)}")
    fields += ["*"] * (7 - len(fields))
    if fields[3] == fields[5] == "?":
        raise ValueError("only one of day-of-month and day-of-week may be ?")
    numbers = {at: _numbers(fields[at], at) for at in (0, 1, 2, 4, 6)}
    return Cron(
        seconds=tuple(sorted(numbers[0])),
        minutes=tuple(sorted(numbers[1])),
        hours=tuple(sorted(numbers[2])),
        months=frozenset(numbers[4]),
        years=frozenset(numbers[6]),
        days=(_days_of_month(fields[3]), _days_of_week(fields[5])),
    )


def is_open(cron: Cron, now: datetime, where: tzinfo) -> bool:
    """Whether a window is open at a moment."""
    local = now.astimezone(where)
    matches = local.second in cron.seconds and local.minute in cron.minutes and local.hour in cron.hours
    return matches and cron.on(local.date())


def next_opening(cron: Cron, now: datetime, where: tzinfo, days: int = 366) -> datetime | None:
    """The first second from ``now`` on in which the window is open, in UTC; None when there is none in so many days."""
    start = now if not now.microsecond else now.replace(microsecond=0) + timedelta(seconds=1)
    first = start.astimezone(where).date()
    for ahead in range(days + 1):
        day = first + timedelta(days=ahead)
        if cron.on(day) and (found := _on_day(cron, day, start, where)) is not None:
            return found
    return None


def _on_day(cron: Cron, day: date, start: datetime, where: tzinfo) -> datetime | None:
    """The first matching second of a day that is not before ``start``; hours a clock change leaves out do not match."""
    for hour in cron.hours:
        # An hour that comes twice, when clocks are set back, is open both times.
        for fold in (0, 1):
            if datetime.combine(day, time(hour, 59, 59, fold=fold), where).astimezone(UTC) < start:
                continue
            for minute in cron.minutes:
                for second in cron.seconds:
                    found = datetime.combine(day, time(hour, minute, second, fold=fold), where).astimezone(UTC)
                    if found >= start and is_open(cron, found, where):
                        return found
    return None


def _numbers(text: str, at: int) -> set[int]:
    """The values of a field that lists, ranges and steps can say."""
    label, least, most, names = _FIELDS[at]
    found: set[int] = set()
    for part in text.split(","):
        bounds, slash, step_text = part.partition("/")
        step = _number(step_text, label, 1, most, {}) if slash else 1
        if bounds == "*":
            low, high = least, most
        elif "-" in bounds:
            low_text, _, high_text = bounds.partition("-")
            low, high = _number(low_text, label, least, most, names), _number(high_text, label, least, most, names)
        else:
            low = _number(bounds, label, least, most, names)
            high = most if slash else low
        if low <= high:
            found.update(range(low, high + 1, step))
        else:  # MON-FRI may be turned round: FRI-MON goes over the end of the week
            found.update(range(low, most + 1, step))
            found.update(range(least, high + 1, step))
    return found


def _number(text: str, label: str, least: int, most: int, names: dict[str, int]) -> int:
    value = names.get(text.upper())
    if value is None and text.isascii() and text.isdecimal() and len(text) < 5:
        value = int(text)
    if value is None or not least <= value <= most:
        raise ValueError(f"{text!r} is no value for {label}: {least} to {most}")
    return value


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _every(_: date) -> bool:
    return True


def _days_of_month(text: str) -> _Day:
    if text in ("*", "?"):
        return _every
    upper = text.upper()
    if upper == "L":
        return lambda day: day.day == _length(day)
    if upper == "LW":
        return lambda day: day.day == _nearest_weekday(day, _length(day))
    if upper.startswith("L-"):
        back = _number(upper[2:], "day-of-month", 1, 30, {})
        return lambda day: day.day == _length(day) - back
    if upper.endswith("W"):
        wanted = _number(upper[:-1], "day-of-month", 1, 31, {})
        return lambda day: wanted <= _length(day) and day.day == _nearest_weekday(day, wanted)
    numbers = _numbers(text, 3)
    return lambda day: day.day in numbers


def _nearest_weekday(day: date, wanted: int) -> int:
    """The weekday nearest to a day of the month, within the month."""
    weekday = date(day.year, day.month, wanted).weekday()
    if weekday == 5:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 6:
        return wanted + 1 if wanted < _length(day) else wanted - 2
    return wanted


def _days_of_week(text: str) -> _Day:
    if text in ("*", "?"):
        return _every
    upper = text.upper()
    if upper == "L":
        return lambda day: _weekday(day) == 7
    if "#" in upper:
        name, _, which = upper.partition("#")
        wanted, nth = _number(name, "day-of-week", 1, 7, _DAYS), _number(which, "day-of-week", 1, 5, {})
        return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == nth
    if upper.endswith("L"):
        last = _number(upper[:-1], "day-of-week", 1, 7, _DAYS)
        return lambda day: _weekday(day) == last and day.day + 7 > _length(day)
    numbers = _numbers(text, 5)
    return lambda day: _weekday(day) in numbers


def _weekday(day: date) -> int:
    """1 is Sunday, as in cron."""
    return day.isoweekday() % 7 + 1
