"""Jobs: what a custom action's worker, or a function, is given to do, and what it may say about it.

A job waits (Queued), is given to a worker (Dispatched), is taken (InProgress) and ends (Succeeded, Failed, TimedOut).
A worker that goes on later says so with a continuation token: its job is over, and another with the token waits.
A job that was given out and not taken within ``REDELIVERY`` is given out again, with another nonce.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from pointsman.local.codepipeline.action_types import CustomActionType, filled
from pointsman.local.codepipeline.artifacts import Spot, find_at, reserve
from pointsman.local.codepipeline.driver import finish
from pointsman.local.codepipeline.providers import JOB_FAILED, ActionCall, Outcome, failed
from pointsman.local.codepipeline.runs import call_of, progress, running
from pointsman.local.codepipeline.shapes import Failure, Revision, Ticket
from pointsman.local.sts.keys import make
from pointsman.local.world import Scope

QUEUED: Final = "Queued"
DISPATCHED: Final = "Dispatched"
IN_PROGRESS: Final = "InProgress"
SUCCEEDED: Final = "Succeeded"
FAILED: Final = "Failed"
OVER: Final = (SUCCEEDED, FAILED, "TimedOut")

THIRD_PARTY: Final = "ThirdParty/"
"""What the kinds of partners' jobs begin with."""

_PAGE: Final = 64
REDELIVERY: Final = timedelta(seconds=60)
"""How long a worker may take to acknowledge; our choice."""
CREDENTIALS: Final = 3600
"""Seconds that the keys of a job are good."""


class PipelineJob(msgspec.Struct, frozen=True):
    """A job; key: its id."""

    id: str
    pipeline: str
    number: int
    run: str
    kind: str
    """``category/provider/version`` of a custom action, a partner's with ``ThirdParty/`` before it; else a function."""
    status: str = QUEUED
    nonce: str = ""
    dispatched: datetime | None = None
    continuation: str = ""
    query: str = ""
    """The value of the action type's queryable property."""
    outputs: tuple[Spot, ...] = ()
    """Where its artifacts are to come."""

    @property
    def third_party(self) -> bool:
        """Whether it is a partner's."""
        return self.kind.startswith(THIRD_PARTY)

    @property
    def ticket(self) -> Ticket:
        """Of the action execution it is for."""
        return Ticket(self.pipeline, self.number, self.run)


class WaitingJob(msgspec.Struct, frozen=True):
    """A job that a worker may be given; key: kind/query/number."""

    id: str


class JobOfRun(msgspec.Struct, frozen=True):
    """An action execution's job; key: the action execution's id."""

    id: str


def create(scope: Scope, call: ActionCall, kind: str = "", query: str = "") -> PipelineJob:
    """Make the job of an action execution; one with a kind waits for a worker."""
    outputs = tuple(reserve(scope, call.pipeline, call.region, name) for name in call.declaration.outputs)
    ticket = call.ticket
    job = PipelineJob(
        id=scope.world.uuid(),
        pipeline=ticket.pipeline,
        number=ticket.number,
        run=ticket.id,
        kind=kind,
        status=QUEUED if kind else IN_PROGRESS,
        query=query,
        outputs=outputs,
    )
    return _keep(scope, job)


def _keep(scope: Scope, job: PipelineJob) -> PipelineJob:
    """Write a new job, the latest of its action execution, and let it wait for a worker if it is for one."""
    scope.put(job.id, job)
    scope.put(job.run, JobOfRun(job.id))
    if job.kind:
        scope.put(f"{_queue(job.kind, job.query)}{scope.next_number('codepipeline.jobs'):012d}", WaitingJob(job.id))
    return job


def _queue(kind: str, query: str) -> str:
    """What the keys of the jobs begin with that wait for the same workers."""
    return f"{kind}/{quote(query, safe='')}/"


def of_run(scope: Scope, ticket: Ticket) -> PipelineJob | None:
    """The job of an action execution."""
    known = scope.get(JobOfRun, ticket.id)
    return None if known is None else scope.get(PipelineJob, known.id)


def drop(scope: Scope, ticket: Ticket, status: str) -> None:
    """Nobody waits for an action execution's job any more."""
    job = of_run(scope, ticket)
    if job is not None and job.status not in OVER:
        scope.put(job.id, replace(job, status=status))


def forget(scope: Scope, ticket: Ticket) -> None:
    """Remove an action execution's job, if it has one."""
    job = of_run(scope, ticket)
    if job is not None:
        scope.delete(PipelineJob, job.id)
        scope.delete(JobOfRun, ticket.id)


def hand_out(scope: Scope, kind: str, most: int, query: str) -> Iterator[tuple[PipelineJob, ActionCall]]:
    """Give out waiting jobs of a kind, oldest first.

    Args:
        scope: Where.
        kind: ``category/provider/version``.
        most: How many at most.
        query: What the queryable property must be; empty when the action type has none.
    """
    given, after = 0, None
    while given < most:
        page = list(scope.scan(WaitingJob, _queue(kind, query), after=after, limit=_PAGE))
        for after, waiting in page:
            found = _dispatch(scope, after, waiting)
            if found is not None:
                given += 1
                yield found
            if given == most:
                return
        if len(page) < _PAGE:
            return


def _dispatch(scope: Scope, key: str, waiting: WaitingJob) -> tuple[PipelineJob, ActionCall] | None:
    """Give out a job, unless it is over or taken, or another worker was given it just now."""
    job = scope.get(PipelineJob, waiting.id)
    call = call_of_job(scope, job) if job is not None and job.status in (QUEUED, DISPATCHED) else None
    if job is None or call is None:
        scope.delete(WaitingJob, key)
        return None
    if job.dispatched is not None and scope.now - job.dispatched < REDELIVERY:
        return None
    job = replace(job, status=DISPATCHED, nonce=str(int(scope.world.hex(12), 16)), dispatched=scope.now)
    scope.put(job.id, job)
    return job, call


def call_of_job(scope: Scope, job: PipelineJob) -> ActionCall | None:
    """What a job is for; None when its action execution has ended."""
    run = running(scope, job.ticket)
    return None if run is None else call_of(scope, run)


def data_of(scope: Scope, job: PipelineJob) -> dict[str, Any] | None:
    """A job's data as AWS shows it; None when its action execution has ended."""
    call = call_of_job(scope, job)
    return None if call is None else data(scope, job, call)


def data(scope: Scope, job: PipelineJob, call: ActionCall) -> dict[str, Any]:
    """A job's data as AWS shows it, with keys of its own for the artifacts."""
    kind = call.declaration.action_type_id
    revisions = {one.artifact: one.id for one in call.execution.revisions}
    inputs: list[dict[str, Any]] = [
        {"name": one.name, "location": _location(one.bucket, one.key), **_revision(revisions.get(one.name))}
        for one in call.inputs
    ]
    found: dict[str, Any] = {
        "actionTypeId": {
            "category": kind.category,
            "owner": kind.owner,
            "provider": kind.provider,
            "version": kind.version,
        },
        "actionConfiguration": {"configuration": dict(call.configuration)},
        "pipelineContext": {
            "pipelineName": call.pipeline.name,
            "stage": {"name": call.stage},
            "action": {"name": call.action, "actionExecutionId": call.ticket.id},
            "pipelineArn": scope.arn("codepipeline", call.pipeline.name),
            "pipelineExecutionId": call.execution.id,
        },
        "inputArtifacts": inputs,
        "outputArtifacts": [{"name": one.name, "location": _location(one.bucket, one.key)} for one in job.outputs],
        "artifactCredentials": _credentials(scope),
    }
    if job.continuation:
        found["continuationToken"] = job.continuation
    store = call.pipeline.store(call.region)
    if store.encryption_key is not UNSET:
        found["encryptionKey"] = store.encryption_key
    return found


def _location(bucket: str, key: str) -> dict[str, Any]:
    return {"type": "S3", "s3Location": {"bucketName": bucket, "objectKey": key}}


def _revision(revision: str | None) -> dict[str, str]:
    return {} if revision is None else {"revision": revision}


def _credentials(scope: Scope) -> dict[str, str]:
    key = make(scope, CREDENTIALS)
    return {
        "accessKeyId": key.access_key_id,
        "secretAccessKey": key.secret_access_key,
        "sessionToken": key.session_token,
    }


# -- what a worker says ---------------------------------------------------------------------------------------------


def succeed(
    scope: Scope,
    job: PipelineJob,
    *,
    details: dict[str, Any] | None = None,
    variables: dict[str, str] | None = None,
    revision: dict[str, Any] | None = None,
) -> None:
    """End a job well: its artifacts must be where they were to come, or its action fails after all."""
    details = details or {}
    _show(scope, job, details)
    scope.put(job.id, replace(job, status=SUCCEEDED))
    artifacts = []
    for spot in job.outputs:
        artifact = find_at(scope, spot)
        if artifact is None:
            said = f"The output artifact {spot.name} was not uploaded to s3://{spot.bucket}/{spot.key}."
            finish(scope, job.ticket, failed(JOB_FAILED, said))
            return
        artifacts.append(artifact)
    run = running(scope, job.ticket)
    brought = None
    if revision is not None and artifacts and run is not None:
        brought = Revision(
            action=run.action,
            artifact=artifacts[0].name,
            id=revision["revision"],
            created=revision.get("created", scope.now),
            change_id=revision["changeIdentifier"],
            summary=revision.get("revisionSummary", ""),
        )
    outcome = Outcome(
        summary=details.get("summary", ""),
        artifacts=tuple(artifacts),
        variables=variables or {},
        external_id=details.get("externalExecutionId", ""),
        revision=brought,
    )
    finish(scope, job.ticket, outcome)


def go_on(scope: Scope, job: PipelineJob, token: str, details: dict[str, Any] | None = None) -> PipelineJob:
    """A job is done for now; returns the one that goes on with the token."""
    _show(scope, job, details or {})
    scope.put(job.id, replace(job, status=SUCCEEDED))
    following = replace(
        job,
        id=scope.world.uuid(),
        status=QUEUED if job.kind else IN_PROGRESS,
        continuation=token,
        nonce="",
        dispatched=None,
    )
    return _keep(scope, following)


def fail(scope: Scope, job: PipelineJob, details: dict[str, Any]) -> None:
    """End a job badly."""
    _show(scope, job, {"externalExecutionId": details.get("externalExecutionId")})
    scope.put(job.id, replace(job, status=FAILED))
    outcome = Outcome(
        failure=Failure(details["type"], details["message"]),
        summary=details["message"][:2048],
        external_id=details.get("externalExecutionId", ""),
    )
    finish(scope, job.ticket, outcome)


def _show(scope: Scope, job: PipelineJob, details: dict[str, Any]) -> None:
    external_id = details.get("externalExecutionId")
    progress(
        scope,
        job.ticket,
        summary=details.get("summary"),
        external_id=external_id,
        external_url=_execution_url(scope, job, external_id) if external_id else None,
        percent=details.get("percentComplete"),
    )


def _execution_url(scope: Scope, job: PipelineJob, external_id: str) -> str | None:
    """Where a custom action's own system shows an execution, by its type's template."""
    kind = scope.get(CustomActionType, job.kind) if job.kind else None
    call = call_of_job(scope, job)
    template = kind.shape.get("settings", {}).get("executionUrlTemplate", "") if kind is not None else ""
    if not template or call is None:
        return None
    return filled(template, call.configuration).replace("{ExternalExecutionId}", external_id)
