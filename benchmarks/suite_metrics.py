"""What metrics cost in the backend, on a state folder: datapoints in, series out, alarms evaluated; all is CPU."""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, alternate, median, spread
from pointsman.clock import ManualClock
from pointsman.local import Backend
from pointsman.local.cloudwatch import evaluation
from pointsman.local.cloudwatch.alarms import MetricAlarm

REGION = "us-east-1"
ALARM = {
    "Namespace": "Shop",
    "MetricName": "errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    points, series, minutes, alarms = (3000, 5, 60, 20) if small else (150_000, 500, 1440, 1000)
    with _backend() as (backend, clock):
        _series(backend, clock, series, minutes)
        _alarms(backend, clock, alarms)
        taken = alternate(
            runs,
            {
                "arrays": lambda: points / _cpu(lambda: _arrays(backend, points)),
                "single": lambda: points / 5 / _cpu(lambda: _single(backend, points // 5)),
                "read": lambda: _cpu(lambda: _read(backend, clock, series, minutes)),
                "alarms": lambda: _cpu(lambda: _evaluate(backend)),
            },
        )
    return [
        _rate("datapoints a second as arrays of values and counts", taken["arrays"], 50_000),
        _rate("datapoints a second as single values", taken["single"], 15_000),
        Figure(
            "metrics",
            f"{series} series of {minutes} minutes read in AWS's pages: CPU",
            median(taken["read"]),
            1.5,
            "s",
            spread(taken["read"], 1, "s"),
        ),
        Figure(
            "metrics",
            f"{alarms} metric alarms evaluated: CPU",
            median(taken["alarms"]) * 1e3,
            200,
            "ms",
            spread(taken["alarms"], 1e3, "ms"),
        ),
    ]


def _rate(what: str, rates: list[float], target: float) -> Figure:
    """A rate as a ratio: how often the target's time is spent; at most once."""
    return Figure("metrics", f"{what}, target over measured", target / median(rates), 1, "x", spread(rates, 1, "/s"))


def _cpu(work: Callable[[], None]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


@contextmanager
def _backend() -> Iterator[tuple[Backend, ManualClock]]:
    clock = ManualClock()
    with tempfile.TemporaryDirectory() as folder, Backend(Path(folder) / "state", clock) as backend:
        yield backend, clock


def _put(backend: Backend, namespace: str, data: list[dict[str, Any]]) -> None:
    backend.ask(REGION, "cloudwatch", "PutMetricData", {"Namespace": namespace, "MetricData": data})


def _arrays(backend: Backend, points: int) -> None:
    dice = random.Random(1)
    values, counts = [dice.random() * 100 for _ in range(150)], [1.0] * 150
    datum = {"MetricName": "latency", "Values": values, "Counts": counts, "Unit": "Milliseconds"}
    metrics = [{**datum, "Dimensions": [{"Name": "host", "Value": f"h{number}"}]} for number in range(20)]
    for _ in range(points // 3000):
        _put(backend, "Arrays", metrics)


def _single(backend: Backend, points: int) -> None:
    data = [
        {
            "MetricName": f"m{number % 50}",
            "Value": float(number),
            "Unit": "Count",
            "Dimensions": [{"Name": "host", "Value": f"h{number // 50}"}],
        }
        for number in range(500)
    ]
    for _ in range(points // 500):
        _put(backend, "Single", data)


def _series(backend: Backend, clock: ManualClock, series: int, minutes: int) -> None:
    start = clock.now().replace(second=0, microsecond=0) - timedelta(minutes=minutes)
    for number in range(series):
        dimensions = [{"Name": "host", "Value": f"h{number}"}]
        data = [
            {
                "MetricName": "load",
                "Dimensions": dimensions,
                "Value": float(minute),
                "Timestamp": start + timedelta(minutes=minute),
            }
            for minute in range(minutes)
        ]
        for place in range(0, minutes, 1000):
            _put(backend, "Read", data[place : place + 1000])


def _read(backend: Backend, clock: ManualClock, series: int, minutes: int) -> None:
    end = clock.now().replace(second=0, microsecond=0)
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "Read",
                    "MetricName": "load",
                    "Dimensions": [{"Name": "host", "Value": f"h{number}"}],
                },
                "Period": 60,
                "Stat": "Average",
            },
        }
        for number in range(series)
    ]
    given = {"MetricDataQueries": queries, "StartTime": end - timedelta(minutes=minutes), "EndTime": end}
    token: dict[str, Any] = {}
    found = 0
    while True:
        page, _ = backend.ask(REGION, "cloudwatch", "GetMetricData", {**given, **token})
        found += sum(len(one["Values"]) for one in page["MetricDataResults"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    if found != series * minutes:
        raise RuntimeError(f"{found} datapoints were read")


def _alarms(backend: Backend, clock: ManualClock, alarms: int) -> None:
    for number in range(alarms):
        dimensions = [{"Name": "host", "Value": f"h{number}"}]
        data = [
            {
                "MetricName": "errors",
                "Dimensions": dimensions,
                "Value": 1.0,
                "Timestamp": clock.now() - timedelta(minutes=minute),
            }
            for minute in range(6)
        ]
        _put(backend, "Shop", data)
        backend.ask(
            REGION, "cloudwatch", "PutMetricAlarm", {**ALARM, "AlarmName": f"a{number:05}", "Dimensions": dimensions}
        )
    clock.advance(1)


def _evaluate(backend: Backend) -> None:
    scope = backend.world.scope(backend.account, REGION)
    with backend.world.transaction():
        for _, alarm in scope.scan(MetricAlarm):
            evaluation.evaluate(scope, alarm)


if __name__ == "__main__":
    for one in measure(int(os.environ.get("RUNS", "1"))):
        print(one.what, round(one.measured, 3), one.unit, one.of)
