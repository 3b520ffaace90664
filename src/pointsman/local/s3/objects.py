"""Objects and their versions as records: what the other engines call, and what every answer here is made of.

S3's names are global to an account, so everything lies under the region ``aws-global``; callers pass their own scope.
A key's versions are kept newest first under ``bucket/key NUL number``; ``Current`` holds the version a plain read
gets, and is absent while a delete marker is on top, so that listing objects is one scan.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.store.blobs import Blobs
from pointsman.local.world import Scope

GLOBAL = "aws-global"
NULL = "null"
_VERSION = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"
_NEWEST_FIRST = 10**15


class Bucket(msgspec.Struct, frozen=True):
    """A bucket."""

    name: str
    region: str
    created: datetime
    versioning: str = ""
    """``Enabled``, ``Suspended``; empty: never was."""
    tags: dict[str, str] = {}


class ObjectVersion(msgspec.Struct, frozen=True):
    """One version of an object, or a delete marker."""

    bucket: str
    key: str
    version_id: str
    """``null`` when the bucket was not versioned."""
    etag: str
    """Without quotation marks."""
    size: int
    digest: str
    """What ``world.blobs`` knows the body by; empty for a delete marker."""
    last_modified: datetime
    metadata: dict[str, str] = {}
    content_type: str = "binary/octet-stream"
    headers: dict[str, str] = {}
    """Further members of GetObject that are given back as they came: CacheControl, ContentEncoding …"""
    tags: dict[str, str] = {}
    number: int = 0
    marker: bool = False
    parts: int = 0


class Current(msgspec.Struct, frozen=True):
    """What a read without a version id gets."""

    version: ObjectVersion


class Kept(msgspec.Struct, frozen=True):
    """A body that is in the blobs already."""

    digest: str
    md5: str
    size: int


def keep(blobs: Blobs, body: bytes | Path | Kept) -> Kept:
    """Put a body among the blobs: blocking, and free of the world's lock, so fit for a job before ``put``."""
    if isinstance(body, Kept):
        return body
    if isinstance(body, bytes):
        return Kept(blobs.put(body), hashlib.md5(body, usedforsecurity=False).hexdigest(), len(body))
    digest = blobs.put_file(body)
    md5 = hashlib.md5(usedforsecurity=False)
    with blobs.open(digest) as stream:
        while chunk := stream.read(1 << 20):
            md5.update(chunk)
    return Kept(digest, md5.hexdigest(), blobs.size(digest))


def shared(scope: Scope) -> Scope:
    """The scope that all of an account's buckets lie in."""
    return scope.world.scope(scope.account, GLOBAL)


def bucket_of(scope: Scope, name: str) -> Bucket:
    """The bucket, or NoSuchBucket."""
    bucket = shared(scope).get(Bucket, name)
    if bucket is None:
        raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404, BucketName=name)
    return bucket


def ensure_bucket(scope: Scope, bucket: str) -> Bucket:
    """The bucket, made when it is missing."""
    place = shared(scope)
    found = place.get(Bucket, bucket)
    if found is None:
        found = Bucket(bucket, scope.region, scope.now)
        place.put(bucket, found)
    return found


def put(
    scope: Scope,
    bucket: str,
    key: str,
    body: bytes | Path | Kept,
    *,
    metadata: dict[str, str] | None = None,
    content_type: str | None = None,
    headers: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
    etag: str | None = None,
    parts: int = 0,
) -> ObjectVersion:
    """Write an object and tell whoever listens to ``s3.object.created``.

    Args:
        scope: The writer's scope.
        bucket: An existing bucket.
        key: The key.
        body: The bytes, a file, or what ``keep`` gave.
        metadata: The user's metadata.
        content_type: The media type.
        headers: Further headers to give back.
        tags: The object's tags.
        etag: When it is not the MD5 of the body.
        parts: How many parts it was uploaded in; 0 when at once.

    Raises:
        AwsError: NoSuchBucket.
    """
    home = bucket_of(scope, bucket)
    kept = keep(scope.world.blobs, body)
    version = ObjectVersion(
        bucket=bucket,
        key=key,
        version_id=_new_id(scope, home),
        etag=etag or kept.md5,
        size=kept.size,
        digest=kept.digest,
        last_modified=scope.now.replace(microsecond=0),
        metadata=metadata or {},
        content_type=content_type or "binary/octet-stream",
        headers=headers or {},
        tags=tags or {},
        number=shared(scope).next_number("s3.versions"),
        parts=parts,
    )
    _stack(scope, version)
    scope.emit(
        "s3.object.created", {"bucket": bucket, "key": key, "version_id": version.version_id, "etag": version.etag}
    )
    return version


def head(scope: Scope, bucket: str, key: str, version_id: str | None = None) -> ObjectVersion | None:
    """An object's current version, or the one asked for; None when there is none or it is a delete marker."""
    if version_id is None:
        current = shared(scope).get(Current, f"{bucket}/{key}")
        return None if current is None else current.version
    found = find(scope, bucket, key, version_id)
    return None if found is None or found.marker else found


def find(scope: Scope, bucket: str, key: str, version_id: str) -> ObjectVersion | None:
    """A version of a key, delete markers included."""
    return next((version for version in versions(scope, bucket, key) if version.version_id == version_id), None)


def versions(scope: Scope, bucket: str, key: str) -> Iterator[ObjectVersion]:
    """Every version of a key, newest first."""
    return (version for _, version in shared(scope).scan(ObjectVersion, f"{bucket}/{key}\0"))


def replace(scope: Scope, version: ObjectVersion) -> None:
    """Write a changed version (its tags) in place of itself."""
    place = shared(scope)
    place.put(_place(version), version)
    name = f"{version.bucket}/{version.key}"
    current = place.get(Current, name)
    if current is not None and current.version.number == version.number:
        place.put(name, Current(version))


def mark_deleted(scope: Scope, bucket: str, key: str) -> ObjectVersion | None:
    """Delete without a version id: a delete marker where versions are kept (returned), or the object's end."""
    home = bucket_of(scope, bucket)
    if not home.versioning:
        for version in list(versions(scope, bucket, key)):
            shared(scope).delete(ObjectVersion, _place(version))
        shared(scope).delete(Current, f"{bucket}/{key}")
        return None
    marker = ObjectVersion(
        bucket=bucket,
        key=key,
        version_id=_new_id(scope, home),
        etag="",
        size=0,
        digest="",
        last_modified=scope.now.replace(microsecond=0),
        number=shared(scope).next_number("s3.versions"),
        marker=True,
    )
    _stack(scope, marker)
    return marker


def remove(scope: Scope, version: ObjectVersion) -> None:
    """Delete one version for good; the one below it becomes the current one."""
    place = shared(scope)
    place.delete(ObjectVersion, _place(version))
    _settle(scope, version.bucket, version.key)


def _new_id(scope: Scope, bucket: Bucket) -> str:
    return scope.world.letters(_VERSION, 32) if bucket.versioning == "Enabled" else NULL


def _place(version: ObjectVersion) -> str:
    return f"{version.bucket}/{version.key}\0{_NEWEST_FIRST - version.number:016d}"


def _stack(scope: Scope, version: ObjectVersion) -> None:
    place = shared(scope)
    if version.version_id == NULL and (former := find(scope, version.bucket, version.key, NULL)) is not None:
        place.delete(ObjectVersion, _place(former))
    place.put(_place(version), version)
    _settle(scope, version.bucket, version.key)


def _settle(scope: Scope, bucket: str, key: str) -> None:
    place = shared(scope)
    newest = next((version for _, version in place.scan(ObjectVersion, f"{bucket}/{key}\0", limit=1)), None)
    if newest is None or newest.marker:
        place.delete(Current, f"{bucket}/{key}")
    else:
        place.put(f"{bucket}/{key}", Current(newest))
