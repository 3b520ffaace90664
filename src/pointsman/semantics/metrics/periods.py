"""Periods, how timestamps are aligned to them, and how long a datapoint of which width is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Final

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400

TIERS: Final = ((1, 3 * HOUR), (60, 15 * DAY), (300, 63 * DAY), (3600, 455 * DAY))
"""(width in seconds of a kept datapoint, seconds it is kept at that width); older ones are joined into the next."""

PAST: Final = 14 * DAY
AHEAD: Final = 2 * HOUR
"""How far from now a datapoint's time may lie when it is put, in seconds."""


LONGEST: Final = 2**31 - 1
"""Seconds of a period: what AWS's integer holds."""
WORDS: Final = f"1, 5, 10, 20, 30 or a multiple of 60, and not more than {LONGEST}"
"""What a period is, for a sentence."""


def valid(period: int) -> bool:
    """Whether statistics can be asked for over so many seconds."""
    return period in (1, 5, 10, 20, 30) or (0 < period <= LONGEST and period % MINUTE == 0)


def floor(time: int, period: int, origin: int = 0) -> int:
    """The beginning of the period that a time (seconds since 1970) lies in.

    Args:
        time: Seconds since 1970.
        period: Seconds.
        origin: A time at which a period begins.
    """
    return time - (time - origin) % period


def ceiling(time: int, period: int) -> int:
    """The next beginning of a period, or the time itself when it is one."""
    return -(-time // period) * period


def width(age: float, resolution: int = MINUTE) -> int:
    """The width, in seconds, at which a datapoint of this age is kept; 0 when it is not kept at all.

    Args:
        age: Seconds from its time to now.
        resolution: Its storage resolution, 1 or 60 seconds.
    """
    for width_, kept in TIERS:
        if width_ >= resolution and age <= kept:
            return width_
    return 0


def range_alignment(start: int, period: int, now: int) -> int:
    """To what GetMetricStatistics rounds a start down: a minute, 5 minutes or an hour, by its age, or the period.

    Args:
        start: Seconds since 1970.
        period: Seconds.
        now: Seconds since 1970.
    """
    if period < MINUTE and now - start <= 3 * HOUR:
        return period
    age = now - start
    if age < 15 * DAY:
        return MINUTE
    return 5 * MINUTE if age <= 63 * DAY else HOUR


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970."""
    return int(moment.timestamp() // 1)
