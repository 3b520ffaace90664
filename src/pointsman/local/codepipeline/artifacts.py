"""Artifacts in the store: zips in the pipeline's bucket, under keys of AWS's form."""

from __future__ import annotations

import re
import string
from typing import Final

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
    bucket = pipeline.store(region).location
    objects.ensure_bucket(scope, bucket)
    folder = _UNFIT.sub("-", pipeline.name[:20])
    key = f"{folder}/{name[:10]}/{scope.world.letters(_ALPHABET, 7)}{suffix}"
    version = objects.put(scope, bucket, key, body, content_type="application/zip")
    return Artifact(name, bucket, key, version.digest, version.version_id)
