"""CloudWatch's refusals, and what several answers check alike."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError

MOST_TAGS: Final = 50


def invalid(message: str) -> AwsError:
    """A parameter that breaks a constraint of the API's."""
    return AwsError("ValidationError", message)


def wrong_value(message: str) -> AwsError:
    """A parameter whose value cannot be."""
    return AwsError("InvalidParameterValue", message)


def combination(message: str) -> AwsError:
    """Parameters that exclude or need each other."""
    return AwsError("InvalidParameterCombination", message)


def missing(message: str) -> AwsError:
    """A parameter that is not there."""
    return AwsError("MissingParameter", message)


def not_found(message: str = "") -> AwsError:
    """What is named is not there."""
    return AwsError("ResourceNotFound", message, 404)


def not_built(what: str) -> AwsError:
    """A part of an answer that is not built.

    Args:
        what: The beginning of a sentence: "Alarms on PromQL queries".
    """
    return AwsError("NotImplemented", f"{what} are not built in this local backend", 501)


def member(value: str, path: str, allowed: Sequence[str]) -> None:
    """Refuse a value that is none of an enumeration."""
    if value not in allowed:
        raise invalid(
            f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        )


def token(place: Any) -> str:
    """Where the next page begins, as a token."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def place(given: str | None, kind: Any) -> Any:
    """What a token says; None without one.

    Args:
        given: The token.
        kind: The type of what it must hold.
    """
    if not given:
        return None
    try:
        return msgspec.json.decode(base64.b64decode(given.encode(), b"-_", validate=True), type=kind)
    except (binascii.Error, UnicodeError, ValueError, msgspec.MsgspecError):
        raise AwsError("InvalidNextToken", "The next token is not valid") from None


def check_tags(tags: dict[str, str]) -> None:
    """Refuse tags that cannot be.

    Raises:
        AwsError: ValidationError.
    """
    if len(tags) > MOST_TAGS:
        raise invalid(f"A resource has at most {MOST_TAGS} tags")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise invalid("A tag's key has 1 to 128 characters, its value at most 256")
        if key.lower().startswith("aws:"):
            raise invalid(f"The key of a tag must not begin with aws: {key}")


def tags_given(tags: list[dict[str, str]]) -> dict[str, str]:
    """Tags in AWS's shape as a dict.

    Raises:
        AwsError: ValidationError.
    """
    made = {one["Key"]: one["Value"] for one in tags}
    check_tags(made)
    return made
