"""The state machine of one pipeline: executions moving through stages. Pure: no I/O, no clock, no database.

``step(flow, event) -> (flow, effects)``. An execution is always in exactly one place: waiting at a stage's entrance
(``StageFlow.inbound``), inside a stage (``StageFlow.run`` while that is active), or at its end. The rules are AWS's:

* A stage with an active run is locked. A failed or stopped run holds no lock.
* Who cannot enter waits at the entrance. SUPERSEDED: a newer arrival supersedes who waits there, never who is inside.
  QUEUED: all wait, and enter in the order of their arrival.
* PARALLEL: every execution has a flow of its own, in which it meets nobody (``lanes``).
* A closed gate (``Gate.enabled`` False) holds arrivals in the same way.
* All actions of the lowest run order start together; the next order starts when all of the previous succeeded.
* After a failure siblings in flight finish and nothing later starts.
* A condition's rules are judged together, inside the stage: before the first action, after the last one has succeeded,
  or after one has failed. The first rule that fails decides; the rules still in flight are abandoned.

A request the rules do not allow raises ``Refusal`` and changes nothing.
"""

from __future__ import annotations

from msgspec.structs import replace

from pointsman.local.codepipeline.flow import (
    ABANDONED,
    CANCELLED,
    ERRORED,
    FAILED,
    IN_PROGRESS,
    ON_FAILURE,
    OVERRIDDEN,
    PLAIN,
    ROLLBACK,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    SUPERSEDED,
    Arrive,
    CheckIs,
    Effect,
    Ended,
    Event,
    ExecutionIs,
    Flow,
    Override,
    Plan,
    Policy,
    Redefine,
    Refusal,
    Retry,
    RuleEnded,
    SetGate,
    StageFlow,
    StageIs,
    Stop,
    Why,
)
from pointsman.local.codepipeline.moves import Moves


def new(version: int, plan: Plan, policies: dict[str, Policy] | None = None, mode: str = "SUPERSEDED") -> Flow:
    """A pipeline in which nothing has happened yet.

    Args:
        version: Of its definition.
        plan: Its stages and actions.
        policies: What stages ask for beside their actions, by name.
        mode: SUPERSEDED or QUEUED.
    """
    given = policies or {}
    stages = tuple(StageFlow(name, actions, policy=given.get(name, PLAIN)) for name, actions in plan)
    return Flow(version, stages, mode=mode)


def step(flow: Flow, event: Event) -> tuple[Flow, list[Effect]]:
    """What follows from an event.

    Raises:
        Refusal: The rules do not allow it.
    """
    moves = Moves(flow)
    match event:
        case Arrive():
            _arrive(moves, event)
        case Ended():
            _ended(moves, event)
        case RuleEnded():
            _rule_ended(moves, event)
        case Override():
            _override(moves, event)
        case SetGate():
            _set_gate(moves, event)
        case Stop():
            _stop(moves, event)
        case Retry():
            _retry(moves, event)
        case Redefine():
            _redefine(moves, event)
    return moves.flow, moves.effects


def _arrive(moves: Moves, event: Arrive) -> None:
    at = moves.find(event.stage) if event.stage else 0
    if event.visitor.kind == ROLLBACK and moves.flow.stages[at].locked:
        raise Refusal(Why.STAGE_BUSY)
    moves.effects.append(ExecutionIs(event.visitor, IN_PROGRESS))
    moves.arrive(at, event.visitor)


def _ended(moves: Moves, event: Ended) -> None:
    at = moves.flow.index(event.stage)
    run = moves.flow.stages[at].run if at >= 0 else None
    if run is None:
        return
    hit = [mark for mark in run.marks if mark.number == event.number and mark.status == IN_PROGRESS]
    if not hit:
        return
    done = replace(hit[0], status=SUCCEEDED if event.succeeded else FAILED)
    moves.put_run(at, replace(run, marks=tuple(done if mark is hit[0] else mark for mark in run.marks)))
    moves.advance(at)


def _rule_ended(moves: Moves, event: RuleEnded) -> None:
    at = moves.flow.index(event.stage)
    run = moves.flow.stages[at].run if at >= 0 else None
    check = run.checking if run is not None else None
    if check is None or check.kind != event.kind:
        return
    if any(rule.number == event.number and rule.status == IN_PROGRESS for rule in check.rules):
        moves.rule_ended(at, check, event.number, succeeded=event.succeeded, errored=event.errored)


def _override(moves: Moves, event: Override) -> None:
    at = moves.find(event.stage)
    run = moves.flow.stages[at].run
    if run is None or run.visitor.id != event.execution:
        raise Refusal(Why.NOT_LATEST)
    check, condition = run.check(event.kind), run.policy.condition(event.kind)
    if event.kind == ON_FAILURE or check is None or condition is None or check.status not in (FAILED, ERRORED):
        raise Refusal(Why.NOT_OVERRIDABLE)
    if run.status != FAILED or condition.result == ROLLBACK:
        raise Refusal(Why.NOT_OVERRIDABLE)
    if run.version != moves.flow.version:
        raise Refusal(Why.REDEFINED)
    moves.keep(at, replace(check, status=OVERRIDDEN))
    moves.put_run(at, replace(moves.run(at), status=IN_PROGRESS))
    moves.effects += [
        ExecutionIs(run.visitor, IN_PROGRESS),
        StageIs(run.visitor, event.stage, IN_PROGRESS, again=True),
        CheckIs(run.visitor, event.stage, event.kind, OVERRIDDEN),
    ]
    moves.advance(at)


def _set_gate(moves: Moves, event: SetGate) -> None:
    at = moves.find(event.stage)
    moves.put(at, replace(moves.flow.stages[at], gate=event.gate))
    moves.admit(at)


def _stop(moves: Moves, event: Stop) -> None:
    for at, stage in enumerate(moves.flow.stages):
        waiting = next((one for one in stage.inbound if one.id == event.execution), None)
        if waiting is not None:
            moves.put(at, replace(stage, inbound=tuple(one for one in stage.inbound if one != waiting)))
            moves.effects.append(ExecutionIs(waiting, STOPPED))
            return
        run = stage.run
        if run is None or not run.active or run.visitor.id != event.execution:
            continue
        if event.abandon:
            moves.abandon(at)
            moves.end(at, STOPPED)
            return
        if run.status == STOPPING:
            raise Refusal(Why.STOPPED_ALREADY)
        moves.put_run(at, replace(run, status=STOPPING))
        moves.effects += [StageIs(run.visitor, stage.name, STOPPING), ExecutionIs(run.visitor, STOPPING)]
        moves.cancel_check(at)
        moves.advance(at)
        return
    raise Refusal(Why.NOT_RUNNING)


def _retry(moves: Moves, event: Retry) -> None:
    at = moves.find(event.stage)
    run = moves.flow.stages[at].run
    if run is None or run.visitor.id != event.execution:
        raise Refusal(Why.NOT_LATEST)
    in_flight = any(mark.status == IN_PROGRESS for mark in run.marks)
    failed = any(mark.status in (FAILED, ABANDONED) for mark in run.marks)
    over = run.status in (FAILED, STOPPED)
    if not over and not (failed and run.status == IN_PROGRESS and in_flight and not event.everything):
        raise Refusal(Why.NOT_RETRYABLE)
    if run.status == FAILED and not failed and not event.everything:
        # A condition failed, not an action.
        raise Refusal(Why.NOT_RETRYABLE)
    if run.version != moves.flow.version:
        raise Refusal(Why.REDEFINED)
    moves.again(at, everything=event.everything, automatic=False)
    if over:
        moves.effects.append(ExecutionIs(run.visitor, IN_PROGRESS))
        moves.effects.append(StageIs(run.visitor, event.stage, IN_PROGRESS, again=True))
    if in_flight:
        order = min(mark.order for mark in moves.run(at).marks if not mark.status)
        moves.start(at, lambda mark: not mark.status and mark.order == order)
    else:
        moves.advance(at)


def _redefine(moves: Moves, event: Redefine) -> None:
    kept = {name for name, _ in event.plan}
    for at, stage in enumerate(moves.flow.stages):
        if stage.name in kept:
            continue
        moves.effects += [ExecutionIs(one, CANCELLED) for one in stage.inbound]
        if stage.run is not None and stage.run.active:
            moves.abandon(at, CANCELLED)
            moves.effects += [
                StageIs(stage.run.visitor, stage.name, CANCELLED),
                ExecutionIs(stage.run.visitor, CANCELLED),
            ]
    old = {stage.name: stage for stage in moves.flow.stages}
    stages = tuple(
        replace(old.get(name) or StageFlow(name, plan), plan=plan, policy=event.policies.get(name, PLAIN))
        for name, plan in event.plan
    )
    moves.flow = replace(moves.flow, version=event.version, stages=stages, mode=event.mode or moves.flow.mode)
    if moves.flow.mode == "SUPERSEDED":
        for at, stage in enumerate(stages):
            if len(stage.inbound) > 1:
                moves.effects += [ExecutionIs(one, SUPERSEDED) for one in stage.inbound[:-1]]
                moves.put(at, replace(stage, inbound=stage.inbound[-1:]))
    for at in range(len(stages)):
        moves.admit(at)
