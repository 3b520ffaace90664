"""``StageStrip``: a pipeline in one line."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.console.present.cells import Cell
from pointsman.console.present.look import Draw
from pointsman.console.present.pipelines import strip
from pointsman.console.widgets.lines import Lines
from pointsman.model.pipelines import PipelineState


class StageStrip(Lines):
    """The stages of a pipeline joined by their transitions."""

    DEFAULT_CSS = """
    StageStrip { height: 1; }
    """

    _state: PipelineState | None = None

    def show(self, state: PipelineState | None) -> None:
        """Show this pipeline; None while it is not known."""
        self._state = state
        self.redraw()

    def content(self, draw: Draw, width: int) -> Sequence[Cell]:
        """The strip."""
        return () if self._state is None else (strip(self._state, draw, width),)
