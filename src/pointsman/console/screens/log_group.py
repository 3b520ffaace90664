"""A log group: what it is, its filters, and a bench to try patterns on sample lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.desk import Desk
from pointsman.console.present.cells import Cell, cell
from pointsman.console.present.faults import freshness
from pointsman.console.present.log_groups import FILTERS, detail_lines, filter_key, match_lines
from pointsman.console.present.look import Draw
from pointsman.console.screens.base import Place
from pointsman.console.screens.log_words import group_forms
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.errors import CallFailed
from pointsman.model.logs import GroupDetail, MetricFilter, PatternMatch
from pointsman.model.refs import LogGroupRef, MetricFilterRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["LogGroupPlace"]

MOST_LINES = 50


class LogGroupPlace(Place):
    """One log group."""

    DEFAULT_CSS = """
    LogGroupPlace #about { height: auto; max-height: 6; padding: 0 2; }
    LogGroupPlace #filters { height: 1fr; min-height: 5; }
    LogGroupPlace #bench { height: 1fr; min-height: 5; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "tail", "tail", id="log-tail"),
        Binding("p", "pattern", "try a pattern", id="log-pattern"),
        Binding("s", "sample", "a sample line", show=False, id="log-sample"),
        Binding("S", "samples", "samples from the log", id="log-samples"),
        Binding("ctrl+k", "forget", "forget samples", key_display="^k", show=False, id="log-forget"),
        Binding("tab", "app.focus_next", "next pane", show=False, id="next-pane"),
    ]

    place_title = "Log group"
    place_help = (
        "What the group keeps, its metric and subscription filters, its newest stream. The bench below tries a pattern "
        "on sample lines and shows what it finds in them: S takes the newest lines of the log, s adds one of your own, "
        "p types a pattern, enter tries the filter under the cursor. a makes, changes and deletes metric filters."
    )
    slots: ClassVar[tuple[str, ...]] = ("group",)
    enters = "try it"

    def __init__(self, desk: Desk, ref: LogGroupRef, chosen: str = "") -> None:
        super().__init__(desk)
        self.group = ref
        self.ref = MetricFilterRef(ref.name, chosen)
        self._chosen = chosen
        self._detail: Snapshot[GroupDetail] = Snapshot()
        self._asking = "pattern"
        self.pattern: str | None = None
        """The pattern on the bench; None while there is none."""
        self.samples: tuple[str, ...] = ()
        self._matches: tuple[PatternMatch, ...] = ()
        self._wrong = ""
        self._tried = False

    def body(self) -> ComposeResult:
        """The group, its filters, the bench."""
        about = CellLines(self.look, self._about, id="about")
        about.can_focus = False
        yield about
        table: LineTable[MetricFilter] = LineTable(self.look, FILTERS, key=filter_key, noun="metric filters", id="list")
        yield Pane(self.look, "Metric filters", table, id="filters")
        yield Pane(self.look, "Test bench", CellLines(self.look, self._bench, id="lines"), id="bench")

    def mounted(self) -> None:
        """The filters have the keys."""
        self.query_one("#list").focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The group."""
        return {"group": services.logs.groups.detail(self.group)}

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        del slot
        self._detail = snapshot
        filters = snapshot.value.filters if snapshot.value is not None else ()
        table = self.query_one("#list", LineTable)
        table.show(filters, snapshot=snapshot.map(lambda detail: detail.filters))
        if self._chosen and filters:
            table.move_to(MetricFilterRef(self.group.name, self._chosen))
            self._chosen = ""
        self.freshen("#filters", snapshot)
        self.query_one("#filters", Pane).title_text("Metric filters", f"{len(filters):,}" if filters else "")
        self.query_one("#about", CellLines).redraw()

    def _about(self, draw: Draw, width: int) -> Sequence[Cell]:
        title = cell(self.group.name, "title")
        detail = self._detail.value
        if detail is None:
            return (title, freshness(self._detail, draw, "log group"))
        return (title, *detail_lines(detail, draw, width))

    # --- the bench

    def _bench(self, draw: Draw, width: int) -> Sequence[Cell]:
        lines: list[Cell] = []
        if self.pattern is not None:
            lines.append((("pattern  ", "dim"), *(cell(self.pattern, "match") or cell("every event", "dim"))))
        if self._wrong:
            lines.append(cell(self._wrong, "fault"))
        if not self.samples:
            return (*lines, cell("no sample lines: S takes the newest of the log, s adds one of your own", "dim"))
        return (*lines, *match_lines(self.samples, self._matches, draw, width, tried=self._tried))

    def _draw_bench(self) -> None:
        self.query_one("#lines", CellLines).redraw()
        count = f"{len(self._matches):,} of {len(self.samples):,} match" if self._tried else ""
        self.query_one("#bench", Pane).title_text("Test bench", count)
        self.show_keys()

    def _try(self) -> None:
        """Have the service try the pattern on the samples."""
        if self.pattern is None or not self.samples:
            self._matches, self._tried = (), False
            self._draw_bench()
            return
        self.work_on("try the pattern", partial(self._trying, self.pattern, self.samples), group="bench")

    async def _trying(self, pattern: str, samples: tuple[str, ...]) -> None:
        connection = self.connection
        if connection is None:
            return
        try:
            found = await connection.services.logs.groups.try_pattern(pattern, samples)
        except CallFailed as error:
            self._wrong, self._matches, self._tried = error.fault.sentence, (), False
        else:
            self._wrong, self._matches, self._tried = "", found, True
        self._draw_bench()

    def action_pattern(self) -> None:
        """Type a pattern to try."""
        row = self._row()
        self._asking = "pattern"
        text = self.pattern if self.pattern is not None else row.pattern if row is not None else ""
        self.query_one(FilterBar).open(text, prompt="pattern", placeholder="ERROR -retry, { $.status = 5* }, [ip, ...]")

    def action_sample(self) -> None:
        """Type a line to try patterns on."""
        self._asking = "sample"
        self.query_one(FilterBar).open("", prompt="sample", placeholder="a log line as it would be written")

    def action_samples(self) -> None:
        """Take the newest lines of the log."""
        if not self.say_why_not("samples"):
            self.work_on(f"read samples of {self.group}", self._sampling, group="samples")

    async def _sampling(self) -> None:
        connection = self.connection
        if connection is None:
            return
        found = await connection.services.logs.groups.samples(self.group)
        if not found:
            self.notify("the group has no events", markup=False, severity="warning", timeout=4)
        self.samples = tuple(dict.fromkeys((*self.samples, *found)))[-MOST_LINES:]
        self._try()

    def action_forget(self) -> None:
        """An empty bench."""
        self.samples, self._matches, self._tried, self._wrong = (), (), False, ""
        self._draw_bench()

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Half a pattern is not tried."""
        event.stop()
        event.prevent_default()

    def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Try it."""
        event.stop()
        event.prevent_default()
        if self._asking == "pattern":
            self.pattern = event.value.strip()
        elif event.value:
            self.samples = tuple(dict.fromkeys((*self.samples, event.value)))[-MOST_LINES:]
        self.take_focus()
        self._try()

    def on_filter_bar_cancelled(self, event: FilterBar.Cancelled) -> None:
        """Nothing is tried."""
        event.stop()
        event.prevent_default()
        self.take_focus()

    def take_focus(self) -> None:
        """The filters have the keys."""
        self.query_one("#list").focus()

    # --- what is selected

    def seen(self) -> Iterable[Ref]:
        """The group."""
        return (self.group,)

    def _row(self) -> MetricFilter | None:
        row = self.query_one("#list", LineTable).cursor_row
        return row if isinstance(row, MetricFilter) else None

    def selected(self) -> Ref | None:
        """The filter the cursor is on, or the group."""
        row = self._row()
        return MetricFilterRef(row.group, row.name) if row is not None else self.group

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The filter, and the group."""
        row = self._row()
        detail = self._detail.value
        of_group = ((self.group, detail),)
        return of_group if row is None else ((MetricFilterRef(row.group, row.name), detail), *of_group)

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The filter's pattern; the group's forms."""
        row = self._row()
        detail = self._detail.value
        forms = group_forms(self.group.name, detail.group.arn if detail is not None else "", self.desk.identity)
        return forms if row is None else (("filter pattern", row.pattern), ("metric filter name", row.name), *forms)

    def why_not(self, action: str) -> str | None:
        """Some keys need a connection or a filter."""
        if action == "samples" and self.connection is None:
            return "not connected yet"
        if action == "enter" and self._row() is None:
            return "there is no metric filter to try"
        return super().why_not(action)

    def describe(self) -> None:
        """There is nothing more to say of it."""
        self.say_why_not("describe")

    def action_tail(self) -> None:
        """Follow it."""
        self.post_message(self.Opened(self.group))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Its pattern, on the bench."""
        event.stop()
        if (row := self._row()) is not None:
            self.pattern = row.pattern
            if self.samples:
                self._try()
            else:
                self._draw_bench()
                self.action_samples()

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()
