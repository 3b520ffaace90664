"""A deployment's life as two pure state machines: one of a target, one of the run over all of them.

``carry_on`` and its siblings move a target through its lifecycle events; ``step`` moves the run: which targets may
begin, when it fails, waits, is stopped or has succeeded. Neither knows how a script is run or a file copied.

A run goes through *legs*. In place there is one. Blue/green has three: the green instances are installed, then allowed
traffic, then the blue ones are blocked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from pointsman.semantics import deployments as rules

PENDING: Final = "Pending"
IN_PROGRESS: Final = "InProgress"
SUCCEEDED: Final = "Succeeded"
FAILED: Final = "Failed"
SKIPPED: Final = "Skipped"
READY: Final = "Ready"
STOPPED: Final = "Stopped"
CREATED: Final = "Created"
QUEUED: Final = "Queued"
BAKING: Final = "Baking"

ENDED: Final = frozenset({SUCCEEDED, FAILED, STOPPED})

READY_WAIT: Final = "READY_WAIT"
TERMINATION_WAIT: Final = "TERMINATION_WAIT"

TOO_MANY_FAILED: Final = (
    "The overall deployment failed because too many individual instances failed deployment, too few healthy instances "
    "are available for deployment, or some instances in your deployment group are experiencing problems."
)


# -- a target -------------------------------------------------------------------------------------------------------


class Outcome(msgspec.Struct, frozen=True):
    """How a lifecycle event went."""

    failed: bool = False
    code: str = "Success"
    """``Diagnostics.errorCode``."""
    script: str = ""
    message: str = ""
    tail: str = ""
    """The last of what was printed."""


class LifecycleEvent(msgspec.Struct, frozen=True, gc=False):
    """A lifecycle event of a target."""

    name: str
    status: str = PENDING
    start: datetime | None = None
    end: datetime | None = None
    outcome: Outcome | None = None


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A target of a deployment."""

    deployment: str
    id: str
    number: int
    """Its place among the targets of its label."""
    label: str = ""
    """``Blue`` or ``Green`` in a blue/green deployment."""
    on_premises: bool = False
    status: str = PENDING
    updated: datetime
    events: tuple[LifecycleEvent, ...]
    at: int = 0
    """The event that is to be carried out, or is."""
    upto: int = 0
    """Where the present leg ends."""

    @property
    def event(self) -> LifecycleEvent | None:
        """The event that is its turn; None when the leg is done or has not begun."""
        return self.events[self.at] if self.status == IN_PROGRESS and self.at < self.upto else None

    @property
    def over(self) -> bool:
        """Whether nothing more will be carried out."""
        return self.status in (SUCCEEDED, FAILED, SKIPPED)


def begin(target: Target, upto: int, now: datetime) -> Target:
    """Let a target begin a leg that ends before the event ``upto``."""
    return replace(target, status=IN_PROGRESS, upto=upto, updated=now)


def started(target: Target, name: str, now: datetime) -> Target:
    """Somebody has begun to carry out the event."""
    event = target.event
    if event is None or event.name != name or event.status != PENDING:
        return target
    return _with(target, replace(event, status=IN_PROGRESS, start=now), now)


def carry_on(target: Target, name: str, outcome: Outcome, now: datetime, *, halted: bool, tolerant: bool) -> Target:
    """An event is over: what becomes of its target.

    Args:
        target: The target.
        name: The event.
        outcome: How it went.
        now: The time.
        halted: The run wants no further events.
        tolerant: Failures of the stopping events are passed over (``ignoreApplicationStopFailures``).

    Returns:
        The target: in progress at its next event, at rest at the end of its leg, or over. Unchanged when the event is
        not the one it is at.
    """
    event = target.event
    if event is None or event.name != name:
        return target
    status = FAILED if outcome.failed else SUCCEEDED
    begun = event.start or now
    target = _with(target, replace(event, status=status, start=begun, end=now, outcome=outcome), now)
    if outcome.failed and not (tolerant and name in rules.FROM_BEFORE):
        return _over(target, FAILED, now)
    target = replace(target, at=target.at + 1)
    if target.at == len(target.events):
        return replace(target, status=SUCCEEDED)
    if halted:
        return _over(target, SKIPPED, now)
    return replace(target, status=READY) if target.at == target.upto else target


def give_up(target: Target, now: datetime) -> Target:
    """The run is halted: a target that waits is skipped; one whose event runs ends after it."""
    event = target.event
    if target.over or (event is not None and event.status == IN_PROGRESS):
        return target
    return _over(target, SKIPPED, now)


def _with(target: Target, event: LifecycleEvent, now: datetime) -> Target:
    events = (*target.events[: target.at], event, *target.events[target.at + 1 :])
    return replace(target, events=events, updated=now)


def _over(target: Target, status: str, now: datetime) -> Target:
    events = tuple(replace(one, status=SKIPPED) if one.status == PENDING else one for one in target.events)
    return replace(target, status=status, events=events, updated=now)


# -- the run --------------------------------------------------------------------------------------------------------


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a run: some events on some targets."""

    label: str
    upto: int
    """The events before this one are carried out in it, as far as they are not yet."""
    total: int
    minimum: int
    strict: bool = False
    """Every single target must succeed."""
    started: int = 0
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def running(self) -> int:
        """How many targets are being worked on."""
        return self.started - self.succeeded - self.failed - self.skipped

    @property
    def waiting(self) -> int:
        """How many targets have not begun."""
        return self.total - self.started


class Halt(msgspec.Struct, frozen=True):
    """Why a run goes no further."""

    status: str
    code: str
    message: str
    rollback: str = ""
    """The event of ``autoRollbackConfiguration`` it amounts to."""


class Run(msgspec.Struct, frozen=True):
    """Where a deployment stands."""

    legs: tuple[Leg, ...]
    ready_minutes: int = 0
    """How long a blue/green deployment waits for somebody to continue before it reroutes; 0: it does not wait."""
    termination_minutes: int = -1
    """How long the blue instances are kept after that; -1: for good."""
    at: int = 0
    wait: str = ""
    """READY_WAIT or TERMINATION_WAIT while it waits."""
    halt: Halt | None = None
    status: str = CREATED

    @property
    def leg(self) -> Leg:
        """The present leg."""
        return self.legs[self.at]

    @property
    def drained(self) -> bool:
        """Whether no target is being worked on."""
        return self.leg.running == 0


class Begun(msgspec.Struct, frozen=True):
    """The deployment starts."""


class TargetEnded(msgspec.Struct, frozen=True):
    """A target has come to the end of its leg."""

    status: str
    """SUCCEEDED, READY, FAILED or SKIPPED."""


class Continued(msgspec.Struct, frozen=True):
    """A wait is over, because its time has passed or somebody continued."""

    wait: str


class Halted(msgspec.Struct, frozen=True):
    """Somebody or something stops the deployment."""

    halt: Halt


Happening = Begun | TargetEnded | Continued | Halted


class Start(msgspec.Struct, frozen=True):
    """Let targets begin: those numbered ``first`` to ``first + count - 1`` of the present leg."""

    first: int
    count: int


class Abandon(msgspec.Struct, frozen=True):
    """Skip what has not begun, and let what runs end after its event."""


class Wait(msgspec.Struct, frozen=True):
    """Wait, for so many minutes."""

    kind: str
    minutes: int


class Terminate(msgspec.Struct, frozen=True):
    """End the blue instances."""


class Finish(msgspec.Struct, frozen=True):
    """The deployment has its final status."""


Effect = Start | Abandon | Wait | Terminate | Finish


def step(run: Run, happening: Happening) -> tuple[Run, list[Effect]]:
    """Give one happening to a run; what comes too late does nothing."""
    match happening:
        case Begun():
            if run.status not in (CREATED, QUEUED):
                return run, []
            run = replace(run, status=IN_PROGRESS)
            if not rules.can_start(run.leg.total, run.leg.minimum) and not run.leg.strict:
                return _halt(run, INVALID)
            return _go(run)
        case TargetEnded(status):
            return _ended(run, status)
        case Continued(wait):
            return _continued(run) if run.wait == wait and run.halt is None else (run, [])
        case Halted(halt):
            if run.status in ENDED or run.halt is not None:
                return run, []
            return _halt(run, halt)


INVALID: Final = Halt(
    FAILED,
    "HEALTH_CONSTRAINTS_INVALID",
    "The deployment can't start because the minimum number of healthy instances, as defined by your deployment "
    "configuration, are not available. You can reduce the required number of healthy instances by updating your "
    "deployment configuration or increase the number of instances in this deployment group.",
    "DEPLOYMENT_FAILURE",
)
UNHEALTHY: Final = Halt(FAILED, "HEALTH_CONSTRAINTS", TOO_MANY_FAILED, "DEPLOYMENT_FAILURE")


def _ended(run: Run, status: str) -> tuple[Run, list[Effect]]:
    leg = run.leg
    if leg.running == 0:
        return run, []
    if status == FAILED:
        leg = replace(leg, failed=leg.failed + 1)
    elif status == SKIPPED:
        leg = replace(leg, skipped=leg.skipped + 1)
    else:
        leg = replace(leg, succeeded=leg.succeeded + 1)
    run = _with_leg(run, leg)
    if run.halt is not None:
        return _drain(run)
    if leg.strict and leg.failed:
        return _halt(run, UNHEALTHY)
    if not leg.strict and rules.must_fail(leg.total, leg.minimum, failed=leg.failed, waiting=leg.waiting):
        return _halt(run, UNHEALTHY)
    return _go(run)


def _go(run: Run) -> tuple[Run, list[Effect]]:
    """Start what may start; when nothing is left, judge the leg."""
    leg = run.leg
    fits = leg.total if leg.strict else rules.room(leg.total, leg.minimum, failed=leg.failed, running=leg.running)
    count = min(leg.waiting, fits)
    if count:
        first = leg.started
        return _with_leg(run, replace(leg, started=first + count)), [Start(first, count)]
    if leg.running or leg.waiting:
        return run, []
    if not leg.strict and not rules.judge(leg.minimum, succeeded=leg.succeeded):
        return _halt(run, UNHEALTHY)
    if run.at == 0 and len(run.legs) > 1 and run.ready_minutes:
        return replace(run, wait=READY_WAIT, status=READY), [Wait(READY_WAIT, run.ready_minutes)]
    return _next_leg(run)


def _next_leg(run: Run) -> tuple[Run, list[Effect]]:
    if run.at + 1 < len(run.legs):
        return _go(replace(run, at=run.at + 1))
    if len(run.legs) > 1 and run.termination_minutes > 0:
        return replace(run, wait=TERMINATION_WAIT), [Wait(TERMINATION_WAIT, run.termination_minutes)]
    ends: list[Effect] = [Terminate()] if len(run.legs) > 1 and run.termination_minutes == 0 else []
    return replace(run, status=SUCCEEDED), [*ends, Finish()]


def _continued(run: Run) -> tuple[Run, list[Effect]]:
    wait, run = run.wait, replace(run, wait="", status=IN_PROGRESS)
    if wait == READY_WAIT:
        return _next_leg(run)
    return replace(run, status=SUCCEEDED), [Terminate(), Finish()]


def _halt(run: Run, halt: Halt) -> tuple[Run, list[Effect]]:
    """No further events. A failure is final at once, a stop when what runs has ended."""
    run = replace(run, halt=halt, wait="")
    if halt.status == FAILED or run.drained:
        return replace(run, status=halt.status), [Abandon(), Finish()]
    return replace(run, status=IN_PROGRESS), [Abandon()]


def _drain(run: Run) -> tuple[Run, list[Effect]]:
    assert run.halt is not None
    if run.drained and run.status not in ENDED:
        return replace(run, status=run.halt.status), [Finish()]
    return run, []


def _with_leg(run: Run, leg: Leg) -> Run:
    return replace(run, legs=(*run.legs[: run.at], leg, *run.legs[run.at + 1 :]))
