from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pointsman.clock import EPOCH, ManualClock
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.refs import BuildRef, ProjectRef
from pointsman.services import builds
from pointsman.services.builds import Builds
from support.cloud import FakeCloud, failed


def account(projects: int = 3, running: tuple[str, ...] = ()) -> FakeCloud:
    names = [f"app{number}" for number in range(projects)]
    ids = [f"{name}:2" for name in names if name != "app1"]

    def some(ids: list[str]) -> dict[str, Any]:
        assert len(ids) <= 100
        found = [
            {
                "id": one,
                "buildStatus": "IN_PROGRESS" if one in running else "SUCCEEDED",
                "buildComplete": one not in running,
            }
            for one in ids
            if not one.startswith("gone")
        ]
        return {"builds": found}

    def described(names: list[str]) -> dict[str, Any]:
        assert len(names) <= 100
        return {"projects": [{"name": name} for name in names if name != "gone"]}

    return FakeCloud(
        ListProjects=lambda: {"projects": names},
        BatchGetProjects=described,
        ListBuilds=lambda **_: {"ids": ids[:100], "nextToken": "more"},
        ListBuildsForProject=lambda **given: {"ids": [f"{given['projectName']}:9"]},
        BatchGetBuilds=some,
    )


def nobody(*_: Any) -> None:
    return None


async def test_projects_are_described_a_hundred_at_a_time_with_their_newest_build() -> None:
    cloud = account(250)
    reported: list[str] = []
    found = await Builds(cloud, ManualClock()).projects().read(lambda _, partial: reported.append(partial))
    assert len(found) == 250
    assert cloud.count("BatchGetProjects") == 3
    assert reported[0] == "100 of 250 projects read"
    latest = {project.name: project.latest.ref.id for project in found if project.latest}
    assert latest["app0"] == "app0:2"
    assert latest["app1"] == "app1:9"


async def test_a_project_s_newest_build_is_asked_for_once() -> None:
    cloud = account()
    source = Builds(cloud, ManualClock()).projects()
    await source.read(nobody)
    await source.read(nobody)
    assert cloud.count("ListBuildsForProject") == 1


async def test_a_project_whose_builds_are_denied_is_shown_without() -> None:
    cloud = account()

    def denied(**_: Any) -> dict[str, Any]:
        raise failed(FaultKind.DENIED)

    cloud.answers["ListBuildsForProject"] = denied
    found = {project.name: project for project in await Builds(cloud, ManualClock()).projects().read(nobody)}
    assert found["app1"].latest is None
    assert found["app0"].latest is not None


async def test_builds_that_have_ended_are_read_once() -> None:
    cloud = account(3, running=("app0:2",))
    source = Builds(cloud, ManualClock()).recent()
    first = await source.read(nobody)
    assert [build.ref.id for build in first.builds] == ["app0:2", "app2:2"]
    assert first.more
    await source.read(nobody)
    assert cloud.asked[-1] == ("BatchGetBuilds", {"ids": ["app0:2"]})
    assert builds.list_cadence(first) == 2.0


async def test_builds_are_shown_newest_first_whatever_the_order_of_the_list() -> None:
    cloud = account()
    started = {"a:1": EPOCH, "b:1": EPOCH + timedelta(hours=2), "a:2": EPOCH + timedelta(hours=1)}
    cloud.answers["ListBuilds"] = lambda **_: {"ids": list(started)}
    cloud.answers["BatchGetBuilds"] = lambda ids: {"builds": [{"id": one, "startTime": started[one]} for one in ids]}
    cloud.answers["ListProjects"] = lambda: {"projects": ["a"]}
    made = Builds(cloud, ManualClock())
    assert [build.ref.id for build in (await made.recent().read(nobody)).builds] == ["b:1", "a:2", "a:1"]
    (project,) = await made.projects().read(nobody)
    assert project.latest is not None
    assert project.latest.ref.id == "a:2"


async def test_the_builds_of_one_project_have_a_key_of_their_own() -> None:
    source = Builds(account(), ManualClock()).recent(ProjectRef("app1"))
    assert source.key == ("builds", "app1")
    assert [build.ref.id for build in (await source.read(nobody)).builds] == ["app1:9"]


async def test_a_running_build_is_good_for_two_seconds_and_an_ended_one_for_ever() -> None:
    made = Builds(account(running=("app0:2",)), ManualClock())
    assert builds.cadence(await made.fresh(BuildRef("app0:2"))) == 2.0
    assert builds.cadence(await made.fresh(BuildRef("app2:2"))) is None


async def test_what_there_is_not_is_a_fault_by_name() -> None:
    made = Builds(account(), ManualClock())
    with pytest.raises(CallFailed, match="gone:1"):
        await made.build(BuildRef("gone:1")).read(nobody)
    with pytest.raises(CallFailed, match="project gone"):
        await made.fresh_project(ProjectRef("gone"))
    assert (await made.fresh_project(ProjectRef("app0"))).name == "app0"


async def test_older_builds_are_read_page_by_page() -> None:
    def page(**given: Any) -> dict[str, Any]:
        at = int(given.get("nextToken") or 0)
        return {"ids": [f"app:{at}"], **({"nextToken": str(at + 1)} if at < 2 else {})}

    cloud = FakeCloud(ListBuilds=page, BatchGetBuilds=lambda ids: {"builds": [{"id": one} for one in ids]})
    service = Builds(cloud, ManualClock())
    found = [await service.past(pages).read(lambda *_: None) for pages in (2, 3)]
    assert [[one.ref.id for one in each.builds] for each in found] == [
        ["app:0", "app:1"],
        ["app:0", "app:1", "app:2"],
    ]
    assert [each.more for each in found] == [True, False]
