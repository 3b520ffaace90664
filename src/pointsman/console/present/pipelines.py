"""Pipelines as text: the board's columns, stage strips with their gates, actions, revisions, history."""

from __future__ import annotations

from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, Piece, cell, crop, join, status_cell, width
from pointsman.console.present.faults import fault_cell
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean
from pointsman.model.pipelines import Action, Execution, PipelineRow, PipelineState, Revision, Stage
from pointsman.model.refs import PipelineRef
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
        if len(stage.queue) > 1:
            parts.append(cell(queue_words(stage, state), "gate.queued"))
    return join(parts, gap="  ")


def queue_words(stage: Stage, state: PipelineState | None) -> str:
    """What enters a stage after the first that waits, in order: ``then 77e01bd, c9d8821 and 2 more``."""
    rest = [one for one in stage.queue if one != stage.inbound_id]
    shown = []
    for execution_id in rest[:3]:
        run = state.execution(execution_id) if state is not None else None
        shown.append(short_id(run.revisions[0].id) if run is not None and run.revisions else clean(execution_id)[:8])
    more = f" and {len(rest) - 3} more" if len(rest) > 3 else ""
    queued_up = state is not None and state.mode == "QUEUED"
    return f"{'then' if queued_up else 'besides'} {', '.join(shown)}{more}"


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
    for stage in state.stages:
        condition = stage.failed_condition
        if condition is not None:
            return cell(f"{stage.name}: the condition {condition.words} was not met", "tone.failed")
    for stage in state.closed_gates:
        behind = f", {stage.inbound_id[:8]} behind it" if stage.inbound_id else ""
        return cell(f"gate into {stage.name} closed{behind}", "gate.closed")
    for stage in state.stages:
        if len(stage.queue) > 1:
            return cell(f"{len(stage.queue)} runs wait to enter {stage.name}", "gate.queued")
        if stage.inbound_id:
            return cell(f"a revision waits to enter {stage.name}", "gate.queued")
    beside = sum(run.status.moving for run in state.executions)
    if state.mode == "PARALLEL" and beside > 1:
        return cell(f"{beside} runs side by side", "tone.moving")
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
