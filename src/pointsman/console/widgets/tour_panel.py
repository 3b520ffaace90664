"""``TourPanel``: two lines over the footer that say what a tour asks for next."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget

from pointsman.console.present.cells import Cell
from pointsman.console.present.look import Draw, Look
from pointsman.console.present.tour import Stop, tour_lines
from pointsman.console.widgets.lines import Lines

_TOASTS = "ToastRack"
_HEIGHT = 2


class TourPanel(Lines):
    """Takes no focus and no key.

    Args:
        look: What it draws with.
        shown: What to say.
        leave: The key that leaves the tour, as it is written.
    """

    DEFAULT_CSS = """
    TourPanel { height: 2; background: $surface; }
    """

    def __init__(self, look: Look, shown: Stop, leave: str) -> None:
        super().__init__(look)
        self._shown = shown
        self._leave = leave
        self._toasts: list[Widget] = []

    def on_mount(self) -> None:
        """Messages that come and go appear above these lines, not over them."""
        self._toasts = list(self.screen.query(_TOASTS))
        for rack in self._toasts:
            rack.styles.margin = (0, 0, 1 + _HEIGHT, 0)

    def on_unmount(self) -> None:
        """And where they were, without these lines."""
        for rack in self._toasts:
            rack.styles.clear_rule("margin")

    def show(self, shown: Stop) -> None:
        """Say something else."""
        self._shown = shown
        self.redraw()

    def content(self, draw: Draw, width: int) -> Sequence[Cell]:  # noqa: ARG002
        """The two lines."""
        return tour_lines(self._shown, self._leave, width)
