"""Alarms as records, and their states: what other engines look at and hear of."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from pointsman.local.cloudwatch import history
from pointsman.local.world import Scope

CHANGED: Final = "cloudwatch.alarm"
"""Emitted when an alarm goes from one state to another: ``name``, ``old``, ``new``, ``reason``."""
TRANSITION: Final = "cloudwatch.alarm.transition"
"""Emitted before ``CHANGED``, for this package itself: ``before`` and ``after``, the alarm's two records."""

OK: Final = "OK"
ALARM: Final = "ALARM"
INSUFFICIENT_DATA: Final = "INSUFFICIENT_DATA"
STATES: Final = (INSUFFICIENT_DATA, ALARM, OK)
ACTIONS: Final = {OK: "OKActions", ALARM: "AlarmActions", INSUFFICIENT_DATA: "InsufficientDataActions"}
"""Under which key an alarm's settings have the actions of a state."""


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What an alarm of either kind is, kept under its name."""

    name: str
    settings: dict[str, Any]
    """What PutMetricAlarm or PutCompositeAlarm was given, in AWS's shape."""
    configured: datetime
    state: str = INSUFFICIENT_DATA
    reason: str = "Unchecked: Initial alarm creation"
    reason_data: str = ""
    updated: datetime
    """When the state was set last."""
    transitioned: datetime
    """When the state became another."""
    tags: dict[str, str] = {}


class MetricAlarm(_Kept, frozen=True, kw_only=True):
    """An alarm on a metric, an expression or a band."""


class CompositeAlarm(_Kept, frozen=True, kw_only=True):
    """An alarm on other alarms."""

    suppressed_by: str = ""
    """WaitPeriod, Alarm or ExtensionPeriod while its actions are held back."""
    suppressed_reason: str = ""
    acted: str = ""
    """The state before what is held back, which its actions are to be taken for when that ends; empty without."""


Alarm = MetricAlarm | CompositeAlarm


def name_of(reference: str) -> str:
    """An alarm's name, from its name or its ARN."""
    return reference.partition(":alarm:")[2] if reference.startswith("arn:") else reference


def find(scope: Scope, name: str) -> Alarm | None:
    """An alarm of either kind by its name, or by its ARN."""
    name = name_of(name)
    return scope.get(MetricAlarm, name) or scope.get(CompositeAlarm, name)


def arn(scope: Scope, name: str) -> str:
    """An alarm's ARN."""
    return scope.arn("cloudwatch", f"alarm:{name}")


class KeptAlarms:
    """A tool of the world for whoever asks how an alarm stands."""

    def alarm_state(self, scope: Scope, name: str) -> str | None:
        """ALARM, OK or INSUFFICIENT_DATA; None when there is no alarm of this name."""
        found = find(scope, name)
        return found.state if found else None


def set_state(scope: Scope, alarm: Alarm, state: str, reason: str, data: str = "") -> Alarm:
    """Put an alarm into a state; when that is another one it goes into the history, and everybody hears of it."""
    changed = replace(alarm, state=state, reason=reason, reason_data=data, updated=scope.now)
    if state == alarm.state:
        scope.put(alarm.name, changed)
        return changed
    changed = replace(changed, transitioned=scope.now)
    scope.put(alarm.name, changed)
    summary = f"Alarm updated from {alarm.state} to {state}"
    history.add(scope, alarm.name, kind(alarm), "StateUpdate", summary, _states(alarm, changed))
    scope.emit(TRANSITION, {"before": alarm, "after": changed})
    scope.emit(CHANGED, {"name": alarm.name, "old": alarm.state, "new": state, "reason": reason})
    return changed


def kind(alarm: Alarm) -> str:
    """MetricAlarm or CompositeAlarm."""
    return type(alarm).__name__


def _states(before: Alarm, after: Alarm) -> dict[str, Any]:
    def state(alarm: Alarm) -> dict[str, Any]:
        made: dict[str, Any] = {"stateValue": alarm.state, "stateReason": alarm.reason}
        return {**made, "stateReasonData": reason_object(alarm)} if alarm.reason_data else made

    return {"version": "1.0", "oldState": state(before), "newState": state(after)}


def reason_object(alarm: Alarm) -> Any:
    """StateReasonData as a value; the text itself when somebody set one that is no JSON."""
    try:
        return json.loads(alarm.reason_data)
    except ValueError:
        return alarm.reason_data
