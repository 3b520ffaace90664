from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from pointsman.clock import EPOCH, ManualClock
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.deployments import DeploymentList, Rollout
from pointsman.model.refs import DeploymentGroupRef, DeploymentRef
from pointsman.services import deployments as service
from pointsman.services.deployments import Deployments
from support.cloud import FakeCloud, failed

GROUP = DeploymentGroupRef("shop", "prod")


@dataclass
class Account:
    """An account's deployments, by id: (created, status, group); its targets by deployment."""

    clock: ManualClock
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    targets: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, name: str, *, ago: timedelta, word: str = "Succeeded", group: str = "prod", **more: Any) -> None:
        created = self.clock.now() - ago
        self.rows[name] = {
            "deploymentId": name,
            "applicationName": "shop",
            "deploymentGroupName": group,
            "deploymentConfigName": "CodeDeployDefault.OneAtATime",
            "status": word,
            "createTime": created,
            "revision": {"revisionType": "GitHub", "gitHubLocation": {"repository": "a/b", "commitId": name * 5}},
            **({"completeTime": created + timedelta(minutes=3)} if word in ("Succeeded", "Failed", "Stopped") else {}),
            **more,
        }

    def listed(self, nextToken: str = "", **given: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        start: datetime | None = given.get("createTimeRange", {}).get("start")
        only = given.get("includeOnlyStatuses")
        ids = [
            name
            for name, row in self.rows.items()
            if (start is None or row["createTime"] >= start)
            and (only is None or row["status"] in only)
            and given.get("deploymentGroupName") in (None, row["deploymentGroupName"])
        ]
        at = int(nextToken or 0)
        page: dict[str, Any] = {"deployments": ids[at : at + 40]}
        return page if at + 40 >= len(ids) else {**page, "nextToken": str(at + 40)}

    def described(self, deploymentIds: list[str]) -> dict[str, Any]:  # noqa: N803
        assert len(deploymentIds) <= 25
        return {"deploymentsInfo": [self.rows[one] for one in deploymentIds if one in self.rows]}

    def target_ids(self, deploymentId: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if self.rows[deploymentId]["status"] in ("Created", "Queued"):
            raise failed(FaultKind.CONFLICT, "DeploymentNotStartedException")
        return {"targetIds": list(self.targets.get(deploymentId, {}))}

    def target_details(self, deploymentId: str, targetIds: list[str]) -> dict[str, Any]:  # noqa: N803
        assert len(targetIds) <= 25
        known = self.targets[deploymentId]
        return {"deploymentTargets": [_target(deploymentId, one, known[one]) for one in targetIds]}

    @property
    def cloud(self) -> FakeCloud:
        return FakeCloud(
            ListDeployments=self.listed,
            BatchGetDeployments=self.described,
            ListDeploymentTargets=self.target_ids,
            BatchGetDeploymentTargets=self.target_details,
            GetDeploymentConfig=lambda deploymentConfigName: {  # noqa: N803
                "deploymentConfigInfo": {"deploymentConfigName": deploymentConfigName}
            },
            BatchGetDeploymentGroups=lambda applicationName, deploymentGroupNames: {  # noqa: N803
                "deploymentGroupsInfo": [
                    {"applicationName": applicationName, "deploymentGroupName": one}
                    for one in deploymentGroupNames
                    if one != "gone"
                ]
            },
            ListApplicationRevisions=lambda **_: {"revisions": [{"revisionType": "GitHub"}]},
            ListApplications=lambda **_: {"applications": ["shop", "till"]},
            ListDeploymentGroups=lambda applicationName, **_: {  # noqa: N803
                "deploymentGroups": ["prod", "canary"] if applicationName == "shop" else []
            },
        )


def _target(deployment: str, name: str, word: str) -> dict[str, Any]:
    event = {"Succeeded": "Succeeded", "Failed": "Failed", "InProgress": "InProgress"}.get(word, "Pending")
    events = [{"lifecycleEventName": "Install", "status": event, "startTime": EPOCH}]
    inner = {"deploymentId": deployment, "targetId": name, "status": word, "lifecycleEvents": events}
    return {"deploymentTargetType": "InstanceTarget", "instanceTarget": inner}


@pytest.fixture
def account() -> Account:
    return Account(ManualClock())


def nobody(*_: Any) -> None:
    return None


async def test_deployments_come_newest_first_whatever_the_order_of_the_list(account: Account) -> None:
    for name, hours in (("d-2", 2), ("d-3", 1), ("d-1", 30)):
        account.add(name, ago=timedelta(hours=hours))
    found = await Deployments(account.cloud, account.clock).recent().read(nobody)
    assert [one.id for one in found.deployments] == ["d-3", "d-2", "d-1"]
    assert not found.more


async def test_a_list_goes_back_only_until_it_has_enough_but_knows_everything_that_moves(account: Account) -> None:
    for number in range(80):
        account.add(f"d-{number:03}", ago=timedelta(minutes=number))
    for number in range(80, 300):
        account.add(f"d-{number:03}", ago=timedelta(days=300))
    account.add("d-slow", ago=timedelta(days=4), word="InProgress")
    cloud = account.cloud
    found = await Deployments(cloud, account.clock).recent().read(nobody)
    assert len(found) == 81
    assert found.more
    assert found.deployments[-1].id == "d-slow"
    assert cloud.count("BatchGetDeployments") == 4


async def test_what_has_come_since_and_what_moves_is_read_again_and_nothing_else(account: Account) -> None:
    for number in range(60):
        account.add(f"d-{number:03}", ago=timedelta(hours=3, minutes=number))
    account.add("d-moves", ago=timedelta(hours=2), word="InProgress")
    cloud = account.cloud
    source = Deployments(cloud, account.clock).recent()
    await source.read(nobody)
    account.add("d-new", ago=timedelta(0), word="Created")
    before = len(cloud.asked)
    found = await source.read(nobody)
    assert [one.id for one in found.deployments][:2] == ["d-new", "d-moves"]
    assert [operation for operation, _ in cloud.asked[before:]] == ["ListDeployments", "BatchGetDeployments"]
    assert sorted(cloud.asked[-1][1]["deploymentIds"]) == ["d-moves", "d-new"]
    assert service.list_cadence(found) == 2.0


async def test_a_failed_one_is_read_again_while_a_rollback_may_follow(account: Account) -> None:
    account.add("d-1", ago=timedelta(minutes=10), word="Failed")
    made = Deployments(account.cloud, account.clock)
    assert (await made.recent().read(nobody)).deployments[0].rollback_id == ""
    account.rows["d-1"]["rollbackInfo"] = {"rollbackDeploymentId": "d-2"}
    assert (await made.recent().read(nobody)).deployments[0].rollback_id == "d-2"


async def test_the_deployments_of_a_group_are_its_own(account: Account) -> None:
    account.add("d-1", ago=timedelta(hours=1))
    account.add("d-2", ago=timedelta(hours=1), group="canary")
    source = Deployments(account.cloud, account.clock).recent(GROUP)
    assert source.key == ("deployments", "shop", "prod")
    assert [one.id for one in (await source.read(nobody)).deployments] == ["d-1"]


async def test_a_thousand_targets_appear_bit_by_bit_and_are_read_once_when_they_have_settled(account: Account) -> None:
    account.add(
        "d-1", ago=timedelta(minutes=1), word="InProgress", deploymentOverview={"Pending": 990, "InProgress": 10}
    )
    account.targets["d-1"] = {f"i-{number:04}": "InProgress" if number < 10 else "Pending" for number in range(1000)}
    cloud = account.cloud
    source = Deployments(cloud, account.clock).deployment(DeploymentRef("d-1"))
    told: list[str] = []
    found = await source.read(lambda _, words: told.append(words))
    assert told[0] == "25 of 1,000 targets read"
    assert source.partial(found) == "200 of 1,000 targets read"
    assert source.cadence(found) == 0.0
    for _ in range(5):
        found = await source.read(nobody)
    assert source.partial(found) == ""
    assert source.cadence(found) == 2.0
    before = cloud.count("BatchGetDeploymentTargets")
    await source.read(nobody)
    assert cloud.count("BatchGetDeploymentTargets") == before + 1, "only the ten that move"
    for number in range(10):
        account.targets["d-1"][f"i-{number:04}"] = "Succeeded"
    await source.read(nobody)
    before = cloud.count("BatchGetDeploymentTargets")
    again = await source.read(nobody)
    assert cloud.count("BatchGetDeploymentTargets") == before, "nothing moves, and nothing more is said to"
    assert [target.status.word for target in again.targets[:11]] == ["Succeeded"] * 10 + ["Pending"]


async def test_targets_that_begin_are_found_by_the_deployment_s_own_counts(account: Account) -> None:
    account.add("d-1", ago=timedelta(minutes=1), word="InProgress", deploymentOverview={"Pending": 60})
    account.targets["d-1"] = {f"i-{number:02}": "Pending" for number in range(60)}
    source = Deployments(account.cloud, account.clock).deployment(DeploymentRef("d-1"))
    await source.read(nobody)
    account.targets["d-1"]["i-59"] = "InProgress"
    account.rows["d-1"]["deploymentOverview"] = {"Pending": 59, "InProgress": 1}
    found = await source.read(nobody)
    assert found.targets[59].status.word == "InProgress"


async def test_a_target_that_is_listed_but_not_told_of_keeps_nobody_busy(account: Account) -> None:
    account.add("d-1", ago=timedelta(minutes=1), word="InProgress", deploymentOverview={"Pending": 1, "InProgress": 1})
    account.targets["d-1"] = {"i-a": "InProgress", "i-gone": "Pending"}
    cloud = account.cloud
    told = cloud.answers["BatchGetDeploymentTargets"]

    def some(deploymentId: str, targetIds: list[str]) -> dict[str, Any]:  # noqa: N803
        return told(deploymentId=deploymentId, targetIds=[one for one in targetIds if one != "i-gone"])

    cloud.answers["BatchGetDeploymentTargets"] = some
    source = Deployments(cloud, account.clock).deployment(DeploymentRef("d-1"))
    found = await source.read(nobody)
    assert [one.status.word for one in found.targets] == ["InProgress", "Unknown"]
    assert source.cadence(found) == 2.0

    def refused(**_: Any) -> dict[str, Any]:
        raise failed(FaultKind.NOT_FOUND, "DeploymentTargetDoesNotExistException")

    cloud.answers["BatchGetDeploymentTargets"] = refused
    again = Deployments(cloud, account.clock).deployment(DeploymentRef("d-1"))
    assert again.cadence(await again.read(nobody)) == 2.0


async def test_where_nothing_was_ever_deployed_one_list_is_asked_for_after_the_first_look(account: Account) -> None:
    cloud = account.cloud
    source = Deployments(cloud, account.clock).recent()
    assert len(await source.read(nobody)) == 0
    before = len(cloud.asked)
    await source.read(nobody)
    assert len(cloud.asked) == before + 1
    account.add("d-1", ago=timedelta(0))
    assert [one.id for one in (await source.read(nobody)).deployments] == ["d-1"]


async def test_an_ended_deployment_is_read_whole_and_then_rests(account: Account) -> None:
    account.add("d-1", ago=timedelta(hours=2), word="Failed", deploymentOverview={"Failed": 1, "Skipped": 39})
    account.targets["d-1"] = {f"i-{number:02}": "Skipped" for number in range(39)} | {"i-39": "Failed"}
    cloud = account.cloud
    source = Deployments(cloud, account.clock).deployment(DeploymentRef("d-1"))
    found = await source.read(nobody)
    assert (len(found.targets), found.total, source.cadence(found)) == (40, 40, 20.0)
    before = cloud.count("BatchGetDeploymentTargets")
    await source.read(nobody)
    assert cloud.count("BatchGetDeploymentTargets") == before
    assert cloud.count("GetDeploymentConfig") == 1


async def test_a_deployment_that_has_not_started_has_no_targets_yet(account: Account) -> None:
    account.add("d-1", ago=timedelta(0), word="Queued")
    found = await Deployments(account.cloud, account.clock).deployment(DeploymentRef("d-1")).read(nobody)
    assert (found.targets, found.total) == ((), 0)


@pytest.mark.parametrize(
    ("word", "more", "seconds"),
    [
        ("InProgress", {}, 2.0),
        ("Ready", {}, 5.0),
        ("InProgress", {"instanceTerminationWaitTimeStarted": True}, 5.0),
        ("Succeeded", {}, 20.0),
    ],
)
async def test_a_deployment_is_read_as_often_as_it_changes(
    account: Account, word: str, more: dict[str, Any], seconds: float
) -> None:
    account.add("d-1", ago=timedelta(0), word=word, **more)
    found = (await Deployments(account.cloud, account.clock).recent().read(nobody)).deployments[0]
    assert service.pace(found) == service.cadence(Rollout(found)) == seconds
    assert service.list_cadence(DeploymentList()) == 20.0


async def test_a_configuration_that_may_not_be_read_is_done_without(account: Account) -> None:
    account.add("d-1", ago=timedelta(0))
    cloud = account.cloud

    def denied(**_: Any) -> dict[str, Any]:
        raise failed(FaultKind.DENIED)

    cloud.answers["GetDeploymentConfig"] = denied
    found = await Deployments(cloud, account.clock).deployment(DeploymentRef("d-1")).read(nobody)
    assert found.configuration is None


async def test_groups_are_read_application_by_application(account: Account) -> None:
    told: list[str] = []
    found = await Deployments(account.cloud, account.clock).groups().read(lambda _, words: told.append(words))
    assert [str(group.ref) for group in found] == ["shop/prod", "shop/canary"]
    assert told == ["1 of 2 applications read"]


async def test_what_operations_judge_is_read_past_every_cache(account: Account) -> None:
    account.add("d-1", ago=timedelta(hours=5))
    account.add("d-2", ago=timedelta(hours=1), word="Failed")
    state = await Deployments(account.cloud, account.clock).fresh(DeploymentRef("d-2"))
    assert state.deployment.id == "d-2"
    assert [one.id for one in state.history.deployments] == ["d-2", "d-1"]
    assert state.history.registered


async def test_what_there_is_not_is_a_fault_by_name(account: Account) -> None:
    made = Deployments(account.cloud, account.clock)
    with pytest.raises(CallFailed, match="no deployment d-9"):
        await made.fresh(DeploymentRef("d-9"))
    with pytest.raises(CallFailed, match="no deployment group shop/gone"):
        await made.fresh_group(DeploymentGroupRef("shop", "gone"))


async def test_a_fleet_goes_back_until_every_target_is_explained(account: Account) -> None:
    account.add("d-1", ago=timedelta(hours=9))
    account.add("d-2", ago=timedelta(hours=5))
    account.add("d-3", ago=timedelta(hours=1), word="Failed")
    account.targets["d-1"] = {"i-a": "Succeeded"}
    account.targets["d-2"] = {"i-a": "Succeeded", "i-b": "Succeeded"}
    account.targets["d-3"] = {"i-a": "Succeeded", "i-b": "Failed"}
    cloud = account.cloud
    found = await Deployments(cloud, account.clock).fleet(GROUP).read(nobody)
    drift = {one.name: (one.deployment, one.drift) for one in found.targets}
    assert drift["i-a"] == ("d-3", "runs d-3d-3d, the group d-2d-2d")
    assert drift["i-b"] == ("d-2", "d-3 failed here after it had begun to install")
    assert {given["deploymentId"] for name, given in cloud.asked if name == "ListDeploymentTargets"} == {"d-2", "d-3"}


async def test_what_went_out_last_before_a_moment(account: Account) -> None:
    hours = {"d-A": 1, "d-B": 3, "d-C": 5}
    for name, ago in hours.items():
        account.add(name, ago=timedelta(hours=ago))
    account.add("d-D", ago=timedelta(hours=2), applicationName="mail")
    services = Deployments(account.cloud, account.clock)

    async def before(hours: float, **more: str) -> str | None:
        found = await services.last_before(EPOCH - timedelta(hours=hours), **more)
        return found.id if found is not None else None

    assert await before(0.5) == "d-A"
    assert await before(1.5) == "d-D"
    assert await before(1.5, application="shop") == "d-B"
    assert await before(6) is None
    assert await before(0, application="nobody") is None
    assert await before(9, deployment="d-C") == "d-C", "the one that is named, whenever it was"
    with pytest.raises(CallFailed, match="there is no deployment d-X"):
        await before(0, deployment="d-X")
