"""Answers about tags of buckets and objects."""

from __future__ import annotations

from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.s3 import objects
from pointsman.local.s3.objects import ObjectVersion, bucket_of, shared
from pointsman.local.s3.operations import version_member
from pointsman.local.world import Scope


def _read(parameters: Parameters, most: int) -> dict[str, str]:
    listed = parameters["Tagging"]["TagSet"]
    tags = {tag["Key"]: tag["Value"] for tag in listed}
    if len(tags) != len(listed):
        raise AwsError("InvalidTag", "Cannot provide multiple Tags with the same key")
    if len(tags) > most:
        raise AwsError("BadRequest", f"Object tags cannot be greater than {most}")
    return tags


def _shape(tags: dict[str, str]) -> dict[str, Any]:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


@answers("s3", "PutBucketTagging")
def put_bucket_tagging(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Replace a bucket's tags."""
    bucket = bucket_of(scope, parameters["Bucket"])
    shared(scope).put(bucket.name, msgspec.structs.replace(bucket, tags=_read(parameters, 50)))
    return {}


@answers("s3", "GetBucketTagging")
def get_bucket_tagging(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A bucket's tags; an error when it has none, as S3 has it."""
    bucket = bucket_of(scope, parameters["Bucket"])
    if not bucket.tags:
        raise AwsError("NoSuchTagSet", "The TagSet does not exist", 404, BucketName=bucket.name)
    return _shape(bucket.tags)


@answers("s3", "DeleteBucketTagging")
def delete_bucket_tagging(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take all tags off a bucket."""
    bucket = bucket_of(scope, parameters["Bucket"])
    shared(scope).put(bucket.name, msgspec.structs.replace(bucket, tags={}))
    return {}


def _object(scope: Scope, parameters: Parameters) -> ObjectVersion:
    bucket_of(scope, parameters["Bucket"])
    version = objects.head(scope, parameters["Bucket"], parameters["Key"], parameters.get("VersionId"))
    if version is None:
        raise AwsError("NoSuchKey", "The specified key does not exist.", 404, Key=parameters["Key"])
    return version


@answers("s3", "PutObjectTagging")
def put_object_tagging(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Replace an object's tags."""
    version = _object(scope, parameters)
    objects.replace(scope, msgspec.structs.replace(version, tags=_read(parameters, 10)))
    return version_member(scope, version)


@answers("s3", "GetObjectTagging")
def get_object_tagging(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """An object's tags."""
    version = _object(scope, parameters)
    return {**_shape(version.tags), **version_member(scope, version)}


@answers("s3", "DeleteObjectTagging")
def delete_object_tagging(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take all tags off an object."""
    version = _object(scope, parameters)
    objects.replace(scope, msgspec.structs.replace(version, tags={}))
    return version_member(scope, version)
