"""What everything shown depends on besides its data: the time and the marks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct, field

from pointsman.console.present import ages
from pointsman.console.present.glyphs import UNICODE, Glyphs
from pointsman.console.present.zones import UTC_ZONE, Zone


class Draw(Struct):
    """One rendering: the time it shows, and when it would read differently."""

    now: datetime
    glyphs: Glyphs = UNICODE
    due: datetime | None = field(default=None)
    """The first moment at which any text drawn so far changes; None when none ever will."""
    zone: Zone = UTC_ZONE

    def age(self, moment: datetime | None) -> str:
        """How long ago; empty without a moment."""
        if moment is None:
            return ""
        self._note(ages.age_changes(moment, self.now))
        return ages.age(moment, self.now)

    def countdown(self, moment: datetime | None) -> str:
        """How long to go; empty without a moment."""
        if moment is None:
            return ""
        self._note(ages.countdown_changes(moment, self.now))
        return ages.countdown(moment, self.now)

    def lasted(self, started: datetime | None, ended: datetime | None) -> str:
        """How long something took, or, while it lasts, its live age; empty when it has not begun."""
        if started is None:
            return ""
        if ended is None:
            return self.age(started)
        return ages.duration(ended - started)

    def clock(self) -> str:
        """The time of day, to the minute: ``14:02Z``."""
        self._note(ages.next_minute(self.now))
        return self.zone.minute(self.now)

    def _note(self, moment: datetime | None) -> None:
        if moment is not None and (self.due is None or moment < self.due):
            self.due = moment


class Look(Struct, frozen=True):
    """Handed to every widget once."""

    now: Callable[[], datetime]
    """The clock's ``now``."""
    glyphs: Glyphs = UNICODE
    zone: Zone = UTC_ZONE

    def draw(self) -> Draw:
        """Begin a rendering."""
        return Draw(self.now(), self.glyphs, zone=self.zone)
