"""Alarms as CloudWatch keeps them, and what is heard when one changes."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.local.cloudwatch.alarms import CHANGED, KeptAlarms
from support.backend import CheckedBackend

ALARM: dict[str, Any] = {
    "AlarmName": "errors",
    "MetricName": "5xx",
    "Namespace": "Shop",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.fixture
def cloudwatch(backend: CheckedBackend) -> Any:
    return backend.session().client("cloudwatch")


def test_an_alarm_begins_without_data_and_is_set_by_hand(backend: CheckedBackend, cloudwatch: Any) -> None:
    heard: list[dict[str, Any]] = []
    backend.world.on(CHANGED, lambda _, payload: heard.append(payload))
    cloudwatch.put_metric_alarm(**ALARM)
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"
    for _ in range(2):
        cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="a drill")
    assert heard == [{"name": "errors", "old": "INSUFFICIENT_DATA", "new": "ALARM", "reason": "a drill"}]
    cloudwatch.put_metric_alarm(**{**ALARM, "Threshold": 9.0})
    (alarm,) = cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert (alarm["Threshold"], alarm["StateReason"]) == (9.0, "a drill")
    asked = backend.world.tool(KeptAlarms)
    scope = backend.world.scope(backend.account, "us-east-1")
    arn = alarm["AlarmArn"]
    assert [asked.alarm_state(scope, name) for name in ("errors", arn, "none")] == ["ALARM", "ALARM", None]
    cloudwatch.delete_alarms(AlarmNames=["errors", "none"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_alarms_come_in_pages_and_by_what_is_asked(cloudwatch: Any) -> None:
    for number in range(120):
        cloudwatch.put_metric_alarm(**{**ALARM, "AlarmName": f"a{number:03}"})
    pages = list(cloudwatch.get_paginator("describe_alarms").paginate())
    assert [len(page["MetricAlarms"]) for page in pages] == [100, 20]
    assert len(cloudwatch.describe_alarms(AlarmNamePrefix="a00")["MetricAlarms"]) == 10
    assert len(cloudwatch.describe_alarms(AlarmNames=["a000", "none"])["MetricAlarms"]) == 1
    assert cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Period": 61}, "ValidationError"),
        ({"DatapointsToAlarm": 2}, "ValidationError"),
        ({"ExtendedStatistic": "p99"}, "InvalidParameterCombination"),
        ({"ThresholdMetricId": "e1"}, "InvalidParameterCombination"),
        ({"Metrics": [{"Id": "m1"}]}, "InvalidParameterCombination"),
    ],
)
def test_an_alarm_that_says_too_much_or_too_little(cloudwatch: Any, change: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        cloudwatch.put_metric_alarm(**{**ALARM, **change})
    assert caught.value.response["Error"]["Code"] == code


def test_a_state_is_one_of_three_and_an_alarm_must_be_there(cloudwatch: Any) -> None:
    with pytest.raises(ClientError, match="enum value set"):
        cloudwatch.set_alarm_state(AlarmName="errors", StateValue="MEH", StateReason="x")
    with pytest.raises(ClientError) as caught:
        cloudwatch.set_alarm_state(AlarmName="errors", StateValue="OK", StateReason="x")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFound"
