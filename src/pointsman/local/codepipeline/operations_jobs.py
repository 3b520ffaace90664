"""Answers to workers: poll, acknowledge, success, failure, details; and to sources that bring a revision."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codepipeline import jobs
from pointsman.local.codepipeline.action_types import find_custom
from pointsman.local.codepipeline.actions.function import invoke_again
from pointsman.local.codepipeline.constraints import check
from pointsman.local.codepipeline.jobs import PipelineJob
from pointsman.local.world import Scope

VARIABLES = 122_880
"""Characters that all output variables of a job may have together."""


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def _job(scope: Scope, job_id: str) -> PipelineJob:
    job = scope.get(PipelineJob, job_id)
    if job is None or job.third_party:
        raise AwsError("JobNotFoundException", f"Account '{scope.account}' does not have a job with id '{job_id}'")
    return job


@answers("codepipeline", "PollForJobs")
def poll_for_jobs(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Give waiting jobs of a custom action type to a worker."""
    check("PollForJobs", parameters)
    kind = parameters["actionTypeId"]
    if kind["owner"] != "Custom":
        raise _invalid("PollForJobs is only valid for action types with the owner Custom")
    found = find_custom(scope, kind["category"], kind["provider"], kind["version"])
    if found is None:
        raise AwsError(
            "ActionTypeNotFoundException",
            f"There is no custom action type {kind['category']} {kind['provider']} (version {kind['version']})",
        )
    query = parameters.get("queryParam") or {}
    if set(query) != ({found.queryable} if found.queryable else set()):
        needed = f"must be given the property {found.queryable}" if found.queryable else "must be empty"
        raise _invalid(f"queryParam {needed} for this action type")
    wanted = query.get(found.queryable, "")
    given = jobs.hand_out(scope, found.key, parameters.get("maxBatchSize", 1), wanted)
    return {
        "jobs": [
            {"id": job.id, "data": jobs.data(scope, job, call), "nonce": job.nonce, "accountId": scope.account}
            for job, call in list(given)
        ]
    }


@answers("codepipeline", "AcknowledgeJob")
def acknowledge_job(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take a job; only the nonce of its latest delivery is good."""
    check("AcknowledgeJob", parameters)
    job = _job(scope, parameters["jobId"])
    return {"status": acknowledge(scope, job, parameters["nonce"]).status}


def acknowledge(scope: Scope, job: PipelineJob, nonce: str) -> PipelineJob:
    """Have a worker take a job.

    Raises:
        AwsError: InvalidNonceException: another was given the job since.
    """
    if not job.nonce or job.nonce != nonce:
        raise AwsError("InvalidNonceException", f"The nonce for job '{job.id}' is invalid")
    if job.status == jobs.DISPATCHED:
        job = replace(job, status=jobs.IN_PROGRESS)
        scope.put(job.id, job)
    return job


@answers("codepipeline", "GetJobDetails")
def get_job_details(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A job whose action execution is in progress, with new keys for its artifacts."""
    check("GetJobDetails", parameters)
    job = _job(scope, parameters["jobId"])
    found = jobs.data_of(scope, job)
    if found is None:
        raise AwsError("JobNotFoundException", f"The job '{job.id}' is over")
    return {"jobDetails": {"id": job.id, "data": found, "accountId": scope.account}}


def in_progress(job: PipelineJob) -> PipelineJob:
    """A job that may have a result.

    Raises:
        AwsError: InvalidJobStateException.
    """
    if job.status != jobs.IN_PROGRESS:
        raise AwsError(
            "InvalidJobStateException", f"The job '{job.id}' is {job.status}; only a job InProgress has a result"
        )
    return job


@answers("codepipeline", "PutJobSuccessResult")
def put_job_success_result(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A worker or a function is done, for good or, with a continuation token, for now."""
    check("PutJobSuccessResult", parameters)
    job = in_progress(_job(scope, parameters["jobId"]))
    details, variables = parameters.get("executionDetails", {}), parameters.get("outputVariables", {})
    if sum(len(name) + len(value) for name, value in variables.items()) > VARIABLES:
        raise AwsError(
            "OutputVariablesSizeExceededException", f"The output variables have more than {VARIABLES} characters"
        )
    if (token := parameters.get("continuationToken")) is not None:
        if variables:
            raise _invalid("outputVariables cannot be given together with a continuationToken")
        job = jobs.go_on(scope, job, token, details)
        if not job.kind:
            invoke_again(scope, job)
        return {}
    jobs.succeed(scope, job, details=details, variables=variables, revision=parameters.get("currentRevision"))
    return {}


@answers("codepipeline", "PutJobFailureResult")
def put_job_failure_result(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A worker or a function has failed."""
    check("PutJobFailureResult", parameters)
    jobs.fail(scope, in_progress(_job(scope, parameters["jobId"])), parameters["failureDetails"])
    return {}
