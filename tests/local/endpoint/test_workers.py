"""A job's worker over HTTP: it polls, takes its job, and brings an artifact with the keys the job came with."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from pointsman.local.endpoint import Endpoint
from support.backend import CheckedBackend
from support.endpoint import KEY
from support.pipelines import newest, pipeline, stages_of

KIND = {"category": "Build", "owner": "Custom", "provider": "Farm", "version": "1"}
ONCE = Config(retries={"total_max_attempts": 1})


def given() -> dict[str, Any]:
    source = {
        "name": "Source",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {"S3Bucket": "sources", "S3ObjectKey": "app.zip", "PollForSourceChanges": "false"},
        "outputArtifacts": [{"name": "src"}],
    }
    build = {
        "name": "Build",
        "actionTypeId": KIND,
        "inputArtifacts": [{"name": "src"}],
        "outputArtifacts": [{"name": "built"}],
    }
    return pipeline(("Source", [source]), ("Build", [build]))


@pytest.mark.timeout(60)
def test_a_worker_reads_and_writes_with_the_jobs_own_keys(tmp_path: Path) -> None:
    # On the wall clock, for a signature's keys run out by it.
    with CheckedBackend(state=tmp_path / "state") as backend, Endpoint(backend, keys=KEY) as endpoint:
        owner = boto3.Session(KEY.access_key_id, KEY.secret_access_key, region_name="eu-west-1")
        work(endpoint, lambda service: owner.client(service, endpoint_url=endpoint.address, config=ONCE))


def work(endpoint: Endpoint, client: Callable[..., Any]) -> None:
    s3, codepipeline = client("s3"), client("codepipeline")
    s3.create_bucket(Bucket="sources", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="sources", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="sources", Key="app.zip", Body=b"the source")
    codepipeline.create_custom_action_type(
        category="Build",
        provider="Farm",
        version="1",
        inputArtifactDetails={"minimumCount": 1, "maximumCount": 1},
        outputArtifactDetails={"minimumCount": 1, "maximumCount": 1},
    )
    codepipeline.create_pipeline(pipeline=given())
    (job,) = codepipeline.poll_for_jobs(actionTypeId=KIND)["jobs"]
    codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
    keys = job["data"]["artifactCredentials"]
    worker = boto3.Session(keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"], region_name="eu-west-1")
    store: Any = worker.client("s3", endpoint_url=endpoint.address, config=ONCE)
    taken = job["data"]["inputArtifacts"][0]["location"]["s3Location"]
    body = store.get_object(Bucket=taken["bucketName"], Key=taken["objectKey"])["Body"].read()
    brought = job["data"]["outputArtifacts"][0]["location"]["s3Location"]
    store.put_object(Bucket=brought["bucketName"], Key=brought["objectKey"], Body=body + b", built")
    codepipeline.put_job_success_result(jobId=job["id"], executionDetails={"summary": "built"})
    assert newest(codepipeline)["status"] == "Succeeded"
    assert stages_of(codepipeline)["Build"]["actionStates"][0]["latestExecution"]["summary"] == "built"


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_connections_are_answered_under_both_names(client: Callable[..., Any], service: str) -> None:
    connections = client(service)
    arn = connections.create_connection(ProviderType="Bitbucket", ConnectionName="b")["ConnectionArn"]
    assert connections.get_connection(ConnectionArn=arn)["Connection"]["ProviderType"] == "Bitbucket"


@pytest.mark.timeout(60)
def test_a_function_answers_its_job_over_http_with_keys_of_its_own(tmp_path: Path) -> None:
    code = (
        "import json, sys, boto3;"
        "job = json.load(sys.stdin)['CodePipeline.job']['id'];"
        "boto3.client('codepipeline').put_job_success_result(jobId=job, executionDetails={'summary': 'by call'})"
    )
    world = tmp_path / "world.yml"
    function = {"command": [sys.executable, "-c", code]}
    world.write_text(json.dumps({"region": "eu-west-1", "local": {"functions": {"work": function}}}))
    call = {
        "name": "Call",
        "actionTypeId": {"category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1"},
        "configuration": {"FunctionName": "work"},
    }
    made = given()
    made["stages"][1]["actions"] = [call]
    with CheckedBackend(state=tmp_path / "state") as backend, Endpoint(backend, keys=KEY):
        backend.load(world)
        session = backend.session("eu-west-1")
        s3: Any = session.client("s3")
        s3.create_bucket(Bucket="sources", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_bucket_versioning(Bucket="sources", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="sources", Key="app.zip", Body=b"the source")
        codepipeline = session.client("codepipeline")
        codepipeline.create_pipeline(pipeline=made)
        backend.settle()
        shown = stages_of(codepipeline)["Build"]["actionStates"][0]["latestExecution"]
        assert (shown["status"], shown.get("summary")) == ("Succeeded", "by call"), shown
