"""The built providers, for real: S3 and CodeCommit sources, approval, S3 deploy; and what polling notices."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import EPOCH, ManualClock
from support.backend import CheckedBackend
from support.pipelines import Scripted, action, approval, newest, pipeline, source, stages_of, zipped


@pytest.fixture
def s3(line: CheckedBackend) -> Any:
    made = line.session("us-east-1").client("s3")
    made.create_bucket(Bucket="source-bucket")
    made.put_bucket_versioning(Bucket="source-bucket", VersioningConfiguration={"Status": "Enabled"})
    made.create_bucket(Bucket="site")
    return made


def s3_source(**configuration: str) -> dict[str, Any]:
    given = {"S3Bucket": "source-bucket", "S3ObjectKey": "app.zip", **configuration}
    return action("Source", "Source", "S3", outputs=("src",), configuration=given, namespace="Src")


def s3_deploy(name: str = "Deploy", **configuration: str) -> dict[str, Any]:
    return action(name, "Deploy", "S3", configuration={"BucketName": "site", "Extract": "true", **configuration})


def site(*middle: tuple[str, list[dict[str, Any]]], deploy: dict[str, Any] | None = None, **more: Any) -> Any:
    return pipeline(("Source", [s3_source()]), *middle, ("Deploy", [deploy or s3_deploy()]), **more)


def failure(codepipeline: Any, stage: str) -> dict[str, str]:
    details: dict[str, str] = stages_of(codepipeline)[stage]["actionStates"][0]["latestExecution"]["errorDetails"]
    return details


def test_an_object_travels_from_its_bucket_through_the_store_to_a_site(
    codepipeline: Any, s3: Any, line: CheckedBackend
) -> None:
    body = zipped(index_dot_html="<h1>one</h1>", css__a_dot_css="p {}")
    version = s3.put_object(Bucket="source-bucket", Key="app.zip", Body=body)["VersionId"]
    codepipeline.create_pipeline(pipeline=site(deploy=s3_deploy(ObjectKey="v-#{Src.VersionId}")))
    line.settle()
    shown = newest(codepipeline)
    assert shown["status"] == "Succeeded"
    assert shown["sourceRevisions"][0]["revisionId"] == version
    assert shown["sourceRevisions"][0]["revisionSummary"] == f"Amazon S3 version id: {version}"
    got = s3.get_object(Bucket="site", Key=f"v-{version}/css/a.css")
    assert (got["Body"].read(), got["ContentType"]) == (b"p {}", "text/css")
    run = codepipeline.list_action_executions(pipelineName="web")["actionExecutionDetails"][-1]
    place = run["output"]["outputArtifacts"][0]["s3location"]
    assert place["bucket"] == "store-bucket"
    assert place["key"].startswith("web/src/")
    assert s3.get_object(Bucket="store-bucket", Key=place["key"])["Body"].read() == body
    assert run["output"]["outputVariables"]["BucketName"] == "source-bucket"


def test_the_zip_itself_is_deployed_when_it_is_not_to_be_extracted(
    codepipeline: Any, s3: Any, line: CheckedBackend
) -> None:
    body = zipped(a="1")
    s3.put_object(
        Bucket="source-bucket",
        Key="app.zip",
        Body=body,
        Metadata={"codepipeline-artifact-revision-summary": "the great release"},
    )
    deploy = s3_deploy(Extract="false", ObjectKey="releases/{datetime}.zip", CacheControl="max-age=60")
    codepipeline.create_pipeline(pipeline=site(deploy=deploy))
    line.settle()
    got = s3.get_object(Bucket="site", Key=f"releases/{EPOCH:%Y-%m-%d_%H-%M-%S}.zip")
    assert (got["Body"].read(), got["CacheControl"]) == (body, "max-age=60")
    assert newest(codepipeline)["sourceRevisions"][0]["revisionSummary"] == "the great release"


def test_a_file_that_is_no_zip_cannot_be_extracted(codepipeline: Any, s3: Any, line: CheckedBackend) -> None:
    s3.put_object(Bucket="source-bucket", Key="app.zip", Body=b"plain")
    codepipeline.create_pipeline(pipeline=site())
    line.settle()
    assert "not a zip file" in failure(codepipeline, "Deploy")["message"]


@pytest.mark.parametrize(
    ("configuration", "code", "said"),
    [
        ({"S3ObjectKey": "nope"}, "RevisionUnavailable", "nope does not exist"),
        ({"S3Bucket": "nowhere"}, "ConfigurationError", "nowhere does not exist"),
        ({"S3Bucket": "site"}, "ConfigurationError", "Versioning is not enabled"),
    ],
)
def test_a_source_that_cannot_be_read_fails_with_the_reason(
    codepipeline: Any, s3: Any, configuration: dict[str, str], code: str, said: str
) -> None:
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [s3_source(**configuration)]), ("D", [s3_deploy()])))
    found = failure(codepipeline, "Source")
    assert found["code"] == code
    assert said in found["message"]


def test_a_bucket_that_is_missing_fails_the_deployment(codepipeline: Any, s3: Any, line: CheckedBackend) -> None:
    s3.put_object(Bucket="source-bucket", Key="app.zip", Body=zipped(a="1"))
    codepipeline.create_pipeline(pipeline=site(deploy=s3_deploy(BucketName="elsewhere")))
    line.settle()
    assert failure(codepipeline, "Deploy") == {
        "code": "ConfigurationError",
        "message": "The bucket elsewhere does not exist.",
    }


def test_a_new_object_starts_an_execution_at_once(codepipeline: Any, s3: Any, line: CheckedBackend) -> None:
    s3.put_object(Bucket="source-bucket", Key="app.zip", Body=zipped(a="1"))
    codepipeline.create_pipeline(pipeline=site())
    line.settle()
    second = s3.put_object(Bucket="source-bucket", Key="app.zip", Body=zipped(a="2"))["VersionId"]
    line.settle()
    shown = newest(codepipeline)
    assert shown["trigger"] == {"triggerType": "PollForSourceChanges", "triggerDetail": "Source"}
    assert (shown["status"], shown["sourceRevisions"][0]["revisionId"]) == ("Succeeded", second)
    assert s3.get_object(Bucket="site", Key="a")["Body"].read() == b"2"
    assert len(codepipeline.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]) == 2


def test_the_first_object_starts_a_pipeline_that_found_none(codepipeline: Any, s3: Any, line: CheckedBackend) -> None:
    codepipeline.create_pipeline(pipeline=site())
    assert newest(codepipeline)["status"] == "Failed"
    s3.put_object(Bucket="source-bucket", Key="app.zip", Body=zipped(a="1"))
    line.settle()
    assert newest(codepipeline)["status"] == "Succeeded"


def test_a_source_that_does_not_poll_is_left_alone(codepipeline: Any, s3: Any, clock: ManualClock) -> None:
    given = pipeline(("Source", [s3_source(PollForSourceChanges="false")]), ("Deploy", [s3_deploy()]))
    codepipeline.create_pipeline(pipeline=given)
    s3.put_object(Bucket="source-bucket", Key="app.zip", Body=zipped(a="1"))
    clock.advance(300)
    assert len(codepipeline.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]) == 1


def test_an_execution_can_ask_for_an_older_revision(
    codepipeline: Any, s3: Any, line: CheckedBackend, clock: ManualClock
) -> None:
    old = s3.put_object(Bucket="source-bucket", Key="app.zip", Body=zipped(a="1"))["VersionId"]
    s3.put_object(Bucket="source-bucket", Key="app.zip", Body=zipped(a="2"))
    codepipeline.create_pipeline(pipeline=site(pipelineType="V2"))
    line.settle()
    wanted = {"actionName": "Source", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": old}
    run = codepipeline.start_pipeline_execution(name="web", sourceRevisions=[wanted])["pipelineExecutionId"]
    clock.advance(120)
    shown = newest(codepipeline)
    assert shown["pipelineExecutionId"] == run
    assert shown["sourceRevisions"][0]["revisionId"] == old
    with pytest.raises(ClientError, match="does not fit"):
        codepipeline.start_pipeline_execution(name="web", sourceRevisions=[{**wanted, "revisionType": "COMMIT_ID"}])


# -- approvals ------------------------------------------------------------------------------------------------------


@pytest.fixture
def gate(codepipeline: Any, script: Scripted) -> Any:
    asked = approval(configuration={"CustomData": "ship #{codepipeline.PipelineExecutionId}?",
                                    "ExternalEntityLink": "https://example.com"})  # fmt: skip
    codepipeline.create_pipeline(
        pipeline=pipeline(("Source", [source()]), ("Gate", [asked]), ("Deploy", [action("Deploy")]))
    )
    script.end("Source", "Source")
    return codepipeline


WHERE = {"pipelineName": "web", "stageName": "Gate", "actionName": "Approve"}


def latest(codepipeline: Any) -> dict[str, Any]:
    shown: dict[str, Any] = stages_of(codepipeline)["Gate"]["actionStates"][0]["latestExecution"]
    return shown


def answer(codepipeline: Any, token: str, status: str = "Approved", summary: str = "fine") -> Any:
    return codepipeline.put_approval_result(**WHERE, token=token, result={"summary": summary, "status": status})


def test_an_approval_lets_the_execution_pass(gate: Any, script: Scripted, clock: ManualClock) -> None:
    token = latest(gate)["token"]
    clock.advance(60)
    assert answer(gate, token)["approvedAt"] == EPOCH + timedelta(seconds=60)
    shown = latest(gate)
    assert (shown["status"], shown["summary"]) == ("Succeeded", "fine")
    assert shown["lastUpdatedBy"] == "arn:aws:iam::123456789012:user/local"
    assert shown["lastStatusChange"] == clock.now()
    assert "token" not in shown
    assert ("Deploy", "Deploy") in script.waiting
    run = gate.list_action_executions(pipelineName="web")["actionExecutionDetails"][1]
    assert run["updatedBy"] == "arn:aws:iam::123456789012:user/local"
    assert run["input"]["resolvedConfiguration"]["CustomData"].startswith("ship ")
    with pytest.raises(gate.exceptions.ApprovalAlreadyCompletedException):
        answer(gate, token)


def test_a_rejection_fails_the_stage_with_the_reviewers_words(gate: Any) -> None:
    answer(gate, latest(gate)["token"], "Rejected", "not today")
    assert (latest(gate)["status"], latest(gate)["summary"]) == ("Failed", "not today")
    assert newest(gate)["status"] == "Failed"


def test_a_stale_token_is_refused(gate: Any) -> None:
    stale = latest(gate)["token"]
    answer(gate, stale, "Rejected")
    gate.retry_stage_execution(
        pipelineName="web",
        stageName="Gate",
        pipelineExecutionId=newest(gate)["pipelineExecutionId"],
        retryMode="FAILED_ACTIONS",
    )
    with pytest.raises(gate.exceptions.InvalidApprovalTokenException):
        answer(gate, stale)
    assert latest(gate)["status"] == "InProgress"
    assert latest(gate)["token"] != stale


def test_only_an_approval_can_be_approved(gate: Any) -> None:
    with pytest.raises(gate.exceptions.ActionNotFoundException):
        gate.put_approval_result(
            **{**WHERE, "stageName": "Deploy", "actionName": "Deploy"},
            token=latest(gate)["token"],
            result={"summary": "", "status": "Approved"},
        )


def test_an_approval_fails_after_seven_days(gate: Any, clock: ManualClock) -> None:
    clock.advance(7 * 86400 - 1)
    assert latest(gate)["status"] == "InProgress"
    clock.advance(1)
    assert latest(gate)["status"] == "Failed"
    assert "nobody answered it within 7 days" in latest(gate)["errorDetails"]["message"]


def test_an_approval_has_its_own_timeout_and_the_abandoned_none(
    codepipeline: Any, script: Scripted, clock: ManualClock
) -> None:
    asked = approval(timeoutInMinutes=30)
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [source()]), ("Gate", [asked]), pipelineType="V2"))
    script.end("Source", "Source")
    token, run = latest(codepipeline)["token"], newest(codepipeline)["pipelineExecutionId"]
    codepipeline.stop_pipeline_execution(pipelineName="web", pipelineExecutionId=run, abandon=True)
    with pytest.raises(codepipeline.exceptions.ApprovalAlreadyCompletedException):
        answer(codepipeline, token)
    where = {"pipelineName": "web", "stageName": "Gate", "pipelineExecutionId": run}
    clock.advance(1200)
    codepipeline.retry_stage_execution(**where, retryMode="ALL_ACTIONS")
    clock.advance(1200)
    assert latest(codepipeline)["status"] == "InProgress"
    clock.advance(600)
    assert latest(codepipeline)["status"] == "Failed"


def test_an_approvals_timeout_survives_a_restart(tmp_path: Path, clock: ManualClock) -> None:
    given = pipeline(("Source", [s3_source(PollForSourceChanges="false")]), ("Gate", [approval()]))
    with CheckedBackend(state=tmp_path / "again", clock=clock) as first:
        s3 = first.session().client("s3")
        s3.create_bucket(Bucket="source-bucket")
        s3.put_bucket_versioning(Bucket="source-bucket", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="source-bucket", Key="app.zip", Body=zipped(a="1"))
        first.session().client("codepipeline").create_pipeline(pipeline=given)
        first.settle()
    with CheckedBackend(state=tmp_path / "again", clock=clock) as second:
        codepipeline = second.session().client("codepipeline")
        assert latest(codepipeline)["status"] == "InProgress"
        clock.advance(7 * 86400)
        assert latest(codepipeline)["status"] == "Failed"


# -- CodeCommit -----------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(backend: CheckedBackend) -> Any:
    made = backend.session("us-east-1").client("codecommit")
    made.create_repository(repositoryName="app")
    return made


def commit(repository: Any, text: str, parent: str | None = None) -> str:
    more = {"parentCommitId": parent} if parent else {}
    made: str = repository.put_file(
        repositoryName="app",
        branchName="main",
        fileContent=text.encode(),
        filePath="src/app.txt",
        commitMessage=f"say {text}\n\nat length",
        name="Ada",
        email="ada@example.com",
        **more,
    )["commitId"]
    return made


def git_site() -> dict[str, Any]:
    git = action(
        "Source",
        "Source",
        "CodeCommit",
        outputs=("src",),
        namespace="Src",
        configuration={"RepositoryName": "app", "PollForSourceChanges": "true"},
    )
    return pipeline(("Source", [git]), ("Deploy", [s3_deploy()]))


def test_a_commit_is_fetched_zipped_and_polled_for(
    backend: CheckedBackend, repository: Any, clock: ManualClock
) -> None:
    backend.session().client("s3").create_bucket(Bucket="site")
    codepipeline = backend.session().client("codepipeline")
    first = commit(repository, "one")
    codepipeline.create_pipeline(pipeline=git_site())
    backend.settle()
    shown = newest(codepipeline)
    assert shown["status"] == "Succeeded", codepipeline.list_action_executions(pipelineName="web")
    revision = shown["sourceRevisions"][0]
    assert revision["revisionId"] == first
    assert revision["revisionSummary"] == "say one\n\nat length"
    assert f"/repositories/app/commit/{first}?region=us-east-1" in revision["revisionUrl"]
    source_run = codepipeline.list_action_executions(pipelineName="web")["actionExecutionDetails"][-1]
    variables = source_run["output"]["outputVariables"]
    assert variables["CommitId"] == first
    assert variables["BranchName"] == "main"
    assert variables["RepositoryName"] == "app"
    body = backend.session().client("s3").get_object(Bucket="site", Key="src/app.txt")["Body"].read()
    assert body == b"one"
    place = source_run["output"]["outputArtifacts"][0]["s3location"]
    stored = backend.session().client("s3").get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    assert zipfile.ZipFile(io.BytesIO(stored)).namelist()[-1] == "src/app.txt"

    clock.advance(180)
    assert newest(codepipeline)["pipelineExecutionId"] == shown["pipelineExecutionId"]
    second = commit(repository, "two", first)
    clock.advance(60)
    shown = newest(codepipeline)
    assert shown["trigger"]["triggerType"] == "PollForSourceChanges"
    assert (shown["status"], shown["sourceRevisions"][0]["revisionId"]) == ("Succeeded", second)
    assert len(codepipeline.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]) == 2


def test_a_repository_that_is_missing_fails_the_source(backend: CheckedBackend, repository: Any) -> None:
    codepipeline = backend.session().client("codepipeline")
    codepipeline.create_pipeline(pipeline=git_site())
    backend.settle()
    found = failure(codepipeline, "Source")
    assert found["code"] == "RevisionUnavailable"
    assert "branch main was not found" in found["message"]


CRASH = """
import os, sys
from pointsman.clock import ManualClock
from pointsman.local import Backend
from support.pipelines import action, pipeline, zipped
backend = Backend(state=sys.argv[1], clock=ManualClock())
s3 = backend.session().client("s3")
for name in ("source-bucket", "site"):
    s3.create_bucket(Bucket=name)
s3.put_bucket_versioning(Bucket="source-bucket", VersioningConfiguration={"Status": "Enabled"})
s3.put_object(Bucket="source-bucket", Key="app.zip", Body=zipped(**{f"f{at}": "x" for at in range(300)}))
source = action("Source", "Source", "S3", outputs=("src",), configuration={
    "S3Bucket": "source-bucket", "S3ObjectKey": "app.zip"})
deploy = action("Deploy", "Deploy", "S3", configuration={"BucketName": "site", "Extract": "true"})
made = backend.session().client("codepipeline").create_pipeline(
    pipeline=pipeline(("Source", [source]), ("Deploy", [deploy])))
os.kill(os.getpid(), 9)
"""


def test_a_deployment_cut_off_by_kill_is_done_again(tmp_path: Path, clock: ManualClock) -> None:
    tests = Path(__file__).parents[2]
    died = subprocess.run(
        [sys.executable, "-c", CRASH, str(tmp_path / "state")],
        env={**os.environ, "PYTHONPATH": str(tests)},
        check=False,
        timeout=50,
    )
    assert died.returncode == -9
    with CheckedBackend(state=tmp_path / "state", clock=clock) as backend:
        backend.settle()
        assert newest(backend.session().client("codepipeline"))["status"] == "Succeeded"
        found = backend.session().client("s3").get_paginator("list_objects_v2").paginate(Bucket="site")
        assert sum(page["KeyCount"] for page in found) == 300
