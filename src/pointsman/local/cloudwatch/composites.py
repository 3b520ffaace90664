"""Composite alarms: evaluated whenever an alarm of their rule changes, their actions held back by a suppressor."""

from __future__ import annotations

import json
from typing import Final

import msgspec
from msgspec.structs import replace

from pointsman.local.cloudwatch import actions, alarms
from pointsman.local.cloudwatch.alarms import ALARM, OK, Alarm, CompositeAlarm, MetricAlarm
from pointsman.local.world import Payload, Scope
from pointsman.semantics.metrics import alarm_rules

WAITED: Final = "cloudwatch.suppressor.waited"
"""The timer of a suppressor's wait or extension."""
DEEPEST: Final = 20
"""Composites over composites; a chain of evaluations that is longer runs in a circle and ends there."""


class ParentLink(msgspec.Struct, frozen=True):
    """That a composite alarm looks at another alarm; key: ``child`` NUL ``parent``."""

    suppressor: bool = False
    """Whether it looks at it as its suppressor too; ``rule`` says whether its rule names it."""
    rule: bool = True


def link(scope: Scope, alarm: CompositeAlarm) -> None:
    """Remember whom a composite alarm looks at."""
    children = set(alarm_rules.children(alarm_rules.read(alarm.settings["AlarmRule"])))
    suppressor = suppressor_of(alarm)
    for child in children | ({suppressor} if suppressor else set()):
        scope.put(f"{child}\0{alarm.name}", ParentLink(child == suppressor, child in children))


def unlink(scope: Scope, alarm: CompositeAlarm) -> None:
    """Forget whom it looks at."""
    children = alarm_rules.children(alarm_rules.read(alarm.settings["AlarmRule"]))
    for child in {*children, suppressor_of(alarm)}:
        scope.delete(ParentLink, f"{child}\0{alarm.name}")


def parents(scope: Scope, child: str) -> list[tuple[str, ParentLink]]:
    """The composite alarms that look at an alarm."""
    return [(key.partition("\0")[2], found) for key, found in scope.scan(ParentLink, f"{child}\0")]


def suppressor_of(alarm: Alarm) -> str:
    """The name of the alarm that holds an alarm's actions back; empty without one."""
    return alarms.name_of(alarm.settings.get("ActionsSuppressor", "") or "")


def changed(scope: Scope, payload: Payload) -> None:
    """An alarm changed: its actions, and whatever looks at it."""
    before, after = payload["before"], payload["after"]
    actions.announce(scope, before, after)
    if isinstance(after, MetricAlarm):
        actions.take(scope, before, after)
    else:
        _act(scope, before, after)
    for name, found in parents(scope, after.name):
        parent = scope.get(CompositeAlarm, name)
        if parent is None:
            continue
        if found.suppressor:
            _suppressor_changed(scope, parent, after)
        if found.rule:
            evaluate(scope, name, after)


class Depth:
    """How deep evaluations stand inside each other; a tool of the world."""

    def __init__(self) -> None:
        self.depth = 0


def evaluate(scope: Scope, name: str, trigger: Alarm | None = None) -> None:
    """Give a composite alarm the state that its rule calls for.

    Args:
        scope: Whose.
        name: The composite alarm.
        trigger: The alarm whose change is the reason.
    """
    alarm, depth = scope.get(CompositeAlarm, name), scope.world.tool(Depth)
    if alarm is None or depth.depth >= DEEPEST:
        return
    rule = alarm_rules.read(alarm.settings["AlarmRule"])
    state = ALARM if alarm_rules.holds(rule, lambda child: _state(scope, child)) else OK
    if state == alarm.state:
        return
    depth.depth += 1
    try:
        alarms.set_state(scope, alarm, state, _reason(scope, alarm, state, trigger), _data(scope, rule))
    finally:
        depth.depth -= 1


def _state(scope: Scope, name: str) -> str:
    found = alarms.find(scope, name)
    return found.state if found is not None else alarms.INSUFFICIENT_DATA


def _reason(scope: Scope, alarm: CompositeAlarm, state: str, trigger: Alarm | None) -> str:
    if trigger is None:
        return f"{alarms.arn(scope, alarm.name)} was created and its alarm rule evaluates to {state}"
    when = f"{trigger.updated:%A %d %B, %Y %H:%M:%S UTC}"
    return f"{alarms.arn(scope, trigger.name)} transitioned to {trigger.state} at {when}"


def _data(scope: Scope, rule: alarm_rules.Rule) -> str:
    found = [alarms.find(scope, name) for name in alarm_rules.children(rule)]
    triggering = [
        {
            "arn": alarms.arn(scope, one.name),
            "state": {"value": one.state, "timestamp": f"{one.updated:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "+0000"},
        }
        for one in found
        if one is not None and one.state == ALARM
    ]
    return json.dumps({"triggeringAlarms": triggering}, separators=(",", ":"))


# -- suppression ------------------------------------------------------------------------------------------------------


def _act(scope: Scope, before: Alarm, after: CompositeAlarm) -> None:
    """Take the actions of a composite's new state, or hold them back."""
    suppressor = suppressor_of(after)
    if not suppressor:
        actions.take(scope, before, after)
        return
    if after.suppressed_by:
        scope.put(after.name, replace(after, acted=before.state if not after.acted else after.acted))
        return
    if _state(scope, suppressor) == ALARM:
        _hold(scope, after, "Alarm", before.state)
    elif after.settings["ActionsSuppressorWaitPeriod"] > 0:
        _hold(scope, after, "WaitPeriod", before.state)
        _wait(scope, after, after.settings["ActionsSuppressorWaitPeriod"])
    else:
        actions.take(scope, before, after)


def _hold(scope: Scope, alarm: CompositeAlarm, by: str, before: str) -> None:
    arn = alarms.arn(scope, suppressor_of(alarm))
    words = {
        "Alarm": f"Actions suppressed by {arn}, which is in ALARM",
        "WaitPeriod": f"Waiting for {arn} to go into ALARM",
        "ExtensionPeriod": f"{arn} has left ALARM, its extension period is not over",
    }
    scope.put(alarm.name, replace(alarm, suppressed_by=by, suppressed_reason=words[by], acted=before))


def _wait(scope: Scope, alarm: CompositeAlarm, seconds: int) -> None:
    scope.after(seconds, WAITED, {"name": alarm.name}, key=f"{WAITED}/{alarm.name}")


def _suppressor_changed(scope: Scope, alarm: CompositeAlarm, suppressor: Alarm) -> None:
    key = f"{WAITED}/{alarm.name}"
    if suppressor.state == ALARM:
        if alarm.suppressed_by in ("WaitPeriod", "ExtensionPeriod"):
            scope.cancel(key)
            _hold(scope, alarm, "Alarm", alarm.acted)
    elif alarm.suppressed_by == "Alarm":
        extension = alarm.settings["ActionsSuppressorExtensionPeriod"]
        if extension > 0:
            _hold(scope, alarm, "ExtensionPeriod", alarm.acted)
            _wait(scope, alarm, extension)
        else:
            _release(scope, alarm)


def waited(scope: Scope, payload: Payload) -> None:
    """A wait or an extension is over."""
    alarm = scope.get(CompositeAlarm, payload["name"])
    if alarm is not None and alarm.suppressed_by in ("WaitPeriod", "ExtensionPeriod"):
        _release(scope, alarm)


def _release(scope: Scope, alarm: CompositeAlarm) -> None:
    """Hold an alarm's actions back no more; they are taken when its state is another than before."""
    free = replace(alarm, suppressed_by="", suppressed_reason="", acted="")
    scope.put(alarm.name, free)
    if alarm.acted and alarm.acted != alarm.state:
        actions.take(scope, replace(free, state=alarm.acted), free)


def forget(scope: Scope, alarm: CompositeAlarm) -> CompositeAlarm:
    """An alarm whose suppressor was taken away or changed: nothing is held back any more."""
    scope.cancel(f"{WAITED}/{alarm.name}")
    return replace(alarm, suppressed_by="", suppressed_reason="", acted="")
