"""A Lambda or ECS deployment as a pure state machine: one target whose traffic moves from the old side to the new.

Hooks before, between and after; the shift itself is the event AllowTraffic, which lasts from the first percentage to
the last. `step` gives what is to be done; the target's events are moved by `machine.carry_on`.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from pointsman.local.codedeploy.machine import (
    ENDED,
    FAILED,
    IN_PROGRESS,
    READY,
    READY_WAIT,
    SUCCEEDED,
    TERMINATION_WAIT,
    Begun,
    Continued,
    Finish,
    Halt,
    Halted,
    Terminate,
    Wait,
)

SHIFTING = "AllowTraffic"


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """Where a deployment by traffic stands."""

    plan: tuple[tuple[int, int], ...]
    """(minutes after the beginning of the shift, percentage), in order."""
    ready_minutes: int = 0
    """How long it waits before the first shift for somebody to continue; 0: it does not."""
    termination_minutes: int = -1
    """How long the old side is kept after the last hook; -1: for good."""
    done: int = 0
    """How many shifts of the plan have been made."""
    weight: int = 0
    """The percentage of traffic that the new side gets."""
    event: str = ""
    """The event that is being carried out."""
    wait: str = ""
    halt: Halt | None = None
    status: str = "Created"

    @property
    def next_shift(self) -> tuple[int, int] | None:
        """(minutes after the beginning, percentage) of what comes next; None when all of it is done."""
        return self.plan[self.done] if self.done < len(self.plan) else None


class Carried(msgspec.Struct, frozen=True):
    """An event is over; ``following`` is the one after it, empty when it was the last."""

    name: str
    failed: bool
    following: str
    message: str = ""


class Due(msgspec.Struct, frozen=True):
    """It is time for a shift of the plan."""

    number: int


class Carry(msgspec.Struct, frozen=True):
    """Carry out an event."""

    name: str


class Route(msgspec.Struct, frozen=True):
    """Give the new side so many percent."""

    percentage: int


class Later(msgspec.Struct, frozen=True):
    """Tell of a shift of the plan so many minutes after the first."""

    number: int
    minutes: int


class Shifted(msgspec.Struct, frozen=True):
    """The event AllowTraffic has succeeded: the new side has all the traffic."""


class GiveUp(msgspec.Struct, frozen=True):
    """Skip the events that have not begun, and end the one that shifts."""


Happening = Begun | Carried | Due | Continued | Halted
Effect = Carry | Route | Later | Shifted | GiveUp | Wait | Terminate | Finish


def step(shift: Shift, happening: Happening, first: str = "") -> tuple[Shift, list[Effect]]:
    """Give one happening to a deployment by traffic; what comes too late does nothing.

    Args:
        shift: Where it stands.
        happening: What has happened.
        first: With ``Begun``: its first event.
    """
    match happening:
        case Begun():
            if shift.status not in ("Created", "Queued"):
                return shift, []
            return _enter(replace(shift, status=IN_PROGRESS), first)
        case Carried(name, failed, following, message):
            return _carried(shift, name, failed=failed, following=following, message=message)
        case Due(number):
            return _due(shift) if number == shift.done and shift.event == SHIFTING and not shift.halt else (shift, [])
        case Continued(wait):
            if shift.wait != wait or shift.halt is not None:
                return shift, []
            shift = replace(shift, wait="", status=IN_PROGRESS)
            if wait == READY_WAIT:
                return replace(shift, event=SHIFTING), [Carry(SHIFTING), *_first(shift)]
            return replace(shift, status=SUCCEEDED), [Terminate(), Finish()]
        case Halted(halt):
            return _halted(shift, halt)


def _enter(shift: Shift, name: str) -> tuple[Shift, list[Effect]]:
    if name != SHIFTING:
        return replace(shift, event=name), [Carry(name)]
    if shift.ready_minutes:
        return replace(shift, wait=READY_WAIT, status=READY, event=""), [Wait(READY_WAIT, shift.ready_minutes)]
    return replace(shift, event=SHIFTING), [Carry(SHIFTING), *_first(shift)]


def _first(shift: Shift) -> list[Effect]:
    """When the shifts are due: the first at once, all others counted from it."""
    return [Later(number, minutes) for number, (minutes, _) in enumerate(shift.plan)]


def _due(shift: Shift) -> tuple[Shift, list[Effect]]:
    _, percentage = shift.plan[shift.done]
    shift = replace(shift, done=shift.done + 1, weight=percentage)
    effects: list[Effect] = [Route(percentage)]
    if shift.done == len(shift.plan):
        effects.append(Shifted())
    return shift, effects


def _carried(shift: Shift, name: str, *, failed: bool, following: str, message: str) -> tuple[Shift, list[Effect]]:
    if name != shift.event:
        return shift, []
    shift = replace(shift, event="")
    if shift.halt is not None:
        if shift.status in ENDED:
            return shift, []
        return replace(shift, status=shift.halt.status), [GiveUp(), Finish()]
    if failed:
        halt = Halt(FAILED, "HOOK_EXECUTION_FAILURE", message, "DEPLOYMENT_FAILURE")
        return replace(shift, halt=halt, status=FAILED), [GiveUp(), Finish()]
    if following:
        return _enter(shift, following)
    if shift.termination_minutes > 0:
        return replace(shift, wait=TERMINATION_WAIT), [Wait(TERMINATION_WAIT, shift.termination_minutes)]
    ends: list[Effect] = [Terminate()] if shift.termination_minutes == 0 else []
    return replace(shift, status=SUCCEEDED), [*ends, Finish()]


def _halted(shift: Shift, halt: Halt) -> tuple[Shift, list[Effect]]:
    if shift.status in ENDED or shift.halt is not None:
        return shift, []
    hooking = shift.event not in ("", SHIFTING)
    shift = replace(shift, halt=halt, wait="")
    if hooking and halt.status != FAILED:
        return shift, []  # the hook that runs has the word; the end comes with it
    return replace(shift, status=halt.status, event=""), [GiveUp(), Finish()]
