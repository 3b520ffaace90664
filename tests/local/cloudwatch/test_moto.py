"""The same calls against moto and here, where moto has the behaviour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from pointsman.clock import SystemClock
from support.backend import CheckedBackend

DIMENSIONS = [{"Name": "Stage", "Value": "prod"}]


def _put(client: Any) -> datetime:
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    data: list[dict[str, Any]] = [
        {
            "MetricName": "latency",
            "Dimensions": DIMENSIONS,
            "Timestamp": start + timedelta(minutes=minute),
            "Value": float(minute % 7),
            "Unit": "Seconds",
        }
        for minute in range(30)
    ]
    data.append({"MetricName": "bare", "Timestamp": start, "Value": 1.0})
    client.put_metric_data(Namespace="Shop", MetricData=data)
    return start


def listed(client: Any) -> Any:
    _put(client)
    found = client.list_metrics(Namespace="Shop")["Metrics"]
    named = client.list_metrics(Namespace="Shop", MetricName="latency", Dimensions=[{"Name": "Stage"}])["Metrics"]
    return sorted((one["MetricName"], one["Dimensions"]) for one in found), named


def statistics(client: Any) -> Any:
    start = _put(client)
    found = client.get_metric_statistics(
        Namespace="Shop",
        MetricName="latency",
        Dimensions=DIMENSIONS,
        StartTime=start,
        EndTime=start + timedelta(minutes=30),
        Period=300,
        Statistics=["SampleCount", "Sum", "Average", "Minimum", "Maximum"],
    )
    return found["Label"], sorted(found["Datapoints"], key=lambda point: point["Timestamp"])


def data(client: Any) -> Any:
    start = _put(client)
    metric = {"Namespace": "Shop", "MetricName": "latency", "Dimensions": DIMENSIONS}
    queries = [
        {"Id": stat.lower(), "MetricStat": {"Metric": metric, "Period": 600, "Stat": stat}}
        for stat in ("SampleCount", "Sum", "Average", "Minimum", "Maximum")
    ]
    found = client.get_metric_data(
        MetricDataQueries=queries,
        StartTime=start,
        EndTime=start + timedelta(minutes=30),
        ScanBy="TimestampAscending",
    )["MetricDataResults"]
    return [(one["Id"], one["Timestamps"], one["Values"], one["StatusCode"]) for one in found]


def dashboards(client: Any) -> Any:
    client.put_dashboard(DashboardName="shop", DashboardBody='{"widgets": []}')
    found = client.get_dashboard(DashboardName="shop")
    names = [one["DashboardName"] for one in client.list_dashboards()["DashboardEntries"]]
    client.delete_dashboards(DashboardNames=["shop"])
    return (
        found["DashboardBody"],
        found["DashboardArn"].split(":")[2:4],
        names,
        client.list_dashboards()["DashboardEntries"],
    )


def alarms(client: Any) -> Any:
    given = {"Namespace": "Shop", "MetricName": "latency", "Statistic": "Average", "Period": 60}
    rule = {"EvaluationPeriods": 2, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold"}
    for name in ("a", "b"):
        client.put_metric_alarm(AlarmName=name, Dimensions=DIMENSIONS, **given, **rule)
    client.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="a drill")
    (found,) = client.describe_alarms(StateValue="ALARM")["MetricAlarms"]
    kept = {key: found[key] for key in (*given, *rule, "Dimensions", "StateValue", "StateReason", "ActionsEnabled")}
    on = client.describe_alarms_for_metric(Namespace="Shop", MetricName="latency", Dimensions=DIMENSIONS)
    client.delete_alarms(AlarmNames=["a", "none"])
    return kept, [one["AlarmName"] for one in on["MetricAlarms"]], len(client.describe_alarms()["MetricAlarms"])


def refusals(client: Any) -> Any:
    calls: list[Callable[[], Any]] = [
        lambda: client.put_metric_data(Namespace="N", MetricData=[{"MetricName": "m", "Value": float("nan")}]),
        lambda: client.put_metric_data(Namespace="N", MetricData=[{"MetricName": "m", "Value": 1.0, "Values": [1.0]}]),
        lambda: client.put_metric_data(
            Namespace="N", MetricData=[{"MetricName": "m", "Values": [1.0], "Counts": [1.0, 2.0]}]
        ),
        lambda: client.set_alarm_state(AlarmName="none", StateValue="OK", StateReason="x"),
        lambda: client.get_dashboard(DashboardName="none"),
    ]
    codes = []
    for call in calls:
        with pytest.raises(ClientError) as caught:
            call()
        codes.append(caught.value.response["Error"]["Code"])
    return codes


@pytest.mark.parametrize("play", [listed, statistics, data, dashboards, alarms, refusals])
def test_moto_and_this_backend_answer_alike(play: Callable[[Any], Any]) -> None:
    with mock_aws():
        theirs = play(boto3.client("cloudwatch", region_name="us-east-1", **_KEYS))
    with CheckedBackend(clock=SystemClock()) as ours:
        assert play(ours.session().client("cloudwatch")) == theirs


_KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
