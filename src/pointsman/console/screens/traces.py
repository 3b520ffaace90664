"""Traces: those of a range that a filter expression takes, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.desk import Desk
from pointsman.console.present.cells import cell
from pointsman.console.present.traces import LIST, range_words, row_key
from pointsman.console.screens.trace_links import TraceLinks
from pointsman.console.screens.trace_words import trace_forms
from pointsman.console.screens.wishes import PickAsked
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.refs import Ref, TraceRef
from pointsman.model.snapshot import Snapshot
from pointsman.model.traces import RANGES, TraceList, TraceQuery, TraceSummary

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Traces"]


class Traces(TraceLinks):
    """The traces of a range."""

    DEFAULT_CSS = """
    Traces #mistake { height: auto; max-height: 3; padding: 0 2; display: none; }
    Traces.wrong #mistake { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "range", "time range", id="range"),
        Binding("ctrl+z", "problems", "problems only", show=False, id="problems"),
    ]

    place_title = "Traces"
    place_help = (
        "The traces of the last while, newest first, read once a minute since X-Ray bills what it scans; ctrl+r reads "
        'at once. The filter is X-Ray\'s own: fault, responsetime > 1, http.url CONTAINS "/cart", '
        'annotation[tenant] = "gold", service("carts") { throttle }; an error says at which column. '
        "Marks are fault, error and throttle. t picks how far back, o sorts, enter opens the waterfall."
    )
    slots: ClassVar[tuple[str, ...]] = ("traces",)
    filters = True
    filter_hint = 'fault AND responsetime > 1, service("carts") { throttle }, annotation[tenant] = "gold"'

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.query_of = TraceQuery()
        """What is asked for."""
        self._listed: Snapshot[TraceList] = Snapshot()
        self._problems = False

    def body(self) -> ComposeResult:
        """The list, and under it what is wrong with a filter."""
        table: LineTable[TraceSummary] = LineTable(self.look, LIST, key=row_key, noun="traces", id="list")
        yield Pane(self.look, "Traces", table, number="5", id="traces")
        mistake = CellLines(self.look, id="mistake")
        mistake.can_focus = False
        yield mistake

    def on_mount(self) -> None:
        """The list has the keys."""
        super().on_mount()
        self.query_one("#list").focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The traces that are asked for."""
        return {"traces": services.traces.recent(self.query_of)}

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        del slot
        self._listed = snapshot
        self._draw()

    def _draw(self) -> None:
        traces = self._listed.value.traces if self._listed.value is not None else ()
        shown = [one for one in traces if one.troubled] if self._problems else traces
        snapshot = self._listed
        if snapshot.value is not None and not traces and snapshot.fault is None:
            words = (
                f"in the last {range_words(self.query_of.span)}, {snapshot.value.scanned:,} scanned: t looks further"
            )
            snapshot = replace(snapshot, partial=snapshot.partial or words)
        self.query_one("#list", LineTable).show(shown, snapshot=snapshot)
        self.freshen("#traces", self._listed)
        self.query_one("#traces", Pane).title_text("Traces", self._extra(len(shown), len(traces)))

    def _extra(self, shown: int, known: int) -> str:
        parts = [f"last {range_words(self.query_of.span)}"]
        parts += [f"{shown:,}" if shown == known else f"{shown:,} of {known:,} shown"] if known else []
        parts += [f"{self._listed.value.scanned:,} scanned"] if self._listed.value is not None and known else []
        parts += [f"/{self.query_of.expression}"] if self.query_of.expression else []
        parts += ["problems only"] if self._problems else []
        return "  ".join(parts)

    # --- what is asked for

    def _ask(self, query: TraceQuery) -> None:
        """Show other traces."""
        if query == self.query_of:
            return
        self.query_of = query
        self._listed = Snapshot()
        self._draw()
        self.reread()

    def filtered(self) -> None:
        """Another filter, which has been found to be one, or none."""
        self._forgive()
        self._ask(replace(self.query_of, expression=self.filter_text.strip()))

    def use_filter(self, words: str) -> None:
        """Filter from the command line."""
        self._check(words)

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """An expression that is half typed is not asked: each one costs money."""
        event.stop()
        event.prevent_default()

    def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Ask for it when it is an expression."""
        event.stop()
        event.prevent_default()
        self._check(event.value)

    def on_filter_bar_cancelled(self, event: FilterBar.Cancelled) -> None:
        """No filter: what was wrong with one is of no interest."""
        del event
        self._forgive()

    def _check(self, expression: str) -> None:
        connection = self.connection
        if connection is None or not expression.strip():
            self.filter_text = expression
            self.filtered()
            self.take_focus()
            return

        async def check() -> None:
            wrong = await connection.services.traces.mistake(expression)
            if wrong is None:
                self.filter_text = expression
                self.filtered()
                self.take_focus()
                return
            sentence = f"column {wrong.column}: {wrong.sentence}"
            self.add_class("wrong")
            self.query_one("#mistake", CellLines).show(lambda *_: (cell(sentence, "fault"),))
            bar = self.query_one(FilterBar)
            bar.open(expression, at=wrong.column - 1)
            bar.count(f"column {wrong.column}")

        self.work_on("read the filter expression", check, group="filter")

    def _forgive(self) -> None:
        self.remove_class("wrong")
        bar = self.query_one(FilterBar)
        if bar.is_open:
            bar.count("")

    def action_range(self) -> None:
        """Choose how far back."""
        spans = {range_words(span): span for span in RANGES}
        lines = tuple((name, f"the last {round(span.total_seconds() / 60)} minutes") for name, span in spans.items())

        def picked(line: tuple[str, str]) -> None:
            self._ask(replace(self.query_of, span=spans[line[0]]))

        self.post_message(PickAsked("How far back", lines, picked))

    def action_problems(self) -> None:
        """Only traces with a fault, an error or a throttle; or all again."""
        self._problems = not self._problems
        self._draw()

    # --- what is selected

    def seen(self) -> Iterable[Ref]:
        """Every trace."""
        return [one.ref for one in self._listed.value.traces] if self._listed.value is not None else ()

    def _row(self) -> TraceSummary | None:
        row = self.query_one("#list", LineTable).cursor_row
        return row if isinstance(row, TraceSummary) else None

    def selected(self) -> Ref | None:
        """The trace the cursor is on."""
        row = self._row()
        return row.ref if row is not None else None

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its forms."""
        row = self._row()
        return () if row is None else trace_forms(row.ref, self.desk.identity, row)

    def describe(self) -> None:
        """A trace is described by its waterfall."""
        if (ref := self.selected()) is not None:
            self.post_message(self.Opened(ref))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Into it."""
        event.stop()
        if isinstance(event.ref, TraceRef):
            self.post_message(self.Opened(event.ref))

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()
