"""``LogRate``: how many lines come in, as columns over time, above a log."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.console.present.cells import Cell
from pointsman.console.present.log_rate import Rates, rate_rows
from pointsman.console.present.look import Draw, Look
from pointsman.console.widgets.lines import Lines

__all__ = ["LogRate"]


class LogRate(Lines):
    """The columns and their axis."""

    DEFAULT_CSS = """
    LogRate { height: auto; padding: 0 2; }
    """

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(look, id=id)
        self.rates = Rates()
        self.since = 0
        """From when on, in seconds; 0 is the first line."""
        self.cursor: int | None = None
        """A moment to point at, in seconds."""
        self.rows = 2
        """Rows of the columns, without the axis."""

    def content(self, draw: Draw, width: int) -> Sequence[Cell]:
        """As it stands."""
        return rate_rows(self.rates, draw, width, self.rows, since=self.since, cursor=self.cursor)

    def clear(self) -> None:
        """Forget what was counted."""
        self.rates = Rates()
        self.redraw()
