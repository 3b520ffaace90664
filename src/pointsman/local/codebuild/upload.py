"""UPLOAD_ARTIFACTS, step by step: ask the shell, pick and pack on another thread, bring the artifacts home."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.codebuild import artifacts
from pointsman.local.codebuild.driver import LOST, advance, clear, give, guarded, live_build, runner_of, say
from pointsman.local.codebuild.machine import Context, Failed, Lost, Uploaded
from pointsman.local.codebuild.records import Build, BuildPlan
from pointsman.local.runners.protocol import CommandOrder
from pointsman.local.world import Payload, Scope


def inquire(scope: Scope, payload: Payload) -> None:
    """Ask the build's shell for what only it knows, then collect."""
    build = scope.get(Build, payload["build_id"])
    assert build is not None
    plan = scope.get(BuildPlan, build.id)
    assert plan is not None
    try:
        wanted = artifacts.owed(build, plan.spec)
    except artifacts.Missing as failure:
        advance(scope, build.id, Failed(failure.context))
        return
    words = (*artifacts.words_of(wanted), *(f"${{{name}-}}" for name in plan.spec.exported))
    live = live_build(scope, build.id)
    if words and plan.values is None:
        if live is None:
            advance(scope, build.id, Lost(LOST))
            return
        scope.put(build.id, msgspec.structs.replace(plan, words=words))
        order = CommandOrder(
            build_id=build.id,
            project=build.project,
            phase="UPLOAD_ARTIFACTS",
            number=build.progress.number + 1,
            text="",
            environment={},
            inquire=words,
        )
        give(scope, order)
        return
    _collect(scope, build, plan)


def answered(scope: Scope, payload: Payload) -> None:
    """The shell has answered what it was asked."""
    build = scope.get(Build, payload["build_id"])
    if build is None or build.progress.phase != "UPLOAD_ARTIFACTS":
        return
    plan = scope.get(BuildPlan, build.id)
    if plan is None or plan.values is not None or payload["number"] != build.progress.number + 1:
        return
    values = tuple(payload.get("values", ()))
    if payload["exit"] != 0 or len(values) != len(plan.words):
        failure = Context("CLIENT_ERROR", f"the shell could not expand the artifacts' names: {', '.join(plan.words)}")
        advance(scope, build.id, Failed(failure))
        return
    plan = msgspec.structs.replace(plan, values=values)
    scope.put(build.id, plan)
    live = live_build(scope, build.id)
    hidden = live.hidden if live is not None else frozenset()
    told = dict(zip(plan.words, values, strict=True))
    exported = [(name, told[f"${{{name}-}}"]) for name in plan.spec.exported if name not in hidden]
    build = msgspec.structs.replace(build, exported=exported)
    scope.put(build.id, build)
    _collect(scope, build, plan)


def _collect(scope: Scope, build: Build, plan: BuildPlan) -> None:
    wanted = artifacts.owed(build, plan.spec)
    if not wanted:
        advance(scope, build.id, Uploaded())
        return
    told = dict(zip(plan.words, plan.values or (), strict=True))
    wanted = [artifacts.expanded(one, told) for one in wanted]
    outputs = [one.output for one in wanted if one.output]
    runner = runner_of(scope.world)
    folder = runner.build_folder(build.id)
    work = guarded(build.id, artifacts.plan_collect(build.id, wanted, Path(plan.directory), folder, scope.world.blobs))
    scope.world.after_commit(lambda: runner.collect_artifacts(scope, build.id, build.project, outputs, work))


def collected(scope: Scope, payload: Payload) -> None:
    """The artifacts are packed, or could not be."""
    build = scope.get(Build, payload.get("build_id", ""))
    if build is None or build.progress.phase != "UPLOAD_ARTIFACTS":
        clear(scope, build)
        return
    say(scope, build, payload.get("lines", ()))
    if "error" in payload:
        advance(scope, build.id, Failed(Context(payload.get("code", "CLIENT_ERROR"), payload["error"])))
        return
    packed: list[artifacts.Packed] = payload.get("packed", [])
    try:
        brought = [artifacts.bring(scope, build, one) for one in packed]
    except AwsError as error:
        advance(scope, build.id, Failed(artifacts.refusal(error)))
        return
    outputs = {one.owed.output: one.zip.digest for one in packed if one.owed.output and one.zip is not None}
    outputs |= payload.get("output_artifacts", {})
    scope.put(build.id, msgspec.structs.replace(build, artifacts=brought, output_artifacts=outputs))
    advance(scope, build.id, Uploaded())
