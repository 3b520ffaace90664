"""What log events say becomes datapoints, and an alarm on them rises."""

from __future__ import annotations

import json
from datetime import timedelta

from pointsman.clock import ManualClock
from support.backend import CheckedBackend


def test_a_metric_filter_and_an_embedded_metric_reach_an_alarm(backend: CheckedBackend, clock: ManualClock) -> None:
    session = backend.session("eu-west-1")
    logs, metrics = session.client("logs"), session.client("cloudwatch")
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="web")
    logs.put_metric_filter(
        logGroupName="app",
        filterName="errors",
        filterPattern="ERROR",
        metricTransformations=[{"metricNamespace": "App", "metricName": "Errors", "metricValue": "1"}],
    )
    metrics.put_metric_alarm(
        AlarmName="errors",
        Namespace="App",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    now = int(clock.now().timestamp() * 1000)
    embedded = {
        "_aws": {
            "Timestamp": now,
            "CloudWatchMetrics": [
                {"Namespace": "Shop", "Dimensions": [["Stage"]], "Metrics": [{"Name": "Orders", "Unit": "Count"}]}
            ],
        },
        "Stage": "prod",
        "Orders": 7,
    }
    told = ["ERROR one", "fine", "ERROR two", json.dumps(embedded)]
    logs.put_log_events(
        logGroupName="app",
        logStreamName="web",
        logEvents=[{"timestamp": now + number, "message": message} for number, message in enumerate(told)],
    )
    clock.advance(61)
    window = {
        "StartTime": clock.now() - timedelta(minutes=5),
        "EndTime": clock.now() + timedelta(minutes=1),
        "Period": 60,
        "Statistics": ["Sum"],
    }
    errors = metrics.get_metric_statistics(Namespace="App", MetricName="Errors", **window)["Datapoints"]
    assert sum(one["Sum"] for one in errors) == 2
    orders = metrics.get_metric_statistics(
        Namespace="Shop", MetricName="Orders", Dimensions=[{"Name": "Stage", "Value": "prod"}], **window
    )["Datapoints"]
    assert [(one["Sum"], one["Unit"]) for one in orders] == [(7, "Count")]
    assert metrics.describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]["StateValue"] == "ALARM"


def test_a_datapoint_that_is_refused_leaves_its_event(backend: CheckedBackend, clock: ManualClock) -> None:
    logs = backend.session("eu-west-1").client("logs")
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="web")
    logs.put_metric_filter(
        logGroupName="app",
        filterName="size",
        filterPattern="{ $.size = * }",
        metricTransformations=[{"metricNamespace": "App", "metricName": "Size", "metricValue": "$.size"}],
    )
    now = int(clock.now().timestamp() * 1000)
    logs.put_log_events(
        logGroupName="app", logStreamName="web", logEvents=[{"timestamp": now, "message": '{"size": 1e300}'}]
    )
    assert len(logs.get_log_events(logGroupName="app", logStreamName="web")["events"]) == 1
