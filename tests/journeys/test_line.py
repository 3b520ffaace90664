"""The whole line worked from the keyboard: the inbox, conditions, queues, runs side by side, reports, batches."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from journeys.driving import Scene, at_the_console
from pointsman.clock import ManualClock
from pointsman.console.screens.approvals import Approvals
from pointsman.local.backend import Backend
from pointsman.local.scenarios import Demo
from support.builds import Builds
from support.pipelines import action, approval, check, condition, pipeline, source

REGION = "eu-west-1"
JUNIT = (
    '<testsuite name="money"><testcase classname="total" name="adds" time="0.5"/>'
    '<testcase classname="total" name="rounds" time="1"><failure message="2 is not 3">total.py line 12</failure>'
    "</testcase></testsuite>"
)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def backend(clock: ManualClock) -> Iterator[Backend]:
    with Backend(clock=clock) as made:
        yield made


@pytest.fixture
def line(backend: Backend, clock: ManualClock) -> Scene:
    """A repository with three commits, a bucket, nothing else."""
    session = backend.session(region_name=REGION)
    session.client("s3").create_bucket(Bucket="store-bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    session.client("s3").create_bucket(Bucket="site", CreateBucketConfiguration={"LocationConstraint": REGION})
    session.client("codecommit").create_repository(repositoryName="r")
    commit(backend, "first cut")
    return Scene(backend, clock, REGION)


def commit(backend: Backend, message: str) -> str:
    code = backend.session(region_name=REGION).client("codecommit")
    parent = {}
    with contextlib.suppress(code.exceptions.BranchDoesNotExistException):
        parent = {"parentCommitId": code.get_branch(repositoryName="r", branchName="main")["branch"]["commitId"]}
    made = code.put_file(
        repositoryName="r",
        branchName="main",
        filePath="index.html",
        fileContent=message.encode(),
        commitMessage=message,
        name="Ada",
        email="ada@example.com",
        **parent,
    )
    commit_id: str = made["commitId"]
    return commit_id


def ship() -> dict[str, Any]:
    return action("Site", "Deploy", "S3", configuration={"BucketName": "site", "Extract": "true"})


def create(backend: Backend, **made: Any) -> Any:
    client = backend.session(region_name=REGION).client("codepipeline")
    client.create_pipeline(pipeline=made)
    backend.settle()
    return client


async def test_the_inbox_says_what_an_answer_ships_and_what_became_of_it(line: Scene, backend: Backend) -> None:
    asks = approval(configuration={"CustomData": "look at the footer", "ExternalEntityLink": "https://example.com/p"})
    stages = (("Source", [source()]), ("Gate", [asks]), ("Live", [ship()]))
    client = create(backend, **pipeline(*stages))
    async with at_the_console(line) as user:
        await user.presses("A")
        user.sees("web / Gate / Approve", "look at the footer", "https://example.com/p", "all of it is new")
        await user.presses("enter")
        await user.presses("y")
        await user.confirms()
        user.hears("approved web / Gate / Approve")
        await user.waits(10)
        user.sees("approved by local")
        commit(backend, "round half to even")
        newest = commit(backend, "footer in two languages")
        client.start_pipeline_execution(name="web")
        backend.settle()
        await user.waits(30)
        await user.presses("g")
        user.sees("2 commits", "footer in two languages (Ada)", "round half to even (Ada)", newest[:7])
        user.misses("first cut (Ada)")
        await user.presses("g", "p")
        assert user.app.screen.__class__.__name__ == "Pipeline"
        await user.goes_to("overview")
        await user.presses("shift+tab", "enter")
        assert isinstance(user.app.screen, Approvals)
        await user.waits(8 * 86_400, step=86_400)
        user.sees("expired")


async def test_a_demo_s_approval_is_in_the_inbox(floor: Scene, demo: Demo) -> None:
    del demo
    async with at_the_console(floor, (80, 24)) as user:
        await user.commands("approvals")
        user.sees("billing / Approve / Sign-off", "Would ship", "36m left")


async def test_a_condition_that_was_not_met_is_overridden(line: Scene, backend: Backend) -> None:
    made = pipeline(
        ("Source", [source()]),
        ("Live", [ship()]),
        pipelineType="V2",
        variables=[{"name": "go", "defaultValue": "no", "description": "whether to ship"}],
    )
    made["stages"][1]["beforeEntry"] = condition(check("Asked", "#{variables.go}"))
    create(backend, **made)
    async with at_the_console(line) as user:
        await user.opens("web")
        user.sees("✗ Failed before entry", "Asked", "VariableCheck", "else the stage fails")
        await user.presses("v")
        user.sees("go no (default) whether to ship", "it declares none")
        await user.presses("escape")
        await user.chooses("Override condition")
        user.sees("counts as met, for this run only", "Site begins", "codepipeline:OverrideStageCondition")
        await user.types("web")
        await user.confirms()
        user.hears("overrode a condition of web / Live")
        await user.waits(10)
        user.sees("web ✓ Succeeded", "Overridden before entry")


async def test_a_queue_shows_who_enters_next(line: Scene, backend: Backend) -> None:
    client = create(
        backend,
        **pipeline(("Source", [source()]), ("Gate", [approval()]), pipelineType="V2", executionMode="QUEUED"),
    )
    for message in ("second", "third"):
        commit(backend, message)
        client.start_pipeline_execution(name="web")
        backend.settle()
    async with at_the_console(line) as user:
        await user.opens("web")
        user.sees("V2 QUEUED: 2 wait", "waits +1", "waiting to enter", "“second”", "then ")


async def test_runs_side_by_side_show_their_own_stages_and_each_is_answered_by_itself(
    line: Scene, backend: Backend
) -> None:
    client = create(
        backend,
        **pipeline(("Source", [source()]), ("Gate", [approval()]), pipelineType="V2", executionMode="PARALLEL"),
    )
    client.start_pipeline_execution(name="web")
    backend.settle()
    async with at_the_console(line) as user:
        await user.opens("web")
        user.sees("PARALLEL: 2 runs side by side", "✓━━⏸")
        await user.presses("A")
        older, newer = (
            one["pipelineExecutionId"]
            for one in reversed(client.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"])
        )
        user.sees(f"web / Gate / Approve ({older[:8]})", f"web / Gate / Approve ({newer[:8]})")
        user.sees("runs go side by side")
        await user.presses("slash", *older[:8], "enter")
        await user.presses("enter", "y")
        assert user.asked == f"Approve: web / Gate / Approve ({older[:8]})"
        await user.confirms()
        user.hears(f"approved web / Gate / Approve ({older[:8]})")

        def status(run: str) -> str:
            answer = client.get_pipeline_execution(pipelineName="web", pipelineExecutionId=run)
            return str(answer["pipelineExecution"]["status"])

        assert (status(older), status(newer)) == ("Succeeded", "InProgress")
        await user.opens("web")
        await user.presses("tab", "enter")
        user.sees(newer[:8], "Approve")
        await user.presses("enter", "n")
        assert user.asked == f"Reject: web / Gate / Approve ({newer[:8]})"
        await user.types("not this one")
        await user.confirms()
        assert (status(older), status(newer)) == ("Succeeded", "Failed")


async def test_a_gate_is_closed_in_several_pipelines_each_confirmed(line: Scene, backend: Backend) -> None:
    for name in ("shop", "web"):
        create(backend, **pipeline(("Source", [source()]), ("Live", [ship()]), name=name))
    async with at_the_console(line) as user:
        await user.goes_to("pipelines")
        await user.presses("space", "space", "a")
        user.sees("2 pipelines marked", "Close gate before Live 2 of 2: shop, web")
        await user.presses("down", "enter")
        assert user.asked == "Close gate: shop / Live  (1 of 2)"
        await user.types("freeze until Monday")
        await user.confirms()
        assert user.asked == "Close gate: web / Live  (2 of 2)"
        user.sees("freeze until Monday")
        await user.confirms()
        user.hears("Close gate before Live: 2 of 2 done")
    client = backend.session(region_name=REGION).client("codepipeline")
    for name in ("shop", "web"):
        gate = client.get_pipeline_state(name=name)["stageStates"][1]["inboundTransitionState"]
        assert (gate["enabled"], gate["disabledReason"]) == (False, "freeze until Monday")


async def test_a_commit_leads_to_its_runs(line: Scene, backend: Backend) -> None:
    for name in ("shop", "web"):
        create(backend, **pipeline(("Source", [source()]), ("Live", [ship()]), name=name))
    code = backend.session(region_name=REGION).client("codecommit")
    head = code.get_branch(repositoryName="r", branchName="main")["branch"]["commitId"]
    async with at_the_console(line) as user:
        await user.commands(f"commit {head[:8]}")
        user.sees("run shop", "run web", "Source, Live", "first cut")
        await user.presses("enter")
        assert user.app.screen.__class__.__name__ == "ExecutionPlace"


# -- builds


def buildspec(*commands: str, more: str = "") -> str:
    lines = "".join(f"      - {json.dumps(command)}\n" for command in commands)
    return f"version: 0.2\n{more}phases:\n  build:\n    commands:\n{lines}"


async def test_a_report_s_failed_case_is_read_with_what_it_said(
    line: Scene, backend: Backend, clock: ManualClock
) -> None:
    builds = Builds(backend, clock)
    builds.client = backend.session(region_name=REGION).client("codebuild")
    put = f"mkdir -p out && printf %s '{JUNIT}' > out/r.xml"
    builds.run(buildspec(put, more="reports: {unit: {files: ['*.xml'], base-directory: out}}\n"))
    builds.start()
    backend.settle()
    async with at_the_console(line) as user:
        await user.goes_to("builds")
        await user.presses("tab", "enter", "r")
        user.sees("web-unit", "1 of 2 failed", "rounds", "2 is not 3", "unchanged since the one before")
        await user.presses("enter")
        user.sees("total.py line 12")
        await user.presses("escape", "escape", "escape")
        await user.presses("x")
        user.sees("Phases", "DOWNLOAD_SOURCE", "nothing: the same source, image and settings")


async def test_a_batch_is_a_tree_whose_failed_builds_run_again(
    line: Scene, backend: Backend, clock: ManualClock
) -> None:
    builds = Builds(backend, clock)
    builds.client = backend.session(region_name=REGION).client("codebuild")
    graph = "{build-graph: [{identifier: lint}, {identifier: unit, depend-on: [lint]}]}"
    spec = buildspec("exit 1", more=f"batch: {graph}\n")
    builds.project(spec, buildBatchConfig={"serviceRole": "arn:aws:iam::123456789012:role/batch"})
    builds.client.start_build_batch(projectName="web")
    backend.settle()
    async with at_the_console(line) as user:
        await user.commands("batches")
        user.sees("web", "✗ FAILED")
        await user.presses("enter")
        user.sees("lint", "└ unit", "web batch #1")
        await user.chooses("Retry batch")
        user.sees("Runs again", "codebuild:RetryBuildBatch")
        await user.confirms()
        user.hears("retried web:")
