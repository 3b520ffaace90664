"""Metrics Insights over kept metrics: groups, order, labels, and alarms on a query."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.semantics.metrics import insights
from support.backend import CheckedBackend

MADE = {
    ("prod", "a"): [1.0, 2.0],
    ("prod", "b"): [10.0],
    ("test", "a"): [100.0, 200.0],
}


@pytest.fixture
def client(backend: CheckedBackend, clock: ManualClock) -> Any:
    made: Any = backend.session("us-east-1").client("cloudwatch")
    data: list[dict[str, Any]] = [
        {
            "MetricName": "orders",
            "Dimensions": [{"Name": "Stage", "Value": stage}, {"Name": "Zone", "Value": zone}],
            "Timestamp": clock.now(),
            "Values": values,
        }
        for (stage, zone), values in MADE.items()
    ]
    data.append({"MetricName": "orders", "Timestamp": clock.now(), "Value": 1000.0})
    data.append({"MetricName": "other", "Timestamp": clock.now(), "Value": 5000.0})
    made.put_metric_data(Namespace="Shop", MetricData=data)
    return made


def asked(client: Any, clock: ManualClock, query: str, **more: Any) -> dict[str, list[float]]:
    found = client.get_metric_data(
        MetricDataQueries=[{"Id": "q", "Expression": query, "Period": 300} | more],
        StartTime=clock.now() - timedelta(minutes=5),
        EndTime=clock.now() + timedelta(minutes=5),
    )["MetricDataResults"]
    return {one["Label"]: one["Values"] for one in found}


@pytest.mark.parametrize(
    ("query", "series"),
    [
        ("SELECT SUM(orders) FROM Shop", {"q": [1313.0]}),
        ("SELECT COUNT(orders) FROM Shop", {"q": [6.0]}),
        ("SELECT SUM(orders) FROM SCHEMA(Shop)", {"q": [1000.0]}),
        ("SELECT AVG(orders) FROM SCHEMA(Shop, Zone, Stage)", {"q": [62.6]}),
        ("SELECT MAX(orders) FROM Shop WHERE Stage = 'prod'", {"q": [10.0]}),
        ("SELECT MIN(orders) FROM Shop WHERE Stage != 'prod'", {"q": [100.0]}),
        ("SELECT SUM(orders) FROM Shop WHERE Stage = 'none'", {"q": []}),
        ("SELECT SUM(orders) FROM SCHEMA(Shop, Stage, Zone) GROUP BY Stage", {"prod": [13.0], "test": [300.0]}),
        ("SELECT SUM(orders) FROM Shop GROUP BY Stage", {"Other": [1000.0], "prod": [13.0], "test": [300.0]}),
        (
            "SELECT SUM(orders) FROM SCHEMA(Shop, Stage, Zone) GROUP BY Stage, Zone ORDER BY MAX() DESC LIMIT 2",
            {"test a": [300.0], "prod b": [10.0]},
        ),
        (
            "SELECT SUM(orders) FROM SCHEMA(Shop, Stage, Zone) GROUP BY Stage, Zone ORDER BY SUM() ASC LIMIT 2",
            {"prod a": [3.0], "prod b": [10.0]},
        ),
    ],
)
def test_a_query(client: Any, clock: ManualClock, query: str, series: dict[str, list[float]]) -> None:
    found = asked(client, clock, query)
    assert found == series
    assert list(found) == list(series)


def test_a_query_is_named_by_metric_math(client: Any, clock: ManualClock) -> None:
    queries = [
        {"Id": "q", "Expression": "SELECT SUM(orders) FROM Shop GROUP BY Stage", "Period": 300, "ReturnData": False},
        {"Id": "e", "Expression": "SUM(q) * 2"},
    ]
    window = {"StartTime": clock.now() - timedelta(minutes=5), "EndTime": clock.now() + timedelta(minutes=5)}
    (found,) = client.get_metric_data(MetricDataQueries=queries, **window)["MetricDataResults"]
    assert found["Values"] == [2626.0]


def test_a_request_has_one_query(client: Any, clock: ManualClock) -> None:
    queries = [{"Id": id_, "Expression": "SELECT SUM(orders) FROM Shop", "Period": 300} for id_ in ("q", "r")]
    window = {"StartTime": clock.now() - timedelta(minutes=5), "EndTime": clock.now()}
    with pytest.raises(ClientError, match="at most one query"):
        client.get_metric_data(MetricDataQueries=queries, **window)


def test_a_query_reads_minutes_whatever_is_asked(client: Any, clock: ManualClock) -> None:
    at = clock.now().replace(second=0, microsecond=0) - timedelta(minutes=1)
    data = [
        {"MetricName": "fine", "Timestamp": at + timedelta(seconds=second), "Value": 1.0, "StorageResolution": 1}
        for second in range(0, 60, 10)
    ]
    client.put_metric_data(Namespace="Shop", MetricData=data)
    assert asked(client, clock, "SELECT SUM(fine) FROM Shop", Period=10) == {"q": [6.0]}


def test_a_query_processes_ten_thousand_metrics_and_says_so(
    client: Any, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insights, "PROCESSED", 2)
    query = {"Id": "q", "Expression": "SELECT SUM(orders) FROM SCHEMA(Shop, Stage, Zone)", "Period": 300}
    window = {"StartTime": clock.now() - timedelta(minutes=5), "EndTime": clock.now() + timedelta(minutes=5)}
    (found,) = client.get_metric_data(MetricDataQueries=[query], **window)["MetricDataResults"]
    assert found["Values"] == [13.0]
    assert found["Messages"][0]["Code"] == "MaxMetricsExceeded"
    assert "matches 3 metrics; the first 2" in found["Messages"][0]["Value"]


def alarm(client: Any, query: str) -> None:
    client.put_metric_alarm(
        AlarmName="orders",
        Metrics=[{"Id": "q", "Expression": query, "Period": 60, "ReturnData": True}],
        EvaluationPeriods=1,
        Threshold=50.0,
        ComparisonOperator="GreaterThanThreshold",
    )


def test_an_alarm_on_a_query_rises_within_its_minute(client: Any, clock: ManualClock) -> None:
    alarm(client, "SELECT MAX(orders) FROM SCHEMA(Shop, Stage, Zone)")
    clock.advance(61)
    (found,) = client.describe_alarms()["MetricAlarms"]
    assert found["StateValue"] == "ALARM"
    with pytest.raises(ClientError, match="GROUP BY are not built"):
        alarm(client, "SELECT MAX(orders) FROM Shop GROUP BY Stage")
