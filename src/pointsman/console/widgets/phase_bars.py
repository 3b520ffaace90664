"""``PhaseBars``: a build's phases in time."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.console.present.builds import phase_lines
from pointsman.console.present.cells import Cell
from pointsman.console.present.look import Draw
from pointsman.console.widgets.lines import Lines
from pointsman.model.builds import Build


class PhaseBars(Lines):
    """A line per phase, with a bar where it lay in the build's time; as high as it has lines."""

    DEFAULT_CSS = """
    PhaseBars { height: auto; }
    """

    _build: Build | None = None

    def show(self, build: Build | None) -> None:
        """Show this build's phases; None while it is not known."""
        self._build = build
        self.redraw()

    def content(self, draw: Draw, width: int) -> Sequence[Cell]:
        """The phases."""
        return () if self._build is None else phase_lines(self._build, draw, width)
