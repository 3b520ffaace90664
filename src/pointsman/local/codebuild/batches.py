"""Batches for whoever needs one: start, stop, retry, get. Carries the batch machine's effects out, in transactions."""

from __future__ import annotations

from functools import partial

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.codebuild import builds, combining, report_merging
from pointsman.local.codebuild.batch_machine import (
    COMBINE_ARTIFACTS,
    BatchEffect,
    BatchEnd,
    BatchEvent,
    BatchFailed,
    BatchRetried,
    BatchStopped,
    BatchTimedOut,
    Combine,
    Combined,
    Group,
    GroupEnded,
    ReadSpec,
    SpecRead,
    StartGroup,
    StopGroup,
    step,
    submit,
)
from pointsman.local.codebuild.batch_records import (
    BatchOrder,
    BuildBatch,
    GroupBuild,
    RunningBatch,
    refusal,
    request_of,
    shared,
)
from pointsman.local.codebuild.driver import DOWNLOAD_GROUP
from pointsman.local.codebuild.machine import FAULT, SUCCEEDED, Context
from pointsman.local.codebuild.projects import project_of
from pointsman.local.codebuild.records import Build, StartRequest
from pointsman.local.codebuild.settings import effective, invalid
from pointsman.local.world import Payload, Scope, World

TIMEOUT = "codebuild.batch.timeout"
COMBINED = "codebuild.batch.combined"
ENDED = "codebuild.batch.ended"
MINUTES = 480


# -- what others call -----------------------------------------------------------------------------------------------


def start(scope: Scope, request: StartRequest, *, combine: bool | None = None) -> BuildBatch:
    """Start a batch.

    Args:
        scope: Where.
        request: What to build, and how it differs from its project.
        combine: Whether artifacts are brought together; None: as the project says.

    Raises:
        AwsError: As StartBuildBatch would.
    """
    project = project_of(scope, request.project)
    if not request.initiator:
        request = msgspec.structs.replace(request, initiator="local")
    settings = effective(project.settings, request)
    if not settings.get("buildBatchConfig"):
        raise invalid(f"The project {project.name} has no buildBatchConfig, which a batch build needs")
    if combine is not None:
        settings["buildBatchConfig"] = {**settings["buildBatchConfig"], "combineArtifacts": combine}
    builds.check_source(settings, request)
    batch_id = f"{project.name}:{scope.world.uuid()}"
    progress, effects = submit(scope.now)
    batch = BuildBatch(
        id=batch_id,
        arn=scope.arn("codebuild", f"build-batch/{batch_id}"),
        project=project.name,
        number=scope.next_number(f"codebuild.batches/{project.name}"),
        order=scope.next_number("codebuild.batches"),
        started=scope.now,
        progress=progress,
        request=request,
        settings=settings,
    )
    scope.put(batch.id, batch)
    scope.put(f"*/{batch.order:012d}", BatchOrder(batch.id))
    scope.put(f"{batch.project}/{batch.number:09d}", BatchOrder(batch.id))
    _begin(scope, batch)
    for effect in effects:
        _carry_out(scope, batch.id, effect)
    return get(scope, batch.id) or batch


def get(scope: Scope, batch_id: str) -> BuildBatch | None:
    """A batch by its id or ARN; None when there is none."""
    return scope.get(BuildBatch, batch_id.rpartition(":build-batch/")[2])


def stop(scope: Scope, batch_id: str, sentence: str = "Batch build stopped by user") -> BuildBatch:
    """Stop a batch and its builds; one that has ended is returned unchanged.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    batch = _there(scope, batch_id)
    advance(scope, batch.id, BatchStopped(Context("", sentence)))
    return _there(scope, batch.id)


def retry(scope: Scope, batch_id: str, *, everything: bool = False) -> BuildBatch:
    """Try a batch that failed again: the builds that did not succeed, or everything.

    Raises:
        AwsError: ResourceNotFoundException, or InvalidInputException for a batch that has not failed.
    """
    batch = _there(scope, batch_id)
    if not batch.progress.complete:
        raise invalid(f"{batch.id} is in progress; only a batch that has failed can be retried")
    if batch.progress.status in (SUCCEEDED, "STOPPED"):
        raise invalid(f"{batch.id} has {batch.progress.status.lower()}; only a batch that has failed can be retried")
    _begin(scope, batch)
    scope.put(batch.id, msgspec.structs.replace(batch, ended=None))
    advance(scope, batch.id, BatchRetried(everything))
    return _there(scope, batch.id)


def _there(scope: Scope, batch_id: str) -> BuildBatch:
    batch = get(scope, batch_id)
    if batch is None:
        raise AwsError("ResourceNotFoundException", f"Build batch cannot be found: {batch_id}")
    return batch


def _begin(scope: Scope, batch: BuildBatch) -> None:
    scope.put(batch.id, RunningBatch(batch.id))
    minutes = batch.config.get("timeoutInMins") or MINUTES
    scope.after(minutes * 60, TIMEOUT, {"batch_id": batch.id}, key=f"{TIMEOUT}/{batch.id}")


# -- moving ---------------------------------------------------------------------------------------------------------


def advance(scope: Scope, batch_id: str, event: BatchEvent) -> None:
    """Give one event to a batch's machine and carry out what follows."""
    batch = scope.get(BuildBatch, batch_id)
    if batch is None:
        return
    progress, effects = step(batch.progress, event, scope.now)
    if progress == batch.progress:
        return
    ended = scope.now if progress.complete else None
    scope.put(batch_id, msgspec.structs.replace(batch, progress=progress, ended=ended))
    for effect in effects:
        _carry_out(scope, batch_id, effect)


def _carry_out(scope: Scope, batch_id: str, effect: BatchEffect) -> None:
    batch = _there(scope, batch_id)
    match effect:
        case ReadSpec():
            _start_build(scope, batch, DOWNLOAD_GROUP, shared(batch, DOWNLOAD_GROUP))
        case StartGroup(identifier):
            spec = (
                next((one for one in batch.spec.groups if one.identifier == identifier), None) if batch.spec else None
            )
            if spec is not None:
                _start_build(scope, batch, identifier, request_of(batch, spec))
        case StopGroup(identifier):
            for one in batch.of(identifier):
                builds.stop(scope, one.build_id, "Stopped with its batch build")
        case Combine():
            _combine(scope, batch)
        case BatchEnd(status):
            _end(scope, batch, status)


def _end(scope: Scope, batch: BuildBatch, status: str) -> None:
    for one in batch.builds:
        build = builds.get(scope, one.build_id)
        if build is not None and not build.complete:
            builds.stop(scope, build.id, "Stopped with its batch build")
    scope.delete(RunningBatch, batch.id)
    scope.cancel(f"{TIMEOUT}/{batch.id}")
    found = [builds.get(scope, one.build_id) for one in batch.builds]
    outputs = {name: digest for build in found if build is not None for name, digest in build.output_artifacts.items()}
    batch = msgspec.structs.replace(batch, output_artifacts={**outputs, **batch.output_artifacts})
    scope.put(batch.id, batch)
    if batch.spec is not None and batch.spec.kind == "build-fanout":
        current = [batch.of(group.identifier)[-1:] for group in batch.progress.groups]
        parts = [builds.get(scope, one.build_id) for last in current for one in last]
        merged = report_merging.merge(scope, batch.arn, [arn for build in parts if build for arn in build.reports])
        scope.put(batch.id, msgspec.structs.replace(batch, reports=merged))
    scope.emit(ENDED, {"batch_id": batch.id, "project": batch.project, "status": status})


# -- builds ---------------------------------------------------------------------------------------------------------


def _start_build(scope: Scope, batch: BuildBatch, identifier: str, request: StartRequest) -> None:
    try:
        build = builds.start(scope, request)
    except AwsError as error:
        if identifier == DOWNLOAD_GROUP:
            advance(scope, batch.id, BatchFailed(Context("CLIENT_ERROR", error.message)))
        else:
            advance(scope, batch.id, GroupEnded(identifier, FAULT))
        return
    batch = _there(scope, batch.id)
    started = GroupBuild(identifier, build.id, scope.now)
    scope.put(batch.id, msgspec.structs.replace(batch, builds=(*batch.builds, started)))


def spec_read(scope: Scope, payload: Payload) -> None:
    """The source of a batch is there, and its buildspec with it."""
    batch = get(scope, payload["batch"])
    if batch is not None:
        spec, resolved = payload["spec"], payload["resolved"]
        scope.put(batch.id, msgspec.structs.replace(batch, spec=spec, resolved_version=resolved))


def build_ended(scope: Scope, payload: Payload) -> None:
    """A build is over: when it is the current one of a batch's group, the batch goes on."""
    batch = get(scope, payload["batch"]) if payload.get("batch") else None
    build = builds.get(scope, payload["build_id"]) if batch is not None else None
    if (
        batch is None
        or build is None
        or batch.of(build.request.group)[-1:] != [one for one in batch.builds if one.build_id == build.id]
    ):
        return
    if build.request.group != DOWNLOAD_GROUP:
        advance(scope, batch.id, GroupEnded(build.request.group, build.status))
    elif build.status != SUCCEEDED:
        advance(scope, batch.id, BatchFailed(_failure(build)))
    elif (refused := refusal(batch)) is not None:
        advance(scope, batch.id, BatchFailed(refused))
    elif batch.spec is not None:
        groups = tuple(Group(one.identifier, one.depends_on, one.ignore_failure) for one in batch.spec.groups)
        advance(scope, batch.id, SpecRead(groups, batch.spec.fast_fail))


def _failure(build: Build) -> Context:
    for phase in build.phases:
        for context in phase.contexts:
            if phase.status not in ("", SUCCEEDED):
                return context
    return Context("CLIENT_ERROR", f"the source could not be fetched: the build has {build.status}")


# -- artifacts ------------------------------------------------------------------------------------------------------


def _combine(scope: Scope, batch: BuildBatch) -> None:
    if not combining.wanted(batch.settings):
        advance(scope, batch.id, Combined())
        return
    found = [builds.get(scope, batch.of(group.identifier)[-1].build_id) for group in batch.progress.groups]
    held = [file for build in found if build is not None for file in build.held]
    scope.job(COMBINED, partial(combining.pack, batch.id, batch.settings, held, scope.world.blobs))


def combined(scope: Scope, payload: Payload) -> None:
    """The artifacts of all builds are together."""
    batch = scope.get(BuildBatch, payload.get("batch_id", ""))
    if batch is None or batch.progress.phase != COMBINE_ARTIFACTS:
        return
    if "error" in payload:
        advance(scope, batch.id, BatchFailed(Context("CLIENT_ERROR", payload["error"])))
        return
    try:
        brought = combining.bring(scope, batch.project, batch.uuid, batch.arn, payload["bundles"])
    except AwsError as error:
        message = f"Error in COMBINE_ARTIFACTS phase: {error.code}: {error.message}"
        advance(scope, batch.id, BatchFailed(Context("CLIENT_ERROR", message)))
        return
    outputs = combining.outputs(batch.request.artifact_names, payload["bundles"])
    scope.put(batch.id, msgspec.structs.replace(batch, artifacts=brought, output_artifacts=outputs))
    advance(scope, batch.id, Combined())


# -- time, and restarts ---------------------------------------------------------------------------------------------


def timed_out(scope: Scope, payload: Payload) -> None:
    """A batch has taken longer than it may."""
    advance(scope, payload["batch_id"], BatchTimedOut())


def resume(world: World) -> None:
    """After a restart: builds have been taken up already; artifacts are brought together again."""
    for account, region in world.records.places(RunningBatch):
        scope = world.scope(account, region)
        for key, _ in list(scope.scan(RunningBatch)):
            batch = scope.get(BuildBatch, key)
            if batch is not None and batch.progress.phase == COMBINE_ARTIFACTS:
                _combine(scope, batch)


def close(world: World) -> None:
    """Before the backend closes: stop what runs, and say so."""
    for account, region in world.records.places(RunningBatch):
        scope = world.scope(account, region)
        with world.transaction():
            for key, _ in list(scope.scan(RunningBatch)):
                advance(scope, key, BatchStopped(Context("", "the backend was closed while this batch build ran")))
