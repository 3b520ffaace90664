"""Reserved capacity fleets: kept as given, and as many builds at once as they have room for."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.builds import Builds

GOOD = "version: 0.2\nphases: {build: {commands: ['true']}}"
SLOW = "version: 0.2\nphases: {build: {commands: ['sleep 30']}}"
KIND = "LINUX_CONTAINER"
SMALL: dict[str, Any] = {"environmentType": KIND, "computeType": "BUILD_GENERAL1_SMALL"}


def made(builds: Builds, name: str = "pool", capacity: int = 1, **more: Any) -> Any:
    return builds.client.create_fleet(name=name, baseCapacity=capacity, **{**SMALL, **more})["fleet"]


def in_fleet(builds: Builds, arn: str, text: str = GOOD, name: str = "web") -> None:
    environment = {"type": KIND, "image": "x", "computeType": "BUILD_GENERAL1_SMALL", "fleet": {"fleetArn": arn}}
    builds.project(text, name, environment=environment)


def phases(builds: Builds, ids: list[str]) -> list[str]:
    return [builds.get(one)["currentPhase"] for one in ids]


def test_a_fleet_is_kept_as_it_was_given(builds: Builds) -> None:
    fleet = made(builds, tags=[{"key": "a", "value": "b"}])
    assert fleet["arn"].endswith(f":fleet/pool:{fleet['id']}")
    assert (fleet["status"]["statusCode"], fleet["overflowBehavior"], fleet["baseCapacity"]) == ("ACTIVE", "QUEUE", 1)
    found = builds.client.batch_get_fleets(names=["pool", fleet["arn"], "other"])
    assert [one["arn"] for one in found["fleets"]] == [fleet["arn"]] * 2
    assert found["fleetsNotFound"] == ["other"]
    builds.clock.advance(60)
    changed = builds.client.update_fleet(arn=fleet["arn"], baseCapacity=3, overflowBehavior="ON_DEMAND")["fleet"]
    assert (changed["baseCapacity"], changed["overflowBehavior"], changed["tags"]) == (3, "ON_DEMAND", fleet["tags"])
    assert changed["lastModified"] > changed["created"]


def test_fleets_are_listed_in_the_order_asked_for(builds: Builds) -> None:
    arns = {}
    for name in ("zebra", "apple", "mango"):
        arns[name] = made(builds, name)["arn"]
        builds.clock.advance(1)
    ask = builds.client.list_fleets
    assert ask()["fleets"] == [arns[one] for one in ("apple", "mango", "zebra")]
    by_time = ask(sortBy="CREATED_TIME", sortOrder="DESCENDING")["fleets"]
    assert by_time == [arns[one] for one in ("mango", "apple", "zebra")]
    page = ask(maxResults=2)
    assert page["fleets"] + ask(maxResults=2, nextToken=page["nextToken"])["fleets"] == ask()["fleets"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"baseCapacity": 0}, "baseCapacity: 0. It must be at least 1"),
        ({"scalingConfiguration": {"maxCapacity": 1}}, "above baseCapacity, 1"),
        ({"computeType": "ATTRIBUTE_BASED_COMPUTE"}, "needs one"),
        ({"computeConfiguration": {"vCpu": 2}}, "takes no one"),
    ],
)
def test_what_cannot_be_is_refused(builds: Builds, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError, match=f"InvalidInputException.*{said}"):
        builds.client.create_fleet(**{"name": "pool", "baseCapacity": 1, **SMALL, **given})


def test_a_name_is_taken_once_and_a_missing_fleet_is_said(builds: Builds) -> None:
    made(builds)
    with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
        made(builds)
    gone = "arn:aws:codebuild:us-east-1:123456789012:fleet/gone:x"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        builds.client.update_fleet(arn=gone, baseCapacity=2)
    with pytest.raises(ClientError, match="cannot be found"):
        in_fleet(builds, gone)
    arm = made(builds, "arm", environmentType="ARM_CONTAINER")["arn"]
    with pytest.raises(ClientError, match="machines of the type ARM_CONTAINER"):
        in_fleet(builds, arm)


def test_a_fleet_runs_as_many_builds_at_once_as_it_has_room_for(builds: Builds) -> None:
    fleet = made(builds, capacity=1)
    in_fleet(builds, fleet["arn"], SLOW)
    builds.project(GOOD, "free")
    ids = [builds.start() for _ in range(2)]
    other = builds.start("free")
    builds.backend.world.run_due()
    assert phases(builds, ids)[1] == "QUEUED" and phases(builds, ids)[0] != "QUEUED"
    assert phases(builds, [other])[0] != "QUEUED", "builds without a fleet have room of their own"
    builds.client.stop_build(id=ids[0])
    builds.backend.world.run_due()
    assert phases(builds, ids)[1] != "QUEUED", "the next one has its place"
    builds.client.stop_build(id=ids[1])
    builds.backend.settle()


def test_more_capacity_lets_what_waits_begin(builds: Builds) -> None:
    fleet = made(builds)
    in_fleet(builds, fleet["arn"], SLOW)
    ids = [builds.start() for _ in range(2)]
    builds.backend.world.run_due()
    assert phases(builds, ids)[1] == "QUEUED"
    builds.client.update_fleet(arn=fleet["arn"], scalingConfiguration={"maxCapacity": 4})
    builds.backend.world.run_due()
    assert phases(builds, ids)[1] != "QUEUED"
    (shown,) = builds.client.batch_get_fleets(names=["pool"])["fleets"]
    assert shown["scalingConfiguration"]["desiredCapacity"] == 2
    for one in ids:
        builds.client.stop_build(id=one)
    builds.backend.settle()


def test_beyond_it_builds_run_on_demand_where_the_fleet_says_so(builds: Builds) -> None:
    in_fleet(builds, made(builds, overflowBehavior="ON_DEMAND")["arn"], SLOW)
    ids = [builds.start() for _ in range(2)]
    builds.backend.world.run_due()
    assert "QUEUED" not in phases(builds, ids)
    for one in ids:
        builds.client.stop_build(id=one)
    builds.backend.settle()


def test_a_start_may_name_another_fleet_or_none(builds: Builds) -> None:
    fleet = made(builds)
    in_fleet(builds, fleet["arn"])
    build = builds.get(builds.start(fleetOverride={"fleetArn": ""}))
    assert build["environment"]["fleet"] == {"fleetArn": ""}
    with pytest.raises(ClientError, match="cannot be found"):
        builds.start(fleetOverride={"fleetArn": "arn:aws:codebuild:us-east-1:123456789012:fleet/gone:x"})
    builds.backend.settle()


def test_a_fleet_goes_when_nobody_is_in_it_any_more(builds: Builds) -> None:
    fleet = made(builds)
    in_fleet(builds, fleet["arn"], SLOW)
    with pytest.raises(ClientError, match="used by projects: web"):
        builds.client.delete_fleet(arn=fleet["arn"])
    running = builds.start()
    builds.backend.world.run_due()
    builds.client.delete_project(name="web")
    builds.client.delete_fleet(arn=fleet["arn"])
    (shown,) = builds.client.batch_get_fleets(names=["pool"])["fleets"]
    assert shown["status"]["statusCode"] == "PENDING_DELETION"
    builds.client.stop_build(id=running)
    builds.backend.settle()
    assert builds.client.list_fleets()["fleets"] == []
    with pytest.raises(ClientError, match="InvalidInputException"):
        builds.client.delete_fleet(arn=fleet["arn"])
