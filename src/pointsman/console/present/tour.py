"""The tour of a demonstration: its steps, what each asks for, and when it has really been done. Pure.

Nothing here is tied to a story: what there is to find, to open and to approve is read off the board. A step that
nothing is left to do for is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

from pointsman.console.present.cells import Cell, cell, spread
from pointsman.model.activity import Deed
from pointsman.model.pipelines import Board, PipelineState, Stage
from pointsman.model.refs import ActionRef, BuildRef, ExecutionRef, PipelineRef, Ref

OPEN = "transition.enable"
APPROVE = "approval.approve"
ANSWERED = (APPROVE, "approval.reject")
KEYS: Mapping[str, str] = {"go-overview": "1", "approvals": "A", "log-error": "e", OPEN: "e", APPROVE: "y"}
"""The keys it speaks of, by the ids of bindings and operations, as they are declared."""


class Sight(Struct, frozen=True):
    """What the tour knows of a session."""

    board: Board
    """The newest board."""
    shown: Ref | None = None
    """What the screen in front shows; None on one that shows a list."""
    read: frozenset[str] = frozenset()
    """The ids of the builds in whose logs somebody has gone to an error since the tour began."""
    deeds: tuple[Deed, ...] = ()
    """What was done since the tour began."""
    writes: bool = True
    """Whether writes may go out."""
    keys: Mapping[str, str] = field(default_factory=lambda: KEYS)
    """``KEYS`` as a person presses them."""


class Step(Struct, frozen=True):
    """One thing to do."""

    heading: str
    how: Callable[[Sight], str]
    """The sentence that says how; empty when there is nothing to do it on."""
    done: Callable[[Sight], bool]


class Stop(Struct, frozen=True):
    """Where the tour has come to: what the panel says."""

    number: int
    """From 1."""
    of: int
    heading: str
    how: str


def _stages(board: Board) -> Iterator[tuple[PipelineState, Stage]]:
    for row in board.rows:
        if row.state is not None:
            for stage in row.state.stages:
                yield row.state, stage


def _failed(sight: Sight) -> Iterator[tuple[PipelineState, Stage]]:
    """Failed stages whose failure is a build's: there is a log to read."""
    for state, stage in _stages(sight.board):
        action = stage.failed_action
        if action is not None and action.provider == "CodeBuild" and action.external_id:
            yield state, stage


def _find(sight: Sight) -> str:
    name = next((state.ref.name for state, _ in _failed(sight)), "")
    board = sight.keys["go-overview"]
    return f"The board ({board}) has the worst at its top. Move to {name} and press enter." if name else ""


def _found(sight: Sight) -> bool:
    names = {state.ref.name for state, _ in _failed(sight)}
    match sight.shown:
        case PipelineRef(name=name):
            return name in names
        case ExecutionRef(pipeline=name) | ActionRef(pipeline=name):
            return name in names
    return _at_log(sight) or _read(sight)


def _log(sight: Sight) -> str:
    found = next(_failed(sight), None)
    if found is None or (action := found[1].failed_action) is None:
        return ""
    if _at_log(sight):
        return f"Press {sight.keys['log-error']}: it goes to the first line that looks like an error."
    return f"In {found[0].ref.name}, move to {action.ref.action} in {found[1].name} and press enter."


def _builds(sight: Sight) -> set[str]:
    return {stage.failed_action.external_id for _, stage in _failed(sight) if stage.failed_action}


def _at_log(sight: Sight) -> bool:
    return isinstance(sight.shown, BuildRef) and sight.shown.id in _builds(sight)


def _read(sight: Sight) -> bool:
    return not sight.read.isdisjoint(_builds(sight))


def _gate(sight: Sight) -> str:
    found = next(
        (stage for _, stage in _stages(sight.board) if not stage.transition.enabled and stage.inbound_id), None
    )
    if found is None or not sight.writes:
        return ""
    board, key = sight.keys["go-overview"], sight.keys[OPEN]
    return f"{board}, into {found.ref.pipeline}, to the gate before {found.name}: enter, {key}, then confirm."


def _opened(sight: Sight) -> bool:
    return any(deed.operation == OPEN and deed.outcome == "done" for deed in sight.deeds)


def _approval(sight: Sight) -> str:
    found = next((stage.waiting_approval for _, stage in _stages(sight.board) if stage.waiting_approval), None)
    if found is None or not sight.writes:
        return ""
    inbox, key = sight.keys["approvals"], sight.keys[APPROVE]
    return f"{inbox} lists what waits. Move to {found.ref.pipeline}: enter, {key}, then confirm."


def _answered(sight: Sight) -> bool:
    return any(deed.operation in ANSWERED and deed.outcome == "done" for deed in sight.deeds)


STEPS: tuple[Step, ...] = (
    Step("Find the failure", _find, _found),
    Step("Read its log", _log, _read),
    Step("Open the gate", _gate, _opened),
    Step("Approve", _approval, _answered),
)
"""The tour."""


def onward(at: int, sight: Sight) -> int:
    """The step to be at: the first, from ``at`` on, that is not done and that can be; ``len(STEPS)`` at the end."""
    while at < len(STEPS) and (STEPS[at].done(sight) or not STEPS[at].how(sight)):
        at += 1
    return at


def stop(at: int, sight: Sight) -> Stop:
    """What the panel says at a step."""
    step = STEPS[at]
    return Stop(at + 1, len(STEPS), step.heading, step.how(sight))


def tour_lines(shown: Stop, leave: str, width: int) -> tuple[Cell, ...]:
    """The panel's two lines.

    Args:
        shown: Where the tour is.
        leave: The key that leaves it, as it is written.
        width: Terminal cells.
    """
    heading: Cell = ((f" Tour {shown.number}/{shown.of}  ", "key"), *cell(shown.heading, "strong"))
    away: Cell = ((leave, "key"), (" leaves the tour ", "dim"))
    return spread(heading, away, width), ((" ", ""), *cell(shown.how))
