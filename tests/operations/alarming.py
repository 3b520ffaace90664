"""Alarms to judge operations by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from pointsman.clock import EPOCH
from pointsman.model.alarms import Alarm, AlarmState, Mute
from pointsman.model.metrics import MetricQuery, Series
from pointsman.model.refs import AlarmRef, MetricRef, Ref
from pointsman.operations.alarm_preview import question
from pointsman.operations.alarm_settings import changed, settings_of

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


def asked(stat: str = "Sum", period: int = 60) -> str:
    """What the values are the answer to."""
    found = question(changed(settings_of(alarm()), {"stat": stat, "period": str(period)}))
    assert found is not None
    return found.text


def state(made: Alarm | None, *mutes: Mute) -> AlarmState:
    return AlarmState(REF, made, values(), EPOCH, mutes, looked=asked())


def composite(**changes: Any) -> Alarm:
    return Alarm(REF, composite=True, state="OK", rule="ALARM(a) OR ALARM(b)", alarm_actions=(SNS,), **changes)


def firing() -> AlarmState:
    return state(alarm())


def prospect() -> AlarmState:
    return AlarmState(AlarmRef(""), Alarm(AlarmRef(""), metric=METRIC, stat="Sum"), values(), EPOCH, looked=asked())


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
    "alarm.mute": (firing(), REF, {"minutes": "90", "begins": "2026-01-05T09:00", "why": "we know: see the channel"}),
    "alarm.unmute": (MUTED, REF, {}),
    "alarm.set-state": (firing(), REF, {"state": "OK", "reason": "a drill"}),
    "alarm.edit": (firing(), REF, SETTINGS),
    "alarm.delete": (firing(), REF, {}),
    "alarm.edit-composite": (state(composite()), REF, {"rule": "ALARM(a) AND NOT OK(b)", "description": "both"}),
    "alarm.create": (prospect(), METRIC, {"name": "errors", "alarm_actions": SNS, **SETTINGS}),
    "alarm.create-math": (
        prospect(),
        METRIC,
        {
            "name": "rate",
            "expression": "m1 / m2 * 100",
            "more": "m2 = Shop | Orders | Region=eu",
            **SETTINGS,
        },
    ),
    "alarm.create-band": (
        prospect(),
        METRIC,
        {
            **{name: value for name, value in SETTINGS.items() if name != "threshold"},
            "name": "odd",
            "width": "3",
            "comparison": "GreaterThanUpperThreshold",
            "stat": "p90",
            "period": "300",
        },
    ),
    "alarm.create-composite": (firing(), REF, {"name": "both", "rule": 'ALARM("checkout") AND ALARM(b)'}),
    "metric.put": (prospect(), METRIC, {"value": "42.5", "unit": "Count"}),
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
        (state(composite()), REF, "form of its own"),
    ),
    "alarm.edit-composite": (_GONE, (firing(), REF, "no composite alarm")),
    "alarm.delete": (_GONE,),
    "alarm.create": ((state(None), METRIC, "is not known"),),
    "alarm.create-math": ((state(None), METRIC, "is not known"),),
    "alarm.create-band": ((state(None), METRIC, "is not known"),),
    "alarm.create-composite": ((state(None), REF, "is not known"),),
    "metric.put": ((prospect(), MetricRef("AWS/ECS", "CPU"), "only AWS itself"),),
}
