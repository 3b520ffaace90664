from __future__ import annotations

from typing import Any

import pytest

from pointsman.clock import ManualClock
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.pipelines import PipelineState
from pointsman.model.refs import PipelineRef
from pointsman.model.snapshot import Snapshot
from pointsman.services import pipelines
from pointsman.services.feeds import Feeds
from pointsman.services.pipelines import Pipelines
from support.cloud import FakeCloud, failed

REF = PipelineRef("checkout")


def action(name: str, category: str, **more: Any) -> dict[str, Any]:
    provider = {"Source": "CodeCommit", "Approval": "Manual"}.get(category, "CodeBuild")
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, **more}


DEFINITION = {
    "pipeline": {
        "name": "checkout",
        "version": 2,
        "pipelineType": "V2",
        "stages": [
            {
                "name": "Source",
                "actions": [
                    action(
                        "Code",
                        "Source",
                        configuration={"RepositoryName": "till", "BranchName": "main"},
                        outputArtifacts=[{"name": "app"}],
                    )
                ],
            },
            {"name": "Gate", "actions": [action("Sign-off", "Approval")]},
        ],
    }
}


def service(gate: dict[str, Any] | None = None, **answers: Any) -> FakeCloud:
    def state(name: str) -> dict[str, Any]:
        stages = [
            {"stageName": "Source", "latestExecution": {"pipelineExecutionId": "new", "status": "Succeeded"}},
            {"stageName": "Gate", **(gate or {})},
        ]
        return {"pipelineName": name, "pipelineVersion": 2, "stageStates": stages}

    def history(**_: Any) -> dict[str, Any]:
        revisions = [{"actionName": "Code", "revisionId": "c9", "revisionSummary": "Fix the till"}]
        return {
            "pipelineExecutionSummaries": [
                {"pipelineExecutionId": "new", "status": "InProgress", "sourceRevisions": revisions}
            ]
        }

    given = {
        "GetPipeline": lambda name: DEFINITION,
        "GetPipelineState": state,
        "ListPipelineExecutions": history,
        **answers,
    }
    return FakeCloud(**given)


def denied(**_: Any) -> dict[str, Any]:
    raise failed(FaultKind.DENIED)


async def test_a_state_is_merged_from_definition_state_and_history() -> None:
    found = await Pipelines(service(), ManualClock()).fresh(REF)
    assert (found.kind, found.version, [stage.name for stage in found.stages]) == ("V2", 2, ["Source", "Gate"])
    assert found.latest is not None
    assert found.revision_in(found.stages[0]) == found.latest.revisions[0]
    assert found.stages[1].actions[0].is_approval


async def test_a_denied_history_does_not_kill_the_state_and_is_said(clock: ManualClock) -> None:
    feeds = Feeds(clock)
    seen: list[Snapshot[PipelineState]] = []
    feeds.subscribe(Pipelines(service(ListPipelineExecutions=denied), clock).state(REF), seen.append)
    await feeds.idle()
    assert seen[-1].value is not None
    assert seen[-1].fault is None
    assert seen[-1].partial == "history could not be read: access denied"
    await feeds.close()


async def test_a_denied_definition_leaves_the_stages_of_the_state() -> None:
    found = await Pipelines(service(GetPipeline=denied), ManualClock()).fresh(REF)
    assert [stage.name for stage in found.stages] == ["Source", "Gate"]
    assert found.missing[0][0] == "definition"


async def test_a_state_that_cannot_be_read_is_a_fault() -> None:
    with pytest.raises(CallFailed):
        await Pipelines(service(GetPipelineState=denied), ManualClock()).fresh(REF)


async def test_the_definition_is_read_again_only_when_its_version_moves(clock: ManualClock) -> None:
    cloud = service()
    feeds = Feeds(clock, chance=lambda: 0.5)
    feeds.subscribe(Pipelines(cloud, clock).state(REF), lambda _: None)
    await feeds.idle()
    clock.advance(2)
    await feeds.idle()
    assert (cloud.count("GetPipelineState"), cloud.count("GetPipeline")) == (2, 1)
    plain = cloud.answers["GetPipelineState"]
    cloud.answers["GetPipelineState"] = lambda name: {**plain(name=name), "pipelineVersion": 3}
    clock.advance(2)
    await feeds.idle()
    assert cloud.count("GetPipeline") == 2
    await feeds.close()


async def test_an_old_execution_that_is_still_in_a_stage_is_looked_up_once(clock: ManualClock) -> None:
    old = {"pipelineExecutionId": "old", "status": "Succeeded"}

    def execution(**_: Any) -> dict[str, Any]:
        return {"pipelineExecution": {**old, "artifactRevisions": [{"name": "app", "revisionId": "c1"}]}}

    cloud = service({"latestExecution": old}, GetPipelineExecution=execution)
    made = Pipelines(cloud, clock)
    found = await made.fresh(REF)
    revision = found.revision_in(found.stages[1])
    assert revision is not None
    assert (revision.id, revision.action) == ("c1", "Code")
    await made.fresh(REF)
    assert cloud.count("GetPipelineExecution") == 1


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        ({"latestExecution": {"status": "InProgress"}}, 2.0),
        (
            {
                "latestExecution": {"status": "InProgress"},
                "actionStates": [{"actionName": "Sign-off", "latestExecution": {"status": "InProgress", "token": "t"}}],
            },
            5.0,
        ),
        ({"inboundExecution": {"pipelineExecutionId": "x"}}, 5.0),
    ],
)
async def test_the_cadence_of_a_state(gate: dict[str, Any], expected: float) -> None:
    assert pipelines.cadence(await Pipelines(service(gate), ManualClock()).fresh(REF)) == expected


async def test_at_rest_a_state_is_good_for_twenty_seconds() -> None:
    ended = {"pipelineExecutionSummaries": [{"pipelineExecutionId": "new", "status": "Succeeded"}]}
    found = await Pipelines(service(ListPipelineExecutions=lambda **_: ended), ManualClock()).fresh(REF)
    assert pipelines.cadence(found) == 20.0


async def test_history_goes_as_many_pages_back_as_asked(clock: ManualClock) -> None:
    def page(nextToken: str = "0", **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        number = int(nextToken)
        return {"pipelineExecutionSummaries": [{"pipelineExecutionId": f"e{number}"}], "nextToken": str(number + 1)}

    made = Pipelines(service(ListPipelineExecutions=page), clock)
    found = await made.history(REF, pages=3).read(lambda *_: None)
    assert [one.id for one in found] == ["e0", "e1", "e2"]


async def test_runs_of_an_execution_are_read_to_the_end(clock: ManualClock) -> None:
    def page(nextToken: str = "", **given: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        assert given["filter"] == {"pipelineExecutionId": "new"}
        one = {"actionExecutionId": nextToken or "first", "stageName": "Source", "actionName": "Code"}
        return {"actionExecutionDetails": [one], **({} if nextToken else {"nextToken": "second"})}

    source = Pipelines(service(ListActionExecutions=page), clock).runs(REF, "new")
    assert source.key == ("runs", "checkout", "new")
    assert [run.id for run in await source.read(lambda *_: None)] == ["first", "second"]


# -- what changed ---------------------------------------------------------------------------------------------------

HISTORY: dict[str, tuple[list[str], int]] = {
    "c1": ([], 1),
    "c2": (["c1"], 2),
    "c3": (["c2"], 3),
    "c4": (["c3", "b1"], 5),
}
BRANCH: dict[str, tuple[list[str], int]] = {"b1": (["c1"], 4)}


def repository(**commits: tuple[list[str], int]) -> Any:
    def commit(repositoryName: str, commitId: str) -> dict[str, Any]:  # noqa: N803 - AWS's names
        if commitId not in commits:
            raise failed(FaultKind.NOT_FOUND)
        parents, day = commits[commitId]
        date = {"name": "Ada", "date": f"{1_767_000_000 + day * 86400} +0000"}
        return {
            "commit": {
                "commitId": commitId,
                "parents": parents,
                "message": f"{commitId} in {repositoryName}",
                "committer": date,
                "author": date,
            }
        }

    return commit


def executions(**revisions: str) -> Any:
    def execution(pipelineName: str, pipelineExecutionId: str) -> dict[str, Any]:  # noqa: N803 - AWS's names
        brought = [{"name": "app", "revisionId": revisions[pipelineExecutionId]}]
        return {"pipelineExecution": {"pipelineExecutionId": pipelineExecutionId, "artifactRevisions": brought}}

    return execution


async def test_the_commits_between_two_executions_are_listed_newest_first_merges_included() -> None:
    cloud = service(GetPipelineExecution=executions(a="c2", b="c4"), GetCommit=repository(**HISTORY, **BRANCH))
    found = await Pipelines(cloud, ManualClock()).changes(REF, "a", "b")
    (change,) = found.changed
    assert (change.action, change.note) == ("Code", "")
    assert [commit.id for commit in change.commits] == ["c4", "b1", "c3"]
    assert change.commits[0].summary == "c4 in till"


async def test_many_commits_are_capped_and_that_is_said() -> None:
    line = {f"c{n}": ([f"c{n - 1}"] if n else [], n) for n in range(80)}
    cloud = service(GetPipelineExecution=executions(a="c0", b="c79"), GetCommit=repository(**line))
    (change,) = (await Pipelines(cloud, ManualClock()).changes(REF, "a", "b")).changes
    assert len(change.commits) == 50
    assert change.note == "the newest 50; there are more"


async def test_going_back_is_said() -> None:
    cloud = service(GetPipelineExecution=executions(a="c3", b="c2"), GetCommit=repository(**HISTORY, **BRANCH))
    (change,) = (await Pipelines(cloud, ManualClock()).changes(REF, "a", "b")).changes
    assert change.note == "c3 is not among their ancestors"


async def test_a_history_that_cannot_be_read_leaves_the_revisions_side_by_side() -> None:
    cloud = service(GetPipelineExecution=executions(a="c1", b="c2"), GetCommit=denied)
    (change,) = (await Pipelines(cloud, ManualClock()).changes(REF, "a", "b")).changes
    assert change.older is not None
    assert change.newer is not None
    assert (change.older.id, change.newer.id) == ("c1", "c2")
    assert "access denied" in change.note


async def test_the_same_revision_twice_is_no_change() -> None:
    cloud = service(GetPipelineExecution=executions(a="c1", b="c1"))
    assert (await Pipelines(cloud, ManualClock()).changes(REF, "a", "b")).changed == ()


async def test_what_started_a_build_or_a_deployment_is_found_among_the_newest_runs() -> None:
    asked: list[str | None] = []

    def listed(nextToken: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        asked.append(nextToken)
        at = len(asked)
        output = {"executionResult": {"externalExecutionId": f"d-{at}"}}
        run = {"pipelineExecutionId": f"e-{at}", "actionExecutionId": "a", "output": output}
        return {"actionExecutionDetails": [run], "nextToken": f"page {at}"}

    made = Pipelines(FakeCloud(ListActionExecutions=listed), ManualClock())
    assert await made.runs_of(PipelineRef("checkout"), ("d-1", "d-2")) == {"d-1": "e-1", "d-2": "e-2"}
    assert len(asked) == 2
    assert await made.runs_of(PipelineRef("checkout"), ("d-none",)) == {}
    assert len(asked) == 7


async def test_the_past_of_many_pipelines_is_read_page_by_page() -> None:
    """Two pages of one, all of another, and one that may not be read."""

    def page(**given: Any) -> dict[str, Any]:
        name, at = given["pipelineName"], int(given.get("nextToken") or 0)
        if name == "secret":
            raise failed(FaultKind.DENIED)
        runs = [{"pipelineExecutionId": f"{name}-{at}", "status": "Succeeded"}]
        more = {"nextToken": str(at + 1)} if name == "long" else {}
        return {"pipelineExecutionSummaries": runs, **more}

    cloud = FakeCloud(ListPipelineExecutions=page)
    refs = tuple(PipelineRef(name) for name in ("long", "short", "secret"))
    told: list[str] = []
    past = await Pipelines(cloud, ManualClock()).past(refs, 2).read(lambda _, said: told.append(said))
    assert [one.id for one in past.of("long")] == ["long-0", "long-1"]
    assert [one.id for one in past.of("short")] == ["short-0"]
    assert (past.more, past.unread) == (True, ("secret",))
    assert told[-1] == "3 of 3 pipelines read"
