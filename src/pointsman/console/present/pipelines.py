"""Pipelines as text: the board's columns, stage strips with their gates, actions, revisions, history."""

from __future__ import annotations

from collections.abc import Callable

from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, Piece, cell, crop, join, status_cell, width
from pointsman.console.present.faults import fault_cell
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean, middle
from pointsman.model.pipelines import Action, ActionRun, Execution, PipelineRow, PipelineState, Revision, Stage
from pointsman.model.refs import ActionRef, ExecutionRef, PipelineRef
from pointsman.model.status import Tone

# --- the stage strip ---------------------------------------------------------------------------------------------


def passed(before: Stage, stage: Stage) -> bool:
    """Whether the run in the stage before has come as far as this one; what is here is of an older run if not."""
    return stage.status.tone is not Tone.IDLE and before.execution_id == stage.execution_id


def joint(stage: Stage, draw: Draw, *, before: Stage | None) -> Cell:
    """What lies before a stage: the transition, its gate when it is closed, the revision that waits there.

    ``━━`` the same run has passed, ``──`` not yet, ``━╳──`` closed, ``━┿──`` a revision waits, ``━┿╳──`` one waits
    behind a closed gate. The first stage has none before it.
    """
    glyphs = draw.glyphs
    queued, closed = bool(stage.inbound_id), not stage.transition.enabled
    marks: list[Piece] = []
    if queued:
        marks.append((glyphs.queued, "gate.queued"))
    if closed:
        marks.append((glyphs.gate, "gate.closed"))
    if before is None:
        return (*marks, (glyphs.open_joint, "joint")) if marks else EMPTY
    if marks:
        return ((glyphs.done_joint, "joint"), *marks, (glyphs.open_joint * 2, "joint"))
    return (((glyphs.done_joint if passed(before, stage) else glyphs.open_joint) * 2, "joint"),)


def strip(state: PipelineState, draw: Draw, room: int = 0) -> Cell:
    """Stages joined by their transitions: ``✓━━✓━┿╳──✓``; what an older run left behind is dim.

    Args:
        state: The pipeline.
        draw: The rendering.
        room: At most so many cells; joints shorten first, then the middle goes. 0: as long as it is.
    """
    for short in (False, True):
        pieces: list[Piece] = []
        before: Stage | None = None
        for stage in state.stages:
            between = joint(stage, draw, before=before)
            if short and between:
                marks = tuple(piece for piece in between if piece[1].startswith("gate."))
                between = marks or ((between[0][0][:1], "joint"),)
            pieces.extend(between)
            tone = stage.shown_status.tone
            old = tone is Tone.OK and stage.execution_id != state.stages[0].execution_id
            pieces.append((draw.glyphs.of(tone), "dim" if old else f"tone.{tone.value}"))
            before = stage
        whole = tuple(pieces)
        if not room or width(whole) <= room:
            return whole
    return crop(whole, room, draw.glyphs.ellipsis)


def strip_width(state: PipelineState) -> int:
    """How many cells the whole strip takes."""
    total = len(state.stages)
    for at, stage in enumerate(state.stages):
        marks = bool(stage.inbound_id) + (not stage.transition.enabled)
        total += (marks + 1 if marks else 0) if at == 0 else (marks + 3 if marks else 2)
    return total


# --- revisions -----------------------------------------------------------------------------------------------------


def revision_line(revision: Revision | None, draw: Draw) -> Cell:
    """A revision in one line: short id, summary, author, age; empty when it is not known."""
    if revision is None:
        return EMPTY
    by = cell(f"by {revision.author}", "dim") if revision.author else EMPTY
    opening, closing = draw.glyphs.quotes
    summary = cell(f"{opening}{revision.summary}{closing}") if revision.summary else EMPTY
    return join((cell(short_id(revision.id), "strong"), summary, by, cell(draw.age(revision.created), "dim")), gap=" ")


def short_id(revision_id: str) -> str:
    """A revision as people write it: seven digits of a commit, the beginning of an object version."""
    return clean(revision_id)[:7]


def queued(state: PipelineState, stage: Stage) -> Revision | None:
    """The revision that waits at a stage's entrance, where history could be read."""
    run = state.execution(stage.inbound_id) if stage.inbound_id else None
    return run.revisions[0] if run and run.revisions else None


def gate_sentence(stage: Stage, draw: Draw, state: PipelineState | None = None) -> Cell:
    """A transition in one sentence: who closed it, when and why, and what waits behind it."""
    gate = stage.transition
    parts: list[Cell] = []
    if gate.enabled:
        parts.append(cell("open", "gate.open"))
    else:
        by = f" by {short_identity(gate.changed_by)}" if gate.changed_by else ""
        when = f" {_ago(draw.age(gate.changed_at))}" if gate.changed_at else ""
        why = f': "{gate.reason}"' if gate.reason else ""
        parts.append(cell(f"{draw.glyphs.gate} closed{by}{when}{why}", "gate.closed"))
    if stage.inbound_id:
        revision = queued(state, stage) if state else None
        behind = revision_line(revision, draw) if revision else cell(stage.inbound_id[:8])
        parts.append((("behind it: " if not gate.enabled else "waiting to enter: ", "gate.queued"), *behind))
    return join(parts, gap="  ")


def _ago(age: str) -> str:
    return "just now" if age == "now" else f"{age} ago"


def short_identity(identity: str) -> str:
    """Who, from an ARN: the session or user name."""
    return clean(identity).rsplit("/", 1)[-1].rsplit(":", 1)[-1]


# --- actions and stages --------------------------------------------------------------------------------------------


def action_line(action: Action, draw: Draw) -> Cell:
    """An action in one line: name, status, age, and what a person needs to know next."""
    extra = EMPTY
    if action.status.failed and (action.error_message or action.summary):
        extra = cell(action.error_message or action.summary, "fault")
    elif action.waiting:
        expires = draw.countdown(action.expires)
        extra = cell(f"expires in {expires}" if expires else "waits for an answer", "tone.waiting")
    elif action.percent is not None and action.status.moving:
        extra = cell(f"{action.percent} %", "dim")
    elif action.summary:
        extra = cell(action.summary, "dim")
    status = status_cell(action.status, draw)
    if action.waiting:
        # AWS says InProgress of an approval that waits; its own word stays, the tone says whose turn it is.
        status = ((f"{draw.glyphs.waiting} {clean(action.status.word)}", "tone.waiting"),)
    age = cell(draw.age(action.changed_at), "dim") if action.changed_at else EMPTY
    return join((cell(action.ref.action, "strong"), status, age, extra), gap=" ")


def stage_line(stage: Stage, draw: Draw, state: PipelineState | None = None) -> Cell:
    """A stage in one line: name, status, the revision in it."""
    revision = state.revision_in(stage) if state else None
    return join(
        (cell(stage.name, "title"), status_cell(stage.shown_status, draw), revision_line(revision, draw)), gap=" "
    )


# --- the board -----------------------------------------------------------------------------------------------------


def row_key(row: PipelineRow) -> PipelineRef:
    """A board row's key."""
    return row.ref


def _name(row: PipelineRow, _draw: Draw) -> Cell:
    return cell(row.ref.name, "strong")


def _status(row: PipelineRow, draw: Draw) -> Cell:
    if row.state is None:
        if row.fault is not None:
            return cell(f"{draw.glyphs.unknown} {row.fault.kind.value}", "fault")
        return cell(f"{draw.glyphs.unknown} not read", "dim")
    return status_cell(row.status, draw)


def _stages(row: PipelineRow, draw: Draw, room: int = 0) -> Cell:
    return strip(row.state, draw, room) if row.state is not None else EMPTY


def _head(row: PipelineRow) -> Revision | None:
    latest = row.state.latest if row.state else None
    return latest.revisions[0] if latest and latest.revisions else None


def _revision(row: PipelineRow, _draw: Draw) -> Cell:
    revision = _head(row)
    return cell(short_id(revision.id)) if revision else EMPTY


def _age(row: PipelineRow, draw: Draw) -> Cell:
    latest = row.state.latest if row.state else None
    moment = (latest.updated or latest.started) if latest else None
    stale = row.fault is not None and row.state is not None
    return cell(draw.age(moment) + ("?" if stale else ""), "stale" if stale else "dim")


_TRIGGERS = {
    "StartPipelineExecution": "start",
    "CreatePipeline": "create",
    "PollForSourceChanges": "poll",
    "CloudWatchEvent": "event",
    "Webhook": "webhook",
    "WebhookV2": "webhook",
    "PutActionRevision": "revision",
    "ManualRollback": "rollback",
    "AutomatedRollback": "auto rollback",
}


def trigger_word(execution: Execution) -> str:
    """What started an execution, in one word, and who where that is known."""
    word = _TRIGGERS.get(execution.trigger, clean(execution.trigger))
    who = short_identity(execution.trigger_detail) if execution.trigger == "StartPipelineExecution" else ""
    return f"{word} {who}".rstrip()


def _trigger(row: PipelineRow, _draw: Draw) -> Cell:
    latest = row.state.latest if row.state else None
    return cell(trigger_word(latest), "dim") if latest else EMPTY


def why(row: PipelineRow, draw: Draw) -> Cell:
    """What to know about a pipeline at a glance: why it cannot be read, the failed action, the approval, the gate."""
    state = row.state
    if state is None:
        return fault_cell(row.fault, draw) if row.fault is not None else EMPTY
    for stage in state.stages:
        action = stage.failed_action
        if action is not None:
            return cell(f"{stage.name}/{action.ref.action} failed", "tone.failed")
    for stage in state.stages:
        action = stage.waiting_approval
        if action is not None:
            return cell(f"{stage.name}/{action.ref.action} expires in {draw.countdown(action.expires)}", "tone.waiting")
    for stage in state.closed_gates:
        behind = f", {stage.inbound_id[:8]} behind it" if stage.inbound_id else ""
        return cell(f"gate into {stage.name} closed{behind}", "gate.closed")
    for stage in state.stages:
        if stage.inbound_id:
            return cell(f"a revision waits to enter {stage.name}", "gate.queued")
    for stage in state.stages:
        if stage.status.moving:
            return cell(f"in {stage.name}", "tone.moving")
    return EMPTY


BOARD: Columns = (
    Column[PipelineRow]("name", "Pipeline", _name, least=12, most=44, measure=lambda row: cells(row.ref.name)),
    Column[PipelineRow]("status", "Status", _status, least=12, most=16),
    Column[PipelineRow](
        "stages",
        "Stages",
        _stages,
        least=10,
        most=48,
        measure=lambda row: strip_width(row.state) if row.state else 10,
        firm=True,
        fitted=_stages,
    ),
    Column[PipelineRow]("revision", "Revision", _revision, least=8, priority=1),
    Column[PipelineRow]("age", "Age", _age, least=4, align="right"),
    Column[PipelineRow]("why", "What", why, least=20, most=0, share=1, priority=3),
    Column[PipelineRow]("trigger", "Trigger", _trigger, least=9, most=24, share=1, priority=4),
)
"""The board, one row per pipeline."""

BRIEF: Columns = (BOARD[0], BOARD[2], BOARD[3], BOARD[4], BOARD[5])
"""The board in a pane of the overview."""


# --- history -------------------------------------------------------------------------------------------------------


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
