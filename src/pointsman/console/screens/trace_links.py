"""What a list of traces leads to beside them: the map of their services, the sampling rules, two of them compared."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from pointsman.console.screens.base import Place
from pointsman.console.widgets.table import LineTable
from pointsman.model.refs import TraceRef

__all__ = ["TraceLinks"]


class TraceLinks(Place):
    """A screen whose ``#list`` has traces."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "map", "map", id="map"),
        Binding("x", "compare", "compare", show=False, id="compare"),
        Binding("S", "sampling", "sampling rules", show=False, id="sampling"),
    ]

    def action_map(self) -> None:
        """Who called whom."""
        self.post_message(self.CommandAsked("map"))

    def action_sampling(self) -> None:
        """By which rules they were taken."""
        self.post_message(self.CommandAsked("sampling"))

    def action_compare(self) -> None:
        """The two marked traces, or the marked one and the selected; the older one is the first."""
        table = self.query_one("#list", LineTable)
        chosen = [one for one in table.marked if isinstance(one, TraceRef)]
        if len(chosen) == 1 and isinstance(table.cursor_ref, TraceRef) and table.cursor_ref not in chosen:
            chosen.append(table.cursor_ref)
        if len(chosen) != 2:
            self.notify("mark two traces with space", markup=False, severity="warning", timeout=4)
            return
        # A trace's id begins with when it began.
        before, after = sorted(chosen)
        self.post_message(self.CommandAsked("compare", f"{before.id} {after.id}"))
