"""Series are read in as few calls as CloudWatch takes, by pages, in their order."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.clock import EPOCH, ManualClock
from pointsman.model.deployments import Deployment
from pointsman.model.marks import before, marks
from pointsman.model.metrics import MetricQuery, Series, Wall, WallQuery, period_for, published_unit
from pointsman.model.refs import DeploymentGroupRef, DeploymentRef, MetricRef
from pointsman.model.status import status
from pointsman.services import metrics as service
from pointsman.services.metrics import Metrics
from pointsman.services.reads import metrics as reader
from support.backend import CheckedBackend
from support.cloud import FakeCloud

CPU = MetricRef("AWS/ECS", "CPUUtilization", (("Cluster", "shop"),))


def refs(count: int) -> tuple[MetricRef, ...]:
    return tuple(MetricRef("Shop", f"m{at:04d}") for at in range(count))


def echo(**asked: Any) -> dict[str, Any]:
    """Two pages: the first has the newer half of each series."""
    late = not asked.get("NextToken")
    at = EPOCH - timedelta(minutes=1 if late else 2)
    results = [
        {"Id": one["Id"], "Label": one["Id"], "Timestamps": [at], "Values": [float(late)], "StatusCode": "Complete"}
        for one in asked["MetricDataQueries"]
    ]
    return {"MetricDataResults": results, **({"NextToken": "2"} if late else {})}


async def read(cloud: FakeCloud, query: WallQuery) -> Wall:
    return await Metrics(cloud, ManualClock()).wall(query).read(lambda *_: None)


async def test_five_hundred_series_are_one_call_and_more_are_as_many_as_it_takes() -> None:
    for count, calls in ((1, 1), (500, 1), (501, 2), (1200, 3)):
        cloud = FakeCloud(GetMetricData=lambda **_: {"MetricDataResults": []})
        found = await read(cloud, WallQuery(tuple(MetricQuery(one) for one in refs(count))))
        assert cloud.count("GetMetricData") == calls
        assert [one.query.ref for one in found.series] == list(refs(count))


async def test_pages_of_a_series_are_put_together() -> None:
    found = await read(FakeCloud(GetMetricData=echo), WallQuery((MetricQuery(CPU), MetricQuery(refs(1)[0]))))
    assert [one.values for one in found.series] == [(0.0, 1.0)] * 2


async def test_expressions_go_out_with_what_they_are_over() -> None:
    cloud = FakeCloud(GetMetricData=echo)
    query = WallQuery(
        (MetricQuery(CPU, "p90"), MetricQuery(CPU), MetricQuery(None, expression="m1/m2*100")), period=300
    )
    await read(cloud, query)
    (_, given), *_ = cloud.asked
    first, second, third = given["MetricDataQueries"]
    assert (first["Id"], first["MetricStat"]["Stat"], first["MetricStat"]["Period"]) == ("m1", "p90", 300)
    assert second["Id"] == "m2"
    assert third == {"Id": "e1", "Expression": "m1/m2*100", "Period": 300}
    assert given["StartTime"].timestamp() % 300 == given["EndTime"].timestamp() % 300 == 0


async def test_against_aws_it_is_billed_and_read_once_a_minute_and_locally_more_often() -> None:
    query = WallQuery((MetricQuery(CPU),))
    wall = Wall(query, (), EPOCH, EPOCH)
    cloud = FakeCloud()
    billed, free = Metrics(cloud, ManualClock()).wall(query), Metrics(cloud, ManualClock(), free=True).wall(query)
    assert (billed.billed, billed.cadence(wall)) == (True, 60)
    assert (free.billed, free.cadence(wall)) == (False, 10)
    ended = Metrics(cloud, ManualClock()).wall(WallQuery(query.queries, end=EPOCH))
    assert ended.cadence(wall) is None


async def test_a_list_of_metrics_is_read_to_its_end_and_a_token_that_repeats_ends_it() -> None:
    def page(NextToken: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return {"Metrics": [{"Namespace": "Shop", "MetricName": f"m{NextToken}"}], "NextToken": "x"}

    cloud = FakeCloud(ListMetrics=page)
    found = await Metrics(cloud, ManualClock()).listing().read(lambda *_: None)
    assert cloud.count("ListMetrics") == 2
    assert [one.name for one in found.metrics] == ["m", "mx"]
    assert not found.more


async def test_a_list_that_does_not_end_says_what_it_lacks() -> None:
    def page(NextToken: str = "0", **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return {"Metrics": [{"Namespace": "Shop", "MetricName": f"m{NextToken}"}], "NextToken": str(int(NextToken) + 1)}

    source = Metrics(FakeCloud(ListMetrics=page), ManualClock()).listing()
    found = await source.read(lambda *_: None)
    assert found.more
    assert len(found.metrics) == service.PAGES
    assert "watch.metrics" in source.partial(found)


def test_what_is_watched_without_being_asked_for() -> None:
    plain = Metrics(FakeCloud(), ManualClock())
    assert plain.watched(MetricRef("Shop", "Orders"))
    assert plain.watched(MetricRef("AWS/CodeBuild", "Builds"))
    assert not plain.watched(MetricRef("AWS/EC2", "CPUUtilization"))
    told = Metrics(FakeCloud(), ManualClock(), watch=("AWS/Lambda", "Shop/Ord*"))
    assert told.watched(MetricRef("AWS/Lambda", "Errors"))
    assert told.watched(MetricRef("Shop", "Orders"))
    assert not told.watched(MetricRef("Shop", "Refunds"))


async def test_with_the_backend_what_is_put_is_read(backend: CheckedBackend, clock: ManualClock) -> None:
    client = backend.session(region_name="eu-west-1").client("cloudwatch")
    client.put_metric_data(
        Namespace="Shop",
        MetricData=[{"MetricName": "Orders", "Value": value, "Unit": "Count"} for value in (3.0, 5.0)],
    )
    client.put_metric_alarm(
        AlarmName="few",
        Namespace="Shop",
        MetricName="Orders",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=2,
        ComparisonOperator="LessThanThreshold",
    )
    clock.advance(60)
    cloud = FakeCloud(
        **{name: getattr(client, word) for name, word in service_calls().items()},
    )
    metrics = Metrics(cloud, clock, free=True)
    listed = await metrics.listing().read(lambda *_: None)
    ref = MetricRef("Shop", "Orders")
    assert ref in listed.metrics
    found = await metrics.read(WallQuery((MetricQuery(ref, "Sum"), MetricQuery(None, expression="m1*2"))))
    assert [one.values for one in found.series] == [(8.0,), (16.0,)]
    assert await metrics.unit(ref) == "Count"
    (held,) = await metrics.thresholds().read(lambda *_: None)
    assert (held.alarm, held.metric, held.sign, held.value) == ("few", ref, "<", 2.0)
    assert held.breached_by(1)
    assert not held.breached_by(2)


def service_calls() -> dict[str, str]:
    return {
        "ListMetrics": "list_metrics",
        "GetMetricData": "get_metric_data",
        "GetMetricStatistics": "get_metric_statistics",
        "DescribeAlarms": "describe_alarms",
    }


def test_odd_numbers_and_missing_members_are_left_out() -> None:
    page = {
        "MetricDataResults": [
            {"Id": "m1", "Timestamps": [EPOCH, EPOCH, "no time"], "Values": [math.nan, 1, 2]},
            {"Timestamps": [EPOCH], "Values": [True]},
            {"Id": "m3", "StatusCode": "Forbidden", "Messages": [{"Code": "No", "Value": "not yours"}]},
        ]
    }
    (one, first), (_, second), (_, third) = reader.results(page)
    assert (one, first.values) == ("m1", (1.0,))
    assert second.values == ()
    assert third.problem == "not yours"


@given(st.timedeltas(timedelta(minutes=1), timedelta(days=400)))
def test_a_period_is_one_cloudwatch_has_and_a_range_has_a_number_of_them_that_can_be_seen(span: timedelta) -> None:
    period = period_for(span)
    assert period % 60 == 0
    assert span.total_seconds() / period <= 401


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.floats(-1e9, 1e9)), max_size=50, unique_by=lambda one: one[0]),
    st.integers(1, 90),
)
def test_columns_hold_values_of_their_own_part_of_the_range(points: list[tuple[int, float]], count: int) -> None:
    points.sort()
    series = Series(MetricQuery(CPU), "", tuple(at * 60.0 for at, _ in points), tuple(value for _, value in points))
    found = series.columns(0, 6000, count, 60)
    assert len(found) == count
    width = 6000 / count
    for at, value in enumerate(found):

        def held(slack: float, at: int = at) -> list[float]:
            """What holds in a part whose ends are moved outwards by ``slack``: a quotient is exact to a hair only."""
            begin, end = at * width - slack, (at + 1) * width + slack
            return [v for t, v in zip(series.times, series.values, strict=True) if t < end and t + 60 > begin]

        assert value in held(1e-6) if value is not None else not held(-1e-6)


@pytest.mark.parametrize("size", [1.0, 1e300])
def test_of_two_values_as_far_from_the_mean_the_earlier_is_drawn(size: float) -> None:
    values = (size, -size, -size, size)
    series = Series(MetricQuery(CPU), "", tuple(at * 60.0 for at in range(4)), values)
    assert series.columns(0, 240, 2, 60) == [size, -size]


def test_what_went_out_is_marked_when_it_was_over() -> None:
    group = DeploymentGroupRef("shop", "prod")

    def deployment(minutes: int, **more: Any) -> Deployment:
        return Deployment(
            DeploymentRef(f"d-{minutes}"),
            group,
            status=status("Failed"),
            completed=EPOCH + timedelta(minutes=minutes),
            **more,
        )

    found = marks(
        [deployment(5), deployment(1, rolled_back_id="d-0"), deployment(90)], [], EPOCH, EPOCH + timedelta(minutes=60)
    )
    assert [(one.kind, one.failed) for one in found] == [("rollback", True), ("deployment", True)]
    last = before(found, EPOCH + timedelta(minutes=4))
    assert last is not None
    assert last.kind == "rollback"
    assert before(found, EPOCH) is None


def test_units_of_awss_own_metrics_are_known_and_others_are_not_guessed() -> None:
    assert published_unit(CPU) == "Percent"
    assert published_unit(MetricRef("AWS/CodeBuild", "BuildDuration")) == "Seconds"
    assert published_unit(MetricRef("Shop", "CPUUtilization")) == ""


def test_a_series_knows_what_holds_at_a_moment() -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    series = Series(MetricQuery(CPU), "", (begin, begin + 120), (1.0, 2.0))
    assert [series.at(begin + late, 60) for late in (-1, 0, 59, 60, 121)] == [None, 1.0, 1.0, None, 2.0]
