"""What a pipeline's state says, in the words the operations need: which runs move, what waits, what an answer ships."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pointsman.model.pipelines import Action, Execution, PipelineState, Revision, Stage
from pointsman.model.refs import ActionRef, ExecutionRef, PipelineRef, Ref, StageRef
from pointsman.model.status import Status, Tone, status

IN_PROGRESS = status("InProgress")
_TITLE_WIDTH = 60


def pipeline_of(ref: Ref) -> PipelineRef:
    """The pipeline a ref belongs to."""
    if isinstance(ref, PipelineRef):
        return ref
    if isinstance(ref, StageRef | ActionRef | ExecutionRef):
        return PipelineRef(ref.pipeline)
    raise TypeError(f"{ref!r} belongs to no pipeline")


def stage_at(state: PipelineState, ref: Ref) -> Stage | None:
    """The stage a stage or action ref names, as its run sees it where it names one, if it (still) exists."""
    if isinstance(ref, ActionRef):
        return state.at(ref)
    return state.stage(ref.stage) if isinstance(ref, StageRef) else None


def action_at(state: PipelineState, ref: Ref) -> Action | None:
    """The action a ref names, if it (still) exists."""
    stage = stage_at(state, ref)
    if stage is None or not isinstance(ref, ActionRef):
        return None
    return next((action for action in stage.actions if action.ref == ref.plain), None)


def missing(ref: Ref) -> str:
    """The sentence for a target that is not in the pipeline any more."""
    if isinstance(ref, ActionRef) and ref.execution:
        return f"Run {ref.execution[:8]} of {ref.pipeline} does not wait in {ref.stage} / {ref.action} any more."
    if isinstance(ref, ActionRef):
        return f"{ref.pipeline} has no action {ref.action} in a stage {ref.stage} any more."
    if isinstance(ref, StageRef):
        return f"{ref.pipeline} has no stage {ref.stage} any more."
    return f"{ref} is not there any more."


def run_status(state: PipelineState, execution_id: str) -> Status | None:
    """The status of a run, from history or from the stages it is in; None when neither knows it."""
    run = state.execution(execution_id)
    if run is None and state.latest is not None and state.latest.id == execution_id:
        run = state.latest
    # History that could not be read now is what it was before: good for revisions, not for what moves.
    if run is not None and unread(state, "history") is None:
        return run.status
    if any(stage.inbound_id == execution_id for stage in state.stages):
        return IN_PROGRESS
    # A run left its mark in every stage it passed; the furthest one is where it is.
    marks = [stage.status for stage in state.stages if stage.execution_id == execution_id]
    return marks[-1] if marks else None


def unread(state: PipelineState, what: str) -> str | None:
    """Why the ``history`` or the ``definition`` could not be read; None when it was."""
    return next((fault.sentence for name, fault in state.missing if name == what), None)


def moving_runs(state: PipelineState) -> tuple[str, ...]:
    """The ids of the runs that have not ended, newest first where history says which is newer."""
    ids = [run.id for run in state.executions]
    if state.latest is not None:
        ids.append(state.latest.id)
    for stage in state.stages:
        ids += [one for one in (stage.inbound_id, stage.execution_id) if one]
    return tuple(one for one in dict.fromkeys(ids) if (known := run_status(state, one)) is not None and known.moving)


def place(state: PipelineState, execution_id: str) -> str:
    """Where a run is, for a sentence: ``in Build``, ``waiting before Deploy``; empty when it is nowhere."""
    for stage in state.stages:
        if stage.inbound_id == execution_id:
            return f"waiting before {stage.name}"
    for stage in reversed(state.stages):
        if stage.execution_id == execution_id:
            return f"in {stage.name}"
    return ""


def running_actions(state: PipelineState, execution_id: str) -> tuple[Action, ...]:
    """The actions that run now for this run, approvals included."""
    return tuple(
        action
        for stage in state.stages
        if stage.execution_id == execution_id
        for action in stage.actions
        if action.status.tone is Tone.MOVING
    )


def revision(state: PipelineState, execution_id: str) -> Revision | None:
    """The first source revision of a run, where history could be read."""
    run = state.execution(execution_id) or state.latest
    return run.revisions[0] if run is not None and run.id == execution_id and run.revisions else None


def revision_words(state: PipelineState, execution_id: str) -> str:
    """A run by what it carries: ``1f2e3d4 "Fix the rounding" (Ada)``, or its own id when that is not known."""
    found = revision(state, execution_id)
    if found is None:
        return f"run {execution_id[:8]}"
    title = " ".join(found.summary.split())
    title = title if len(title) <= _TITLE_WIDTH else f"{title[: _TITLE_WIDTH - 1]}…"
    words = found.short
    if title:
        words += f' "{title}"'
    return f"{words} ({found.author})" if found.author else words


def next_stage(state: PipelineState, stage: Stage) -> Stage | None:
    """The stage after this one."""
    names = [one.name for one in state.stages]
    index = names.index(stage.name) + 1
    return state.stages[index] if index < len(state.stages) else None


def is_source(state: PipelineState, stage: Stage) -> bool:
    """Whether it is the stage that fetches the sources."""
    return bool(state.stages) and (
        state.stages[0].name == stage.name or any(action.category == "Source" for action in stage.actions)
    )


def names(actions: tuple[Action, ...]) -> str:
    """Actions by name, for a sentence."""
    return ", ".join(action.ref.action for action in actions)


def replaced_while_closed(state: PipelineState, stage: Stage) -> tuple[Execution, ...]:
    """The runs that newer ones replaced since the gate before a stage was closed, as far as history was read."""
    since = stage.transition.changed_at
    if since is None:
        return ()
    return tuple(
        run
        for run in state.executions
        if run.status.word == "Superseded" and run.updated is not None and run.updated >= since
    )


def when(moment: datetime | None) -> str:
    """A moment in a sentence, in UTC; empty when it is not known."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def touched(ref: Ref) -> tuple[tuple[str, ...], ...]:
    """The feed keys that a write on a pipeline, or on a part of it, changes."""
    name = pipeline_of(ref).name
    found: tuple[tuple[str, ...], ...] = (("pipeline", name), ("history", name), ("board",))
    return (*found, ("runs", name, ref.execution_id)) if isinstance(ref, ExecutionRef) else found


def made_run(answer: dict[str, Any], ref: Ref) -> Ref | None:
    """The run that an answer names."""
    made = answer.get("pipelineExecutionId")
    return ExecutionRef(pipeline_of(ref).name, made) if isinstance(made, str) and made else None
