"""What every screen works at: the look, the connection once it stands, and what went wrong so far.

One desk per app. Screens read it; only the app changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from pointsman.clock import Clock
from pointsman.console.command_line import Names
from pointsman.console.connection import Connection, Left, Memory, Views
from pointsman.console.present.glyphs import UNICODE, Glyphs
from pointsman.console.present.header import HeaderFacts
from pointsman.console.present.look import Look
from pointsman.console.present.zones import UTC_ZONE, Zone
from pointsman.console.troubles import Troubles
from pointsman.errors import Fault
from pointsman.model.activity import Deed
from pointsman.model.snapshot import Identity, Snapshot
from pointsman.model.views import PlaceView, Session

__all__ = ["Desk"]


class Desk(Struct):
    """The shared state of one console."""

    clock: Clock
    """The console's own until the world brings one (a demo's clock stands when the demo is paused)."""
    troubles: Troubles
    world: str = "aws"
    glyphs: Glyphs = UNICODE
    zone: Zone = UTC_ZONE
    keys: Mapping[str, str] = field(default_factory=dict)
    """A person's own keys, by a binding's id, as Textual's keymap takes them."""
    protects: Callable[[str], bool] = lambda _: False
    """Whether a profile is one that nobody may mistake for another."""
    connection: Connection | None = None
    fault: Fault | None = None
    """Why there is no connection; every pane shows it."""
    identity: Identity | None = None
    facts: HeaderFacts = field(default_factory=HeaderFacts)
    """What the header says now."""
    names: Names = field(default_factory=Names)
    """What was seen by name, for completion."""
    memory: Memory | None = None
    """Where the board is kept for the next session; None where that is not done."""
    views: Views | None = None
    """Where it is kept how things are looked at; None where that is not done."""
    remembered: Snapshot[Any] | None = None
    """The board as the last session left it, until this one has its own."""
    board: Snapshot[Any] | None = None
    """The newest board of this session: what the next one will begin with."""
    board_came: Callable[[], None] | None = None
    """Told whenever ``board`` is another one, while somebody wants to know."""
    session: Session = field(default_factory=Session)
    """How things are looked at: as the last session left it, and as it has been changed since."""
    unknown: list[Deed] = field(default_factory=list)
    """Writes whose outcome is not known and that nobody has looked at since."""
    followed: set[str] = field(default_factory=set)
    """Deployments from which somebody was taken on to what rolls them back: once is enough."""

    def begin(self, left: Left) -> None:
        """Begin with what the last session left of the place looked at now."""
        self.memory, self.remembered, self.board = left.memory, left.board, None
        self.views, self.session = left.views, left.session

    def took_over(self, snapshot: Snapshot[Any]) -> Snapshot[Any]:
        """What to show of a board that has come: what it has not read yet is as the last session left it."""
        if snapshot.value is not None and snapshot.fault is None and not snapshot.partial:
            self.remembered, self.board = None, snapshot
            if self.board_came is not None:
                self.board_came()
        left = self.remembered
        if left is None:
            return snapshot
        if snapshot.value is None:
            return left if snapshot.fault is None else replace(snapshot, value=left.value, fetched_at=left.fetched_at)
        return replace(left, value=snapshot.value.over(left.value), partial=snapshot.partial)

    def view(self, name: str, view: PlaceView) -> None:
        """Keep how a screen is looked at."""
        self.session = replace(self.session, places={**self.session.places, name: view})

    def keep(self) -> None:
        """Leave the board, and how things are looked at, for the next session."""
        if self.views is not None:
            self.views.keep(self.session)
        if self.memory is not None and self.board is not None and self.identity is not None:
            self.memory.keep(self.board, self.identity.account, self.identity.region)

    def last_board(self) -> Snapshot[Any]:
        """What to show of the board before one has come."""
        if self.remembered is None:
            return Snapshot(fault=self.fault)
        return self.remembered if self.fault is None else replace(self.remembered, fault=self.fault)

    @property
    def look(self) -> Look:
        """What the widgets draw with."""
        return Look(self.now, self.glyphs, self.zone)

    def now(self) -> datetime:
        """The time of the world that is shown."""
        return self.clock.now()
