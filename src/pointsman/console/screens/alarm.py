"""One alarm: its state in words, its metric against its threshold, what became of it, and what went out before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from pointsman.console.desk import Desk
from pointsman.console.present.alarms import unit_of
from pointsman.console.present.cells import Cell, cell
from pointsman.console.present.faults import freshness_lines
from pointsman.console.present.look import Draw
from pointsman.console.present.plot import Chart, chart
from pointsman.console.screens.alarm_words import end_of, facts, history_lines
from pointsman.console.screens.alarms import alarm_forms, alarm_targets
from pointsman.console.screens.base import Place
from pointsman.console.screens.wishes import PickAsked
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.model.alarms import Alarm, AlarmHistory, AlarmList
from pointsman.model.deployments import Deployment, DeploymentGroup, DeploymentList
from pointsman.model.marks import before, marks
from pointsman.model.metrics import MetricQuery, Release, Threshold, Wall, WallQuery
from pointsman.model.refs import AlarmRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["AlarmPlace"]

BEFORE = timedelta(hours=2)
"""How long before it fired a release is one that may have made it fire."""
PLOT = 12
"""Lines of the plot, where there is room for it."""


class AlarmPlace(Place):
    """The alarm.

    Args:
        desk: The shared state.
        ref: Which one.
    """

    DEFAULT_CSS = """
    AlarmPlace #facts { height: 1fr; padding: 0 2; }
    AlarmPlace #past { height: 1fr; padding: 0 2; }
    AlarmPlace #plot { height: 13; padding: 0 2; }
    AlarmPlace.short #plot { display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "plot", "plot", id="plot-metric"),
        Binding("r", "release", "release before", id="release"),
        Binding("l", "then('logs')", "logs then", id="logs-then"),
        Binding("T", "then('traces')", "traces then", id="traces-then"),
        Binding("w", "guards", "what it guards", show=False, id="guards"),
        Binding("s", "stopped", "what it stopped", show=False, id="stopped"),
        Binding("o", "older", "older history", show=False, id="older"),
    ]

    place_title = "Alarm"
    place_help = (
        "Why the alarm is in its state, what it watches and whom it tells; a composite one with its rule and the "
        "alarms that make it fire. The plot marks what went out: r opens what went out before it fired (a there rolls "
        "it back), l and T lead to the logs and traces of that minute, p to its metric as large as the screen, w to "
        "the deployments it guards, s to those that it stopped; "
        "o reads older history."
    )
    slots: ClassVar[tuple[str, ...]] = ("alarms", "history", "wall", "deployments", "board", "groups")
    enters: ClassVar[str] = ""

    def __init__(self, desk: Desk, ref: AlarmRef) -> None:
        super().__init__(desk)
        self.ref = ref
        self._alarms: Snapshot[AlarmList] = Snapshot()
        self._history: Snapshot[AlarmHistory] = Snapshot()
        self._read = AlarmHistory()
        """All of the history that was read here, on demand too."""
        self._wall: Snapshot[Wall] = Snapshot()
        self._deployments: Snapshot[DeploymentList] = Snapshot()
        self._board: Snapshot[Any] = Snapshot()
        self._groups: Snapshot[tuple[DeploymentGroup, ...]] = Snapshot()
        self._guarding = False
        """Whether the deployment groups are read: once somebody asks what it guards."""
        self._asked = False
        """Whether somebody waits for them."""
        self._read_query: WallQuery | None = None

    def body(self) -> ComposeResult:
        """Facts, plot, history."""
        with Vertical(id="all"):
            yield Pane(self.look, self.ref.name, CellLines(self.look, self._facts, id="facts"), id="alarm")
            plot = CellLines(self.look, self._plot, id="plot")
            plot.can_focus = False
            yield plot
            yield Pane(self.look, "History", CellLines(self.look, self._past, id="past"), id="history")

    def mounted(self) -> None:
        """The facts have the keys."""
        self.query_one("#facts").focus()

    def on_resize(self) -> None:
        """The plot shows where there is room for it."""
        self.set_class(self.size.height < 34, "short")

    @property
    def alarm(self) -> Alarm | None:
        """The alarm, once it is known."""
        return self._alarms.value.get(self.ref) if self._alarms.value is not None else None

    # --- what is read

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The alarms (a composite one needs the others), its history, its metric, and what went out."""
        wanted: dict[str, Source[Any]] = {
            "alarms": services.alarms.listing(),
            "history": services.alarms.history(self.ref),
            "deployments": services.deployments.recent(),
            "board": services.pipelines.board(),
        }
        if self._guarding:
            wanted["groups"] = services.deployments.groups()
        if (query := self._query()) is not None:
            wanted["wall"] = services.metrics.wall(query)
        return wanted

    def _query(self) -> WallQuery | None:
        alarm = self.alarm
        if alarm is None or alarm.metric is None:
            return None
        span = max(timedelta(hours=3), timedelta(seconds=alarm.period * (alarm.periods + 10)))
        return WallQuery((MetricQuery(alarm.metric, alarm.stat or "Average"),), span, alarm.period)

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        setattr(self, f"_{slot}", snapshot)
        if slot == "history":
            self._read = AlarmHistory() if snapshot.value is None else snapshot.value.joined(self._read)
        if slot == "alarms" and (query := self._query()) != self._read_query:
            self._read_query = query
            self.call_later(self.reread)
        if slot == "groups" and self._asked and (snapshot.fault is not None or self._groups_known):
            self._asked = False
            if self.app.screen is self:  # else there is a dialog, or somebody has gone on
                self._show_guards()
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        self.query_one("#facts", CellLines).redraw()
        self.query_one("#past", CellLines).redraw()
        self.query_one("#plot", CellLines).redraw()
        self.freshen("#alarm", self._alarms)
        self.freshen("#history", self._history)
        said = f"{len(self._read.changes):,}" if self._read.changes else ""
        self.query_one("#history", Pane).title_text("History", f"{said}  older not read" if self._read.more else said)

    # --- what is shown

    def _facts(self, draw: Draw, width: int) -> Sequence[Cell]:
        if self._alarms.value is None:
            return freshness_lines(self._alarms, draw, "the alarm", width)
        alarm = self.alarm
        if alarm is None:
            return (cell(f"there is no alarm {self.ref} (any more)", "fault"),)
        lines = facts(alarm, self._alarms.value, draw, width)
        if stopped := self._stopped():
            ids = ", ".join(one.id for one in stopped[:3])
            more = f" and {len(stopped) - 3} more" if len(stopped) > 3 else ""
            lines.append((*cell(f"{'stopped':<13}", "dim"), (" ", ""), ("s ", "key"), *cell(f"{ids}{more}", "mark")))
        for label, release in (("went out", self._release()),):
            if release is not None:
                state = "failed" if release.failed else release.kind
                when = draw.zone.minute(release.at)
                lines.append(
                    (*cell(f"{label:<13}", "dim"), (" ", ""), *cell(f"{release.name} ({state}) {when}", "mark"))
                )
        return lines

    def _past(self, draw: Draw, width: int) -> Sequence[Cell]:
        if self._history.value is None:
            return freshness_lines(self._history, draw, "the history", width)
        if not self._read.changes:
            return (cell("nothing has become of it yet", "dim"),)
        return [*history_lines(self._read.changes, draw, width), end_of(self._read)]

    def _plot(self, draw: Draw, width: int) -> Sequence[Cell]:
        alarm, wall = self.alarm, self._wall.value
        if alarm is None or wall is None or wall.query != self._read_query:
            return ()
        limits: tuple[Threshold, ...] = ()
        if alarm.metric is not None and alarm.threshold is not None:
            limits = (Threshold(alarm.ref.name, alarm.metric, alarm.comparison, alarm.threshold, alarm.state),)
        drawn = Chart(
            wall.series,
            wall.start,
            wall.end,
            unit_of(alarm),
            alarm.period,
            limits,
            self._releases(wall.start, wall.end),
        )
        return chart(drawn, draw, width, PLOT)

    def _releases(self, start: datetime, end: datetime) -> tuple[Release, ...]:
        deployments = self._deployments.value.deployments if self._deployments.value is not None else ()
        rows = self._board.value.rows if self._board.value is not None else ()
        return marks(deployments, rows, start, end)

    def moment(self) -> datetime:
        """When it fired last: when it came into its state, or the last time it came into ALARM."""
        alarm = self.alarm
        if alarm is not None and alarm.firing and alarm.since is not None:
            return alarm.since
        fired = (one.at for one in self._read.changes if one.after == "ALARM" and one.at is not None)
        return next(fired, None) or (alarm.since if alarm is not None and alarm.since else self.desk.now())

    def _release(self) -> Release | None:
        """What went out before it fired."""
        fired = self.moment()
        return before(self._releases(fired - BEFORE, fired), fired)

    # --- where it leads

    def action_plot(self) -> None:
        """Its metric as large as the screen, around the moment it fired."""
        alarm = self.alarm
        if alarm is None or alarm.metric is None:
            self.notify("it is not on one metric", markup=False, severity="warning", timeout=4)
            return
        self.post_message(self.Opened(alarm.metric, self.moment()))

    def action_release(self) -> None:
        """Into what went out before it fired."""
        found = self._release()
        if found is None or found.ref is None:
            self.notify("nothing is known to have gone out in the two hours before", markup=False, timeout=4)
        else:
            self.post_message(self.Opened(found.ref, self.moment()))

    def action_then(self, name: str) -> None:
        """Another screen, at the minute it fired."""
        self.post_message(self.CommandAsked(name, "", self.moment()))

    @property
    def _groups_known(self) -> bool:
        return self._groups.value is not None and not self._groups.partial

    def action_guards(self) -> None:
        """The deployment groups that it can stop; they are read when somebody asks."""
        if self._groups_known or self.connection is None:
            self._show_guards()
            return
        self._guarding = self._asked = True
        self.notify("reading the deployment groups", markup=False, timeout=3)
        self.reread()

    def _show_guards(self) -> None:
        groups = self._groups.value or ()
        listed = self._deployments.value.deployments if self._deployments.value is not None else ()
        found = {str(one.ref): one.ref for one in groups if self.ref.name in one.alarms}
        found |= {str(one.group): one.group for one in listed if self.ref.name in (*one.alarms, *one.stopped_by)}
        if not found:
            known = "no deployment group names it" if self._groups_known else "no deployment that was read names it"
            self.notify(known, markup=False, severity="warning", timeout=4)
            return
        lines = tuple((name, "a deployment group") for name in sorted(found))
        self.post_message(
            PickAsked("What it guards", lines, lambda line: (self.post_message(self.Opened(found[line[0]])), None)[1])
        )

    def why_not(self, action: str) -> str | None:
        """There may be no older history."""
        if action == "older":
            if self.connection is None or self._history.value is None:
                return "the history has not been read"
            if not self._read.more or self._read.oldest is None:
                return "there is no older history"
        return super().why_not(action)

    def action_older(self) -> None:
        """Read what is older than the history shown."""
        connection, until = self.connection, self._read.oldest
        if self.say_why_not("older") or connection is None or until is None:
            return

        async def read() -> None:
            older = await connection.services.alarms.older(self.ref, until)
            if connection is self.connection:
                before = len(self._read.changes)
                self._read = self._read.joined(older)
                if len(self._read.changes) == before:
                    self._read = AlarmHistory(self._read.changes)
                self._draw()

        self.work_on(f"read older history of {self.ref}", read, group="older")

    def _stopped(self) -> tuple[Deployment, ...]:
        """The recent deployments that it stopped, newest first."""
        listed = self._deployments.value.deployments if self._deployments.value is not None else ()
        return tuple(one for one in listed if self.ref.name in one.stopped_by)

    def action_stopped(self) -> None:
        """Into a deployment that it stopped; of several, one is chosen."""
        found = {one.id: one for one in self._stopped()}
        if not found:
            self.notify("no recent deployment was stopped by it", markup=False, severity="warning", timeout=4)
        elif len(found) == 1:
            self.post_message(self.Opened(next(iter(found.values())).ref))
        else:
            when = {one.id: self.desk.zone.minute(at) for one in found.values() if (at := one.completed or one.began)}
            lines = tuple((name, f"{one.group} {when.get(name, '')}".rstrip()) for name, one in found.items())
            self.post_message(
                PickAsked(
                    "What it stopped",
                    lines,
                    lambda line: (self.post_message(self.Opened(found[line[0]].ref)), None)[1],
                )
            )

    # --- what is selected

    def selected(self) -> Ref | None:
        """The alarm."""
        return self.ref

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The alarm and its metric; the deployment that went out before, to be rolled back from here."""
        alarm = self.alarm
        found = alarm_targets(alarm, self.desk, self._alarms.value) if alarm is not None else ()
        release = self._release() if alarm is not None and alarm.firing else None
        return (*found, (release.ref, None)) if release is not None and release.ref is not None else found

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its forms."""
        return alarm_forms(self.alarm) if self.alarm is not None else super().copy_forms()
