"""From the state machine's effects to the world: records, provider calls and events, in one transaction.

``drive`` feeds an event to a pipeline's machine and carries out what follows. Providers come back through ``finish``
and ``progress``; both ignore an action execution that is not in progress any more.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from pointsman.local.codepipeline import telling
from pointsman.local.codepipeline.flow import (
    IN_PROGRESS,
    PARALLEL,
    ROLLBACK,
    AbandonAction,
    AbandonRule,
    Again,
    Arrive,
    CheckIs,
    Effect,
    Ended,
    Event,
    ExecutionIs,
    Redefine,
    Refusal,
    RollBack,
    RuleEnded,
    StageIs,
    StartAction,
    StartRule,
    Why,
)
from pointsman.local.codepipeline.known import timeout
from pointsman.local.codepipeline.lanes import Way, full, open_lane, way_of, ways
from pointsman.local.codepipeline.machine import step
from pointsman.local.codepipeline.providers import (
    CONFIGURATION_ERROR,
    JOB_FAILED,
    ActionCall,
    Outcome,
    Providers,
    failed,
)
from pointsman.local.codepipeline.runs import (
    NotReady,
    abandon,
    call_of,
    conclude,
    execution_of,
    find_execution,
    forget_attempt,
    note_check,
    open_run,
    prepare,
    running,
    tell_action,
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
from pointsman.local.codepipeline.times import TIMEOUT_TOPIC, give_time
from pointsman.local.world import Scope, World

# -- moving the machine ---------------------------------------------------------------------------------------------


def drive(scope: Scope, pipeline: str, event: Event) -> None:
    """Feed an event to a pipeline's common flow, and carry out what follows from it.

    Raises:
        Refusal: The rules do not allow the event; nothing has happened.
    """
    _step(scope, Way(pipeline), deque([event]), asked=True)


def drive_execution(scope: Scope, pipeline: str, execution_id: str, event: Event) -> None:
    """Feed an event about an execution to the flow it is in.

    Raises:
        Refusal: The rules do not allow the event; nothing has happened.
    """
    execution = find_execution(scope, pipeline, execution_id)
    _step(scope, _way(scope, pipeline, execution), deque([event]), asked=True)


def redefine(scope: Scope, pipeline: Pipeline) -> None:
    """Have every execution under way follow the pipeline's new definition."""
    declaration = pipeline.declaration
    event = Redefine(pipeline.version, declaration.plan, declaration.policies, declaration.flow_mode)
    for way in ways(scope, pipeline.name):
        _step(scope, way, deque([event]), asked=True)


def _way(scope: Scope, name: str, execution: Execution | None) -> Way:
    """The way of an execution, its lane brought to the pipeline's current definition."""
    if execution is None:
        return Way(name)
    way = way_of(scope, name, execution.number)
    pipeline, flow = scope.get(Pipeline, name), way.load(scope)
    if way.number is not None and pipeline is not None and flow is not None and flow.version != pipeline.version:
        declaration = pipeline.declaration
        event = Redefine(pipeline.version, declaration.plan, declaration.policies)
        _step(scope, way, deque([event]), asked=False)
    return way


def _step(scope: Scope, way: Way, todo: deque[Event], *, asked: bool) -> None:
    while todo:
        event, flow = todo.popleft(), way.load(scope)
        if flow is None:
            return
        try:
            flow, effects = step(flow, event)
        except Refusal:
            # Only the first event is a person's; what this module decided by itself may have been overtaken.
            if asked:
                raise
            continue
        asked = False
        way.save(scope, flow)
        for effect in effects:
            todo.extend(_carry(scope, way.pipeline, effect))


def _carry(scope: Scope, pipeline: str, effect: Effect) -> list[Event]:
    match effect:
        case StartAction() | StartRule():
            return _start(scope, pipeline, effect)
        case AbandonAction() | AbandonRule():
            _abandon(scope, pipeline, effect)
        case Again():
            forget_attempt(scope, pipeline, execution_of(scope, pipeline, effect.execution), effect.stage)
        case ExecutionIs():
            telling.execution_is(scope, pipeline, effect)
        case StageIs():
            telling.stage_is(scope, pipeline, effect)
        case CheckIs():
            note_check(scope, pipeline, effect)
        case RollBack():
            telling.automatic_rollback(scope, pipeline, effect)
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
    """Start an execution at the pipeline's entrance.

    Raises:
        Refusal: There are as many executions under way as the pipeline's mode allows.
    """
    if full(scope, pipeline):
        raise Refusal(Why.TOO_MANY)
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
    if execution.mode == PARALLEL:
        open_lane(scope, pipeline, execution)
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
        mode=pipeline.declaration.execution_mode,
        kind=ROLLBACK,
        rollback_target=target.id,
        stop_reason=None,
        retried=0,
        summary="",
        overrides={},
        succeeded_in=(),
        runs=(),
        current_runs=(),
        rules=(),
        current_rules=(),
    )
    return _admit(scope, execution, stage)


def _admit(scope: Scope, execution: Execution, stage: str) -> Execution:
    scope.put(numbered(execution.pipeline, execution.number), execution)
    scope.put(f"{execution.pipeline}/{execution.id}", ExecutionNumber(execution.number))
    way = way_of(scope, execution.pipeline, execution.number)
    _step(scope, way, deque([Arrive(execution.visitor, stage)]), asked=True)
    return execution


# -- what providers call --------------------------------------------------------------------------------------------


def finish(scope: Scope, ticket: Ticket, outcome: Outcome) -> bool:
    """End an action or a rule; False when it is not in progress (any more), so that nothing was done."""
    run = running(scope, ticket)
    if run is None:
        return False
    conclude(scope, run, outcome)
    _step(scope, way_of(scope, run.pipeline, run.execution_number), deque([_ended(run, outcome)]), asked=False)
    return True


# -- effects --------------------------------------------------------------------------------------------------------


def _start(scope: Scope, name: str, effect: StartAction | StartRule) -> list[Event]:
    run = open_run(scope, name, effect)
    outcome: Outcome | None
    try:
        call = prepare(scope, run)
    except NotReady as problem:
        tell_action(scope, run)
        outcome = failed(CONFIGURATION_ERROR, str(problem))
    else:
        tell_action(scope, running(scope, run.ticket) or run)
        outcome = _provide(scope, call)
    current = running(scope, run.ticket)
    if current is None:
        return []
    if outcome is None:
        _limit(scope, call)
        return []
    conclude(scope, current, outcome)
    return [_ended(run, outcome)]


def _limit(scope: Scope, call: ActionCall) -> None:
    """Set the time-out of an action or rule that has begun; a manual approval sets its own."""
    kind = call.declaration.action_type_id
    if kind.category != "Approval" or kind.owner != "AWS":
        give_time(scope, call.ticket, call.timeout_minutes or timeout(kind))


def _provide(scope: Scope, call: ActionCall) -> Outcome | None:
    kind = call.declaration.action_type_id
    provider = scope.world.tool(Providers).find(kind)
    if provider is None:
        return failed(
            CONFIGURATION_ERROR,
            f"The {kind.category} provider {kind.provider} (owner {kind.owner}) is not built in this local backend.",
        )
    return provider.start(scope, call)


def _abandon(scope: Scope, name: str, effect: AbandonAction | AbandonRule) -> None:
    run = scope.get(ActionRun, numbered(name, effect.number))
    if run is None or run.status != IN_PROGRESS:
        return
    call = call_of(scope, run)
    abandon(scope, run)
    provider = scope.world.tool(Providers).find(call.declaration.action_type_id) if call is not None else None
    if provider is not None and call is not None:
        provider.abandon(scope, call)


def _ended(run: ActionRun, outcome: Outcome) -> Event:
    failure = outcome.failure
    if not run.condition:
        return Ended(run.stage, run.action, run.number, failure is None)
    errored = failure is not None and failure.code == CONFIGURATION_ERROR
    return RuleEnded(run.stage, run.condition, run.number, failure is None, errored)


# -- the engine's own topics ----------------------------------------------------------------------------------------


def install(world: World) -> None:
    """Subscribe to what the driver tells itself."""
    world.on(telling.ROLLBACK_TOPIC, _on_rollback)
    world.on(TIMEOUT_TOPIC, _on_timeout)


def _on_timeout(scope: Scope, payload: dict[str, Any]) -> None:
    run = running(scope, Ticket.of(payload))
    call = call_of(scope, run) if run is not None else None
    if call is None:
        return
    if (provider := scope.world.tool(Providers).find(call.declaration.action_type_id)) is not None:
        provider.abandon(scope, call)
    finish(scope, call.ticket, failed(JOB_FAILED, payload["said"]))


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
