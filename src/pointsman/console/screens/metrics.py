"""Metrics: live sparklines of what is watched and pinned, or of everything there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console import pins
from pointsman.console.desk import Desk
from pointsman.console.present.metrics import METRICS, MetricRow, grouped, reading, row_key, row_words
from pointsman.console.present.traces import range_words
from pointsman.console.screens.base import Place
from pointsman.console.screens.wishes import PickAsked, PlotAsked
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.marks import before, marks
from pointsman.model.metrics import (
    RANGES,
    STATISTICS,
    MetricList,
    MetricQuery,
    Release,
    Threshold,
    Wall,
    WallQuery,
    period_for,
    published_unit,
)
from pointsman.model.refs import MetricRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Metrics"]

MOST = 500
"""Metrics whose values are read at once: what one call takes."""
STEPS = 60
"""Into how many steps the cursor's keys divide a range."""


class Metrics(Place):
    """The board of metrics."""

    DEFAULT_CSS = """
    Metrics #reading { height: 1; padding: 0 2; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "range", "time range", id="range"),
        Binding("s", "statistic", "statistic", id="statistic"),
        Binding("b", "everything", "all or watched", id="everything"),
        Binding("p", "pin", "pin", id="pin"),
        Binding("N", "browse", "browse", id="browse"),
        Binding("w", "group", "by namespace", show=False, id="metric-groups"),
        Binding("less_than_sign", "shift(-1)", "pin up", key_display="<", show=False, id="pin-up"),
        Binding("greater_than_sign", "shift(1)", "pin down", key_display=">", show=False, id="pin-down"),
        Binding("m", "alarms", "alarms", id="alarm-list"),
        Binding("left", "cursor(-1)", "read earlier values", show=False, id="earlier"),
        Binding("right", "cursor(1)", "read later values", show=False, id="later"),
        Binding("r", "release", "what went out before the moment read", show=False, id="release"),
        Binding("l", "then('logs')", "logs of the moment read", show=False, id="logs-then"),
        Binding("T", "then('traces')", "traces of the moment read", show=False, id="traces-then"),
        Binding("ctrl+z", "problems", "problems only", show=False, id="problems"),
    ]

    place_title = "Metrics and alarms"
    place_help = (
        "What is watched (watch.metrics in the configuration; else what delivery and your own programs publish) and "
        "what is pinned with p (< and > move a pin); b shows everything there is, N browses it by namespace and "
        "dimensions, w groups the board by namespace. A line is the range: gaps are gaps, cells beyond an alarm's "
        "threshold stand out, as do the moments at which something went out. Left and right read values, and r, l and "
        "T then lead to the release before that moment, its logs and its traces. Space marks rows, and enter draws "
        "them on one pair of axes. Against AWS values are read once a minute: CloudWatch bills each series."
    )
    slots: ClassVar[tuple[str, ...]] = ("metrics", "wall", "thresholds", "deployments", "board")
    filters = True
    filter_hint = "words of namespace, name and dimensions"
    enters: ClassVar[str] = "plot"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.span = RANGES[2]
        self.stat = "Average"
        self._all = False
        self._grouped = False
        self._moment: datetime | None = None
        self._end: datetime | None = None
        """The end of a range that has ended; None for one that ends now."""
        self._listed: Snapshot[MetricList] = Snapshot()
        self._wall: Snapshot[Wall] = Snapshot()
        self._thresholds: Snapshot[tuple[Threshold, ...]] = Snapshot()
        self._deployments: Snapshot[Any] = Snapshot()
        self._board: Snapshot[Any] = Snapshot()
        self._words: dict[MetricRef, str] = {}
        self._asked: tuple[MetricRef, ...] = ()
        """The metrics whose values are read."""

    def body(self) -> ComposeResult:
        """The board, and what its cursor reads."""
        table: LineTable[MetricRow] = LineTable(self.look, METRICS, key=row_key, noun="metrics", id="metrics-table")
        yield Pane(self.look, "Metrics", table, number="6", id="metrics")
        line = CellLines(self.look, id="reading")
        line.can_focus = False
        yield line

    def mounted(self) -> None:
        """The board has the keys."""
        self.query_one("#metrics-table").focus()

    @property
    def pins(self) -> tuple[MetricRef, ...]:
        """What stands at the top: pinned in the configuration, here or in the browser."""
        return pins.pinned(self.desk)

    def on_screen_resume(self) -> None:
        """Something may have been pinned meanwhile."""
        self._choose()
        self._draw()

    # --- what is read

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """What there is, the values of what is listed, what alarms hold against it, and what went out."""
        wanted: dict[str, Source[Any]] = {
            "metrics": services.metrics.listing(),
            "thresholds": services.metrics.thresholds(),
            "deployments": services.deployments.recent(),
            "board": services.pipelines.board(),
        }
        if self._asked:
            wanted["wall"] = services.metrics.wall(self._query())
        return wanted

    def _query(self) -> WallQuery:
        queries = tuple(MetricQuery(one, self.stat) for one in self._asked)
        return WallQuery(queries, self.span, period_for(self.span), self._end)

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        match slot:
            case "metrics":
                self._listed = snapshot
                self._choose()
            case "wall":
                self._wall = snapshot
            case "thresholds":
                self._thresholds = snapshot
            case "deployments":
                self._deployments = snapshot
            case _:
                self._board = snapshot
        self._draw()

    def _choose(self) -> None:
        """Which values to read: those of what is listed, as many as one call takes."""
        asked = tuple(self._refs()[:MOST])
        if asked != self._asked:
            self._asked = asked
            self.call_later(self.reread)

    def _refs(self) -> list[MetricRef]:
        listed = self._listed.value.metrics if self._listed.value is not None else ()
        services = self.connection.services if self.connection is not None else None
        words = self.filter_text.lower().split()
        pinned = [one for one in self.pins if self._fits(one, words)]
        known = set(pinned)
        found = [
            one
            for one in listed
            if one not in known
            and (self._all or services is None or services.metrics.watched(one))
            and self._fits(one, words)
        ]
        return pinned + found

    def _fits(self, ref: MetricRef, words: list[str]) -> bool:
        if not words:
            return True
        said = self._words.get(ref)
        if said is None:
            said = self._words[ref] = row_words(ref)
        return all(word in said for word in words)

    # --- what is shown

    def _releases(self, start: datetime, end: datetime) -> tuple[Release, ...]:
        deployments = self._deployments.value.deployments if self._deployments.value is not None else ()
        rows = self._board.value.rows if self._board.value is not None else ()
        return marks(deployments, rows, start, end)

    def _range(self) -> tuple[datetime, datetime]:
        wall = self._wall.value
        if wall is not None and wall.query == self._query():
            return wall.start, wall.end
        end = self._end or self.desk.now()
        return end - self.span, end

    def _rows(self) -> list[MetricRow]:
        wall = self._wall.value
        start, end = self._range()
        releases = self._releases(start, end)
        held: dict[MetricRef, list[Threshold]] = {}
        for one in self._thresholds.value or ():
            held.setdefault(one.metric, []).append(one)
        came = {one.query.ref: one for one in wall.series} if wall is not None else {}
        pinned = set(self.pins)
        rows = [
            MetricRow(
                ref,
                start,
                end,
                period_for(self.span),
                self.stat,
                came.get(ref),
                tuple(held.get(ref, ())),
                releases,
                ref in pinned,
                published_unit(ref) if self.stat != "SampleCount" else "",
                self._moment,
            )
            for ref in self._refs()
        ]
        if self._problems:
            rows = [one for one in rows if one.alarmed or one.breaching]
        place = {ref: at for at, ref in enumerate(self.pins)}
        rows.sort(key=lambda one: (not one.alarmed, not one.breaching, place.get(one.ref, len(place))))
        return grouped(rows) if self._grouped else rows

    def _draw(self) -> None:
        rows = self._rows()
        snapshot: Snapshot[Any] = self._listed
        if snapshot.fault is None and self._wall.fault is not None:
            snapshot = replace(snapshot, fault=self._wall.fault, fetched_at=self._wall.fetched_at)
        table = self.query_one("#metrics-table", LineTable)
        told = self._wall.value is not None or self._wall.fault is not None or not self._asked
        table.show(rows, snapshot=snapshot, whole=told and not snapshot.partial)
        self.freshen("#metrics", snapshot)
        self.query_one("#metrics", Pane).title_text("Metrics", self._extra(len(rows)))
        self._read()

    def _extra(self, shown: int) -> str:
        known = len(self._listed.value.metrics) if self._listed.value is not None else 0
        parts = [f"{self.stat} of the last {range_words(self.span)}" if self._end is None else "around a moment"]
        parts += [f"{shown:,} of {known:,}" if shown != known else f"{known:,}"] if known else []
        parts += ["all"] if self._all else []
        parts += [f"/{self.filter_text}"] if self.filter_text else []
        parts += ["problems only"] if self._problems else []
        return "  ".join(parts)

    def _read(self) -> None:
        row = self._row()
        said = (lambda draw, _: (reading(row, draw),)) if row is not None else (lambda _draw, _width: ())
        self.query_one("#reading", CellLines).show(said)

    # --- what a person chooses

    def filtered(self) -> None:
        """Other rows, and, where there are too many to read all of them, other values."""
        self._choose()
        self._draw()

    def narrow(self, argument: str, at: datetime | None) -> None:
        """Filtered, around a moment if one is given."""
        if at is not None:
            self._end = at + self.span / 2
            self._moment = at
            self.call_later(self.reread)
        super().narrow(argument, at)

    def action_range(self) -> None:
        """Choose how far back; the range ends now again."""
        spans = {range_words(span): span for span in RANGES}
        lines = tuple((name, f"a value each {period_for(span) // 60 or 1} minutes") for name, span in spans.items())

        def picked(line: tuple[str, str]) -> None:
            self.span, self._end, self._moment = spans[line[0]], None, None
            self.reread()
            self._draw()

        self.post_message(PickAsked("How far back", lines, picked))

    def action_statistic(self) -> None:
        """Choose what is read of each period."""

        def picked(line: tuple[str, str]) -> None:
            self.stat = line[0]
            self.reread()
            self._draw()

        self.post_message(PickAsked("Which statistic", tuple((one, "of each period") for one in STATISTICS), picked))

    def action_everything(self) -> None:
        """Everything there is, or what is watched and pinned."""
        self._all = not self._all
        self.filtered()

    def action_pin(self) -> None:
        """Pin the selected metric to the top, for this session and the next ones; or let it go."""
        row = self._row()
        if row is None:
            self.say_why_not("pin")
            return
        if (wrong := pins.toggle(self.desk, row.ref)) is not None:
            self.notify(wrong, markup=False, severity="warning", timeout=5)
        self.filtered()

    def action_shift(self, by: int) -> None:
        """Put a pin before or behind its neighbour."""
        row = self._row()
        if row is not None and (wrong := pins.move(self.desk, row.ref, by)) is not None:
            self.notify(wrong, markup=False, severity="warning", timeout=5)
        self._draw()

    def action_browse(self) -> None:
        """Every metric, by namespace and dimensions."""
        self.post_message(self.CommandAsked("browse"))

    def action_group(self) -> None:
        """By namespace, or what is in trouble first."""
        self._grouped = not self._grouped
        self._draw()

    def action_problems(self) -> None:
        """Only what breaches a threshold, or everything again."""
        self._problems = not self._problems
        self._draw()

    def action_cursor(self, way: int) -> None:
        """Read the values of another moment; beyond the newest, of none."""
        start, end = self._range()
        period = period_for(self.span)
        step = max(float(period), self.span.total_seconds() / STEPS)
        begun = end.timestamp() - period
        at = (self._moment.timestamp() if self._moment is not None else begun + step) + way * step
        if at > begun or (at < start.timestamp() and way < 0):
            self._moment = None if way > 0 else self._moment
        else:
            self._moment = datetime.fromtimestamp(at // period * period, UTC)
        self._draw()

    def action_alarms(self) -> None:
        """The alarms."""
        self.post_message(self.CommandAsked("alarms"))

    def action_release(self) -> None:
        """Into what went out before the moment read."""
        start, end = self._range()
        found = before(self._releases(start - timedelta(days=1), end), self._moment or end)
        if found is None or found.ref is None:
            self.notify("nothing is known to have gone out before", markup=False, severity="warning", timeout=4)
        else:
            self.post_message(self.Opened(found.ref, self._moment))

    def action_then(self, name: str) -> None:
        """Another screen, at the moment read."""
        self.post_message(self.CommandAsked(name, "", self._moment or self.desk.now()))

    def chosen(self) -> Mapping[str, str]:
        """Range, statistic and pins come back."""
        kept = {"range": range_words(self.span), "statistic": self.stat, "all": "yes" if self._all else ""}
        kept |= {"grouped": "yes" if self._grouped else "", **pins.kept(self.desk)}
        return {**super().chosen(), **{name: value for name, value in kept.items() if value}}

    def choose(self, chosen: Mapping[str, str]) -> None:
        """Range, statistic and pins as they were."""
        super().choose(chosen)
        self.span = next((one for one in RANGES if range_words(one) == chosen.get("range")), self.span)
        self.stat = chosen.get("statistic") or self.stat
        self._all = chosen.get("all") == "yes"
        self._grouped = chosen.get("grouped") == "yes"
        self.filtered()

    # --- what is selected

    def seen(self) -> Iterable[Ref]:
        """Every metric."""
        return self._listed.value.metrics if self._listed.value is not None else ()

    def _row(self) -> MetricRow | None:
        row = self.query_one("#metrics-table", LineTable).cursor_row
        return row if isinstance(row, MetricRow) else None

    def moment(self) -> datetime | None:
        """The moment that is read."""
        return self._moment

    def selected(self) -> Ref | None:
        """The metric the cursor is on."""
        row = self._row()
        return row.ref if row is not None else None

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The metric."""
        row = self._row()
        return ((row.ref, row.series),) if row is not None else ()

    def why_not(self, action: str) -> str | None:
        """Keys that need a row say so."""
        if action == "pin" and self._row() is None:
            return "nothing is selected"
        return super().why_not(action)

    def describe(self) -> None:
        """A metric is described by its plot."""
        self._plot()

    def _plot(self) -> None:
        table = self.query_one("#metrics-table", LineTable)
        marked = tuple(row.ref for row in table.rows if row.ref in table.marked)
        row = self._row()
        refs = marked or ((row.ref,) if row is not None else ())
        if refs:
            self.post_message(PlotAsked(refs, self.span, self.stat, self._moment))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """The marked ones on one pair of axes, or the selected one."""
        event.stop()
        self._plot()

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now; other values are read."""
        event.stop()
        self._read()
        self.show_keys()
