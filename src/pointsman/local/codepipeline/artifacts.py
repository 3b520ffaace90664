"""Artifacts in the store: zips in the pipeline's bucket, under keys of AWS's form."""

from __future__ import annotations

import re
import string
from typing import Final

import msgspec

from pointsman.local.codepipeline.declaration import PipelineDeclaration
from pointsman.local.codepipeline.shapes import Artifact
from pointsman.local.s3 import objects
from pointsman.local.world import Scope

_ALPHABET: Final = string.ascii_letters + string.digits
_UNFIT: Final = re.compile(r"[^A-Za-z0-9\-_.]")


def store(
    scope: Scope, pipeline: PipelineDeclaration, region: str, name: str, body: objects.Kept, suffix: str = ""
) -> Artifact:
    """Write an artifact into the store of a region: ``pipeline name (20)/artifact name (10)/7 random characters``.

    Args:
        scope: The pipeline's scope.
        pipeline: Its definition.
        region: Whose store; the action's region.
        name: The artifact's name.
        body: The zip, in the blobs already.
        suffix: What the key ends in: ``.zip`` for sources.
    """
    spot = reserve(scope, pipeline, region, name, suffix)
    version = objects.put(scope, spot.bucket, spot.key, body, content_type="application/zip")
    return Artifact(name, spot.bucket, spot.key, version.digest, version.version_id)


class Spot(msgspec.Struct, frozen=True):
    """Where an artifact is to come."""

    name: str
    bucket: str
    key: str


def reserve(scope: Scope, pipeline: PipelineDeclaration, region: str, name: str, suffix: str = "") -> Spot:
    """A place in the store of a region for an artifact that somebody else writes."""
    bucket = pipeline.store(region).location
    objects.ensure_bucket(scope, bucket)
    folder = _UNFIT.sub("-", pipeline.name[:20])
    return Spot(name, bucket, f"{folder}/{name[:10]}/{scope.world.letters(_ALPHABET, 7)}{suffix}")


def find_at(scope: Scope, spot: Spot) -> Artifact | None:
    """The artifact that came to its place; None when none did."""
    version = objects.head(scope, spot.bucket, spot.key)
    return None if version is None else Artifact(spot.name, spot.bucket, spot.key, version.digest, version.version_id)
