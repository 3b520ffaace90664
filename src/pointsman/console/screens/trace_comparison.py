"""Two traces compared: what got slower, what appeared, what vanished."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.desk import Desk
from pointsman.console.present.cells import Cell, cell, join
from pointsman.console.present.look import Draw
from pointsman.console.present.trace_comparison import LIST, causes, headline
from pointsman.console.screens.base import Place
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import Ref, TraceRef
from pointsman.model.snapshot import Snapshot
from pointsman.model.trace_comparison import Operation, TraceComparison, compare

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["TraceComparisonPlace"]

Row = tuple[int, Operation]
"""Its place in tree order, which is what names it."""


class TraceComparisonPlace(Place):
    """Two traces, operation by operation."""

    DEFAULT_CSS = """
    TraceComparisonPlace #about { height: 3; padding: 0 2; }
    TraceComparisonPlace #both { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "swap", "swap", id="swap"),
        Binding("w", "worst", "causes first", id="worst"),
        Binding("ctrl+z", "problems", "changes only", show=False, id="problems"),
        Binding("b", "earlier", "open the first", show=False, id="earlier"),
    ]

    place_title = "Compare traces"
    place_help = (
        "Operations of two traces, matched by their names from the top down; calls of one path are counted together. "
        "An operation that changed by less than a tenth or a millisecond is the same. By holds everything below it; "
        "Itself is what it is the cause of, its self time. x swaps the two, w sorts by what caused the difference, "
        "ctrl+z leaves out what is the same, the filter takes names, enter opens the second trace and b the first."
    )
    slots: ClassVar[tuple[str, ...]] = ("before", "after")
    filters = True
    filter_hint = "checkout, payments"

    def __init__(self, desk: Desk, before: TraceRef, after: TraceRef) -> None:
        super().__init__(desk)
        self.ref = before
        self.other = after
        self._traces: dict[str, Snapshot[OpenedTrace]] = {"before": Snapshot(), "after": Snapshot()}
        self._found: TraceComparison | None = None
        self._compared: tuple[OpenedTrace, OpenedTrace] | None = None
        """What was compared."""
        self._changes = False
        self._worst = False

    def body(self) -> ComposeResult:
        """What became of the whole, and of each operation."""
        about = CellLines(self.look, self._about, id="about")
        about.can_focus = False
        yield about
        table: LineTable[Row] = LineTable(
            self.look,
            tuple(replace(one, **_lifted(one)) for one in LIST),
            key=lambda row: row[0],
            noun="operations",
            id="list",
        )
        yield Pane(self.look, "Compare traces", table, id="both")

    def mounted(self) -> None:
        """The list has the keys."""
        self.query_one("#list").focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """Both traces."""
        return {"before": services.traces.trace(self.ref), "after": services.traces.trace(self.other)}

    # --- showing

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Compare when both are there; on a thread, for either may be large."""
        self._traces[slot] = snapshot
        before, after = (self._traces[one].value for one in ("before", "after"))
        if before is None or after is None:
            self._found = self._compared = None
            self._draw()
            return
        if self._compared == (before, after):
            self._draw()
            return
        pair = self._compared = (before, after)

        async def work() -> None:
            found = await asyncio.to_thread(compare, *pair)
            if self._compared is pair:
                self._found = found
                self._draw()

        self.work_on("compare two traces", work, group="compare")

    @property
    def _snapshot(self) -> Snapshot[Any]:
        """The worse of the two readings, with what they have in common."""
        worst = next((one for one in self._traces.values() if one.fault is not None), self._traces["after"])
        return Snapshot(self._found, worst.fetched_at, worst.fault, worst.failures, worst.next_try, worst.partial)

    @property
    def _table(self) -> LineTable[Row]:
        return self.query_one("#list", LineTable)

    def _draw(self) -> None:
        rows = list(enumerate(self._found.operations)) if self._found is not None else []
        known = len(rows)
        if self._changes:
            rows = [one for one in rows if one[1].differs]
        wanted = self.filter_text.lower().split()
        rows = [one for one in rows if all(word in one[1].name.lower() for word in wanted)]
        if self._worst:
            rows.sort(key=lambda one: -abs(one[1].own_by))
        self._table.show(rows, snapshot=self._snapshot)
        self.freshen("#both", self._snapshot)
        parts = [f"{len(rows):,} of {known:,} operations" if len(rows) != known else f"{known:,} operations"]
        parts += ["changes only"] if self._changes else []
        parts += ["causes first"] if self._worst else []
        parts += [f"/{self.filter_text}"] if self.filter_text else []
        self.query_one("#both", Pane).title_text("Compare traces", "  ".join(parts) if known else "")
        self.query_one("#about", CellLines).redraw()

    def _about(self, draw: Draw, width: int) -> Sequence[Cell]:
        del width
        ids = join((cell(self.ref.id), cell(draw.glyphs.arrow, "dim"), cell(self.other.id)), " ")
        if self._found is None:
            return (ids,)
        return ids, headline(self._found, draw), causes(self._found)

    # --- keys

    def filtered(self) -> None:
        """Only operations with these words."""
        self._draw()

    def action_swap(self) -> None:
        """The other way round."""
        self.ref, self.other = self.other, self.ref
        self._traces = {"before": self._traces["after"], "after": self._traces["before"]}
        self.reread("before", "after")

    def action_worst(self) -> None:
        """What caused the difference first, or tree order again."""
        self._worst = not self._worst
        self._draw()

    def action_problems(self) -> None:
        """Only what changed, or everything."""
        self._changes = not self._changes
        self._draw()

    def action_earlier(self) -> None:
        """The first trace."""
        self.post_message(self.Opened(self.ref))

    def why_not(self, action: str) -> str | None:
        """There is nothing to do with an operation alone."""
        if action == "actions":
            return "nothing can be done with a trace"
        if action == "enter":
            return None
        return super().why_not(action)

    # --- what is selected

    def seen(self) -> Iterable[Ref]:
        """Both traces."""
        return (self.ref, self.other)

    def selected(self) -> Ref | None:
        """The second trace."""
        return self.other

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Both ids, and what was found."""
        forms = [("trace id", self.other.id), ("id of the first", self.ref.id)]
        row = self._table.cursor_row
        if row is not None:
            forms.append(("operation", row[1].name))
        return tuple(forms)

    def describe(self) -> None:
        """A trace is described by its waterfall."""
        self.post_message(self.Opened(self.other))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Into the second trace."""
        event.stop()
        self.post_message(self.Opened(self.other))


def _lifted(column: Any) -> dict[str, Any]:
    """A column of operations as one of rows."""
    shown, measured = column.cell, column.measure
    return {
        "cell": lambda row, draw: shown(row[1], draw),
        "measure": (lambda row: measured(row[1])) if measured is not None else None,
    }
