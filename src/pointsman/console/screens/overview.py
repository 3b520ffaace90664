"""The Overview: what is broken, what changed, what waits for me.

An attention line over live panes. What has no service behind it yet says so in its pane.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.events import Resize
from textual.geometry import Size

from pointsman.console.present import attention
from pointsman.console.present.alarms import FEW as FEW_ALARMS
from pointsman.console.present.alarms import AlarmRow
from pointsman.console.present.alarms import brief as brief_alarms
from pointsman.console.present.alarms import row_key as alarm_key
from pointsman.console.present.alarms import rows_of as rows_of_alarms
from pointsman.console.present.builds import BUILDS
from pointsman.console.present.cells import Cell, cell, crop, join
from pointsman.console.present.deployments import BRIEF, DeploymentRow, brief, origins, row_key, rows_of
from pointsman.console.present.look import Draw
from pointsman.console.present.pipelines import BOARD
from pointsman.console.present.traces import BRIEF as TRACES
from pointsman.console.present.traces import brief as brief_traces
from pointsman.console.present.traces import row_key as trace_key
from pointsman.console.screens.board_rows import BoardRows
from pointsman.console.screens.remembering import BoardPlace
from pointsman.console.screens.selection import troubled
from pointsman.console.screens.wishes import ApprovalAsked
from pointsman.console.widgets.attention_line import AttentionLine
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.console.working import begin
from pointsman.errors import FaultKind
from pointsman.model.alarms import AlarmList
from pointsman.model.builds import Build, BuildList
from pointsman.model.deployments import DeploymentList
from pointsman.model.pipelines import Board, PipelineRow
from pointsman.model.refs import ActionRef, AlarmRef, BuildRef, DeploymentRef, PipelineRef, Ref, TraceRef
from pointsman.model.snapshot import Snapshot
from pointsman.model.traces import TraceList, TraceQuery, TraceSummary, troubled_first

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Overview"]

SETTLING = 0.02
"""Seconds a first board has to get onto the terminal."""
WIDE = 160
TALL = 32
FLAT = 18


def unknown(board: Snapshot[Board], deployments: Snapshot[DeploymentList]) -> str:
    """Why it is not known what needs somebody; empty when everything could be read."""
    if board.fault is not None:
        return board.fault.kind.value
    rows = board.value.rows if board.value is not None else ()
    unread = [row.fault for row in rows if row.fault is not None]
    if unread:
        return f"{len(unread)} of {len(rows)} pipelines could not be read: {unread[0].kind.value}"
    # Where there is no CodeDeploy at all, no deployment can need anybody.
    if deployments.fault is not None and deployments.fault.kind is not FaultKind.NOT_BUILT:
        return f"deployments could not be read: {deployments.fault.kind.value}"
    return ""


def told(board: Snapshot[Board]) -> bool:
    """Whether a board says something of any pipeline, or that there is nothing to say."""
    rows = board.value.rows if board.value is not None else ()
    return board.fault is not None or (
        board.value is not None and (not board.partial or any(row.state for row in rows))
    )


class Overview(BoardPlace):
    """The first screen."""

    DEFAULT_CSS = """
    Overview #panes { layout: vertical; height: 1fr; }
    Overview #work { layout: vertical; height: 1fr; width: 1fr; }
    Overview #pipelines { height: 3fr; }
    Overview #builds { height: 2fr; min-height: 5; }
    Overview #rest { layout: vertical; height: 2; }
    Overview #rest Pane { display: none; }
    Overview #brief { height: 2; }
    Overview.flat #builds { display: none; }
    Overview #rest CellLines { padding: 0 2; }
    Overview.tall #rest { layout: horizontal; height: 8; }
    Overview.tall #rest Pane { width: 1fr; height: 1fr; display: block; }
    Overview.tall #rest #deployments { width: 3fr; }
    Overview.tall #brief { display: none; }
    Overview.wide #panes { layout: horizontal; }
    Overview.wide #work { width: 2fr; }
    Overview.wide #rest { layout: vertical; width: 1fr; height: 1fr; margin-left: 1; }
    Overview.wide #rest Pane { height: 1fr; }
    Overview.wide #rest #deployments { width: 1fr; height: 3fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "problems", "problems only", show=False, id="problems"),
    ]

    place_title = "Overview"
    place_help = "What is broken, what changed, what waits for you; worst first. The numbers of the panes are keys."
    slots: ClassVar[tuple[str, ...]] = ("board", "builds", "deployments", "traces", "alarms")
    filters = True

    _problems = False
    _furnished = False
    """Whether every pane has been told what it shows at first."""

    def body(self) -> ComposeResult:
        """The attention line over the panes."""
        self._board: Snapshot[Board] = Snapshot()
        self._rows = BoardRows()
        self._builds: Snapshot[BuildList] = Snapshot()
        self._deployments: Snapshot[DeploymentList] = Snapshot()
        self._traces: Snapshot[TraceList] = Snapshot()
        self._alarms: Snapshot[AlarmList] = Snapshot()
        self._fit(self.app.size)
        yield AttentionLine(self.look, id="attention")
        with Container(id="panes"):
            with Vertical(id="work"):
                table: LineTable[PipelineRow] = LineTable(
                    self.look, BOARD, key=lambda row: row.ref, noun="pipelines", id="board"
                )
                yield Pane(self.look, "Pipelines", table, number="2", id="pipelines")
                recent: LineTable[Build] = LineTable(
                    self.look, BUILDS, key=lambda row: row.ref, noun="builds", id="recent"
                )
                yield Pane(self.look, "Builds", recent, number="3", id="builds")
            with Container(id="rest"):
                lines = CellLines(self.look, self._brief, id="brief")
                lines.can_focus = False
                yield lines
                rollouts: LineTable[DeploymentRow] = LineTable(
                    self.look, BRIEF, key=row_key, noun="deployments", id="rollouts"
                )
                yield Pane(self.look, "Deployments", rollouts, number="4", id="deployments")
                traces: LineTable[TraceSummary] = LineTable(
                    self.look, TRACES, key=trace_key, noun="traces", id="newest"
                )
                yield Pane(self.look, "Traces", traces, number="5", id="traces")
                alarms: LineTable[AlarmRow] = LineTable(
                    self.look, FEW_ALARMS, key=alarm_key, noun="alarms", id="firing"
                )
                yield Pane(self.look, "Metrics and alarms", alarms, number="6", id="metrics")

    def mounted(self) -> None:
        """Everything is drawn at once, and the cursor is in the first pane from the start."""
        self._furnished = True
        self._draw()
        self.query_one("#board", LineTable).focus()

    def on_resize(self, event: Resize) -> None:
        """Panes beside each other where there is room."""
        before = self.has_class("flat")
        self._fit(event.size)
        if self.has_class("flat") != before:
            self.call_after_refresh(self.reread)

    def _fit(self, size: Size) -> None:
        self.set_class(size.width >= WIDE, "wide")
        self.set_class(size.height >= TALL or size.width >= WIDE, "tall")
        self.set_class(size.height < FLAT and size.width < WIDE, "flat")

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The board; once it says something, what the other panes show."""
        wanted: dict[str, Source[Any]] = {"board": services.pipelines.board()}
        if not self._board_first:
            wanted |= self._others(services)
        return wanted

    _board_first = True
    """Whether nothing but the board is read yet: what is read beside it would make it come later."""

    def taken(self, slot: str, snapshot: Snapshot[Any]) -> Snapshot[Any]:
        """Once something is known of a pipeline, or nothing will be, the other panes are read, too."""
        if slot == self.board_slot and self._board_first and told(snapshot):
            begin(self, self._look_further, name="look further", group="look-further", exclusive=True)
        return super().taken(slot, snapshot)

    async def _look_further(self) -> None:
        await asyncio.sleep(SETTLING)  # what is loaded for the others would make the board later
        connection = self.desk.connection
        if connection is not None:
            await asyncio.to_thread(connection.services.warm)
        self._board_first = False
        self.reread()

    def _others(self, services: Services) -> dict[str, Source[Any]]:
        wanted: dict[str, Source[Any]] = {
            "deployments": services.deployments.recent(),
            "traces": services.traces.recent(TraceQuery()),
            "alarms": services.alarms.listing(),
        }
        if not self.has_class("flat"):
            wanted["builds"] = services.builds.recent()
        return wanted

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        if slot == "board":
            self._board = snapshot
        elif slot == "deployments":
            self._deployments = snapshot
        elif slot == "traces":
            self._traces = snapshot
        elif slot == "alarms":
            self._alarms = snapshot
        else:
            self._builds = snapshot
        if self._furnished:
            self._draw()

    def _brief(self, draw: Draw, width: int) -> Sequence[Cell]:
        """What has no pane on a small screen, in two lines."""
        rollouts = self._brief_of("4", "Deployments", self._deployments.map(lambda one: brief(one.deployments)), draw)
        traces = self._brief_of("5", "Traces", self._traces.map(brief_traces), draw)
        alarms = self._brief_of("6", "Alarms", self._alarms.map(brief_alarms), draw)
        return (rollouts, crop(join((traces, alarms[1:])), width, draw.glyphs.ellipsis))

    @staticmethod
    def _brief_of(number: str, name: str, said: Snapshot[Cell], draw: Draw) -> Cell:
        words = said.value if said.value is not None else cell("not read yet", "dim")
        if said.fault is not None:
            words = cell(f"{draw.glyphs.failed} {said.fault.kind.value}", "fault")
        return ((f"{draw.glyphs.rule} ", "rule"), (number, "key"), (" ", ""), *cell(name, "dim"), (": ", "dim"), *words)

    def _draw_board(self) -> None:
        """What the filter and the key for problems only look at."""
        board = self._board
        shown = self._rows.arranged(board.value, self.filter_text)
        if self._problems:
            shown = [row for row in shown if troubled(row)]
        self.query_one("#board", LineTable).show(shown, snapshot=replace(board, partial=""), whole=not board.partial)
        pane = self.query_one("#pipelines", Pane)
        self.freshen("#pipelines", board)
        pane.title_text("Pipelines" + (" - problems only" if self._problems else ""))

    def _draw(self) -> None:
        board, recent = self._board, self._builds
        rows = self._rows.arranged(board.value)
        self._draw_board()
        builds = recent.value.builds if recent.value else ()
        self.query_one("#recent", LineTable).show(builds, snapshot=recent)
        self.freshen("#builds", recent)
        listed = self._deployments.value.deployments if self._deployments.value else ()
        known = rows_of(listed, origins(rows))
        self.query_one("#rollouts", LineTable).show(known, snapshot=self._deployments)
        self.freshen("#deployments", self._deployments)
        newest = troubled_first(self._traces.value.traces) if self._traces.value else ()
        self.query_one("#newest", LineTable).show(newest, snapshot=replace(self._traces, partial=""))
        self.freshen("#traces", self._traces)
        alarms = self._alarms.value or AlarmList(())
        told = rows_of_alarms(alarms, self._alarms.fetched_at or self.desk.now())
        self.query_one("#firing", LineTable).show(told, snapshot=replace(self._alarms, partial=""))
        self.freshen("#metrics", self._alarms)
        self.query_one("#brief", CellLines).redraw()
        items = attention.worst_first(
            (
                *attention.from_board(rows),
                *attention.from_deployments(listed, rows),
                *attention.from_alarms(alarms.alarms),
            )
        )
        line = self.query_one("#attention", AttentionLine)
        line.show(items, unknown(board, self._deployments))
        # "Nothing needs you" is said only when everything that could need somebody has been read.
        read = all(one.value is not None or one.fault is not None for one in (self._deployments, self._alarms))
        whole = board.value is not None and not board.partial and read
        line.visible = bool(items) or board.fault is not None or whole

    def filtered(self) -> None:
        """Only pipelines whose names have the words."""
        self._draw_board()

    def action_problems(self) -> None:
        """Only what needs somebody, or everything again."""
        self._problems = not self._problems
        self._draw_board()

    def seen(self) -> Iterable[Ref]:
        """Every pipeline and recent build."""
        rows = self._board.value.rows if self._board.value is not None else ()
        builds = self._builds.value.builds if self._builds.value is not None else ()
        listed = self._deployments.value.deployments if self._deployments.value is not None else ()
        groups = dict.fromkeys(one.group for one in listed)
        return [
            *(row.ref for row in rows),
            *(build.ref for build in builds),
            *(one.ref for one in listed),
            *groups,
            *(one.ref for one in (self._traces.value.traces if self._traces.value is not None else ())),
        ]

    def selected(self) -> Ref | None:
        """The row the cursor is on, in the pane that has the keys."""
        ref = self._table().cursor_ref
        return ref if isinstance(ref, PipelineRef | BuildRef | DeploymentRef | TraceRef | AlarmRef) else None

    def _table(self) -> LineTable[Any]:
        for name in ("#recent", "#rollouts", "#newest", "#firing"):
            if (table := self.query_one(name, LineTable)).has_focus:
                return table
        return self.query_one("#board", LineTable)

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The selected pipeline, build or deployment."""
        ref = self.selected()
        if isinstance(ref, DeploymentRef):
            return ((ref, None), *(((ref.group, None),) if ref.group is not None else ()))
        if isinstance(ref, BuildRef):
            row = self.query_one("#recent", LineTable).row(ref)
            return ((ref, row),)
        if ref is None or isinstance(ref, TraceRef):
            return ()
        row = self.query_one("#board", LineTable).row(ref)
        return ((ref, row.state if isinstance(row, PipelineRow) else None),)

    def describe(self) -> None:
        """What is selected is described by its own screen."""
        if (ref := self.selected()) is not None:
            self.post_message(self.Opened(ref))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Go in."""
        event.stop()
        if isinstance(event.ref, PipelineRef | BuildRef | DeploymentRef | TraceRef):
            self.post_message(self.Opened(event.ref))

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()

    def on_attention_line_selected(self, event: AttentionLine.Selected) -> None:
        """Go to what needs somebody: an approval that waits is in the inbox."""
        event.stop()
        waits = any(item.ref == event.ref and item.until is not None for item in event.items)
        if waits and isinstance(event.ref, ActionRef):
            self.post_message(ApprovalAsked(event.ref))
        else:
            self.post_message(self.Opened(event.ref))
