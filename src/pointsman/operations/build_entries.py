"""What a person types to start a build or a batch, read: compute types, minutes, caches, places, secondary sources.

Every parser is total: what cannot be read gives nothing, and its check says in a sentence what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from pointsman.digits import digits

SOURCE_TYPES: Final = (
    *("CODECOMMIT", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET", "S3", "NO_SOURCE"),
)
ENVIRONMENTS: Final = (
    *("LINUX_CONTAINER", "LINUX_GPU_CONTAINER", "ARM_CONTAINER", "LINUX_LAMBDA_CONTAINER", "ARM_LAMBDA_CONTAINER"),
    *("LINUX_EC2", "ARM_EC2", "WINDOWS_EC2", "MAC_ARM", "WINDOWS_CONTAINER"),
    *("WINDOWS_SERVER_2019_CONTAINER", "WINDOWS_SERVER_2022_CONTAINER"),
)
CACHE_MODES: Final = {
    "docker": "LOCAL_DOCKER_LAYER_CACHE",
    "source": "LOCAL_SOURCE_CACHE",
    "custom": "LOCAL_CUSTOM_CACHE",
}
OFF: Final = ("off", "none", "no")
_COMPUTE: Final = re.compile(r"BUILD_(?:GENERAL1|LAMBDA)_[0-9A-Z]+|ATTRIBUTE_BASED_COMPUTE|CUSTOM_INSTANCE_TYPE")
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_]{1,128}")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")


def compute_problem(text: str) -> str | None:
    """What is wrong with a compute type; None when nothing is. What an account may use, AWS says."""
    if not text or _COMPUTE.fullmatch(text):
        return None
    return "That is no compute type of CodeBuild: BUILD_GENERAL1_SMALL, _MEDIUM, _LARGE and the like."


def minutes(least: int, most: int) -> Callable[[str], str | None]:
    """A check of whole minutes within what AWS takes."""

    def check(text: str) -> str | None:
        if not text or (digits(text, 6) and least <= int(text) <= most):
            return None
        return f"AWS takes whole minutes, {least} to {most}."

    return check


minutes_problem: Final = minutes(5, 2160)
queued_problem: Final = minutes(5, 480)


def count_problem(most: int) -> Callable[[str], str | None]:
    """A check of a whole number from 0 on."""

    def check(text: str) -> str | None:
        if not text or (digits(text, 6) and int(text) <= most):
            return None
        return f"A whole number, 0 to {most}."

    return check


def one_of(words: tuple[str, ...], what: str) -> Callable[[str], str | None]:
    """A check that a text is one of some words."""

    def check(text: str) -> str | None:
        if not text or text.upper() in words:
            return None
        return f"That is no {what}: {', '.join(words)}."

    return check


def place_of(text: str) -> tuple[str, str] | None:
    """(bucket, path) of ``s3://bucket/path``, with or without the ``s3://``; None when it names no bucket."""
    bucket, _, path = text.strip().removeprefix("s3://").partition("/")
    return (bucket, path.strip("/")) if _BUCKET.fullmatch(bucket) else None


def cache_of(text: str) -> dict[str, Any] | None:
    """``none``, ``local docker source custom`` or ``s3://bucket/prefix`` as CodeBuild takes it; None: unreadable."""
    words = text.replace(",", " ").split()
    if not words:
        return None
    head = words[0].lower()
    if head in (*OFF, "no_cache") and len(words) == 1:
        return {"type": "NO_CACHE"}
    if head == "local":
        modes = [CACHE_MODES.get(word.lower(), word.upper()) for word in words[1:]] or ["LOCAL_CUSTOM_CACHE"]
        return {"type": "LOCAL", "modes": modes} if set(modes) <= set(CACHE_MODES.values()) else None
    found = place_of(words[0]) if len(words) == 1 else None
    return {"type": "S3", "location": "/".join(one for one in found if one)} if found is not None else None


def cache_problem(text: str) -> str | None:
    """What is wrong with a cache."""
    if not text.strip() or cache_of(text) is not None:
        return None
    return "none, local with docker, source or custom behind it, or s3://bucket/prefix."


def artifacts_of(text: str) -> dict[str, Any] | None:
    """``none`` or ``s3://bucket/path``, with `` zip`` behind it when it is to be packed; None: unreadable."""
    words = text.split()
    if not words or len(words) > 2 or (len(words) == 2 and words[1].lower() != "zip"):
        return None
    if words[0].lower() in (*OFF, "no_artifacts"):
        return {"type": "NO_ARTIFACTS"} if len(words) == 1 else None
    found = place_of(words[0])
    if found is None:
        return None
    bucket, path = found
    packed = {"packaging": "ZIP"} if len(words) == 2 else {}
    return {"type": "S3", "location": bucket, **({"path": path} if path else {}), **packed}


def artifacts_problem(text: str) -> str | None:
    """What is wrong with a place of artifacts."""
    if not text.strip() or artifacts_of(text) is not None:
        return None
    return "none, or s3://bucket/path, with zip behind it to have them packed."


def logs_of(cloudwatch: str, bucket: str) -> dict[str, Any]:
    """Where logs go: ``off``, ``group`` or ``group:stream``, and ``off`` or ``s3://bucket/prefix``."""
    found: dict[str, Any] = {}
    if word := cloudwatch.strip():
        group, _, stream = word.partition(":")
        named = {"status": "ENABLED", "groupName": group, **({"streamName": stream} if stream else {})}
        found["cloudWatchLogs"] = {"status": "DISABLED"} if word.lower() in OFF else named
    if word := bucket.strip():
        place = place_of(word)
        if word.lower() in OFF:
            found["s3Logs"] = {"status": "DISABLED"}
        elif place is not None:
            found["s3Logs"] = {"status": "ENABLED", "location": "/".join(one for one in place if one)}
    return found


def logs_problem(text: str) -> str | None:
    """What is wrong with a place of logs in S3."""
    word = text.strip()
    return None if not word or word.lower() in OFF or place_of(word) else "off, or s3://bucket/prefix."


def secondary_of(text: str) -> tuple[list[dict[str, str]], list[dict[str, str]], str]:
    """(sources, versions, problem) of lines ``identifier=TYPE location version``, or ``identifier=version`` alone."""
    sources: list[dict[str, str]] = []
    versions: list[dict[str, str]] = []
    for line in (one.strip() for one in text.splitlines()):
        if not line:
            continue
        name, equals, rest = line.partition("=")
        name, words = name.strip(), rest.split()
        if not equals or not words or not _IDENTIFIER.fullmatch(name):
            return sources, versions, f"{line[:40]!r} is not identifier=version or identifier=TYPE location version."
        if words[0].upper() in SOURCE_TYPES and 2 <= len(words) <= 3:
            sources.append({"type": words[0].upper(), "location": words[1], "sourceIdentifier": name})
            words = words[2:]
        elif len(words) > 1:
            return sources, versions, f"{words[0][:20]!r} is no type of source: {', '.join(SOURCE_TYPES[:4])} …"
        versions += [{"sourceIdentifier": name, "sourceVersion": one} for one in words]
    return sources, versions, ""


def secondary_problem(text: str) -> str | None:
    """What is wrong with lines of secondary sources."""
    return secondary_of(text)[2] or None
