"""What the pipeline screen says below the stages: an action, a stage and its gate, a run, a comparison. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pointsman.console.dialogs.words import facts, paragraph
from pointsman.console.present import ages
from pointsman.console.present.cells import Cell, cell, join, status_cell
from pointsman.console.present.conditions import (
    condition_rows,
    failure_words,
    retries_words,
    trigger_lines,
    variable_rows,
)
from pointsman.console.present.forecast import forecast_row
from pointsman.console.present.look import Draw
from pointsman.console.present.pipelines import queue_words
from pointsman.console.present.text import cells, clean, truncate
from pointsman.model.comparison import whereabouts
from pointsman.model.pipelines import Action, ActionRun, Execution, PipelineState, Revision, Stage

if TYPE_CHECKING:
    from pointsman.model.comparison import Comparison
    from pointsman.model.forecast import Forecast, StageTime
    from pointsman.model.strips import RunStages

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
        ("runs", "" if action.is_approval else action.external_id),
    ]
    return [head, *facts(rows, width)]


def expiry(action: Action, draw: Draw) -> str:
    """When a waiting approval fails by itself, as the end of a sentence."""
    return f", within {draw.countdown(action.expires)}" if action.expires is not None else ""


def mode_words(state: PipelineState) -> str:
    """A pipeline's kind and mode, and what the mode means for what is shown."""
    moving = sum(run.status.moving for run in state.executions)
    words = f"{state.kind} {state.mode}"
    if state.mode == "PARALLEL":
        return f"{words}: {moving} run{'' if moving == 1 else 's'} side by side, the stages show the newest only"
    waiting = sum(len(stage.queue) for stage in state.stages)
    return f"{words}: {waiting} wait{'s' if waiting == 1 else ''}" if state.mode == "QUEUED" and waiting else words


def stage_details(
    state: PipelineState, stage: Stage, draw: Draw, width: int, *, gate: bool, forecast: Forecast | None = None
) -> Sequence[Cell]:
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
        if len(stage.queue) > 1:
            rows.append(("queue", queue_words(stage, state)))
        if not transition.enabled:
            busy = stage.status.moving
            rows.append(
                ("opening", f"lets it into {stage.name} " + ("when the run in it is done" if busy else "at once"))
            )
    elif not transition.enabled:
        rows.append(("opening", "releases nothing now: no revision waits here"))
    inside = state.revision_in(stage)
    rows.append(("in it", revision_words(inside) or stage.execution_id[:8]))
    if not gate:
        rows += [
            *condition_rows(stage, draw),
            ("takes", forecast_row(stage, forecast, draw)),
            ("retries", retries_words(stage.retries)),
            ("on failure", failure_words(stage)),
        ]
    return [head, *facts(rows, width)]


def definition_lines(state: PipelineState, width: int, given: Sequence[tuple[str, str]] = ()) -> Sequence[Cell]:
    """A pipeline's variables, and what starts it by itself."""
    unread = next((fault.sentence for what, fault in state.missing if what == "definition"), "")
    if unread:
        return paragraph(f"The definition could not be read: {unread}", width, "fault")
    lines = [cell("Variables", "strong")]
    lines += facts(variable_rows(state.variables, given), width) or [cell("it declares none", "dim")]
    lines += [(), cell("Triggers", "strong")]
    triggers = trigger_lines(state.triggers)
    for trigger in triggers:
        lines += paragraph(trigger, width)
    if not triggers:
        lines += paragraph("it declares none: its source actions start it, or a person does", width, "dim")
    return lines


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
        *((f"#{{variables.{name}}}", value) for name, value in run.variables),
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
        ("runs", "" if run.category == "Approval" else run.external_id),
        ("by", run.updated_by),
        ("takes", ", ".join(run.inputs)),
        ("gives", ", ".join(run.outputs)),
        *((f"#{{{name}}}", value) for name, value in run.variables),
        *(("with", f"{name} = {value}") for name, value in run.configuration),
    ]
    return [head, *facts(rows, width)]


def comparison_lines(comparison: Comparison, draw: Draw, width: int) -> Sequence[Cell]:
    """What changed between two runs: revisions and the commits between them, variables, what the stages took."""
    older, newer = comparison.older, comparison.newer
    lines: list[Cell] = [
        *facts((("older", _run_head(older)), ("newer", _run_head(newer))), width),
        *change_lines(comparison, width),
    ]
    if comparison.variables:
        lines += [(), cell("Variables", "strong")]
        rows = [
            (name, f"{was or 'none'} {draw.glyphs.arrow} {now or 'none'}") for name, was, now in comparison.variables
        ]
        lines += facts(rows, width)
    if comparison.times:
        lines += [(), cell("Stages", "strong"), *time_lines(comparison, draw)]
    return lines


def _run_head(run: Execution) -> str:
    return "  ".join(part for part in (run.id, run.status.word, run.trigger) if part)


def time_lines(comparison: Comparison, draw: Draw) -> list[Cell]:
    """What each stage took in the two runs, and the difference."""
    times = [(one.name if (one := after or before) else "", before, after) for before, after in comparison.times]
    widest = min(30, max((cells(clean(name)) for name, _, _ in times), default=0))
    lines = []
    for name, before, after in times:
        was, now = _took(before), _took(after)
        change = ages.difference(before.took if before else None, after.took if after else None)
        shown = truncate(clean(name), 30, draw.glyphs.ellipsis)
        lines.append(
            join(
                (
                    cell(shown + " " * (widest - cells(shown))),
                    cell(f"{was:>7} {draw.glyphs.arrow} {now:<7}", "dim"),
                    cell(change, "stale" if change.startswith("+") else "dim"),
                    cell(after.word if after is not None else "not reached", "dim"),
                )
            )
        )
    return lines


def _took(one: StageTime | None) -> str:
    return ages.duration(one.took) if one is not None and one.took is not None else "-"


def change_lines(comparison: Comparison, width: int) -> list[Cell]:
    """Per source the two revisions, and the commits between them."""
    lines: list[Cell] = []
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


def where_lines(state: PipelineState, room: int, strips: Sequence[RunStages] = ()) -> Sequence[Cell]:
    """Which revision is where, as lines; what has come furthest is last.

    Of runs side by side the pipeline's own state tells only the newest: each run's own stages tell of the others.
    """
    lines: list[Cell] = []
    for apart in strips:
        run = state.execution(apart.execution_id)
        if run is None or not run.status.moving:
            continue
        first = run.revisions[0] if run.revisions else None
        lines.append(join((cell(first.short if first is not None else run.id[:8], "strong"), cell(apart.place))))
        if first is not None and first.summary:
            lines += paragraph(first.summary, room, "dim", "  ")
    if strips:
        return lines or [cell("no run is under way", "dim")]
    for one in whereabouts(state):
        revision = one.revision
        name = cell(revision.short, "strong") if revision is not None else cell(one.execution_id[:8], "dim")
        places = [*(f"waits before {gate}" for gate in one.gates), *one.stages]
        lines.append(join((name, cell(", ".join(places)))))
        if revision is not None and revision.summary:
            lines += paragraph(revision.summary, room, "dim", "  ")
    return lines or [cell("no revision is in a stage yet", "dim")]
