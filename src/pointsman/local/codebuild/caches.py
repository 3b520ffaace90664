"""A project's cache: brought before INSTALL, kept at UPLOAD_ARTIFACTS. Called inside a transaction.

``LOCAL`` in the mode LOCAL_CUSTOM_CACHE links folders of the state folder into the build; ``S3`` keeps one zip, or one
for each key. A cache that cannot be had or kept is a line in the log and no failure.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.codebuild import cache_files
from pointsman.local.codebuild.archives import said_of
from pointsman.local.codebuild.buildspec import Buildspec, CacheSpec
from pointsman.local.codebuild.records import Build, BuildPlan
from pointsman.local.engines import Place
from pointsman.local.runners.protocol import Work
from pointsman.local.s3 import objects
from pointsman.local.world import Scope

KEYS_NUMBER = 1_000_000_000
"""The number of the inquiry that expands a cache's keys, out of the way of the build's commands."""


class CacheState(msgspec.Struct, frozen=True):
    """How often a project's cache was thrown away; key: the project's name."""

    generation: int


def kind_of(build: Build) -> str:
    """``S3``, ``LOCAL``, or ``NO_CACHE``."""
    return str(build.settings.get("cache", {}).get("type", "NO_CACHE"))


def custom(build: Build, spec: Buildspec) -> bool:
    """Whether a build links folders of its project's local cache."""
    modes = build.settings.get("cache", {}).get("modes", [])
    paths = spec.cache is not None and spec.cache.paths
    return bool(kind_of(build) == "LOCAL" and "LOCAL_CUSTOM_CACHE" in modes and paths)


def remote(build: Build, spec: Buildspec) -> CacheSpec | None:
    """What a build keeps in S3; None when nothing."""
    cache = spec.cache
    return cache if kind_of(build) == "S3" and cache is not None and cache.paths else None


def notices(build: Build, spec: Buildspec) -> list[str]:
    """Lines for what a cache asks and cannot be had here."""
    config = build.settings.get("cache", {})
    modes = config.get("modes", []) if kind_of(build) == "LOCAL" else []
    said = []
    if "LOCAL_SOURCE_CACHE" in modes:
        said.append("LOCAL_SOURCE_CACHE: the sources are on this machine, there is nothing to cache")
    if "LOCAL_DOCKER_LAYER_CACHE" in modes:
        said.append("LOCAL_DOCKER_LAYER_CACHE: this machine's docker keeps its layers itself")
    if spec.cache is not None and spec.cache.paths and kind_of(build) == "NO_CACHE":
        said.append("The buildspec has cache paths, and the project has no cache: they are not cached")
    return said


def words_of(cache: CacheSpec) -> tuple[str, ...]:
    """A cache's key and fallback keys, for the shell to expand."""
    return (cache.key, *cache.fallback_keys) if cache.key else ()


def folder_of(scope: Scope, build: Build) -> Path:
    """Where a project's local cache is."""
    root = scope.world.tool(Place).root / "caches" / scope.account / scope.region / build.project
    return root / str(_generation(scope, build.project))


def roots_of(directory: Path, folder: Path) -> dict[str, Path]:
    """Where a build's source and home are."""
    return {"src": directory, "home": folder / "home"}


def invalidate(scope: Scope, project: str) -> None:
    """Throw a project's cache away: the next build begins without one."""
    scope.put(project, CacheState(_generation(scope, project) + 1))
    root = scope.world.tool(Place).root / "caches" / scope.account / scope.region / project
    if root.is_dir():
        scope.job("codebuild.cache.removed", lambda: _removed(root))


def _removed(root: Path) -> dict[str, Any]:
    shutil.rmtree(root, ignore_errors=True)
    return {}


def _generation(scope: Scope, project: str) -> int:
    state = scope.get(CacheState, project)
    return state.generation if state is not None else 0


# -- S3 -------------------------------------------------------------------------------------------------------------


def _place(scope: Scope, build: Build) -> tuple[str, str]:
    """Bucket and prefix of a project's cache: its own, or the one of its namespace."""
    config = build.settings.get("cache", {})
    bucket, _, prefix = str(config.get("location", "")).removeprefix("arn:aws:s3:::").partition("/")
    shared = str(config.get("cacheNamespace") or "")
    whose = quote(shared, safe="") if shared else f"{build.project}/{_generation(scope, build.project)}"
    return bucket, "/".join(part for part in (prefix.strip("/"), whose) if part)


def _name(key: str) -> str:
    return f"key/{quote(key, safe='')}.zip" if key else "cache.zip"


def find(scope: Scope, build: Build, plan: BuildPlan) -> tuple[objects.ObjectVersion | None, list[str]]:
    """The zip a build begins with: of its key, or the newest that begins with one of the fallback keys.

    Returns:
        The object, None when there is none, and lines for the build's log.
    """
    bucket, prefix = _place(scope, build)
    keys = plan.cache_keys or ()
    found = objects.head(scope, bucket, f"{prefix}/{_name(keys[0] if keys else '')}")
    if found is not None:
        return found, [f"Cache found: s3://{bucket}/{found.key}"]
    for fallback in keys[1:]:
        begin = f"{prefix}/{_name(fallback)}".removesuffix(".zip")
        listed = objects.shared(scope).scan(objects.Current, f"{bucket}/{begin}")
        newest = max((one.version for _, one in listed), key=lambda one: (one.last_modified, one.number), default=None)
        if newest is not None:
            return newest, [f"Cache found by the fallback key {fallback}: s3://{bucket}/{newest.key}"]
    return None, [f"No cache found in s3://{bucket}/{prefix}"]


def plan_restore(
    scope: Scope, build_id: str, found: objects.ObjectVersion, roots: dict[str, Path], scratch: Path
) -> Work:
    """The blocking work that unpacks a cache over a build's source and home."""
    blobs = scope.world.blobs

    def work() -> dict[str, Any]:
        try:
            with blobs.open(found.digest) as body:
                cache_files.restore(body, roots, scratch)
        except (KeyError, OSError, ValueError, zipfile.BadZipFile) as error:
            return {"build_id": build_id, "lines": [f"The cache could not be unpacked: {error}"]}
        return {"build_id": build_id, "lines": ["Cache unpacked"]}

    return work


def plan_link(build_id: str, cache: CacheSpec, roots: dict[str, Path], folder: Path) -> Work:
    """The blocking work that links a project's cached folders into a build."""

    def work() -> dict[str, Any]:
        try:
            lines = cache_files.link(cache.paths, roots, folder)
        except OSError as error:
            lines = [f"The local cache cannot be used: {said_of(error)}"]
        return {"build_id": build_id, "lines": lines}

    return work


def keep(scope: Scope, build: Build, plan: BuildPlan, kept: objects.Kept) -> str:
    """Put a build's cache into S3; a cache with a key is written once.

    Returns:
        A line for the build's log.
    """
    bucket, prefix = _place(scope, build)
    key = f"{prefix}/{_name(plan.cache_keys[0] if plan.cache_keys else '')}"
    try:
        if plan.cache_keys and objects.head(scope, bucket, key) is not None:
            return f"Cache of the key {plan.cache_keys[0]} is there already: it is left as it is"
        objects.put(scope, bucket, key, kept, content_type="application/zip")
    except AwsError as error:
        return f"The cache could not be kept in {bucket}: {error.code}: {error.message}"
    return f"Cache kept: s3://{bucket}/{key}"
