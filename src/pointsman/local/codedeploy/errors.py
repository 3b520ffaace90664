"""CodeDeploy's refusals: names, tags, tokens and what a page begins after."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pointsman.local.answers import AwsError

BATCH: Final = 100
_NAME: Final = re.compile(r"[A-Za-z0-9+=,.@_-]{1,100}")
_DEPLOYMENT_ID: Final = re.compile(r"d-[A-Z0-9]{9}")


def refused(code: str, message: str) -> AwsError:
    """An error of CodeDeploy's.

    Args:
        code: Its name without ``Exception``.
        message: A sentence.
    """
    return AwsError(f"{code}Exception", message)


def name(kind: str, value: Any) -> str:
    """A name that is there and well made.

    Args:
        kind: ``Application``, ``DeploymentGroup``, ``DeploymentConfig``.
        value: What was given.
    """
    words = {"Application": "application", "DeploymentGroup": "deployment group"}.get(kind, "deployment configuration")
    if not value:
        raise refused(f"{kind}NameRequired", f"The {words} name is required")
    if not _NAME.fullmatch(value):
        raise refused(
            f"Invalid{kind}Name",
            f"The {words} name {value} is not valid: it has 1 to 100 letters, digits and + = , . @ _ -",
        )
    return str(value)


def deployment_id(value: Any) -> str:
    """A deployment id that is there and well made."""
    if not value:
        raise refused("DeploymentIdRequired", "The deployment ID is required")
    if not _DEPLOYMENT_ID.fullmatch(value):
        raise refused("InvalidDeploymentId", f"Specified DeploymentId is not in the valid format: {value}")
    return str(value)


def batch(values: Sequence[str], required: str, most: int = BATCH, code: str = "BatchLimitExceeded") -> Sequence[str]:
    """The values of a batch call: one at least, not too many, each once.

    Args:
        values: What was given.
        required: The error when there is none.
        most: How many are allowed.
        code: The error when there are more.
    """
    if not values:
        raise refused(required, "At least one name or ID must be given")
    if len(values) > most:
        raise refused(code, f"{len(values)} names or IDs were given; the maximum allowed for this request is {most}")
    return list(dict.fromkeys(values))


def tags(given: Iterable[dict[str, str]]) -> dict[str, str]:
    """Tags as a mapping.

    Raises:
        AwsError: InvalidTagsToAddException.
    """
    found: dict[str, str] = {}
    for one in given:
        key, value = one.get("Key", ""), one.get("Value", "")
        if not key or len(key) > 128 or len(value) > 256 or key.startswith("aws:"):
            raise refused("InvalidTagsToAdd", f"The tag {key or '(without a key)'} is not valid")
        found[key] = value
    if len(found) > 50:
        raise refused("InvalidTagsToAdd", "A resource has at most 50 tags")
    return found


def token(place: str) -> str:
    """A next token."""
    return base64.urlsafe_b64encode(f"after/{place}".encode()).decode()


def place(given: str | None) -> str | None:
    """What a next token stands for; None without one.

    Raises:
        AwsError: InvalidNextTokenException.
    """
    if not given:
        return None
    try:
        text = base64.urlsafe_b64decode(given.encode()).decode()
    except (binascii.Error, UnicodeError, ValueError):
        text = ""
    if not text.startswith("after/"):
        raise refused("InvalidNextToken", "The next token is not valid")
    return text.removeprefix("after/")


def page(name: str, found: Sequence[str], more: bool) -> dict[str, Any]:
    """A page of names; ``more`` of them follow the last one."""
    answer: dict[str, Any] = {name: list(found)}
    if more and found:
        answer["nextToken"] = token(found[-1])
    return answer
