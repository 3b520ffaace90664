"""Secrets as records, and the value of one for the other engines."""

from __future__ import annotations

import json
from datetime import datetime

import msgspec

from pointsman.local.world import Scope

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
PENDING = "AWSPENDING"


class Version(msgspec.Struct, frozen=True):
    """One version of a secret."""

    id: str
    created: datetime
    text: str | None = None
    binary: bytes | None = None
    stages: tuple[str, ...] = ()


class Secret(msgspec.Struct, frozen=True):
    """A secret with its versions, oldest first."""

    name: str
    arn: str
    created: datetime
    changed: datetime
    description: str = ""
    key_id: str = ""
    versions: tuple[Version, ...] = ()
    deleted: datetime | None = None
    """When deletion was asked for."""
    deletion: datetime | None = None
    """When it is due."""
    tags: dict[str, str] = {}

    def find(self, *, version_id: str = "", stage: str = "") -> Version | None:
        """The version of this id and stage; the current one when neither is given."""
        wanted = stage or ("" if version_id else CURRENT)
        for version in self.versions:
            if (not version_id or version.id == version_id) and (not wanted or wanted in version.stages):
                return version
        return None


def find(scope: Scope, secret_id: str) -> Secret | None:
    """A secret by its name, its ARN, or its ARN without the six random characters."""
    if not secret_id.startswith("arn:"):
        return scope.get(Secret, secret_id)
    name = secret_id.split(":", 6)[-1]
    for candidate in (name[:-7] if name[-7:-6] == "-" else name, name):
        secret = scope.get(Secret, candidate)
        if secret is not None and (secret.arn == secret_id or secret.arn[:-7] == secret_id):
            return secret
    return None


def value(
    scope: Scope, secret_id: str, json_key: str = "", version_stage: str = "", version_id: str = ""
) -> str | None:
    """The value of a secret as a build asks for it.

    Args:
        scope: Whose.
        secret_id: Name or ARN.
        json_key: A key of the JSON the secret holds; empty is the whole text.
        version_stage: The stage; the current one when neither it nor ``version_id`` is given.
        version_id: The version.

    Returns:
        The text; None when there is no such secret.

    Raises:
        LookupError: The secret is there, the version or the key is not; says which.
    """
    secret = find(scope, secret_id)
    if secret is None or secret.deleted is not None:
        return None
    version = secret.find(version_id=version_id, stage=version_stage)
    if version is None:
        raise LookupError(f"secret {secret.name} has no version {version_id or version_stage or CURRENT}")
    if version.text is None:
        raise LookupError(f"secret {secret.name} holds bytes, not text")
    if not json_key:
        return version.text
    try:
        document = json.loads(version.text)
    except json.JSONDecodeError:
        raise LookupError(f"secret {secret.name} is not JSON, so it has no key {json_key}") from None
    if not isinstance(document, dict) or json_key not in document:
        raise LookupError(f"secret {secret.name} has no key {json_key}")
    found = document[json_key]
    return found if isinstance(found, str) else json.dumps(found)
