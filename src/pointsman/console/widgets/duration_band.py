"""``DurationBand``: how long traces took, as columns to choose a range of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.binding import Binding
from textual.message import Message

from pointsman.console.present import trace_histogram as drawing
from pointsman.console.present.cells import Cell
from pointsman.console.present.look import Draw, Look
from pointsman.console.widgets.lines import Lines
from pointsman.model.trace_groups import Bucket

Counting = Callable[[int], Sequence[Bucket]]
"""How many columns there may be -> the columns."""


class DurationBand(Lines, can_focus=True):
    """Two lines: columns, and their times or what is chosen."""

    DEFAULT_CSS = """
    DurationBand { height: 2; }
    """
    BINDINGS = [
        Binding("left,h", "move(-1)", "Faster", show=False, id="faster"),
        Binding("right,l", "move(1)", "Slower", show=False, id="slower"),
        Binding("shift+left,H", "widen(-1)", "Widen to the faster", show=False, id="widen-faster"),
        Binding("shift+right,L", "widen(1)", "Widen to the slower", show=False, id="widen-slower"),
        Binding("home,g", "edge(0)", "Fastest", show=False, id="fastest"),
        Binding("end,G", "edge(1)", "Slowest", show=False, id="slowest"),
        Binding("enter", "choose", "Only these", show=False, id="choose"),
    ]

    class Chosen(Message):
        """Only traces of this range are wanted."""

        def __init__(self, low: float, high: float) -> None:
            super().__init__()
            self.low = low
            self.high = high

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(look, id=id)
        self._counting: Counting = lambda _: ()
        self._buckets: Sequence[Bucket] = ()
        self._cursor = 0
        self._anchor = 0

    @property
    def chosen(self) -> range:
        """The columns that are chosen."""
        return range(min(self._anchor, self._cursor), max(self._anchor, self._cursor) + 1)

    @property
    def buckets(self) -> Sequence[Bucket]:
        """The columns."""
        return self._buckets

    def show(self, counting: Counting) -> None:
        """Show other traces."""
        self._counting = counting
        self.redraw()

    def content(self, draw: Draw, width: int) -> Sequence[Cell]:
        """Columns and times."""
        self._buckets = self._counting(drawing.room_for(width))
        last = max(0, len(self._buckets) - 1)
        self._cursor, self._anchor = min(self._cursor, last), min(self._anchor, last)
        chosen = self.chosen if self._buckets else range(0)
        found = drawing.lines(self._buckets, chosen, draw, width - 2, focused=self.has_focus)
        return [((" ", ""), *line) for line in found]

    def _go(self, to: int, *, widen: bool = False) -> None:
        self._cursor = max(0, min(len(self._buckets) - 1, to))
        if not widen:
            self._anchor = self._cursor
        self.redraw()

    def action_move(self, way: int) -> None:
        """Another column alone."""
        self._go(self._cursor + way)

    def action_widen(self, way: int) -> None:
        """One column more, or less."""
        self._go(self._cursor + way, widen=True)

    def action_edge(self, edge: int) -> None:
        """The first or the last column."""
        self._go(len(self._buckets) - 1 if edge else 0)

    def action_choose(self) -> None:
        """Only traces of these columns."""
        some = self._buckets[self.chosen.start : self.chosen.stop]
        if some:
            self.post_message(self.Chosen(some[0].low, some[-1].high))

    def on_focus(self) -> None:
        """What is chosen shows while it has the keys."""
        self.redraw()

    def on_blur(self) -> None:
        """What is chosen shows while it has the keys."""
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """A column alone; with shift, up to there."""
        event.stop()
        self._go((event.x - 1) // 2, widen=event.shift)
