"""Answers about single objects."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.s3 import objects
from pointsman.local.s3.bodies import streaming, stretch
from pointsman.local.s3.objects import NULL, ObjectVersion, bucket_of
from pointsman.local.world import Scope

HEADERS = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "WebsiteRedirectLocation")
_KEY_BYTES = 1024
_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "ContentMD5": lambda body: hashlib.md5(body, usedforsecurity=False).digest(),
    "ChecksumSHA1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "ChecksumSHA256": lambda body: hashlib.sha256(body).digest(),
    "ChecksumCRC32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
}


def given_headers(parameters: Parameters) -> dict[str, str]:
    """The headers of a request that are given back with the object."""
    return {name: parameters[name] for name in HEADERS if name in parameters}


def given_tags(parameters: Parameters) -> dict[str, str]:
    """The tags of a ``Tagging`` header, written as a query string."""
    return dict(parse_qsl(parameters.get("Tagging", ""), keep_blank_values=True))


def malformed() -> AwsError:
    """MalformedXML: what S3 says to a list that is empty or too long."""
    return AwsError(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    )


def check_key(key: str) -> None:
    """Refuse a key S3 would not take."""
    if len(key.encode()) > _KEY_BYTES:
        raise AwsError("KeyTooLongError", "Your key is too long", Size=str(len(key.encode())), MaxSizeAllowed="1024")


def check_digests(parameters: Parameters, body: bytes | objects.Kept) -> None:
    """Refuse a body that is not what its sender's checksums say; those this backend cannot compute are accepted."""
    if isinstance(body, objects.Kept):
        return  # Whoever kept it, outside this transaction, has checked it as it came.
    for name, compute in _DIGESTS.items():
        if name in parameters and base64.b64encode(compute(body)).decode() != parameters[name]:
            raise AwsError("BadDigest", f"The {name} you specified did not match the calculated checksum.")


def quoted(etag: str) -> str:
    """An ETag as it goes over the wire."""
    return f'"{etag}"'


def version_member(scope: Scope, version: ObjectVersion) -> dict[str, str]:
    """The ``VersionId`` member, where the bucket keeps versions."""
    return {"VersionId": version.version_id} if bucket_of(scope, version.bucket).versioning else {}


@answers("s3", "PutObject")
def put_object(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Write an object."""
    bucket, key = parameters["Bucket"], parameters["Key"]
    bucket_of(scope, bucket)
    check_key(key)
    body = parameters.get("Body", b"")
    check_digests(parameters, body)
    _guard_write(scope, parameters)
    version = objects.put(
        scope,
        bucket,
        key,
        body,
        metadata=parameters.get("Metadata"),
        content_type=parameters.get("ContentType"),
        headers=given_headers(parameters),
        tags=given_tags(parameters),
    )
    echoed = {
        name: parameters[name] for name in parameters if name.startswith("Checksum") and name != "ChecksumAlgorithm"
    }
    return {"ETag": quoted(version.etag), **version_member(scope, version), **echoed}


def _guard_write(scope: Scope, parameters: Parameters) -> None:
    current = objects.head(scope, parameters["Bucket"], parameters["Key"])
    refused = AwsError(
        "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412, Condition="If-Match"
    )
    if parameters.get("IfNoneMatch") == "*" and current is not None:
        refused.members["Condition"] = "If-None-Match"
        raise refused
    wanted = parameters.get("IfMatch")
    if wanted is None:
        return
    if current is None:
        raise AwsError("NoSuchKey", "The specified key does not exist.", 404, Key=parameters["Key"])
    if wanted.strip('"') != current.etag:
        raise refused


def _found(scope: Scope, parameters: Parameters, *, bare: bool) -> ObjectVersion:
    """The version a read means; ``bare``: HEAD's errors, which have no body and so no words."""
    bucket, key = parameters["Bucket"], parameters["Key"]
    if bare:
        if objects.shared(scope).get(objects.Bucket, bucket) is None:
            raise AwsError("404", "Not Found", 404)
    else:
        bucket_of(scope, bucket)
    version_id = parameters.get("VersionId")
    if version_id is None:
        version = objects.head(scope, bucket, key)
        if version is None:
            raise (
                AwsError("404", "Not Found", 404)
                if bare
                else AwsError("NoSuchKey", "The specified key does not exist.", 404, Key=key)
            )
        return version
    version = objects.find(scope, bucket, key, version_id)
    if version is None:
        raise (
            AwsError("404", "Not Found", 404)
            if bare
            else AwsError("NoSuchVersion", "The specified version does not exist.", 404, Key=key, VersionId=version_id)
        )
    if version.marker:
        raise (
            AwsError("405", "Method Not Allowed", 405)
            if bare
            else AwsError(
                "MethodNotAllowed", "The specified method is not allowed against this resource.", 405, Method="GET"
            )
        )
    return version


def _guard_read(version: ObjectVersion, parameters: Parameters) -> None:
    match, none_match = parameters.get("IfMatch"), parameters.get("IfNoneMatch")
    since: datetime | None = parameters.get("IfModifiedSince")
    until: datetime | None = parameters.get("IfUnmodifiedSince")
    if match is not None:
        failed = match.strip('"') not in (version.etag, "*")
    else:
        failed = until is not None and version.last_modified > until
    if failed:
        raise AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)
    if none_match is not None:
        unchanged = none_match.strip('"') in (version.etag, "*")
    else:
        unchanged = since is not None and version.last_modified <= since
    if unchanged:
        raise AwsError("304", "Not Modified", 304)


def _described(scope: Scope, version: ObjectVersion) -> dict[str, Any]:
    described: dict[str, Any] = {
        "AcceptRanges": "bytes",
        "LastModified": version.last_modified,
        "ContentLength": version.size,
        "ETag": quoted(version.etag),
        "ContentType": version.content_type,
        "Metadata": dict(version.metadata),
        **version.headers,
        **version_member(scope, version),
    }
    return described


@answers("s3", "GetObject")
def get_object(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """An object, or a stretch of it, as a stream."""
    version = _found(scope, parameters, bare=False)
    _guard_read(version, parameters)
    answer = _described(scope, version)
    start, length = 0, version.size
    if (part := stretch(parameters.get("Range"), version.size)) is not None:
        start, length = part
        answer["ContentRange"] = f"bytes {start}-{start + length - 1}/{version.size}"
        answer["ContentLength"] = length
    if version.tags:
        answer["TagCount"] = len(version.tags)
    for name in ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType"):
        if (override := parameters.get(f"Response{name}")) is not None:
            answer[name] = override
    answer["Body"] = streaming(scope.world.blobs, version.digest, start, length)
    return answer


@answers("s3", "HeadObject")
def head_object(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """What GetObject would say, without the body."""
    version = _found(scope, parameters, bare=True)
    try:
        _guard_read(version, parameters)
    except AwsError as error:
        raise AwsError(str(error.status), error.message, error.status) from None
    answer = _described(scope, version)
    if (part := stretch(parameters.get("Range"), version.size)) is not None:
        answer["ContentLength"] = part[1]
    return answer


@answers("s3", "DeleteObject")
def delete_object(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Delete an object or a version; deleting what is not there succeeds."""
    bucket_of(scope, parameters["Bucket"])
    return _delete(scope, parameters["Bucket"], parameters["Key"], parameters.get("VersionId"))


def _delete(scope: Scope, bucket: str, key: str, version_id: str | None) -> dict[str, Any]:
    if version_id is None:
        marker = objects.mark_deleted(scope, bucket, key)
        return {} if marker is None else {"DeleteMarker": True, "VersionId": marker.version_id}
    version = objects.find(scope, bucket, key, version_id)
    if version is None:
        return {} if version_id == NULL else {"VersionId": version_id}
    objects.remove(scope, version)
    return {"VersionId": version_id, **({"DeleteMarker": True} if version.marker else {})}


@answers("s3", "DeleteObjects")
def delete_objects(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Delete up to a thousand objects or versions."""
    bucket = bucket_of(scope, parameters["Bucket"]).name
    wanted = parameters["Delete"]["Objects"]
    if not 1 <= len(wanted) <= 1000:
        raise malformed()
    deleted: list[dict[str, Any]] = []
    for item in wanted:
        outcome = _delete(scope, bucket, item["Key"], item.get("VersionId"))
        shape: dict[str, Any] = {"Key": item["Key"]}
        if "VersionId" in item:
            shape["VersionId"] = item["VersionId"]
        if outcome.get("DeleteMarker"):
            shape["DeleteMarker"] = True
            shape["DeleteMarkerVersionId"] = outcome["VersionId"]
        deleted.append(shape)
    return {} if parameters["Delete"].get("Quiet") else {"Deleted": deleted}


def copy_source(scope: Scope, parameters: Parameters) -> ObjectVersion:
    """The version a ``CopySource`` names: ``bucket/key?versionId=…``, percent-encoded."""
    path, _, query = parameters["CopySource"].partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    source = {"Bucket": bucket, "Key": key, **({"VersionId": query} if query else {})}
    version = _found(scope, source, bare=False)
    match, none_match = parameters.get("CopySourceIfMatch"), parameters.get("CopySourceIfNoneMatch")
    if (match is not None and match.strip('"') != version.etag) or (
        none_match is not None and none_match.strip('"') == version.etag
    ):
        raise AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)
    return version


@answers("s3", "CopyObject")
def copy_object(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Write an object with another's body, and its metadata and tags unless they are replaced."""
    bucket, key = bucket_of(scope, parameters["Bucket"]).name, parameters["Key"]
    check_key(key)
    source = copy_source(scope, parameters)
    replaced = parameters.get("MetadataDirective") == "REPLACE"
    retagged = parameters.get("TaggingDirective") == "REPLACE"
    if (source.bucket, source.key) == (bucket, key) and not replaced and "versionId=" not in parameters["CopySource"]:
        raise AwsError(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the"
            " object's metadata, storage class, website redirect location or encryption attributes.",
        )
    version = objects.put(
        scope,
        bucket,
        key,
        objects.Kept(source.digest, source.etag, source.size),
        metadata=parameters.get("Metadata") if replaced else source.metadata,
        content_type=parameters.get("ContentType") if replaced else source.content_type,
        headers=given_headers(parameters) if replaced else source.headers,
        tags=given_tags(parameters) if retagged else source.tags,
        etag=source.etag,
    )
    answer: dict[str, Any] = {
        "CopyObjectResult": {"ETag": quoted(version.etag), "LastModified": version.last_modified},
        **version_member(scope, version),
    }
    if bucket_of(scope, source.bucket).versioning:
        answer["CopySourceVersionId"] = source.version_id
    return answer
