"""``LineView``: the base of everything that draws line by line: lists, logs, details, headers.

One widget draws what may be a hundred thousand lines: it renders only those in sight, keeps the strips it has made, and
repaints only the lines that changed. What a line is made of is its descendants' business.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.geometry import Region
from textual.scroll_view import ScrollView

from pointsman.console import toolkit
from pointsman.console.present.glyphs import ASCII
from pointsman.console.present.look import Look
from pointsman.console.widgets.palette import Palette, palette


class LineView(ScrollView, can_focus=False):
    """Draws by line.

    Args:
        look: Glyphs, and the time.
    """

    def __init__(
        self,
        look: Look,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.look = look

    _colours: Palette | None = None

    @property
    def colours(self) -> Palette:
        """What the lines are coloured with; found once and not for every line, until a style changes."""
        if self._colours is None:
            self._colours = palette(self)
        return self._colours

    def forget(self) -> None:
        """Drop the strips that are kept: something they were all made with has changed."""
        raise NotImplementedError

    def notify_style_update(self) -> None:
        """The theme changed: strips carry its colours."""
        super().notify_style_update()
        self._colours = None
        self.forget()

    def plain_bars(self) -> None:
        """Scroll bars of plain characters, where the terminal has no others."""
        if self.look.glyphs is ASCII:
            toolkit.plain_bars(self)

    def repaint_lines(self, lines: Iterable[int]) -> None:
        """Repaint lines of the screen; those that are not in sight are left alone."""
        width, height = self.size
        shown = [Region(0, y, width, 1) for y in lines if 0 <= y < height]
        if shown:
            self.refresh(*shown)
