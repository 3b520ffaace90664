"""The words of the state machine: where executions are (state), what happens to them (events), what follows (effects).

All are frozen values without behaviour beyond looking things up; ``machine`` holds the rules.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

IN_PROGRESS = "InProgress"
SUCCEEDED = "Succeeded"
FAILED = "Failed"
STOPPING = "Stopping"
STOPPED = "Stopped"
SUPERSEDED = "Superseded"
CANCELLED = "Cancelled"
ABANDONED = "Abandoned"

STANDARD = "STANDARD"
ROLLBACK = "ROLLBACK"

ACTIVE = (IN_PROGRESS, STOPPING)
"""What a stage's run is while it holds the stage's lock."""


# -- state ----------------------------------------------------------------------------------------------------------


class Mark(msgspec.Struct, frozen=True):
    """One action of a stage's run."""

    name: str
    order: int
    status: str = ""
    """Empty until it starts; then as AWS says: InProgress, Succeeded, Failed, Abandoned."""
    number: int = 0
    """The number of its action execution, unique in the pipeline; what ends another number is not heard."""


class Visitor(msgspec.Struct, frozen=True):
    """An execution on its way."""

    id: str
    number: int
    """Later executions have higher numbers."""
    kind: str = STANDARD


class StageRun(msgspec.Struct, frozen=True):
    """The latest visit to a stage."""

    visitor: Visitor
    status: str
    version: int
    """The definition by which it was entered."""
    marks: tuple[Mark, ...]
    manual_retries: int = 0
    automatic_retries: int = 0

    @property
    def active(self) -> bool:
        """Whether it holds the stage's lock."""
        return self.status in ACTIVE


class Gate(msgspec.Struct, frozen=True):
    """The transition into a stage."""

    enabled: bool = True
    by: str = ""
    at: datetime | None = None
    """When it was last changed; None when it never was."""
    reason: str = ""


class StageFlow(msgspec.Struct, frozen=True):
    """A stage as executions meet it."""

    name: str
    plan: tuple[tuple[str, int], ...]
    """Its actions and their run order, by the current definition."""
    gate: Gate = Gate()
    waiting: Visitor | None = None
    run: StageRun | None = None

    @property
    def locked(self) -> bool:
        """Whether an execution is inside."""
        return self.run is not None and self.run.active


class Flow(msgspec.Struct, frozen=True):
    """A whole pipeline as executions meet it."""

    version: int
    stages: tuple[StageFlow, ...]
    started: int = 0
    """How many action executions there have been."""

    def index(self, stage: str) -> int:
        """Where a stage is; -1 when there is none of this name."""
        return next((at for at, one in enumerate(self.stages) if one.name == stage), -1)

    def active(self) -> list[Visitor]:
        """Every execution that has not ended."""
        waiting = [one.waiting for one in self.stages if one.waiting is not None]
        return waiting + [one.run.visitor for one in self.stages if one.run is not None and one.run.active]


# -- events ---------------------------------------------------------------------------------------------------------


class Arrive(msgspec.Struct, frozen=True):
    """A new execution comes to a stage's entrance; an empty stage is the first."""

    visitor: Visitor
    stage: str = ""


class Ended(msgspec.Struct, frozen=True):
    """An action has come to its end."""

    stage: str
    action: str
    number: int
    succeeded: bool


class SetGate(msgspec.Struct, frozen=True):
    """A transition is enabled or disabled."""

    stage: str
    gate: Gate


class Stop(msgspec.Struct, frozen=True):
    """A person stops an execution."""

    execution: str
    abandon: bool = False


class Retry(msgspec.Struct, frozen=True):
    """A stage is tried again."""

    stage: str
    execution: str
    everything: bool
    """ALL_ACTIONS, not FAILED_ACTIONS."""
    automatic: bool = False


class Redefine(msgspec.Struct, frozen=True):
    """The pipeline has a new definition."""

    version: int
    plan: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    """(stage, its actions with run order), in order."""


Event = Arrive | Ended | SetGate | Stop | Retry | Redefine


# -- effects --------------------------------------------------------------------------------------------------------


class StartAction(msgspec.Struct, frozen=True):
    """Have the action carried out."""

    execution: Visitor
    stage: str
    action: str
    number: int
    version: int


class AbandonAction(msgspec.Struct, frozen=True):
    """Nobody waits for the action any more."""

    execution: Visitor
    stage: str
    action: str
    number: int


class ExecutionIs(msgspec.Struct, frozen=True):
    """An execution has this status now."""

    execution: Visitor
    status: str


class StageIs(msgspec.Struct, frozen=True):
    """A stage's run has this status now."""

    execution: Visitor
    stage: str
    status: str


Effect = StartAction | AbandonAction | ExecutionIs | StageIs


class Why(StrEnum):
    """Why a request is refused."""

    NO_STAGE = "there is no such stage"
    STOPPED_ALREADY = "the execution is being stopped already"
    NOT_RUNNING = "the execution is not in progress"
    NOT_LATEST = "another execution has entered the stage since"
    NOT_RETRYABLE = "nothing in the stage can be tried again"
    REDEFINED = "the pipeline was updated since"
    STAGE_BUSY = "the stage is running"


class Refusal(Exception):
    """The rules do not allow what was asked; nothing has changed.

    Args:
        why: Which rule.
    """

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why
