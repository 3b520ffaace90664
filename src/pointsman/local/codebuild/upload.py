"""UPLOAD_ARTIFACTS, step by step: ask the shell; read reports, pack artifacts and cache; bring them home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.codebuild import artifacts, cache_files, caches, report_export, report_files, reports
from pointsman.local.codebuild.archives import said_of
from pointsman.local.codebuild.driver import LOST, advance, clear, give, guarded, live_build, runner_of, say
from pointsman.local.codebuild.machine import Context, Failed, Lost, Uploaded
from pointsman.local.codebuild.records import Build, BuildPlan, HeldFile
from pointsman.local.runners.protocol import CommandOrder, Work
from pointsman.local.s3 import objects
from pointsman.local.store.blobs import Blobs
from pointsman.local.world import Payload, Scope


class Collection(msgspec.Struct, frozen=True):
    """Everything a build leaves."""

    artifacts: tuple[artifacts.Owed, ...] = ()
    reports: tuple[report_files.Wanted, ...] = ()
    cache: tuple[str, ...] = ()
    """The paths of its cache; empty when none is kept."""
    missing: Context | None = None
    """Why there can be no artifacts."""

    @property
    def work(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.artifacts or self.reports or self.cache or self.missing)


def inquire(scope: Scope, payload: Payload) -> None:
    """Ask the build's shell for what only it knows, then collect."""
    build = scope.get(Build, payload["build_id"])
    assert build is not None
    plan = scope.get(BuildPlan, build.id)
    assert plan is not None
    owed, _ = _owed(build, plan)
    words = (*artifacts.words_of(owed), *(f"${{{name}-}}" for name in plan.spec.exported))
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


def _owed(build: Build, plan: BuildPlan) -> tuple[list[artifacts.Owed], Context | None]:
    try:
        return artifacts.owed(build, plan.spec), None
    except artifacts.Missing as failure:
        return [], failure.context


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
    owed, missing = _owed(build, plan)
    told = dict(zip(plan.words, plan.values or (), strict=True))
    build, wanted = reports.begin(scope, build, plan.spec.reports) if plan.spec.reports else (build, [])
    cache = caches.remote(build, plan.spec)
    kept = cache is not None and cache.action != "restore" and not build.progress.failing
    collection = Collection(
        artifacts=tuple(artifacts.expanded(one, told) for one in owed),
        reports=tuple(wanted),
        cache=cache.paths if cache is not None and kept else (),
        missing=missing,
    )
    if not collection.work:
        advance(scope, build.id, Uploaded())
        return
    outputs = [one.output for one in collection.artifacts if one.output]
    runner = runner_of(scope.world)
    folder = runner.build_folder(build.id)
    work = guarded(build.id, _plan(build.id, collection, Path(plan.directory), folder, scope.world.blobs))
    scope.world.after_commit(lambda: runner.collect_artifacts(scope, build.id, build.project, outputs, work))


def _plan(build_id: str, collection: Collection, directory: Path, folder: Path, blobs: Blobs) -> Work:
    """The blocking work: reports first, whatever becomes of the artifacts; then these; then the cache."""

    def work() -> dict[str, Any]:
        lines: list[str] = []
        made = []
        for wanted in collection.reports:
            report, said = report_files.make(directory, wanted, blobs)
            made.append(report)
            lines += said
        if collection.missing is not None:
            found: dict[str, Any] = {"error": collection.missing.message, "code": collection.missing.code}
        else:
            found = artifacts.collect(list(collection.artifacts), directory, folder, blobs)
        lines += found.pop("lines", [])
        if collection.cache and "error" not in found:
            found["cache"], said = _cached(collection.cache, directory, folder, blobs)
            lines += said
        return {"build_id": build_id, "reports": made, "lines": lines, **found}

    return work


def _cached(
    paths: tuple[str, ...], directory: Path, folder: Path, blobs: Blobs
) -> tuple[objects.Kept | None, list[str]]:
    """The zip of a build's cache; None when there is nothing to keep, or no room."""
    target = folder / "cache.zip"
    try:
        count, said = cache_files.save(paths, caches.roots_of(directory, folder), target)
        return (objects.keep(blobs, target) if count else None), said
    except OSError as error:
        return None, [f"The cache could not be packed: {said_of(error)}"]
    finally:
        target.unlink(missing_ok=True)


def collected(scope: Scope, payload: Payload) -> None:
    """What the build leaves is packed, or could not be."""
    build = scope.get(Build, payload.get("build_id", ""))
    if build is None or build.progress.phase != "UPLOAD_ARTIFACTS":
        clear(scope, build)
        return
    say(scope, build, payload.get("lines", ()))
    problems = _reported(scope, build, payload.get("reports", []))
    if "error" in payload:
        advance(scope, build.id, Failed(Context(payload.get("code", "CLIENT_ERROR"), payload["error"])))
        return
    packed: list[artifacts.Packed] = payload.get("packed", [])
    if build.request.hold:
        build = msgspec.structs.replace(build, held=_held(packed))
        packed = []
    try:
        brought = [artifacts.bring(scope, build, one) for one in packed]
    except AwsError as error:
        advance(scope, build.id, Failed(artifacts.refusal(error)))
        return
    outputs = {one.owed.output: one.zip.digest for one in packed if one.owed.output and one.zip is not None}
    outputs |= payload.get("output_artifacts", {})
    scope.put(build.id, msgspec.structs.replace(build, artifacts=brought, output_artifacts=outputs))
    plan = scope.get(BuildPlan, build.id)
    if payload.get("cache") is not None and plan is not None:
        say(scope, build, [caches.keep(scope, build, plan, payload["cache"])])
    if problems:
        told = Context("CLIENT_ERROR", f"Error in UPLOAD_ARTIFACTS phase: {', '.join(problems)}")
        advance(scope, build.id, Failed(told))
        return
    advance(scope, build.id, Uploaded())


def _held(packed: list[artifacts.Packed]) -> list[HeldFile]:
    return [
        HeldFile(one.owed.goal.get("artifactIdentifier", ""), name, kept.digest, kept.md5, kept.size)
        for one in packed
        for name, kept in one.files
    ]


def _reported(scope: Scope, build: Build, found: list[report_files.Made]) -> list[str]:
    """End the reports with what was found; returns what the phase's context says of those that went wrong."""
    problems = []
    for made in found:
        wrong = list(made.problems)
        report = reports.finish(scope, made)
        if report is not None:
            if made.kept and (refused := report_export.export(scope, report, made)):
                wrong.append(refused)
                say(scope, build, [f"Report {made.group}: {refused}"])
            say(scope, build, [f"Report {report.arn}: {report.status}"])
        if wrong:
            problems.append(f"[{made.group}: [{'; '.join(wrong[:3])}]]")
    return problems
