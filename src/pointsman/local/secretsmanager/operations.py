"""Secrets Manager's answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.secretsmanager.secrets import CURRENT, PREVIOUS, Secret, Version, find
from pointsman.local.world import Scope

_NAME = re.compile(r"[A-Za-z0-9/_+=.@\-]{1,512}")
_TAIL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _secret(scope: Scope, secret_id: str, *, deleted: bool = False) -> Secret:
    secret = find(scope, secret_id)
    if secret is None:
        raise AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    if secret.deleted is not None and not deleted:
        raise AwsError(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )
    return secret


def _content(parameters: Parameters) -> tuple[str | None, bytes | None]:
    text, binary = parameters.get("SecretString"), parameters.get("SecretBinary")
    if text is not None and binary is not None:
        raise AwsError(
            "InvalidParameterException", "You can't specify both a binary secret value and a string secret value."
        )
    return text, binary.encode() if isinstance(binary, str) else binary


def _staged(secret: Secret, version: Version) -> tuple[Version, ...]:
    """The versions with a new one added, its stages taken from the others; AWSPREVIOUS goes to the former current."""
    taken = set(version.stages)
    former = secret.find() if CURRENT in taken else None
    kept: list[Version] = []
    for other in secret.versions:
        stages = [stage for stage in other.stages if stage not in taken]
        if former is not None:
            stages = [stage for stage in stages if stage != PREVIOUS]
            if other.id == former.id:
                stages.append(PREVIOUS)
        kept.append(msgspec.structs.replace(other, stages=tuple(stages)))
    return (*kept, version)[-100:]


def _add(
    scope: Scope, secret: Secret, parameters: Parameters, stages: tuple[str, ...] = (CURRENT,)
) -> tuple[Secret, Version]:
    """The secret with a further version, or with the same one when it was sent before."""
    text, binary = _content(parameters)
    identity = parameters.get("ClientRequestToken") or scope.world.uuid()
    former = next((version for version in secret.versions if version.id == identity), None)
    if former is not None:
        if (former.text, former.binary) != (text, binary):
            raise AwsError(
                "ResourceExistsException",
                f"The operation can't use the version ID {identity}: a version with that ID and another value exists.",
            )
        return secret, former
    version = Version(identity, scope.now, text, binary, stages)
    changed = msgspec.structs.replace(secret, versions=_staged(secret, version), changed=scope.now)
    return changed, version


@answers("secretsmanager", "CreateSecret")
def create_secret(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a secret, with its first value when one is given."""
    name = parameters["Name"]
    if not _NAME.fullmatch(name):
        raise AwsError(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        )
    former = scope.get(Secret, name)
    if former is not None:
        if former.deleted is not None:
            raise AwsError(
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            )
        raise AwsError(
            "ResourceExistsException",
            f"The operation failed because the secret {name} already exists.",
        )
    arn = scope.arn("secretsmanager", f"secret:{name}-{scope.world.letters(_TAIL, 6)}")
    secret = Secret(
        name,
        arn,
        scope.now,
        scope.now,
        parameters.get("Description", ""),
        parameters.get("KmsKeyId", ""),
        tags={tag["Key"]: tag["Value"] for tag in parameters.get("Tags", [])},
    )
    answer = {"ARN": arn, "Name": name}
    if _content(parameters) != (None, None):
        secret, version = _add(scope, secret, parameters)
        answer["VersionId"] = version.id
    scope.put(name, secret)
    return answer


@answers("secretsmanager", "PutSecretValue")
def put_secret_value(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Add a version; it is the current one unless other stages are named."""
    secret = _secret(scope, parameters["SecretId"])
    if _content(parameters) == (None, None):
        raise AwsError("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
    stages = tuple(parameters.get("VersionStages") or (CURRENT,))
    if not secret.versions and CURRENT not in stages:
        stages = (*stages, CURRENT)
    secret, version = _add(scope, secret, parameters, stages)
    scope.put(secret.name, secret)
    return {"ARN": secret.arn, "Name": secret.name, "VersionId": version.id, **_staging(version)}


@answers("secretsmanager", "UpdateSecret")
def update_secret(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Change description and key, and add a version when a value is given."""
    secret = _secret(scope, parameters["SecretId"])
    answer = {"ARN": secret.arn, "Name": secret.name}
    secret = msgspec.structs.replace(
        secret,
        description=parameters.get("Description", secret.description),
        key_id=parameters.get("KmsKeyId", secret.key_id),
        changed=scope.now,
    )
    if _content(parameters) != (None, None):
        secret, version = _add(scope, secret, parameters)
        answer["VersionId"] = version.id
    scope.put(secret.name, secret)
    return answer


@answers("secretsmanager", "GetSecretValue")
def get_secret_value(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The current version's value, or that of a version or stage."""
    secret = _secret(scope, parameters["SecretId"])
    version_id, stage = parameters.get("VersionId", ""), parameters.get("VersionStage", "")
    version = secret.find(version_id=version_id, stage=stage)
    if version is None:
        if version_id:
            raise AwsError(
                "ResourceNotFoundException",
                f"Secrets Manager can't find the specified secret value for VersionId: {version_id}",
            )
        raise AwsError(
            "ResourceNotFoundException",
            f"Secrets Manager can't find the specified secret value for staging label: {stage or CURRENT}",
        )
    answer: dict[str, Any] = {
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": version.id,
        **_staging(version),
        "CreatedDate": version.created,
    }
    if version.text is not None:
        answer["SecretString"] = version.text
    if version.binary is not None:
        answer["SecretBinary"] = version.binary
    return answer


def _described(secret: Secret) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "ARN": secret.arn,
        "Name": secret.name,
        "CreatedDate": secret.created,
        "LastChangedDate": secret.changed,
        "Tags": [{"Key": key, "Value": value} for key, value in secret.tags.items()],
    }
    if secret.description:
        shape["Description"] = secret.description
    if secret.key_id:
        shape["KmsKeyId"] = secret.key_id
    if secret.deleted is not None:
        shape["DeletedDate"] = secret.deleted
    return shape


def _staging(version: Version) -> dict[str, list[str]]:
    """The ``VersionStages`` member; a version without a stage has none."""
    return {"VersionStages": list(version.stages)} if version.stages else {}


def _stages(secret: Secret) -> dict[str, list[str]]:
    return {version.id: list(version.stages) for version in secret.versions if version.stages}


@answers("secretsmanager", "DescribeSecret")
def describe_secret(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Everything about a secret but its value."""
    secret = _secret(scope, parameters["SecretId"], deleted=True)
    shape = _described(secret)
    if stages := _stages(secret):
        shape["VersionIdsToStages"] = stages
    return shape


@answers("secretsmanager", "ListSecretVersionIds")
def list_secret_version_ids(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A secret's versions; those without a stage only when asked."""
    secret = _secret(scope, parameters["SecretId"], deleted=True)
    old = parameters.get("IncludeDeprecated", False)
    return {
        "Versions": [
            {"VersionId": version.id, "CreatedDate": version.created, **_staging(version)}
            for version in secret.versions
            if version.stages or old
        ],
        "ARN": secret.arn,
        "Name": secret.name,
    }


@answers("secretsmanager", "ListSecrets")
def list_secrets(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Secrets by name, in pages."""
    limit = min(parameters.get("MaxResults", 100), 100)
    filters = parameters.get("Filters", [])
    hidden = not parameters.get("IncludePlannedDeletion", False)
    found = (
        secret
        for _, secret in scope.scan(Secret, after=parameters.get("NextToken"))
        if not (hidden and secret.deleted is not None) and all(_passes(secret, item) for item in filters)
    )
    page = list(islice(found, limit + 1))
    shapes = [{**_described(secret), "SecretVersionsToStages": _stages(secret)} for secret in page[:limit]]
    answer: dict[str, Any] = {"SecretList": shapes}
    if len(page) > limit:
        answer["NextToken"] = page[limit - 1].name
    return answer


def _passes(secret: Secret, item: dict[str, Any]) -> bool:
    """Any value fits; ``!`` in front of one turns it round. Names begin, everything else contains."""
    keys, values = list(secret.tags), list(secret.tags.values())
    texts: dict[str, list[str]] = {
        "name": [secret.name],
        "description": [secret.description],
        "tag-key": keys,
        "tag-value": values,
        "all": [secret.name, secret.description, *keys, *values],
    }
    key = item["Key"]
    if key not in texts:
        raise AwsError("NotImplemented", f"Pointsman's backend does not filter secrets by {key}", 501)
    fits: Callable[[str, str], bool] = str.__contains__ if key == "all" else str.startswith
    if key in ("description", "all"):
        fits = _contains

    def one(value: str) -> bool:
        wanted = value.removeprefix("!")
        return any(fits(text, wanted) for text in texts[key]) != value.startswith("!")

    return any(one(value) for value in item["Values"])


def _contains(text: str, wanted: str) -> bool:
    return wanted.lower() in text.lower()


@answers("secretsmanager", "DeleteSecret")
def delete_secret(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Mark a secret for deletion, or remove it at once."""
    at_once = parameters.get("ForceDeleteWithoutRecovery", False)
    days = parameters.get("RecoveryWindowInDays")
    if at_once and days is not None:
        raise AwsError(
            "InvalidParameterException",
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        )
    if days is not None and not 7 <= days <= 30:
        raise AwsError(
            "InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
        )
    secret = _secret(scope, parameters["SecretId"])
    due = scope.now if at_once else scope.now + timedelta(days=days or 30)
    if at_once:
        scope.delete(Secret, secret.name)
    else:
        scope.put(secret.name, msgspec.structs.replace(secret, deleted=scope.now, deletion=due))
        scope.at(due, "secretsmanager.due", {"name": secret.name}, key=f"secretsmanager/{secret.name}")
    return {"ARN": secret.arn, "Name": secret.name, "DeletionDate": due}


@answers("secretsmanager", "RestoreSecret")
def restore_secret(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take back a deletion that is not due yet."""
    secret = _secret(scope, parameters["SecretId"], deleted=True)
    scope.put(secret.name, msgspec.structs.replace(secret, deleted=None, deletion=None))
    scope.cancel(f"secretsmanager/{secret.name}")
    return {"ARN": secret.arn, "Name": secret.name}


def due(scope: Scope, payload: dict[str, Any]) -> None:
    """A deletion's time has come."""
    secret = scope.get(Secret, payload["name"])
    if secret is not None and secret.deleted is not None:
        scope.delete(Secret, secret.name)


@answers("secretsmanager", "TagResource")
def tag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Set tags on a secret."""
    secret = _secret(scope, parameters["SecretId"])
    tags = {**secret.tags, **{tag["Key"]: tag["Value"] for tag in parameters["Tags"]}}
    scope.put(secret.name, msgspec.structs.replace(secret, tags=tags))
    return {}


@answers("secretsmanager", "UntagResource")
def untag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take tags off a secret."""
    secret = _secret(scope, parameters["SecretId"])
    tags = {key: value for key, value in secret.tags.items() if key not in parameters["TagKeys"]}
    scope.put(secret.name, msgspec.structs.replace(secret, tags=tags))
    return {}
