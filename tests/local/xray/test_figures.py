"""What services and groups publish of their traces: rates, times and counts, by the minute."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pointsman.clock import ManualClock
from support.backend import CheckedBackend
from support.traces import START, document, http, segment, trace_id


class Traced:
    """A backend, its traces and its metrics."""

    def __init__(self, backend: CheckedBackend, clock: ManualClock) -> None:
        session = backend.session("us-east-1")
        self.backend, self.clock = backend, clock
        self.xray: Any = session.client("xray")
        self.cloudwatch: Any = session.client("cloudwatch")

    def put(self, *segments: dict[str, Any]) -> None:
        answer = self.xray.put_trace_segments(TraceSegmentDocuments=[document(one) for one in segments])
        assert answer["UnprocessedTraceSegments"] == []

    def read(self, metric: str, stat: str, **dimensions: str) -> dict[int, float]:
        """By the minute since the start."""
        found = self.cloudwatch.get_metric_data(
            MetricDataQueries=[
                {
                    "Id": "m",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/X-Ray",
                            "MetricName": metric,
                            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
                        },
                        "Period": 60,
                        "Stat": stat,
                    },
                }
            ],
            StartTime=self.clock.now() - timedelta(hours=2),
            EndTime=self.clock.now() + timedelta(minutes=1),
        )["MetricDataResults"][0]
        times = [int(one.timestamp() - START) // 60 for one in found["Timestamps"]]
        return dict(sorted(zip(times, found["Values"], strict=True)))

    def service(self, metric: str, stat: str = "Average", name: str = "shop") -> dict[int, float]:
        return self.read(metric, stat, GroupName="Default", ServiceName=name)


@pytest.fixture
def traced(backend: CheckedBackend, clock: ManualClock) -> Traced:
    return Traced(backend, clock)


def test_a_services_rates_are_those_of_its_requests(traced: Traced) -> None:
    for number in range(20):
        more: dict[str, Any] = {}
        if number < 2:
            more = {"fault": True}
        elif number < 7:
            more = {"error": True, "throttle": number < 3, "http": http(429 if number < 3 else 404)}
        traced.put(segment(number, number, start=START + 2 * number, lasts=0.1 * (1 + number), **more))
    traced.clock.advance(75)
    assert traced.service("TracedRequestsCount", "Sum") == {0: 20.0}
    assert traced.service("FaultRate") == {0: 10.0}
    assert traced.service("ErrorRate") == {0: 25.0}
    assert traced.service("ThrottleRate") == {0: 5.0}
    assert traced.service("OkRate") == {0: 65.0}
    assert traced.service("ResponseTime", "Maximum") == {0: 2.0}
    assert traced.service("ResponseTime", "p50")[0] == pytest.approx(1.0, abs=0.11)
    assert traced.read("ApproximateTraceCount", "Sum", GroupName="Default") == {0: 20.0}


def test_every_minute_with_traces_is_told_once_and_then_nothing(traced: Traced) -> None:
    for minute in (0, 1, 4):
        at = START + 60 * minute + 5
        while traced.clock.now().timestamp() < at + 2:
            traced.clock.advance(1)
        traced.put(segment(trace_id(minute, at), minute, start=at))
    traced.clock.advance(600)
    assert traced.service("TracedRequestsCount", "Sum") == {0: 1.0, 1: 1.0, 4: 1.0}
    with traced.backend.world.lock:
        rows = traced.backend.world.database.execute("SELECT count(*) FROM timers WHERE topic = 'xray.figures'")
        assert rows.fetchone()[0] == 0


def test_a_group_counts_the_traces_that_fit_it(traced: Traced) -> None:
    traced.xray.create_group(GroupName="faults", FilterExpression="fault = true")
    traced.put(*(segment(number, number, fault=number == 3) for number in range(5)))
    traced.clock.advance(75)
    assert traced.read("ApproximateTraceCount", "Sum", GroupName="faults") == {0: 1.0}
    assert traced.read("ApproximateTraceCount", "Sum", GroupName="Default") == {0: 5.0}


def test_what_has_no_end_is_not_counted(traced: Traced) -> None:
    traced.put(segment(1, 1, lasts=None), segment(2, 2))
    traced.clock.advance(75)
    assert traced.service("TracedRequestsCount", "Sum") == {0: 1.0}


def test_minutes_that_nobody_was_there_for_are_made_up(traced: Traced, clock: ManualClock, tmp_path: Any) -> None:
    traced.put(segment(1, 1))
    traced.clock.advance(2)
    traced.backend.close()
    clock.advance(400)
    with CheckedBackend(state=tmp_path / "state", clock=clock) as backend:
        clock.advance(1)
        assert Traced(backend, clock).service("TracedRequestsCount", "Sum") == {0: 1.0}


def test_an_alarm_on_the_fault_rate_rises(traced: Traced) -> None:
    dimensions = [{"Name": "GroupName", "Value": "Default"}, {"Name": "ServiceName", "Value": "shop"}]
    traced.cloudwatch.put_metric_alarm(
        AlarmName="faults",
        Namespace="AWS/X-Ray",
        MetricName="FaultRate",
        Dimensions=dimensions,
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=20.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    traced.put(*(segment(number, number, fault=number < 2) for number in range(4)))
    traced.clock.advance(130)
    (alarm,) = traced.cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"
