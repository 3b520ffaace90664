"""Answers about objects uploaded in parts."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.s3 import objects
from pointsman.local.s3.bodies import stretch
from pointsman.local.s3.objects import bucket_of, shared
from pointsman.local.s3.operations import (
    check_digests,
    check_key,
    copy_source,
    given_headers,
    given_tags,
    malformed,
    quoted,
    version_member,
)
from pointsman.local.world import Scope

_LEAST = 5 * 1024 * 1024
_MOST_PARTS = 10_000
_ID = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"


class Upload(msgspec.Struct, frozen=True):
    """An upload in parts that has been begun; under ``bucket/key NUL id``."""

    bucket: str
    key: str
    id: str
    begun: datetime
    metadata: dict[str, str] = {}
    content_type: str = ""
    headers: dict[str, str] = {}
    tags: dict[str, str] = {}


class Part(msgspec.Struct, frozen=True):
    """One part; under ``id/number``."""

    number: int
    etag: str
    size: int
    digest: str
    modified: datetime


def _place(bucket: str, key: str, upload_id: str) -> str:
    return f"{bucket}/{key}\0{upload_id}"


def _upload(scope: Scope, parameters: Parameters) -> Upload:
    bucket_of(scope, parameters["Bucket"])
    upload = shared(scope).get(Upload, _place(parameters["Bucket"], parameters["Key"], parameters["UploadId"]))
    if upload is None:
        raise AwsError(
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or"
            " completed.",
            404,
            UploadId=parameters["UploadId"],
        )
    return upload


def _parts(scope: Scope, upload: Upload) -> dict[int, Part]:
    return {part.number: part for _, part in shared(scope).scan(Part, f"{upload.id}/")}


def _forget(scope: Scope, upload: Upload) -> None:
    place = shared(scope)
    for number in _parts(scope, upload):
        place.delete(Part, f"{upload.id}/{number:05d}")
    place.delete(Upload, _place(upload.bucket, upload.key, upload.id))


@answers("s3", "CreateMultipartUpload")
def create_multipart_upload(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Begin an upload in parts."""
    bucket, key = bucket_of(scope, parameters["Bucket"]).name, parameters["Key"]
    check_key(key)
    upload = Upload(
        bucket,
        key,
        scope.world.letters(_ID, 64),
        scope.now.replace(microsecond=0),
        parameters.get("Metadata", {}),
        parameters.get("ContentType", ""),
        given_headers(parameters),
        given_tags(parameters),
    )
    shared(scope).put(_place(bucket, key, upload.id), upload)
    answer: dict[str, Any] = {"Bucket": bucket, "Key": key, "UploadId": upload.id}
    for name in ("ChecksumAlgorithm", "ChecksumType"):
        if name in parameters:
            answer[name] = parameters[name]
    return answer


def _keep(scope: Scope, upload: Upload, number: int, body: bytes | objects.Kept) -> Part:
    if not 1 <= number <= _MOST_PARTS:
        raise AwsError("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
    kept = objects.keep(scope.world.blobs, body)
    part = Part(number, kept.md5, kept.size, kept.digest, scope.now.replace(microsecond=0))
    shared(scope).put(f"{upload.id}/{number:05d}", part)
    return part


@answers("s3", "UploadPart")
def upload_part(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take one part; the same number again replaces it."""
    upload, body = _upload(scope, parameters), parameters.get("Body", b"")
    check_digests(parameters, body)
    part = _keep(scope, upload, parameters["PartNumber"], body)
    echoed = {
        name: parameters[name] for name in parameters if name.startswith("Checksum") and name != "ChecksumAlgorithm"
    }
    return {"ETag": quoted(part.etag), **echoed}


@answers("s3", "UploadPartCopy")
def upload_part_copy(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take one part from an object that is here."""
    upload, source = _upload(scope, parameters), copy_source(scope, parameters)
    start, length = stretch(parameters.get("CopySourceRange"), source.size) or (0, source.size)
    with scope.world.blobs.open(source.digest) as stream:
        stream.seek(start)
        part = _keep(scope, upload, parameters["PartNumber"], stream.read(length))
    return {"CopyPartResult": {"ETag": quoted(part.etag), "LastModified": part.modified}}


@answers("s3", "CompleteMultipartUpload")
def complete_multipart_upload(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make the object of the parts listed."""
    upload = _upload(scope, parameters)
    listed = parameters.get("MultipartUpload", {}).get("Parts", [])
    parts = _chosen(listed, _parts(scope, upload))
    digests = b"".join(bytes.fromhex(part.etag) for part in parts)
    etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
    version = objects.put(
        scope,
        upload.bucket,
        upload.key,
        _joined(scope, parts, etag),
        metadata=upload.metadata,
        content_type=upload.content_type or None,
        headers=upload.headers,
        tags=upload.tags,
        parts=len(parts),
    )
    _forget(scope, upload)
    return {
        "Location": f"https://{upload.bucket}.s3.{scope.region}.amazonaws.com/{upload.key}",
        "Bucket": upload.bucket,
        "Key": upload.key,
        "ETag": quoted(version.etag),
        **version_member(scope, version),
    }


def _chosen(listed: list[dict[str, Any]], there: dict[int, Part]) -> list[Part]:
    if not listed:
        raise malformed()
    numbers = [item["PartNumber"] for item in listed]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise AwsError(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
        )
    chosen: list[Part] = []
    for item in listed:
        part = there.get(item["PartNumber"])
        if part is None or ("ETag" in item and item["ETag"].strip('"') != part.etag):
            raise AwsError(
                "InvalidPart",
                "One or more of the specified parts could not be found. The part may not have been uploaded, or the"
                " specified entity tag may not match the part's entity tag.",
                PartNumber=str(item["PartNumber"]),
            )
        chosen.append(part)
    for part in chosen[:-1]:
        if part.size < _LEAST:
            raise AwsError(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                ProposedSize=str(part.size),
                MinSizeAllowed=str(_LEAST),
                PartNumber=str(part.number),
            )
    return chosen


def _joined(scope: Scope, parts: list[Part], etag: str) -> objects.Kept:
    blobs = scope.world.blobs
    with tempfile.NamedTemporaryFile(prefix="pointsman-") as whole:
        for part in parts:
            with blobs.open(part.digest) as stream:
                while chunk := stream.read(1 << 20):
                    whole.write(chunk)
        whole.flush()
        return objects.Kept(blobs.put_file(Path(whole.name)), etag, sum(part.size for part in parts))


@answers("s3", "AbortMultipartUpload")
def abort_multipart_upload(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Forget an upload and its parts."""
    _forget(scope, _upload(scope, parameters))
    return {}


@answers("s3", "ListParts")
def list_parts(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The parts taken so far, by number."""
    upload = _upload(scope, parameters)
    marker, limit = int(parameters.get("PartNumberMarker", 0)), min(parameters.get("MaxParts", 1000), 1000)
    found = [part for number, part in sorted(_parts(scope, upload).items()) if number > marker]
    page = found[:limit]
    answer: dict[str, Any] = {
        "Bucket": upload.bucket,
        "Key": upload.key,
        "UploadId": upload.id,
        "PartNumberMarker": marker,
        "MaxParts": limit,
        "IsTruncated": len(page) < len(found),
        "StorageClass": "STANDARD",
        "Parts": [
            {"PartNumber": part.number, "LastModified": part.modified, "ETag": quoted(part.etag), "Size": part.size}
            for part in page
        ],
    }
    if page:
        answer["NextPartNumberMarker"] = page[-1].number
    return answer


@answers("s3", "ListMultipartUploads")
def list_multipart_uploads(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Uploads begun and not ended, by key; all on one page."""
    bucket = bucket_of(scope, parameters["Bucket"]).name
    for name in ("Delimiter", "KeyMarker", "UploadIdMarker"):
        if parameters.get(name):
            raise AwsError(
                "NotImplemented", f"Pointsman's backend does not take {name} in s3:ListMultipartUploads", 501
            )
    prefix = f"{bucket}/{parameters.get('Prefix', '')}"
    uploads = [
        {"UploadId": upload.id, "Key": upload.key, "Initiated": upload.begun, "StorageClass": "STANDARD"}
        for _, upload in shared(scope).scan(Upload, prefix)
    ]
    return {"Bucket": bucket, "IsTruncated": False, "Uploads": uploads}
