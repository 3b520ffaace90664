"""``Waterfall``: the spans of a trace as a tree beside their bars; ten thousand cost what those in sight do.

The minimap and the ruler stay at the top. Lines are kept as strips; they are dropped when the window of time, what is
folded, what is searched for, or the width changes.
"""

from __future__ import annotations

from collections.abc import Hashable

from msgspec.structs import replace
from textual.binding import Binding
from textual.cache import LRUCache
from textual.geometry import Size
from textual.strip import Strip

from pointsman.console.present import waterfall as drawing
from pointsman.console.present.cells import Cell, fit
from pointsman.console.present.faults import freshness_lines
from pointsman.console.present.look import Look
from pointsman.console.present.text import cells
from pointsman.console.present.waterfall import Layout, Window
from pointsman.console.widgets.ink import restyle, strip_of
from pointsman.console.widgets.span_cursor import SpanCursor
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.snapshot import Snapshot

_ZOOM = 0.5
_PAN = 0.25


class Waterfall(SpanCursor):
    """The spans of a trace."""

    DEFAULT_CSS = """
    Waterfall {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    """
    BINDINGS = [
        Binding("plus", "zoom(1)", "Zoom in", key_display="+", show=False, id="zoom-in"),
        Binding("underscore", "zoom(-1)", "Zoom out", key_display="_", show=False, id="zoom-out"),
        Binding("equals_sign", "whole", "The whole time", key_display="=", show=False, id="zoom-fit"),
        Binding("full_stop", "to_span", "Zoom to the span", key_display=".", show=False, id="zoom-span"),
        Binding("shift+left,H", "pan(-1)", "Earlier", show=False, id="pan-left"),
        Binding("shift+right,L", "pan(1)", "Later", show=False, id="pan-right"),
    ]

    HEAD = 2
    """Minimap and ruler."""

    def __init__(
        self,
        look: Look,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(look, name=name, id=id, classes=classes)
        self._snapshot: Snapshot[OpenedTrace] = Snapshot()
        self._window = Window(0.0, 1.0)
        self._whole = self._window
        self._shares: Layout = drawing.layout(80)
        self._fitted = Size(0, 0)
        self._strips: LRUCache[Hashable, Strip] = LRUCache(1024)

    # --- what the outside asks and tells -------------------------------------------------------------------------

    @property
    def window(self) -> Window:
        """The time that is shown."""
        return self._window

    @property
    def zoomed(self) -> bool:
        """Whether only a part of the time is shown."""
        return self._window != self._whole

    def show(self, snapshot: Snapshot[OpenedTrace]) -> None:
        """Show a trace; another reading of the one that shows keeps cursor, folds and window."""
        self._snapshot = snapshot
        opened = snapshot.value
        if opened is self._opened:
            if opened is None:
                self.forget()
                self.refresh()
            return
        before, place, zoomed = self._opened, self.place, self.zoomed
        self._lines.take(opened)
        if opened is not None:
            self._whole = drawing.whole(opened.trace)
            if before is None or before.ref != opened.ref:
                self._window, self._cursor = self._whole, 0
            else:
                self._window = self._window.kept(self._whole) if zoomed else self._whole
                self._carry_over(before, place, opened)
        self._changed()

    def _fit(self) -> None:
        """Draw for the size there is: the first frame in another one comes before its Resize event."""
        if self.size == self._fitted:
            return
        scrolls = 0 < self.size.height < self._content_size().height
        shares = drawing.layout(max(20, self.size.width - scrolls))
        if shares != self._shares or self.size.width != self._fitted.width:
            self._shares = shares
            self.forget()
        self._fitted = self.size

    def forget(self) -> None:
        """Drop every line that is kept."""
        self._strips.clear()
        self._fitted = Size(0, 0)

    # --- rendering -----------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        self._fit()
        width, colours, glyphs = self.size.width, self.colours, self.look.glyphs
        opened = self._opened
        if opened is None or not self._rows:
            lines = freshness_lines(self._snapshot, self.look.draw(), "trace", max(10, width - 2))
            if 1 <= y <= len(lines):
                return strip_of(((" " * 2, ""), *lines[y - 1]), width, colours, glyphs=glyphs)
            return Strip.blank(width, colours.base)
        if y < self.HEAD:
            key: Hashable = ("head", y)
        else:
            index = y - self.HEAD + self.scroll_offset.y
            if index >= len(self._rows):
                return Strip.blank(width, colours.base)
            selected = index == self._cursor
            key = (self._rows[index], selected, selected and self.has_focus)
        strip = self._strips.get(key)
        if strip is None:
            content = self._head(opened, y) if y < self.HEAD else self._span(opened, index, selected=selected)
            strip = self._strips[key] = strip_of(content, width, colours, glyphs=glyphs)
        return strip

    def _head(self, opened: OpenedTrace, y: int) -> Cell:
        shares, glyphs = self._shares, self.look.glyphs
        if y == 0:
            return ((" ", ""), *drawing.minimap(opened, self._whole, self._window, shares.width - 1, glyphs))
        times = drawing.ruler(self._window, self._whole.start, shares.bar)
        own = ((f"{'Self':>6} ", "header"),) if shares.own else ()
        return ((" ", ""), *fit((("Span", "header"),), shares.name + 4), ("  Took ", "header"), *own, (times, "dim"))

    def _span(self, opened: OpenedTrace, index: int, *, selected: bool) -> Cell:
        place, draw = self._rows[index], self.look.draw()
        content = drawing.line(
            opened,
            place,
            self._shares,
            self._window,
            draw,
            folded=place in self._lines.folded,
            matched=place in self._lines.matched,
        )
        if selected:
            # The bar keeps its colours: only what is said of the span is reversed.
            split = self._shares.left - 1
            taken, said = 0, []
            for piece in content:
                said.append(
                    piece if taken >= split else restyle((piece,), "selected" if self.has_focus else "strong")[0]
                )
                taken += cells(piece[0])
            content = tuple(said)
        return ((draw.glyphs.cursor if selected else " ", "cursor"), *content)

    # --- time ----------------------------------------------------------------------------------------------------

    def _look_at(self, window: Window) -> None:
        if window != self._window:
            self._window = window
            self.forget()
            self.refresh()

    def action_zoom(self, way: int) -> None:
        """Half or twice the time, around the middle of the span as far as it shows."""
        if self._opened is None or (place := self.place) is None:
            return
        span, window = self._opened.trace.spans[place], self._window
        since = max(span.start, window.start)
        until = min(span.end if span.end is not None else window.end, window.end)
        around = (since + until) / 2 if since <= until else window.start + window.length / 2
        self._look_at(window.zoomed(_ZOOM if way > 0 else 1 / _ZOOM, around, self._whole))

    def action_whole(self) -> None:
        """All of the time."""
        self._look_at(self._whole)

    def action_to_span(self) -> None:
        """The time of the span, with a little on both sides."""
        if self._opened is None or (place := self.place) is None:
            return
        span = self._opened.trace.spans[place]
        length = max(drawing.SHORTEST, (span.end if span.end is not None else self._whole.end) - span.start)
        self._look_at(replace(self._window, start=span.start - length / 20, length=length * 1.1).kept(self._whole))

    def action_pan(self, way: int) -> None:
        """Earlier or later."""
        if self._opened is not None:
            self._look_at(self._window.panned(way * _PAN, self._whole))

    # --- events --------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Start from what was shown before there was a size."""
        self.plain_bars()

    def on_resize(self) -> None:
        """Another width shares out anew."""
        self._changed()
