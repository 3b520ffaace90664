"""Pipelines as the screens see them: what runs, what waits, what failed, and where each revision is."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from pointsman.errors import Fault
from pointsman.model.conditions import NEVER_RETRIED, Condition, Retries, Trigger
from pointsman.model.refs import ActionRef, PipelineRef, StageRef
from pointsman.model.status import NOT_RUN, WAITING, Status, Tone
from pointsman.values import Partly


class Revision(Struct, frozen=True):
    """A source revision."""

    action: str
    """The source action that brought it."""
    id: str
    """A commit id or an object version."""
    summary: str = ""
    """The first line of the commit message."""
    url: str = ""
    created: datetime | None = None
    author: str = ""

    @property
    def short(self) -> str:
        """As people write it: seven digits of a commit id."""
        return self.id[:7]


class Transition(Struct, frozen=True):
    """The gate at a stage's entrance."""

    enabled: bool = True
    changed_by: str = ""
    changed_at: datetime | None = None
    reason: str = ""


class Action(Struct, frozen=True):
    """An action and what last happened in it."""

    ref: ActionRef
    category: str = ""
    provider: str = ""
    run_order: int = 1
    status: Status = NOT_RUN
    execution_id: str = ""
    """The action execution's id."""
    summary: str = ""
    changed_at: datetime | None = None
    updated_by: str = ""
    token: str = ""
    """An approval's token while it waits."""
    external_id: str = ""
    """The build's or deployment's id in its own service."""
    external_url: str = ""
    percent: int | None = None
    error_code: str = ""
    error_message: str = ""
    revision: Revision | None = None
    revision_url: str = ""
    configuration: tuple[tuple[str, str], ...] = ()
    """The declaration's configuration, in its order, unresolved."""
    namespace: str = ""
    timeout_minutes: int | None = None

    @property
    def is_approval(self) -> bool:
        """Whether a person must answer it."""
        return self.category == "Approval"

    @property
    def waiting(self) -> bool:
        """Whether it waits for a person now."""
        return self.is_approval and self.status.tone is Tone.MOVING

    @property
    def expires(self) -> datetime | None:
        """When a waiting approval fails by itself: 7 days after it began, or its own time-out."""
        if not self.waiting or self.changed_at is None:
            return None
        from datetime import timedelta

        return self.changed_at + timedelta(minutes=self.timeout_minutes or 7 * 24 * 60)

    def option(self, name: str) -> str:
        """One configuration value; empty when it is not there."""
        return dict(self.configuration).get(name, "")


class Stage(Struct, frozen=True):
    """A stage, the gate before it, and what is in it."""

    ref: StageRef
    status: Status = NOT_RUN
    execution_id: str = ""
    """The pipeline execution that is, or last was, in the stage."""
    inbound_id: str = ""
    """The pipeline execution that waits at the entrance and enters next; empty when none does."""
    transition: Transition = Transition()
    actions: tuple[Action, ...] = ()
    queue: tuple[str, ...] = ()
    """Every pipeline execution that waits at the entrance, in the order in which they enter."""
    conditions: tuple[Condition, ...] = ()
    """What is declared or was judged, in the order in which a run meets them."""
    retries: Retries = NEVER_RETRIED
    on_failure: str = ""
    """What AWS does when the stage fails, where that is declared: ``FAIL``, ``ROLLBACK``, ``RETRY``, ``SKIP``."""

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.ref.stage

    @property
    def waiting_approval(self) -> Action | None:
        """The approval in it that waits for a person, if one does."""
        for action in self.actions:  # a board of ten thousand asks: no generator
            if action.waiting:
                return action
        return None

    @property
    def shown_status(self) -> Status:
        """The status a strip shows: a stage in which an approval waits is waiting, not moving."""
        return WAITING if self.waiting_approval is not None else self.status

    @property
    def failed_action(self) -> Action | None:
        """The first failed action, if the stage failed."""
        return next((action for action in self.actions if action.status.failed), None)

    @property
    def failed_condition(self) -> Condition | None:
        """The first condition that was not met, if one was not."""
        return next((one for one in self.conditions if one.status.failed), None)


class Execution(Struct, frozen=True):
    """One run of a pipeline."""

    id: str
    status: Status
    started: datetime | None = None
    updated: datetime | None = None
    trigger: str = ""
    """AWS's word: ``StartPipelineExecution``."""
    trigger_detail: str = ""
    revisions: tuple[Revision, ...] = ()
    stop_reason: str = ""
    mode: str = "SUPERSEDED"
    kind: str = "STANDARD"
    """STANDARD or ROLLBACK."""
    rollback_target: str = ""
    status_summary: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    """The pipeline's variables with the values this run has; only where the run was read by itself."""


class ActionRun(Struct, frozen=True):
    """One action execution of history."""

    id: str
    pipeline_execution_id: str
    ref: ActionRef
    status: Status
    started: datetime | None = None
    updated: datetime | None = None
    provider: str = ""
    category: str = ""
    summary: str = ""
    external_id: str = ""
    external_url: str = ""
    updated_by: str = ""
    error_code: str = ""
    error_message: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    configuration: tuple[tuple[str, str], ...] = ()
    """Resolved: variables filled in."""


class Variable(Struct, frozen=True):
    """A variable that a pipeline declares for whoever starts it."""

    name: str
    default: str | None = None
    """None: a start must give it a value."""
    description: str = ""


_OK, _FAILED, _WAITING, _MOVING = Tone.OK, Tone.FAILED, Tone.WAITING, Tone.MOVING


class PipelineState(Struct, frozen=True):
    """Everything about a pipeline now: its structure merged with its state."""

    ref: PipelineRef
    version: int = 0
    kind: str = "V1"
    mode: str = "SUPERSEDED"
    stages: tuple[Stage, ...] = ()
    created: datetime | None = None
    updated: datetime | None = None
    latest: Execution | None = None
    """The newest execution, where history could be read."""
    executions: tuple[Execution, ...] = ()
    """The newest page of history, newest first, then older ones that are in a stage; empty where it was not read."""
    missing: tuple[tuple[str, Fault], ...] = ()
    """What could not be read (``history``, ``definition``), and why."""
    variables: tuple[Variable, ...] = ()
    """What a start may give values to; empty where the definition was not read."""
    triggers: tuple[Trigger, ...] = ()
    """What starts it by itself, where the definition says so and was read."""
    beside: tuple[Stage, ...] = ()
    """Of a PARALLEL pipeline: stages in which other runs than the shown ones wait for a person, as those runs see
    them."""
    unseen: str = ""
    """What is not known of its other runs' approvals, in a sentence; empty when all is."""

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return self.ref.name

    @property
    def status(self) -> Status:
        """The pipeline's own status, worst news first: failed over waiting over moving."""
        # A board of ten thousand asks at once: what costs nothing goes first.
        shown = [stage.shown_status if stage.actions else stage.status for stage in (*self.stages, *self.beside)]
        waiting: Status | None = None
        moving: Status | None = None
        for one in shown:
            tone = one.tone
            if tone is _OK:
                continue
            if tone is _FAILED:
                return one
            if tone is _WAITING:
                waiting = waiting or one
            elif tone is _MOVING:
                moving = moving or one
        if (asked := waiting or moving) is not None:
            return asked
        if any(stage.inbound_id for stage in self.stages):
            return WAITING
        if self.latest is not None:
            return self.latest.status
        done = [one for one in shown if one.tone is not Tone.IDLE]
        return done[-1] if done else NOT_RUN

    @property
    def closed_gates(self) -> tuple[Stage, ...]:
        """Stages whose entrance is closed."""
        return tuple(stage for stage in self.stages if not stage.transition.enabled)

    def stage(self, name: str) -> Stage | None:
        """The stage of this name."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def at(self, ref: ActionRef) -> Stage | None:
        """The stage of an action: as the ref's run sees it, where it names one."""
        if not ref.execution:
            return self.stage(ref.stage)
        own = (one for one in (*self.stages, *self.beside) if one.execution_id == ref.execution)
        return next((stage for stage in own if stage.name == ref.stage), None)

    @property
    def approvals(self) -> tuple[tuple[Stage, Action, ActionRef], ...]:
        """Every approval that waits, with its stage; of runs side by side the ref names the run."""
        return tuple(
            (stage, action, replace(action.ref, execution=stage.execution_id if self.mode == "PARALLEL" else ""))
            for stage in (*self.stages, *self.beside)
            for action in stage.actions
            if action.waiting
        )

    def execution(self, execution_id: str) -> Execution | None:
        """The execution of this id, where it is on the page of history that was read."""
        return next((one for one in self.executions if one.id == execution_id), None)

    def revision_in(self, stage: Stage) -> Revision | None:
        """The (first) source revision in a stage, where history could be read."""
        run = self.execution(stage.execution_id)
        return run.revisions[0] if run and run.revisions else None


class PipelineRow(Partly, frozen=True, eq=False):
    """One line of the board; ``state`` is None until the sweep has read it."""

    apart: ClassVar = frozenset({"fetched_at"})
    ref: PipelineRef
    kind: str = "V1"
    mode: str = "SUPERSEDED"
    version: int = 0
    updated: datetime | None = None
    state: PipelineState | None = None
    fault: Fault | None = None
    """Why this row's state is missing or old."""
    fetched_at: datetime | None = None

    @property
    def status(self) -> Status:
        """What is known of its status."""
        return self.state.status if self.state is not None else Status("", Tone.UNKNOWN)


class Board(Struct, frozen=True):
    """Every pipeline, one row each, in the account's order; how many of them have been read."""

    rows: tuple[PipelineRow, ...] = ()
    complete: bool = True
    """False while pages of the list are still to come."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def read(self) -> int:
        """How many rows have a state."""
        return sum(row.state is not None for row in self.rows)

    def over(self, older: Board) -> Board:
        """This board, with an older one's rows where this one has not read its own, or not listed them yet."""
        known = {row.ref: row for row in older.rows}
        rows = [
            replace(row, state=old.state, fetched_at=old.fetched_at)
            if row.state is None and row.fault is None and (old := known.get(row.ref)) is not None
            else row
            for row in self.rows
        ]
        if not self.complete:
            listed = {row.ref for row in self.rows}
            rows += [row for row in older.rows if row.ref not in listed]
        return Board(tuple(rows), complete=self.complete)


_RANK = {
    Tone.FAILED: 0,
    Tone.WAITING: 1,
    Tone.MOVING: 2,
    Tone.UNKNOWN: 3,
    Tone.STOPPED: 4,
    Tone.OK: 5,
    Tone.IDLE: 6,
}


def worst_first(row: PipelineRow, known: Status | None = None) -> tuple[int, str]:
    """Sort key: failed, waiting, moving, the rest; then by name.

    Args:
        row: The row.
        known: Its status, where somebody has asked it for that already.
    """
    return _RANK[(known or row.status).tone], row.ref.name
