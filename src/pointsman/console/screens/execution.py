"""One run of a pipeline: what each of its actions was given, gave and met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.desk import Desk
from pointsman.console.present.cells import Cell
from pointsman.console.present.history import RUNS, run_key
from pointsman.console.present.look import Draw
from pointsman.console.screens.base import Place
from pointsman.console.screens.pipeline_words import action_run_details, run_details
from pointsman.console.screens.selection import execution_forms
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.pipelines import ActionRun, Execution, PipelineState
from pointsman.model.refs import ActionRef, BuildRef, DeploymentRef, ExecutionRef, PipelineRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["ExecutionPlace"]


class ExecutionPlace(Place):
    """The action executions of one pipeline execution."""

    DEFAULT_CSS = """
    ExecutionPlace #about { height: auto; max-height: 9; padding: 0 2; }
    ExecutionPlace #detail { height: auto; max-height: 12; padding: 0 2; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("l", "logs", "logs", id="logs")]

    place_title = "Execution"
    place_help = (
        "The actions of one run, newest first; enter on a build goes to it, on an approval in which this run waits "
        "the answer."
    )
    slots: ClassVar[tuple[str, ...]] = ("runs", "pipeline", "execution")

    def __init__(self, desk: Desk, ref: ExecutionRef) -> None:
        super().__init__(desk)
        self.ref = ref
        self._state: Snapshot[PipelineState] = Snapshot()
        self._execution: Execution | None = None
        self._alone: Execution | None = None
        """The run as it was read by itself: only so its variables are known."""

    def body(self) -> ComposeResult:
        """The run, its actions, the selected one."""
        about = CellLines(self.look, self._about, id="about")
        about.can_focus = False
        yield about
        runs: LineTable[ActionRun] = LineTable(self.look, RUNS, key=run_key, noun="actions", id="runs")
        yield Pane(self.look, f"{self.ref.pipeline}  {self.ref.execution_id[:8]}", runs, id="actions")
        detail = CellLines(self.look, self._detail, id="detail")
        detail.can_focus = False
        yield detail

    def mounted(self) -> None:
        """The actions have the keys."""
        self.query_one("#runs").focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The run's actions, and the pipeline for what can be done to the run."""
        pipeline = PipelineRef(self.ref.pipeline)
        return {
            "runs": services.pipelines.runs(pipeline, self.ref.execution_id),
            "pipeline": services.pipelines.state(pipeline),
            "execution": services.pipelines.execution(pipeline, self.ref.execution_id),
        }

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        if slot == "runs":
            self.query_one("#runs", LineTable).show(snapshot.value or (), snapshot=snapshot)
            self.freshen("#actions", snapshot)
        elif slot == "execution":
            self._alone = snapshot.value or self._alone
            self.query_one("#about", CellLines).redraw()
        else:
            self._state = snapshot
            if snapshot.value is not None:
                self._execution = snapshot.value.execution(self.ref.execution_id) or self._execution
            self.query_one("#about", CellLines).redraw()
        self.query_one("#detail", CellLines).redraw()

    def _about(self, draw: Draw, width: int) -> Sequence[Cell]:
        run = self._execution or self._alone
        if run is not None and self._alone is not None:
            run = replace(run, variables=self._alone.variables)
        return run_details(run, draw, width) if run is not None else ()

    def _detail(self, draw: Draw, width: int) -> Sequence[Cell]:
        run = self._run()
        return action_run_details(run, draw, width) if run is not None else ()

    def _run(self) -> ActionRun | None:
        row = self.query_one("#runs", LineTable).cursor_row
        return row if isinstance(row, ActionRun) else None

    def _build(self) -> BuildRef | None:
        run = self._run()
        if run is None or run.provider != "CodeBuild" or ":" not in run.external_id:
            return None
        return BuildRef(run.external_id)

    def _deployment(self) -> DeploymentRef | None:
        run = self._run()
        if run is None or not run.provider.startswith("CodeDeploy") or not run.external_id:
            return None
        return DeploymentRef(run.external_id)

    def _approval(self) -> ActionRef | None:
        """The selected action, when it is an approval in which this very run waits."""
        run, state = self._run(), self._state.value
        if run is None or state is None:
            return None
        waiting = ((stage.execution_id, ref) for stage, _, ref in state.approvals)
        return next((ref for held, ref in waiting if held == self.ref.execution_id and ref.plain == run.ref), None)

    def selected(self) -> Ref | None:
        """The approval that waits, or the run itself."""
        return self._approval() or self.ref

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The approval that waits, if one is selected; the run."""
        approval = self._approval()
        of_run: tuple[tuple[Ref, Any], ...] = ((self.ref, self._state.value),)
        return of_run if approval is None else ((approval, self._state.value), *of_run)

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its id; and the selected action's."""
        forms = execution_forms(self.ref)
        if (run := self._run()) is not None:
            forms += (("action execution id", run.id),)
            if run.external_id and run.category != "Approval":  # that is the token an approval is answered by
                forms += (("external id", run.external_id),)
        return forms

    def why_not(self, action: str) -> str | None:
        """Logs need a build."""
        if action == "logs" and self._build() is None:
            run = self._run()
            return f"{run.ref.action} has no build log" if run is not None else "no action is selected"
        return super().why_not(action)

    def describe(self) -> None:
        """The selected action, whole."""
        if (run := self._run()) is not None:
            draw = self.look.draw()
            self.post_message(self.Described(str(run.ref), lambda width: action_run_details(run, draw, width)))

    def action_logs(self) -> None:
        """The selected action's build."""
        if not self.say_why_not("logs") and (build := self._build()) is not None:
            self.post_message(self.Opened(build))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """A build or a deployment is gone into, anything else is described."""
        event.stop()
        if (build := self._build()) is not None:
            self.post_message(self.Opened(build))
        elif (deployment := self._deployment()) is not None:
            self.post_message(self.Opened(deployment))
        elif (approval := self._approval()) is not None:
            self.post_message(self.ActionsAsked(((approval, self._state.value),), narrow=True))
        else:
            self.describe()

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Its details."""
        event.stop()
        self.query_one("#detail", CellLines).redraw()
        self.show_keys()
