"""What was going on at a moment, read from a world, in part where not all may be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from pointsman.aws.cloud import Cloud
from pointsman.aws.guard import Guard
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.local.scenarios import Demo, open_demo
from pointsman.model.neighbours import AROUND, BEFORE
from pointsman.services.alarms import Alarms
from pointsman.services.deployments import Deployments
from pointsman.services.metrics import Metrics
from pointsman.services.neighbours import neighbours
from pointsman.services.pipelines import Pipelines


class Bundle:
    """What is read with."""

    def __init__(self, demo: Demo) -> None:
        self.clock = demo.clock
        cloud = Cloud(demo.session_factory, demo.clock, guard=Guard(read_only=True, clock=demo.clock))
        assert cloud.prepare() is None
        self.cloud = cloud
        self.pipelines = Pipelines(cloud, demo.clock)
        self.deployments = Deployments(cloud, demo.clock)
        self.alarms = Alarms(cloud, demo.clock, Metrics(cloud, demo.clock, free=True))


@pytest.fixture(scope="module")
def floor() -> Iterator[Bundle]:
    demo = open_demo(paused=True)
    yield Bundle(demo)
    demo.close()


async def test_the_neighbours_of_an_alarm_are_what_went_out_before_it_and_itself(floor: Any) -> None:
    listed = await floor.alarms.listing().read(lambda *_: None)
    change = next(one for one in listed.changes if one.after == "ALARM")
    found = await neighbours(floor, change.at)
    assert found.at == change.at and not found.unread
    assert change in found.changes
    assert all(change.at - BEFORE <= one.at <= change.at for one in found.released)
    assert all(one.at is not None and abs(one.at - change.at) <= AROUND for one in found.changes)


async def test_what_went_out_just_before_is_found_and_nothing_of_a_year_ago(floor: Any) -> None:
    deployments = (await floor.deployments.recent().read(lambda *_: None)).deployments
    one = next(one for one in deployments if one.completed is not None)
    found = await neighbours(floor, one.completed + timedelta(minutes=1))
    assert one.ref in [release.ref for release in found.released]
    long_ago = await neighbours(floor, floor.clock.now() - timedelta(days=365))
    assert not long_ago.released and not long_ago.changes


async def test_what_may_not_be_read_is_said_and_the_rest_is_there(floor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def denied(*_: Any) -> Any:
        raise CallFailed(Fault(FaultKind.DENIED, "no"))

    monkeypatch.setattr(floor.alarms, "changes", denied)
    deployments = (await floor.deployments.recent().read(lambda *_: None)).deployments
    at = max(one.completed for one in deployments if one.completed is not None)
    found = await neighbours(floor, at)
    assert found.unread == (("alarms", "access denied"),)
    assert found.released
