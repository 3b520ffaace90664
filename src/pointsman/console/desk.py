"""What every screen works at: the look, the connection once it stands, and what went wrong so far.

One desk per app. Screens read it; only the app changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pointsman.clock import Clock
from pointsman.console.command_line import Names
from pointsman.console.connection import Connection
from pointsman.console.present.glyphs import UNICODE, Glyphs
from pointsman.console.present.header import HeaderFacts
from pointsman.console.present.look import Look
from pointsman.console.present.zones import UTC_ZONE, Zone
from pointsman.console.troubles import Troubles
from pointsman.errors import Fault
from pointsman.model.activity import Deed
from pointsman.model.snapshot import Identity

__all__ = ["Desk"]


@dataclass(slots=True)
class Desk:
    """The shared state of one console."""

    clock: Clock
    """The console's own until the world brings one (a demo's clock stands when the demo is paused)."""
    troubles: Troubles
    world: str = "aws"
    glyphs: Glyphs = UNICODE
    zone: Zone = UTC_ZONE
    keys: Mapping[str, str] = field(default_factory=dict)
    """A person's own keys, by a binding's id, as Textual's keymap takes them."""
    connection: Connection | None = None
    fault: Fault | None = None
    """Why there is no connection; every pane shows it."""
    identity: Identity | None = None
    facts: HeaderFacts = field(default_factory=HeaderFacts)
    """What the header says now."""
    names: Names = field(default_factory=Names)
    """What was seen by name, for completion."""
    unknown: list[Deed] = field(default_factory=list)
    """Writes whose outcome is not known and that nobody has looked at since."""

    @property
    def look(self) -> Look:
        """What the widgets draw with."""
        return Look(self.now, self.glyphs, self.zone)

    def now(self) -> datetime:
        """The time of the world that is shown."""
        return self.clock.now()
