"""CodeBuild's answers about batch builds."""

from __future__ import annotations

from typing import Any

from pointsman.local.answers import Parameters, answers
from pointsman.local.codebuild import batches, builds, starting
from pointsman.local.codebuild.batch_records import BatchOrder, BuildBatch, GroupBuild
from pointsman.local.codebuild.driver import DOWNLOAD_GROUP
from pointsman.local.codebuild.operations import delete_build
from pointsman.local.codebuild.paging import ordered, some
from pointsman.local.codebuild.projects import project_of
from pointsman.local.codebuild.records import BuildArtifact
from pointsman.local.codebuild.settings import invalid
from pointsman.local.codebuild.shapes import artifact_location, phase_shape
from pointsman.local.world import Scope

_FROM_SETTINGS = (
    "secondarySources",
    "secondarySourceVersions",
    "cache",
    "environment",
    "serviceRole",
    "queuedTimeoutInMinutes",
    "vpcConfig",
    "encryptionKey",
    "fileSystemLocations",
    "buildBatchConfig",
)


@answers("codebuild", "StartBuildBatch")
def start_build_batch(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Start a batch."""
    request = starting.request_of(parameters)
    token = parameters.get("idempotencyToken", "")
    batch = starting.once(scope, token, "StartBuildBatch", request, lambda: batches.start(scope, request), batches.get)
    return {"buildBatch": _shape(scope, batch)}


@answers("codebuild", "StopBuildBatch")
def stop_build_batch(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Stop a batch and its builds; one that has ended is given back unchanged."""
    return {"buildBatch": _shape(scope, batches.stop(scope, parameters["id"]))}


@answers("codebuild", "RetryBuildBatch")
def retry_build_batch(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Try a batch that failed again."""
    if "id" not in parameters:
        raise invalid("The id of the batch build to retry is missing")
    batch_id, everything = parameters["id"], parameters.get("retryType") == "RETRY_ALL_BUILDS"
    token = parameters.get("idempotencyToken", "")
    batch = starting.once(
        scope,
        token,
        "RetryBuildBatch",
        starting.retry_of(batch_id, everything=everything),
        lambda: batches.retry(scope, batch_id, everything=everything),
        batches.get,
    )
    return {"buildBatch": _shape(scope, batch)}


@answers("codebuild", "BatchGetBuildBatches")
def batch_get_build_batches(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Batches by id or ARN."""
    found, missing = [], []
    for batch_id in dict.fromkeys(some(parameters["ids"]) if parameters["ids"] else ()):
        batch = batches.get(scope, batch_id)
        if batch is None:
            missing.append(batch_id)
        else:
            found.append(_shape(scope, batch))
    return {"buildBatches": found, "buildBatchesNotFound": missing}


@answers("codebuild", "ListBuildBatches")
def list_build_batches(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The ids of all batches, newest first unless told otherwise."""
    return _listed(scope, "*/", parameters)


@answers("codebuild", "ListBuildBatchesForProject")
def list_build_batches_for_project(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The ids of a project's batches, newest first unless told otherwise."""
    if "projectName" not in parameters:
        raise invalid("The name of the project is missing")
    return _listed(scope, f"{project_of(scope, parameters['projectName']).name}/", parameters)


@answers("codebuild", "DeleteBuildBatch")
def delete_build_batch(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a batch that has ended, and its builds."""
    batch = batches.get(scope, parameters["id"])
    if batch is None:
        return {"statusCode": "BATCH_NOT_FOUND", "buildsDeleted": [], "buildsNotDeleted": []}
    if not batch.progress.complete:
        raise invalid(f"{batch.id} is in progress: stop it first")
    deleted = []
    for one in batch.builds:
        build = builds.get(scope, one.build_id)
        if build is not None:
            delete_build(scope, build)
            deleted.append(build.arn)
    scope.delete(BuildBatch, batch.id)
    scope.delete(BatchOrder, f"*/{batch.order:012d}")
    scope.delete(BatchOrder, f"{batch.project}/{batch.number:09d}")
    return {"statusCode": "BATCH_DELETED", "buildsDeleted": deleted, "buildsNotDeleted": []}


def _listed(scope: Scope, prefix: str, parameters: Parameters) -> dict[str, Any]:
    status = parameters.get("filter", {}).get("status")

    def standing(order: BatchOrder) -> str | None:
        batch = scope.get(BuildBatch, order.batch_id)
        return batch.id if batch is not None and status in (None, batch.progress.status) else None

    return ordered(scope, BatchOrder, prefix, parameters, "ids", standing)


# -- shapes ---------------------------------------------------------------------------------------------------------


def _shape(scope: Scope, batch: BuildBatch) -> dict[str, Any]:
    settings = batch.settings
    shape: dict[str, Any] = {
        "id": batch.id,
        "arn": batch.arn,
        "startTime": batch.started,
        "currentPhase": batch.progress.phase,
        "buildBatchStatus": batch.progress.status,
        "projectName": batch.project,
        "phases": [phase_shape(phase) for phase in batch.progress.phases],
        "source": settings["source"],
        "artifacts": _artifact(settings.get("artifacts", {}), batch, ""),
        "logConfig": settings.get("logsConfig", {"cloudWatchLogs": {"status": "ENABLED"}}),
        "buildTimeoutInMinutes": settings["timeoutInMinutes"],
        "complete": batch.progress.complete,
        "initiator": batch.request.initiator,
        "buildBatchNumber": batch.number,
        "buildGroups": _groups(scope, batch),
        "reportArns": batch.reports,
    }
    shape |= {name: settings[name] for name in _FROM_SETTINGS if name in settings}
    if secondary := settings.get("secondaryArtifacts"):
        shape["secondaryArtifacts"] = [_artifact(one, batch, one.get("artifactIdentifier", "")) for one in secondary]
    if batch.ended is not None:
        shape["endTime"] = batch.ended
    if version := settings.get("sourceVersion"):
        shape["sourceVersion"] = version
    if batch.resolved_version:
        shape["resolvedSourceVersion"] = batch.resolved_version
    return shape


def _artifact(goal: dict[str, Any], batch: BuildBatch, identifier: str) -> dict[str, Any]:
    brought = next((one for one in batch.artifacts if one.identifier == identifier), BuildArtifact())
    shape = {"location": brought.location or artifact_location(goal)}
    return {**shape, "artifactIdentifier": identifier} if identifier else shape


def _groups(scope: Scope, batch: BuildBatch) -> list[dict[str, Any]]:
    """The groups as far as they are known, first the one that has fetched the source."""
    found = [_group(scope, batch, DOWNLOAD_GROUP, {"identifier": DOWNLOAD_GROUP, "ignoreFailure": False}, "")]
    for group in batch.progress.groups:
        told = {
            "identifier": group.identifier,
            "dependsOn": list(group.depends_on),
            "ignoreFailure": group.ignore_failure,
        }
        found.append(_group(scope, batch, group.identifier, told, group.status))
    return found


def _group(scope: Scope, batch: BuildBatch, identifier: str, told: dict[str, Any], status: str) -> dict[str, Any]:
    started = batch.of(identifier)
    if started:
        told["currentBuildSummary"] = _summary(scope, started[-1])
    elif status:
        told["currentBuildSummary"] = {"buildStatus": status}
    if prior := started[:-1]:
        told["priorBuildSummaryList"] = [_summary(scope, one) for one in prior]
    return told


def _summary(scope: Scope, one: GroupBuild) -> dict[str, Any]:
    build = builds.get(scope, one.build_id)
    shape: dict[str, Any] = {"requestedOn": one.at}
    if build is None:
        return shape
    shape |= {"arn": build.arn, "buildStatus": build.status}
    artifact = {"type": build.settings.get("artifacts", {}).get("type", "NO_ARTIFACTS"), "identifier": one.identifier}
    places = {brought.identifier: brought.location for brought in build.artifacts if brought.location}
    shape["primaryArtifact"] = {**artifact, **({"location": places[""]} if "" in places else {})}
    shape["secondaryArtifacts"] = [
        {"type": "S3", "identifier": f"{one.identifier}_{name}", "location": place}
        for name, place in places.items()
        if name
    ]
    return shape
