"""S3 source: an object of a versioned bucket, copied into the artifact store as it is."""

from __future__ import annotations

from typing import Final

from pointsman.local.codepipeline import urls
from pointsman.local.codepipeline.artifacts import store
from pointsman.local.codepipeline.declaration import ActionDeclaration
from pointsman.local.codepipeline.providers import (
    CONFIGURATION_ERROR,
    REVISION_UNAVAILABLE,
    ActionCall,
    Outcome,
    failed,
)
from pointsman.local.codepipeline.runs import progress
from pointsman.local.codepipeline.shapes import Revision
from pointsman.local.s3 import objects
from pointsman.local.world import Scope, World

_SUMMARY: Final = "codepipeline-artifact-revision-summary"
"""The object metadata that AWS takes the revision's summary from."""


class S3Source:
    """Category Source, provider S3."""

    def install(self, world: World) -> None:
        """Nothing to hear of: ``polling`` listens to new objects for all pipelines."""

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Take the newest version, or the one the execution asks for."""
        bucket, key = call.configuration["S3Bucket"], call.configuration["S3ObjectKey"]
        version_id: str | None = None
        if call.override is not None:
            if call.override.kind == "S3_OBJECT_KEY":
                key = call.override.value
            else:
                version_id = call.override.value
        progress(scope, call.ticket, entity_url=urls.s3_bucket(scope.region, bucket))
        home = objects.shared(scope).get(objects.Bucket, bucket)
        if home is None:
            return failed(CONFIGURATION_ERROR, f"The source bucket {bucket} does not exist.")
        if home.versioning != "Enabled":
            return failed(
                CONFIGURATION_ERROR,
                f"Versioning is not enabled on the source bucket {bucket}; a source bucket needs it.",
            )
        version = objects.head(scope, bucket, key, version_id)
        if version is None:
            which = f"version {version_id} of object {key}" if version_id else f"object {key}"
            return failed(REVISION_UNAVAILABLE, f"The {which} does not exist in the source bucket {bucket}.")
        body = objects.Kept(version.digest, version.etag, version.size)
        artifact = store(scope, call.pipeline, call.region, call.declaration.outputs[0], body, ".zip")
        summary = version.metadata.get(_SUMMARY) or f"Amazon S3 version id: {version.version_id}"
        return Outcome(
            summary=summary,
            artifacts=(artifact,),
            variables={
                "BucketName": bucket,
                "ETag": version.etag,
                "ObjectKey": key,
                "VersionId": version.version_id,
            },
            external_id=version.version_id,
            revision=Revision(
                action=call.action,
                artifact=artifact.name,
                id=version.version_id,
                created=version.last_modified,
                change_id=version.etag,
                summary=summary,
                url=urls.s3_object(scope.region, bucket, key),
            ),
        )

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """It ends in the transaction it begins in; should it be found in progress, it is done again."""
        return self.start(scope, call)

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """Nothing is under way."""

    def newest(self, scope: Scope, declaration: ActionDeclaration) -> str | None:
        """The current version's id."""
        configuration = declaration.configuration
        version = objects.head(scope, configuration["S3Bucket"], configuration["S3ObjectKey"])
        if version is None:
            return ""
        return version.version_id if version.version_id != objects.NULL else None
