"""One deployment: how it stands, its targets by lifecycle event, and what happened in the one that is selected."""

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
from pointsman.console.present import rollout as words
from pointsman.console.present.cells import Cell
from pointsman.console.present.deployments import DeploymentRow, origins
from pointsman.console.present.faults import freshness
from pointsman.console.present.look import Draw
from pointsman.console.screens.base import Place
from pointsman.console.screens.deployment_words import deployment_forms, revision_details
from pointsman.console.screens.wishes import PickAsked
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.matrix import Matrix
from pointsman.console.widgets.pane import Pane
from pointsman.model.deployments import (
    Deployment,
    DeploymentState,
    GroupHistory,
    LifecycleEvent,
    Rollout,
    Target,
)
from pointsman.model.moments import moment_of
from pointsman.model.pipelines import Board
from pointsman.model.refs import AlarmRef, DeploymentRef, PipelineRef, Ref, TargetRef
from pointsman.model.rollout import event_names, last_good, usual
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["DeploymentPlace"]

WIDE = 150
TALL = 34


class DeploymentPlace(Place):
    """A deployment's detail."""

    DEFAULT_CSS = """
    DeploymentPlace #about { height: auto; max-height: 9; padding: 0 2; }
    DeploymentPlace #both { layout: vertical; height: 1fr; }
    DeploymentPlace #targets { height: 1fr; min-height: 4; }
    DeploymentPlace #spot { height: 6; padding: 0 2; }
    DeploymentPlace.tall #spot { height: 14; }
    DeploymentPlace.wide #both { layout: horizontal; }
    DeploymentPlace.wide #targets { width: 2fr; height: 1fr; }
    DeploymentPlace.wide #spot { width: 1fr; height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "failed", "next failure", id="first-error"),
        Binding("l", "logs", "hook's log", id="logs"),
        Binding("L", "then", "logs of that time", show=False, id="logs-then"),
        Binding("r", "rollback", "rollback", id="rollback"),
        Binding("p", "pipeline", "pipeline", id="pipeline"),
        Binding("x", "compare", "what changed", show=False, id="compare"),
        Binding("f", "fleet", "fleet", show=False, id="fleet"),
        Binding("w", "alarm", "its alarm", show=False, id="alarm"),
        Binding("ctrl+z", "problems", "problems only", show=False, id="problems"),
    ]

    place_title = "Deployment"
    place_help = (
        "A row per target, a column per lifecycle event; arrows move both ways. Under it is the selected event with "
        "the end of its script's log. Enter shows a target's events with their times, e goes to the next failure, l "
        "shows a hook's log, r goes to the other side of a rollback, p to the pipeline execution, f to the group's "
        "fleet, w to the alarm that stopped it or watches it; x says what changed since the last good revision; d "
        "shows what AWS says."
    )
    slots: ClassVar[tuple[str, ...]] = ("deployment", "history", "board")
    filters = True
    enters = "events"

    def __init__(self, desk: Desk, ref: DeploymentRef, target: TargetRef | None = None) -> None:
        super().__init__(desk)
        self.ref = ref
        self._wanted = target
        """Where the cursor shall be once the targets are there."""
        self._rollout: Snapshot[Rollout] = Snapshot()
        self._history: Snapshot[GroupHistory] = Snapshot()
        self._board: Snapshot[Board] = Snapshot()
        self._problems = False
        self._arrived_at = False
        """Whether the cursor has been put on what a person most likely came for."""
        self._laid = (0, 0)
        """Width and number of targets the columns were laid out for."""

    def body(self) -> ComposeResult:
        """How it stands, the matrix, what is selected."""
        about = CellLines(self.look, self._about, id="about")
        about.can_focus = False
        yield about
        with Container(id="both"):
            matrix: Matrix[Target] = Matrix(self.look, key=lambda one: one.ref, noun="targets", id="matrix")
            yield Pane(self.look, "Targets", matrix, id="targets")
            spot = CellLines(self.look, self._spot_lines, id="spot")
            spot.can_focus = False
            yield spot

    def mounted(self) -> None:
        """The matrix has the keys."""
        self.query_one("#matrix").focus()

    def on_resize(self, event: Resize) -> None:
        """The selected event beside the matrix where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")
        self.set_class(event.size.height >= TALL, "tall")
        self.call_after_refresh(self._draw)

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """It, what its group had before, and the board for what started it."""
        wanted: dict[str, Source[Any]] = {
            "deployment": services.deployments.deployment(self.ref),
            "board": services.pipelines.board(),
        }
        if (one := self.deployment) is not None:
            wanted["history"] = services.deployments.history(one.group)
        return wanted

    # --- showing

    @property
    def rollout(self) -> Rollout | None:
        """The deployment and its targets as they were last read."""
        return self._rollout.value

    @property
    def deployment(self) -> Deployment | None:
        """The deployment as it was last read."""
        return self._rollout.value.deployment if self._rollout.value is not None else None

    @property
    def earlier(self) -> tuple[Deployment, ...]:
        """What its group had, newest first."""
        return self._history.value.deployments if self._history.value is not None else ()

    @property
    def good(self) -> Deployment | None:
        """The last good deployment of its group before it."""
        return last_good(self.earlier, before=self.deployment) if self.deployment is not None else None

    def row(self) -> DeploymentRow | None:
        """It as a row of a list."""
        one = self.deployment
        if one is None:
            return None
        known = origins(self._board.value.rows) if self._board.value is not None else {}
        return DeploymentRow(one, usual(self.earlier, but=one.id), known.get(one.id))

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        if slot == "deployment":
            unknown = self.deployment is None
            self._rollout = snapshot
            if unknown and self.deployment is not None:
                self.reread()
            self._follow()
        elif slot == "history":
            self._history = snapshot
        else:
            self._board = snapshot
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        rollout = self.rollout
        targets = rollout.targets if rollout is not None else ()
        shown = [one for one in targets if self._fits(one)]
        matrix = self.query_one("#matrix", Matrix)
        columns = words.matrix(event_names(targets), targets, matrix.size.width)
        quiet = self._rollout
        if rollout is not None and not targets and rollout.deployment.complete:
            quiet = replace(self._rollout, partial="it ended before it had any target")
        elif rollout is not None and not targets:
            quiet = replace(self._rollout, partial="no targets yet")
        matrix.show(shown, columns, quiet)
        if self._wanted is not None and matrix.move_to(self._wanted):
            self._wanted = None
            self._arrived_at = True
        elif not self._arrived_at and shown:
            self._arrived_at = True
            concern = next((one for one in shown if one.failed_event is not None), None)
            if concern is not None and concern.failed_event is not None:
                matrix.move_to(concern.ref, concern.failed_event.name)
        pane = self.query_one("#targets", Pane)
        pane.title_text("Targets", self._extra(len(shown), len(targets)))
        self.freshen("#targets", self._rollout)
        self.query_one("#about", CellLines).redraw()
        self.query_one("#spot", CellLines).redraw()

    def _fits(self, target: Target) -> bool:
        if self._problems and not target.status.failed and target.failed_event is None:
            return False
        said = f"{target.name} {target.label} {target.status.word}".lower()
        return all(word.removeprefix("@") in said for word in self.filter_text.lower().split())

    def _extra(self, shown: int, known: int) -> str:
        parts = [f"{shown:,}" if shown == known else f"{shown:,} of {known:,} shown"] if known else []
        parts += [f"/{self.filter_text}"] if self.filter_text else []
        parts += ["problems only"] if self._problems else []
        return "  ".join(parts)

    def _about(self, draw: Draw, width: int) -> Sequence[Cell]:
        row, rollout = self.row(), self.rollout
        if row is None or rollout is None:
            # A fault is said in full where the targets would be.
            return () if self._rollout.fault is not None else (freshness(self._rollout, draw, "deployment"),)
        return words.about(row, rollout, self.good, draw, width)

    def _spot_lines(self, draw: Draw, width: int) -> Sequence[Cell]:
        target, event = self._spot()
        if target is None:
            return ()
        return words.spot_lines(target, event, draw, width, max(3, self.query_one("#spot").size.height))

    # --- following a rollback

    def _follow(self) -> None:
        """When a person had it stopped and rolled back here, go on to the deployment that brings the good one back."""
        one, connection = self.deployment, self.connection
        if one is None or not one.rollback_id or connection is None or one.id in self.desk.followed:
            return
        asked = any(
            deed.operation == "deployment.stop-roll-back" and deed.target == self.ref and deed.outcome == "done"
            for deed in connection.runner.deeds
        )
        if asked and self.app.screen is self:
            self.desk.followed.add(one.id)
            self.notify(f"{one.rollback_id} brings the last good revision back", markup=False, timeout=6)
            self.post_message(self.Opened(DeploymentRef(one.rollback_id, one.group)))

    # --- what is selected

    def _spot(self) -> tuple[Target | None, LifecycleEvent | None]:
        matrix = self.query_one("#matrix", Matrix)
        target = matrix.cursor_row
        if not isinstance(target, Target):
            return None, None
        return target, target.event(matrix.cursor_column)

    def selected(self) -> Ref | None:
        """The deployment."""
        return self.deployment.ref if self.deployment is not None else self.ref

    def moment(self) -> datetime | None:
        """When the event under the cursor ended, or began; else when the deployment did."""
        event = self._spot()[1]
        found = moment_of(event) if event is not None else None
        return found or (moment_of(self.deployment) if self.deployment is not None else None)

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The deployment, and its group."""
        one, history = self.deployment, self._history.value
        if one is None:
            return ()
        return ((one.ref, DeploymentState(one, history) if history is not None else None), (one.group, history))

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The deployment's forms, the selected target's, a failed hook's log."""
        forms = deployment_forms(self.ref, self.deployment, self.desk.identity)
        target, event = self._spot()
        if target is not None:
            forms = (*forms, ("target", target.ref.target))
        if event is not None and event.log_tail:
            forms = (*forms, ("log tail", event.log_tail))
        return forms

    def why_not(self, action: str) -> str | None:
        """Some keys need a failure, a log, a rollback or a pipeline."""
        row = self.row()
        if action in ("rollback", "pipeline", "compare", "fleet", "then", "alarm") and row is None:
            return "the deployment has not been read"
        if row is not None:
            if action == "rollback" and not (row.deployment.rollback_id or row.deployment.rolled_back_id):
                return "this deployment was not rolled back, and rolls none back"
            if action == "pipeline" and row.origin is None:
                return "no pipeline is known to have started this deployment"
            if action == "alarm" and not self._watching():
                return "no alarm is known to watch this deployment"
        targets = self.rollout.targets if self.rollout is not None else ()
        if action == "failed" and not any(one.failed_event for one in targets):
            return "no lifecycle event failed"
        if action == "logs" and self._logged() is None:
            return "no script has left a log here"
        return super().why_not(action)

    def _logged(self) -> tuple[Target, LifecycleEvent] | None:
        """The selected event's log, else that of what failed on the selected target."""
        target, event = self._spot()
        if target is None:
            return None
        chosen = event if event is not None and event.log_tail else target.failed_event
        return (target, chosen) if chosen is not None and chosen.log_tail else None

    # --- keys

    def on_matrix_highlighted(self, event: Matrix.Highlighted) -> None:
        """What is under the cursor."""
        event.stop()
        self.query_one("#spot", CellLines).redraw()
        self.show_keys()

    def on_matrix_selected(self, event: Matrix.Selected) -> None:
        """All events of the target, with times and logs."""
        event.stop()
        target, _ = self._spot()
        if target is not None:
            draw = self.look.draw()
            self.post_message(
                self.Described(f"{self.ref.id} {target.name}", lambda width: words.target_lines(target, draw, width))
            )

    def action_failed(self) -> None:
        """To the next target on which something failed."""
        if self.say_why_not("failed"):
            return
        matrix = self.query_one("#matrix", Matrix)
        rows = list(matrix.rows)
        at = next((at for at, one in enumerate(rows) if one.ref == matrix.cursor_ref), -1)
        for one in (*rows[at + 1 :], *rows[: at + 1]):
            if (failed := one.failed_event) is not None:
                matrix.move_to(one.ref, failed.name)
                return

    def action_logs(self) -> None:
        """The end of a script's log, whole."""
        if not self.say_why_not("logs") and (found := self._logged()) is not None:
            target, event = found
            heading = f"{target.name} {self.desk.glyphs.into} {event.name} {self.desk.glyphs.into} {event.script}"
            self.post_message(self.Described(heading, event.log_tail))

    def action_rollback(self) -> None:
        """The other side of a rollback."""
        one = self.deployment
        if not self.say_why_not("rollback") and one is not None:
            self.post_message(self.Opened(DeploymentRef(one.rollback_id or one.rolled_back_id, one.group)))

    def action_then(self) -> None:
        """The log groups, at the moment it began."""
        if not self.say_why_not("then") and (one := self.deployment) is not None:
            self.post_message(self.CommandAsked("logs", at=one.started or one.created))

    def action_pipeline(self) -> None:
        """The pipeline execution that started it."""
        row = self.row()
        if not self.say_why_not("pipeline") and row is not None and row.origin is not None:
            self.post_message(self.Opened(row.origin.execution or row.origin.action))

    def action_fleet(self) -> None:
        """Which revision runs where in its group."""
        if not self.say_why_not("fleet") and self.deployment is not None:
            self.post_message(self.Opened(self.deployment.group))

    def _watching(self) -> tuple[str, ...]:
        """The alarms that stopped it; else those that watch it: its own, or its group's."""
        one, history = self.deployment, self._history.value
        if one is None:
            return ()
        return one.stopped_by or one.alarms or (history.group.alarms if history is not None else ())

    def action_alarm(self) -> None:
        """Into the alarm that stopped it, or that watches it; of several, one is chosen."""
        one = self.deployment
        if self.say_why_not("alarm") or one is None:
            return
        at, names = one.completed or one.began, self._watching()
        if len(names) == 1:
            self.post_message(self.Opened(AlarmRef(names[0]), at))
            return
        said = "it stopped this deployment" if one.stopped_by else "it watches this deployment"
        lines = tuple((name, said) for name in names)
        self.post_message(
            PickAsked("Alarms", lines, lambda line: (self.post_message(self.Opened(AlarmRef(line[0]), at)), None)[1])
        )

    def action_compare(self) -> None:
        """What changed since the last good revision; with the commits, where a pipeline brought both."""
        row, good, connection = self.row(), self.good, self.connection
        if self.say_why_not("compare") or row is None or connection is None:
            return
        one = row.deployment
        pipeline = PipelineRef(row.origin.action.pipeline) if row.origin is not None else None

        async def compare() -> None:
            changes = None
            if pipeline is not None and good is not None:
                pipelines = connection.services.pipelines
                runs = await pipelines.runs_of(pipeline, (good.id, one.id))
                if good.id in runs and one.id in runs:
                    changes = await pipelines.changes(pipeline, runs[good.id], runs[one.id])
            heading = f"{one.id}: what changed"
            self.post_message(
                self.Described(heading, lambda width: revision_details(one, good, changes, width, self.desk.zone))
            )

        self.work_on(f"compare {one.id} with the last good one", compare, group="compare")

    def action_problems(self) -> None:
        """Only targets on which something failed, or all again."""
        self._problems = not self._problems
        self._draw()

    def filtered(self) -> None:
        """Only targets that have every word."""
        self._draw()

    def take_focus(self) -> None:
        """The matrix has the keys."""
        self.query_one("#matrix").focus()

    def describe(self) -> None:
        """What AWS says of it, whole."""
        self.action_raw()
