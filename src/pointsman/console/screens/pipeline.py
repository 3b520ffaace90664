"""One pipeline: its stages and gates, what waits, its history, what changed, and which revision is where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize

from pointsman.console.desk import Desk
from pointsman.console.present.cells import Cell
from pointsman.console.present.history import HISTORY, apart
from pointsman.console.present.look import Draw
from pointsman.console.screens.base import Place
from pointsman.console.screens.pipeline_words import (
    action_details,
    comparison_lines,
    definition_lines,
    mode_words,
    run_details,
    stage_details,
    where_lines,
)
from pointsman.console.screens.selection import execution_forms, pipeline_forms
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.stage_columns import StageColumns
from pointsman.console.widgets.table import LineTable
from pointsman.model.forecast import Forecast
from pointsman.model.moments import moment_of
from pointsman.model.pipelines import Action, Execution, PipelineState
from pointsman.model.refs import ActionRef, BuildRef, DeploymentRef, ExecutionRef, PipelineRef, Ref, StageRef
from pointsman.model.snapshot import Snapshot
from pointsman.model.strips import RunStages

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Pipeline"]

WIDE = 120
PAGE = 100
"""Executions of a page of history."""


class Stages(StageColumns, inherit_bindings=False):
    """The stages; ``l`` stays free for logs."""

    BINDINGS = [
        Binding("right", "step(1,0)", "next stage", show=False, id="right"),
        Binding("left", "step(-1,0)", "previous stage", show=False, id="left"),
        Binding("down,j", "step(0,1)", "down", show=False, id="down"),
        Binding("up,k", "step(0,-1)", "up", show=False, id="up"),
        Binding("g,home", "edge(0)", "first", show=False, id="first"),
        Binding("G,end", "edge(-1)", "last", show=False, id="last"),
        Binding("enter", "select", "open", show=False, id="open"),
    ]


class Pipeline(Place):
    """A pipeline's detail."""

    DEFAULT_CSS = """
    Pipeline #stages { height: auto; max-height: 60%; }
    Pipeline #sheet { height: auto; max-height: 100%; }
    Pipeline #detail { height: auto; max-height: 8; padding: 0 2; }
    Pipeline #lower { layout: horizontal; height: 1fr; min-height: 5; }
    Pipeline #history { width: 2fr; }
    Pipeline #where { width: 1fr; display: none; margin-left: 1; }
    Pipeline.wide #where { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "logs", "logs", id="logs"),
        Binding("L", "then", "logs of that time", show=False, id="logs-then"),
        Binding("x", "compare", "what changed", id="compare"),
        Binding("w", "where", "where", show=False, id="where"),
        Binding("v", "variables", "variables and triggers", show=False, id="variables"),
    ]

    place_title = "Pipeline"
    place_help = (
        "Stages in order with the gate before each; what is in them; the runs below. Enter on an action opens its "
        "build, on a waiting approval the answer, on a gate the gate. In the history, space marks two runs and x says "
        "what changed between them; w says which revision is where; v shows variables and triggers. A stage says how "
        "long it usually takes once runs have been read; of a PARALLEL pipeline each run shows its own stages in the "
        "history."
    )
    slots: ClassVar[tuple[str, ...]] = ("pipeline", "history", "forecast", "strips")

    def __init__(self, desk: Desk, ref: PipelineRef, spot: StageRef | ActionRef | None = None) -> None:
        super().__init__(desk)
        self.ref = ref
        self._wanted = spot
        """Where the cursor shall be once the stages are there."""
        self._state: Snapshot[PipelineState] = Snapshot()
        self._history: Snapshot[tuple[Execution, ...]] = Snapshot()
        self._forecast: Snapshot[Forecast] = Snapshot()
        self._strips: tuple[RunStages, ...] = ()
        self._pages = 1
        """How many pages of history are read: one more each time the cursor comes to their end."""

    def body(self) -> ComposeResult:
        """Stages over what is selected over history."""
        yield Pane(self.look, self.ref.name, Stages(self.look, id="sheet"), id="stages")
        detail = CellLines(self.look, id="detail")
        detail.can_focus = False
        yield detail
        with Container(id="lower"):
            runs: LineTable[Execution] = LineTable(
                self.look, HISTORY, key=lambda run: ExecutionRef(self.ref.name, run.id), noun="executions", id="runs"
            )
            yield Pane(self.look, "History", runs, id="history")
            places = CellLines(self.look, id="places")
            places.can_focus = False
            yield Pane(self.look, "Which revision is where", places, id="where")

    def mounted(self) -> None:
        """The stages have the keys."""
        self.query_one("#sheet").focus()

    def on_resize(self, event: Resize) -> None:
        """Where the revisions are, beside the history when there is room."""
        self.set_class(event.size.width >= WIDE, "wide")

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """Its state and its history; how long stages take; of runs side by side the stages of each."""
        wanted: dict[str, Source[Any]] = {
            "pipeline": services.pipelines.state(self.ref),
            "history": services.pipelines.history(self.ref, self._pages),
            "forecast": services.pipelines.releases.forecast(self.ref),
        }
        if self._parallel and self._history.value:
            wanted["strips"] = services.pipelines.releases.strips(self.ref, self._history.value[:PAGE])
        return wanted

    @property
    def _parallel(self) -> bool:
        return self.state is not None and self.state.mode == "PARALLEL"

    # --- showing

    @property
    def state(self) -> PipelineState | None:
        """The pipeline as it was last read."""
        return self._state.value

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        if slot == "forecast":
            # What cannot be read here is not missed: the stages say what they are without it.
            self._forecast = snapshot
            self.query_one("#sheet", StageColumns).expect(snapshot.value)
        elif slot == "strips":
            if snapshot.value is not None and snapshot.value != self._strips:
                self._strips = snapshot.value
                self._draw_history()
                self.query_one("#places", CellLines).redraw()
        elif slot == "pipeline":
            self._state = snapshot
            sheet = self.query_one("#sheet", StageColumns)
            sheet.show(snapshot.value, snapshot)
            if self._wanted is not None and snapshot.value is not None:
                sheet.move_to(self._wanted, "action" if isinstance(self._wanted, ActionRef) else "stage")
                self._wanted = None
            pane = self.query_one("#stages", Pane)
            self.freshen("#stages", snapshot)
            pane.title_text(self._heading())
            self.query_one("#places", CellLines).show(self._places)
            self.freshen("#where", snapshot)
            if self._parallel:
                self.reread()
        else:
            if snapshot.value is None and snapshot.fault is None and self._history.value:
                snapshot = replace(self._history, partial="reading older runs")
            self._history = snapshot
            self._draw_history()
            self.freshen("#history", snapshot)
            if self._parallel:
                self.reread()
        self._draw_detail()

    def _draw_history(self) -> None:
        columns = apart(self._strips) if self._apart() else HISTORY
        self.query_one("#runs", LineTable).show(self._history.value or (), columns, snapshot=self._history)

    def _heading(self) -> str:
        state = self.state
        if state is None:
            return self.ref.name
        status = state.status
        parts = [state.name, f"{self.desk.glyphs.of(status.tone)} {status.word}".strip(), mode_words(state)]
        return "  ".join(part for part in parts if part)

    def _places(self, draw: Draw, width: int) -> Sequence[Cell]:
        del draw
        return where_lines(self.state, width, self._apart()) if self.state is not None else ()

    def _apart(self) -> tuple[RunStages, ...]:
        """The runs of a PARALLEL pipeline, each by itself."""
        return self._strips if self._parallel else ()

    def _draw_detail(self) -> None:
        self.query_one("#detail", CellLines).show(self._details)

    def _details(self, draw: Draw, width: int) -> Sequence[Cell]:
        state = self.state
        if state is None:
            return ()
        if self.query_one("#runs").has_focus:
            run = self._selected_run()
            return () if run is None else run_details(run, draw, width)
        ref, part = self._spot()
        if isinstance(ref, ActionRef) and (action := self._action(ref)) is not None:
            return action_details(state, action, draw, width)
        if isinstance(ref, StageRef) and (stage := state.stage(ref.stage)) is not None:
            return stage_details(state, stage, draw, width, gate=part == "gate", forecast=self._forecast.value)
        return ()

    # --- what is selected

    def _spot(self) -> tuple[Ref | None, str]:
        item = self.query_one("#sheet", StageColumns).selection
        return (None, "") if item is None else (item.ref, item.part)

    def _action(self, ref: ActionRef) -> Action | None:
        stage = self.state.stage(ref.stage) if self.state is not None else None
        return next((one for one in stage.actions if one.ref == ref), None) if stage is not None else None

    def _selected_run(self) -> Execution | None:
        row = self.query_one("#runs", LineTable).cursor_row
        return row if isinstance(row, Execution) else None

    def selected(self) -> Ref | None:
        """The stage, action, gate or run the cursor is on; else the pipeline."""
        if self.query_one("#runs").has_focus:
            ref = self.query_one("#runs", LineTable).cursor_ref
            if isinstance(ref, ExecutionRef):
                return ref
        return self._spot()[0] or self.ref

    def moment(self) -> datetime | None:
        """When the run, the action or the stage that the cursor is on changed last."""
        if self.query_one("#runs").has_focus:
            return super().moment()
        ref = self._spot()[0]
        stage = self.state.stage(ref.stage) if self.state is not None and isinstance(ref, StageRef) else None
        found = self._action(ref) if isinstance(ref, ActionRef) else stage
        return (moment_of(found) if found is not None else None) or super().moment()

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """It."""
        ref = self.selected()
        return () if ref is None else ((ref, self.state),)

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The selection's forms."""
        ref = self.selected()
        if isinstance(ref, ExecutionRef):
            return execution_forms(ref)
        forms = pipeline_forms(self.ref, self.state, self.desk.identity)
        if isinstance(ref, ActionRef) and (action := self._action(ref)) is not None:
            more = [
                ("external id", "" if action.is_approval else action.external_id),
                ("console URL", action.external_url),
            ]
            return (("action name", ref.action), *((what, text) for what, text in more if text), *forms)
        if isinstance(ref, StageRef):
            return (("stage name", ref.stage), *forms)
        return forms

    def why_not(self, action: str) -> str | None:
        """Logs need a build; comparing needs two runs."""
        if action == "logs":
            ref = self._spot()[0] if not self.query_one("#runs").has_focus else None
            if not isinstance(ref, ActionRef):
                return "select an action that has a build"
            if self._build_of(ref) is None:
                return f"{ref.action} has no build log"
        if action == "compare" and len(self._history.value or ()) < 2:
            return "there are no two runs to compare"
        return super().why_not(action)

    def _build_of(self, ref: ActionRef) -> BuildRef | None:
        action = self._action(ref)
        if action is None or action.provider != "CodeBuild" or ":" not in action.external_id:
            return None
        return BuildRef(action.external_id)

    def _deployment_of(self, ref: ActionRef) -> DeploymentRef | None:
        action = self._action(ref)
        if action is None or not action.provider.startswith("CodeDeploy") or not action.external_id:
            return None
        return DeploymentRef(action.external_id)

    # --- keys

    def on_stage_columns_selected(self, event: StageColumns.Selected) -> None:
        """Go on: to a build, an answer, a gate, a run."""
        event.stop()
        ref = event.ref
        if isinstance(ref, ActionRef):
            action = self._action(ref)
            if (build := self._build_of(ref)) is not None:
                self.post_message(self.Opened(build))
            elif (deployment := self._deployment_of(ref)) is not None:
                self.post_message(self.Opened(deployment))
            elif action is not None and action.waiting:
                self.post_message(self.ActionsAsked(((ref, self.state),), narrow=True))
            else:
                self.describe()
        elif event.part == "gate":
            self.post_message(self.ActionsAsked(((ref, self.state),), narrow=True))
        else:
            stage = self.state.stage(ref.stage) if self.state is not None else None
            if stage is not None and stage.execution_id:
                self.post_message(self.Opened(ExecutionRef(self.ref.name, stage.execution_id)))
            else:
                self.notify(f"nothing has run in {ref.stage} yet", markup=False, timeout=4)

    def on_stage_columns_highlighted(self, event: StageColumns.Highlighted) -> None:
        """Its details."""
        event.stop()
        self._draw_detail()
        self.show_keys()

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """A run's actions."""
        event.stop()
        if isinstance(event.ref, ExecutionRef):
            self.post_message(self.Opened(event.ref))

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Its details; at the last of a full page, the older ones."""
        event.stop()
        runs = self._history.value or ()
        at_end = self.query_one("#runs").has_focus and bool(runs) and self._selected_run() is runs[-1]
        if at_end and len(runs) >= self._pages * PAGE:
            self._pages += 1
            self.reread("history")
            if self.connection is not None:
                self.connection.services.feeds.poke(("history", self.ref.name))
        self._draw_detail()
        self.show_keys()

    def on_descendant_focus(self) -> None:
        """The details are those of what has the keys."""
        self._draw_detail()
        self.show_keys()

    def action_logs(self) -> None:
        """The log of the selected action's build."""
        ref = self._spot()[0]
        if not self.say_why_not("logs") and isinstance(ref, ActionRef) and (build := self._build_of(ref)):
            self.post_message(self.Opened(build))

    def action_then(self) -> None:
        """The log groups, at the moment the selected action changed, or the newest run did."""
        ref = self._spot()[0]
        action = self._action(ref) if isinstance(ref, ActionRef) else None
        latest = self.state.latest if self.state is not None else None
        at = action.changed_at if action is not None else latest.updated if latest is not None else None
        self.post_message(self.CommandAsked("logs", at=at))

    def action_where(self) -> None:
        """Which revision is where."""
        if (state := self.state) is not None:
            strips = self._apart()
            self.post_message(
                self.Described(f"{state.name}: which revision is where", lambda w: where_lines(state, w, strips))
            )

    def action_variables(self) -> None:
        """Its variables, and what starts it by itself."""
        if (state := self.state) is not None:
            heading = f"{state.name}: variables and triggers"
            self.post_message(self.Described(heading, lambda width: definition_lines(state, width)))

    def action_compare(self) -> None:
        """What changed between the two marked runs, or between the selected one and the one before."""
        connection = self.connection
        if connection is None or self.say_why_not("compare"):
            return
        runs = list(self._history.value or ())
        table = self.query_one("#runs", LineTable)
        marked = [run for run in runs if ExecutionRef(self.ref.name, run.id) in table.marked]
        if len(marked) == 2:
            newer, older = marked
        elif marked and len(marked) != 2:
            self.notify(f"mark two runs with space; {len(marked)} marked", markup=False, severity="warning", timeout=4)
            return
        else:
            at = table.cursor_index if table.has_focus else 0
            if at + 1 >= len(runs):
                self.notify("there is no older run to compare with", markup=False, severity="warning", timeout=4)
                return
            newer, older = runs[at], runs[at + 1]

        async def compare() -> None:
            changes = await connection.services.pipelines.changes(self.ref, older.id, newer.id)
            draw = self.look.draw()
            heading = f"{self.ref.name}: {older.id[:8]} {self.desk.glyphs.arrow} {newer.id[:8]}"
            self.post_message(self.Described(heading, lambda width: comparison_lines(changes, draw, width)))

        self.work_on(f"compare two runs of {self.ref.name}", compare, group="compare")

    def describe(self) -> None:
        """What AWS says of the pipeline, whole."""
        self.action_raw()
