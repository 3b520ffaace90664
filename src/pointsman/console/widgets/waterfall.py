"""``Waterfall``: the spans of a trace as a tree beside their bars; ten thousand cost what those in sight do.

The minimap and the ruler stay at the top. Lines are kept as strips; they are dropped when the window of time, what is
folded, what is searched for, or the width changes.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from textual import events
from textual.binding import Binding
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from pointsman.console import toolkit
from pointsman.console.present import keyed
from pointsman.console.present import waterfall as drawing
from pointsman.console.present.cells import Cell, fit
from pointsman.console.present.faults import freshness_lines
from pointsman.console.present.look import Look
from pointsman.console.present.text import cells
from pointsman.console.present.waterfall import Layout, Window
from pointsman.console.widgets.ink import restyle, strip_of
from pointsman.console.widgets.line_view import LineView
from pointsman.console.widgets.palette import palette
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.snapshot import Snapshot
from pointsman.semantics.traces import assembly
from pointsman.semantics.traces.assembly import Span

_HEAD = 2
"""Lines over the spans: minimap and ruler."""
_ZOOM = 0.5
_PAN = 0.25
_WRONG = assembly.FAULT | assembly.ERROR | assembly.THROTTLE


def _went_wrong(span: Span) -> bool:
    """By itself: an inferred segment only repeats what was said of the call to it."""
    return span.has(_WRONG) and not span.has(assembly.INFERRED)


class Waterfall(LineView, can_focus=True):
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
        Binding("down,j", "by(1)", "Down", show=False, id="down"),
        Binding("up,k", "by(-1)", "Up", show=False, id="up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="page-up"),
        Binding("g,home", "edge(0)", "First", show=False, id="first"),
        Binding("G,end", "edge(1)", "Last", show=False, id="last"),
        Binding("enter,space", "fold", "Fold or unfold", show=False, id="fold"),
        Binding("left", "inward(-1)", "Fold, or up to what it belongs to", show=False, id="fold-left"),
        Binding("right", "inward(1)", "Unfold, or down to what is in it", show=False, id="unfold-right"),
        Binding("plus", "zoom(1)", "Zoom in", key_display="+", show=False, id="zoom-in"),
        Binding("underscore", "zoom(-1)", "Zoom out", key_display="_", show=False, id="zoom-out"),
        Binding("equals_sign", "whole", "The whole time", key_display="=", show=False, id="zoom-fit"),
        Binding("full_stop", "to_span", "Zoom to the span", key_display=".", show=False, id="zoom-span"),
        Binding("shift+left,H", "pan(-1)", "Earlier", show=False, id="pan-left"),
        Binding("shift+right,L", "pan(1)", "Later", show=False, id="pan-right"),
    ]

    class Highlighted(Message):
        """The cursor came to another span; ``place`` is None when there is none."""

        def __init__(self, waterfall: Waterfall, place: int | None) -> None:
            super().__init__()
            self.waterfall = waterfall
            self.place = place

        @property
        def control(self) -> Waterfall:
            """The waterfall it came from."""
            return self.waterfall

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, Waterfall.Highlighted) and message.waterfall is self.waterfall

    def __init__(
        self,
        look: Look,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(look, name=name, id=id, classes=classes)
        self._opened: OpenedTrace | None = None
        self._snapshot: Snapshot[OpenedTrace] = Snapshot()
        self._folded: set[int] = set()
        self._rows: list[int] = []
        """The places of the spans that are not folded away."""
        self._cursor = 0
        self._window = Window(0.0, 1.0)
        self._whole = self._window
        self._matches: list[int] = []
        self._matched: frozenset[int] = frozenset()
        self._shares: Layout = drawing.layout(80)
        self._fitted = Size(0, 0)
        self._strips: LRUCache[Hashable, Strip] = LRUCache(1024)
        self._announced: tuple[int | None, int] | None = None

    # --- what the outside asks and tells -------------------------------------------------------------------------

    @property
    def place(self) -> int | None:
        """The span the cursor is on."""
        return self._rows[self._cursor] if self._rows else None

    @property
    def window(self) -> Window:
        """The time that is shown."""
        return self._window

    @property
    def zoomed(self) -> bool:
        """Whether only a part of the time is shown."""
        return self._window != self._whole

    @property
    def rows(self) -> tuple[int, ...]:
        """The spans that are not folded away."""
        return tuple(self._rows)

    @property
    def matches(self) -> tuple[int, ...]:
        """The spans that were searched for."""
        return tuple(self._matches)

    def show(self, snapshot: Snapshot[OpenedTrace]) -> None:
        """Show a trace; another reading of the one that shows keeps cursor, folds and window."""
        self._snapshot = snapshot
        opened = snapshot.value
        if opened is self._opened:
            if opened is None:
                self.forget()
                self.refresh()
            return
        before, self._opened = self._opened, opened
        if opened is None:
            self._rows, self._folded, self._matches, self._matched = [], set(), [], frozenset()
        elif before is None or before.ref != opened.ref:
            self._begin(opened)
        else:
            self._carry_over(before, opened)
        self._changed()

    def _begin(self, opened: OpenedTrace) -> None:
        self._whole = self._window = drawing.whole(opened.trace)
        self._folded = set()
        self._rows = drawing.visible(opened.trace, self._folded)
        self._cursor = 0

    def _carry_over(self, before: OpenedTrace, opened: OpenedTrace) -> None:
        """The same spans may have other places: they are found again by their ids."""
        at = {span.id: place for place, span in enumerate(opened.trace.spans)}
        zoomed, cursor = self.zoomed, before.trace.spans[self.place].id if self.place is not None else ""
        self._folded = {at[one] for place in self._folded if (one := before.trace.spans[place].id) in at}
        self._rows = drawing.visible(opened.trace, self._folded)
        place = at.get(cursor)
        self._cursor = self._rows.index(place) if place in self._rows else min(self._cursor, len(self._rows) - 1)
        self._cursor = max(0, self._cursor)
        self._whole = drawing.whole(opened.trace)
        self._window = self._window.kept(self._whole) if zoomed else self._whole
        self._matches, self._matched = [], frozenset()

    def search(self, query: str) -> int:
        """Mark the spans that have these words, and go to the first at or after the cursor; how many there are."""
        self._matches = drawing.matching(self._opened.words, query) if self._opened is not None else []
        self._matched = frozenset(self._matches)
        self.forget()
        self.refresh()
        here = self.place
        if self._matches and here is not None and here not in self._matched:
            self.move_to(next((one for one in self._matches if one >= here), self._matches[0]))
        return len(self._matches)

    def to_match(self, way: int) -> int:
        """Go to the next (1) or previous (-1) span that was searched for.

        Returns:
            Which one of them it is, from 1; 0 when there is none.
        """
        return self._to_one_of(self._matches, way)

    def to_trouble(self, way: int = 1) -> bool:
        """Go to the next span with an error of its own; False when there is none."""
        spans = self._opened.trace.spans if self._opened is not None else ()
        return self._to_one_of([place for place, span in enumerate(spans) if _went_wrong(span)], way) > 0

    def _to_one_of(self, places: list[int], way: int) -> int:
        here = self.place
        if not places or here is None:
            return 0
        if way > 0:
            wanted = next((one for one in places if one > here), places[0])
        else:
            wanted = next((one for one in reversed(places) if one < here), places[-1])
        self.move_to(wanted)
        return places.index(wanted) + 1

    def move_to(self, place: int) -> None:
        """Put the cursor on a span; what it is folded into is unfolded."""
        if self._opened is None:
            return
        spans = self._opened.trace.spans
        above, changed = spans[place].parent, False
        while above >= 0:
            if above in self._folded:
                self._folded.discard(above)
                changed = True
            above = spans[above].parent
        if changed:
            self._refold(place)
        self._go(self._row_of(place))

    def _row_of(self, place: int) -> int:
        """The row of a span that shows: rows are in the order of places."""
        from bisect import bisect_left

        return bisect_left(self._rows, place)

    # --- geometry ------------------------------------------------------------------------------------------------

    def _height(self) -> int:
        return max(1, self.size.height - _HEAD)

    def _content_size(self) -> Size:
        return Size(self.size.width, _HEAD + len(self._rows))

    def _changed(self) -> None:
        """Other spans, or other folds."""
        self.forget()
        if self.is_attached:
            toolkit.resize_content(self, self._content_size())
            top = max(0, min(self.scroll_offset.y, len(self._rows) - self._height()))
            top = keyed.reveal(keyed.Place(self._cursor, top), self._height()).top
            if top != self.scroll_offset.y:
                toolkit.jump_to(self, y=top)
            self.refresh()
        self._announce()

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
        width, colours, glyphs = self.size.width, palette(self), self.look.glyphs
        opened = self._opened
        if opened is None or not self._rows:
            lines = freshness_lines(self._snapshot, self.look.draw(), "trace", max(10, width - 2))
            if 1 <= y <= len(lines):
                return strip_of(((" " * 2, ""), *lines[y - 1]), width, colours, glyphs=glyphs)
            return Strip.blank(width, colours.base)
        if y < _HEAD:
            key: Hashable = ("head", y)
        else:
            index = y - _HEAD + self.scroll_offset.y
            if index >= len(self._rows):
                return Strip.blank(width, colours.base)
            selected = index == self._cursor
            key = (self._rows[index], selected, selected and self.has_focus)
        strip = self._strips.get(key)
        if strip is None:
            content = self._head(opened, y) if y < _HEAD else self._span(opened, index, selected=selected)
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
            folded=place in self._folded,
            matched=place in self._matched,
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

    # --- moving --------------------------------------------------------------------------------------------------

    def _go(self, row: int) -> None:
        if not self._rows:
            return
        old, self._cursor = self._cursor, max(0, min(len(self._rows) - 1, row))
        top = self.scroll_offset.y
        now = keyed.reveal(keyed.Place(self._cursor, top), self._height())
        self.repaint_lines(one - top + _HEAD for one in {old, self._cursor} if one >= top)
        if now.top != top:
            toolkit.jump_to(self, y=now.top)
        self._announce()

    def _announce(self) -> None:
        spot = (self.place, id(self._opened))
        if spot != self._announced:
            self._announced = spot
            self.post_message(self.Highlighted(self, self.place))

    def action_by(self, rows: int) -> None:
        """Move by rows."""
        self._go(self._cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move by pages."""
        self._go(self._cursor + pages * max(1, self._height() - 1))

    def action_edge(self, edge: int) -> None:
        """Move to the first or the last span."""
        self._go(len(self._rows) - 1 if edge else 0)

    # --- folding -------------------------------------------------------------------------------------------------

    def _refold(self, place: int) -> None:
        assert self._opened is not None
        self._rows = drawing.visible(self._opened.trace, self._folded)
        self._cursor = self._row_of(place)
        self._changed()

    def action_fold(self) -> None:
        """Fold what is below the span, or unfold it."""
        if self._opened is None or (place := self.place) is None or not self._has_below(place):
            return
        self._folded ^= {place}
        self._refold(place)

    def _has_below(self, place: int) -> bool:
        return self._opened is not None and self._opened.trace.spans[place].last > place + 1

    def action_inward(self, way: int) -> None:
        """Left: fold, or go up. Right: unfold, or go down."""
        if self._opened is None or (place := self.place) is None:
            return
        open_below = self._has_below(place) and place not in self._folded
        if way < 0 and not open_below:
            if (above := self._opened.trace.spans[place].parent) >= 0:
                self._go(self._row_of(above))
        elif way > 0 and open_below:
            self._go(self._cursor + 1)
        elif self._has_below(place):
            self.action_fold()

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

    def on_focus(self) -> None:
        """The selected span is drawn by focus."""
        self.repaint_lines((self._cursor - self.scroll_offset.y + _HEAD,))

    def on_blur(self) -> None:
        """The selected span is drawn by focus."""
        self.repaint_lines((self._cursor - self.scroll_offset.y + _HEAD,))

    def on_click(self, event: events.Click) -> None:
        """A click selects, a double click folds."""
        index = event.y - _HEAD + self.scroll_offset.y
        if event.y < _HEAD or not 0 <= index < len(self._rows):
            return
        event.stop()
        self._go(index)
        if event.chain > 1:
            self.action_fold()
