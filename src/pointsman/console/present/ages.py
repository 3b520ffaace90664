"""How long ago, how long to go, how long it took; and when each of those texts changes next.

A live age steps at 2, 5, 10 and 30 seconds, then minutes, hours, days, so that a screen at rest repaints nothing.
Seconds show only in a countdown's last minute.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

_STEPS = (2, 5, 10, 30)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def age(moment: datetime, now: datetime) -> str:
    """How long ago ``moment`` was: ``now``, ``2s``, ``30s``, ``4m``, ``22h``, ``3d``. A moment to come is ``now``."""
    seconds = (now - moment).total_seconds()
    if seconds < _STEPS[0]:
        return "now"
    if seconds < _MINUTE:
        return f"{max(step for step in _STEPS if step <= seconds)}s"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)}m"
    if seconds < _DAY:
        return f"{int(seconds // _HOUR)}h"
    return f"{int(seconds // _DAY)}d"


def age_changes(moment: datetime, now: datetime) -> datetime:
    """The first time after ``now`` at which ``age(moment, …)`` reads differently."""
    seconds = (now - moment).total_seconds()
    for step in (*_STEPS, _MINUTE):
        if seconds < step:
            return moment + timedelta(seconds=step)
    for unit, end in ((_MINUTE, _HOUR), (_HOUR, _DAY)):
        if seconds < end:
            return moment + timedelta(seconds=(seconds // unit + 1) * unit)
    return moment + timedelta(seconds=(seconds // _DAY + 1) * _DAY)


def age_stepped(moment: datetime, now: datetime) -> datetime:
    """The moment at which ``age(moment, now)`` came to read as it does: ``moment`` plus the age shown."""
    seconds = max(0.0, (now - moment).total_seconds())
    if seconds < _MINUTE:
        shown = max((step for step in _STEPS if step <= seconds), default=0)
    else:
        unit = _MINUTE if seconds < _HOUR else _HOUR if seconds < _DAY else _DAY
        shown = int(seconds // unit) * unit
    return moment + timedelta(seconds=shown)


def countdown(moment: datetime, now: datetime) -> str:
    """How long until ``moment``: ``6d``, ``5h``, ``38m``, ``42s``; ``0s`` once it has come."""
    seconds = max(0.0, (moment - now).total_seconds())
    if seconds >= _DAY:
        return f"{int(seconds // _DAY)}d"
    if seconds >= _HOUR:
        return f"{int(seconds // _HOUR)}h"
    if seconds >= _MINUTE:
        return f"{int(seconds // _MINUTE)}m"
    return f"{math.ceil(seconds)}s"


def countdown_changes(moment: datetime, now: datetime) -> datetime | None:
    """The first time after ``now`` at which ``countdown(moment, …)`` reads differently; None when it never will.

    The time lies just past the step, so that waking at it finds the text changed.
    """
    left = (moment - now).total_seconds()
    if left <= 0:
        return None
    just_past = timedelta(microseconds=1)
    for unit in (_DAY, _HOUR, _MINUTE):
        if left >= unit:
            return moment - timedelta(seconds=left // unit * unit) + just_past
    return moment - timedelta(seconds=math.ceil(left) - 1)


def duration(span: timedelta) -> str:
    """How long something took: ``0s``, ``41s``, ``4m12s``, ``1h03m``, ``2d04h``."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m{seconds % _MINUTE:02d}s"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h{seconds % _HOUR // _MINUTE:02d}m"
    return f"{seconds // _DAY}d{seconds % _DAY // _HOUR:02d}h"


def difference(before: timedelta | None, after: timedelta | None) -> str:
    """How much longer or shorter: ``+12s``; empty when it is the same to the second, or not known."""
    if before is None or after is None or int(before.total_seconds()) == int(after.total_seconds()):
        return ""
    return f"+{duration(after - before)}" if after > before else f"-{duration(before - after)}"


def next_minute(now: datetime) -> datetime:
    """The next full minute."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
