"""The two answers to a manual approval.

The token that AWS wants is never kept: it comes from the fresh read just before the write, and when it is another one
than the dialog stood on, the answer is refused instead of given to a revision nobody looked at.
"""

from __future__ import annotations

from typing import Any, Final

from pointsman.model.pipelines import Action, PipelineState, Stage
from pointsman.model.refs import ActionRef, Ref
from pointsman.model.status import Tone
from pointsman.operations.declare import Answers, Field, Operation, WriteCall
from pointsman.operations.entries import at_most
from pointsman.operations.facts import (
    action_at,
    missing,
    names,
    next_stage,
    revision_words,
    stage_at,
    touched,
    when,
)
from pointsman.operations.pipelines import read

SUMMARY_LIMIT: Final = 512


def _refuse(state: PipelineState, ref: Ref) -> str | None:
    action, stage = action_at(state, ref), stage_at(state, ref)
    if action is None or stage is None:
        return missing(ref)
    if not action.is_approval:
        return f"{action.ref.action} is no approval: it is a {action.category or 'different'} action."
    if not action.waiting:
        return _answered(action)
    if not action.token:
        return f"AWS gives no token for {action.ref.action}: its provider, {action.provider}, is answered elsewhere."
    if stage.status.word == "Stopping":
        return f"The run in {stage.name} is stopping."
    return None


def _answered(action: Action) -> str:
    if action.status.tone is Tone.IDLE:
        return f"{action.ref.action} does not wait: no run has reached it."
    by = f" by {action.updated_by}" if action.updated_by else ""
    said = f": {action.summary or action.error_message}" if action.summary or action.error_message else "."
    if action.status.failed:
        return f"{action.ref.action} was rejected or ran out of time{by}{said}"
    return f"{action.ref.action} does not wait any more: {action.status.word}{by}{said}"


def _plan(state: PipelineState, ref: Ref, answers: Answers, verdict: str) -> WriteCall:
    if not isinstance(ref, ActionRef):
        raise TypeError(f"{ref!r} is not an action")
    action = action_at(state, ref)
    parameters = {
        "pipelineName": ref.pipeline,
        "stageName": ref.stage,
        "actionName": ref.action,
        "result": {"summary": answers.get("summary", "").strip(), "status": verdict},
        "token": action.token if action is not None else "",
    }
    return WriteCall("codepipeline", "PutApprovalResult", parameters)


def _basis(state: PipelineState, ref: Ref, _answers: Answers) -> dict[str, str]:
    action, stage = action_at(state, ref), stage_at(state, ref)
    if action is None or stage is None:
        return {}
    return {"the revision": revision_words(state, stage.execution_id), "the approval's token": action.token[:8]}


def _fields(*, required: bool) -> tuple[Field, ...]:
    return (
        Field(
            name="summary",
            label="Comment",
            required=required,
            check=at_most(SUMMARY_LIMIT, "The comment"),
            placeholder="why not; kept with the run" if required else "kept with the run; optional",
        ),
    )


def _asked(action: Action) -> list[str]:
    lines = []
    if text := action.option("CustomData"):
        lines.append(f"Asked: {' '.join(text.split())}")
    if url := action.option("ExternalEntityLink"):
        lines.append(f"To review: {url}")
    return lines


def _after(state: PipelineState, stage: Stage, action: Action) -> list[str]:
    rest = tuple(
        one for one in stage.actions if one.run_order > action.run_order or (one.waiting and one.ref != action.ref)
    )
    beside = tuple(one for one in rest if one.waiting)
    if beside:
        return [f"{names(beside)} must be approved as well before the run goes on."]
    if rest:
        return [f"Then runs in {stage.name}: {', '.join(f'{one.ref.action} ({one.provider})' for one in rest)}."]
    after = next_stage(state, stage)
    if after is None:
        return ["It is the last action: the run succeeds."]
    if not after.transition.enabled:
        return [f"It then waits before {after.name}: that gate is closed."]
    if after.status.moving and state.mode != "PARALLEL":
        return [f"It then waits before {after.name}, in which another run is still at work."]
    what = ", ".join(f"{one.ref.action} ({one.provider})" for one in after.actions if one.run_order == 1)
    return [f"It goes on to {after.name} at once{f': {what}' if what else ''}."]


def _approve_consequences(state: PipelineState, ref: Ref, _answers: Answers) -> tuple[str, ...]:
    action, stage = action_at(state, ref), stage_at(state, ref)
    if action is None or stage is None:
        return ()
    lines = [f"Lets through {revision_words(state, stage.execution_id)}.", *_asked(action)]
    lines += _after(state, stage, action)
    if stage.inbound_id:
        lines.append(f"A newer run, {revision_words(state, stage.inbound_id)}, waits behind it and comes next.")
    if action.expires is not None:
        lines.append(f"Unanswered, it fails at {when(action.expires)}.")
    return tuple(lines)


def _reject_consequences(state: PipelineState, ref: Ref, _answers: Answers) -> tuple[str, ...]:
    action, stage = action_at(state, ref), stage_at(state, ref)
    if action is None or stage is None:
        return ()
    lines = [
        f"Turns away {revision_words(state, stage.execution_id)}: {stage.name} fails, nothing after it runs.",
        *_asked(action),
    ]
    if stage.inbound_id:
        if stage.transition.enabled:
            lines.append(f"{revision_words(state, stage.inbound_id)} waits behind it and enters {stage.name} next.")
        else:
            lines.append(f"{revision_words(state, stage.inbound_id)} waits behind it at the closed gate.")
    still = "" if state.mode == "PARALLEL" else ", as long as no newer run has entered it"
    lines.append(f"Retrying the stage asks for the approval again{still}.")
    return tuple(lines)


APPROVE: Operation[PipelineState] = Operation(
    id="approval.approve",
    title="Approve",
    past="approved",
    key="y",
    target=ActionRef,
    help="Answers a waiting approval with yes: the revision in the stage goes on.",
    calls=("codepipeline:PutApprovalResult",),
    read=read,
    plan=lambda state, ref, answers: _plan(state, ref, answers, "Approved"),
    refuse=_refuse,
    consequences=_approve_consequences,
    basis=_basis,
    fields=lambda _state, _ref: _fields(required=False),
    touches=touched,
    idempotency=True,
)

REJECT: Operation[PipelineState] = Operation(
    id="approval.reject",
    title="Reject",
    past="rejected",
    key="n",
    target=ActionRef,
    help="Answers a waiting approval with no, and says why: the stage fails.",
    calls=("codepipeline:PutApprovalResult",),
    read=read,
    plan=lambda state, ref, answers: _plan(state, ref, answers, "Rejected"),
    refuse=_refuse,
    consequences=_reject_consequences,
    basis=_basis,
    fields=lambda _state, _ref: _fields(required=True),
    touches=touched,
    danger=True,
    idempotency=True,
)

OPERATIONS: tuple[Operation[Any], ...] = (APPROVE, REJECT)
