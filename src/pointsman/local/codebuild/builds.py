"""Builds for whoever needs one: start, stop, get. Called inside a transaction, by the answers and by other engines."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.codebuild import driver, fleets, queueing
from pointsman.local.codebuild.machine import Context, Stopped, submit
from pointsman.local.codebuild.projects import project_of
from pointsman.local.codebuild.records import (
    Build,
    BuildOrder,
    EnvironmentVariable,
    PipelineSource,
    RunningBuild,
    StartRequest,
)
from pointsman.local.codebuild.settings import effective, invalid, log_place
from pointsman.local.codebuild.starting import once
from pointsman.local.world import Scope

__all__ = ["Build", "EnvironmentVariable", "PipelineSource", "StartRequest", "get", "retry", "start", "stop"]

B = TypeVar("B", bound=Build)


def start(scope: Scope, request: StartRequest, *, token: str = "", retry_of: str = "", auto_retry: int = 0) -> Build:
    """Start a build: it is in the queue when this returns.

    Args:
        scope: Where.
        request: What to build, and how it differs from its project.
        token: StartBuild's idempotency token.
        retry_of: The build this one is a retry of.
        auto_retry: Which automatic retry it is.

    Raises:
        AwsError: As StartBuild would.
    """
    project = project_of(scope, request.project)
    if not request.initiator:
        request = msgspec.structs.replace(request, initiator="local")
    if token:
        return once(scope, token, "StartBuild", request, lambda: start(scope, request, retry_of=retry_of), get)
    settings = effective(project.settings, request)
    check_source(settings, request)
    fleets.check(scope, settings)
    if not request.batch:  # the builds of a batch wait in the queue for their turn
        queueing.check(scope, project)
    build = made(
        scope,
        Build,
        "build",
        request,
        settings,
        number=scope.next_number(f"codebuild.project/{request.project}"),
        resolved_version=request.resolved_version,
        retry_of=retry_of,
        auto_retry=auto_retry,
    )
    _keep(scope, build)
    return build


def stop(scope: Scope, build_id: str, sentence: str = "Build stopped by user") -> Build:
    """Stop a build; one that has ended is returned unchanged.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    build = get(scope, build_id)
    if build is None:
        raise AwsError("ResourceNotFoundException", f"Build cannot be found: {build_id}")
    driver.advance(scope, build.id, Stopped(Context("", sentence)))
    return get(scope, build.id) or build


def retry(scope: Scope, build_id: str, *, token: str = "") -> Build:
    """Start a build like one that has been.

    Raises:
        AwsError: As RetryBuild would.
    """
    build = get(scope, build_id)
    if build is None:
        raise AwsError("ResourceNotFoundException", f"Build cannot be found: {build_id}")
    if build.request.sources:
        raise invalid(f"{build.id} was started by a pipeline: retry the pipeline's stage instead")
    if build.request.batch:
        raise invalid(f"{build.id} belongs to a batch build: retry the batch instead")
    return start(scope, build.request, token=token, retry_of=build.id)


def get(scope: Scope, build_id: str) -> Build | None:
    """A build by its id or ARN; None when there is none."""
    return scope.get(Build, build_id.rpartition(":build/")[2] if build_id.startswith("arn:") else build_id)


def check_source(settings: dict[str, object], request: StartRequest) -> None:
    """Refuse what has no source to build from.

    Raises:
        AwsError: InvalidInputException.
    """
    source, artifacts = settings["source"], settings.get("artifacts", {})
    assert isinstance(source, dict)
    assert isinstance(artifacts, dict)
    if source.get("type") == "CODEPIPELINE" and not request.sources:
        raise invalid(f"Project {request.project} takes its source from CodePipeline: start its pipeline instead")
    if source.get("type") == "NO_SOURCE" and not source.get("buildspec"):
        raise invalid("Invalid project source: buildspec must be set for source type NO_SOURCE")


def made(scope: Scope, kind: type[B], noun: str, request: StartRequest, settings: dict[str, object], **more: Any) -> B:
    """A build, or what is like one, that has just been submitted; nothing is kept of it yet.

    Args:
        scope: Where.
        kind: ``Build`` or a kind of it.
        noun: What its ARN calls it.
        request: What it was asked for.
        settings: What its project and the request come to.
        more: Its other members; ``number`` among them.
    """
    uuid = scope.world.uuid()
    build_id = f"{request.project}:{uuid}"
    group, stream = log_place(settings, request.project, uuid)
    return kind(
        id=build_id,
        arn=scope.arn("codebuild", f"{noun}/{build_id}"),
        project=request.project,
        started=scope.now,
        progress=submit(scope.now),
        request=request,
        settings=settings,
        log_group=group,
        log_stream=stream,
        **more,
    )


def _keep(scope: Scope, build: Build) -> None:
    order = scope.next_number("codebuild.builds")
    scope.put(build.id, build)
    scope.put(f"*/{order:012d}", BuildOrder(build.id))
    scope.put(f"{build.project}/{build.number:09d}", BuildOrder(build.id))
    scope.put(f"{order:012d}", RunningBuild(build.id))
    queueing.enqueue(scope, build)
    scope.emit(driver.STARTED, {"build_id": build.id, "project": build.project})
