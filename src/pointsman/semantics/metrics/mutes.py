"""When an alarm mute rule mutes: a cron expression of five fields, or one time, and for how long."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from msgspec import Struct

from pointsman.semantics import schedule
from pointsman.semantics.schedule import Cron

LEAST = timedelta(minutes=1)
MOST = timedelta(days=15)
_DURATION = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?)?")
_CRON = re.compile(r"cron\(([0-9A-Za-z*,\- ]{1,250})\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d)\)")


class Mute(Struct, frozen=True):
    """A schedule as read."""

    duration: timedelta
    where: tzinfo
    cron: Cron | None = None
    once: datetime | None = None
    """In UTC."""

    def until(self, now: datetime) -> datetime | None:
        """When the window that is open ends; None when none is.

        Windows that overlap are looked at one by one: at the end of one another may be open.
        """
        start = self.once
        if self.cron is not None:
            earliest = now - self.duration + timedelta(seconds=1)
            start = schedule.next_opening(self.cron, earliest, self.where, days=self.duration.days + 2)
        if start is None or not start <= now < start + self.duration:
            return None
        return start + self.duration


def read(expression: str, duration: str, timezone: str = "") -> Mute:
    """A mute rule's schedule.

    Args:
        expression: ``cron(0 2 * * SUN)`` or ``at(2026-05-10T14:00)``.
        duration: ``PT4H``, ``P2DT12H``: a minute to 15 days.
        timezone: ``Europe/London``; UTC when it is empty.

    Raises:
        ValueError: Says what is wrong.
    """
    where = schedule.zone(timezone)
    length = _length(duration)
    if once := _AT.fullmatch(expression):
        local = datetime.fromisoformat(once[1]).replace(tzinfo=where)
        return Mute(length, where, once=local.astimezone(UTC))
    found = _CRON.fullmatch(expression)
    if found is None:
        raise ValueError("a schedule is cron(minutes hours day-of-month month day-of-week) or at(yyyy-MM-ddThh:mm)")
    fields = found[1].split()
    if len(fields) != 5:
        raise ValueError(f"a cron expression of a mute rule has 5 fields, not {len(fields)}")
    if any(letter.isdigit() for letter in fields[4]):
        raise ValueError("the days of the week are named: SUN to SAT")
    return Mute(length, where, cron=schedule.parse(" ".join(["0", *fields])))


def _length(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    parts = [int(part) if part else 0 for part in found.groups()] if found else [0, 0, 0]
    length = timedelta(days=parts[0], hours=parts[1], minutes=parts[2])
    if not LEAST <= length <= MOST:
        raise ValueError(f"a duration is written as P2DT12H, from a minute (PT1M) to 15 days (P15D), not {text!r}")
    return length
