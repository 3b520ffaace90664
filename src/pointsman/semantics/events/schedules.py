"""When a rule with a schedule is due: ``rate(5 minutes)`` and ``cron(0 18 ? * MON-FRI *)``, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from msgspec import Struct

from pointsman.semantics import schedule as windows

_RATE = re.compile(r"rate\((\d{1,9}) (minute|minutes|hour|hours|day|days)\)")
_UNITS: Final = {"minute": 60, "hour": 3600, "day": 86400}
_LAST: Final = date(2199, 12, 31)
_LEAP: Final = 8 * 366 + 1
"""Days in which a cron expression that names no year comes round, if it ever does."""


class Rate(Struct, frozen=True):
    """Every so many seconds."""

    seconds: int


class Times(Struct, frozen=True):
    """At the minutes that a cron expression names."""

    cron: windows.Cron
    years: bool
    """Whether it names years."""


Schedule = Rate | Times


def parse(text: str) -> Schedule:
    """Read a schedule expression.

    Raises:
        ValueError: It is none; says why.
    """
    if text.startswith("rate(") and text.endswith(")"):
        return _rate(text)
    if not (text.startswith("cron(") and text.endswith(")")):
        raise ValueError("a schedule is rate(value unit) or cron(fields)")
    fields = text[5:-1].split()
    if len(fields) != 6:
        raise ValueError(f"a cron expression has 6 fields, not {len(fields)}")
    if (fields[2] == "?") == (fields[4] == "?"):
        raise ValueError("one of day-of-month and day-of-week must be ?, and only one")
    if "?" in "".join(fields[at] for at in (0, 1, 3, 5)):
        raise ValueError("only day-of-month and day-of-week may be ?")
    return Times(windows.parse("0 " + " ".join(fields)), fields[5] != "*")


def _rate(text: str) -> Rate:
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError("a rate is a whole number and minute(s), hour(s) or day(s)")
    value, unit = int(found[1]), found[2]
    if value < 1:
        raise ValueError("a rate is at least 1")
    if (value == 1) == unit.endswith("s"):
        raise ValueError(f"with {value} the unit is {unit.rstrip('s')}{'s' if value > 1 else ''}")
    return Rate(value * _UNITS[unit.rstrip("s")])


def following(schedule: Schedule, since: datetime, now: datetime) -> datetime | None:
    """The first time after ``now`` that a schedule is due; None when it never is again.

    Args:
        schedule: Which.
        since: When a rate began: it is due in whole steps from there.
        now: Aware.
    """
    if isinstance(schedule, Rate):
        gone = int((now - since).total_seconds() // schedule.seconds)
        try:
            return since + timedelta(seconds=schedule.seconds * (max(gone, 0) + 1))
        except OverflowError:
            return None
    start = now.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    days = (_LAST - start.date()).days if schedule.years else _LEAP
    return windows.next_opening(schedule.cron, start, UTC, max(days, 0))
