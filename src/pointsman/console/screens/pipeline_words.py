"""What the pipeline screen says below the stages: an action, a stage and its gate, a run, a comparison. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pointsman.console.dialogs.words import facts, paragraph
from pointsman.console.present.cells import Cell, cell, join, status_cell
from pointsman.console.present.look import Draw
from pointsman.model.comparison import whereabouts
from pointsman.model.pipelines import Action, ActionRun, Execution, PipelineState, Revision, Stage

if TYPE_CHECKING:
    from pointsman.model.comparison import Comparison

__all__ = ["action_details", "action_run_details", "comparison_lines", "run_details", "stage_details", "where_lines"]


def revision_words(revision: Revision | None) -> str:
    """A revision in a sentence: short id and message."""
    return f"{revision.short} {revision.summary}".strip() if revision is not None else ""


def action_details(state: PipelineState, action: Action, draw: Draw, width: int) -> Sequence[Cell]:
    """An action: what it is, how it stands, what went wrong or is asked."""
    stage = state.stage(action.ref.stage)
    age = draw.age(action.changed_at)
    head = join(
        (
            cell(action.ref.action, "strong"),
            status_cell(action.status, draw),
            cell(age, "dim"),
            cell(f"{action.category} {action.provider}".strip(), "dim"),
            cell(f"{action.percent}%") if action.percent is not None else (),
        )
    )
    rows: list[tuple[str, Cell | str]] = []
    if action.waiting:
        shipping = state.revision_in(stage) if stage is not None else None
        rows += [
            ("waits", f"for an answer; enter gives it{expiry(action, draw)}"),
            ("ships", revision_words(shipping) or (stage.execution_id[:8] if stage is not None else "")),
            ("asked", action.option("CustomData")),
            ("look at", action.option("ExternalEntityLink")),
        ]
    rows += [
        ("error", f"{action.error_code}: {action.error_message}".strip(": ")),
        ("revision", revision_words(action.revision)),
        ("summary", action.summary if action.revision is None and action.summary not in action.error_message else ""),
        ("by", action.updated_by),
        ("runs", action.external_id),
    ]
    return [head, *facts(rows, width)]


def expiry(action: Action, draw: Draw) -> str:
    """When a waiting approval fails by itself, as the end of a sentence."""
    return f", within {draw.countdown(action.expires)}" if action.expires is not None else ""


def stage_details(state: PipelineState, stage: Stage, draw: Draw, width: int, *, gate: bool) -> Sequence[Cell]:
    """A stage and its entrance: who closed it, when, why; what waits there and what opening would release."""
    head = join((cell(stage.name, "strong"), status_cell(stage.shown_status, draw)))
    if gate:
        # Who closed it, when and why is said by the facts below: the sentence itself stands among the stages.
        closed = not stage.transition.enabled
        head = (
            cell(f"{draw.glyphs.gate} the gate into {stage.name} is closed", "gate.closed")
            if closed
            else cell(f"the gate into {stage.name} is open", "dim")
        )
    rows: list[tuple[str, Cell | str]] = []
    transition = stage.transition
    if not transition.enabled:
        by = transition.changed_by.rpartition("/")[2] or transition.changed_by
        who = " ".join(part for part in (by, f"{draw.age(transition.changed_at)} ago") if part.strip() != "ago")
        rows += [("closed by", who.replace("now ago", "just now")), ("because", transition.reason)]
    waiting = state.execution(stage.inbound_id) if stage.inbound_id else None
    if stage.inbound_id:
        words = revision_words(waiting.revisions[0]) if waiting is not None and waiting.revisions else ""
        rows.append(("waits", f"{words or stage.inbound_id[:8]}"))
        if not transition.enabled:
            busy = stage.status.moving
            rows.append(
                ("opening", f"lets it into {stage.name} " + ("when the run in it is done" if busy else "at once"))
            )
    elif not transition.enabled:
        rows.append(("opening", "releases nothing now: no revision waits here"))
    inside = state.revision_in(stage)
    rows.append(("in it", revision_words(inside) or stage.execution_id[:8]))
    return [head, *facts(rows, width)]


def run_details(run: Execution, draw: Draw, width: int) -> Sequence[Cell]:
    """An execution: what started it, with which revisions, how it ended."""
    head = join(
        (status_cell(run.status, draw), cell(run.id), cell(run.mode, "dim"), cell(draw.age(run.started), "dim"))
    )
    rows: list[tuple[str, Cell | str]] = [
        ("trigger", f"{run.trigger} {run.trigger_detail}".strip()),
        *(
            (one.action or "source", f"{revision_words(one)}{f', {one.author}' if one.author else ''}")
            for one in run.revisions
        ),
        ("stopped", run.stop_reason),
        ("says", run.status_summary),
        ("rollback", f"to {run.rollback_target}" if run.rollback_target else ""),
    ]
    return [head, *facts(rows, width)]


def action_run_details(run: ActionRun, draw: Draw, width: int) -> Sequence[Cell]:
    """One action execution: what it was given, what it gave, what went wrong."""
    head = join(
        (
            cell(f"{run.ref.stage} / {run.ref.action}", "strong"),
            status_cell(run.status, draw),
            cell(f"{run.category} {run.provider}".strip(), "dim"),
            cell(draw.lasted(run.started, None if run.status.moving else run.updated), "dim"),
        )
    )
    rows: list[tuple[str, Cell | str]] = [
        ("error", f"{run.error_code}: {run.error_message}".strip(": ")),
        ("summary", run.summary),
        ("runs", run.external_id),
        ("by", run.updated_by),
        ("takes", ", ".join(run.inputs)),
        ("gives", ", ".join(run.outputs)),
        *((f"#{{{name}}}", value) for name, value in run.variables),
        *(("with", f"{name} = {value}") for name, value in run.configuration),
    ]
    return [head, *facts(rows, width)]


def comparison_lines(comparison: Comparison, width: int) -> Sequence[Cell]:
    """What changed between two runs: per source the two revisions, and the commits between them."""
    older, newer = comparison.older, comparison.newer
    lines: list[Cell] = [
        *facts((("older", f"{older.id}  {older.status.word}"), ("newer", f"{newer.id}  {newer.status.word}")), width)
    ]
    if not comparison.changed:
        lines += [(), cell("nothing changed: both ran the same revisions", "dim")]
    for change in comparison.changes:
        lines += [(), cell(change.action or "source", "strong")]
        if not change.changed:
            lines.append(cell(f"  the same: {revision_words(change.newer)}", "dim"))
            continue
        rows = (("from", revision_words(change.older) or "none"), ("to", revision_words(change.newer) or "none"))
        lines += facts(rows, width)
        if change.commits:
            count = len(change.commits)
            lines.append(cell(f"{count} commit{'' if count == 1 else 's'}, newest first", "dim"))
        for commit in change.commits:
            words = f"{commit.short} {commit.summary}" + (f" ({commit.author})" if commit.author else "")
            lines += paragraph(words, width, "", "  ")
        if change.note:
            lines += paragraph(change.note, width, "dim", "  ")
    return lines


def where_lines(state: PipelineState, room: int) -> Sequence[Cell]:
    """Which revision is where, as lines; what has come furthest is last."""
    lines: list[Cell] = []
    for one in whereabouts(state):
        revision = one.revision
        name = cell(revision.short, "strong") if revision is not None else cell(one.execution_id[:8], "dim")
        places = [*(f"waits before {gate}" for gate in one.gates), *one.stages]
        lines.append(join((name, cell(", ".join(places)))))
        if revision is not None and revision.summary:
            lines += paragraph(revision.summary, room, "dim", "  ")
    return lines or [cell("no revision is in a stage yet", "dim")]
