"""Alarms to judge operations by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from pointsman.clock import EPOCH
from pointsman.model.alarms import Alarm, AlarmState, Mute
from pointsman.model.metrics import MetricQuery, Series
from pointsman.model.refs import AlarmRef, MetricRef, Ref

REF = AlarmRef("checkout")
METRIC = MetricRef("checkout", "Errors", (("Service", "checkout"),))
SNS = "arn:aws:sns:eu-west-1:123456789012:oncall"


def alarm(**changes: Any) -> Alarm:
    made = Alarm(
        REF,
        arn=f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{REF.name}",
        state="ALARM",
        actions_enabled=True,
        alarm_actions=(SNS,),
        metric=METRIC,
        stat="Sum",
        period=60,
        periods=3,
        datapoints=2,
        threshold=5.0,
        comparison="GreaterThanThreshold",
        description="too many errors",
    )
    return replace(made, **changes)


def values() -> Series:
    """A day of errors: quiet, but for eleven minutes."""
    begin = EPOCH.timestamp() - 86_400
    points = [(begin + at * 60, 9.0 if 600 <= at < 611 else 1.0) for at in range(1440)]
    return Series(MetricQuery(METRIC, "Sum"), "", tuple(time for time, _ in points), tuple(one for _, one in points))


def state(made: Alarm | None, *mutes: Mute) -> AlarmState:
    return AlarmState(REF, made, values(), EPOCH, mutes)


def firing() -> AlarmState:
    return state(alarm())


def prospect() -> AlarmState:
    return AlarmState(AlarmRef(""), Alarm(AlarmRef(""), metric=METRIC, stat="Sum"), values(), EPOCH)


MUTED = state(alarm(), Mute("quiet-night", frozenset({"checkout", "billing"}), EPOCH + timedelta(hours=1)))
SETTINGS = {
    "stat": "Sum",
    "comparison": "GreaterThanThreshold",
    "threshold": "8.5",
    "datapoints": "2",
    "periods": "3",
    "period": "60",
    "missing": "notBreaching",
}

RUNS: dict[str, tuple[Any, Ref, dict[str, str]]] = {
    "alarm.enable": (state(alarm(actions_enabled=False)), REF, {}),
    "alarm.disable": (firing(), REF, {}),
    "alarm.mute": (firing(), REF, {"minutes": "90", "why": "we know: see the channel"}),
    "alarm.unmute": (MUTED, REF, {}),
    "alarm.set-state": (firing(), REF, {"state": "OK", "reason": "a drill"}),
    "alarm.edit": (firing(), REF, SETTINGS),
    "alarm.delete": (firing(), REF, {}),
    "alarm.create": (prospect(), METRIC, {"name": "errors", "action": SNS, **SETTINGS}),
    "metric.put": (METRIC, METRIC, {"value": "42.5", "unit": "Count"}),
}

_GONE = (state(None), REF, "there is no alarm")
REFUSES: dict[str, tuple[tuple[Any, Ref, str], ...]] = {
    "alarm.enable": (_GONE, (firing(), REF, "enabled already")),
    "alarm.disable": (_GONE, (state(alarm(actions_enabled=False)), REF, "disabled already")),
    "alarm.mute": (_GONE,),
    "alarm.unmute": (_GONE, (firing(), REF, "no mute rule")),
    "alarm.set-state": (_GONE,),
    "alarm.edit": (
        _GONE,
        (state(alarm(composite=True, rule="ALARM(a)", metric=None)), REF, "has a rule and no threshold"),
        (state(alarm(metric=None, expression="m1/m2")), REF, "only alarms that hold one metric"),
        (state(alarm(comparison="GreaterThanUpperThreshold")), REF, "only alarms that hold one metric"),
    ),
    "alarm.delete": (_GONE,),
    "alarm.create": ((state(None), METRIC, "could not be looked at"),),
    "metric.put": ((MetricRef("AWS/ECS", "CPU"), METRIC, "only AWS itself"),),
}
