"""Sampling rules: which requests are recorded, by which rule, and which rules no request ever falls under."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.desk import Desk
from pointsman.console.dialogs.words import paragraph
from pointsman.console.present.cells import Cell, cell, join
from pointsman.console.present.look import Draw
from pointsman.console.present.sampling import LIST, RuleRow, matched, row_key
from pointsman.console.present.service_map import share_words
from pointsman.console.present.traces import range_words
from pointsman.console.screens.base import Place
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.refs import Ref, SamplingRuleRef
from pointsman.model.sampling import SamplingRules, estimates
from pointsman.model.snapshot import Snapshot
from pointsman.model.traces import TraceList, TraceQuery
from pointsman.semantics.traces import sampling

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["SamplingPlace"]


class SamplingPlace(Place):
    """Every sampling rule, as they are asked."""

    DEFAULT_CSS = """
    SamplingPlace #rules { height: 1fr; }
    SamplingPlace #rule { height: 8; }
    SamplingPlace #details { padding: 0 2; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "map", "service map", show=False, id="map"),
    ]

    place_title = "Sampling rules"
    place_help = (
        "Rules in the order in which a request is asked against them; the first that matches counts. 1st/s is what is "
        "recorded of each second before the rate counts. Requests and Took are what samplers told of the last minutes. "
        "Loaded is how many of the traces of the last while would have fallen under a rule, and Would what share of "
        "them it would have recorded: of what was recorded already, so it tells the rules apart rather than the "
        "traffic. A crossed mark is a rule that no request ever falls under; under the list it says why. a makes a "
        "rule like the selected one, changes it or takes it away. A rule file of the SDKs is imported by a world "
        "file's sampling_rules."
    )
    slots: ClassVar[tuple[str, ...]] = ("rules", "traces")
    enters = ""

    def __init__(self, desk: Desk, ref: SamplingRuleRef | None = None) -> None:
        super().__init__(desk)
        self.ref = ref
        self._rules: Snapshot[SamplingRules] = Snapshot()
        self._traces: Snapshot[TraceList] = Snapshot()

    def body(self) -> ComposeResult:
        """The list, and the rule that is selected."""
        table: LineTable[RuleRow] = LineTable(self.look, LIST, key=row_key, noun="sampling rules", id="list")
        yield Pane(self.look, "Sampling rules", table, id="rules")
        yield Pane(self.look, "Rule", CellLines(self.look, self._details, id="details"), id="rule")

    def mounted(self) -> None:
        """The list has the keys."""
        self.query_one("#list").focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The rules, and the traces of the last while, which the list of traces reads as well."""
        return {"rules": services.sampling.rules(), "traces": services.traces.recent(TraceQuery())}

    # --- showing

    @property
    def _table(self) -> LineTable[RuleRow]:
        return self.query_one("#list", LineTable)

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        first = slot == "rules" and self._rules.value is None
        if slot == "rules":
            self._rules = snapshot
        else:
            self._traces = snapshot
        self._draw()
        if first and self.ref is not None:
            self._table.move_to(self.ref)

    def _draw(self) -> None:
        state = self._rules.value
        rows: list[RuleRow] = []
        if state is not None:
            loaded = self._traces.value
            listed = [one.rule for one in state.rules]
            would = estimates(listed, loaded.traces, loaded.query.span) if loaded is not None and loaded.traces else {}
            rows = [RuleRow(one, state.never(one), would.get(one.rule.name)) for one in state.rules]
        self._table.show(rows, snapshot=self._rules)
        self.freshen("#rules", self._rules)
        self.query_one("#rules", Pane).title_text("Sampling rules", self._extra(rows))
        self.query_one("#details", CellLines).redraw()

    def _extra(self, rows: Sequence[RuleRow]) -> str:
        parts = [f"{len(rows):,}"] if rows else []
        never = sum(bool(one.never) for one in rows)
        parts += [f"{never} can never match"] if never else []
        loaded = self._traces.value
        if loaded is not None and loaded.traces:
            parts.append(f"against {len(loaded.traces):,} traces of the last {range_words(loaded.query.span)}")
        return "  ".join(parts)

    def _row(self) -> RuleRow | None:
        row = self._table.cursor_row if self.is_mounted else None
        return row if isinstance(row, RuleRow) else None

    def _details(self, draw: Draw, width: int) -> Sequence[Cell]:
        row = self._row()
        if row is None:
            return ()
        rule, taken = row.one.rule, row.one.taken
        rate = share_words(rule.fixed_rate) or "0%"
        lines: list[Cell] = [join((cell(rule.name, "strong"), cell(matched(rule), "dim")))]
        lines.append(cell(f"records {rule.reservoir_size:,} a second, and {rate} of the rest"))
        for why in (row.never, sampling.ignored_by_sdks(rule)):
            lines += paragraph(why, max(20, width - 1), "tone.waiting") if why else []
        if taken.requests:
            said = f"took {taken.sampled:,} of {taken.requests:,} requests in the last minutes"
            lines.append(cell(said + (f", {taken.borrowed:,} before it had a quota" if taken.borrowed else "")))
        else:
            lines.append(cell("no sampler told of it in the last minutes", "dim"))
        if row.estimate is not None and row.estimate.matched:
            found = row.estimate
            lines.append(cell(f"of {found.matched:,} loaded traces it would have recorded about {found.expected:,.1f}"))
        if row.one.boosted:
            lines.append(cell("X-Ray may raise its rate for a while when something is wrong", "dim"))
        if row.one.modified is not None and not row.one.default:
            lines.append(cell(f"changed {draw.zone.full(row.one.modified)}", "dim"))
        return lines

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Another rule: its details, from the top."""
        event.stop()
        details = self.query_one("#details", CellLines)
        details.redraw()
        details.action_edge(0)
        self.show_keys()

    # --- what is selected

    def seen(self) -> Iterable[Ref]:
        """Every rule."""
        return [one.ref for one in self._rules.value.rules] if self._rules.value is not None else ()

    def selected(self) -> Ref | None:
        """The rule the cursor is on."""
        row = self._row()
        return row.one.ref if row is not None else None

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The rule, among all."""
        ref = self.selected()
        return ((ref, self._rules.value),) if ref is not None else ()

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its forms."""
        row = self._row()
        if row is None:
            return ()
        arn = (("ARN", row.one.arn),) if row.one.arn else ()
        return (("rule name", row.one.rule.name), *arn, ("CLI line", "aws xray get-sampling-rules"))

    def describe(self) -> None:
        """All that is known of it."""
        row = self._row()
        if row is not None:
            draw = self.look.draw()
            self.post_message(
                self.Described(f"sampling rule {row.one.rule.name}", lambda width: self._details(draw, width))
            )

    def action_map(self) -> None:
        """The service map."""
        self.post_message(self.CommandAsked("map"))
