"""Metric alarms as records, and their state: what other engines look at and hear of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from pointsman.local.world import Scope

CHANGED: Final = "cloudwatch.alarm"
"""Emitted when an alarm goes from one state to another: ``name``, ``old``, ``new``, ``reason``."""

OK: Final = "OK"
ALARM: Final = "ALARM"
INSUFFICIENT_DATA: Final = "INSUFFICIENT_DATA"
STATES: Final = (INSUFFICIENT_DATA, ALARM, OK)


class MetricAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """A metric alarm, kept under its name; ``settings`` is what PutMetricAlarm was given, in AWS's shape."""

    name: str
    settings: dict[str, Any]
    configured: datetime
    state: str = INSUFFICIENT_DATA
    reason: str = "Unchecked: Initial alarm creation"
    reason_data: str = ""
    updated: datetime
    """When the state was set last."""
    transitioned: datetime
    """When the state became another."""
    tags: dict[str, str] = {}


def find(scope: Scope, name: str) -> MetricAlarm | None:
    """An alarm by its name, or by its ARN."""
    return scope.get(MetricAlarm, name.partition(":alarm:")[2] if name.startswith("arn:") else name)


class KeptAlarms:
    """A tool of the world for whoever asks how an alarm stands."""

    def alarm_state(self, scope: Scope, name: str) -> str | None:
        """ALARM, OK or INSUFFICIENT_DATA; None when there is no alarm of this name."""
        found = find(scope, name)
        return found.state if found else None


def set_state(scope: Scope, alarm: MetricAlarm, state: str, reason: str, data: str = "") -> MetricAlarm:
    """Put an alarm into a state; whoever listens to ``CHANGED`` hears of it when that is another one."""
    changed = replace(alarm, state=state, reason=reason, reason_data=data, updated=scope.now)
    if state != alarm.state:
        changed = replace(changed, transitioned=scope.now)
    scope.put(alarm.name, changed)
    if state != alarm.state:
        scope.emit(CHANGED, {"name": alarm.name, "old": alarm.state, "new": state, "reason": reason})
    return changed
