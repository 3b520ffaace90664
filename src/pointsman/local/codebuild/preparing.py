"""Between a build's source and its first command: the cache is brought, in the last part of DOWNLOAD_SOURCE."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import msgspec

from pointsman.local.codebuild import caches, image_tools
from pointsman.local.codebuild.driver import advance, give, guarded, runner_of, say
from pointsman.local.codebuild.machine import Fetched
from pointsman.local.codebuild.records import Build, BuildPlan
from pointsman.local.runners.protocol import CommandOrder
from pointsman.local.world import Payload, Scope

CACHED = "codebuild.cached"
TOOLED = "codebuild.tooled"


def opened(scope: Scope, payload: Payload) -> None:
    """The build's shell is there: bring what its project keeps for it, or go on."""
    build = scope.get(Build, payload["build_id"])
    plan = scope.get(BuildPlan, payload["build_id"])
    assert build is not None
    assert plan is not None
    folder = runner_of(scope.world).build_folder(build.id)
    roots = caches.roots_of(Path(plan.directory), folder)
    cache = caches.remote(build, plan.spec)
    if plan.spec.cache is not None and caches.custom(build, plan.spec):
        place = caches.folder_of(scope, build)
        scope.job(CACHED, guarded(build.id, caches.plan_link(build.id, plan.spec.cache, roots, place)))
    elif (cache is not None and cache.key) or build.request.shard:
        scope.job(TOOLED, guarded(build.id, partial(_install, build.id, folder / "tools")))
    elif cache is not None:
        _restore(scope, build, plan)
    else:
        advance(scope, build.id, Fetched())


def _install(build_id: str, folder: Path) -> Payload:
    image_tools.install(folder)
    return {"build_id": build_id}


def tooled(scope: Scope, payload: Payload) -> None:
    """The programs of the build are there: have the shell expand the cache's keys, or go on."""
    found = _fetching(scope, payload)
    if found is None:
        return
    build, plan = found
    cache = caches.remote(build, plan.spec)
    if cache is None or not cache.key:
        if cache is not None:
            _restore(scope, build, plan)
        else:
            advance(scope, build.id, Fetched())
        return
    order = CommandOrder(
        build_id=build.id,
        project=build.project,
        phase="DOWNLOAD_SOURCE",
        number=caches.KEYS_NUMBER,
        text="",
        environment={},
        inquire=caches.words_of(cache),
    )
    give(scope, order)


def keyed(scope: Scope, payload: Payload) -> None:
    """The shell has expanded the cache's keys."""
    if payload.get("number") != caches.KEYS_NUMBER or (found := _fetching(scope, payload)) is None:
        return
    build, plan = found
    values = tuple(payload.get("values", ()))
    if payload["exit"] != 0 or not values or not all(values):
        assert plan.spec.cache is not None
        say(scope, build, [f"The cache's key {plan.spec.cache.key} could not be expanded: there is no cache"])
        spec = msgspec.structs.replace(plan.spec, cache=None)
        scope.put(build.id, msgspec.structs.replace(plan, spec=spec))
        advance(scope, build.id, Fetched())
        return
    plan = msgspec.structs.replace(plan, cache_keys=values)
    scope.put(build.id, plan)
    _restore(scope, build, plan)


def _restore(scope: Scope, build: Build, plan: BuildPlan) -> None:
    cache = plan.spec.cache
    assert cache is not None
    if cache.action == "save":
        advance(scope, build.id, Fetched())
        return
    found, lines = caches.find(scope, build, plan)
    say(scope, build, lines)
    if found is None:
        advance(scope, build.id, Fetched())
        return
    folder = runner_of(scope.world).build_folder(build.id)
    roots = caches.roots_of(Path(plan.directory), folder)
    work = caches.plan_restore(scope, build.id, found, roots, folder / "cache")
    scope.job(CACHED, guarded(build.id, work))


def cached(scope: Scope, payload: Payload) -> None:
    """The cache is in its place, or is not: the build goes on either way."""
    found = _fetching(scope, payload)
    if found is None:
        return
    build, _ = found
    say(scope, build, payload.get("lines", ()))
    if "error" in payload:
        say(scope, build, [f"The cache could not be brought: {payload['error']}"])
    advance(scope, build.id, Fetched())


def _fetching(scope: Scope, payload: Payload) -> tuple[Build, BuildPlan] | None:
    """The build, while it is still before its first command."""
    build = scope.get(Build, payload.get("build_id", ""))
    plan = scope.get(BuildPlan, payload.get("build_id", ""))
    if build is None or plan is None or build.progress.phase != "DOWNLOAD_SOURCE":
        return None
    return build, plan
