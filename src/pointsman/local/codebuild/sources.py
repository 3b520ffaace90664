"""DOWNLOAD_SOURCE: which source a build has, looked up under the lock, and fetched in a piece of blocking work."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pointsman.local.codebuild import credentials, runtimes
from pointsman.local.codebuild.archives import said_of, unpack
from pointsman.local.codebuild.buildspec import BuildspecError, parse
from pointsman.local.codebuild.machine import Context
from pointsman.local.codebuild.records import Build
from pointsman.local.codebuild.trust import Trust
from pointsman.local.codecommit.git import Git, GitFailed, plain_name
from pointsman.local.codecommit.repositories import CodeCommitRepository, Repositories, git_folder
from pointsman.local.codeconnections.connections import LocalConnection
from pointsman.local.runners.protocol import Work
from pointsman.local.s3 import objects
from pointsman.local.world import Scope

Fetch = Callable[[Path], str]
"""Fill a folder; returns the resolved version. Raises SourceFailed."""


class SourceFailed(Exception):
    """A source cannot be had; carries the context DOWNLOAD_SOURCE fails with."""

    def __init__(self, message: str, code: str = "CLIENT_ERROR") -> None:
        super().__init__(message)
        self.context = Context(code, message)


def directory_of(folder: Path) -> Path:
    """Where a build's primary source is: CODEBUILD_SRC_DIR."""
    return folder / "output" / "src"


def secondary_of(folder: Path, identifiers: list[str]) -> dict[str, Path]:
    """Where a build's secondary sources are, by identifier."""
    return {one: folder / "output" / "secondary" / str(index) for index, one in enumerate(identifiers, 1)}


def identifiers_of(build: Build) -> list[str]:
    """The identifiers of a build's secondary sources; a pipeline's further inputs are among them by name."""
    found = [one.get("sourceIdentifier", "") for one in build.settings.get("secondarySources", [])]
    primary = build.request.primary_source or (build.request.sources[0].name if build.request.sources else "")
    return found + [source.name for source in build.request.sources if source.name != primary]


def plan_fetch(scope: Scope, build: Build, folder: Path, *, buildspec: bool = True) -> Work:
    """Look up a build's sources, and return the blocking work that fetches them and reads the buildspec.

    What cannot be had is told by the work, not raised here. A sandbox wants no ``buildspec``.
    """
    try:
        fetches = _fetches(scope, build)
        spec_of = _buildspec(scope, build) if buildspec else None
    except SourceFailed as failure:
        context = failure.context
        return lambda: {"build_id": build.id, "error": context.message, "code": context.code}
    directory = directory_of(folder)
    places = [directory, *secondary_of(folder, identifiers_of(build)).values()]

    def work() -> dict[str, Any]:
        where = "buildspec"
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700, parents=True)
            resolved = ""
            for place, fetch in zip(places, fetches, strict=True):
                place.mkdir(mode=0o700, parents=True)
                version = fetch(place)
                resolved = resolved or version
            if spec_of is None:
                return {"build_id": build.id, "resolved": resolved}
            text, where = spec_of(directory)
            spec = parse(text)
        except SourceFailed as failure:
            return {"build_id": build.id, "error": failure.context.message, "code": failure.context.code}
        except BuildspecError as mistake:
            return {"build_id": build.id, "error": f"{where}: {mistake}", "code": "YAML_FILE_ERROR"}
        except OSError as error:
            return {"build_id": build.id, "error": said_of(error), "code": "CLIENT_ERROR"}
        notes = runtimes.compare(spec.phase("install").runtime_versions)
        return {"build_id": build.id, "spec": spec, "place": where, "resolved": resolved, "notes": notes}

    return work


def _fetches(scope: Scope, build: Build) -> list[Fetch]:
    """Primary first, then the secondaries in the order of ``identifiers_of``."""
    settings, request = build.settings, build.request
    primary = settings.get("source", {})
    if primary.get("type") == "CODEPIPELINE":
        if not request.sources:
            raise SourceFailed("the source comes from CodePipeline, and this build was not started by a pipeline")
        by_name = {source.name: source for source in request.sources}
        first = request.primary_source or request.sources[0].name
        if first not in by_name:
            raise SourceFailed(f"the pipeline gave no input artifact {first}, which holds the primary source")
        fetches = [_zip(scope, by_name[first].digest, f"the input artifact {first}", request.resolved_version)]
    else:
        fetches = [_source(scope, primary, settings.get("sourceVersion", ""))]
        first = ""
    versions = {one["sourceIdentifier"]: one["sourceVersion"] for one in settings.get("secondarySourceVersions", [])}
    for source in settings.get("secondarySources", []):
        fetches.append(_source(scope, source, versions.get(source.get("sourceIdentifier", ""), "")))
    for artifact in request.sources:
        if artifact.name != first:
            fetches.append(_zip(scope, artifact.digest, f"the input artifact {artifact.name}", ""))
    return fetches


def _source(scope: Scope, source: dict[str, Any], version: str) -> Fetch:
    kind, location = source.get("type", ""), source.get("location", "")
    if kind == "NO_SOURCE":
        return lambda _: ""
    if kind == "S3":
        return _s3(scope, location, version)
    if kind == "CODECOMMIT":
        return _codecommit(scope, location, version)
    connection = _connection(scope, source)
    if connection is not None:
        return _folder(scope, _checkout_in(Path(connection.path), location), version)
    raise SourceFailed(
        f"a source of type {kind} ({location}) cannot be had here: this backend reaches no {kind}; a world file can"
        f" have a connection {kind.lower()} stand for a folder with its repositories"
    )


def place_of(scope: Scope, source: dict[str, Any]) -> Path | None:
    """The repository of this machine that a source comes from; None when it comes from none."""
    kind, location = source.get("type", ""), str(source.get("location", ""))
    if kind == "CODECOMMIT":
        tool = scope.world.tool(Repositories)  # type: ignore[type-abstract]
        return tool.path(scope.account, scope.region, location.rstrip("/").rpartition("/")[2])
    connection = _connection(scope, source) if kind not in ("S3", "NO_SOURCE", "CODEPIPELINE") else None
    return _checkout_in(Path(connection.path), location) if connection is not None else None


def _connection(scope: Scope, source: dict[str, Any]) -> LocalConnection | None:
    """The connection a world file has for a source: what its auth or its server's credentials name, or its type's."""
    kind = str(source.get("type", ""))
    named = credentials.named(scope, str(source.get("auth", {}).get("resource", "")))
    names = (named, credentials.connection_of(scope, kind), kind.lower())
    return next((found for name in names if name and (found := scope.get(LocalConnection, name))), None)


def _checkout_in(folder: Path, location: str) -> Path:
    """Where the repository of a URL lies below a connection's folder: ``owner/name``, or ``name``."""
    owner, _, name = location.rstrip("/").removesuffix(".git").rpartition("/")
    owner = owner.replace(":", "/").rpartition("/")[2]
    places = [folder / owner / name, folder / owner / f"{name}.git", folder / name, folder / f"{name}.git"]
    return next((place for place in places if name and place.is_dir()), places[0])


def _zip(scope: Scope, digest: str, what: str, version: str) -> Fetch:
    blobs = scope.world.blobs

    def fetch(target: Path) -> str:
        try:
            with blobs.open(digest) as body:
                unpack(body, target)
        except KeyError:
            raise SourceFailed(f"{what} is not there any more") from None
        except (zipfile.BadZipFile, ValueError) as error:
            raise SourceFailed(f"{what} cannot be unpacked: {error}") from None
        return version

    return fetch


def _s3(scope: Scope, location: str, version: str) -> Fetch:
    bucket, _, key = location.removeprefix("arn:aws:s3:::").partition("/")
    found = objects.head(scope, bucket, key, version or None)
    if found is not None and not key.endswith("/"):
        known = "" if found.version_id in (None, "", "null") else found.version_id
        return _zip(scope, found.digest, f"s3://{bucket}/{key}", known)
    at = f" (version {version})" if version else ""
    raise SourceFailed(f"there is no object s3://{bucket}/{key}{at}; the source of type S3 must be one zip object")


def _codecommit(scope: Scope, location: str, version: str) -> Fetch:
    name = location.rstrip("/").rpartition("/")[2]
    repository = scope.get(CodeCommitRepository, name)
    if repository is None:
        raise SourceFailed(f"there is no CodeCommit repository {name} in {scope.region}")
    tool = scope.world.tool(Repositories)  # type: ignore[type-abstract]
    trust = scope.world.tool(Trust)  # type: ignore[type-abstract]
    account, region = scope.account, scope.region
    wanted = version or repository.default_branch

    def fetch(target: Path) -> str:
        path = tool.path(account, region, name)
        if path is None:
            raise SourceFailed(f"the repository {name} is not there any more")
        _trusted(trust, path)
        try:
            commit_id = _commit_id(tool, account, region, name, wanted, path)
            archive = target.with_name(target.name + ".zip")
            tool.archive(account, region, name, commit_id, archive)
        except GitFailed as failure:
            raise SourceFailed(str(failure)) from None
        _unpack_file(archive, target)
        return commit_id

    return fetch


def _commit_id(tool: Repositories, account: str, region: str, name: str, wanted: str, path: Path) -> str:
    """The commit of a branch, tag or id; of the first branch there is when nothing is wanted."""
    if not wanted:
        listed = Git(git_folder(path)).run("for-each-ref", "--count=1", "--format=%(refname:short)", "refs/heads")
        wanted = listed.decode("utf-8", "replace").strip()
        if not wanted:
            raise SourceFailed(f"the repository {name} has no commits yet")
    plain = wanted.removesuffix("^{commit}").removeprefix("refs/heads/").removeprefix("refs/tags/")
    if not plain_name(plain):
        raise SourceFailed(f"{wanted} is not a branch, tag or commit")
    commit = tool.commit(account, region, name, plain) or tool.head(account, region, name, plain)
    if commit is not None:
        return commit.id
    try:
        revision = f"refs/tags/{plain}^{{commit}}"
        return Git(git_folder(path)).run("rev-parse", "--verify", "--quiet", revision).decode().strip()
    except GitFailed:
        raise SourceFailed(f"the repository {name} has no branch, tag or commit {wanted}") from None


def _unpack_file(archive: Path, target: Path) -> None:
    with archive.open("rb") as body:
        unpack(body, target)
    archive.unlink()


def _folder(scope: Scope, path: Path, version: str) -> Fetch:
    trust = scope.world.tool(Trust)  # type: ignore[type-abstract]

    def fetch(target: Path) -> str:
        if not path.is_dir():
            raise SourceFailed(f"the connection's folder has no repository {path}")
        _trusted(trust, path)
        if (path / ".git").exists() or (path / "HEAD").is_file():
            return _checkout(path, version or "HEAD", target)
        shutil.copytree(path, target, symlinks=True, dirs_exist_ok=True)
        return ""

    return fetch


def _trusted(trust: Trust, path: Path) -> None:
    if not trust.allowed(path):
        raise SourceFailed(
            f"{path} is not trusted, so its commands do not run here; start it once on a terminal to say so"
        )


def _checkout(path: Path, version: str, target: Path) -> str:
    """The files of a commit of somebody's own repository, which is only read."""
    if not plain_name(version):
        raise SourceFailed(f"{version} is not a branch, tag or commit")
    try:
        git = Git(git_folder(path))
        commit = git.run("rev-parse", "--verify", "--quiet", f"{version}^{{commit}}").decode().strip()
        archive = target.with_name(target.name + ".zip")
        git.run("archive", "--format=zip", f"--output={archive}", commit)
    except GitFailed as failure:
        raise SourceFailed(f"git could not read {path} at {version}: {failure}") from None
    _unpack_file(archive, target)
    return commit


def is_inline(buildspec: str) -> bool:
    """Whether a ``buildspec`` setting is the buildspec itself and not a path or ARN."""
    return "\n" in buildspec or buildspec.lstrip().startswith(("version:", "{"))


def _buildspec(scope: Scope, build: Build) -> Callable[[Path], tuple[str, str]]:
    """How to get the buildspec's text, and what to call the place it came from."""
    wanted = str(build.settings.get("source", {}).get("buildspec", "") or "")
    if is_inline(wanted):
        return lambda _: (wanted, "buildspec")
    if wanted.startswith("arn:"):
        bucket, _, key = wanted.rpartition(":::")[2].partition("/")
        found = objects.head(scope, bucket, key)
        if found is None:
            raise SourceFailed(f"there is no buildspec {wanted}", "YAML_FILE_ERROR")
        with scope.world.blobs.open(found.digest) as body:
            text = body.read().decode("utf-8", "replace")
        return lambda _: (text, wanted)
    path = wanted or "buildspec.yml"

    def read(directory: Path) -> tuple[str, str]:
        place = directory / path
        if not place.resolve().is_relative_to(directory.resolve()):
            raise SourceFailed(f"the buildspec {path} is outside the source", "YAML_FILE_ERROR")
        if not place.is_file():
            raise SourceFailed(f"YAML file does not exist: the source has no {path}", "YAML_FILE_ERROR")
        return place.read_text("utf-8", "replace"), path

    return read
