"""Cells as lines: the base of every small widget, and ``CellLines`` for descriptions and details.

A rendering is compared line by line with the one before; only lines that changed are painted again. Live ages wake the
widget at the moment a shown text changes, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.binding import Binding
from textual.geometry import Size
from textual.strip import Strip

from pointsman.console import toolkit
from pointsman.console.present.cells import Cell, plain
from pointsman.console.present.look import Draw, Look
from pointsman.console.widgets.ink import strip_of
from pointsman.console.widgets.line_view import LineView

Content = Callable[[Draw, int], Sequence[Cell]]
"""(drawing, width) -> the lines."""


class Lines(LineView):
    """A line widget whose content is a list of cells.

    Subclasses give ``content``; they call ``redraw`` whenever what it depends on has changed.
    """

    DEFAULT_CSS = """
    Lines {
        overflow-x: hidden;
        overflow-y: hidden;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(
        self,
        look: Look,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(look, name=name, id=id, classes=classes)
        self._cells: list[Cell] = []
        self._strips: dict[int, Strip] = {}
        self._fitted = Size(0, 0)
        """The size the lines were last rendered for."""

    def content(self, draw: Draw, width: int) -> Sequence[Cell]:
        """The lines to show in ``width`` cells. Pure."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Render again, and repaint the lines that differ."""
        if not self.is_attached or self.size.width <= 0:
            return
        draw = self.look.draw()
        lines = list(self.content(draw, self.size.width))
        old, self._cells = self._cells, lines
        changed = [
            y for y in range(max(len(old), len(lines))) if y >= len(old) or y >= len(lines) or old[y] != lines[y]
        ]
        for y in changed:
            self._strips.pop(y, None)
        if len(old) != len(lines):
            self._resized(len(lines))
        self._repaint(changed)
        toolkit.ages(self, self.look.now).wake(self, draw.due, self.redraw)

    def _fit(self) -> None:
        """Render for the size there is.

        The first frame in another size is drawn before its Resize event is handled; it must not show the old lines.
        """
        if self.size == self._fitted:
            return
        if self.size.width != self._fitted.width:
            self._strips.clear()
        self._fitted = self.size
        if self.is_attached and self.size.width > 0:
            old, self._cells = self._cells, list(self.content(self.look.draw(), self.size.width))
            if old != self._cells:
                self._strips.clear()

    def _resized(self, count: int) -> None:
        size = Size(self.size.width, count)
        if self.styles.height is not None and self.styles.height.is_auto:
            self.virtual_size = size
            self.refresh(layout=True)
        else:
            toolkit.resize_content(self, size)

    def _repaint(self, changed: Sequence[int]) -> None:
        top = self.scroll_offset.y
        self.repaint_lines(y - top for y in changed)

    def on_mount(self) -> None:
        """First rendering, once the size is known."""
        self.plain_bars()
        self.call_after_refresh(self.redraw)

    def on_resize(self) -> None:
        """Another width is another rendering."""
        self._fit()
        self.redraw()
        if self.virtual_size.height != len(self._cells):
            self._resized(len(self._cells))

    def forget(self) -> None:
        """Drop the strips of every line."""
        self._strips.clear()

    def decorate(self, y: int, line: Cell) -> Cell:  # noqa: ARG002
        """A last change to a line before it is drawn: a selection, say."""
        return line

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        self._fit()
        width = self.size.width
        index = y + self.scroll_offset.y
        colours = self.colours
        if index >= len(self._cells):
            return Strip.blank(width, colours.base)
        strip = self._strips.get(index)
        if strip is None or strip.cell_length != width:
            line = self.decorate(index, self._cells[index])
            strip = self._strips[index] = strip_of(line, width, colours, glyphs=self.look.glyphs)
        return strip

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many lines as there are."""
        if not self._cells and width > 0:
            self._cells = list(self.content(self.look.draw(), width))
        return max(1, len(self._cells))

    @property
    def lines(self) -> Sequence[Cell]:
        """All lines, as they were last rendered."""
        return self._cells

    def text(self) -> str:
        """All lines as plain text."""
        return "\n".join(plain(line).rstrip() for line in self._cells)


class CellLines(Lines, can_focus=True):
    """Any cells as lines, scrolled with the usual keys."""

    DEFAULT_CSS = """
    CellLines {
        overflow-y: auto;
        height: 1fr;
    }
    """
    BINDINGS = [
        Binding("down,j", "by(1)", "Down", show=False, id="down"),
        Binding("up,k", "by(-1)", "Up", show=False, id="up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="page-up"),
        Binding("g,home", "edge(0)", "Top", show=False, id="first"),
        Binding("G,end", "edge(1)", "Bottom", show=False, id="last"),
    ]

    def __init__(
        self,
        look: Look,
        content: Content | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(look, name=name, id=id, classes=classes)
        self._content: Content = content or (lambda _draw, _width: ())

    def show(self, content: Content) -> None:
        """Show what ``content`` gives, now and whenever an age in it changes."""
        self._content = content
        self.redraw()

    def content(self, draw: Draw, width: int) -> Sequence[Cell]:
        """What was given."""
        return self._content(draw, width)

    def action_by(self, lines: int) -> None:
        """Scroll by lines."""
        toolkit.jump_to(self, y=self.scroll_offset.y + lines)

    def action_page(self, pages: int) -> None:
        """Scroll by pages."""
        toolkit.jump_to(self, y=self.scroll_offset.y + pages * max(1, self.size.height - 1))

    def action_edge(self, edge: int) -> None:
        """Scroll to the first or the last line."""
        toolkit.jump_to(self, y=self.max_scroll_y if edge else 0)
