"""The queue: what waits in QUEUED, how long it may, and what starts when there is room."""

from __future__ import annotations

from pointsman.local.answers import AwsError
from pointsman.local.codebuild import fleets, sandboxes
from pointsman.local.codebuild.driver import DISPATCH, QUEUED_TIMEOUT, TIMEOUT, advance, runner_of
from pointsman.local.codebuild.fleets import Fleet
from pointsman.local.codebuild.machine import Dequeued
from pointsman.local.codebuild.records import Build, CodeBuildProject, RunningBuild, Sandbox
from pointsman.local.world import Payload, Scope

LONGEST = 5
"""How many times as many builds may wait as may run."""


def check(scope: Scope, project: CodeBuildProject) -> None:
    """Refuse a build that its project or the account has no room for.

    Raises:
        AwsError: AccountLimitExceededException.
    """
    standing = [one for _, one in scope.scan(RunningBuild)]
    limit = project.settings.get("concurrentBuildLimit")
    if limit and sum(one.build_id.startswith(f"{project.name}:") for one in standing) >= limit:
        message = f"Cannot have more than {limit} concurrent builds for the project {project.name}"
        raise AwsError("AccountLimitExceededException", message)
    most = LONGEST * runner_of(scope.world).slots
    if sum(not one.started for one in standing) >= most:
        raise AwsError("AccountLimitExceededException", f"Cannot have more than {most} builds in queue for the account")


def enqueue(scope: Scope, build: Build) -> None:
    """Put a build that was just submitted into the queue."""
    minutes = build.settings["queuedTimeoutInMinutes"]
    scope.after(minutes * 60, QUEUED_TIMEOUT, {"build_id": build.id}, key=f"{QUEUED_TIMEOUT}/{build.id}")
    scope.after(0, DISPATCH, key=DISPATCH)


def dispatch(scope: Scope, _: Payload) -> None:
    """Start what waits, oldest first, as far as there is room; limits of projects and fleets hold for batches too."""
    if scope.world.closing:
        return  # what waits is started by the next backend of this folder
    waiting: list[tuple[Scope, str, str]] = []
    running: dict[tuple[str, str, str], int] = {}
    fleeted: dict[tuple[str, str], dict[str, int]] = {}
    for account, region in scope.world.records.places(Fleet):
        place = scope.world.scope(account, region)
        fleets.sweep(place)
        fleeted[account, region] = fleets.in_use(place, started=True)
    for account, region in scope.world.records.places(RunningBuild):
        place = scope.world.scope(account, region)
        for key, one in place.scan(RunningBuild):
            if one.started:
                whose = (account, region, _project(one.build_id))
                running[whose] = running.get(whose, 0) + 1
            else:
                waiting.append((place, key, one.build_id))
    room = runner_of(scope.world).slots - sum(running.values())
    for place, key, build_id in waiting:
        if room <= 0:
            return
        whose = (place.account, place.region, _project(build_id))
        project = place.get(CodeBuildProject, whose[2])
        limit = project.settings.get("concurrentBuildLimit") if project is not None else None
        if limit and running.get(whose, 0) >= limit:
            continue
        used = fleeted.get((place.account, place.region))
        if used is not None and (build := fleets.running(place, build_id)) is not None:
            if not fleets.room(place, build, used):
                continue
            used[fleets.arn_in(build.settings)] = used.get(fleets.arn_in(build.settings), 0) + 1
        running[whose] = running.get(whose, 0) + 1
        room -= 1
        _start(place, key, build_id)


def _project(build_id: str) -> str:
    return build_id.partition(":")[0]


def _start(place: Scope, key: str, build_id: str) -> None:
    place.put(key, RunningBuild(build_id, started=True))
    place.cancel(f"{QUEUED_TIMEOUT}/{build_id}")
    build = fleets.running(place, build_id)
    if build is None:
        return
    minutes = build.settings["timeoutInMinutes"]
    place.after(minutes * 60, TIMEOUT, {"build_id": build.id}, key=f"{TIMEOUT}/{build.id}")
    if isinstance(build, Sandbox):
        sandboxes.dequeued(place, build)
    else:
        advance(place, build.id, Dequeued())
