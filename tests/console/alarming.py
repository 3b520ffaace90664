"""Alarms as the screens are told of them in tests."""

from __future__ import annotations

import json
from datetime import timedelta

from console import metering
from pointsman.clock import EPOCH
from pointsman.model.alarms import Alarm, AlarmHistory, AlarmList, Change, Mute
from pointsman.model.refs import AlarmRef, MetricRef

SNS = "arn:aws:sns:eu-west-1:123456789012:oncall"
FIRED = EPOCH - timedelta(minutes=12)


def ago(minutes: float) -> object:
    return EPOCH - timedelta(minutes=minutes)


def _data(*values: float) -> str:
    return json.dumps({"version": "1.0", "recentDatapoints": list(values), "period": 60})


CPU = Alarm(
    AlarmRef("checkout-cpu"),
    arn="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-cpu",
    description="The checkout service has no room left: scale it, or roll the last release back.",
    state="ALARM",
    reason="Threshold Crossed: 3 out of the last 3 datapoints were greater than the threshold (80.0).",
    data=_data(81.0, 88.5, 92.0),
    since=FIRED,
    alarm_actions=(SNS,),
    ok_actions=(SNS,),
    metric=metering.CPU,
    stat="Average",
    period=60,
    periods=3,
    datapoints=3,
    threshold=80.0,
    comparison="GreaterThanThreshold",
)
ORDERS = Alarm(
    AlarmRef("no-orders"),
    state="OK",
    reason="Threshold Crossed: no datapoints were below the threshold.",
    data=_data(7.0, 9.0),
    since=EPOCH - timedelta(hours=20),
    actions_enabled=False,
    alarm_actions=(SNS,),
    metric=metering.ORDERS,
    stat="Sum",
    period=300,
    periods=2,
    datapoints=1,
    threshold=3.0,
    comparison="LessThanThreshold",
)
SILENT = Alarm(
    AlarmRef("refunds"),
    state="INSUFFICIENT_DATA",
    reason="Insufficient Data: 2 datapoints were unknown.",
    since=EPOCH - timedelta(days=3),
    metric=metering.SILENT,
    stat="Sum",
    periods=2,
    datapoints=2,
    threshold=10.0,
    comparison="GreaterThanOrEqualToThreshold",
)
NIGHTLY = Alarm(
    AlarmRef("nightly [red]batch[/]"),
    state="ALARM",
    reason="Threshold Crossed: 1 datapoint [1.0] was greater than the threshold (0.0).",
    data=_data(1.0),
    since=EPOCH - timedelta(hours=5),
    alarm_actions=(SNS,),
    metric=MetricRef("Shop", "BatchFailures"),
    stat="Maximum",
    threshold=0.0,
    comparison="GreaterThanThreshold",
    muted=Mute("quiet-night", frozenset({"nightly [red]batch[/]"}), EPOCH + timedelta(hours=2)),
)
SHOP = Alarm(
    AlarmRef("shop-is-ill"),
    composite=True,
    state="ALARM",
    reason="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-cpu transitioned to ALARM",
    since=FIRED + timedelta(seconds=1),
    alarm_actions=(SNS,),
    rule='ALARM("checkout-cpu") OR (ALARM("no-orders") AND NOT INSUFFICIENT_DATA(refunds)) OR ALARM(gone)',
    suppressor="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:maintenance",
)


def _state(ref: AlarmRef, minutes: float, before: str, after: str) -> Change:
    summary = f"Alarm updated from {before} to {after}"
    return Change(ref, EPOCH - timedelta(minutes=minutes), "StateUpdate", summary, before, after)


CHANGES = (
    _state(SHOP.ref, 11.98, "OK", "ALARM"),
    _state(CPU.ref, 12, "OK", "ALARM"),
    _state(NIGHTLY.ref, 300, "OK", "ALARM"),
    _state(CPU.ref, 600, "ALARM", "OK"),
    _state(CPU.ref, 690, "INSUFFICIENT_DATA", "ALARM"),
    _state(ORDERS.ref, 1200, "ALARM", "OK"),
)


def listed() -> AlarmList:
    return AlarmList((ORDERS, SHOP, SILENT, NIGHTLY, CPU), CHANGES)


def history() -> AlarmHistory:
    told = f"Successfully executed action {SNS}"
    sent = Change(CPU.ref, FIRED, "Action", told, action=SNS, result="Succeeded")
    unsent = Change(
        CPU.ref,
        EPOCH - timedelta(minutes=690),
        "Action",
        f"Failed to execute action {SNS}",
        action=SNS,
        result="Failed",
        error="CloudWatch Alarms is not authorized to perform: SNS:Publish on resource",
    )
    made = Change(CPU.ref, EPOCH - timedelta(days=9), "ConfigurationUpdate", 'Alarm "checkout-cpu" created')
    states = [one for one in CHANGES if one.ref == CPU.ref]
    return AlarmHistory((sent, *states[:2], unsent, *states[2:], made), more=True)
