"""CodeDeploy's arithmetic, by the examples of its user guide and by what must hold for every number."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics import deployments as rules
from pointsman.semantics.deployments import Minimum, Routing, TagFilter


@pytest.mark.parametrize(
    ("kind", "value", "total", "minimum"),
    [
        ("HOST_COUNT", 6, 9, 6),
        ("FLEET_PERCENT", 40, 9, 4),
        ("FLEET_PERCENT", 50, 9, 5),
        ("FLEET_PERCENT", 95, 10, 10),
        ("HOST_COUNT", 0, 10, 0),
        ("MOST_CONCURRENCY", 1, 10, 9),
        ("MOST_CONCURRENCY", 1, 1, 0),
    ],
)
def test_the_minimum_as_the_guide_counts_it(kind: str, value: int, total: int, minimum: int) -> None:
    assert rules.minimum_healthy(Minimum(kind, value), total) == minimum


def test_how_many_at_a_time_as_the_guide_says() -> None:
    assert rules.room(9, 6, failed=0, running=0) == 3
    assert rules.room(9, 4, failed=0, running=0) == 5
    assert rules.room(9, 5, failed=0, running=0) == 4
    assert rules.room(10, 9, failed=0, running=1) == 0
    assert not rules.can_start(10, 10)


def test_eight_of_ten_bears_one_failure_and_the_last() -> None:
    assert not rules.must_fail(10, 8, failed=1, waiting=3)
    assert rules.must_fail(10, 8, failed=2, waiting=1)
    assert not rules.must_fail(10, 8, failed=2, waiting=0)
    assert rules.judge(8, succeeded=8)
    assert not rules.judge(0, succeeded=0)


@given(st.integers(1, 300), st.integers(0, 99), st.data())
def test_what_is_started_never_takes_the_healthy_below_the_minimum(
    total: int, percent: int, data: st.DataObject
) -> None:
    minimum = rules.minimum_healthy(Minimum("FLEET_PERCENT", percent), total)
    failed = data.draw(st.integers(0, total))
    running = data.draw(st.integers(0, total - failed))
    more = rules.room(total, minimum, failed=failed, running=running)
    assert more == 0 or total - failed - running - more >= minimum


def test_shifts_of_the_predefined_configurations() -> None:
    canary = rules.PREDEFINED["CodeDeployDefault.ECSCanary10Percent5Minutes"].routing
    linear = rules.PREDEFINED["CodeDeployDefault.LambdaLinear10PercentEvery1Minute"].routing
    assert canary is not None
    assert linear is not None
    assert rules.shifts(canary) == ((0, 10), (5, 100))
    assert rules.shifts(linear) == tuple((minute, 10 * (minute + 1)) for minute in range(10))
    assert rules.shifts(Routing("AllAtOnce")) == ((0, 100),)


@given(st.integers(1, 99), st.integers(1, 60))
def test_a_linear_shift_rises_to_all_of_the_traffic(percentage: int, interval: int) -> None:
    steps = rules.shifts(Routing("TimeBasedLinear", percentage, interval))
    assert steps[0] == (0, percentage)
    assert steps[-1][1] == 100
    assert [minutes for minutes, _ in steps] == [interval * number for number in range(len(steps))]
    assert all(later > earlier for (_, earlier), (_, later) in pairwise(steps))


NAMES = """
AllAtOnce HalfAtATime OneAtATime
LambdaAllAtOnce LambdaCanary10Percent5Minutes LambdaCanary10Percent10Minutes LambdaCanary10Percent15Minutes
LambdaCanary10Percent30Minutes LambdaLinear10PercentEvery1Minute LambdaLinear10PercentEvery2Minutes
LambdaLinear10PercentEvery3Minutes LambdaLinear10PercentEvery10Minutes
ECSAllAtOnce ECSCanary10Percent5Minutes ECSCanary10Percent15Minutes ECSLinear10PercentEvery1Minutes
ECSLinear10PercentEvery3Minutes
"""


def test_the_predefined_names_are_awss() -> None:
    assert sorted(rules.PREDEFINED) == sorted(f"CodeDeployDefault.{name}" for name in NAMES.split())


def test_tags_of_every_group_must_match() -> None:
    groups = (
        (TagFilter("KEY_AND_VALUE", "role", "web"), TagFilter("KEY_ONLY", "any")),
        (TagFilter("VALUE_ONLY", "", "eu"),),
    )
    assert rules.tagged(groups, {"role": "web", "zone": "eu"})
    assert not rules.tagged(groups, {"role": "web"})
    assert rules.tagged(groups, {"any": "", "zone": "eu"})
    assert not rules.tagged((), {"role": "web"})


def test_the_order_of_events_in_place() -> None:
    assert rules.in_place(balanced=False) == rules.INSTALLING
    assert rules.in_place(balanced=True)[:4] == (
        "BeforeBlockTraffic", "BlockTraffic", "AfterBlockTraffic", "ApplicationStop",
    )  # fmt: skip
    assert rules.in_place(balanced=True)[-3:] == ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")
