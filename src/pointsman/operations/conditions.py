"""What a person may do to a stage's conditions: let a run pass although one was not met."""

from __future__ import annotations

from typing import Any

from pointsman.model.conditions import BEFORE_ENTRY, ON_FAILURE, Condition
from pointsman.model.pipelines import PipelineState, Stage
from pointsman.model.refs import Ref, StageRef
from pointsman.operations.declare import Answers, Choice, Confirm, Field, Operation, WriteCall
from pointsman.operations.facts import made_run, missing, next_stage, revision_words, stage_at, touched
from pointsman.operations.pipelines import read


def overridable(stage: Stage) -> tuple[Condition, ...]:
    """The conditions of a stage that were not met and that AWS lets a person override."""
    return tuple(one for one in stage.conditions if one.status.failed and _why_not(stage, one) is None)


def _why_not(stage: Stage, condition: Condition) -> str | None:
    if condition.kind == ON_FAILURE:
        return "AWS lets nobody override a condition on failure."
    if condition.result == "ROLLBACK":
        return (
            f"The stage is rolled back when its condition {condition.words} is not met: AWS lets nobody override that."
        )
    if stage.status.word == "Skipped":
        return f"{stage.name} was skipped: the run has gone on without it."
    return None


def _run(stage: Stage, condition: Condition | None) -> str:
    """The run that a condition holds up."""
    if condition is not None and condition.kind == BEFORE_ENTRY and not stage.execution_id:
        return stage.inbound_id
    return stage.execution_id


def _refuse(state: PipelineState, ref: Ref) -> str | None:
    stage = stage_at(state, ref)
    if stage is None:
        return missing(ref)
    if not stage.conditions:
        return f"{stage.name} has no conditions."
    failed = [one for one in stage.conditions if one.status.failed]
    if not failed:
        return f"No condition of {stage.name} has failed."
    reasons = [_why_not(stage, one) for one in failed]
    if all(reasons):
        return reasons[0]
    if not _run(stage, overridable(stage)[0]):
        return f"AWS does not say which run {stage.name} holds up."
    return None


def _chosen(stage: Stage, answers: Answers) -> Condition | None:
    found = overridable(stage)
    return next((one for one in found if one.kind == answers.get("condition")), found[0] if found else None)


def _fields(state: PipelineState, ref: Ref) -> tuple[Field, ...]:
    stage = stage_at(state, ref)
    found = overridable(stage) if stage is not None else ()
    if len(found) < 2:
        return ()
    choices = tuple(Choice(one.kind, one.words, _unmet(one)) for one in found)
    return (Field("condition", "Condition", choices[0].value, required=True, choices=choices),)


def _plan(state: PipelineState, ref: Ref, answers: Answers) -> WriteCall:
    if not isinstance(ref, StageRef):
        raise TypeError(f"{ref!r} is not a stage")
    stage = stage_at(state, ref)
    condition = _chosen(stage, answers) if stage is not None else None
    parameters: dict[str, Any] = {
        "pipelineName": ref.pipeline,
        "stageName": ref.stage,
        "pipelineExecutionId": _run(stage, condition) if stage is not None else "",
        "conditionType": condition.kind if condition is not None else BEFORE_ENTRY,
    }
    return WriteCall("codepipeline", "OverrideStageCondition", parameters)


def _unmet(condition: Condition) -> str:
    said = [
        f"{rule.name} ({rule.provider})" if rule.provider else rule.name
        for rule in condition.unmet or condition.rules
        if rule.name
    ]
    return ", ".join(said)


def _consequences(state: PipelineState, ref: Ref, answers: Answers) -> tuple[str, ...]:
    stage = stage_at(state, ref)
    condition = _chosen(stage, answers) if stage is not None else None
    if stage is None or condition is None:
        return ()
    carried = revision_words(state, _run(stage, condition))
    lines = [f"The condition {condition.words} of {stage.name} counts as met, for this run only."]
    for rule in condition.unmet:
        why = " ".join((rule.error_message or rule.summary).split())
        lines.append(f"Not met: {rule.name}: {why}" if why else f"Not met: {rule.name}.")
    if condition.kind == BEFORE_ENTRY:
        first = ", ".join(one.ref.action for one in stage.actions if one.run_order == 1)
        lines.append(f"{carried} enters {stage.name}{f': {first} begins' if first else ''}.")
    else:
        after = next_stage(state, stage)
        if after is None:
            lines.append(f"{carried} has come through: the run succeeds.")
        elif after.transition.enabled:
            lines.append(f"{carried} goes on to {after.name}.")
        else:
            lines.append(f"{carried} then waits before {after.name}: that gate is closed.")
    lines.append("AWS refuses when a newer run has been in the stage since.")
    return tuple(lines)


def _basis(state: PipelineState, ref: Ref, answers: Answers) -> dict[str, str]:
    stage = stage_at(state, ref)
    condition = _chosen(stage, answers) if stage is not None else None
    if stage is None or condition is None:
        return {}
    return {"the run it holds up": _run(stage, condition)[:8], "the rules that failed": _unmet(condition)}


OVERRIDE: Operation[PipelineState] = Operation(
    id="condition.override",
    title="Override condition",
    past="overrode a condition of",
    key="o",
    target=StageRef,
    help="Lets the run pass a stage's condition that was not met, this once.",
    calls=("codepipeline:OverrideStageCondition",),
    read=read,
    plan=_plan,
    refuse=_refuse,
    confirm=lambda _state, _ref: Confirm.TYPE_NAME,
    consequences=_consequences,
    basis=_basis,
    fields=_fields,
    touches=touched,
    result=made_run,
    danger=True,
    idempotency=True,
)

OPERATIONS: tuple[Operation[Any], ...] = (OVERRIDE,)
