"""An alarm that fires while nobody looks at it: the terminal's bell, a toast, and the terminal's title.

Both are off until the configuration asks for them; then the alarms are read whichever screen shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import App

from pointsman.console import toolkit
from pointsman.console.desk import Desk
from pointsman.console.present.text import clean, for_terminal
from pointsman.model.alarms import AlarmList, heard, newly
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Subscription

__all__ = ["Alerting", "title_of"]

KEEP, RESTORE = "\x1b[22;2t", "\x1b]2;\x07\x1b[23;2t"
"""Have the terminal keep its title, and bring it back; empty before that, where a terminal keeps none."""
LONGEST = 100
"""Characters of a title."""
NAMED = 3
"""Alarms that a toast names at most."""


def title_of(found: AlarmList | None, where: str, *, ascii_only: bool) -> str:
    """What the title says: how many alarms are in ALARM, the worst of them, and where one is.

    Args:
        found: The alarms; None when they are not known.
        where: The profile, or the world.
        ascii_only: Whether the terminal has nothing but ASCII.
    """
    firing = heard(found) if found is not None else ()
    here = f"pointsman {where}".rstrip()
    said = f"{len(firing)} in ALARM: {firing[0].ref.name} - {here}" if firing else here
    return for_terminal(clean(said), ascii_only=ascii_only)[:LONGEST]


class Alerting:
    """Hears of alarms for a console.

    Args:
        app: The console.
        desk: The connection.
        bell: Ring when one fires.
        title: Say in the title how many fire.
    """

    def __init__(self, app: App[Any], desk: Desk, *, bell: bool, title: bool) -> None:
        self._app = app
        self._desk = desk
        self._bell = bell
        self._title = title
        self._subscription: Subscription[AlarmList] | None = None
        self._serial = 0
        self._last: AlarmList | None = None
        """The last whole list of this connection."""
        self._kept = False
        """Whether the terminal keeps the title that was there."""
        self._said = ""
        self._watching = False
        """Whether it hears that the terminal is given away."""

    def connected(self) -> None:
        """Listen; what is in ALARM already is not new."""
        self.disconnected()
        connection = self._desk.connection
        if connection is None or not (self._bell or self._title):
            return
        if self._title and not self._watching:
            # The title goes back whenever the terminal is given away.
            self._watching = True
            self._app.app_suspend_signal.subscribe(self._app, lambda _: self._give_back(), immediate=True)
            self._app.app_resume_signal.subscribe(self._app, lambda _: self._say(), immediate=True)
        serial = self._serial

        def listen(snapshot: Snapshot[AlarmList]) -> None:
            # A feed speaks outside the app's context, in which alone a toast can be shown.
            self._app.call_later(self._hear, serial, snapshot)

        self._subscription = connection.services.feeds.subscribe(connection.services.alarms.listing(), listen)
        self._say()

    def disconnected(self) -> None:
        """Listen to nothing, and know nothing."""
        if self._subscription is not None:
            self._subscription.release()
        self._subscription, self._last = None, None
        self._serial += 1

    def end(self) -> None:
        """The console ends: the title is the one that was there."""
        self.disconnected()
        self._give_back()

    def _hear(self, serial: int, snapshot: Snapshot[AlarmList]) -> None:
        found = snapshot.value
        if serial != self._serial or found is None or found.more:
            return  # of another connection, or on its way
        fired, self._last = newly(self._last, found), found
        if fired and self._bell:
            self._app.bell()
            names = ", ".join(one.ref.name for one in fired[:NAMED])
            more = f" and {len(fired) - NAMED} more" if len(fired) > NAMED else ""
            self._app.notify(f"in ALARM now: {names}{more}", markup=False, severity="warning", timeout=10)
        self._say()

    # --- the title

    def _say(self) -> None:
        if not self._title or not self._app.is_running:
            return
        connection = self._desk.connection
        profile = connection.services.cloud.profile if connection is not None else ""
        where = profile or (self._desk.world if self._desk.world != "aws" else "")
        said = title_of(self._last, where, ascii_only=self._app.has_class("ascii"))
        if said != self._said:
            keep = "" if self._kept else KEEP
            self._kept, self._said = True, said
            toolkit.write(self._app, f"{keep}\x1b]2;{said}\x07")

    def _give_back(self) -> None:
        if self._kept:
            self._kept, self._said = False, ""
            toolkit.write(self._app, RESTORE)
