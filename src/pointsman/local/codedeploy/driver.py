"""The server platform: carries out what ``machine`` decides, target by target and leg by leg."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec.structs import replace

from pointsman.local import granting
from pointsman.local.codedeploy import (
    balancing,
    ending,
    groups,
    instances,
    locations,
    machine,
    notices,
    planning,
)
from pointsman.local.codedeploy.deployments import is_rollback, put_run, put_target
from pointsman.local.codedeploy.instances import Instance
from pointsman.local.codedeploy.lookup import target_key, targets_of
from pointsman.local.codedeploy.machine import (
    FAILED,
    IN_PROGRESS,
    SUCCEEDED,
    Abandon,
    Begun,
    Effect,
    Finish,
    Halt,
    Happening,
    LifecycleEvent,
    Outcome,
    Start,
    Target,
    TargetEnded,
    Terminate,
    Wait,
)
from pointsman.local.codedeploy.protocol import Bundle, Crew, EventOrder
from pointsman.local.codedeploy.records import Busy, Deployment, LocalInstance, Roster, Standing
from pointsman.local.world import Payload, Scope, World
from pointsman.semantics import deployments as rules

UNDELIVERED: Final = "codedeploy.undelivered"
_PATIENCE: Final = 300
"""Seconds until an event that no agent has taken fails its instance."""
LONGEST: Final = 12 * 3600
"""Seconds that an in-place deployment may take."""
LONGEST_BLUE_GREEN: Final = 109 * 3600
UNHEARD: Final = (
    "CodeDeploy agent was not able to receive the lifecycle event. Check the CodeDeploy agent logs on your host and "
    "make sure the agent is running and can connect to the CodeDeploy server."
)


def crew_of(world: World) -> Crew:
    """Who carries events out in this world."""
    return world.tool(Crew)  # type: ignore[type-abstract]


# -- beginning ------------------------------------------------------------------------------------------------------


def begin(scope: Scope, one: Deployment) -> None:
    """A deployment to servers starts: who its targets are is decided here, once.

    Raises:
        Unfit: It cannot.
    """
    labels = planning.labels(scope, one)
    run = planning.run_of(scope, one, labels)
    roster: dict[str, tuple[str, ...]] = {}
    for label, (found, events) in labels.items():
        roster[label] = tuple(instance.name for instance in found)
        for number, instance in enumerate(found):
            target = Target(
                deployment=one.id,
                id=instance.name,
                number=number,
                label=label,
                on_premises=instance.on_premises,
                updated=scope.now,
                events=tuple(LifecycleEvent(name) for name in events),
            )
            scope.put(target_key(one.id, target.id), target)
    total = sum(len(ids) for ids in roster.values())
    one = replace(scope.get(Deployment, one.id) or one, started=scope.now, overview={machine.PENDING: total}, run=run)
    scope.put(one.id, one)
    scope.put(one.id, Roster(roster))
    seconds = LONGEST_BLUE_GREEN if one.blue_green else LONGEST
    scope.after(seconds, ending.TIMEOUT, {"deployment": one.id}, key=f"{ending.TIMEOUT}/{one.id}")
    notices.deployment(scope, one, "START")
    advance(scope, one.id, Begun())


# -- the run --------------------------------------------------------------------------------------------------------


def advance(scope: Scope, deployment_id: str, happening: Happening) -> None:
    """Give one happening to a deployment's run, and carry out what follows from it."""
    waiting: deque[Happening] = deque([happening])
    while waiting:
        one = scope.get(Deployment, deployment_id)
        if one is None or one.run is None:
            return
        run, effects = machine.step(one.run, waiting.popleft())
        if run is one.run:
            continue
        one = put_run(scope, one, run)
        for effect in effects:
            waiting.extend(_carry_out(scope, one, effect))
        one = scope.get(Deployment, deployment_id)
        if one is not None and one.over and one.run is not None and one.run.drained:
            ending.release(scope, one)


def _carry_out(scope: Scope, one: Deployment, effect: Effect) -> Iterable[Happening]:
    assert one.run is not None
    match effect:
        case Start(first, count):
            return _start(scope, one, first, count)
        case Abandon():
            return _abandon(scope, one)
        case Wait(kind, minutes):
            _wait(scope, one, kind, minutes)
        case Terminate():
            _terminate(scope, one)
        case Finish():
            ending.finish(scope, scope.get(Deployment, one.id) or one, one.run.status, one.run.halt)
    return ()


def _start(scope: Scope, one: Deployment, first: int, count: int) -> list[Happening]:
    assert one.run is not None
    roster = scope.get(Roster, one.id)
    leg = one.run.leg
    happenings: list[Happening] = []
    for name in roster.targets[leg.label][first : first + count] if roster else ():
        before = scope.get(Target, target_key(one.id, name))
        assert before is not None
        after = machine.begin(before, leg.upto, scope.now)
        put_target(scope, one.id, before, after)
        happenings += work_on(scope, one, after)
    return happenings


def _abandon(scope: Scope, one: Deployment) -> list[Happening]:
    """Skip what waits. What was begun and queues counts as ended; what runs tells of its end itself."""
    crew = crew_of(scope.world)
    happenings: list[Happening] = []
    for target in list(targets_of(scope, one.id)):
        after = machine.give_up(target, scope.now)
        if after is target:
            continue
        put_target(scope, one.id, target, after)
        if target.status == IN_PROGRESS:
            scope.cancel(f"{UNDELIVERED}/{one.id}/{target.id}")
            scope.world.after_commit(lambda key=(one.id, target.id): crew.cancel(key))  # type: ignore[misc]
            happenings.append(TargetEnded(machine.SKIPPED))
    return happenings


def _wait(scope: Scope, one: Deployment, kind: str, minutes: int) -> None:
    scope.after(minutes * 60, ending.WAIT, {"deployment": one.id, "wait": kind}, key=f"{ending.WAIT}/{one.id}")
    if kind == machine.READY_WAIT:
        notices.deployment(scope, one, "READY")
    else:
        scope.put(one.id, replace(one, termination_wait_started=True))


def _terminate(scope: Scope, one: Deployment) -> None:
    """The blue instances end: what they run is ended, and they are no instances any more. Their folders stay."""
    roster = scope.get(Roster, one.id)
    crew = crew_of(scope.world)
    for name in roster.targets.get(planning.BLUE, ()) if roster else ():
        found = instances.find(scope, name)
        if found is None:
            continue
        scope.delete(LocalInstance, name)
        scope.world.after_commit(lambda root=found.root: crew.switch_off(scope, root))  # type: ignore[misc]
    scope.put(one.id, replace(scope.get(Deployment, one.id) or one, note="The original instances were terminated."))


# -- a target -------------------------------------------------------------------------------------------------------


def work_on(scope: Scope, one: Deployment, target: Target, *, again: bool = False) -> list[Happening]:
    """Have a target's next event carried out; what of the leg is over already is returned."""
    while (event := target.event) is not None:
        if event.name not in ("BlockTraffic", "AllowTraffic"):
            _hand_over(scope, one, target, again=again)
            return []
        before = target
        outcome = _shift(scope, one, target, event.name)
        target = _carried(scope, one, machine.started(target, event.name, scope.now), event.name, outcome)
        put_target(scope, one.id, before, target)
    return [_over(scope, one, target)]


def _carried(scope: Scope, one: Deployment, target: Target, name: str, outcome: Outcome) -> Target:
    return machine.carry_on(
        target,
        name,
        outcome,
        scope.now,
        halted=one.run is not None and one.run.halt is not None,
        tolerant=bool(one.request.get("ignoreApplicationStopFailures")),
    )


def _over(scope: Scope, one: Deployment, target: Target) -> Happening:
    """A target has come to the end of its leg: its group remembers how it stands."""
    if (
        target.label != planning.BLUE
        and target.status in (SUCCEEDED, FAILED)
        and not (one.blue_green and is_rollback(one))
    ):
        key = f"{one.group_id}/{target.id}"
        former = scope.get(Standing, key) or Standing(False)
        if target.status == SUCCEEDED:
            former = Standing(True, one.id, locations.digest(one.revision or {}))
        scope.put(key, replace(former, healthy=target.status == SUCCEEDED))
    return TargetEnded(target.status)


def _shift(scope: Scope, one: Deployment, target: Target, name: str) -> Outcome:
    """BlockTraffic and AllowTraffic: take an instance out of its target groups, or put it into them."""
    ports = []
    for group in groups.target_groups(one.settings):
        if name == "AllowTraffic":
            found = balancing.register(scope, group, target.id, instances.port_of(scope, target.id))
        else:
            found = balancing.deregister(scope, group, target.id)
        ports.append(f"{group} on http://127.0.0.1:{found.port}")
    word = "registered with" if name == "AllowTraffic" else "deregistered from"
    return Outcome(message=f"Succeeded: {word} {', '.join(ports)}" if ports else "Succeeded")


def _hand_over(scope: Scope, one: Deployment, target: Target, *, again: bool) -> None:
    """Give an event to the instance's agent; one that does not run leaves it lying, and time passes."""
    found = instances.find(scope, target.id)
    event = target.event
    assert event is not None
    if found is None or not found.agent_runs:
        about = {"deployment": one.id, "target": target.id, "event": event.name}
        scope.after(_PATIENCE, UNDELIVERED, about, key=f"{UNDELIVERED}/{one.id}/{target.id}")
        return
    order = _order(scope, one, target, found, event.name)
    crew = crew_of(scope.world)
    scope.world.after_commit(lambda: crew.carry(scope, order, again=again))


def _order(scope: Scope, one: Deployment, target: Target, found: Instance, name: str) -> EventOrder:
    longest = LONGEST_BLUE_GREEN if one.blue_green else LONGEST
    variables = granting.grant(scope, one.id, longest)
    if groups.target_groups(one.settings):
        variables["POINTSMAN_INSTANCE_PORT"] = str(instances.port_of(scope, target.id))
    return EventOrder(
        deployment=one.id,
        target=target.id,
        event=name,
        root=found.root,
        application=one.application,
        group=one.group,
        group_id=one.group_id,
        bundle=scope.get(Bundle, one.id),
        hooks_of=_hooks_of(one, name),
        file_exists=one.request.get("fileExistsBehavior", "DISALLOW"),
        variables=variables,
    )


def _hooks_of(one: Deployment, name: str) -> str:
    if one.blue_green and is_rollback(one):
        return "recent" if name in rules.BLOCKING else "last"
    return "last" if name in rules.FROM_BEFORE or one.request.get("deploymentMode") == "RESTART" else "new"


# -- facts ----------------------------------------------------------------------------------------------------------


def _at(scope: Scope, payload: Payload) -> tuple[Deployment, Target] | None:
    one = scope.get(Deployment, payload["deployment"])
    target = scope.get(Target, target_key(payload["deployment"], payload["target"]))
    return None if one is None or target is None else (one, target)


def event_started(scope: Scope, payload: Payload) -> None:
    """An agent has begun with an event."""
    if (found := _at(scope, payload)) is None:
        return
    one, before = found
    after = machine.started(before, payload["event"], scope.now)
    if after is not before:
        put_target(scope, one.id, before, after)


def event_ended(scope: Scope, payload: Payload) -> None:
    """An event is over."""
    if (found := _at(scope, payload)) is None:
        return
    one, before = found
    outcome = msgspec.convert(payload["outcome"], Outcome)
    after = _carried(scope, one, before, payload["event"], outcome)
    if after is before:
        return
    one = put_target(scope, one.id, before, after)
    happenings = work_on(scope, one, after) if after.event is not None else [_over(scope, one, after)]
    for happening in happenings:
        advance(scope, one.id, happening)


def undelivered(scope: Scope, payload: Payload) -> None:
    """No agent has taken an event for too long."""
    found = _at(scope, payload)
    if found is None or found[1].event is None or found[1].event.status != machine.PENDING:
        return
    outcome = Outcome(True, "UnknownError", "", UNHEARD)
    event_ended(scope, {**payload, "outcome": msgspec.structs.asdict(outcome)})


def agent_woke(scope: Scope, name: str) -> None:
    """An instance's agent runs again: it takes what was left lying."""
    for key, _ in list(scope.scan(Busy)):
        target = scope.get(Target, target_key(key, name))
        one = scope.get(Deployment, key)
        if one is None or target is None or target.event is None or target.event.status != machine.PENDING:
            continue
        scope.cancel(f"{UNDELIVERED}/{key}/{name}")
        _hand_over(scope, one, target, again=False)


def refuse(scope: Scope, one: Deployment, why: Halt) -> None:
    """End a deployment that never began."""
    ending.finish(scope, one, why.status, why)
    ending.release(scope, one)
