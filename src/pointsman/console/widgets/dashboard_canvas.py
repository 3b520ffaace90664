"""``DashboardCanvas``: a dashboard's widgets side by side on one canvas that scrolls; one of them is selected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from pointsman.console import toolkit
from pointsman.console.present.cells import Cell, Piece, width
from pointsman.console.present.dashboard import panel
from pointsman.console.present.dashboard_layout import Spot, place
from pointsman.console.present.faults import freshness_lines
from pointsman.console.present.look import Draw, Look
from pointsman.console.widgets.lines import CellLines
from pointsman.model.dashboards import DashboardView, Found, Widget
from pointsman.model.snapshot import Snapshot

__all__ = ["DashboardCanvas"]


class DashboardCanvas(CellLines):
    """Draws a dashboard. Up and down scroll, tab and the arrows go from widget to widget."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,tab,n", "step(1)", "next widget", show=False, id="next"),
        Binding("left,shift+tab,N", "step(-1)", "previous widget", show=False, id="previous"),
        Binding("enter", "open", "open", show=False, id="open"),
    ]

    class Opened(Message):
        """A person went into a widget."""

        def __init__(self, widget: Widget) -> None:
            super().__init__()
            self.widget = widget

    class Highlighted(Message):
        """Another widget is selected."""

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(look, self._lines_of, id=id)
        self._snapshot: Snapshot[DashboardView] = Snapshot()
        self._spots: tuple[Spot, ...] = ()
        self._placed_for: tuple[int, int] | None = None
        self._number: int | None = None
        self._drawn: dict[int, tuple[object, list[Cell]]] = {}

    def show_view(self, snapshot: Snapshot[DashboardView]) -> None:
        """Show a dashboard as it was read."""
        before, self._snapshot = self._snapshot.value, snapshot
        if before is None or snapshot.value is None or before.body is not snapshot.value.body:
            self._placed_for = None
        self.redraw()

    @property
    def widget(self) -> Widget | None:
        """The one that is selected; the first before anybody has chosen."""
        view = self._snapshot.value
        if view is None or not view.body.widgets:
            return None
        chosen = next((one for one in view.body.widgets if one.number == self._number), None)
        return chosen if chosen is not None else (self._spots[0].widget if self._spots else view.body.widgets[0])

    def _lines_of(self, draw: Draw, room: int) -> Sequence[Cell]:
        room = max(1, room - 1)  # the last column is the scroll bar's
        view = self._snapshot.value
        if view is None:
            return freshness_lines(self._snapshot, draw, "dashboard", room)
        if not view.body.widgets:
            said = view.body.notes or ("this dashboard has no widgets",)
            return [((line, "dim"),) for line in said]
        if self._placed_for != (id(view.body), room):
            self._placed_for = (id(view.body), room)
            self._spots = place(view.body.widgets, room)
            self._drawn.clear()
        selected = self.widget
        height = max((spot.y + spot.height for spot in self._spots), default=0)
        rows: list[list[tuple[int, Cell]]] = [[] for _ in range(height)]
        for spot in self._spots:
            for at, line in enumerate(self._panel(spot, view, draw, selected=spot.widget is selected)):
                rows[spot.y + at].append((spot.x, line))
        return [_joined(row) for row in rows]

    def _panel(self, spot: Spot, view: DashboardView, draw: Draw, *, selected: bool) -> list[Cell]:
        """A widget's lines; they are kept while nothing of it changes."""
        found: Found | None = view.found.get(spot.widget.number)
        made_of = (found, view.start, view.end, selected)
        kept = self._drawn.get(spot.widget.number)
        if kept is not None and kept[0] == made_of and not (found is not None and found.alarms):
            return kept[1]
        lines = panel(spot, view, draw, selected=selected)
        self._drawn[spot.widget.number] = (made_of, lines)
        return lines

    def action_step(self, way: int) -> None:
        """The next or the previous widget, scrolled into sight."""
        if not self._spots:
            return
        selected = self.widget
        at = next((place for place, spot in enumerate(self._spots) if spot.widget is selected), 0)
        spot = self._spots[(at + way) % len(self._spots)]
        self._number = spot.widget.number
        top, height = self.scroll_offset.y, self.size.height
        if spot.y < top or spot.y + spot.height > top + height:
            toolkit.jump_to(self, y=spot.y if spot.y < top or spot.height > height else spot.y + spot.height - height)
        self.redraw()
        self.post_message(self.Highlighted())

    def action_open(self) -> None:
        """Into the selected widget."""
        if (widget := self.widget) is not None:
            self.post_message(self.Opened(widget))


def _joined(row: list[tuple[int, Cell]]) -> Cell:
    made: list[Piece] = []
    at = 0
    for x, line in sorted(row, key=lambda one: one[0]):
        if x > at:
            made.append((" " * (x - at), ""))
        made.extend(line)
        at = x + width(line)
    return tuple(made)
