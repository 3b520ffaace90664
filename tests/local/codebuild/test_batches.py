"""Batch builds from the outside."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.local.codebuild import batches as batches_of
from pointsman.local.codebuild.builds import PipelineSource, StartRequest
from support.backend import CheckedBackend
from support.builds import Builds

CONFIG = {"serviceRole": "arn:aws:iam::123456789012:role/batch"}


def spec(batch: str, *commands: str, more: str = "") -> str:
    lines = "".join(f"      - {json.dumps(command)}\n" for command in commands)
    return f"version: 0.2\nbatch: {batch}\nphases:\n  build:\n    commands:\n{lines}{more}"


class Batches:
    def __init__(self, builds: Builds) -> None:
        self.builds = builds
        self.client = builds.client

    def start(self, text: str, config: dict[str, Any] | None = None, **settings: Any) -> str:
        self.builds.project(text, buildBatchConfig={**CONFIG, **(config or {})}, **settings)
        batch_id: str = self.client.start_build_batch(projectName="web")["buildBatch"]["id"]
        return batch_id

    def get(self, batch_id: str) -> Any:
        return self.client.batch_get_build_batches(ids=[batch_id])["buildBatches"][0]

    def run(self, text: str, config: dict[str, Any] | None = None, **settings: Any) -> Any:
        batch_id = self.start(text, config, **settings)
        self.builds.backend.settle()
        return self.get(batch_id)

    def build(self, batch: Any, identifier: str) -> Any:
        group = next(one for one in batch["buildGroups"] if one["identifier"] == identifier)
        return self.client.batch_get_builds(ids=[group["currentBuildSummary"]["arn"]])["builds"][0]

    @staticmethod
    def statuses(batch: Any) -> dict[str, str]:
        return {
            one["identifier"]: one.get("currentBuildSummary", {}).get("buildStatus", "") for one in batch["buildGroups"]
        }


@pytest.fixture
def batches(builds: Builds) -> Batches:
    return Batches(builds)


def test_a_build_list_runs_every_build(batches: Batches) -> None:
    text = spec("{build-list: [{identifier: a, env: {variables: {V: one}}}, {identifier: b}]}",
                "echo $CODEBUILD_BATCH_BUILD_IDENTIFIER $V", more="env: {variables: {V: none}}\n")  # fmt: skip
    batch = batches.run(text)
    assert (batch["buildBatchStatus"], batch["currentPhase"], batch["complete"]) == ("SUCCEEDED", "SUCCEEDED", True)
    assert [(phase["phaseType"], phase.get("phaseStatus")) for phase in batch["phases"]] == [
        ("SUBMITTED", "SUCCEEDED"),
        ("DOWNLOAD_BATCHSPEC", "SUCCEEDED"),
        ("IN_PROGRESS", "SUCCEEDED"),
        ("COMBINE_ARTIFACTS", "SUCCEEDED"),
        ("SUCCEEDED", None),
    ]
    assert batches.statuses(batch) == {"DOWNLOAD_SOURCE": "SUCCEEDED", "a": "SUCCEEDED", "b": "SUCCEEDED"}
    build = batches.build(batch, "a")
    assert build["buildBatchArn"] == batch["arn"]
    assert batches.builds.printed(build) == ["a one"]
    assert batches.builds.printed(batches.build(batch, "b")) == ["b none"]
    assert list(batches.builds.phases(batches.build(batch, "DOWNLOAD_SOURCE"))) == [
        "SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "FINALIZING", "COMPLETED",
    ]  # fmt: skip


GRAPH = (
    "{build-graph: [{identifier: a}, {identifier: b, depend-on: [a]}, {identifier: c, depend-on: [b]},"
    " {identifier: d}, {identifier: e, ignore-failure: true}, {identifier: f, depend-on: [e]}]}"
)
FAILING = 'case " $FAIL " in *" $CODEBUILD_BATCH_BUILD_IDENTIFIER "*) exit 1;; esac'


def test_a_graph_stops_what_depends_on_a_failure_and_can_be_retried(batches: Batches) -> None:
    client = batches.client
    batch = batches.run(spec(GRAPH, FAILING, more="env: {variables: {FAIL: a e}}\n"))
    assert batch["buildBatchStatus"] == "FAILED"
    assert batches.statuses(batch) == {
        "DOWNLOAD_SOURCE": "SUCCEEDED",
        "a": "FAILED",
        "b": "STOPPED",
        "c": "STOPPED",
        "d": "SUCCEEDED",
        "e": "FAILED",
        "f": "SUCCEEDED",
    }
    [context] = batch["phases"][2]["contexts"]
    assert "a (FAILED), b (STOPPED), c (STOPPED)" in context["message"]
    kept = batches.build(batch, "d")["arn"]
    again = client.retry_build_batch(id=batch["id"], retryType="RETRY_FAILED_BUILDS", idempotencyToken="t")
    assert again["buildBatch"]["buildBatchStatus"] == "IN_PROGRESS"
    assert client.retry_build_batch(id=batch["id"], retryType="RETRY_FAILED_BUILDS", idempotencyToken="t")
    batches.builds.backend.settle()
    batch = batches.get(batch["id"])
    assert batches.build(batch, "d")["arn"] == kept
    group = next(one for one in batch["buildGroups"] if one["identifier"] == "a")
    assert len(group["priorBuildSummaryList"]) == 1


def test_fast_fail_stops_the_others(batches: Batches) -> None:
    text = spec("{fast-fail: true, build-list: [{identifier: a}, {identifier: b}]}",
                'if [ "$CODEBUILD_BATCH_BUILD_IDENTIFIER" = a ]; then exit 1; else sleep 60; fi')  # fmt: skip
    batch = batches.run(text)
    assert batches.statuses(batch) == {"DOWNLOAD_SOURCE": "SUCCEEDED", "a": "FAILED", "b": "STOPPED"}
    assert batch["buildBatchStatus"] == "FAILED"


def test_a_stopped_batch_stops_its_builds(batches: Batches, builds: Builds) -> None:
    batch_id = batches.start(spec("{build-list: [{identifier: a}]}", "true"))
    stopped = batches.client.stop_build_batch(id=batch_id)["buildBatch"]
    assert (stopped["buildBatchStatus"], stopped["currentPhase"]) == ("STOPPED", "STOPPED")
    builds.backend.settle()
    assert batches.build(batches.get(batch_id), "DOWNLOAD_SOURCE")["buildStatus"] == "STOPPED"
    assert batches.client.stop_build_batch(id=batch_id)["buildBatch"]["buildBatchStatus"] == "STOPPED"
    with pytest.raises(ClientError, match="only a batch that has failed can be retried"):
        batches.client.retry_build_batch(id=batch_id)


def test_a_batch_that_takes_too_long(batches: Batches, builds: Builds, clock: ManualClock) -> None:
    builds.backend.world.patience = 1.0
    batch_id = batches.start(spec("{build-list: [{identifier: a}]}", "sleep 600"), {"timeoutInMins": 10})
    builds.backend.settle()
    clock.advance(601)
    builds.backend.settle()
    batch = batches.get(batch_id)
    assert (batch["buildBatchStatus"], batch["currentPhase"]) == ("TIMED_OUT", "FAILED")
    assert batches.statuses(batch)["a"] == "STOPPED"


@pytest.mark.parametrize(
    ("text", "config", "words"),
    [
        ("version: 0.2\nphases: {}", {}, "the buildspec has no batch section"),
        ("version: 0.2\nbatch: {build-list: []}", {}, "batch.build-list, line 2: has no builds"),
        (spec(GRAPH, "true"), {"restrictions": {"maximumBuildsAllowed": 5}}, "the batch has 6 builds"),
        (
            spec("{build-list: [{identifier: a, env: {compute-type: BUILD_GENERAL1_LARGE}}]}", "true"),
            {"restrictions": {"computeTypesAllowed": ["BUILD_GENERAL1_SMALL"]}},
            "a wants the compute type BUILD_GENERAL1_LARGE",
        ),
    ],
)
def test_what_no_batch_can_be_fails_its_second_phase(
    batches: Batches, text: str, config: dict[str, Any], words: str
) -> None:
    batch = batches.run(text, config)
    assert batch["buildBatchStatus"] == "FAILED"
    phase = batch["phases"][1]
    assert (phase["phaseType"], phase["phaseStatus"]) == ("DOWNLOAD_BATCHSPEC", "FAILED")
    assert words in phase["contexts"][0]["message"]


def test_a_project_without_a_configuration_has_no_batches(builds: Builds) -> None:
    builds.project(spec("{build-list: [{identifier: a}]}", "true"))
    with pytest.raises(ClientError, match="has no buildBatchConfig"):
        builds.client.start_build_batch(projectName="web")


@pytest.mark.parametrize("packaging", ["ZIP", "NONE"])
def test_artifacts_are_brought_together(batches: Batches, builds: Builds, packaging: str) -> None:
    s3: Any = builds.backend.session().client("s3")
    s3.create_bucket(Bucket="out")
    text = spec("{build-matrix: {dynamic: {env: {variables: {N: [one, two]}}}}}", "echo $N > $N.txt",
                more="artifacts: {files: ['*.txt']}\n")  # fmt: skip
    goal = {"type": "S3", "location": "out", "name": "all", "packaging": packaging}
    batch = batches.run(text, {"combineArtifacts": True}, artifacts=goal)
    assert batch["buildBatchStatus"] == "SUCCEEDED", batch["phases"]
    assert batch["artifacts"]["location"] == "arn:aws:s3:::out/all"
    if packaging == "ZIP":
        body = s3.get_object(Bucket="out", Key="all")["Body"].read()
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert sorted(archive.namelist()) == ["one.txt", "two.txt"]
    else:
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket="out")["Contents"]]
        assert keys == ["all/one.txt", "all/two.txt"]


def test_artifacts_of_each_build_have_a_place_of_their_own(batches: Batches, builds: Builds) -> None:
    s3: Any = builds.backend.session().client("s3")
    s3.create_bucket(Bucket="out")
    text = spec("{build-list: [{identifier: a}, {identifier: b}]}", "echo 1 > one.txt",
                more="artifacts: {files: ['*.txt']}\n")  # fmt: skip
    batch = batches.run(text, artifacts={"type": "S3", "location": "out", "name": "all"})
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="out")["Contents"]]
    assert keys == ["all/a/one.txt", "all/b/one.txt"]
    summary = batch["buildGroups"][1]["currentBuildSummary"]
    assert summary["primaryArtifact"] == {"type": "S3", "identifier": "a", "location": "arn:aws:s3:::out/all/a"}


def test_the_reports_of_a_fan_out_become_one(batches: Batches) -> None:
    name = "$CODEBUILD_BATCH_BUILD_IDENTIFIER"
    case = f"<testsuite><testcase name='{name}'><$VERDICT/></testcase></testsuite>"
    text = spec(
        "{build-fanout: {parallelism: 2}}",
        f'if [ "{name}" = build1 ]; then VERDICT=passed; else VERDICT=failure; fi; echo "{case}" > r.xml',
        more="reports: {unit: {files: r.xml}}\n",
    )
    batch = batches.run(text)
    assert batch["buildBatchStatus"] == "SUCCEEDED", batch
    [arn] = batch["reportArns"]
    report = batches.client.batch_get_reports(reportArns=[arn])["reports"][0]
    assert (report["executionId"], report["status"], report["testSummary"]["total"]) == (batch["arn"], "FAILED", 2)
    cases = batches.client.describe_test_cases(reportArn=arn)["testCases"]
    assert [(one["name"], one["status"]) for one in cases] == [("build1", "SUCCEEDED"), ("build2", "FAILED")]


def test_lists_and_deletion(batches: Batches, builds: Builds) -> None:
    first = batches.run(spec("{build-list: [{identifier: a}]}", "true"))["id"]
    second = batches.client.start_build_batch(projectName="web", idempotencyToken="t")["buildBatch"]["id"]
    assert batches.client.start_build_batch(projectName="web", idempotencyToken="t")["buildBatch"]["id"] == second
    client = batches.client
    assert client.list_build_batches()["ids"] == [second, first]
    assert client.list_build_batches_for_project(projectName="web", sortOrder="ASCENDING")["ids"] == [first, second]
    assert client.list_build_batches(filter={"status": "IN_PROGRESS"})["ids"] == [second]
    with pytest.raises(ClientError, match="is in progress: stop it first"):
        client.delete_build_batch(id=second)
    done = client.delete_build_batch(id=first)
    assert (done["statusCode"], len(done["buildsDeleted"])) == ("BATCH_DELETED", 2)
    assert client.batch_get_build_batches(ids=[first])["buildBatchesNotFound"] == [first]
    assert client.list_build_batches()["ids"] == [second]


def test_a_pipelines_outputs_are_those_of_the_groups(builds: Builds) -> None:
    builds.project(
        "version: 0.2\nphases: {}",
        source={"type": "CODEPIPELINE"},
        artifacts={"type": "CODEPIPELINE"},
        buildBatchConfig=CONFIG,
    )
    text = spec("{build-list: [{identifier: a}, {identifier: b}]}", "echo 1 > one.txt && echo 2 > two.txt",
                more="artifacts: {files: [one.txt], secondary-artifacts: {x: {files: [two.txt]}}}\n")  # fmt: skip
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("buildspec.yml", text)
    world = builds.backend.world
    scope = world.scope("123456789012", "us-east-1")
    with world.transaction():
        digest = world.blobs.put(body.getvalue())
        request = StartRequest("web", sources=[PipelineSource("Source", digest)], artifact_names=["a", "a_x", "b"])
        started = batches_of.start(scope, request)
    builds.backend.settle()
    batch = batches_of.get(scope, started.id)
    assert batch is not None
    assert batch.status == "SUCCEEDED", batch.failure
    assert sorted(batch.output_artifacts) == ["a", "a_x", "b"]


def test_a_build_of_a_batch_is_retried_with_it(batches: Batches) -> None:
    batch = batches.run(spec("{build-list: [{identifier: a}]}", "false"))
    with pytest.raises(ClientError, match="belongs to a batch build: retry the batch instead"):
        batches.client.retry_build(id=batches.build(batch, "a")["id"])


def test_a_batch_goes_on_after_its_backend_was_killed(tmp_path: Path, clock: ManualClock) -> None:
    place = tmp_path / "state"
    with CheckedBackend(state=place, clock=clock) as backend:
        batches = Batches(Builds(backend, clock))
        batch_id = batches.start(spec("{build-graph: [{identifier: a}, {identifier: b, depend-on: [a]}]}", "true"))
        copy = tmp_path / "copy"
        shutil.copytree(place, copy, ignore=shutil.ignore_patterns("lock*", "*.lock"))
    with CheckedBackend(state=copy, clock=clock, seed=1) as again:  # other dice: its ids are not those given out
        again.settle()
        batches = Batches(Builds(again, clock))
        assert batches.get(batch_id)["buildBatchStatus"] == "SUCCEEDED"


def test_closing_the_backend_stops_its_batches_and_says_so(tmp_path: Path, clock: ManualClock) -> None:
    place = tmp_path / "state"
    with CheckedBackend(state=place, clock=clock, patience=1.0) as backend:
        batch_id = Batches(Builds(backend, clock)).start(spec("{build-list: [{identifier: a}]}", "sleep 600"))
        backend.settle()
    with CheckedBackend(state=place, clock=clock) as again:
        batch = Batches(Builds(again, clock)).get(batch_id)
        assert batch["buildBatchStatus"] == "STOPPED"
        assert "the backend was closed while this batch build ran" in str(batch["phases"])
        assert Batches.statuses(batch)["a"] == "STOPPED"


def test_a_fan_out_shares_the_tests(batches: Batches) -> None:
    text = spec(
        "{build-fanout: {parallelism: 2}}",
        "mkdir -p t && touch t/a_test t/b_test t/c_test t/other",
        "codebuild-tests-run --files-search \"codebuild-glob-search '**/*_test'\" --test-command 'echo run'",
        "codebuild-tests-run --files-search 'ls t/*_test' --test-command 'echo $CODEBUILD_CURRENT_SHARD_FILES #'",
    )
    batch = batches.run(text)
    assert batch["buildBatchStatus"] == "SUCCEEDED", batch
    told = [batches.builds.printed(batches.build(batch, one)) for one in ("build1", "build2")]
    assert [[line for line in lines if "codebuild-tests-run" not in line] for lines in told] == [
        ["run t/a_test", "t/a_test"],
        ["run t/b_test t/c_test", "t/b_test t/c_test"],
    ]
