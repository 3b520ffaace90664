"""``SpanCursor``: the spans of a trace as lines with a cursor: moving, folding, leaving out, searching.

How a line is drawn is its descendant's business.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message

from pointsman.console import toolkit
from pointsman.console.present import keyed
from pointsman.console.present.look import Look
from pointsman.console.present.span_rows import SpanRows
from pointsman.console.widgets.line_view import LineView
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.trace_pruning import Pruning


class SpanCursor(LineView, can_focus=True):
    """The spans of a trace, one of them selected."""

    HEAD = 0
    """Lines over the spans."""

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
        Binding("left_parenthesis", "levels(-1)", "A level less", key_display="(", show=False, id="fold-level"),
        Binding("right_parenthesis", "levels(1)", "A level more", key_display=")", show=False, id="unfold-level"),
    ]

    class Highlighted(Message):
        """The cursor came to another span; None when there is none."""

        def __init__(self, view: SpanCursor, place: int | None) -> None:
            super().__init__()
            self.view = view
            self.place = place

        @property
        def control(self) -> SpanCursor:
            """Where it came from."""
            return self.view

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, SpanCursor.Highlighted) and message.view is self.view

    def __init__(
        self,
        look: Look,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(look, name=name, id=id, classes=classes)
        self._lines = SpanRows()
        self._cursor = 0
        self._announced: tuple[int | None, int] | None = None

    @property
    def place(self) -> int | None:
        """The span the cursor is on."""
        return self._rows[self._cursor] if self._rows else None

    @property
    def rows(self) -> tuple[int, ...]:
        """The spans that have a line."""
        return tuple(self._rows)

    @property
    def matches(self) -> tuple[int, ...]:
        """The spans that were searched for."""
        return tuple(self._lines.matches)

    @property
    def found(self) -> int:
        """How many spans were found."""
        return len(self._lines.matches)

    @property
    def pruning(self) -> Pruning:
        """What is left out."""
        return self._lines.pruning

    @property
    def pruned(self) -> int:
        """How many spans are left out."""
        return self._lines.pruned

    @property
    def _opened(self) -> OpenedTrace | None:
        return self._lines.opened

    @property
    def _rows(self) -> Sequence[int]:
        return self._lines.rows

    def _carry_over(self, before: OpenedTrace, place: int | None, opened: OpenedTrace) -> None:
        """The same span may have another place: it is found again by its id."""
        wanted = before.trace.spans[place].id if place is not None else ""
        at = next((at for at, span in enumerate(opened.trace.spans) if span.id == wanted), None)
        self._cursor = self._lines.row_of(at) if at is not None else min(self._cursor, max(0, len(self._rows) - 1))

    def leave_out(self, pruning: Pruning) -> int:
        """Leave out services and short spans; how many spans that are."""
        place = self.place
        self._lines.leave_out(pruning)
        if place is not None:
            self._cursor = self._lines.row_of(place)
        self._changed()
        return self.pruned

    def search(self, query: str) -> int:
        """Mark the spans that have these words, and go to the first at or after the cursor; how many there are."""
        self._lines.search(query)
        self.forget()
        self.refresh()
        here, matches = self.place, self._lines.matches
        if matches and here is not None and here not in self._lines.matched:
            self.move_to(matches[bisect_left(matches, here) % len(matches)])
        return len(matches)

    def mark(self, places: Sequence[int]) -> None:
        """Mark some spans in place of what was searched for, and go to the first."""
        self._lines.mark(places)
        self.forget()
        self.refresh()
        if self._lines.matches:
            self.move_to(self._lines.matches[0])

    def to_match(self, way: int) -> int:
        """Go to the next (1) or previous (-1) span that was searched for.

        Returns:
            Which one of them it is, from 1; 0 when there is none.
        """
        return self._to_one_of(self._lines.matches, way)

    def to_trouble(self, way: int = 1) -> bool:
        """Go to the next span with an error of its own; False when there is none."""
        return self._to_one_of(self._lines.troubles(), way) > 0

    def _to_one_of(self, places: list[int], way: int) -> int:
        here = self.place
        if not places or here is None:
            return 0
        at = bisect_right(places, here) % len(places) if way > 0 else bisect_left(places, here) - 1
        wanted = places[at]
        self.move_to(wanted)
        return bisect_left(places, wanted) + 1

    def move_to(self, place: int) -> None:
        """Put the cursor on a span; what hides it is undone."""
        if self._opened is None:
            return
        if self._lines.uncover(place):
            self._refold(place)
        self._go(self._lines.row_of(place))

    # --- geometry ------------------------------------------------------------------------------------------------

    def _height(self) -> int:
        return max(1, self.size.height - self.HEAD)

    def _content_size(self) -> Size:
        return Size(self.size.width, self.HEAD + len(self._rows))

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

    # --- moving --------------------------------------------------------------------------------------------------

    def _go(self, row: int) -> None:
        if not self._rows:
            return
        old, self._cursor = self._cursor, max(0, min(len(self._rows) - 1, row))
        top = self.scroll_offset.y
        now = keyed.reveal(keyed.Place(self._cursor, top), self._height())
        self.repaint_lines(one - top + self.HEAD for one in {old, self._cursor} if one >= top)
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
        self._cursor = self._lines.row_of(place)
        self._changed()

    def action_fold(self) -> None:
        """Fold what is below the span, or unfold it."""
        if (place := self.place) is None or not self._lines.has_below(place):
            return
        self._lines.toggle(place)
        self._refold(place)

    def action_levels(self, way: int) -> None:
        """Show a level of the tree less, or one more; the cursor goes up to what shows."""
        if (place := self.place) is None:
            return
        self._lines.show_levels(self._lines.level + way)
        spans, shown = self._lines.spans, set(self._rows)
        while place not in shown and spans[place].parent >= 0:
            place = spans[place].parent
        self._refold(place)

    def action_inward(self, way: int) -> None:
        """Left: fold, or go up. Right: unfold, or go down."""
        if self._opened is None or (place := self.place) is None:
            return
        below = self._lines.has_below(place)
        open_below = below and place not in self._lines.folded
        if way < 0 and not open_below:
            if (above := self._opened.trace.spans[place].parent) >= 0:
                self._go(self._lines.row_of(above))
        elif way > 0 and open_below:
            self._go(self._cursor + 1)
        elif below:
            self.action_fold()

    def on_focus(self) -> None:
        """The selected span is drawn by focus."""
        self.repaint_lines((self._cursor - self.scroll_offset.y + self.HEAD,))

    def on_blur(self) -> None:
        """The selected span is drawn by focus."""
        self.repaint_lines((self._cursor - self.scroll_offset.y + self.HEAD,))

    def on_click(self, event: events.Click) -> None:
        """A click selects, a double click folds."""
        index = event.y - self.HEAD + self.scroll_offset.y
        if event.y < self.HEAD or not 0 <= index < len(self._rows):
            return
        event.stop()
        self._go(index)
        if event.chain > 1:
            self.action_fold()
