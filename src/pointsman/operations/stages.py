"""What a person may do to a stage and the gate before it: retry, roll back, open, close."""

from __future__ import annotations

from typing import Any

from pointsman.model.pipelines import Execution, PipelineState, Stage
from pointsman.model.refs import Ref, StageRef
from pointsman.model.status import Tone
from pointsman.operations.declare import Answers, Choice, Confirm, Field, Operation, WriteCall
from pointsman.operations.entries import execution_problem
from pointsman.operations.facts import (
    is_source,
    made_run,
    missing,
    names,
    next_stage,
    replaced_while_closed,
    revision_words,
    run_status,
    stage_at,
    touched,
    unread,
    when,
)
from pointsman.operations.pipelines import read
from pointsman.semantics.transitions import reason_problem

FAILED_ACTIONS = "FAILED_ACTIONS"
ALL_ACTIONS = "ALL_ACTIONS"


def _stage_parameters(ref: Ref) -> dict[str, Any]:
    if not isinstance(ref, StageRef):
        raise TypeError(f"{ref!r} is not a stage")
    return {"pipelineName": ref.pipeline, "stageName": ref.stage}


def _retryable(stage: Stage) -> bool:
    return stage.status.failed or stage.status.word == "Stopped"


# -- retry


def _retry_refuse(state: PipelineState, ref: Ref, mode: str) -> str | None:
    stage = stage_at(state, ref)
    if stage is None:
        return missing(ref)
    if not stage.execution_id:
        return f"{stage.name} has not run yet: there is nothing to retry."
    if not _retryable(stage):
        return f"{stage.name} is {stage.status.word or 'idle'}: only a failed or stopped stage can be retried."
    running = tuple(action for action in stage.actions if action.status.tone is Tone.MOVING)
    if running and mode == ALL_ACTIONS:
        return f"{names(running)} still runs: all actions can be retried only when none of them does."
    if mode == FAILED_ACTIONS and not any(
        action.status.failed or action.status.word == "Abandoned" for action in stage.actions
    ):
        return f"No action of {stage.name} has failed: retry all of its actions instead."
    return None


def _retry_plan(state: PipelineState, ref: Ref, mode: str) -> WriteCall:
    stage = stage_at(state, ref)
    parameters = _stage_parameters(ref) | {
        "pipelineExecutionId": stage.execution_id if stage else "",
        "retryMode": mode,
    }
    return WriteCall("codepipeline", "RetryStageExecution", parameters)


def _retry_consequences(state: PipelineState, ref: Ref, mode: str) -> tuple[str, ...]:
    stage = stage_at(state, ref)
    if stage is None:
        return ()
    carried = revision_words(state, stage.execution_id)
    again = tuple(
        action
        for action in stage.actions
        if mode == ALL_ACTIONS or action.status.failed or action.status.word == "Abandoned"
    )
    lines = [f"The same run goes on with {carried}: it fetches nothing newer."]
    lines.append(f"Runs again: {names(again)}.")
    repeated = tuple(action for action in again if action.status.tone is Tone.OK)
    if repeated:
        lines.append(f"That includes what had succeeded: {names(repeated)}.")
    after = next_stage(state, stage)
    if after is not None:
        lines.append(
            f"If it succeeds, the run goes on to {after.name}."
            if after.transition.enabled
            else f"If it succeeds, the run waits before {after.name}: that gate is closed."
        )
    if stage.inbound_id:
        lines.append(f"{revision_words(state, stage.inbound_id)} waits before {stage.name} and stays behind it.")
    lines.append("AWS refuses when the pipeline's structure has changed since, or another retry is under way.")
    return tuple(lines)


def _retry_basis(state: PipelineState, ref: Ref, _answers: Answers) -> dict[str, str]:
    stage = stage_at(state, ref)
    if stage is None:
        return {}
    failed = tuple(action for action in stage.actions if action.status.failed)
    return {"the run in the stage": stage.execution_id[:8], "the failed actions": names(failed)}


def _retrying(mode: str) -> Operation[PipelineState]:
    everything = mode == ALL_ACTIONS

    def plan(state: PipelineState, ref: Ref, _answers: Answers) -> WriteCall:
        return _retry_plan(state, ref, mode)

    def refuse(state: PipelineState, ref: Ref) -> str | None:
        return _retry_refuse(state, ref, mode)

    def consequences(state: PipelineState, ref: Ref, _answers: Answers) -> tuple[str, ...]:
        return _retry_consequences(state, ref, mode)

    return Operation(
        id="stage.retry-all" if everything else "stage.retry-failed",
        title="Retry all actions" if everything else "Retry failed actions",
        past="retried all actions of" if everything else "retried the failed actions of",
        key="T" if everything else "t",
        target=StageRef,
        help=(
            "Runs the whole failed stage again from its first action, in the same run."
            if everything
            else "Runs the failed actions of a stage again, in the same run; what succeeded stays."
        ),
        calls=("codepipeline:RetryStageExecution",),
        read=read,
        plan=plan,
        refuse=refuse,
        consequences=consequences,
        basis=_retry_basis,
        touches=touched,
        result=made_run,
    )


# -- roll back


def rollback_targets(state: PipelineState, stage: Stage) -> tuple[Execution, ...]:
    """The earlier runs that are known to have succeeded in a stage, newest first.

    A standard run that succeeded passed every stage; one that is in, or ended in, a later stage passed this one. A
    rollback run cannot be a target, nor can what the stage runs now.
    """
    order = [one.name for one in state.stages]
    later = {one.execution_id for one in state.stages[order.index(stage.name) + 1 :] if one.execution_id}
    later |= {one.inbound_id for one in state.stages[order.index(stage.name) + 1 :] if one.inbound_id}
    return tuple(
        run
        for run in state.executions
        if run.kind == "STANDARD" and run.id != stage.execution_id and (run.status.tone is Tone.OK or run.id in later)
    )


def _rollback_refuse(state: PipelineState, ref: Ref) -> str | None:
    stage = stage_at(state, ref)
    if stage is None:
        return missing(ref)
    if (fault := unread(state, "definition")) is not None:
        return f"The definition of {state.name} could not be read, so what AWS would roll back is not known: {fault}"
    if state.kind != "V2":
        return f"{state.name} is a {state.kind} pipeline; only V2 pipelines can roll a stage back."
    if state.mode == "PARALLEL":
        return f"{state.name} runs in PARALLEL mode, in which AWS cannot roll a stage back."
    if is_source(state, stage):
        return f"{stage.name} fetches the sources; a source stage cannot be rolled back."
    if not stage.execution_id:
        return f"{stage.name} has not run yet: there is nothing to roll back."
    if stage.status.moving:
        return f"{stage.name} is {stage.status.word}: AWS rolls a stage back only when it does not run."
    return None


def _rollback_fields(state: PipelineState, ref: Ref) -> tuple[Field, ...]:
    stage = stage_at(state, ref)
    targets = rollback_targets(state, stage) if stage is not None else ()
    choices = tuple(
        Choice(run.id, f"{revision_words(state, run.id)} {when(run.started)}".strip(), f"run {run.id}")
        for run in targets
    )
    return (
        Field(
            name="target",
            label="Back to",
            default=choices[0].value if choices else "",
            required=True,
            choices=choices,
            check=execution_problem,
            placeholder="the id of a run that succeeded in this stage",
        ),
    )


def _rollback_plan(_state: PipelineState, ref: Ref, answers: Answers) -> WriteCall:
    parameters = _stage_parameters(ref) | {"targetPipelineExecutionId": answers.get("target", "").strip()}
    return WriteCall("codepipeline", "RollbackStage", parameters)


def _rollback_consequences(state: PipelineState, ref: Ref, answers: Answers) -> tuple[str, ...]:
    stage = stage_at(state, ref)
    if stage is None:
        return ()
    target = answers.get("target", "").strip()
    carried = revision_words(state, target) if target else "the run you name"
    lines = [
        f"A new run goes through {stage.name} only, with the sources, artifacts and variables of {carried}.",
        f"It takes the place of {revision_words(state, stage.execution_id)} there; no other stage is touched.",
        "AWS refuses when the pipeline's structure has changed since that run.",
    ]
    if stage.inbound_id:
        waiting = revision_words(state, stage.inbound_id)
        lines.append(f"{waiting} waits before {stage.name} and would deploy over it: close that gate to prevent it.")
    elif stage.transition.enabled:
        lines.append(f"The next run that reaches {stage.name} deploys over it: close the gate before it to hold.")
    return tuple(lines)


ROLL_BACK: Operation[PipelineState] = Operation(
    id="stage.roll-back",
    title="Roll back stage",
    past="rolled back",
    key="B",
    target=StageRef,
    help="Runs a stage again with what an earlier run brought, as a new run of that stage only.",
    calls=("codepipeline:RollbackStage",),
    read=read,
    plan=_rollback_plan,
    refuse=_rollback_refuse,
    confirm=lambda _state, _ref: Confirm.TYPE_NAME,
    consequences=_rollback_consequences,
    basis=lambda state, ref, _answers: (
        {"the run in the stage": f"{stage.execution_id[:8]} {stage.status.word}"}
        if (stage := stage_at(state, ref)) is not None
        else {}
    ),
    fields=_rollback_fields,
    touches=touched,
    result=made_run,
    danger=True,
)


# -- gates


def _gate_plan(operation: str, ref: Ref, extra: dict[str, Any]) -> WriteCall:
    return WriteCall("codepipeline", operation, _stage_parameters(ref) | {"transitionType": "Inbound"} | extra)


def _enable_refuse(state: PipelineState, ref: Ref) -> str | None:
    stage = stage_at(state, ref)
    if stage is None:
        return missing(ref)
    return f"The gate before {stage.name} is open." if stage.transition.enabled else None


def _enable_consequences(state: PipelineState, ref: Ref, _answers: Answers) -> tuple[str, ...]:
    stage = stage_at(state, ref)
    if stage is None:
        return ()
    lines = []
    if closed := _closed_words(stage):
        lines.append(closed)
    if not stage.inbound_id:
        lines.append(f"Nothing waits before {stage.name}: the next run that arrives enters.")
    else:
        busy = stage.status.moving
        lines.append(
            f"Releases {revision_words(state, stage.inbound_id)} into {stage.name}"
            f"{' as soon as the run in it has ended.' if busy else ' at once.'}"
        )
        if state.mode == "SUPERSEDED":
            replaced = replaced_while_closed(state, stage)
            if replaced:
                kept = f"{len(replaced)} older run{'s' if len(replaced) > 1 else ''}"
                lines.append(f"{kept} gave way to newer ones since it was closed and will not run.")
            lines.append("AWS lets in the newest run only; read what it carries, it may be newer than you remember.")
        elif state.mode == "QUEUED":
            lines.append("In QUEUED mode every run that waits goes in, one after the other, the oldest first.")
        approval = next((action for action in stage.actions if action.is_approval), None)
        if approval is not None:
            lines.append(f"{stage.name} has an approval, {approval.ref.action}, that a person still has to give.")
        lines.append("What was held for more than 30 days does not go on by itself: start a new run then.")
    if state.mode == "PARALLEL":
        lines.append("In PARALLEL mode gates hold no runs.")
    return tuple(lines)


def _closed_words(stage: Stage) -> str:
    gate = stage.transition
    by = f" by {gate.changed_by}" if gate.changed_by else ""
    since = f" since {when(gate.changed_at)}" if gate.changed_at else ""
    reason = f": {gate.reason}" if gate.reason else "."
    return f"Closed{since}{by}{reason}" if by or since or gate.reason else ""


ENABLE: Operation[PipelineState] = Operation(
    id="transition.enable",
    title="Open gate",
    past="opened the gate before",
    key="e",
    target=StageRef,
    help="Enables the transition into a stage: the newest run that waits before it enters.",
    calls=("codepipeline:EnableStageTransition",),
    read=read,
    plan=lambda _state, ref, _answers: _gate_plan("EnableStageTransition", ref, {}),
    refuse=_enable_refuse,
    consequences=_enable_consequences,
    basis=lambda state, ref, _answers: (
        {"the run that waits at the gate": stage.inbound_id[:8]} if (stage := stage_at(state, ref)) is not None else {}
    ),
    touches=touched,
    idempotency=True,
)


def _disable_refuse(state: PipelineState, ref: Ref) -> str | None:
    stage = stage_at(state, ref)
    if stage is None:
        return missing(ref)
    return None if stage.transition.enabled else f"The gate before {stage.name} is closed already."


def _disable_consequences(state: PipelineState, ref: Ref, _answers: Answers) -> tuple[str, ...]:
    stage = stage_at(state, ref)
    if stage is None:
        return ()
    lines = [f"Runs wait before {stage.name} until the gate is opened again."]
    if stage.status.moving:
        lines.append(f"{revision_words(state, stage.execution_id)} is in {stage.name} already and goes on.")
    if stage.inbound_id:
        lines.append(f"{revision_words(state, stage.inbound_id)} waits before it and stays there.")
    elif state.mode == "SUPERSEDED":
        coming = [
            revision_words(state, one.execution_id)
            for one in state.stages[: [each.name for each in state.stages].index(stage.name)]
            if one.status.moving and (known := run_status(state, one.execution_id)) is not None and known.moving
        ]
        lines += [f"{one} is on its way and will be held." for one in coming[-1:]]
    if state.mode == "SUPERSEDED":
        lines.append("A newer run replaces the one that waits; only the newest goes on later.")
    if state.mode == "PARALLEL":
        lines.append("In PARALLEL mode gates hold no runs.")
    lines.append("The reason is shown to everyone; a run held for more than 30 days does not go on by itself.")
    return tuple(lines)


DISABLE: Operation[PipelineState] = Operation(
    id="transition.disable",
    title="Close gate",
    past="closed the gate before",
    key="c",
    target=StageRef,
    help="Disables the transition into a stage, with a reason: runs wait before it.",
    calls=("codepipeline:DisableStageTransition",),
    read=read,
    plan=lambda _state, ref, answers: _gate_plan(
        "DisableStageTransition", ref, {"reason": answers.get("reason", "").strip()}
    ),
    refuse=_disable_refuse,
    consequences=_disable_consequences,
    fields=lambda _state, _ref: (
        Field(
            name="reason",
            label="Reason",
            required=True,
            check=lambda text: reason_problem(text.strip()),
            placeholder="who asked and why; letters, digits and ! @ ( ) . * ? -",
        ),
    ),
    touches=touched,
    idempotency=True,
)


OPERATIONS: tuple[Operation[Any], ...] = (
    ENABLE,
    DISABLE,
    _retrying(FAILED_ACTIONS),
    _retrying(ALL_ACTIONS),
    ROLL_BACK,
)
