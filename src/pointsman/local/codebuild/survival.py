"""Starting and closing the backend: what becomes of builds that ran when it ended."""

from __future__ import annotations

from functools import partial

from pointsman.local.codebuild import fleets, sandboxes
from pointsman.local.codebuild.driver import COLLECT, DISPATCH, LOST, advance, command_ended, fetch, runner_of, say
from pointsman.local.codebuild.machine import STOPPED, USER_PHASES, Context, Lost, Stopped
from pointsman.local.codebuild.records import Build, RunningBuild, Sandbox
from pointsman.local.world import Payload, Scope, World


def resume(world: World) -> None:
    """After a restart: queued builds wait on, others go on from what is known of them, or are marked lost."""
    runner = runner_of(world)
    for account, region in world.records.places(RunningBuild):
        scope = world.scope(account, region)
        for _, one in list(scope.scan(RunningBuild)):
            build = fleets.running(scope, one.build_id)
            if build is None:
                continue
            if not one.started:
                scope.after(0, DISPATCH, key=DISPATCH)
            elif isinstance(build, Sandbox) and build.progress.phase == "DOWNLOAD_SOURCE":
                say(scope, build, ["The backend was restarted: the source is fetched again"])
                sandboxes.fetch(scope, build)
            elif build.progress.phase in ("PROVISIONING", "DOWNLOAD_SOURCE"):
                say(scope, build, ["The backend was restarted: the source is fetched again"])
                fetch(scope, build)
            elif build.progress.phase == "UPLOAD_ARTIFACTS":
                say(scope, build, ["The backend was restarted: the artifacts are collected again"])
                scope.emit(COLLECT, {"build_id": build.id})
            else:
                world.after_commit(partial(runner.recover_build, scope, build.id))


def recovered(scope: Scope, payload: Payload) -> None:
    """What the old supervisor wrote of a build that ran when the backend died."""
    build = scope.get(Build, payload.get("build_id", ""))
    if build is None or build.progress.phase not in USER_PHASES:
        return
    if payload["number"] == build.progress.number and payload["exit"] is not None:
        command_ended(scope, payload)
    else:
        advance(scope, build.id, Lost(LOST))


def close(world: World) -> None:
    """Before the backend closes: stop what runs, and say so; what is in the queue stays there."""
    sentence = "the backend was closed while this %s ran"
    for account, region in world.records.places(RunningBuild):
        scope = world.scope(account, region)
        with world.transaction():
            for _, one in list(scope.scan(RunningBuild)):
                sandbox = scope.get(Sandbox, one.build_id) if one.started else None
                if sandbox is not None:
                    sandboxes.end(scope, sandbox, STOPPED, Context("", sentence % "sandbox"))
                elif one.started:
                    advance(scope, one.build_id, Stopped(Context("", sentence % "build")))
    runner_of(world).close()
