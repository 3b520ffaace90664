"""Metrics Insights: queries as read, AWS's examples, and what is none."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.metrics.insights import Condition, Query, begins, read
from pointsman.semantics.metrics.math_tree import MathError


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ('SELECT AVG(CPUUtilization) FROM "AWS/EC2"', Query("AVG", "CPUUtilization", "AWS/EC2", None)),
        ('select max(x) from SCHEMA("AWS/EC2")', Query("MAX", "x", "AWS/EC2", frozenset())),
        (
            """SELECT SUM(RequestCount) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer, AvailabilityZone)
            WHERE LoadBalancer = 'app/load-balancer-1' AND Zone != 'it\\'s' GROUP BY AvailabilityZone, Other
            ORDER BY MAX() DESC LIMIT 5""",
            Query(
                "SUM",
                "RequestCount",
                "AWS/ApplicationELB",
                frozenset({"LoadBalancer", "AvailabilityZone"}),
                (Condition("LoadBalancer", "app/load-balancer-1", True), Condition("Zone", "it's", False)),
                ("AvailabilityZone", "Other"),
                "MAX",
                True,
                5,
            ),
        ),
        (
            'SELECT COUNT("Bytes\\"Input\\"") FROM Shop ORDER BY SUM()',
            Query("COUNT", 'Bytes"Input"', "Shop", None, order="SUM"),
        ),
        ('SELECT AVG("LIMIT") FROM Schema', Query("AVG", "LIMIT", "Schema", None)),
    ],
)
def test_a_query(text: str, query: Query) -> None:
    assert begins(text)
    assert read(text) == query


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT", "too early"),
        ("SELECT AVG(x)", "too early"),
        ("SELECT MEDIAN(x) FROM y", "column 8"),
        ("SELECT AVG(x) FROM AWS/EC2", "column 23"),
        ("SELECT AVG(x) FROM y WHERE a = b", "column 32"),
        ('SELECT AVG(x) FROM y WHERE a = "b"', "column 32"),
        ("SELECT AVG(x) FROM y LIMIT 501", "LIMIT is from 1 to 500"),
        ("SELECT AVG(x) FROM y LIMIT 0", "LIMIT is from 1 to 500"),
        ("SELECT AVG(x) FROM y ORDER BY x", "column 31"),
        ("SELECT AVG(x) FROM y GROUP a", "column 28"),
        ("SELECT AVG(x) FROM y; DROP", "column 21"),
    ],
)
def test_what_is_no_query_says_where(text: str, said: str) -> None:
    with pytest.raises(MathError, match=said):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        """SELECT SUM(RequestCount) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer, AvailabilityZone)
        WHERE LoadBalancer = 'app/load-balancer-1' GROUP BY AvailabilityZone ORDER BY MAX() DESC LIMIT 5""",
        """SELECT SUM(BytesDownloaded) FROM SCHEMA("AWS/S3", BucketName, FilterId)
        WHERE FilterId = 'EntireBucket' GROUP BY BucketName""",
        "SELECT MAX(CPUUtilization) FROM \"AWS/EC2\" WHERE AutoScalingGroupName = 'my-production-fleet'",
        'SELECT AVG("Bytes\\"Input\\"") FROM Shop',
        'SELECT MAX("My.Metric") FROM Shop',
    ],
)
def test_examples_of_the_user_guide(text: str) -> None:
    assert read(text).metric


def test_metrics_are_taken_by_their_labels() -> None:
    query = read(
        "SELECT SUM(n) FROM SCHEMA(Shop, Stage, Zone) WHERE Stage = 'prod' AND Zone != 'a' GROUP BY Zone, Tier"
    )
    assert query.takes({"Stage": "prod", "Zone": "b"})
    assert not query.takes({"Stage": "prod", "Zone": "a"})
    assert not query.takes({"Stage": "prod", "Zone": "b", "More": "x"})
    assert query.key({"Stage": "prod", "Zone": "b"}) == ("b", "Other")
    assert not begins("SELECTED + 1")


@given(st.text("SELECTAVGFROMWHEREBYLIMT ()\"'=!,x1", max_size=60))
def test_anything_is_a_query_or_a_sentence(text: str) -> None:
    with contextlib.suppress(MathError):
        read(f"SELECT {text}")
