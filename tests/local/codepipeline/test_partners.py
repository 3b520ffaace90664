"""Third-party actions: what a partner's worker is given, and what it may say."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from support.backend import CheckedBackend
from support.pipelines import Scripted, action, pipeline, source, stages_of

KIND = {"category": "Test", "owner": "ThirdParty", "provider": "Runscope", "version": "1"}
CLIENT = "9a3f0c1e-5b1a-4c58-9d0a-2f0a6d1c7b11"


def partner(**configuration: str) -> dict[str, Any]:
    made = action("Check", "Test", "Runscope", configuration={"Bucket": "b", **configuration})
    made["actionTypeId"] = KIND
    return made


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture
def web(codepipeline: Any, script: Scripted) -> Any:
    given = pipeline(("Source", [source()]), ("Check", [partner(ClientId=CLIENT, ClientToken="hush")]))
    codepipeline.create_pipeline(pipeline=given)
    script.end("Source", "Source")
    return codepipeline


def latest(codepipeline: Any) -> dict[str, Any]:
    found: dict[str, Any] = stages_of(codepipeline)["Check"]["actionStates"][0]["latestExecution"]
    return found


def given_out(codepipeline: Any) -> tuple[str, dict[str, Any]]:
    [job] = codepipeline.poll_for_third_party_jobs(actionTypeId=KIND)["jobs"]
    assert job["clientId"] == CLIENT
    details = codepipeline.get_third_party_job_details(jobId=job["jobId"], clientToken="hush")["jobDetails"]
    return job["jobId"], details


def taken(codepipeline: Any) -> str:
    job, details = given_out(codepipeline)
    told = codepipeline.acknowledge_third_party_job(jobId=job, nonce=details["nonce"], clientToken="hush")
    assert told["status"] == "InProgress"
    return job


def test_a_partner_takes_a_job_and_ends_it(web: Any) -> None:
    job, details = given_out(web)
    data = details["data"]
    assert data["actionTypeId"] == KIND
    assert data["actionConfiguration"]["configuration"]["ClientToken"] == "hush", "a worker is told the secrets"
    assert set(data["pipelineContext"]) == {"pipelineName", "stage", "action"}
    assert data["inputArtifacts"][0]["name"] == "src"
    web.acknowledge_third_party_job(jobId=job, nonce=details["nonce"], clientToken="hush")
    web.put_third_party_job_success_result(
        jobId=job, clientToken="hush", executionDetails={"summary": "fine", "externalExecutionId": "7"}
    )
    shown = latest(web)
    assert (shown["status"], shown["summary"], shown["externalExecutionId"]) == ("Succeeded", "fine", "7")
    declared = web.get_pipeline(name="web")["pipeline"]["stages"][1]["actions"][0]["configuration"]
    assert declared == {"Bucket": "b", "ClientId": CLIENT, "ClientToken": "****"}


def test_a_partner_goes_on_later_and_fails(web: Any) -> None:
    job = taken(web)
    web.put_third_party_job_success_result(jobId=job, clientToken="hush", continuationToken="half")
    following, details = given_out(web)
    assert details["data"]["continuationToken"] == "half"
    assert following != job
    web.acknowledge_third_party_job(jobId=following, nonce=details["nonce"], clientToken="hush")
    web.put_third_party_job_failure_result(
        jobId=following, clientToken="hush", failureDetails={"type": "JobFailed", "message": "it broke"}
    )
    assert latest(web)["errorDetails"]["message"] == "it broke"
    with pytest.raises(ClientError) as caught:
        web.put_third_party_job_success_result(jobId=following, clientToken="hush")
    assert code(caught) == "InvalidJobStateException"


def test_only_who_has_the_token_is_answered(web: Any) -> None:
    job, details = given_out(web)
    for call, more in (
        (web.get_third_party_job_details, {}),
        (web.acknowledge_third_party_job, {"nonce": details["nonce"]}),
        (web.put_third_party_job_success_result, {}),
        (web.put_third_party_job_failure_result, {"failureDetails": {"type": "JobFailed", "message": "x"}}),
    ):
        with pytest.raises(ClientError) as caught:
            call(jobId=job, clientToken="guess", **more)
        assert code(caught) == "InvalidClientTokenException"
    with pytest.raises(ClientError) as caught:
        web.acknowledge_third_party_job(jobId=job, nonce="1", clientToken="hush")
    assert code(caught) == "InvalidNonceException"


def test_jobs_of_partners_and_of_workers_are_kept_apart(web: Any) -> None:
    job, details = given_out(web)
    with pytest.raises(ClientError) as caught:
        web.acknowledge_job(jobId=job, nonce=details["nonce"])
    assert code(caught) == "JobNotFoundException"
    with pytest.raises(ClientError) as caught:
        web.get_third_party_job_details(jobId="none", clientToken="hush")
    assert code(caught) == "JobNotFoundException"
    for kind, said in (
        ({**KIND, "owner": "Custom"}, "ValidationException"),
        ({**KIND, "provider": "Nobody"}, "ActionTypeNotFoundException"),
        ({**KIND, "category": "Source", "provider": "GitHub"}, "ActionTypeNotFoundException"),
    ):
        with pytest.raises(ClientError) as caught:
            web.poll_for_third_party_jobs(actionTypeId=kind)
        assert code(caught) == said


def test_a_job_nobody_takes_is_given_out_again_and_times_out(
    web: Any, line: CheckedBackend, clock: ManualClock
) -> None:
    first, before = given_out(web)
    assert web.poll_for_third_party_jobs(actionTypeId=KIND)["jobs"] == []
    clock.advance(61)
    line.settle()
    second, after = given_out(web)
    assert (second, after["nonce"] != before["nonce"]) == (first, True)
    clock.advance(3600)
    line.settle()
    assert latest(web)["status"] == "Failed"
    with pytest.raises(ClientError) as caught:
        web.get_third_party_job_details(jobId=first, clientToken="hush")
    assert code(caught) == "JobNotFoundException"
