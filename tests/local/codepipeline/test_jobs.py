"""Custom actions: their types, and the jobs workers poll for."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from support.backend import CheckedBackend
from support.pipelines import Scripted, action, newest, pipeline, source, stages_of, zipped

KIND = {"category": "Build", "provider": "Farm", "version": "1"}
FULL = {"category": "Build", "owner": "Custom", "provider": "Farm", "version": "1"}


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def create(codepipeline: Any, **more: Any) -> Any:
    given: dict[str, Any] = {
        **KIND,
        "settings": {
            "entityUrlTemplate": "https://farm.example/{Config:Queue}",
            "executionUrlTemplate": "https://farm.example/{Config:Queue}/{ExternalExecutionId}",
        },
        "configurationProperties": [
            {"name": "Queue", "required": True, "key": True, "secret": False, "queryable": True},
            {"name": "Note", "required": False, "key": False, "secret": False},
        ],
        "inputArtifactDetails": {"minimumCount": 1, "maximumCount": 1},
        "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 1},
    }
    return codepipeline.create_custom_action_type(**{**given, **more})


def farm(name: str = "Farm", queue: str = "big", **more: Any) -> dict[str, Any]:
    made = action(name, "Build", "Farm", configuration={"Queue": queue}, **more)
    made["actionTypeId"] = FULL
    return made


@pytest.fixture
def web(codepipeline: Any, script: Scripted) -> Any:
    """A pipeline whose job waits for a worker."""
    create(codepipeline)
    given = pipeline(
        ("Source", [source()]),
        ("Build", [farm(outputs=("built",), namespace="Farm")]),
        ("Deploy", [action("Deploy", configuration={"ProjectName": "p-#{Farm.Version}"})]),
    )
    codepipeline.create_pipeline(pipeline=given)
    script.end("Source", "Source")
    return codepipeline


def poll(codepipeline: Any, queue: str = "big", **more: Any) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = codepipeline.poll_for_jobs(actionTypeId=FULL, queryParam={"Queue": queue}, **more)[
        "jobs"
    ]
    return jobs


def taken(codepipeline: Any) -> dict[str, Any]:
    (job,) = poll(codepipeline)
    assert codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])["status"] == "InProgress"
    return job


def latest(codepipeline: Any) -> dict[str, Any]:
    found: dict[str, Any] = stages_of(codepipeline)["Build"]["actionStates"][0]
    return found


def test_a_worker_takes_a_job_and_brings_its_artifact_and_variables(
    web: Any, line: CheckedBackend, script: Scripted
) -> None:
    job = taken(web)
    data = job["data"]
    assert data["actionTypeId"] == FULL
    assert data["actionConfiguration"]["configuration"] == {"Queue": "big"}
    assert data["pipelineContext"]["pipelineExecutionId"] == newest(web)["pipelineExecutionId"]
    assert data["inputArtifacts"][0]["name"] == "src"
    assert data["inputArtifacts"][0]["revision"] == "rev1"
    assert latest(web)["entityUrl"] == "https://farm.example/big"
    assert web.get_job_details(jobId=job["id"])["jobDetails"]["data"]["actionTypeId"] == FULL
    target = data["outputArtifacts"][0]["location"]["s3Location"]
    line.session("us-east-1").client("s3").put_object(
        Bucket=target["bucketName"], Key=target["objectKey"], Body=zipped(a__txt="x")
    )
    web.put_job_success_result(
        jobId=job["id"],
        executionDetails={"summary": "all is well", "externalExecutionId": "42"},
        outputVariables={"Version": "1.2"},
    )
    shown = latest(web)["latestExecution"]
    assert (shown["status"], shown["summary"], shown["externalExecutionId"]) == ("Succeeded", "all is well", "42")
    assert shown["externalExecutionUrl"] == "https://farm.example/big/42"
    assert script.calls[-1].configuration["ProjectName"] == "p-1.2"
    with pytest.raises(ClientError) as caught:
        web.put_job_success_result(jobId=job["id"])
    assert code(caught) == "InvalidJobStateException"
    with pytest.raises(ClientError) as caught:
        web.get_job_details(jobId=job["id"])
    assert code(caught) == "JobNotFoundException"


def test_an_artifact_that_was_not_brought_fails_the_action(web: Any) -> None:
    web.put_job_success_result(jobId=taken(web)["id"])
    assert "was not uploaded to s3://store-bucket/" in latest(web)["latestExecution"]["errorDetails"]["message"]


def test_a_worker_says_why_it_failed(web: Any) -> None:
    job = taken(web)
    web.put_job_failure_result(
        jobId=job["id"], failureDetails={"type": "PermissionError", "message": "no key", "externalExecutionId": "7"}
    )
    shown = latest(web)["latestExecution"]
    assert shown["errorDetails"] == {"code": "PermissionError", "message": "no key"}
    assert shown["externalExecutionId"] == "7"
    assert newest(web)["status"] == "Failed"


def test_a_job_goes_on_with_a_continuation_token(web: Any) -> None:
    job = taken(web)
    web.put_job_success_result(
        jobId=job["id"], continuationToken="later", executionDetails={"summary": "half", "percentComplete": 50}
    )
    shown = latest(web)["latestExecution"]
    assert (shown["status"], shown["summary"], shown["percentComplete"]) == ("InProgress", "half", 50)
    with pytest.raises(ClientError) as caught:
        web.put_job_success_result(jobId=job["id"])
    assert code(caught) == "InvalidJobStateException"
    again = taken(web)
    assert again["id"] != job["id"]
    assert again["data"]["continuationToken"] == "later"
    assert again["data"]["outputArtifacts"] == job["data"]["outputArtifacts"]
    with pytest.raises(ClientError) as caught:
        web.put_job_success_result(jobId=again["id"], continuationToken="x", outputVariables={"a": "b"})
    assert code(caught) == "ValidationException"


def test_a_job_that_nobody_acknowledges_is_given_out_again(web: Any, clock: ManualClock) -> None:
    (first,) = poll(web)
    assert poll(web) == []
    clock.advance(61)
    (second,) = poll(web)
    assert second["id"] == first["id"]
    with pytest.raises(ClientError) as caught:
        web.acknowledge_job(jobId=first["id"], nonce=first["nonce"])
    assert code(caught) == "InvalidNonceException"
    with pytest.raises(ClientError) as caught:
        web.put_job_success_result(jobId=first["id"])
    assert code(caught) == "InvalidJobStateException"
    assert web.acknowledge_job(jobId=second["id"], nonce=second["nonce"])["status"] == "InProgress"
    assert web.acknowledge_job(jobId=second["id"], nonce=second["nonce"])["status"] == "InProgress"
    assert poll(web) == []


def test_workers_choose_jobs_by_the_queryable_property(web: Any, script: Scripted) -> None:
    builds = [farm("One", "small"), farm("Two", "big"), farm("Three", "small")]
    web.create_pipeline(pipeline=pipeline(("Source", [source()]), ("Build", builds), name="other"))
    script.end("Source", "Source")
    small = poll(web, "small", maxBatchSize=5)
    assert [job["data"]["pipelineContext"]["action"]["name"] for job in small] == ["One", "Three"]
    assert len(poll(web, "big", maxBatchSize=1)) == 1
    with pytest.raises(ClientError) as caught:
        web.poll_for_jobs(actionTypeId=FULL)
    assert code(caught) == "ValidationException"
    with pytest.raises(ClientError) as caught:
        web.poll_for_jobs(actionTypeId={**FULL, "owner": "AWS"})
    assert code(caught) == "ValidationException"
    with pytest.raises(ClientError) as caught:
        web.poll_for_jobs(actionTypeId={**FULL, "version": "9"})
    assert code(caught) == "ActionTypeNotFoundException"


def test_an_abandoned_job_is_not_given_out_and_a_custom_action_has_a_day(web: Any, clock: ManualClock) -> None:
    run = newest(web)["pipelineExecutionId"]
    web.stop_pipeline_execution(pipelineName="web", pipelineExecutionId=run, abandon=True)
    assert poll(web) == []
    web.retry_stage_execution(
        pipelineName="web", stageName="Build", pipelineExecutionId=run, retryMode="FAILED_ACTIONS"
    )
    job = taken(web)
    clock.advance(24 * 3600)
    assert "did not end within 1440 minutes" in latest(web)["latestExecution"]["errorDetails"]["message"]
    with pytest.raises(ClientError) as caught:
        web.put_job_success_result(jobId=job["id"])
    assert code(caught) == "InvalidJobStateException"


def test_output_variables_have_a_limit(web: Any) -> None:
    job = taken(web)
    with pytest.raises(ClientError) as caught:
        web.put_job_success_result(jobId=job["id"], outputVariables={"a": "x" * 122_880})
    assert code(caught) == "OutputVariablesSizeExceededException"


def test_action_types_are_created_listed_and_never_used_again(codepipeline: Any) -> None:
    made = create(codepipeline, tags=[{"key": "team", "value": "farm"}])
    assert made["actionType"]["id"] == FULL
    assert made["tags"] == [{"key": "team", "value": "farm"}]
    listed = codepipeline.list_action_types(actionOwnerFilter="Custom")["actionTypes"]
    assert [one["id"] for one in listed] == [FULL]
    every = codepipeline.list_action_types()["actionTypes"]
    assert {("Build", "CodeBuild"), ("Build", "Farm")} <= {
        (one["id"]["category"], one["id"]["provider"]) for one in every
    }
    with pytest.raises(ClientError, match="already exists"):
        create(codepipeline)
    codepipeline.delete_custom_action_type(**KIND)
    codepipeline.delete_custom_action_type(**KIND)
    assert codepipeline.list_action_types(actionOwnerFilter="Custom")["actionTypes"] == []
    with pytest.raises(ClientError, match="cannot be used again"):
        create(codepipeline)
    with pytest.raises(ClientError) as caught:
        codepipeline.create_pipeline(pipeline=pipeline(("Source", [source()]), ("Build", [farm()])))
    assert code(caught) == "InvalidActionDeclarationException"
    with pytest.raises(ClientError) as caught:
        codepipeline.get_action_type(**{**FULL, "owner": "AWS"})
    assert code(caught) == "ActionTypeNotFoundException"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"inputArtifactDetails": {"minimumCount": 2, "maximumCount": 1}}, "more than maximumCount"),
        ({"category": "Source"}, "takes no input"),
        ({"category": "Compute"}, "not supported"),
        ({"configurationProperties": [
            {"name": "Queue", "required": False, "key": True, "secret": False, "queryable": True}]},
            "must be required"),
        ({"configurationProperties": [
            {"name": "Q", "required": True, "key": True, "secret": False},
            {"name": "Q", "required": True, "key": True, "secret": False}]}, "different names"),
    ],
)  # fmt: skip
def test_an_unsound_action_type_is_refused(codepipeline: Any, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError, match=said) as caught:
        create(codepipeline, **changes)
    assert code(caught) == "ValidationException"


def test_a_configuration_is_judged_by_its_type(codepipeline: Any) -> None:
    create(codepipeline)
    wrong = farm()
    wrong["configuration"] = {"Note": "x"}
    with pytest.raises(ClientError, match="missing required configuration 'Queue'"):
        codepipeline.create_pipeline(pipeline=pipeline(("Source", [source()]), ("Build", [wrong])))


def test_a_source_reports_its_revisions_itself(codepipeline: Any, script: Scripted) -> None:
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [source()]), ("Build", [action("Build")])))
    script.end("Source", "Source")
    revision = {"revisionId": "r2", "revisionChangeId": "c2", "created": 1_700_000_000}
    where = {"pipelineName": "web", "stageName": "Source", "actionName": "Source"}
    answer = codepipeline.put_action_revision(**where, actionRevision=revision)
    assert answer["newRevision"]
    assert newest(codepipeline)["pipelineExecutionId"] == answer["pipelineExecutionId"]
    assert newest(codepipeline)["trigger"]["triggerType"] == "PutActionRevision"
    again = codepipeline.put_action_revision(**where, actionRevision=revision)
    assert not again["newRevision"]
    assert again["pipelineExecutionId"] == answer["pipelineExecutionId"]
    with pytest.raises(ClientError) as caught:
        codepipeline.put_action_revision(**{**where, "actionName": "Nope"}, actionRevision=revision)
    assert code(caught) == "ActionNotFoundException"
