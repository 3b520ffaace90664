"""What a person may do to a pipeline as a whole: start it, stop a run of it, abandon a run of it."""

from __future__ import annotations

import re
from typing import Any, Final

from pointsman.model.pipelines import Action, PipelineState
from pointsman.model.refs import ExecutionRef, PipelineRef, Ref
from pointsman.operations.declare import Answers, Choice, Confirm, Field, Operation, WriteCall
from pointsman.operations.entries import at_most, variable_entries, variable_problem
from pointsman.operations.facts import (
    IN_PROGRESS,
    made_run,
    moving_runs,
    names,
    pipeline_of,
    place,
    revision_words,
    run_status,
    running_actions,
    stage_at,
    touched,
    unread,
)
from pointsman.operations.ports import ServicesLike

STOP_REASON_LIMIT: Final = 200
CONCURRENT_LIMIT: Final = 50
"""Runs at a time in a QUEUED or PARALLEL pipeline."""

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_KEY: Final = "key:"
_REVISION: Final = "revision:"


async def read(services: ServicesLike, ref: Ref) -> PipelineState:
    """The pipeline a ref belongs to, as it is now."""
    return await services.pipelines.fresh(pipeline_of(ref))


# -- start


def _sources(state: PipelineState) -> tuple[Action, ...]:
    return tuple(action for stage in state.stages for action in stage.actions if action.category == "Source")


def _revision_problem(action: Action, text: str) -> str | None:
    if not text:
        return None
    if action.provider == "ECR" and not _DIGEST.fullmatch(text):
        return "AWS needs the image digest: sha256: and 64 hexadecimal digits."
    if action.provider not in ("ECR", "S3") and not _COMMIT.fullmatch(text):
        return "AWS needs the whole commit id: 40 hexadecimal digits."
    if action.provider == "S3" and text == _KEY:
        return "key: names no object."
    return None


def _revision_type(action: Action, text: str) -> tuple[str, str]:
    if action.provider == "S3":
        if text.startswith(_KEY):
            return "S3_OBJECT_KEY", text.removeprefix(_KEY)
        return "S3_OBJECT_VERSION_ID", text
    return ("IMAGE_DIGEST" if action.provider == "ECR" else "COMMIT_ID"), text


def _revision_field(action: Action) -> Field:
    hints = {"S3": "version id, or key:path/to/object.zip", "ECR": "sha256:…"}
    return Field(
        name=f"{_REVISION}{action.ref.action}",
        label=f"Revision of {action.ref.action}",
        check=lambda text: _revision_problem(action, text),
        placeholder=f"newest; or {hints.get(action.provider, 'a whole commit id')}",
    )


def _variables_problem(state: PipelineState, text: str) -> str | None:
    """What the pipeline's own declarations have against the values given; nothing where they were not read."""
    if any(what == "definition" for what, _ in state.missing):
        return None
    given = {one.name for one in variable_entries(text)}
    for one in state.variables:
        if one.default is None and one.name not in given:
            return f"{one.name} has no default: a start must give it a value."
    unknown = sorted(given - {one.name for one in state.variables})
    return f"{state.name} declares no variable {unknown[0]}." if unknown else None


def _start_fields(state: PipelineState, _ref: Ref) -> tuple[Field, ...]:
    if state.kind != "V2":
        return ()
    declared = ", ".join(f"{one.name} ({one.description})" if one.description else one.name for one in state.variables)
    variables = Field(
        name="variables",
        label="Variables",
        default="\n".join(f"{one.name}={one.default or ''}" for one in state.variables),
        check=lambda text: variable_problem(text) or _variables_problem(state, text),
        multiline=True,
        placeholder=f"NAME=value, a line each{f', of {declared}' if declared else ''}; one not given keeps its default",
    )
    return (variables, *(_revision_field(action) for action in _sources(state)))


def _start_refuse(state: PipelineState, _ref: Ref) -> str | None:
    if not state.stages:
        return f"{state.name} has no stages that could be read."
    moving = len(moving_runs(state))
    if state.mode != "SUPERSEDED" and moving >= CONCURRENT_LIMIT:
        return f"{moving} runs of {state.name} have not ended; AWS takes {CONCURRENT_LIMIT} in {state.mode} mode."
    return None


def _start_plan(state: PipelineState, ref: Ref, answers: Answers) -> WriteCall:
    parameters: dict[str, Any] = {"name": pipeline_of(ref).name}
    if state.kind == "V2":
        variables = [{"name": one.name, "value": one.value} for one in variable_entries(answers.get("variables", ""))]
        if variables:
            parameters["variables"] = variables
        revisions = []
        for action in _sources(state):
            text = answers.get(f"{_REVISION}{action.ref.action}", "").strip()
            if text and _revision_problem(action, text) is None:
                kind, value = _revision_type(action, text)
                revisions.append({"actionName": action.ref.action, "revisionType": kind, "revisionValue": value})
        if revisions:
            parameters["sourceRevisions"] = revisions
    return WriteCall("codepipeline", "StartPipelineExecution", parameters)


def _start_consequences(state: PipelineState, _ref: Ref, answers: Answers) -> tuple[str, ...]:
    lines = ["A new run begins: every source action fetches its newest revision."]
    pinned = [
        f"{action.ref.action} at {text[:12]}"
        for action in _sources(state)
        if (text := answers.get(f"{_REVISION}{action.ref.action}", "").strip())
    ]
    if pinned:
        lines = [f"A new run begins with {', '.join(pinned)}; other source actions fetch their newest revision."]
    if (fault := unread(state, "definition")) is not None:
        lines.append(f"Its definition could not be read, so variables and revisions cannot be given: {fault}")
    if state.stages and not state.stages[0].transition.enabled:
        lines.append(f"The gate before {state.stages[0].name} is closed: the new run waits there.")
    moving = moving_runs(state)
    if moving and state.mode == "SUPERSEDED":
        lines.append(
            f"{_count(len(moving), 'run')} {'has' if len(moving) == 1 else 'have'} not ended: the new one replaces "
            "any that waits at a gate or before a busy stage, never one inside a stage."
        )
    elif moving:
        how = "queues behind" if state.mode == "QUEUED" else "runs beside"
        lines.append(f"It {how} {_count(len(moving), 'run')} that {'has' if len(moving) == 1 else 'have'} not ended.")
    closed = [stage.name for stage in state.closed_gates if stage is not state.stages[0]]
    if closed:
        lines.append(f"It will be held at the closed gate before {' and before '.join(closed)}.")
    return tuple(lines)


START: Operation[PipelineState] = Operation(
    id="pipeline.start",
    title="Start pipeline",
    past="started",
    key="s",
    target=PipelineRef,
    help="Runs the pipeline from its sources, as a new execution.",
    calls=("codepipeline:StartPipelineExecution",),
    read=read,
    plan=_start_plan,
    refuse=_start_refuse,
    consequences=_start_consequences,
    fields=_start_fields,
    touches=touched,
    result=made_run,
)


# -- stop and abandon


def _run_of(state: PipelineState, ref: Ref, answers: Answers) -> str:
    """The run that is meant: the target itself, or the one chosen, or the newest that moves."""
    if isinstance(ref, ExecutionRef):
        return ref.execution_id
    moving = moving_runs(state)
    return answers.get("execution", "") or (moving[0] if moving else "")


def _run_refuse(state: PipelineState, execution_id: str, *, abandon: bool) -> str | None:
    known = run_status(state, execution_id)
    if known is None:
        return f"Run {execution_id[:8]} is in no stage and not among the newest runs: there is nothing to stop."
    if not known.moving:
        return f"Run {execution_id[:8]} has ended ({known.word}): there is nothing to stop."
    if known.word == "Stopping" and not abandon:
        return f"Run {execution_id[:8]} is stopping already; it can still be abandoned."
    return None


def _stop_refuse(state: PipelineState, ref: Ref, *, abandon: bool) -> str | None:
    if isinstance(ref, ExecutionRef):
        return _run_refuse(state, ref.execution_id, abandon=abandon)
    moving = moving_runs(state)
    if not moving:
        return f"No run of {state.name} is in progress: there is nothing to stop."
    reasons = [_run_refuse(state, one, abandon=abandon) for one in moving]
    return reasons[0] if all(reasons) else None


def _stop_fields(state: PipelineState, ref: Ref, *, abandon: bool) -> tuple[Field, ...]:
    reason = Field(
        name="reason",
        label="Reason",
        check=at_most(STOP_REASON_LIMIT, "The reason"),
        placeholder="kept with the run; optional",
    )
    if isinstance(ref, ExecutionRef):
        return (reason,)
    choices = tuple(
        Choice(one, f"{revision_words(state, one)} {place(state, one)}".strip(), f"run {one}")
        for one in moving_runs(state)
        if _run_refuse(state, one, abandon=abandon) is None
    )
    run = Field(
        name="execution", label="Run", default=choices[0].value if choices else "", required=True, choices=choices
    )
    return (run, reason)


def _stop_plan(state: PipelineState, ref: Ref, answers: Answers, *, abandon: bool) -> WriteCall:
    parameters: dict[str, Any] = {
        "pipelineName": pipeline_of(ref).name,
        "pipelineExecutionId": _run_of(state, ref, answers),
        "abandon": abandon,
    }
    if reason := answers.get("reason", "").strip():
        parameters["reason"] = reason
    return WriteCall("codepipeline", "StopPipelineExecution", parameters)


def _stop_basis(state: PipelineState, ref: Ref, answers: Answers) -> dict[str, str]:
    return {"the place of the run": place(state, _run_of(state, ref, answers))}


def _stop_consequences(state: PipelineState, ref: Ref, answers: Answers, *, abandon: bool) -> tuple[str, ...]:
    run = _run_of(state, ref, answers)
    running = running_actions(state, run)
    lines = [f"Stops {revision_words(state, run)}, {place(state, run) or 'between stages'}; nothing after it starts."]
    if not running:
        lines.append("No action of it runs: it stops at once.")
    elif abandon:
        lines.append(
            f"{names(running)} {'is' if len(running) == 1 else 'are'} abandoned: what was begun goes on outside "
            "the pipeline, unwatched, and its result is ignored."
        )
        lines.append("That can leave tasks half done or out of sequence.")
    else:
        lines.append(f"{names(running)} may finish first, and {'its' if len(running) == 1 else 'their'} result stands.")
        if any(action.waiting for action in running):
            lines.append("A waiting approval counts as running: answer it, or abandon the run, to stop sooner.")
    if run_status(state, run) == IN_PROGRESS and running:
        lines += _behind(state, run)
    return tuple(lines)


def _behind(state: PipelineState, run: str) -> list[str]:
    """What takes the place of a stopped run, and AWS's advice about it."""
    stage = next((one for one in reversed(state.stages) if one.execution_id == run), None)
    if stage is None or stage_at(state, stage.ref) is None or not stage.transition.enabled:
        return []
    if stage.inbound_id:
        return [
            f"{revision_words(state, stage.inbound_id)} waits before {stage.name} and enters as soon as it is free: "
            "close that gate first to prevent it."
        ]
    return [f"The next run may enter {stage.name} as soon as it is free: close the gate before it to prevent that."]


def _stopping(target: type[Ref], noun: str, *, abandon: bool) -> Operation[PipelineState]:
    def refuse(state: PipelineState, ref: Ref) -> str | None:
        return _stop_refuse(state, ref, abandon=abandon)

    def fields(state: PipelineState, ref: Ref) -> tuple[Field, ...]:
        return _stop_fields(state, ref, abandon=abandon)

    def plan(state: PipelineState, ref: Ref, answers: Answers) -> WriteCall:
        return _stop_plan(state, ref, answers, abandon=abandon)

    def consequences(state: PipelineState, ref: Ref, answers: Answers) -> tuple[str, ...]:
        return _stop_consequences(state, ref, answers, abandon=abandon)

    return Operation(
        id=f"{noun}.{'abandon' if abandon else 'stop'}",
        title="Stop and abandon" if abandon else "Stop and wait",
        past=("abandoned" if abandon else "stopped") + (" a run of" if target is PipelineRef else ""),
        key="X" if abandon else "x",
        target=target,
        help=(
            "Stops a run now, without waiting for the actions it began: for a run that hangs or must not go on."
            if abandon
            else "Stops a run once the actions it began have finished."
        ),
        calls=("codepipeline:StopPipelineExecution",),
        read=read,
        plan=plan,
        refuse=refuse,
        confirm=lambda _state, _ref: Confirm.TYPE_NAME if abandon else Confirm.ASK,
        consequences=consequences,
        basis=_stop_basis,
        fields=fields,
        touches=touched,
        result=made_run,
        danger=True,
        idempotency=True,
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


PIPELINE_STOP = _stopping(PipelineRef, "pipeline", abandon=False)
PIPELINE_ABANDON = _stopping(PipelineRef, "pipeline", abandon=True)
EXECUTION_STOP = _stopping(ExecutionRef, "execution", abandon=False)
EXECUTION_ABANDON = _stopping(ExecutionRef, "execution", abandon=True)

OPERATIONS: tuple[Operation[Any], ...] = (START, PIPELINE_STOP, PIPELINE_ABANDON, EXECUTION_STOP, EXECUTION_ABANDON)
