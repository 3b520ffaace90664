"""One metric, or several, on a pair of axes as large as the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.desk import Desk
from pointsman.console.present.cells import Cell
from pointsman.console.present.faults import freshness_lines
from pointsman.console.present.look import Draw
from pointsman.console.present.plot import Chart, chart, legend
from pointsman.console.present.traces import range_words
from pointsman.console.screens.base import Place
from pointsman.console.screens.wishes import PickAsked
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.model.marks import before, marks
from pointsman.model.metrics import (
    RANGES,
    STATISTICS,
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

__all__ = ["MetricPlace"]

LEAST_PLOT = 6
"""Lines the plot keeps, however long the legend is."""


class MetricPlace(Place):
    """The plot.

    Args:
        desk: The shared state.
        refs: What is drawn.
        at: A moment to show, in the middle of the range, and to read.
        span: How long the range is.
        stat: What is read of each period.
    """

    DEFAULT_CSS = """
    MetricPlace #plot { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "range", "time range", id="range"),
        Binding("s", "statistic", "statistic", id="statistic"),
        Binding("left", "cursor(-1)", "read earlier values", show=False, id="earlier"),
        Binding("right", "cursor(1)", "read later values", show=False, id="later"),
        Binding("plus", "zoom(0.5)", "zoom in", key_display="+", id="zoom-in"),
        Binding("equals_sign,underscore", "zoom(2.0)", "zoom out", key_display="= _", show=False, id="zoom-out"),
        Binding("y", "axis", "second axis", show=False, id="second-axis"),
        Binding("0", "now", "to now", show=False, id="to-now"),
        Binding("r", "release", "release before", id="release"),
        Binding("l", "then('logs')", "logs of the moment read", show=False, id="logs-then"),
        Binding("T", "then('traces')", "traces of the moment read", show=False, id="traces-then"),
    ]

    place_title = "Metric"
    place_help = (
        "The series of a range with what alarms hold against them and what went out. Left and right read values, + "
        "and _ zoom around the moment read, 0 goes to now; r opens the release before it, l and T the logs and traces "
        "of that moment. / adds a series by metric math: m1 is the first, m2 the second; an empty one takes it away. "
        "y gives the last series an axis of its own at the right, then all but the first, then none."
    )
    slots: ClassVar[tuple[str, ...]] = ("wall", "thresholds", "deployments", "board")
    filters = True
    filter_hint = "metric math over m1, m2 ...: m1/m2*100, RATE(m1), FILL(m1, 0)"
    enters: ClassVar[str] = ""

    def __init__(
        self,
        desk: Desk,
        refs: tuple[MetricRef, ...],
        at: datetime | None = None,
        *,
        span: timedelta = RANGES[2],
        stat: str = "Average",
    ) -> None:
        super().__init__(desk)
        self.refs = refs
        self.ref = refs[0]
        self.span = span
        self.stat = stat
        self.expression = ""
        self._aside = 0
        """How many of the last series have the axis at the right."""
        self._moment = at
        now = desk.now()
        self._end = at + span / 2 if at is not None and at < now - span else None
        self._unit = published_unit(self.ref)
        self._wall: Snapshot[Wall] = Snapshot()
        self._thresholds: Snapshot[tuple[Threshold, ...]] = Snapshot()
        self._deployments: Snapshot[Any] = Snapshot()
        self._board: Snapshot[Any] = Snapshot()

    @property
    def crumb(self) -> str:
        """The metric's name; how many more there are."""
        return self.ref.name + (f" +{len(self.refs) - 1}" if len(self.refs) > 1 else "")

    def body(self) -> ComposeResult:
        """The plot."""
        lines = CellLines(self.look, self._lines, id="plot")
        yield Pane(self.look, self.crumb, lines, id="metric")

    def mounted(self) -> None:
        """The plot has the keys; its unit is asked for."""
        self.query_one("#plot").focus()
        self._learn()

    def _learn(self) -> None:
        connection = self.connection
        if connection is None or self._unit or len({one.namespace for one in self.refs}) > 1:
            return

        async def ask() -> None:
            self._unit = await connection.services.metrics.unit(self.ref)
            self._draw()

        self.work_on("read the unit", ask, group="unit")

    # --- what is read

    def _query(self) -> WallQuery:
        queries = [MetricQuery(one, self.stat) for one in self.refs]
        queries += [MetricQuery(None, expression=self.expression)] if self.expression else []
        return WallQuery(tuple(queries), self.span, period_for(self.span), self._end)

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """Values, thresholds, and what went out."""
        return {
            "wall": services.metrics.wall(self._query()),
            "thresholds": services.metrics.thresholds(),
            "deployments": services.deployments.recent(),
            "board": services.pipelines.board(),
        }

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        setattr(self, f"_{slot}", snapshot)
        self._draw()

    def _ask(self) -> None:
        self._wall = Snapshot()
        self.reread()
        self._draw()

    # --- what is shown

    def _range(self) -> tuple[datetime, datetime]:
        wall = self._wall.value
        if wall is not None:
            return wall.start, wall.end
        end = self._end or self.desk.now()
        return end - self.span, end

    def _releases(self, start: datetime, end: datetime) -> tuple[Release, ...]:
        deployments = self._deployments.value.deployments if self._deployments.value is not None else ()
        rows = self._board.value.rows if self._board.value is not None else ()
        return marks(deployments, rows, start, end)

    def _chart(self) -> Chart:
        start, end = self._range()
        wanted = set(self.refs)
        series = self._wall.value.series if self._wall.value is not None else ()
        return Chart(
            series,
            start,
            end,
            self._unit if self.stat != "SampleCount" else "",
            period_for(self.span),
            tuple(one for one in self._thresholds.value or () if one.metric in wanted),
            self._releases(start, end),
            self._moment,
            right=frozenset(range(max(1, len(series) - self._aside), len(series))),
            units=tuple(self._unit_of(one.query.ref) for one in series) if self.stat != "SampleCount" else (),
        )

    def _unit_of(self, ref: MetricRef | None) -> str:
        """The unit of a series: what is published or asked for; a result of metric math has none that is known."""
        if ref is None:
            return ""
        same = (ref.namespace, ref.name) == (self.ref.namespace, self.ref.name)
        return self._unit if same else published_unit(ref)

    def _lines(self, draw: Draw, width: int) -> Sequence[Cell]:
        if self._wall.value is None:
            return freshness_lines(self._wall, draw, "values", width)
        drawn = self._chart()
        below = legend(drawn, draw, width)
        height = max(LEAST_PLOT, self.query_one("#plot").size.height - len(below) - 1)
        return [*chart(drawn, draw, width, height), (), *below]

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        self.query_one("#plot", CellLines).redraw()
        self.freshen("#metric", self._wall)
        when = (
            f"the last {range_words(self.span)}" if self._end is None else f"{range_words(self.span)} around a moment"
        )
        at = f"  at {self.look.zone.minute(self._moment)}" if self._moment is not None else ""
        math = f"  {self.expression}" if self.expression else ""
        self.query_one("#metric", Pane).title_text(self.crumb, f"{self.stat}  {when}{at}{math}")

    # --- what a person chooses

    def action_range(self) -> None:
        """Choose how long the range is; it ends now again."""
        spans = {range_words(span): span for span in RANGES}

        def picked(line: tuple[str, str]) -> None:
            self.span, self._end, self._moment = spans[line[0]], None, None
            self._ask()

        lines = tuple((name, f"a value each {period_for(span) // 60 or 1} minutes") for name, span in spans.items())
        self.post_message(PickAsked("How far back", lines, picked))

    def action_statistic(self) -> None:
        """Choose what is read of each period."""

        def picked(line: tuple[str, str]) -> None:
            self.stat = line[0]
            self._ask()

        self.post_message(PickAsked("Which statistic", tuple((one, "of each period") for one in STATISTICS), picked))

    def action_cursor(self, way: int) -> None:
        """Read the values of another moment; beyond the newest, of none."""
        start, end = self._range()
        period = period_for(self.span)
        cells = max(10, self.query_one("#plot").size.width - 10)
        step = max(float(period), (end - start).total_seconds() / cells)
        newest = end.timestamp() - period
        at = (self._moment.timestamp() if self._moment is not None else newest + step) + way * step
        if at > newest:
            self._moment = None
        elif at >= start.timestamp():
            self._moment = datetime.fromtimestamp(at // period * period, UTC)
        self._draw()

    def action_zoom(self, share: float) -> None:
        """A shorter or longer range around the moment read."""
        wanted = self.span * share
        if not RANGES[0] / 6 <= wanted <= RANGES[-1] * 2:
            self.notify("that is as far as it goes", markup=False, severity="warning", timeout=3)
            return
        self.span = wanted
        self._end = self._moment + wanted / 2 if self._moment is not None else None
        if self._end is not None and self._end >= self.desk.now():
            self._end = None
        self._ask()

    def action_axis(self) -> None:
        """The last series has an axis of its own, then all but the first, then none."""
        if self.say_why_not("axis"):
            return
        count = len(self._query().queries)
        ways = sorted({0, 1, count - 1})
        self._aside = ways[(ways.index(self._aside) + 1) % len(ways)] if self._aside in ways else 0
        self._draw()

    def why_not(self, action: str) -> str | None:
        """One series has one axis."""
        if action == "axis" and len(self._query().queries) < 2:
            return "there is one series: space marks several on the board, / adds one by metric math"
        return super().why_not(action)

    def action_now(self) -> None:
        """The range ends now, and no moment is read."""
        self._end = self._moment = None
        self._ask()

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

    # --- metric math, in the place of a filter

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """An expression that is half typed is not asked."""
        event.stop()
        event.prevent_default()

    def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Ask for it."""
        event.stop()
        event.prevent_default()
        self.filter_text = self.expression = event.value.strip()
        self._ask()
        self.take_focus()

    # --- what is selected

    def moment(self) -> datetime | None:
        """The moment that is read."""
        return self._moment

    def selected(self) -> Ref | None:
        """The first metric."""
        return self.ref

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """Every metric drawn."""
        return tuple((one, None) for one in self.refs)
