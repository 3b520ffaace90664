"""Where a revision lies: its location checked, told apart, and put into words."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from pointsman.local.codedeploy.errors import refused
from pointsman.semantics import deployments as rules

_MEMBERS: Final = {
    "S3": "s3Location",
    "GitHub": "gitHubLocation",
    "String": "string",
    "AppSpecContent": "appSpecContent",
}
BUNDLES: Final = ("tar", "tgz", "zip", "YAML", "JSON")


def check(location: dict[str, Any] | None, platform: str) -> dict[str, Any]:
    """A location, with what CodeDeploy fills in.

    Raises:
        AwsError: RevisionRequiredException or InvalidRevisionException.
    """
    if not location:
        raise refused("RevisionRequired", "A revision is required")
    kind = location.get("revisionType", "")
    member = _MEMBERS.get(kind)
    if member is None:
        raise refused("InvalidRevision", f"The revision type {kind or '(none)'} is not one of {', '.join(_MEMBERS)}")
    inner = dict(location.get(member) or {})
    others = [one for one in _MEMBERS.values() if one != member and location.get(one)]
    if not inner or others:
        raise refused("InvalidRevision", f"A revision of type {kind} has {member}, and nothing else")
    if platform == rules.SERVER and kind not in ("S3", "GitHub"):
        raise refused("InvalidRevision", f"A revision of the compute platform Server is S3 or GitHub, not {kind}")
    if platform != rules.SERVER and kind == "GitHub":
        raise refused("InvalidRevision", f"A revision of the compute platform {platform} is not from GitHub")
    return {"revisionType": kind, member: _inner(kind, inner)}


def _inner(kind: str, inner: dict[str, Any]) -> dict[str, Any]:
    if kind == "S3":
        for key in ("bucket", "key", "bundleType"):
            if not inner.get(key):
                raise refused("InvalidRevision", f"An S3 revision needs bucket, key and bundleType; {key} is missing")
        if inner["bundleType"] not in BUNDLES:
            raise refused(
                "InvalidRevision", f"The bundle type {inner['bundleType']} is not one of {', '.join(BUNDLES)}"
            )
        if inner.get("eTag"):
            inner["eTag"] = inner["eTag"].strip('"')
    elif kind == "GitHub":
        if not inner.get("repository") or not inner.get("commitId"):
            raise refused("InvalidRevision", "A GitHub revision needs repository and commitId")
    else:
        content = inner.get("content")
        if not content:
            raise refused("InvalidRevision", "The revision has no content")
        digest = hashlib.sha256(content.encode()).hexdigest()
        if inner.setdefault("sha256", digest) != digest:
            raise refused("InvalidRevision", "The SHA-256 given is not the content's")
    return inner


def digest(location: dict[str, Any]) -> str:
    """What tells one location from another."""
    return hashlib.sha256(json.dumps(location, sort_keys=True).encode()).hexdigest()


def words(location: dict[str, Any] | None) -> str:
    """A location in a few words, for a sentence."""
    if location is None:
        return "no revision"
    if "s3Location" in location:
        s3 = location["s3Location"]
        return f"s3://{s3['bucket']}/{s3['key']}"
    if "gitHubLocation" in location:
        return f"{location['gitHubLocation']['repository']}@{location['gitHubLocation']['commitId'][:12]}"
    inner = location.get("appSpecContent") or location.get("string") or {}
    return f"the AppSpec {inner.get('sha256', '')[:12]}"
