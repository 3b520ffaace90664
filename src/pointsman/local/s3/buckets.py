"""Answers about buckets."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.s3.objects import Bucket, ObjectVersion, bucket_of, shared
from pointsman.local.world import Scope

_NAME = re.compile(r"(?!xn--|\d+\.\d+\.\d+\.\d+$)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]")


@answers("s3", "CreateBucket")
def create_bucket(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a bucket in the caller's region."""
    name = parameters["Bucket"]
    if not _NAME.fullmatch(name):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)
    asked = parameters.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    home = "us-east-1" if scope.region == "aws-global" else scope.region
    if asked == "us-east-1":
        raise AwsError("InvalidLocationConstraint", "The specified location-constraint is not valid")
    if (asked or "us-east-1") != home and home != "us-east-1":
        raise AwsError(
            "IllegalLocationConstraintException",
            f"The {asked or 'unspecified'} location constraint is incompatible for the region specific endpoint"
            " this request was sent to.",
        )
    place = shared(scope)
    if place.get(Bucket, name) is not None:
        if home != "us-east-1":
            raise AwsError(
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
                409,
                BucketName=name,
            )
    else:
        tags = parameters.get("CreateBucketConfiguration", {}).get("Tags", [])
        place.put(name, Bucket(name, asked or home, scope.now, tags={tag["Key"]: tag["Value"] for tag in tags}))
    return {"Location": f"/{name}"}


@answers("s3", "ListBuckets")
def list_buckets(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Every bucket by name."""
    limit = parameters.get("MaxBuckets", -1)
    wanted = parameters.get("BucketRegion", "")
    found = [
        bucket
        for _, bucket in shared(scope).scan(
            Bucket, parameters.get("Prefix", ""), after=parameters.get("ContinuationToken")
        )
        if wanted in ("", bucket.region)
    ]
    page = found if limit < 0 else found[:limit]
    answer: dict[str, Any] = {
        "Buckets": [_shape(bucket, paged=limit >= 0) for bucket in page],
        "Owner": {"ID": scope.account.rjust(64, "0")},
    }
    if prefix := parameters.get("Prefix"):
        answer["Prefix"] = prefix
    if len(page) < len(found) and page:
        answer["ContinuationToken"] = page[-1].name
    return answer


def _shape(bucket: Bucket, *, paged: bool) -> dict[str, Any]:
    shape: dict[str, Any] = {"Name": bucket.name, "CreationDate": bucket.created.replace(microsecond=0)}
    if paged:
        shape["BucketRegion"] = bucket.region
    return shape


@answers("s3", "DeleteBucket")
def delete_bucket(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove an empty bucket."""
    bucket = bucket_of(scope, parameters["Bucket"])
    if next(shared(scope).scan(ObjectVersion, f"{bucket.name}/", limit=1), None) is not None:
        sentence = "The bucket you tried to delete is not empty"
        if bucket.versioning:
            sentence += ". You must delete all versions in the bucket."
        raise AwsError("BucketNotEmpty", sentence, 409, BucketName=bucket.name)
    shared(scope).delete(Bucket, bucket.name)
    return {}


@answers("s3", "HeadBucket")
def head_bucket(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Whether a bucket is there: a bare 404 when it is not."""
    bucket = shared(scope).get(Bucket, parameters["Bucket"])
    if bucket is None:
        raise AwsError("404", "Not Found", 404)
    return {"BucketRegion": bucket.region, "AccessPointAlias": False, "BucketArn": f"arn:aws:s3:::{bucket.name}"}


@answers("s3", "GetBucketLocation")
def get_bucket_location(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A bucket's region; nothing for us-east-1."""
    bucket = bucket_of(scope, parameters["Bucket"])
    return {} if bucket.region in ("us-east-1", "aws-global") else {"LocationConstraint": bucket.region}


@answers("s3", "PutBucketVersioning")
def put_bucket_versioning(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Turn versioning on, or suspend it."""
    bucket = bucket_of(scope, parameters["Bucket"])
    status = parameters["VersioningConfiguration"].get("Status", "")
    if status not in ("Enabled", "Suspended"):
        raise AwsError(
            "IllegalVersioningConfigurationException",
            "The Versioning element must be specified",
        )
    shared(scope).put(bucket.name, msgspec.structs.replace(bucket, versioning=status))
    return {}


@answers("s3", "GetBucketVersioning")
def get_bucket_versioning(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Whether a bucket keeps versions; nothing when it never did."""
    bucket = bucket_of(scope, parameters["Bucket"])
    return {"Status": bucket.versioning} if bucket.versioning else {}
