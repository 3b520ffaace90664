"""Traces: those of a range that a filter expression takes, newest first, in groups, and by how long they took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize

from pointsman.console.desk import Desk
from pointsman.console.present.cells import Cell, cell, crop
from pointsman.console.present.keys import KeyHint
from pointsman.console.present.look import Draw
from pointsman.console.present.trace_groups import COLUMNS as GROUPS
from pointsman.console.present.trace_groups import row_key as group_key
from pointsman.console.present.traces import LIST, range_words, row_key
from pointsman.console.screens.trace_links import TraceLinks
from pointsman.console.screens.trace_words import trace_forms
from pointsman.console.screens.wishes import PickAsked
from pointsman.console.widgets.duration_band import DurationBand
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.errors import CallFailed
from pointsman.model.refs import Ref, TraceRef
from pointsman.model.snapshot import Snapshot
from pointsman.model.trace_groups import GROUPINGS, TraceGroup, also, between, buckets, grouped
from pointsman.model.traces import RANGES, TraceList, TraceQuery, TraceSummary

if TYPE_CHECKING:
    from pointsman.semantics.traces.filter_completion import Completion
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Traces"]

TALL = 34
KIND = "traces-filters"
"""What the filters are kept as for the next session."""


class Traces(TraceLinks):
    """The traces of a range."""

    DEFAULT_CSS = """
    Traces #mistake { height: auto; max-height: 3; padding: 0 2; display: none; }
    Traces.wrong #mistake { display: block; }
    Traces #proposals { height: 1; padding: 0 2; display: none; }
    Traces.proposing #proposals { display: block; }
    Traces #durations { display: none; margin: 0 1; }
    Traces.tall #durations { display: block; }
    Traces.durations #durations { display: block; }
    Traces #groups { display: none; }
    Traces.grouped #groups { display: block; }
    Traces.grouped #list { display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "range", "time range", id="range"),
        Binding("b", "group", "group by", id="group-by"),
        Binding("h", "durations", "durations", show=False, id="durations"),
        Binding("ctrl+z", "problems", "problems only", show=False, id="problems"),
    ]

    place_title = "Traces"
    place_help = (
        "The traces of the last while, newest first, read once a minute since X-Ray bills what it scans; ctrl+r reads "
        'at once. The filter is X-Ray\'s own: fault, responsetime > 1, http.url CONTAINS "/cart", '
        'annotation[tenant] = "gold", service("carts") { throttle }; an error says at which column. Tab completes it, '
        "up and down bring back earlier ones. Marks are fault, error and throttle. t picks how far back, b groups by "
        "URL, service and root cause, where enter narrows; h goes to the durations, where enter takes a range of them. "
        "o sorts, enter opens the waterfall."
    )
    slots: ClassVar[tuple[str, ...]] = ("traces",)
    filters = True
    filter_hint = 'fault AND responsetime > 1, service("carts") { throttle }, annotation[tenant] = "gold"'

    def __init__(self, desk: Desk, at: datetime | None = None, expression: str = "") -> None:
        super().__init__(desk)
        self.filter_text = expression
        self.query_of = TraceQuery(expression=expression)
        """What is asked for."""
        self._moment = at
        """The middle of the range; None for one up to now."""
        if at is not None:
            self.query_of = TraceQuery.around(at, self.look.now(), expression=expression)
        self._listed: Snapshot[TraceList] = Snapshot()
        self._problems = False
        self._by = ""
        """What the traces are grouped by; empty for the traces themselves."""
        self._services: tuple[str, ...] = ()
        """Services that X-Ray named beside those of the list."""
        self._asked: TraceQuery | None = None
        """The range whose services were asked for."""

    def body(self) -> ComposeResult:
        """The durations, the list or its groups, and under it how a filter may go on and what is wrong with it."""
        yield DurationBand(self.look, id="durations")
        table: LineTable[TraceSummary] = LineTable(self.look, LIST, key=row_key, noun="traces", id="list")
        groups: LineTable[TraceGroup] = LineTable(self.look, GROUPS, key=group_key, noun="traces", id="groups")
        yield Pane(self.look, "Traces", table, groups, number="5", id="traces")
        for name in ("proposals", "mistake"):
            lines = CellLines(self.look, id=name)
            lines.can_focus = False
            yield lines

    def mounted(self) -> None:
        """The list has the keys."""
        self.query_one("#list").focus()

    def on_resize(self, event: Resize) -> None:
        """The durations where there is room."""
        self.set_class(event.size.height >= TALL, "tall")

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
            where = self._range()
            words = f"in the {where}" if where.startswith("last") else f"{where}"
            words += f", {snapshot.value.scanned:,} scanned: t looks further"
            snapshot = replace(snapshot, partial=snapshot.partial or words)
        self.query_one("#list", LineTable).show(shown, snapshot=snapshot)
        if self._by:
            self.query_one("#groups", LineTable).show(grouped(shown, self._by), snapshot=snapshot)
        self.query_one("#durations", DurationBand).show(partial(buckets, shown))
        self.freshen("#traces", self._listed)
        self.query_one("#traces", Pane).title_text("Traces", self._extra(len(shown), len(traces)))

    def _range(self) -> str:
        """The time that is looked at, in words."""
        query, zone = self.query_of, self.look.draw().zone
        if self.desk.world == "trace":
            return "the file"
        if query.until is None:
            return f"last {range_words(query.span)}"
        return f"{zone.minute(query.until - query.span)} to {zone.minute(query.until)}"

    def _extra(self, shown: int, known: int) -> str:
        parts = [self._range()]
        parts += [f"{shown:,}" if shown == known else f"{shown:,} of {known:,} shown"] if known else []
        parts += [f"{self._listed.value.scanned:,} scanned"] if self._listed.value is not None and known else []
        parts += [f"by {self._by}"] if self._by else []
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

    def narrow(self, argument: str, at: datetime | None) -> None:
        """A filter, and a range around a moment if one is given."""
        if at is not None:
            self._moment = at
            self._ask(TraceQuery.around(at, self.look.now(), self.query_of.span, self.query_of.expression))
        if argument:
            self._check(argument)

    def action_filter(self) -> None:
        """Ask for an expression; what is known completes it."""
        if self.connection is not None and not self.say_why_not("filter"):
            before = self.connection.services.typed.lines(KIND)
            self.query_one(FilterBar).complete_with(self._complete, before)
            if self._asked != (asked := replace(self.query_of, expression="")):
                self._asked = asked
                self.work_on("read the services", self._read_services, group="services")
        super().action_filter()

    def _complete(self, text: str, at: int) -> Completion:
        from pointsman.model.traces_seen import seen_in
        from pointsman.semantics.traces.filter_completion import complete

        traces = self._listed.value.traces if self._listed.value is not None else ()
        return complete(text, at, seen_in(traces, self._services))

    async def _read_services(self) -> None:
        if self.connection is not None:
            try:
                self._services = await self.connection.services.traces.service_names(self.query_of)
            except CallFailed:
                self._services = ()  # completion does without; the list itself says what is denied

    def on_filter_bar_proposed(self, event: FilterBar.Proposed) -> None:
        """How what is typed may go on."""
        event.stop()
        open_ = self.query_one(FilterBar).is_open
        self.set_class(bool(event.proposals) and open_, "proposing")
        proposals, chosen = event.proposals, event.chosen

        def lines(draw: Draw, width: int) -> tuple[Cell, ...]:
            first = max(0, chosen)
            said: list[tuple[str, str]] = [("tab ", "dim")]
            for at, one in enumerate(proposals[first : first + 20], first):
                said += [*cell(one, "strong" if at == chosen else ""), ("  ", "")]
            return (crop(tuple(said), width, draw.glyphs.ellipsis),)

        self.query_one("#proposals", CellLines).show(lines)

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """An expression that is half typed is not asked: each one costs money."""
        event.stop()
        event.prevent_default()
        self._forgive()

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
                connection.services.typed.add(KIND, expression)
                self.filter_text = expression
                self.filtered()
                self.take_focus()
                return
            sentence = f"column {wrong.column}: {wrong.sentence}"
            self.add_class("wrong")
            self.remove_class("proposing")
            self.query_one("#mistake", CellLines).show(lambda *_: (cell(sentence, "fault"),))
            bar = self.query_one(FilterBar)
            bar.open(expression, at=wrong.column - 1)
            bar.count(f"column {wrong.column}")

        self.work_on("read the filter expression", check, group="filter")

    def take_focus(self) -> None:
        """Back to the list, or its groups."""
        self.query_one("#groups" if self._by else "#list").focus()

    def _forgive(self) -> None:
        self.remove_class("wrong")
        if not self.query_one(FilterBar).is_open:
            self.remove_class("proposing")
        bar = self.query_one(FilterBar)
        if bar.is_open:
            bar.count("")

    def action_range(self) -> None:
        """Choose how far back."""
        spans = {range_words(span): span for span in RANGES}
        around = self._moment
        where = f"around {self.look.draw().zone.minute(around)}" if around is not None else "the last"
        lines = [(name, f"{where} {round(span.total_seconds() / 60)} minutes") for name, span in spans.items()]
        if around is not None:
            lines.append(("now", f"up to now, the last {range_words(self.query_of.span)}"))

        def picked(line: tuple[str, str]) -> None:
            if line[0] == "now":
                self._moment = None
                self._ask(replace(self.query_of, until=None))
            elif self._moment is None:
                self._ask(replace(self.query_of, span=spans[line[0]]))
            else:
                now, expression = self.look.now(), self.query_of.expression
                self._ask(TraceQuery.around(self._moment, now, spans[line[0]], expression))

        self.post_message(PickAsked("How much time" if around is not None else "How far back", tuple(lines), picked))

    def action_group(self) -> None:
        """By URL, by service, by root cause, and each trace by itself again."""
        ways = ("", *GROUPINGS)
        self._show_by(ways[(ways.index(self._by) + 1) % len(ways)])

    def _show_by(self, by: str) -> None:
        self._by = by
        self.set_class(bool(by), "grouped")
        self._draw()
        self.take_focus()
        self.show_keys()

    def action_durations(self) -> None:
        """To the durations, and back."""
        band = self.query_one("#durations", DurationBand)
        if band.has_focus:
            self.remove_class("durations")
            self.take_focus()
        else:
            self.add_class("durations")
            self.set_focus(band)
        self.call_after_refresh(self.show_keys)  # a widget has the focus only when it has heard of it

    def on_duration_band_chosen(self, event: DurationBand.Chosen) -> None:
        """Only traces that took so long."""
        event.stop()
        self._narrow(between(event.low, event.high))

    def _narrow(self, more: str) -> None:
        """Take fewer traces than now."""
        self._show_by("")
        self._check(also(self.query_of.expression, more))

    def action_problems(self) -> None:
        """Only traces with a fault, an error or a throttle; or all again."""
        self._problems = not self._problems
        self._draw()

    def hints(self) -> tuple[KeyHint, ...]:
        """Of a group and of a range of durations enter takes these traces alone."""
        first, *rest = super().hints()
        narrows = bool(self._by) or self.query_one("#durations").has_focus
        return (replace(first, label="only these") if narrows else first, *rest)

    def why_not(self, action: str) -> str | None:
        """In groups enter narrows."""
        if action == "enter" and self._by:
            return None if self.query_one("#groups", LineTable).cursor_row is not None else "nothing is selected"
        return super().why_not(action)

    # --- what is selected

    def seen(self) -> Iterable[Ref]:
        """Every trace."""
        return [one.ref for one in self._listed.value.traces] if self._listed.value is not None else ()

    def _row(self) -> TraceSummary | None:
        row = self.query_one("#list", LineTable).cursor_row
        return row if isinstance(row, TraceSummary) else None

    def selected(self) -> Ref | None:
        """The trace the cursor is on; a group is none."""
        row = self._row() if not self._by else None
        return row.ref if row is not None else None

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its forms."""
        row = self._row() if not self._by else None
        return () if row is None else trace_forms(row.ref, self.desk.identity, row)

    def describe(self) -> None:
        """A trace is described by its waterfall."""
        if (ref := self.selected()) is not None:
            self.post_message(self.Opened(ref))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Into it; of a group, to its traces alone."""
        event.stop()
        row = event.table.cursor_row
        if isinstance(row, TraceGroup):
            if row.expression:
                self._narrow(row.expression)
            else:
                self.notify("X-Ray has no filter for these", markup=False, severity="warning", timeout=4)
        elif isinstance(event.ref, TraceRef):
            self.post_message(self.Opened(event.ref))

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()
