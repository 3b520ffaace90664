"""COMBINE_ARTIFACTS: the files that the builds of a batch have left, brought to one place."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from pointsman.local.codebuild.archives import said_of
from pointsman.local.codebuild.artifacts import Owed, place_of
from pointsman.local.codebuild.buildspec import ArtifactSpec
from pointsman.local.codebuild.records import BuildArtifact, HeldFile
from pointsman.local.s3 import objects
from pointsman.local.store.blobs import Blobs
from pointsman.local.world import Payload, Scope

CODEPIPELINE = "CODEPIPELINE"


class Bundle(msgspec.Struct, frozen=True):
    """One artifact of a batch: its files, or the zip of them."""

    goal: dict[str, Any]
    files: tuple[tuple[str, objects.Kept], ...]
    packed: bool = False


def wanted(settings: dict[str, Any]) -> bool:
    """Whether a project's batches bring their artifacts together."""
    combine = settings.get("buildBatchConfig", {}).get("combineArtifacts", False)
    return bool(combine and settings.get("artifacts", {}).get("type") in ("S3", CODEPIPELINE))


def pack(batch_id: str, settings: dict[str, Any], held: Sequence[HeldFile], blobs: Blobs) -> Payload:
    """Put the files of all builds together; of two of one name the later build's is taken. Blocking."""
    goals = [settings["artifacts"], *settings.get("secondaryArtifacts", [])]
    bundles = []
    try:
        for goal in goals:
            identifier = goal.get("artifactIdentifier", "")
            files = {
                one.name: objects.Kept(one.digest, one.md5, one.size) for one in held if one.identifier == identifier
            }
            if files and (goal.get("packaging") == "ZIP" or goal["type"] == CODEPIPELINE):
                bundles.append(Bundle(goal, (("", _zipped(files, blobs)),), packed=True))
            elif files:
                bundles.append(Bundle(goal, tuple(files.items())))
    except KeyError:
        return {"batch_id": batch_id, "error": "an artifact of one of the builds is not there any more"}
    except OSError as error:
        return {"batch_id": batch_id, "error": said_of(error)}
    return {"batch_id": batch_id, "bundles": bundles}


def _zipped(files: dict[str, objects.Kept], blobs: Blobs) -> objects.Kept:
    with tempfile.NamedTemporaryFile(prefix="pointsman-batch-", suffix=".zip") as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, kept in files.items():
                with blobs.open(kept.digest) as body, archive.open(name, "w") as entry:
                    while chunk := body.read(1 << 20):
                        entry.write(chunk)
        target.flush()
        return objects.keep(blobs, Path(target.name))


def bring(scope: Scope, project: str, uuid: str, arn: str, bundles: Sequence[Bundle]) -> list[BuildArtifact]:
    """Put what was brought together where it belongs.

    Raises:
        AwsError: S3 refused it.
    """
    brought = []
    for bundle in bundles:
        if bundle.goal["type"] == CODEPIPELINE:
            continue
        bucket, key = place_of(project, uuid, Owed(ArtifactSpec(), bundle.goal))
        for name, kept in bundle.files:
            place = key if bundle.packed else f"{key}/{name}"
            objects.put(scope, bucket, place, kept, metadata={"codebuild-buildarn": arn})
        brought.append(BuildArtifact(f"arn:aws:s3:::{bucket}/{key}", bundle.goal.get("artifactIdentifier", "")))
    return brought


def outputs(names: Sequence[str], bundles: Sequence[Bundle]) -> dict[str, str]:
    """What a pipeline's action gets of a batch whose artifacts are one: its only output, and the digest of the zip."""
    zips = [bundle.files[0][1].digest for bundle in bundles if bundle.goal["type"] == CODEPIPELINE]
    return dict(zip(names[:1], zips, strict=False))
