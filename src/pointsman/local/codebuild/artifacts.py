"""UPLOAD_ARTIFACTS: which artifacts a build owes, picking and packing them, and bringing them where they belong."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.codebuild.archives import NoMatch, Picked, pack, pick, said_of
from pointsman.local.codebuild.buildspec import ArtifactSpec, Buildspec
from pointsman.local.codebuild.machine import Context
from pointsman.local.codebuild.records import Build, BuildArtifact
from pointsman.local.s3 import objects
from pointsman.local.store.blobs import Blobs
from pointsman.local.world import Scope


class Owed(msgspec.Struct, frozen=True):
    """An artifact a build owes: what makes it, and where it goes."""

    spec: ArtifactSpec
    goal: dict[str, Any]
    """The project's artifact settings, in AWS's shape."""
    output: str = ""
    """The output artifact a pipeline waits for."""

    @property
    def packed(self) -> bool:
        """Whether it is brought as one zip."""
        return bool(self.output) or self.goal.get("packaging") == "ZIP"


class Missing(Exception):
    """The buildspec does not say how to make an artifact that is owed; carries the phase's context."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.context = Context("CLIENT_ERROR", message)


class Packed(msgspec.Struct, frozen=True):
    """An artifact ready to be brought."""

    owed: Owed
    zip: objects.Kept | None = None
    sha256: str = ""
    md5: str = ""
    files: tuple[tuple[str, objects.Kept], ...] = ()


def owed(build: Build, spec: Buildspec) -> list[Owed]:
    """The artifacts of a build.

    Raises:
        Missing: The buildspec says nothing of one.
    """
    settings, found = build.settings, []
    goal = settings.get("artifacts", {"type": "NO_ARTIFACTS"})
    secondary = {one.identifier: one for one in spec.secondary}
    if build.request.hold:
        goal = {**goal, "packaging": "NONE"}
    if goal["type"] == "CODEPIPELINE" and build.request.hold:
        return [Owed(_primary(spec, "the batch's artifact"), goal)]
    if goal["type"] == "CODEPIPELINE" and build.request.group:
        return [_of_group(name, build.request.group, goal, spec, secondary) for name in build.request.artifact_names]
    if goal["type"] == "CODEPIPELINE":
        names = build.request.artifact_names
        if len(names) == 1 and names[0] not in secondary:
            return [Owed(_primary(spec, f"the output artifact {names[0]}"), goal, names[0])]
        for name in names:
            if name not in secondary:
                raise Missing(f"the buildspec has no secondary-artifacts entry {name}, an output of the action")
            found.append(Owed(secondary[name], goal, name))
        return found
    if goal["type"] == "S3":
        found.append(Owed(_primary(spec, "the project's artifact"), goal))
    for one in settings.get("secondaryArtifacts", []):
        identifier = one["artifactIdentifier"]
        if one["type"] == "NO_ARTIFACTS":
            continue
        if identifier not in secondary:
            raise Missing(f"the buildspec has no secondary-artifacts entry {identifier}, which the project declares")
        held = {**one, "packaging": "NONE"} if build.request.hold else one
        found.append(Owed(secondary[identifier], held))
    return found


def _of_group(name: str, group: str, goal: dict[str, Any], spec: Buildspec, secondary: dict[str, ArtifactSpec]) -> Owed:
    """An output of a pipeline's batch: ``GROUP`` is a build's primary artifact, ``GROUP_NAME`` a secondary one."""
    if name == group:
        return Owed(_primary(spec, f"the output artifact {name}"), goal, name)
    identifier = name.removeprefix(f"{group}_")
    if identifier not in secondary:
        raise Missing(f"the buildspec has no secondary-artifacts entry {identifier}, an output of the action")
    return Owed(secondary[identifier], goal, name)


def _primary(spec: Buildspec, what: str) -> ArtifactSpec:
    if spec.artifacts is None or not spec.artifacts.files:
        raise Missing(f"no matching artifact paths found: the buildspec has no artifacts section, which makes {what}")
    return spec.artifacts


def words_of(artifacts: list[Owed]) -> tuple[str, ...]:
    """The texts of some artifacts that only the build's shell can expand."""
    found: dict[str, None] = {}
    for one in artifacts:
        for text in (one.spec.name, one.spec.base_directory, *one.spec.files, *one.spec.exclude_paths):
            if "$" in text or "`" in text:
                found[text] = None
    return tuple(found)


def expanded(artifact: Owed, values: dict[str, str]) -> Owed:
    """An artifact with what the shell made of its texts."""

    def told(text: str) -> str:
        return values.get(text, text)

    spec = artifact.spec
    filled = msgspec.structs.replace(
        spec,
        name=told(spec.name),
        base_directory=told(spec.base_directory),
        files=tuple(told(text) for text in spec.files),
        exclude_paths=tuple(told(text) for text in spec.exclude_paths),
    )
    return msgspec.structs.replace(artifact, spec=filled)


def collect(artifacts: list[Owed], directory: Path, folder: Path, blobs: Blobs) -> dict[str, Any]:
    """Pick and pack the artifacts and keep them among the blobs. Blocking.

    Returns:
        ``packed`` and ``lines``, or ``error``, ``code`` and ``lines``.
    """
    lines: list[str] = []
    packed = []
    try:
        for number, artifact in enumerate(artifacts):
            files, said = pick(directory, artifact.spec)
            lines += said
            packed.append(_pack(artifact, files, folder / f"artifact-{number}.zip", blobs))
    except NoMatch as failure:
        lines += failure.said
        return {"error": str(failure), "code": "CLIENT_ERROR", "lines": lines}
    except OSError as error:
        return {"error": said_of(error), "code": "CLIENT_ERROR", "lines": lines}
    return {"packed": packed, "lines": lines}


def _pack(artifact: Owed, files: list[Picked], target: Path, blobs: Blobs) -> Packed:
    if not artifact.packed:
        kept = tuple((file.name, objects.keep(blobs, Path(file.path))) for file in files)
        return Packed(artifact, files=kept)
    pack(files, target, keep_links=artifact.spec.enable_symlinks)
    kept_zip = objects.keep(blobs, target)
    with target.open("rb") as body:
        sha256 = hashlib.file_digest(body, "sha256").hexdigest()
    target.unlink()
    return Packed(artifact, zip=kept_zip, sha256=sha256, md5=kept_zip.md5)


def place_of(project: str, uuid: str, artifact: Owed) -> tuple[str, str]:
    """Bucket and key (a prefix when it is brought as files) of an S3 artifact.

    Args:
        project: The project's name.
        uuid: What the id of the build, or of the batch, ends with.
        artifact: The artifact.
    """
    goal = artifact.goal
    bucket, _, inside = str(goal["location"]).removeprefix("arn:aws:s3:::").partition("/")
    name = goal.get("name") or project
    if goal.get("overrideArtifactName") and artifact.spec.name:
        name = artifact.spec.name
    parts = [inside, goal.get("path", "")]
    if goal.get("namespaceType") == "BUILD_ID":
        parts = [artifact.spec.s3_prefix, *parts, uuid]
    return bucket, "/".join(part.strip("/") for part in [*parts, name] if part.strip("/"))


def bring(scope: Scope, build: Build, packed: Packed) -> BuildArtifact:
    """Put a packed artifact where it belongs.

    Raises:
        AwsError: S3 refused it.
    """
    artifact = packed.owed
    identifier = artifact.goal.get("artifactIdentifier", "")
    if artifact.output:
        return BuildArtifact(location="", identifier=artifact.output, md5=packed.md5, sha256=packed.sha256)
    bucket, key = place_of(build.project, build.uuid, artifact)
    if build.request.group:
        key = f"{key}/{build.request.group}"  # the builds of a batch must not overwrite each other's
    metadata = {"codebuild-buildarn": build.arn}
    if packed.zip is not None:
        metadata |= {"codebuild-content-md5": packed.md5, "codebuild-content-sha256": packed.sha256}
        objects.put(scope, bucket, key, packed.zip, metadata=metadata, content_type="application/zip")
    for name, kept in packed.files:
        objects.put(scope, bucket, f"{key}/{name}" if key else name, kept, metadata=metadata)
    return BuildArtifact(f"arn:aws:s3:::{bucket}/{key}", identifier, packed.md5, packed.sha256)


def refusal(error: AwsError) -> Context:
    """The context of an upload that S3 refused."""
    return Context("CLIENT_ERROR", f"Error in UPLOAD_ARTIFACTS phase: {error.code}: {error.message}")
