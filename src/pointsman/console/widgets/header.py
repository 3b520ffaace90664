"""``Header``: where you are, as whom, and whether you may write."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.console.present.cells import Cell
from pointsman.console.present.header import HeaderFacts, header_line
from pointsman.console.present.look import Draw
from pointsman.console.widgets.lines import Lines


class Header(Lines):
    """One line at the top of every screen."""

    DEFAULT_CSS = """
    Header { height: 1; dock: top; }
    """

    facts = HeaderFacts()

    def show(self, facts: HeaderFacts) -> None:
        """Show these facts."""
        self.facts = facts
        self.redraw()

    def content(self, draw: Draw, width: int) -> Sequence[Cell]:
        """The line."""
        return (header_line(self.facts, draw, width),)
