"""The time zone that moments are shown in: UTC, this machine's own, or one by name."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from msgspec import Struct

__all__ = ["UTC_ZONE", "Zone", "zone"]


class Zone(Struct, frozen=True):
    """How moments are written."""

    info: tzinfo | None = UTC
    """None is the zone of this machine, with its changes over the year."""

    def of(self, moment: datetime) -> datetime:
        """The moment on this zone's clocks."""
        return moment.astimezone(self.info)

    def minute(self, moment: datetime) -> str:
        """``14:02Z``, ``16:02 CEST``."""
        here = self.of(moment)
        return f"{here:%H:%M}Z" if self.info is UTC else f"{here:%H:%M} {_mark(here)}"

    def second(self, moment: datetime) -> str:
        """``14:02:07``, for a column whose zone is said elsewhere."""
        return f"{self.of(moment):%H:%M:%S}"

    def milli(self, moment: datetime) -> str:
        """``14:02:07.123``."""
        here = self.of(moment)
        return f"{here:%H:%M:%S}.{here.microsecond // 1000:03d}"

    def marked(self, moment: datetime, form: str) -> str:
        """A moment in a ``strftime`` form, with the zone's mark behind it: ``14:02:07 UTC``."""
        here = self.of(moment)
        return f"{here.strftime(form)} {_mark(here)}"

    def full(self, moment: datetime) -> str:
        """``2026-11-25 14:02:07 UTC``."""
        return self.marked(moment, "%Y-%m-%d %H:%M:%S")


UTC_ZONE = Zone()


def _mark(here: datetime) -> str:
    """The zone's short name; its distance from UTC where it has none (``+0530``)."""
    name = here.tzname() or ""
    return name if name.isalpha() else here.strftime("%z")


def zone(name: str) -> Zone:
    """The zone a setting names: ``utc``, ``local``, or one of the time zone database.

    Raises:
        ValueError: There is no such zone.
    """
    if name.lower() in ("", "utc"):
        return UTC_ZONE
    if name.lower() == "local":
        return Zone(None)
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return Zone(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name that is a folder of zones
        raise ValueError(f'there is no time zone "{name}"') from None
