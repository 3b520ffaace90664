"""Lambda and ECS: carries out what ``shifting`` decides, for the one target such a deployment has."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from pointsman.local.codedeploy import deployments, ending, ids, machine, notices, shapes, sides, tasks
from pointsman.local.codedeploy.errors import refused
from pointsman.local.codedeploy.lookup import config, routing_of, target_key, targets_of
from pointsman.local.codedeploy.machine import (
    Begun,
    Finish,
    LifecycleEvent,
    Outcome,
    Target,
    Terminate,
    Wait,
)
from pointsman.local.codedeploy.protocol import Bundle
from pointsman.local.codedeploy.records import Deployment, Roster
from pointsman.local.codedeploy.shifting import (
    SHIFTING,
    Carried,
    Carry,
    Due,
    Effect,
    GiveUp,
    Happening,
    Later,
    Route,
    Shift,
    Shifted,
    step,
)
from pointsman.local.codedeploy.sides import Sides
from pointsman.local.functions.functions import invoke, ready
from pointsman.local.world import Payload, Scope
from pointsman.semantics import deployments as rules

DUE: Final = "codedeploy.shift.due"
HOOK_ENDED: Final = "codedeploy.hook.ended"
HOOK_TIMEOUT: Final = "codedeploy.hook.timeout"
_PATIENCE: Final = 3600
"""Seconds until a hook that has not answered counts as failed."""
LONGEST: Final = {rules.LAMBDA: 50 * 3600, rules.ECS: 168 * 3600}


class HookExecution(msgspec.Struct, frozen=True):
    """A call of a hook function, kept under its own id."""

    deployment: str
    event: str
    answered: str = ""
    """Succeeded or Failed once it is."""


def begin(scope: Scope, one: Deployment) -> None:
    """A deployment by traffic starts.

    Raises:
        Unfit: It cannot.
    """
    found = sides.plan(scope, one, scope.get(Bundle, one.id))
    scope.put(one.id, found)
    events = sides.events_of(one, found)
    target = Target(
        deployment=one.id,
        id=found.target,
        number=0,
        updated=scope.now,
        events=tuple(LifecycleEvent(name) for name in events),
    )
    scope.put(target_key(one.id, target.id), target)
    scope.put(one.id, Roster({"": (target.id,)}))
    one = replace(one, started=scope.now, overview={machine.PENDING: 1}, shift=_shift(scope, one))
    scope.put(one.id, one)
    deployments.put_target(scope, one.id, target, machine.begin(target, len(events), scope.now))
    longest = LONGEST[one.platform]
    scope.after(longest, ending.TIMEOUT, {"deployment": one.id}, key=f"{ending.TIMEOUT}/{one.id}")
    notices.deployment(scope, one, "START")
    advance(scope, one.id, Begun(), events[0])


def _shift(scope: Scope, one: Deployment) -> Shift:
    if deployments.is_rollback(one):
        return Shift(plan=((0, 100),))
    options = one.settings.get("blueGreenDeploymentConfiguration", {})
    ready_option = options.get("deploymentReadyOption", {})
    ends = options.get("terminateBlueInstancesOnDeploymentSuccess", {})
    terminates = one.platform == rules.ECS and ends.get("action") == "TERMINATE"
    return Shift(
        plan=rules.shifts(routing_of(config(scope, one.config))),
        ready_minutes=ready_option.get("waitTimeInMinutes", 0) if one.platform == rules.ECS else 0,
        termination_minutes=ends.get("terminationWaitTimeInMinutes", 0) if terminates else -1,
    )


def advance(scope: Scope, deployment_id: str, happening: Happening, first: str = "") -> None:
    """Give one happening to a deployment's shift, and carry out what follows from it."""
    waiting: deque[Happening] = deque([happening])
    while waiting:
        one = scope.get(Deployment, deployment_id)
        if one is None or one.shift is None:
            return
        shift, effects = step(one.shift, waiting.popleft(), first)
        if shift is one.shift and not effects:
            continue
        changed = replace(one, shift=shift)
        if not one.over:
            changed = replace(changed, status=shift.status)
        scope.put(one.id, changed)
        for effect in effects:
            waiting.extend(_carry_out(scope, scope.get(Deployment, deployment_id) or changed, effect))


def _carry_out(scope: Scope, one: Deployment, effect: Effect) -> list[Happening]:
    assert one.shift is not None
    match effect:
        case Carry(name):
            return _carry(scope, one, name)
        case Later(number, minutes):
            about = {"deployment": one.id, "number": number}
            scope.after(minutes * 60, DUE, about, key=f"{DUE}/{one.id}/{number}")
        case Route(percentage):
            sides.route(scope, one, _sides(scope, one), percentage)
        case Shifted():
            return _over(scope, one, SHIFTING, Outcome(message="Succeeded"))
        case GiveUp():
            _give_up(scope, one)
        case Wait(kind, minutes):
            scope.after(minutes * 60, ending.WAIT, {"deployment": one.id, "wait": kind}, key=f"{ending.WAIT}/{one.id}")
            if kind == machine.READY_WAIT:
                notices.deployment(scope, one, "READY")
            else:
                scope.put(one.id, replace(one, termination_wait_started=True))
        case Terminate():
            pass  # the old task set ends with the deployment, below
        case Finish():
            _finish(scope, one, one.shift)
    return []


def _sides(scope: Scope, one: Deployment) -> Sides:
    found = scope.get(Sides, one.id)
    assert found is not None
    return found


def _target(scope: Scope, one: Deployment) -> Target:
    return next(iter(targets_of(scope, one.id)))


# -- events ---------------------------------------------------------------------------------------------------------


def _carry(scope: Scope, one: Deployment, name: str) -> list[Happening]:
    before = _target(scope, one)
    deployments.put_target(scope, one.id, before, machine.started(before, name, scope.now))
    found = _sides(scope, one)
    about = {"deployment": one.id, "event": name}
    if name == SHIFTING:
        return []
    if name == "Install" and found.green is not None:
        tasks.run(scope, found.green, about)
        return []
    if name == "AllowTestTraffic":
        sides.test_route(scope, found)
    if name in found.hooks:
        return _call(scope, one, name, found.hooks[name])
    return _over(scope, one, name, Outcome(message="Succeeded"))


def _call(scope: Scope, one: Deployment, name: str, reference: str) -> list[Happening]:
    function = ready(scope, reference)
    if function is None:
        return _over(scope, one, name, Outcome(True, "UnknownError", reference, f"There is no function {reference}."))
    execution = ids.uuid(scope)
    scope.put(execution, HookExecution(one.id, name))
    event = {"DeploymentId": one.id, "LifecycleEventHookExecutionId": execution}
    about = {"deployment": one.id, "event": name, "execution": execution}
    scope.after(_PATIENCE, HOOK_TIMEOUT, about, key=f"{HOOK_TIMEOUT}/{execution}")
    invoke(scope, function, event, HOOK_ENDED, about)
    return []


def _over(scope: Scope, one: Deployment, name: str, outcome: Outcome) -> list[Happening]:
    """An event is over."""
    before = _target(scope, one)
    after = machine.carry_on(before, name, outcome, scope.now, halted=False, tolerant=False)
    if after is before:
        return []
    deployments.put_target(scope, one.id, before, after)
    following = after.event.name if after.event is not None else ""
    return [Carried(name, outcome.failed, following, outcome.message)]


def _give_up(scope: Scope, one: Deployment) -> None:
    for number, _ in enumerate(one.shift.plan if one.shift else ()):
        scope.cancel(f"{DUE}/{one.id}/{number}")
    before = _target(scope, one)
    event = before.event
    if event is not None and event.status == machine.IN_PROGRESS:
        halt = one.shift.halt if one.shift else None
        outcome = Outcome(True, "UnknownError", "", halt.message if halt else "The deployment was ended.")
        after = machine.carry_on(before, event.name, outcome, scope.now, halted=True, tolerant=False)
    else:
        after = machine.give_up(before, scope.now)
    if after is not before:
        deployments.put_target(scope, one.id, before, after)


def _finish(scope: Scope, one: Deployment, shift: Shift) -> None:
    found = _sides(scope, one)
    done = ending.finish(scope, scope.get(Deployment, one.id) or one, shift.status, shift.halt)
    if one.platform == rules.ECS and not done.rolled_back_by and shift.weight in (0, 100):
        sides.settle(scope, found, taken=shift.weight == 100)
    ending.release(scope, done)


# -- facts ----------------------------------------------------------------------------------------------------------


def due(scope: Scope, payload: Payload) -> None:
    """It is time for the next shift of traffic."""
    advance(scope, payload["deployment"], Due(payload["number"]))


def _end_event(scope: Scope, payload: Payload, outcome: Outcome) -> None:
    one = scope.get(Deployment, payload["deployment"])
    if one is None or one.shift is None or one.shift.event != payload["event"]:
        return
    for happening in _over(scope, one, payload["event"], outcome):
        advance(scope, one.id, happening)


def serving(scope: Scope, payload: Payload) -> None:
    """A task set serves, or does not."""
    if "event" not in payload:
        return
    error = payload.get("error")
    sentence = f"The replacement task set could not be started: {error}" if error else "Succeeded"
    outcome = Outcome(bool(error), "UnknownError" if error else "Success", "", sentence)
    one = scope.get(Deployment, payload["deployment"])
    if not error and one is not None and one.shift is not None and one.shift.event == payload["event"]:
        sides.route(scope, one, _sides(scope, one), 0)
    _end_event(scope, payload, outcome)


def hook_ended(scope: Scope, payload: Payload) -> None:
    """A hook's command has ended: unless it has answered already, its exit status is the answer."""
    if not payload or "execution" not in payload:
        return
    execution = scope.get(HookExecution, payload["execution"])
    if execution is None or execution.answered:
        return
    lines = (payload.get("errors") or payload.get("output") or "").strip()
    status = payload.get("status")
    if status == 0:
        outcome = Outcome(message="Succeeded", tail=lines[-2048:])
    else:
        why = "did not end in time" if status is None else f"ended with exit status {status}"
        sentence = f"The hook function of {execution.event} {why}."
        outcome = Outcome(True, "ScriptFailed", "", sentence, lines[-2048:])
    _answered(scope, payload["execution"], execution, outcome)


def hook_timed_out(scope: Scope, payload: Payload) -> None:
    """A hook has not answered within an hour."""
    execution = scope.get(HookExecution, payload["execution"])
    if execution is not None and not execution.answered:
        sentence = f"The hook function of {execution.event} did not answer within one hour."
        _answered(scope, payload["execution"], execution, Outcome(True, "ScriptTimedOut", "", sentence))


def hook_answered(scope: Scope, one: Deployment, execution_id: str, status: str) -> None:
    """A hook tells how its validation went.

    Raises:
        AwsError: It is no execution of this deployment, or it has been answered.
    """
    execution = scope.get(HookExecution, execution_id) if execution_id else None
    if execution is None or execution.deployment != one.id:
        raise refused(
            "InvalidLifecycleEventHookExecutionId", f"The deployment {one.id} has no hook execution {execution_id}"
        )
    if execution.answered or one.over:
        raise refused("LifecycleEventAlreadyCompleted", f"The event {execution.event} is already completed")
    failed = status == machine.FAILED
    sentence = f"The hook function of {execution.event} answered {status}."
    outcome = Outcome(failed, "ScriptFailed" if failed else "Success", "", sentence)
    _answered(scope, execution_id, execution, outcome)


def _answered(scope: Scope, execution_id: str, execution: HookExecution, outcome: Outcome) -> None:
    status = machine.FAILED if outcome.failed else machine.SUCCEEDED
    scope.put(execution_id, replace(execution, answered=status))
    scope.cancel(f"{HOOK_TIMEOUT}/{execution_id}")
    _end_event(scope, {"deployment": execution.deployment, "event": execution.event}, outcome)


def take_up(scope: Scope, one: Deployment) -> None:
    """After a restart: a hook that was called is not called again; a task set is started again."""
    assert one.shift is not None
    event, found = one.shift.event, _sides(scope, one)
    about = {"deployment": one.id, "event": event}
    if found.green is not None and not deployments.is_rollback(one):
        tasks.run(scope, found.green, about if event == "Install" else {})
    if event in found.hooks:
        sentence = f"The backend was stopped while the hook function {found.hooks[event]} of {event} ran."
        _end_event(scope, about, Outcome(True, "UnknownError", found.hooks[event], sentence))


def revive(scope: Scope) -> None:
    """After a restart: the primary task set of every service serves again."""
    for _, service in list(scope.scan(tasks.LocalService)):
        if service.primary is not None:
            tasks.run(scope, service.primary, {})


def target_shape(scope: Scope, one: Deployment, target: Target) -> dict[str, Any]:
    """``DeploymentTarget`` of a function or service."""
    word = "lambda" if one.platform == rules.LAMBDA else "ecs"
    found = _sides(scope, one)
    arn = scope.arn("lambda", f"function:{target.id}:{found.alias}")
    if word == "ecs":
        arn = scope.arn("ecs", f"service/{target.id.replace(':', '/')}")
    body = {
        "deploymentId": one.id,
        "targetId": target.id,
        "targetArn": arn,
        "status": target.status,
        "lastUpdatedAt": target.updated,
        "lifecycleEvents": shapes.events(target),
        **sides.shape(scope, one, found, float(one.shift.weight if one.shift else 0)),
    }
    return {"deploymentTargetType": "LambdaTarget" if word == "lambda" else "ECSTarget", f"{word}Target": body}
