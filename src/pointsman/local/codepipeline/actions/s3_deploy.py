"""S3 deploy: the input artifact's files, or the zip itself, into a bucket."""

from __future__ import annotations

import mimetypes
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pointsman.local.answers import AwsError
from pointsman.local.codepipeline import urls
from pointsman.local.codepipeline.driver import finish
from pointsman.local.codepipeline.providers import CONFIGURATION_ERROR, JOB_FAILED, ActionCall, Outcome, failed
from pointsman.local.codepipeline.runs import progress
from pointsman.local.codepipeline.shapes import Ticket
from pointsman.local.s3 import objects
from pointsman.local.world import JobFailed, Payload, Scope, World

DEPLOYED_TOPIC: Final = "codepipeline.s3.deployed"
FILES: Final = 100_000
"""AWS's greatest number of files in an artifact."""
_SMALL: Final = 1 << 20


class S3Deploy:
    """Category Deploy, provider S3."""

    def install(self, world: World) -> None:
        """Hear of deployments done."""
        world.on(DEPLOYED_TOPIC, _on_deployed)

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Check what can be checked at once; a job writes the files."""
        configuration = call.configuration
        bucket, extract = configuration["BucketName"], configuration["Extract"]
        progress(scope, call.ticket, entity_url=urls.s3_bucket(scope.region, bucket))
        if extract not in ("true", "false"):
            return failed(CONFIGURATION_ERROR, f"Extract must be true or false, not {extract}.")
        key = _filled(scope, configuration.get("ObjectKey", ""))
        if extract == "false" and not key:
            return failed(CONFIGURATION_ERROR, "ObjectKey is required when Extract is false.")
        try:
            objects.bucket_of(scope, bucket)
        except AwsError:
            return failed(CONFIGURATION_ERROR, f"The bucket {bucket} does not exist.")
        cache = configuration.get("CacheControl", "")
        headers = {"CacheControl": cache} if cache else {}
        work = _extracting if extract == "true" else _copying
        scope.job(DEPLOYED_TOPIC, _reported(call.ticket, work(scope, call, bucket, key, headers)))
        return None

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """The job is gone with the process: write everything again."""
        return self.start(scope, call)

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """As on AWS, what is being written goes on."""


class _Closing(Exception):
    """The backend closes: nothing is reported, so that the deployment is done again when it is back."""


def _filled(scope: Scope, key: str) -> str:
    """An object key with ``{datetime}`` and ``{uuid}`` filled in."""
    if "{datetime}" in key:
        key = key.replace("{datetime}", scope.now.strftime("%Y-%m-%d_%H-%M-%S"))
    if "{uuid}" in key:
        key = key.replace("{uuid}", scope.world.uuid())
    return key.strip("/")


def _reported(ticket: Ticket, work: Callable[[], int]) -> Callable[[], Payload]:
    def report() -> Payload:
        try:
            return {**ticket.payload(), "files": work()}
        except _Closing:
            return {}
        except Exception as problem:  # a thread boundary: whatever the zip or the disk says ends the action
            said = problem.message if isinstance(problem, AwsError) else str(problem)
            return {**ticket.payload(), "failed": said or type(problem).__name__}

    return report


def _copying(scope: Scope, call: ActionCall, bucket: str, key: str, headers: dict[str, str]) -> Callable[[], int]:
    world, artifact = scope.world, call.inputs[0]

    def work() -> int:
        source = objects.head(scope, artifact.bucket, artifact.key, artifact.version_id or None)
        if source is None:
            raise JobFailed(f"The artifact {artifact.name} is gone from s3://{artifact.bucket}/{artifact.key}.")
        body = objects.Kept(source.digest, source.etag, source.size)
        objects.put(scope, bucket, key, body, content_type="application/zip", headers=headers)
        return 1

    def within() -> int:
        with world.transaction():
            return work()

    return within


def _extracting(scope: Scope, call: ActionCall, bucket: str, prefix: str, headers: dict[str, str]) -> Callable[[], int]:
    world, artifact, ticket = scope.world, call.inputs[0], call.ticket

    def work() -> int:
        with world.blobs.open(artifact.digest) as body, zipfile.ZipFile(body) as bundle:
            members = [member for member in bundle.infolist() if not member.is_dir()]
            if len(members) > FILES:
                raise JobFailed(f"The artifact {artifact.name} has {len(members)} files; at most {FILES} are allowed.")
            for done, member in enumerate(members, 1):
                kept = _kept(world, bundle, member)
                if world.closing:
                    raise _Closing
                kind, encoding = mimetypes.guess_type(member.filename)
                key = f"{prefix}/{member.filename}" if prefix else member.filename
                with world.transaction():
                    objects.put(scope, bucket, key, kept, content_type=None if encoding else kind, headers=headers)
                    progress(scope, ticket, percent=done * 100 // len(members))
            return len(members)

    return work


def _kept(world: World, bundle: zipfile.ZipFile, member: zipfile.ZipInfo) -> objects.Kept:
    """One file of a zip among the blobs; a big one by way of a file of our own naming."""
    if member.file_size <= _SMALL:
        return objects.keep(world.blobs, bundle.read(member))
    with tempfile.TemporaryDirectory(prefix="pointsman-deploy-") as folder:
        target = Path(folder) / "body"
        with bundle.open(member) as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        return objects.keep(world.blobs, target)


def _on_deployed(scope: Scope, payload: dict[str, Any]) -> None:
    if not payload:
        return
    ticket = Ticket.of(payload)
    if "failed" in payload:
        finish(scope, ticket, failed(JOB_FAILED, f"The deployment failed: {payload['failed']}"))
        return
    finish(scope, ticket, Outcome(summary="Deployment Succeeded"))
