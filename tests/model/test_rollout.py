"""What follows from a deployment and its targets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pointsman.clock import EPOCH
from pointsman.model.deployments import (
    ECS,
    BlueGreen,
    Configuration,
    Counts,
    Deployment,
    LifecycleEvent,
    RevisionLocation,
    Rollout,
    Routing,
    Target,
    TaskSet,
)
from pointsman.model.refs import DeploymentGroupRef, DeploymentRef, TargetRef
from pointsman.model.rollout import batches, event_names, steps, traffic, usual, wait_ends
from pointsman.model.status import status
from pointsman.semantics.healthy_hosts import healthy_hosts

GROUP = DeploymentGroupRef("shop", "prod")


def deployment(word: str = "InProgress", **more: Any) -> Deployment:
    return replace(Deployment(DeploymentRef("d-1", GROUP), GROUP, status=status(word), created=EPOCH), **more)


def target(name: str, *events: tuple[str, str], label: str = "", **more: Any) -> Target:
    made = tuple(LifecycleEvent(event, status(word), EPOCH, None) for event, word in events)
    return replace(Target(TargetRef("d-1", name), status("InProgress"), label, made), **more)


@pytest.mark.parametrize(
    ("total", "kind", "value", "name", "minimum", "at_once", "count"),
    [
        (9, "HOST_COUNT", 6, "", 6, 3, 3),
        (9, "FLEET_PERCENT", 40, "", 4, 5, 2),
        (9, "FLEET_PERCENT", 50, "CodeDeployDefault.HalfAtATime", 5, 4, 3),
        (9, "HOST_COUNT", 0, "CodeDeployDefault.AllAtOnce", 0, 9, 1),
        (9, "", 0, "CodeDeployDefault.OneAtATime", 8, 1, 9),
        (9, "MOST_CONCURRENCY", 2, "", 7, 2, 5),
        (1, "FLEET_PERCENT", 99, "CodeDeployDefault.OneAtATime", 0, 1, 1),
        (0, "HOST_COUNT", 3, "", 0, 1, 0),
    ],
)
def test_the_arithmetic_of_healthy_hosts(
    total: int, kind: str, value: int, name: str, minimum: int, at_once: int, count: int
) -> None:
    hosts = healthy_hosts(total, kind, value, name)
    assert (hosts.minimum, hosts.at_once, hosts.batches) == (minimum, at_once, count)


@given(total=st.integers(1, 2000), kind=st.sampled_from(["HOST_COUNT", "FLEET_PERCENT"]), value=st.integers(0, 100))
def test_the_batches_cover_the_fleet_and_never_cost_more_than_the_minimum_allows(
    total: int, kind: str, value: int
) -> None:
    hosts = healthy_hosts(total, kind, value)
    assert hosts.at_once * hosts.batches >= total > hosts.at_once * (hosts.batches - 1)
    assert hosts.at_once == 1 or total - hosts.at_once >= hosts.minimum


def test_the_batch_under_way_and_who_serves() -> None:
    config = Configuration("thirds", "HOST_COUNT", 6)
    one = deployment(counts=Counts(pending=4, in_progress=2, succeeded=2, failed=1))
    found = batches(Rollout(one, total=9, configuration=config))
    assert found is not None
    assert (found.batch, found.hosts.batches, found.healthy, found.hosts.minimum) == (2, 3, 6, 6)
    assert batches(Rollout(one, total=9)) is None
    assert batches(Rollout(replace(one, platform=ECS), total=9, configuration=config)) is None


def test_events_are_put_in_one_order_whatever_each_target_has() -> None:
    blue = target("b", ("BeforeBlockTraffic", ""), ("BlockTraffic", ""))
    green = target("g", ("ApplicationStop", ""), ("Install", ""), ("AllowTraffic", ""))
    other = target("h", ("ApplicationStop", ""), ("BeforeInstall", ""), ("Install", ""), ("AllowTraffic", ""))
    assert event_names((green, other)) == ("ApplicationStop", "BeforeInstall", "Install", "AllowTraffic")
    assert event_names((green, blue)) == (
        "ApplicationStop", "Install", "AllowTraffic", "BeforeBlockTraffic", "BlockTraffic",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("routing", "shares"),
    [
        (Routing("TimeBasedCanary", 10, 5), (10, 100)),
        (Routing("TimeBasedLinear", 10, 1), (10, 20, 30, 40, 50, 60, 70, 80, 90, 100)),
        (Routing("TimeBasedLinear", 40, 1), (40, 80, 100)),
        (Routing("AllAtOnce"), (100,)),
        (Routing(), ()),
    ],
)
def test_the_steps_of_a_configuration(routing: Routing, shares: tuple[int, ...]) -> None:
    assert steps(routing) == shares


def test_a_canary_in_its_wait_says_what_comes_next_and_when() -> None:
    sides = (TaskSet("Blue", "v6", weight=90.0), TaskSet("Green", "v7", weight=10.0))
    function = target("fn", ("BeforeAllowTraffic", "Succeeded"), ("AllowTraffic", "InProgress"), sides=sides)
    config = Configuration("canary", routing=Routing("TimeBasedCanary", 10, 5))
    found = traffic(Rollout(deployment(platform="Lambda"), (function,), 1, config))
    assert found is not None
    assert (found.percent, found.step, found.next_percent) == (10.0, 1, 100)
    assert found.next_at == EPOCH + timedelta(minutes=5)
    assert (found.new, found.old) == ("v7", "v6")


def test_a_fleet_s_traffic_is_the_share_of_replacements_that_serve() -> None:
    fleet = (
        target("g1", ("AllowTraffic", "Succeeded"), label="Green"),
        target("g2", ("AllowTraffic", "InProgress"), label="Green"),
        target("b1", ("BlockTraffic", "Succeeded"), label="Blue"),
        target("b2", ("BlockTraffic", "Pending"), label="Blue"),
    )
    found = traffic(Rollout(deployment(blue_green=True), fleet, 4))
    assert found is not None
    assert (found.percent, found.new, found.old) == (50.0, "1 of 2", "1 of 2")
    assert traffic(Rollout(deployment(), fleet, 4)) is None


def test_a_wait_ends_so_many_minutes_after_the_last_event() -> None:
    waits = BlueGreen("STOP_DEPLOYMENT", 60, "TERMINATE", 5)
    done = replace(target("g"), events=(LifecycleEvent("Install", status("Succeeded"), EPOCH, EPOCH),))
    assert wait_ends(Rollout(deployment("Ready", waits=waits), (done,), 1)) == EPOCH + timedelta(minutes=60)
    ending = deployment(waits=waits, termination_waiting=True)
    assert wait_ends(Rollout(ending, (done,), 1)) == EPOCH + timedelta(minutes=5)
    assert wait_ends(Rollout(deployment(waits=waits), (done,), 1)) is None


def earlier(*minutes: float) -> list[Deployment]:
    return [
        deployment("Succeeded", ref=DeploymentRef(f"d-{number}", GROUP), completed=EPOCH + timedelta(minutes=taken))
        for number, taken in enumerate(minutes)
    ]


def test_the_usual_time_is_that_of_earlier_successes() -> None:
    found = usual([*earlier(4, 5, 6, 20), deployment("Failed", completed=EPOCH)], but="d-3")
    assert found is not None
    assert (found.p50, found.samples) == (timedelta(minutes=5), 3)
    assert timedelta(minutes=5) < found.p90 <= timedelta(minutes=6)
    assert usual(earlier(4, 5)) is None


def test_what_takes_longer_than_nine_in_ten_is_overdue_unless_it_waits() -> None:
    found = usual(earlier(4, 5, 6))
    assert found is not None
    late = EPOCH + timedelta(minutes=7)
    assert found.overdue(deployment(), late)
    assert not found.overdue(deployment(), EPOCH + timedelta(minutes=5))
    assert not found.overdue(deployment("Ready"), late)
    assert not found.overdue(deployment("Succeeded"), late)


def test_two_places_are_one_revision_when_version_or_content_is_the_same() -> None:
    with_tag = RevisionLocation("S3", "b", "k", "zip", version="v1", etag="e")
    assert with_tag.identity == replace(with_tag, etag="").identity
    assert with_tag.identity != replace(with_tag, version="v2").identity
    assert RevisionLocation("S3", "b", "k/app.zip", "zip", etag="0123456789").short == "app"
    assert not RevisionLocation()


def test_a_replacement_that_is_installed_is_not_settled_before_it_serves() -> None:
    installed = target("g", ("Install", "Succeeded"), ("AllowTraffic", "Pending"), status=status("Succeeded"))
    assert not installed.settled
    assert target("g", ("Install", "Failed"), ("AllowTraffic", "Skipped"), status=status("Failed")).settled


@pytest.mark.parametrize(
    ("code", "message", "alarms", "names"),
    [
        ("ALARM_ACTIVE", "... stopped. Activated alarms: <a b>", (), ("a b",)),
        ("ALARM_ACTIVE", "Activated alarms: <a, b> <c>", (), ("a, b", "c")),
        ("ALARM_ACTIVE", "Activated alarms: a", (), ("a",)),
        ("ALARM_ACTIVE", "Alarm high is on", ("high", "low"), ("high",)),
        ("ALARM_ACTIVE", "Activated alarms:", (), ()),
        ("ALARM_ACTIVE", "Activated alarms: <>", (), ()),
        ("ALARM_ACTIVE", "", ("high",), ()),
        ("TIMEOUT", "Activated alarms: <a>", (), ()),
    ],
)
def test_the_alarms_that_stopped_it_are_told_by_its_error(
    code: str, message: str, alarms: tuple[str, ...], names: tuple[str, ...]
) -> None:
    group = DeploymentGroupRef("shop", "prod")
    one = Deployment(DeploymentRef("d-1"), group, error_code=code, error_message=message, alarms=alarms)
    assert one.stopped_by == names
