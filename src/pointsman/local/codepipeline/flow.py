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
SKIPPED = "Skipped"
OVERRIDDEN = "Overridden"
ERRORED = "Errored"
CANCELLED = "Cancelled"
ABANDONED = "Abandoned"

STANDARD = "STANDARD"
ROLLBACK = "ROLLBACK"
QUEUED = "QUEUED"
PARALLEL = "PARALLEL"

BEFORE_ENTRY = "BEFORE_ENTRY"
ON_SUCCESS = "ON_SUCCESS"
ON_FAILURE = "ON_FAILURE"

ACTIVE = (IN_PROGRESS, STOPPING)
"""What a stage's run is while it holds the stage's lock."""


Plan = tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
"""(stage, its actions with run order), in order."""


# -- what a stage asks for ------------------------------------------------------------------------------------------


class Condition(msgspec.Struct, frozen=True):
    """A condition: rules that must all succeed, and what follows when one does not."""

    rules: tuple[str, ...]
    result: str = "FAIL"
    """FAIL, SKIP (before entry) or ROLLBACK (on success, on failure)."""


class Policy(msgspec.Struct, frozen=True):
    """What a stage asks for beside its actions."""

    before_entry: Condition | None = None
    on_success: Condition | None = None
    on_failure: Condition | None = None
    retry: str = ""
    """The mode of its automatic retry, FAILED_ACTIONS or ALL_ACTIONS; empty: none."""
    rollback: bool = False
    """Whether a failure of its actions rolls it back."""

    def condition(self, kind: str) -> Condition | None:
        """The condition of a kind: BEFORE_ENTRY, ON_SUCCESS, ON_FAILURE."""
        return {BEFORE_ENTRY: self.before_entry, ON_SUCCESS: self.on_success, ON_FAILURE: self.on_failure}[kind]


PLAIN = Policy()
"""A stage that asks for nothing."""


# -- state ----------------------------------------------------------------------------------------------------------


class RuleMark(msgspec.Struct, frozen=True):
    """One rule of a condition's run."""

    name: str
    number: int
    """Of its rule execution, unique in the pipeline among actions and rules."""
    status: str = IN_PROGRESS


class Check(msgspec.Struct, frozen=True):
    """The latest run of a condition."""

    kind: str
    status: str
    """InProgress, Succeeded, Failed, Errored, Cancelled, Abandoned or Overridden."""
    rules: tuple[RuleMark, ...]


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
    last_retry_manual: bool = False
    policy: Policy = PLAIN
    """What the stage asked for when it was entered."""
    checks: tuple[Check, ...] = ()
    """Its conditions' runs, at most one of a kind."""

    def check(self, kind: str) -> Check | None:
        """The run of the condition of a kind."""
        return next((one for one in self.checks if one.kind == kind), None)

    @property
    def checking(self) -> Check | None:
        """The condition that is being checked now."""
        return next((one for one in self.checks if one.status == IN_PROGRESS), None)

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
    inbound: tuple[Visitor, ...] = ()
    """Who waits at the entrance, first in line first; at most one unless the mode is QUEUED."""
    policy: Policy = PLAIN
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
    """How many action and rule executions there have been."""
    mode: str = "SUPERSEDED"
    """SUPERSEDED or QUEUED: how arrivals at an entrance treat each other."""

    def index(self, stage: str) -> int:
        """Where a stage is; -1 when there is none of this name."""
        return next((at for at, one in enumerate(self.stages) if one.name == stage), -1)

    def active(self) -> list[Visitor]:
        """Every execution that has not ended."""
        waiting = [visitor for one in self.stages for visitor in one.inbound]
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


class RuleEnded(msgspec.Struct, frozen=True):
    """A rule has come to its end."""

    stage: str
    kind: str
    number: int
    succeeded: bool
    errored: bool = False
    """It could not be judged at all: its configuration is wrong, or its provider is not built."""


class Override(msgspec.Struct, frozen=True):
    """A person lets an execution pass a condition that failed."""

    stage: str
    execution: str
    kind: str


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


class Redefine(msgspec.Struct, frozen=True):
    """The pipeline has a new definition."""

    version: int
    plan: Plan
    policies: dict[str, Policy] = {}
    """By stage; a stage that is not named asks for nothing."""
    mode: str = ""
    """SUPERSEDED or QUEUED; empty: as it was."""


Event = Arrive | Ended | RuleEnded | Override | SetGate | Stop | Retry | Redefine


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


class StartRule(msgspec.Struct, frozen=True):
    """Have a condition's rule judged."""

    execution: Visitor
    stage: str
    kind: str
    rule: str
    number: int
    version: int


class AbandonRule(msgspec.Struct, frozen=True):
    """Nobody waits for the rule any more."""

    execution: Visitor
    stage: str
    kind: str
    rule: str
    number: int


class Again(msgspec.Struct, frozen=True):
    """A stage is run again from its beginning: what ran in it before is no part of the latest attempt."""

    execution: Visitor
    stage: str


class RollBack(msgspec.Struct, frozen=True):
    """A stage asks to be rolled back to what last succeeded in it."""

    execution: Visitor
    stage: str


class CheckIs(msgspec.Struct, frozen=True):
    """A condition of a stage's run has this status now."""

    execution: Visitor
    stage: str
    kind: str
    status: str


class ExecutionIs(msgspec.Struct, frozen=True):
    """An execution has this status now."""

    execution: Visitor
    status: str


class StageIs(msgspec.Struct, frozen=True):
    """A stage's run has this status now."""

    execution: Visitor
    stage: str
    status: str
    again: bool = False
    """Whether the run goes on after it had ended."""


Effect = StartAction | AbandonAction | StartRule | AbandonRule | Again | RollBack | CheckIs | ExecutionIs | StageIs


class Why(StrEnum):
    """Why a request is refused."""

    NO_STAGE = "there is no such stage"
    STOPPED_ALREADY = "the execution is being stopped already"
    NOT_RUNNING = "the execution is not in progress"
    NOT_LATEST = "another execution has entered the stage since"
    NOT_RETRYABLE = "nothing in the stage can be tried again"
    REDEFINED = "the pipeline was updated since"
    STAGE_BUSY = "the stage is running"
    TOO_MANY = "as many executions are under way as the pipeline's mode allows"
    NOT_OVERRIDABLE = "the condition has not failed, or what follows from it cannot be overridden"


class Refusal(Exception):
    """The rules do not allow what was asked; nothing has changed.

    Args:
        why: Which rule.
    """

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why
