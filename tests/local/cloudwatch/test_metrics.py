"""Datapoints put, listed and read back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.clock import ManualClock
from pointsman.local.cloudwatch import table
from support.backend import CheckedBackend


@pytest.fixture
def cloudwatch(backend: CheckedBackend) -> Any:
    return backend.session().client("cloudwatch")


class Shop:
    """Puts and reads metrics of a shop."""

    def __init__(self, client: Any, clock: ManualClock) -> None:
        self.client, self.clock = client, clock
        self.start = clock.now().replace(second=0, microsecond=0) - timedelta(hours=1)

    def put(self, minute: float, **datum: Any) -> None:
        time = self.start + timedelta(minutes=minute)
        datum = {"MetricName": "latency", "Timestamp": time, **datum}
        self.client.put_metric_data(Namespace="Shop", MetricData=[datum])

    def stat(self, stat: str = "Average", period: int = 60, **metric: Any) -> dict[str, Any]:
        metric = {"Namespace": "Shop", "MetricName": "latency", **metric}
        unit = {"Unit": metric.pop("Unit")} if "Unit" in metric else {}
        return {"Metric": metric, "Stat": stat, "Period": period, **unit}

    def get(self, *queries: dict[str, Any], **given: Any) -> list[dict[str, Any]]:
        ready = [{"Id": f"q{place}", **query} for place, query in enumerate(queries)]
        return self.page(ready, **given)["MetricDataResults"]  # type: ignore[no-any-return]

    def page(self, queries: list[dict[str, Any]], **given: Any) -> dict[str, Any]:
        window = {"StartTime": self.start, "EndTime": self.start + timedelta(hours=1)}
        answer: dict[str, Any] = self.client.get_metric_data(MetricDataQueries=queries, **{**window, **given})
        return answer

    def values(self, *queries: dict[str, Any], **given: Any) -> list[list[float]]:
        return [one["Values"] for one in self.get(*queries, **{"ScanBy": "TimestampAscending", **given})]


@pytest.fixture
def shop(cloudwatch: Any, clock: ManualClock) -> Shop:
    return Shop(cloudwatch, clock)


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def test_single_values_values_with_counts_and_sets_come_together(shop: Shop) -> None:
    shop.put(0, Value=1.0)
    shop.put(0.5, Values=[2.0, 4.0], Counts=[1, 2])
    shop.put(0.7, StatisticValues={"SampleCount": 2, "Sum": 20.0, "Minimum": 10.0, "Maximum": 10.0})
    shop.put(2, Value=7.0)
    names = ["SampleCount", "Sum", "Average", "Minimum", "Maximum", "p50", "tm80"]
    found = shop.values(*({"MetricStat": shop.stat(name)} for name in names))
    assert found == [[6, 1], [31, 7], [31 / 6, 7], [1, 7], [10, 7], [4, 7], [4.2, 7]]


def test_a_set_of_different_values_has_no_percentiles(shop: Shop) -> None:
    shop.put(0, StatisticValues={"SampleCount": 2, "Sum": 20.0, "Minimum": 5.0, "Maximum": 15.0})
    shop.put(1, Value=1.0)
    assert shop.values({"MetricStat": shop.stat("p90")}) == [[1.0]]


def test_percentiles_over_many_minutes_are_numpys(shop: Shop) -> None:
    dice = np.random.default_rng(3)
    everything: list[float] = []
    for minute in range(10):
        values = dice.gamma(2, 50, 100).tolist()
        everything += values
        shop.put(minute, Values=values)
    found = shop.values({"MetricStat": shop.stat("p95", 600)}, {"MetricStat": shop.stat("Average", 600)})
    assert found[0][0] == np.percentile(everything, 95, method="inverted_cdf")
    assert found[1][0] == pytest.approx(np.mean(everything))


def test_a_spread_of_very_many_values_is_squeezed_not_lost(shop: Shop) -> None:
    dice = np.random.default_rng(4)
    everything: list[float] = []
    for _ in range(40):
        values = dice.lognormal(3, 1, 150).tolist()
        everything += values
        shop.put(0, Values=values)
    ((found,),) = shop.values({"MetricStat": shop.stat("p99")})
    assert found == pytest.approx(np.percentile(everything, 99, method="inverted_cdf"), rel=0.01)
    with_spread = shop.client.get_metric_statistics(
        Namespace="Shop",
        MetricName="latency",
        StartTime=shop.start,
        EndTime=shop.start + timedelta(minutes=1),
        Period=60,
        Statistics=["SampleCount"],
    )
    assert with_spread["Datapoints"][0]["SampleCount"] == 6000


def test_a_metric_is_its_exact_set_of_dimensions(shop: Shop) -> None:
    prod = [{"Name": "stage", "Value": "prod"}]
    shop.put(0, Value=1.0)
    shop.put(0, Value=5.0, Dimensions=prod)
    shop.put(0, Value=9.0, Dimensions=[*prod, {"Name": "host", "Value": "a"}])
    swapped = [{"Name": "host", "Value": "a"}, *prod]
    queries: list[dict[str, Any]] = [
        {"MetricStat": shop.stat(Dimensions=given)} for given in ([], prod, swapped, swapped[:1])
    ]
    assert shop.values(*queries) == [[1.0], [5.0], [9.0], []]


def test_units_are_series_of_their_own(shop: Shop) -> None:
    shop.put(0, Value=1.0, Unit="Seconds")
    shop.put(0, Value=900.0, Unit="Milliseconds")
    mixed, seconds = shop.get({"MetricStat": shop.stat()}, {"MetricStat": shop.stat(Unit="Seconds")})
    assert (mixed["Values"], seconds["Values"]) == ([900.0], [1.0])
    assert mixed["Messages"] == [
        {"Code": "MultipleUnits", "Value": "Multiple units returned: '[Milliseconds, Seconds]'"}
    ]
    assert "Messages" not in seconds
    points = shop.client.get_metric_statistics(
        Namespace="Shop",
        MetricName="latency",
        StartTime=shop.start,
        EndTime=shop.start + timedelta(minutes=5),
        Period=300,
        Statistics=["Sum"],
        ExtendedStatistics=["p90"],
    )["Datapoints"]
    assert sorted((point["Unit"], point["Sum"], point["ExtendedStatistics"]["p90"]) for point in points) == [
        ("Milliseconds", 900.0, 900.0),
        ("Seconds", 1.0, 1.0),
    ]


def test_high_resolution(shop: Shop) -> None:
    for second in (0, 1, 1, 12):
        shop.put(second / 60, Value=float(second), StorageResolution=1)
    found = shop.values(*({"MetricStat": shop.stat("Sum", period)} for period in (1, 10, 60)))
    assert found == [[0, 2, 12], [2, 12], [14]]


def test_math_labels_and_the_order(shop: Shop) -> None:
    for minute in range(3):
        shop.put(minute, MetricName="errors", Value=float(minute))
        shop.put(minute, MetricName="requests", Value=10.0)
    queries: list[dict[str, Any]] = [
        {"Id": "m1", "MetricStat": shop.stat("Sum", MetricName="errors"), "ReturnData": False},
        {"Id": "m2", "MetricStat": shop.stat("Sum", MetricName="requests"), "ReturnData": False},
        {"Id": "e1", "Expression": "100 * m1 / m2", "Label": "rate, at most ${MAX}"},
        {"Id": "e2", "Expression": "METRICS()", "Label": "all"},
        {"Id": "e3", "Expression": "e1 > 10"},
    ]
    page = shop.page(queries)
    assert page["Messages"] == []
    assert [(one["Id"], one["Label"], one["Values"]) for one in page["MetricDataResults"]] == [
        ("e1", "rate, at most 20", [20, 10, 0]),
        ("e2", "all errors", [2, 1, 0]),
        ("e2", "all requests", [10, 10, 10]),
        ("e3", "e3", [1, 0, 0]),
    ]
    times = page["MetricDataResults"][0]["Timestamps"]
    assert times == sorted(times, reverse=True) and times[-1] == shop.start


def test_labels_of_metrics_that_share_a_name(shop: Shop) -> None:
    shop.put(0, Value=1.0)
    found = shop.get(
        {"MetricStat": shop.stat("Sum")},
        {"MetricStat": shop.stat("Average")},
        {"MetricStat": shop.stat(MetricName="other")},
    )
    assert [one["Label"] for one in found] == ["latency Sum", "latency Average", "other"]


def test_search_finds_series(shop: Shop) -> None:
    for name in ("checkout", "search"):
        shop.put(0, MetricName="Errors", Value=3.0, Dimensions=[{"Name": "Service", "Value": name}])
    shop.put(0, MetricName="Requests", Value=3.0, Dimensions=[{"Name": "Service", "Value": "search"}])
    found = shop.get(
        {"Expression": "SEARCH('{Shop,Service} MetricName=\"Errors\"', 'Sum', 60)"},
        {"Expression": "SUM(SEARCH('{Shop,Service} search', 'Sum', 60))"},
        {"Expression": "SEARCH('{Nothing} x', 'Sum', 60)"},
    )
    assert [(one["Id"], one["Label"], one["Values"]) for one in found] == [
        ("q0", "Errors checkout", [3]),
        ("q0", "Errors search", [3]),
        ("q1", "q1", [6]),
        ("q2", "q2", []),
    ]


@pytest.mark.parametrize("room", [1, 7, 25, 60])
def test_pages_hold_every_datapoint_once(shop: Shop, room: int) -> None:
    for minute in range(20):
        shop.put(minute, Value=float(minute))
        shop.put(minute, MetricName="other", Value=float(minute))
    queries: list[dict[str, Any]] = [
        {"Id": "a", "MetricStat": shop.stat()},
        {"Id": "b", "Expression": "METRICS() + 1"},
        {"Id": "c", "MetricStat": shop.stat(MetricName="other")},
    ]
    gathered: dict[tuple[str, str], list[float]] = {}
    token: dict[str, Any] = {}
    while True:
        page = shop.page(queries, MaxDatapoints=room, **token)
        assert sum(len(one["Values"]) for one in page["MetricDataResults"]) <= room
        for one in page["MetricDataResults"]:
            gathered.setdefault((one["Id"], one["Label"]), []).extend(one["Values"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    down = [float(minute) for minute in range(19, -1, -1)]
    up = [value + 1 for value in down]
    assert gathered == {("a", "latency"): down, ("b", "latency"): up, ("b", "other"): up, ("c", "other"): down}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ([{"Id": "Big", "Expression": "1"}], "lower-case"),
        ([{"Id": "a"}], "exactly one"),
        ([{"Id": "a", "Expression": "b"}], "no query with the id b"),
        ([{"Id": "a", "Expression": "a + 1"}], "itself"),
        ([{"Id": "a", "Expression": "b"}, {"Id": "b", "Expression": "a"}], "itself"),
        ([{"Id": "a", "Expression": "1 + 1"}], "a number"),
        ([{"Id": "a", "Expression": "1 +"}], "too early"),
        ([{"Id": "a", "Expression": "TIME_SERIES(1)", "ReturnData": False}], "ReturnData"),
        ([{"Id": "a", "Expression": "TIME_SERIES(1)"}] * 2, "more than one"),
        ([{"Id": "a", "Expression": "TIME_SERIES(1)", "Period": 61}], "Period"),
        ([{"Id": "a", "Expression": "TIME_SERIES(1)", "Period": 60 * 10**400}], "Period"),
        ([{"Id": "a", "Expression": "TIME_SERIES(1e360)"}], "more than a number can be"),
    ],
)
def test_queries_that_are_refused(shop: Shop, change: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(ClientError, match=words) as caught:
        shop.page(change)
    assert code(caught) == "ValidationError"


def test_what_metric_math_has_and_we_have_not_is_refused_by_name(shop: Shop) -> None:
    for expression in ('LAMBDA("f")', "SERVICE_QUOTA(METRICS())"):
        with pytest.raises(ClientError, match="not built") as caught:
            shop.page([{"Id": "a", "Expression": expression}])
        assert code(caught) == "NotImplemented"


@pytest.mark.parametrize(
    ("datum", "expected"),
    [
        ({}, "MissingParameter"),
        ({"Value": float("nan")}, "InvalidParameterValue"),
        ({"Value": float("inf")}, "InvalidParameterValue"),
        ({"Value": 1e109}, "InvalidParameterValue"),
        ({"Value": 1.0, "Values": [1.0]}, "InvalidParameterValue"),
        ({"Values": [1.0, float("nan")]}, "InvalidParameterValue"),
        ({"Values": [1.0], "Counts": [1, 2]}, "InvalidParameterValue"),
        ({"Values": [1.0], "Counts": [-1]}, "InvalidParameterValue"),
        ({"Values": [1.0] * 151}, "InvalidParameterValue"),
        ({"Value": 1.0, "Unit": "Parsecs"}, "ValidationError"),
        ({"Value": 1.0, "StorageResolution": 5}, "InvalidParameterValue"),
        ({"Value": 1.0, "Dimensions": [{"Name": f"d{n}", "Value": "x"} for n in range(31)]}, "InvalidParameterValue"),
        ({"Value": 1.0, "Dimensions": [{"Name": ":d", "Value": "x"}]}, "InvalidParameterValue"),
        (
            {
                "Value": 1.0,
                "StatisticValues": {"SampleCount": 1, "Sum": 1.0, "Minimum": 1.0, "Maximum": 1.0},
            },
            "InvalidParameterCombination",
        ),
        ({"StatisticValues": {"SampleCount": 0, "Sum": 1.0, "Minimum": 1.0, "Maximum": 1.0}}, "InvalidParameterValue"),
    ],
)
def test_datapoints_that_are_refused(shop: Shop, datum: dict[str, Any], expected: str) -> None:
    with pytest.raises(ClientError) as caught:
        shop.put(0, **datum)
    assert code(caught) == expected
    assert shop.client.list_metrics()["Metrics"] == []


@pytest.mark.parametrize("days", [-14.1, 0.1])
def test_times_that_are_refused(shop: Shop, days: float) -> None:
    with pytest.raises(ClientError, match="Timestamp must specify a time"):
        shop.put(days * 24 * 60 + 60, Value=1.0)


def test_a_call_with_one_wrong_datapoint_keeps_none(shop: Shop) -> None:
    right = {"MetricName": "m", "Value": 1.0}
    with pytest.raises(ClientError):
        shop.client.put_metric_data(Namespace="Shop", MetricData=[right, {"MetricName": "m"}])
    assert shop.client.list_metrics()["Metrics"] == []
    with pytest.raises(ClientError, match="1000"):
        shop.client.put_metric_data(Namespace="Shop", MetricData=[right] * 1001)
    with pytest.raises(ClientError, match="AWS/Mine"):
        shop.client.put_metric_data(Namespace="AWS/Mine", MetricData=[right])


def test_list_metrics(shop: Shop, backend: CheckedBackend, clock: ManualClock) -> None:
    names = [f"m{number:04}" for number in range(1200)]
    for some in (names[:600], names[600:]):
        data = [{"MetricName": name, "Value": 1.0, "Dimensions": [{"Name": "n", "Value": "v"}]} for name in some]
        shop.client.put_metric_data(Namespace="Big", MetricData=data)
    shop.put(0, Value=1.0, Dimensions=[{"Name": "stage", "Value": "prod"}], Unit="Seconds")
    shop.put(0, Value=1.0, Dimensions=[{"Name": "stage", "Value": "prod"}], Unit="Count")
    pages = list(shop.client.get_paginator("list_metrics").paginate())
    assert [len(page["Metrics"]) for page in pages] == [500, 500, 201]
    listed = shop.client.list_metrics
    assert len(listed(Namespace="Big", MetricName="m0007")["Metrics"]) == 1
    assert len(listed(Dimensions=[{"Name": "stage"}])["Metrics"]) == 1
    assert listed(Dimensions=[{"Name": "stage", "Value": "test"}])["Metrics"] == []
    clock.advance(4 * 3600)
    assert listed(RecentlyActive="PT3H")["Metrics"] == []
    assert len(listed(Namespace="Shop")["Metrics"]) == 1
    clock.advance(14 * 86400)
    assert listed(Namespace="Shop")["Metrics"] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Period": 1, "EndTime": 86400}, "up to 86400 datapoints, which exceeds the limit of 1440"),
        ({"EndTime": 0}, "must be less than"),
        ({"Period": 61}, "Period"),
        ({"Period": 60 * 10**18}, "Period"),
        ({"ExtendedStatistics": ["p101"]}, "p101"),
    ],
)
def test_statistics_that_are_refused(shop: Shop, change: dict[str, Any], words: str) -> None:
    given = {"Period": 60, "EndTime": 3600, "Statistics": ["Sum"], **change}
    given["EndTime"] = shop.start + timedelta(seconds=given["EndTime"])
    with pytest.raises(ClientError, match=words):
        shop.client.get_metric_statistics(Namespace="Shop", MetricName="latency", StartTime=shop.start, **given)


def test_datapoints_outlive_a_restart(shop: Shop, backend: CheckedBackend, clock: ManualClock) -> None:
    shop.put(0, Values=[1.0, 3.0])
    root = backend.root
    backend.close()
    with CheckedBackend(state=root, clock=clock) as again:
        assert Shop(again.session().client("cloudwatch"), clock).values({"MetricStat": shop.stat("p99")}) == [[3.0]]


def test_a_search_over_very_many_metrics_says_that_it_stopped(shop: Shop, backend: CheckedBackend) -> None:
    data = [{"MetricName": f"m{number}", "Value": 1.0} for number in range(600)]
    shop.client.put_metric_data(Namespace="Many", MetricData=data)
    found = shop.get(
        {"Expression": "SUM(SEARCH('{Many} m', 'Sum', 60))"}, {"Expression": "SEARCH('{Many}', 'Sum', 60)"}
    )
    assert found[1]["Messages"][0]["Code"] == "MaxMetricsExceeded"
    assert len(found) == 501
    scope = backend.world.scope(backend.account, "us-east-1")
    assert len(table.metrics(scope, namespace="Many", limit=10)) == 10


def test_datapoints_grow_wider_with_age_and_are_forgotten(
    shop: Shop, backend: CheckedBackend, clock: ManualClock
) -> None:
    for second in range(0, 600, 30):
        shop.put(second / 60, Values=[float(second), 1.0], StorageResolution=1)

    def widths() -> list[tuple[int, int]]:
        sql = "SELECT width, count(*) FROM metric_points GROUP BY width"
        return backend.world.database.execute(sql).fetchall()

    assert widths() == [(1, 20)]
    clock.advance(5 * 3600)
    assert widths() == [(60, 10)]
    assert shop.values({"MetricStat": shop.stat("SampleCount", 1)}) == [[]]
    for days, width in ((16, 300), (64, 3600)):
        clock.advance(days * 86400)
        found = shop.values(*({"MetricStat": shop.stat(stat, 3600)} for stat in ("SampleCount", "Sum", "p75")))
        assert widths() == [(width, max(1, 600 // width))]
        assert found == [[40], [5720], [270]]
    clock.advance(400 * 86400)
    assert widths() == []


VALUES = st.lists(st.tuples(st.floats(0, 1e6), st.integers(1, 9)), min_size=1, max_size=12)


@given(st.lists(st.tuples(st.integers(0, 9), VALUES), min_size=1, max_size=12), st.sampled_from([60, 120, 300]))
@settings(max_examples=25, deadline=None)
def test_whatever_is_put_is_read_back_as_numpy_would_have_it(
    puts: list[tuple[int, list[tuple[float, int]]]], period: int
) -> None:
    clock = ManualClock()
    with CheckedBackend(clock=clock) as backend:
        shop = Shop(backend.session().client("cloudwatch"), clock)
        samples: dict[int, list[float]] = {}
        for minute, pairs in puts:
            shop.put(minute, Values=[value for value, _ in pairs], Counts=[count for _, count in pairs])
            for value, count in pairs:
                samples.setdefault(minute * 60 // period, []).extend([value] * count)
        names = ["SampleCount", "Sum", "Minimum", "Maximum", "Average", "p90"]
        found = shop.values(*({"MetricStat": shop.stat(name, period)} for name in names))
        rows = [np.array(samples[place]) for place in sorted(samples)]
        expected = [
            [row.size, row.sum(), row.min(), row.max(), row.mean(), np.percentile(row, 90, method="inverted_cdf")]
            for row in rows
        ]
        assert np.allclose(np.array(found).T, expected, rtol=1e-9)


def test_a_chain_of_expressions_is_as_long_as_a_request(shop: Shop) -> None:
    shop.put(0, Value=1.0)
    chain: list[dict[str, Any]] = [
        {"Id": f"e{place}", "Expression": f"e{place - 1} + e{place - 1} / 1e9"} for place in range(1, 500)
    ]
    chain[-1]["Expression"] = "e498 + 1"
    first: dict[str, Any] = {"Id": "e0", "MetricStat": shop.stat()}
    quiet = [{**one, "ReturnData": False} for one in (first, *chain[:-1])]
    (found,) = shop.page([*quiet, chain[-1]])["MetricDataResults"]
    assert found["Values"] == [pytest.approx(2.0, abs=1e-5)]


def test_a_diamond_of_expressions_is_evaluated_once_each(shop: Shop) -> None:
    shop.put(0, Value=1.0)
    first = {"Id": "e0", "MetricStat": shop.stat(), "ReturnData": False}
    rest = [
        {"Id": f"e{place}", "Expression": f"MAX([{', '.join(f'e{one}' for one in range(place))}])", "ReturnData": False}
        for place in range(1, 60)
    ]
    rest[-1]["ReturnData"] = True
    assert shop.page([first, *rest])["MetricDataResults"][0]["Values"] == [1.0]
