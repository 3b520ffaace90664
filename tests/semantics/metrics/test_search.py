"""SEARCH by the examples of the user guide; labels; bands."""

from __future__ import annotations

import contextlib
import math
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.semantics.metrics import anomaly, labels, periods, search
from pointsman.semantics.metrics.math_tree import MathError
from pointsman.semantics.metrics.search import Metric
from pointsman.semantics.metrics.series import Series

CPU = Metric("AWS/EC2", "CPUUtilization", (("InstanceId", "i-1234567890"),))
ERRORS = Metric("AWS/Lambda", "Errors", (("FunctionName", "ProjectA-checkout"),))
COUNT = Metric("My Namespace", "CustomCount1", (("Dimension@Name", "Network-Errors_2"),))
BARE = Metric("Shop", "SDBFailure", ())


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('{AWS/EC2,InstanceId} MetricName="CPUUtilization"', [CPU]),
        ("{AWS/EC2}", [CPU]),
        ("{AWS/EC2,AutoScalingGroupName}", []),
        ("{AWS/Lambda, FunctionName}, Errors", [ERRORS]),
        ("count", [COUNT]),
        ("COUNT", [COUNT]),
        ("couNT", []),
        ("CustomCount", [COUNT]),
        ("Count1", [COUNT]),
        ("customcount", []),
        ("count1", []),
        ("customcount1", [COUNT]),
        ('"CustomCount1"', [COUNT]),
        ('"customcount1"', []),
        ("network/errors", [COUNT]),
        ("Network_Errors", [COUNT]),
        ("errors", [ERRORS, COUNT]),
        ("MetricName=errors", [ERRORS]),
        ("failure", [BARE]),
        ("sdb", [BARE]),
        ("NOT Namespace=AWS", [COUNT, BARE]),
        ("(EC2 OR Lambda) AND NOT errors", [CPU]),
        ("errors ProjectA", [ERRORS]),
        ('{"My Namespace", "Dimension@Name"} custom', [COUNT]),
        ('FunctionName="ProjectA-checkout"', [ERRORS]),
        ('Namespace="AWS/EC2" OR failure', [CPU, BARE]),
        ("utilization i-1234567890", [CPU]),
    ],
)
def test_what_is_found(expression: str, found: list[Metric]) -> None:
    read = search.read(expression)
    assert [metric for metric in (CPU, ERRORS, COUNT, BARE) if read.finds(metric)] == found


def test_the_names_that_it_must_be_one_of() -> None:
    assert search.read('MetricName="a" x OR MetricName="b"').names == {"a", "b"}
    assert search.read('MetricName="a" OR x').names == frozenset()
    assert search.read('NOT MetricName="a"').names == frozenset()


@pytest.mark.parametrize("expression", ["", " ", "{", "{}", "a OR", "x" * 1025, "(" * 61])
def test_searches_that_are_refused(expression: str) -> None:
    with pytest.raises(MathError):
        search.read(expression)


@given(st.text('{}()",=ANDORT a\\', max_size=30))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_search_or_a_sentence(text: str) -> None:
    with contextlib.suppress(MathError):
        search.read(text).finds(CPU)


SERIES = Series({0: 2.0, 60: 8.5, 120: 4.0}, 60, label="errors", facts={"MetricName": "5xx", "Dim.Stage": "prod"})
NOW = datetime(1970, 1, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("plain", "plain"),
        ("${LABEL}: ${MAX} of ${PROP('MetricName')} in ${PROP('Dim.Stage')}", "errors: 8.5 of 5xx in prod"),
        ("${MIN_MAX_RANGE}", "2 - 8.5"),
        ("${FIRST_LAST_RANGE}", "2 - 4"),
        ("${SUM} ${AVG} ${DATAPOINT_COUNT}", "14.5 4.8333 3"),
        ("${MAX_TIME}", "1970-01-01 00:01:00 UTC"),
        ("${LAST_TIME_RELATIVE}", "1 hour ago"),
        ("${PROP('Nothing')} ${NOTHING}", "${PROP('Nothing')} ${NOTHING}"),
    ],
)
def test_labels(label: str, expected: str) -> None:
    assert labels.fill(label, SERIES, NOW) == expected


def test_times_are_told_in_the_zone_that_is_asked_for() -> None:
    assert labels.fill("${MAX_TIME}", SERIES, NOW, labels.zone("+0130")) == "1970-01-01 01:31:00 UTC+01:30"
    assert labels.fill("${MAX}", Series({}, 60), NOW) == "--"
    with pytest.raises(MathError):
        labels.zone("0130")
    with pytest.raises(MathError, match="at most 6"):
        labels.fill("${MAX}" * 7, SERIES, NOW)


def seasonal(days: int) -> dict[int, float]:
    dice = random.Random(7)
    return {
        time: 100 + 50 * math.sin(2 * math.pi * time / periods.DAY) + dice.gauss(0, 3)
        for time in range(0, days * periods.DAY, 300)
    }


def test_a_band_stays_quiet_on_a_season_and_finds_what_was_planted() -> None:
    points = seasonal(15)
    trained = anomaly.train({time: value for time, value in points.items() if time < 14 * periods.DAY}, 300)
    assert trained is not None
    day = {time: value for time, value in points.items() if time >= 14 * periods.DAY}
    outside = 0
    for time, value in day.items():
        low, high = trained.band(time, 4)
        outside += not low <= value <= high
    assert outside <= len(day) * 0.01
    # 100 is nothing at the mean of the day, and far too much when the season is at its lowest.
    low, high = trained.band(14 * periods.DAY + periods.DAY * 3 // 4, 4)
    assert not low <= 100 <= high


def test_little_history_has_one_band_and_none_has_no_model() -> None:
    assert anomaly.train(dict.fromkeys(range(5), 1.0), 60) is None
    trained = anomaly.train({time * 60: 10.0 + time % 2 for time in range(60)}, 60)
    assert trained is not None
    low, high = trained.band(0, 2)
    assert low <= 10 and high >= 11 and high < 20
    low, high = anomaly.train(dict.fromkeys(range(100), 5.0), 60).band(0, 2)  # type: ignore[union-attr]
    assert low < 5.0 < high


@pytest.mark.parametrize(
    ("age", "resolution", "width"),
    [(0, 1, 1), (0, 60, 60), (4 * 3600, 1, 60), (16 * 86400, 60, 300), (100 * 86400, 1, 3600), (456 * 86400, 60, 0)],
)
def test_retention(age: int, resolution: int, width: int) -> None:
    assert periods.width(age, resolution) == width


def test_alignment() -> None:
    assert periods.floor(125, 60) == 120
    assert periods.floor(125, 60, 5) == 125
    assert periods.ceiling(121, 60) == 180
    assert [periods.range_alignment(0, 60, days * 86400) for days in (1, 20, 70)] == [60, 300, 3600]
    assert [one for one in (0, 1, 2, 7, 20, 45, 60, 90, 300) if periods.valid(one)] == [1, 20, 60, 300]
