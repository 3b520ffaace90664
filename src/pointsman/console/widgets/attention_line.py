"""``AttentionLine``: what needs a person now, in one line."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.binding import Binding
from textual.message import Message

from pointsman.console.present.attention import AttentionItem, Spot, line
from pointsman.console.present.cells import Cell
from pointsman.console.present.look import Draw
from pointsman.console.widgets.ink import restyle, slice_cells
from pointsman.console.widgets.lines import Lines
from pointsman.model.refs import Ref


class AttentionLine(Lines, can_focus=True):
    """Items worst first; enter or a click goes to one."""

    DEFAULT_CSS = """
    AttentionLine { height: 1; }
    """
    BINDINGS = [
        Binding("right,down,j", "by(1)", "Next", show=False, id="down"),
        Binding("left,up,k", "by(-1)", "Previous", show=False, id="up"),
        Binding("enter", "select", "Go", show=False, id="open"),
    ]

    class Selected(Message):
        """A person wants to go to an item."""

        def __init__(self, ref: Ref, items: tuple[AttentionItem, ...] = ()) -> None:
            super().__init__()
            self.ref = ref
            self.items = items
            """Everything the line shows."""

    _items: tuple[AttentionItem, ...] = ()
    _chosen = 0
    _unknown = ""
    _spots: tuple[Spot, ...] = ()

    def show(self, items: Sequence[AttentionItem], unknown: str = "") -> None:
        """Show these items, worst first; the selection stays on its item.

        Args:
            items: What needs a person.
            unknown: Why it is not known whether these are all; empty when they are.
        """
        self._unknown = unknown
        before = self._items[self._chosen].ref if self._items else None
        self._items = tuple(items)
        self._chosen = next((at for at, item in enumerate(self._items) if item.ref == before), 0)
        self.redraw()

    @property
    def items(self) -> tuple[AttentionItem, ...]:
        """What is shown."""
        return self._items

    @property
    def selection(self) -> AttentionItem | None:
        """The item ``enter`` goes to."""
        return self._items[self._chosen] if self._items else None

    def content(self, draw: Draw, width: int) -> Sequence[Cell]:
        """The line."""
        chosen = self._chosen if self.has_focus else None
        content, self._spots = line(self._items, draw, width, chosen, self._unknown)
        if chosen is None:
            return (content,)
        spot = next((spot for spot in self._spots if spot.item == self._items[chosen]), None) if self._items else None
        if spot is None:
            return (content,)
        before, inside, after = slice_cells(content, spot.start, spot.end)
        return ((*before, *restyle(inside, "selected"), *after),)

    def action_by(self, items: int) -> None:
        """Select a neighbour."""
        if self._items:
            self._chosen = max(0, min(len(self._items) - 1, self._chosen + items))
            self.redraw()

    def action_select(self) -> None:
        """Go to the selected item."""
        if self.selection is not None:
            self.post_message(self.Selected(self.selection.ref, self._items))

    def on_focus(self) -> None:
        """The selection shows with the focus."""
        self.redraw()

    def on_blur(self) -> None:
        """The selection shows with the focus."""
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Go to the item under the pointer."""
        for spot in self._spots:
            if spot.start <= event.x < spot.end:
                event.stop()
                self.post_message(self.Selected(spot.item.ref, self._items))
                return
