"""Answers to partners' workers: poll, details, acknowledge, success, failure of third-party actions.

A partner knows its customers by pairs of a client id and a client token. Here an action's configuration may name them
as ``ClientId`` and ``ClientToken``; without a token there is nothing to hold a worker's against, and any is taken.
"""

from __future__ import annotations

import hmac
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codepipeline import jobs
from pointsman.local.codepipeline.actions.third_party import kind_of
from pointsman.local.codepipeline.constraints import check
from pointsman.local.codepipeline.declaration import ActionTypeId
from pointsman.local.codepipeline.jobs import PipelineJob
from pointsman.local.codepipeline.known import find
from pointsman.local.codepipeline.operations_jobs import acknowledge, in_progress
from pointsman.local.codepipeline.providers import ActionCall
from pointsman.local.codepipeline.triggers import GITHUB
from pointsman.local.world import Scope

CLIENT_ID: Final = "ClientId"
CLIENT_TOKEN: Final = "ClientToken"


@answers("codepipeline", "PollForThirdPartyJobs")
def poll(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Give waiting jobs of a partner's action type to its worker."""
    check("PollForThirdPartyJobs", parameters)
    given = parameters["actionTypeId"]
    if given["owner"] != "ThirdParty":
        raise AwsError(
            "ValidationException", "PollForThirdPartyJobs is only valid for action types with the owner ThirdParty"
        )
    kind = ActionTypeId(given["category"], given["owner"], given["provider"], given["version"])
    if find(kind) is None or kind.provider == GITHUB:
        raise AwsError(
            "ActionTypeNotFoundException",
            f"There is no third-party action type {kind.category} {kind.provider} (version {kind.version})",
        )
    found = jobs.hand_out(scope, kind_of(kind), parameters.get("maxBatchSize", 1), "")
    return {"jobs": [{"clientId": _client(scope, call), "jobId": job.id} for job, call in list(found)]}


def _client(scope: Scope, call: ActionCall) -> str:
    """The client id of an action: what it is configured with, or one of the account's with this partner."""
    try:
        return str(UUID(call.configuration.get(CLIENT_ID, "")))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, f"{scope.account}/{kind_of(call.declaration.action_type_id)}"))


def _job(scope: Scope, parameters: Parameters) -> tuple[PipelineJob, ActionCall | None]:
    """The job a partner's worker speaks of, and its call while its action execution is in progress."""
    job = scope.get(PipelineJob, parameters["jobId"])
    if job is None or not job.third_party:
        raise _missing(parameters["jobId"])
    call = jobs.call_of_job(scope, job)
    token = call.configuration.get(CLIENT_TOKEN, "") if call is not None else ""
    if token and not hmac.compare_digest(token.encode(), parameters["clientToken"].encode()):
        raise AwsError("InvalidClientTokenException", f"The client token for job '{job.id}' is invalid")
    return job, call


def _missing(job_id: str) -> AwsError:
    return AwsError("JobNotFoundException", f"There is no third-party job with id '{job_id}'")


@answers("codepipeline", "GetThirdPartyJobDetails")
def details(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A job that was given out and whose action execution is in progress, with the number that takes it."""
    check("GetThirdPartyJobDetails", parameters)
    job, call = _job(scope, parameters)
    if call is None or not job.nonce:
        raise _missing(job.id)
    data = jobs.data(scope, job, call)
    context = {name: value for name, value in data["pipelineContext"].items() if name not in _OURS}
    return {"jobDetails": {"id": job.id, "data": {**data, "pipelineContext": context}, "nonce": job.nonce}}


_OURS: Final = ("pipelineArn", "pipelineExecutionId")
"""What a partner is not told."""


@answers("codepipeline", "AcknowledgeThirdPartyJob")
def acknowledge_job(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take a job; only the nonce of its latest delivery is good."""
    check("AcknowledgeThirdPartyJob", parameters)
    job, _ = _job(scope, parameters)
    return {"status": acknowledge(scope, job, parameters["nonce"]).status}


@answers("codepipeline", "PutThirdPartyJobSuccessResult")
def succeed(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A partner's worker is done, for good or, with a continuation token, for now."""
    check("PutThirdPartyJobSuccessResult", parameters)
    job = in_progress(_job(scope, parameters)[0])
    told = parameters.get("executionDetails", {})
    if (token := parameters.get("continuationToken")) is not None:
        jobs.go_on(scope, job, token, told)
    else:
        jobs.succeed(scope, job, details=told, revision=parameters.get("currentRevision"))
    return {}


@answers("codepipeline", "PutThirdPartyJobFailureResult")
def fail(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A partner's worker has failed."""
    check("PutThirdPartyJobFailureResult", parameters)
    jobs.fail(scope, in_progress(_job(scope, parameters)[0]), parameters["failureDetails"])
    return {}
