"""CodeBuild as a build and a test action, really building: artifacts, variables, failures, and a restart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pointsman.clock import ManualClock
from support.backend import CheckedBackend
from support.pipelines import action, newest, pipeline, stages_of, zipped

ROLE = "arn:aws:iam::123456789012:role/build"

SPEC = """
version: 0.2
env:
  exported-variables: [RELEASE]
phases:
  build:
    commands:
      - export RELEASE="r-$LEVEL"
      - mkdir -p out && echo "$RELEASE $CODEBUILD_INITIATOR" > out/release.txt
artifacts:
  base-directory: out
  files: ["**/*"]
"""


def source_bucket(backend: CheckedBackend, buildspec: str) -> str:
    s3 = backend.session().client("s3")
    for name in ("source-bucket", "site"):
        s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket="source-bucket", VersioningConfiguration={"Status": "Enabled"})
    version: str = s3.put_object(
        Bucket="source-bucket", Key="app.zip", Body=zipped(buildspec_dot_yml=buildspec, second_dot_yml=buildspec)
    )["VersionId"]
    return version


def project(backend: CheckedBackend, name: str = "app", **more: Any) -> None:
    backend.session().client("codebuild").create_project(
        name=name,
        source={"type": "CODEPIPELINE", **more},
        artifacts={"type": "CODEPIPELINE"},
        environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0",
                     "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=ROLE,
    )  # fmt: skip


def definition() -> dict[str, Any]:
    variables = json.dumps([{"name": "LEVEL", "value": "#{Src.ETag}", "type": "PLAINTEXT"}])
    source = action(
        "Source",
        "Source",
        "S3",
        outputs=("src",),
        namespace="Src",
        configuration={"S3Bucket": "source-bucket", "S3ObjectKey": "app.zip"},
    )
    build = action(
        "Build",
        outputs=("built",),
        namespace="Made",
        configuration={"ProjectName": "app", "EnvironmentVariables": variables},
    )
    deploy = action(
        "Deploy",
        "Deploy",
        "S3",
        inputs=("built",),
        configuration={"BucketName": "site", "Extract": "true", "ObjectKey": "#{Made.RELEASE}"},
    )
    return pipeline(("Source", [source]), ("Build", [build]), ("Deploy", [deploy]))


def latest(codepipeline: Any) -> dict[str, Any]:
    shown: dict[str, Any] = stages_of(codepipeline)["Build"]["actionStates"][0]["latestExecution"]
    return shown


@pytest.fixture
def codepipeline(backend: CheckedBackend) -> Any:
    return backend.session().client("codepipeline")


def test_a_build_takes_the_artifact_and_hands_on_its_own(backend: CheckedBackend, codepipeline: Any) -> None:
    source_bucket(backend, SPEC)
    project(backend)
    codepipeline.create_pipeline(pipeline=definition())
    backend.settle()
    shown = latest(codepipeline)
    assert newest(codepipeline)["status"] == "Succeeded", shown
    build_id = shown["externalExecutionId"]
    assert build_id.startswith("app:")
    assert "codesuite/codebuild/123456789012/projects/app/build/app%3A" in shown["externalExecutionUrl"]
    assert ":log-group:/aws/codebuild/app:log-stream:" in shown["logStreamARN"]
    run = codepipeline.list_action_executions(pipelineName="web")["actionExecutionDetails"][1]
    release = run["output"]["outputVariables"]["RELEASE"]
    assert release.startswith("r-")
    assert run["output"]["executionResult"]["externalExecutionId"] == build_id
    assert run["output"]["outputArtifacts"][0]["name"] == "built"
    body = backend.session().client("s3").get_object(Bucket="site", Key=f"{release}/release.txt")["Body"].read()
    assert body.decode() == f"{release} codepipeline/web\n"
    build = backend.session().client("codebuild").batch_get_builds(ids=[build_id])["builds"][0]
    assert build["initiator"] == "codepipeline/web"


def test_a_failed_build_fails_the_action_with_codebuilds_words(backend: CheckedBackend, codepipeline: Any) -> None:
    source_bucket(backend, "version: 0.2\nphases:\n  build:\n    commands: [exit 3]\n")
    project(backend)
    codepipeline.create_pipeline(pipeline=definition())
    backend.settle()
    details = latest(codepipeline)["errorDetails"]
    assert details["code"] == "JobFailed"
    assert details["message"].startswith("Build terminated with state: FAILED")
    assert "exit status 3" in details["message"]
    assert newest(codepipeline)["status"] == "Failed"


def test_a_project_that_is_missing_fails_the_action(backend: CheckedBackend, codepipeline: Any) -> None:
    source_bucket(backend, SPEC)
    codepipeline.create_pipeline(pipeline=definition())
    backend.settle()
    details = latest(codepipeline)["errorDetails"]
    assert details["code"] == "ConfigurationError"
    assert "app" in details["message"]


def test_environment_variables_that_are_no_list_fail_the_action(backend: CheckedBackend, codepipeline: Any) -> None:
    source_bucket(backend, SPEC)
    project(backend)
    given = definition()
    given["stages"][1]["actions"][0]["configuration"]["EnvironmentVariables"] = "{"
    codepipeline.create_pipeline(pipeline=given)
    backend.settle()
    assert "EnvironmentVariables" in latest(codepipeline)["errorDetails"]["message"]


def test_a_build_that_ended_while_the_backend_was_down_ends_its_action(tmp_path: Path, clock: ManualClock) -> None:
    slow = "version: 0.2\nphases:\n  build:\n    commands: [sleep 30]\n"
    with CheckedBackend(state=tmp_path / "again", clock=clock, patience=1.0) as first:
        source_bucket(first, slow)
        project(first)
        first.session().client("codepipeline").create_pipeline(pipeline=definition())
        first.settle()
        assert latest(first.session().client("codepipeline"))["status"] == "InProgress"
    with CheckedBackend(state=tmp_path / "again", clock=clock) as second:
        second.settle()
        codepipeline = second.session().client("codepipeline")
        assert latest(codepipeline)["status"] == "Failed"
        assert "Build terminated with state" in latest(codepipeline)["errorDetails"]["message"]
        assert newest(codepipeline)["status"] == "Failed"


BATCH = """
version: 0.2
batch: {build-matrix: {dynamic: {env: {variables: {PART: [one, two]}}}}}
phases: {build: {commands: ['mkdir -p out && echo $PART > out/$PART.txt']}}
artifacts: {base-directory: out, files: ["**/*"]}
"""


def batched(backend: CheckedBackend, codepipeline: Any, outputs: list[str], **configuration: str) -> None:
    source_bucket(backend, BATCH)
    project(backend)
    backend.session().client("codebuild").update_project(name="app", buildBatchConfig={"serviceRole": ROLE})
    given = definition()
    build = given["stages"][1]["actions"][0]
    build["configuration"] = {"ProjectName": "app", "BatchEnabled": "true", **configuration}
    build["outputArtifacts"] = [{"name": name} for name in outputs]
    deploy = given["stages"][2]["actions"][0]
    deploy["inputArtifacts"] = [{"name": outputs[0]}]
    deploy["configuration"]["ObjectKey"] = "made"
    codepipeline.create_pipeline(pipeline=given)
    backend.settle()


def made(backend: CheckedBackend) -> list[str]:
    listed = backend.session().client("s3").list_objects_v2(Bucket="site").get("Contents", [])
    return [one["Key"] for one in listed]


def test_a_batch_hands_on_the_artifacts_of_its_builds(backend: CheckedBackend, codepipeline: Any) -> None:
    batched(backend, codepipeline, ["build1", "build2"])
    shown = latest(codepipeline)
    assert newest(codepipeline)["status"] == "Succeeded", shown
    assert "/batch/app%3A" in shown["externalExecutionUrl"]
    batch = backend.session().client("codebuild").batch_get_build_batches(ids=[shown["externalExecutionId"]])
    assert batch["buildBatches"][0]["initiator"] == "codepipeline/web"
    assert made(backend) == ["made/one.txt"]


def test_a_batch_can_hand_on_one_artifact_of_all(backend: CheckedBackend, codepipeline: Any) -> None:
    batched(backend, codepipeline, ["all"], CombineArtifacts="true")
    assert newest(codepipeline)["status"] == "Succeeded", latest(codepipeline)
    assert made(backend) == ["made/one.txt", "made/two.txt"]


def test_a_batch_of_a_project_without_a_configuration_fails_the_action(
    backend: CheckedBackend, codepipeline: Any
) -> None:
    source_bucket(backend, BATCH)
    project(backend)
    given = definition()
    given["stages"][1]["actions"][0]["configuration"] = {"ProjectName": "app", "BatchEnabled": "true"}
    codepipeline.create_pipeline(pipeline=given)
    backend.settle()
    details = latest(codepipeline)["errorDetails"]
    assert details["message"].startswith("Error calling startBuildBatch: The project app has no buildBatchConfig")
