"""A pipeline's history as text: its executions, each run's own stages, the actions of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, Piece, cell, crop, join, status_cell, width
from pointsman.console.present.look import Draw
from pointsman.console.present.pipelines import revision_line, short_id, short_identity, trigger_word
from pointsman.console.present.text import clean, middle
from pointsman.model.pipelines import ActionRun, Execution
from pointsman.model.refs import ActionRef, ExecutionRef
from pointsman.model.status import Tone
from pointsman.model.strips import RunStages


def execution_key(pipeline: str) -> Callable[[Execution], ExecutionRef]:
    """The key function of a pipeline's history table."""

    def key(execution: Execution) -> ExecutionRef:
        return ExecutionRef(pipeline, execution.id)

    return key


def _execution_status(execution: Execution, draw: Draw) -> Cell:
    status = status_cell(execution.status, draw)
    kind = cell(f"rollback to {execution.rollback_target[:8]}", "dim") if execution.kind == "ROLLBACK" else EMPTY
    return join((status, kind), gap=" ")


def _execution_revisions(execution: Execution, draw: Draw) -> Cell:
    if not execution.revisions:
        return EMPTY
    if len(execution.revisions) == 1:
        return revision_line(execution.revisions[0], draw)
    return join([cell(f"{one.action}={short_id(one.id)}") for one in execution.revisions], gap=" ")


def _execution_note(execution: Execution, _draw: Draw) -> Cell:
    return cell(execution.stop_reason or execution.status_summary, "dim")


HISTORY: Columns = (
    Column[Execution]("id", "Execution", lambda one, _: cell(one.id[:8], "strong"), least=9),
    Column[Execution]("status", "Status", _execution_status, least=13, most=32, share=1),
    Column[Execution](
        "started", "Started", lambda one, draw: cell(draw.age(one.started), "dim"), least=7, align="right"
    ),
    Column[Execution](
        "lasted",
        "Took",
        lambda one, draw: EMPTY if one.status.moving else cell(draw.lasted(one.started, one.updated), "dim"),
        least=7,
        align="right",
        priority=2,
    ),
    Column[Execution]("revisions", "Revision", _execution_revisions, least=12, share=4),
    Column[Execution](
        "trigger", "Trigger", lambda one, _: cell(trigger_word(one)), least=9, most=28, share=1, priority=3
    ),
    Column[Execution]("note", "Why", _execution_note, least=12, most=60, share=1, priority=4),
)
"""A pipeline's executions, newest first."""


def strip_cell(run: RunStages, draw: Draw, room: int = 0) -> Cell:
    """One run's own stages as a strip: ``✓━━●──○``."""
    for joint_width in (2, 1):
        pieces: list[Piece] = []
        for at, (_, status) in enumerate(run.stages):
            come = status.tone is not Tone.IDLE
            if at:
                pieces.append(((draw.glyphs.done_joint if come else draw.glyphs.open_joint) * joint_width, "joint"))
            pieces.append((draw.glyphs.of(status.tone), f"tone.{status.tone.value}"))
        if not room or width(tuple(pieces)) <= room:
            break
    return crop(tuple(pieces), room, draw.glyphs.ellipsis) if room else tuple(pieces)


def apart(runs: Iterable[RunStages]) -> Columns:
    """The history's columns with each run's own stages, for a pipeline whose runs go side by side."""
    known = {run.execution_id: run for run in runs}

    def stages(one: Execution, draw: Draw, room: int = 0) -> Cell:
        run = known.get(one.id)
        return strip_cell(run, draw, room) if run is not None else EMPTY

    def place(one: Execution, _draw: Draw) -> Cell:
        run = known.get(one.id)
        return cell(run.place if run is not None else "", "dim")

    return (
        *HISTORY[:2],
        Column[Execution](
            "stages",
            "Stages",
            stages,
            least=10,
            most=40,
            measure=lambda one: 3 * len(known[one.id].stages) - 2 if one.id in known else 6,
            fitted=stages,
        ),
        Column[Execution]("place", "In", place, least=8, most=20, share=1, priority=2),
        *HISTORY[2:],
    )


def run_key(run: ActionRun) -> tuple[ActionRef, str]:
    """An action execution's key."""
    return run.ref, run.id


def _run_said(run: ActionRun, _draw: Draw) -> Cell:
    if run.status.failed:
        return cell(run.error_message or run.summary, "fault")
    return cell(run.summary, "dim")


RUNS: Columns = (
    Column[ActionRun](
        "action",
        "Action",
        lambda one, _: cell(f"{one.ref.stage}/{one.ref.action}", "strong"),
        least=14,
        most=40,
        share=1,
    ),
    Column[ActionRun]("status", "Status", lambda one, draw: status_cell(one.status, draw), least=13),
    Column[ActionRun](
        "started", "Started", lambda one, draw: cell(draw.age(one.started), "dim"), least=7, align="right"
    ),
    Column[ActionRun](
        "lasted",
        "Took",
        lambda one, draw: EMPTY if one.status.moving else cell(draw.lasted(one.started, one.updated), "dim"),
        least=7,
        align="right",
    ),
    Column[ActionRun]("by", "By", lambda one, _: cell(short_identity(one.updated_by)), least=8, most=20, priority=3),
    Column[ActionRun](
        "external",
        "External id",
        lambda one, draw: cell(middle(clean(one.external_id), 30, draw.glyphs.ellipsis)),
        least=12,
        most=30,
        share=1,
        priority=2,
    ),
    Column[ActionRun]("said", "Summary", _run_said, least=12, share=4, priority=1),
)
"""One execution's actions."""
