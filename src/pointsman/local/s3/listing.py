"""Answers that list objects and versions: prefixes, delimiters, pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from msgspec import Struct, field

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.s3.objects import Current, ObjectVersion, bucket_of, shared
from pointsman.local.s3.operations import quoted
from pointsman.local.world import Scope

_PAGE = 1000
_TOP = "\U0010ffff"


class _Listing(Struct):
    """One page: keys and common prefixes, counted together."""

    objects: list[ObjectVersion] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    more: bool = False
    last: str = ""
    """The last key or prefix given."""


def _common(key: str, prefix: str, delimiter: str) -> str | None:
    if not delimiter:
        return None
    place = key.find(delimiter, len(prefix))
    return None if place < 0 else key[: place + len(delimiter)]


def _list(scope: Scope, bucket: str, prefix: str, delimiter: str, after: str, limit: int) -> _Listing:
    page = _Listing()
    place = shared(scope)
    start = len(bucket) + 1
    behind = f"{bucket}/{after}" if after else None
    if delimiter and after and (whole := _common(after, prefix, delimiter)) == after and whole:
        behind = f"{bucket}/{after}{_TOP}"
    while True:
        chunk = list(place.scan(Current, f"{bucket}/{prefix}", after=behind, limit=limit + 1))
        for name, current in chunk:
            behind = name
            common = _common(name[start:], prefix, delimiter)
            if len(page.objects) + len(page.prefixes) >= limit:
                page.more = True
                return page
            if common is None:
                page.objects.append(current.version)
                page.last = name[start:]
            else:
                page.prefixes.append(common)
                page.last = common
                behind = f"{bucket}/{common}{_TOP}"
                break
        else:
            if len(chunk) <= limit:
                return page


def _encoder(parameters: Parameters) -> Any:
    """How keys go out: percent-encoded when asked, which botocore asks for and undoes by itself."""
    return quote if parameters.get("EncodingType") == "url" else str


def _limit(parameters: Parameters) -> int:
    limit: int = parameters.get("MaxKeys", _PAGE)
    if limit < 0:
        raise AwsError("InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647")
    return min(limit, _PAGE)


def _shape(version: ObjectVersion, encode: Any) -> dict[str, Any]:
    return {
        "Key": encode(version.key),
        "LastModified": version.last_modified,
        "ETag": quoted(version.etag),
        "Size": version.size,
        "StorageClass": "STANDARD",
    }


def _frame(parameters: Parameters, page: _Listing, encode: Any) -> dict[str, Any]:
    frame: dict[str, Any] = {
        "IsTruncated": page.more,
        "Name": parameters["Bucket"],
        "Prefix": encode(parameters.get("Prefix", "")),
        "MaxKeys": _limit(parameters),
    }
    if page.prefixes:
        frame["CommonPrefixes"] = [{"Prefix": encode(prefix)} for prefix in page.prefixes]
    if "Delimiter" in parameters:
        frame["Delimiter"] = encode(parameters["Delimiter"])
    if "EncodingType" in parameters:
        frame["EncodingType"] = parameters["EncodingType"]
    return frame


@answers("s3", "ListObjectsV2")
def list_objects_v2(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Objects in key order, continued by an opaque token."""
    bucket = bucket_of(scope, parameters["Bucket"]).name
    token, after = parameters.get("ContinuationToken"), parameters.get("StartAfter", "")
    if token is not None:
        try:
            after = base64.urlsafe_b64decode(token).decode()
        except (binascii.Error, ValueError):
            raise AwsError("InvalidArgument", "The continuation token provided is incorrect") from None
    limit, encode = _limit(parameters), _encoder(parameters)
    page = _list(scope, bucket, parameters.get("Prefix", ""), parameters.get("Delimiter", ""), after, limit)
    page.more = page.more and limit > 0
    answer = _frame(parameters, page, encode)
    answer["KeyCount"] = len(page.objects) + len(page.prefixes)
    if page.objects:
        answer["Contents"] = [_shape(version, encode) for version in page.objects]
    if token is not None:
        answer["ContinuationToken"] = token
    elif after:
        answer["StartAfter"] = encode(after)
    if page.more:
        answer["NextContinuationToken"] = base64.urlsafe_b64encode(page.last.encode()).decode()
    return answer


@answers("s3", "ListObjects")
def list_objects(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Objects in key order, continued by a key."""
    bucket = bucket_of(scope, parameters["Bucket"]).name
    marker, limit, encode = parameters.get("Marker", ""), _limit(parameters), _encoder(parameters)
    page = _list(scope, bucket, parameters.get("Prefix", ""), parameters.get("Delimiter", ""), marker, limit)
    page.more = page.more and limit > 0
    answer = {**_frame(parameters, page, encode), "Marker": encode(marker)}
    owner = {"ID": scope.account.rjust(64, "0")}
    if page.objects:
        answer["Contents"] = [{**_shape(version, encode), "Owner": owner} for version in page.objects]
    if page.more and "Delimiter" in parameters:
        answer["NextMarker"] = encode(page.last)
    return answer


def _versions(
    scope: Scope, bucket: str, prefix: str, key_marker: str, id_marker: str
) -> Iterator[tuple[ObjectVersion, bool]]:
    """(version, whether it is its key's newest), by key, newest first, behind the markers."""
    behind = f"{bucket}/{key_marker}\0{'' if id_marker else _TOP}" if key_marker else None
    former = ""
    skipping = id_marker
    for _, version in shared(scope).scan(ObjectVersion, f"{bucket}/{prefix}", after=behind):
        newest = version.key != former
        former = version.key
        if skipping and version.key == key_marker:
            if version.version_id == skipping:
                skipping = ""
            continue
        yield version, newest


@answers("s3", "ListObjectVersions")
def list_object_versions(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Versions and delete markers, by key, newest first."""
    bucket = bucket_of(scope, parameters["Bucket"]).name
    prefix, delimiter = parameters.get("Prefix", ""), parameters.get("Delimiter", "")
    key_marker, id_marker = parameters.get("KeyMarker", ""), parameters.get("VersionIdMarker", "")
    limit, encode = _limit(parameters), _encoder(parameters)
    page = _Listing()
    shapes: dict[str, list[dict[str, Any]]] = {"Versions": [], "DeleteMarkers": []}
    count, last, owner = 0, ("", ""), {"ID": scope.account.rjust(64, "0")}
    for version, newest in _versions(scope, bucket, prefix, key_marker, id_marker):
        common = _common(version.key, prefix, delimiter)
        if common is not None and (common in page.prefixes or common == key_marker):
            continue
        if count >= limit:
            page.more = limit > 0
            break
        count += 1
        if common is not None:
            page.prefixes.append(common)
            last = (common, "")
            continue
        last = (version.key, version.version_id)
        shape = {"VersionId": version.version_id, "IsLatest": newest, "Owner": owner}
        if version.marker:
            marker = {"Key": encode(version.key), "LastModified": version.last_modified}
            shapes["DeleteMarkers"].append({**marker, **shape})
        else:
            shapes["Versions"].append({**_shape(version, encode), **shape})
    answer = {**_frame(parameters, page, encode), "KeyMarker": encode(key_marker), "VersionIdMarker": id_marker}
    answer.update({name: found for name, found in shapes.items() if found})
    if page.more:
        answer["NextKeyMarker"] = encode(last[0])
        if last[1]:
            answer["NextVersionIdMarker"] = last[1]
    return answer
