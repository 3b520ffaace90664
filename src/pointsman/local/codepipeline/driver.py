"""From the state machine's effects to the world: records, provider calls and events, in one transaction.

``drive`` feeds an event to a pipeline's machine and carries out what follows. Providers come back through ``finish``
and ``progress``; both ignore an action execution that is not in progress any more.
"""

from __future__ import annotations

from collections import deque

from msgspec import UNSET
from msgspec.structs import replace

from pointsman.local.codepipeline.flow import (
    FAILED,
    IN_PROGRESS,
    ROLLBACK,
    STANDARD,
    SUCCEEDED,
    AbandonAction,
    Arrive,
    Effect,
    Ended,
    Event,
    ExecutionIs,
    Refusal,
    Retry,
    StageIs,
    StartAction,
    Why,
)
from pointsman.local.codepipeline.machine import step
from pointsman.local.codepipeline.providers import CONFIGURATION_ERROR, ActionCall, Outcome, Providers, failed
from pointsman.local.codepipeline.runs import (
    NotReady,
    abandon,
    call_of,
    conclude,
    execution_of,
    find_execution,
    forget_attempt,
    open_run,
    prepare,
    running,
)
from pointsman.local.codepipeline.shapes import (
    ActionRun,
    Execution,
    ExecutionNumber,
    Line,
    Override,
    Pipeline,
    Ticket,
    numbered,
)
from pointsman.local.world import Scope, World

EXECUTION_TOPIC = "codepipeline.execution"
STAGE_TOPIC = "codepipeline.stage"
ROLLBACK_TOPIC = "codepipeline.rollback"


# -- moving the machine ---------------------------------------------------------------------------------------------


def drive(scope: Scope, pipeline: str, event: Event) -> None:
    """Feed an event to a pipeline's machine, and carry out what follows from it.

    Raises:
        Refusal: The rules do not allow the event; nothing has happened.
    """
    _step(scope, pipeline, deque([event]), asked=True)


def _step(scope: Scope, pipeline: str, todo: deque[Event], *, asked: bool) -> None:
    while todo:
        line = scope.get(Line, pipeline)
        if line is None:
            return
        try:
            event = todo.popleft()
            flow, effects = step(line.flow, event)
        except Refusal:
            # Only the first event is a person's; what this module decided by itself may have been overtaken.
            if asked:
                raise
            continue
        asked = False
        scope.put(pipeline, replace(line, flow=flow))
        if isinstance(event, Retry) and event.everything:
            _forget_attempt(scope, pipeline, event)
        for effect in effects:
            todo.extend(_carry(scope, pipeline, effect))


def _forget_attempt(scope: Scope, pipeline: str, event: Retry) -> None:
    execution = find_execution(scope, pipeline, event.execution)
    if execution is not None:
        forget_attempt(scope, pipeline, execution, event.stage)


def _carry(scope: Scope, pipeline: str, effect: Effect) -> list[Event]:
    match effect:
        case StartAction():
            return _start(scope, pipeline, effect)
        case AbandonAction():
            _abandon(scope, pipeline, effect)
        case ExecutionIs():
            _execution_is(scope, pipeline, effect)
        case StageIs():
            return _stage_is(scope, pipeline, effect)
    return []


def begin(
    scope: Scope,
    pipeline: Pipeline,
    trigger: str,
    detail: str = "",
    *,
    variables: dict[str, str] | None = None,
    overrides: dict[str, Override] | None = None,
) -> Execution:
    """Start an execution at the pipeline's entrance."""
    number = scope.next_number(f"codepipeline/{pipeline.name}")
    declared = {one.name: one.default_value for one in pipeline.declaration.declared_variables}
    defaults = {name: value for name, value in declared.items() if value is not UNSET}
    execution = Execution(
        id=scope.world.uuid(),
        pipeline=pipeline.name,
        number=number,
        version=pipeline.version,
        status=IN_PROGRESS,
        started=scope.now,
        updated=scope.now,
        trigger=trigger,
        trigger_detail=detail,
        mode=pipeline.declaration.execution_mode,
        variables={**defaults, **(variables or {})},
        overrides=overrides or {},
    )
    return _admit(scope, execution, "")


def begin_rollback(
    scope: Scope, pipeline: Pipeline, stage: str, target: Execution, trigger: str, detail: str
) -> Execution:
    """Start an execution that runs one stage again with what an earlier one had there.

    Raises:
        Refusal: The stage is running, or there is none of this name.
    """
    line = scope.get(Line, pipeline.name)
    at = line.flow.index(stage) if line is not None else -1
    if line is None or at < 0:
        raise Refusal(Why.NO_STAGE)
    if line.flow.stages[at].locked:
        raise Refusal(Why.STAGE_BUSY)
    number = scope.next_number(f"codepipeline/{pipeline.name}")
    execution = replace(
        target,
        id=scope.world.uuid(),
        number=number,
        status=IN_PROGRESS,
        started=scope.now,
        updated=scope.now,
        trigger=trigger,
        trigger_detail=detail,
        kind=ROLLBACK,
        rollback_target=target.id,
        stop_reason=None,
        summary="",
        overrides={},
        succeeded_in=(),
        runs=(),
        current_runs=(),
    )
    return _admit(scope, execution, stage)


def _admit(scope: Scope, execution: Execution, stage: str) -> Execution:
    scope.put(numbered(execution.pipeline, execution.number), execution)
    scope.put(f"{execution.pipeline}/{execution.id}", ExecutionNumber(execution.number))
    drive(scope, execution.pipeline, Arrive(execution.visitor, stage))
    return execution


# -- what providers call --------------------------------------------------------------------------------------------


def finish(scope: Scope, ticket: Ticket, outcome: Outcome) -> bool:
    """End an action; False when it is not in progress (any more), so that nothing was done."""
    run = running(scope, ticket)
    if run is None:
        return False
    conclude(scope, run, outcome)
    _step(scope, run.pipeline, deque([_ended(run, outcome)]), asked=False)
    return True


# -- effects --------------------------------------------------------------------------------------------------------


def _start(scope: Scope, name: str, effect: StartAction) -> list[Event]:
    run = open_run(scope, name, effect)
    outcome: Outcome | None
    try:
        call = prepare(scope, run)
    except NotReady as problem:
        outcome = failed(CONFIGURATION_ERROR, str(problem))
    else:
        outcome = _provide(scope, call)
    current = running(scope, run.ticket)
    if outcome is None or current is None:
        return []
    conclude(scope, current, outcome)
    return [_ended(run, outcome)]


def _provide(scope: Scope, call: ActionCall) -> Outcome | None:
    kind = call.declaration.action_type_id
    provider = scope.world.tool(Providers).find(kind)
    if provider is None:
        return failed(
            CONFIGURATION_ERROR,
            f"The {kind.category} provider {kind.provider} (owner {kind.owner}) is not built in this local backend.",
        )
    return provider.start(scope, call)


def _abandon(scope: Scope, name: str, effect: AbandonAction) -> None:
    run = scope.get(ActionRun, numbered(name, effect.number))
    if run is None or run.status != IN_PROGRESS:
        return
    call = call_of(scope, run)
    abandon(scope, run)
    provider = scope.world.tool(Providers).find(call.declaration.action_type_id) if call is not None else None
    if provider is not None and call is not None:
        provider.abandon(scope, call)


def _execution_is(scope: Scope, pipeline: str, effect: ExecutionIs) -> None:
    execution = replace(execution_of(scope, pipeline, effect.execution), status=effect.status, updated=scope.now)
    scope.put(numbered(pipeline, execution.number), execution)
    scope.emit(
        EXECUTION_TOPIC,
        {
            "pipeline": pipeline,
            "execution": execution.id,
            "version": execution.version,
            "status": effect.status,
            "trigger": execution.trigger,
            "kind": execution.kind,
        },
    )


def _stage_is(scope: Scope, pipeline: str, effect: StageIs) -> list[Event]:
    scope.emit(
        STAGE_TOPIC,
        {"pipeline": pipeline, "execution": effect.execution.id, "stage": effect.stage, "status": effect.status},
    )
    if effect.status == SUCCEEDED:
        execution = execution_of(scope, pipeline, effect.execution)
        if effect.stage not in execution.succeeded_in:
            execution = replace(execution, succeeded_in=(*execution.succeeded_in, effect.stage))
            scope.put(numbered(pipeline, execution.number), execution)
    if effect.status == FAILED:
        return _on_failure(scope, pipeline, effect)
    return []


def _on_failure(scope: Scope, name: str, effect: StageIs) -> list[Event]:
    """What the stage's ``onFailure`` asks for: one more try, or a rollback."""
    pipeline, line = scope.get(Pipeline, name), scope.get(Line, name)
    stage = pipeline.declaration.stage(effect.stage) if pipeline is not None else None
    if pipeline is None or line is None or stage is None or stage.on_failure is UNSET:
        return []
    run = line.flow.stages[line.flow.index(effect.stage)].run
    if stage.failure_result == "RETRY" and run is not None and not run.automatic_retries:
        mode = stage.on_failure.get("retryConfiguration", {}).get("retryMode", "ALL_ACTIONS")
        return [Retry(effect.stage, effect.execution.id, mode == "ALL_ACTIONS", automatic=True)]
    if stage.failure_result == "ROLLBACK" and effect.execution.kind == STANDARD:
        _automatic_rollback(scope, pipeline, effect)
    return []


def _automatic_rollback(scope: Scope, pipeline: Pipeline, effect: StageIs) -> None:
    for _, target in scope.scan(Execution, f"{pipeline.name}/", reverse=True):
        if target.number >= effect.execution.number or target.kind != STANDARD or target.version != pipeline.version:
            continue
        if effect.stage in target.succeeded_in:
            payload = {"pipeline": pipeline.name, "stage": effect.stage, "target": target.id}
            scope.after(0, ROLLBACK_TOPIC, {**payload, "failed": effect.execution.id})
            return


def _ended(run: ActionRun, outcome: Outcome) -> Ended:
    return Ended(run.stage, run.action, run.number, outcome.failure is None)


# -- the engine's own topics ----------------------------------------------------------------------------------------


def install(world: World) -> None:
    """Subscribe to what the driver tells itself."""
    world.on(ROLLBACK_TOPIC, _on_rollback)


def _on_rollback(scope: Scope, payload: dict[str, str]) -> None:
    pipeline = scope.get(Pipeline, payload["pipeline"])
    target = find_execution(scope, payload["pipeline"], payload["target"])
    if pipeline is None or target is None:
        return
    try:
        begin_rollback(scope, pipeline, payload["stage"], target, "AutomatedRollback", payload["failed"])
    except Refusal:
        # A newer execution has entered the stage meanwhile: there is nothing left to roll back.
        return


def resume(scope: Scope, pipeline: str) -> None:
    """After a restart: have every action in progress of a pipeline picked up again by its provider."""
    line = scope.get(Line, pipeline)
    if line is None:
        return
    numbers = [
        mark.number
        for stage in line.flow.stages
        if stage.run is not None and stage.run.active
        for mark in stage.run.marks
        if mark.status == IN_PROGRESS
    ]
    for number in numbers:
        run = scope.get(ActionRun, numbered(pipeline, number))
        call = call_of(scope, run) if run is not None and run.status == IN_PROGRESS else None
        if call is None:
            continue
        provider = scope.world.tool(Providers).find(call.declaration.action_type_id)
        outcome = provider.resume(scope, call) if provider is not None else None
        if outcome is not None:
            finish(scope, call.ticket, outcome)
