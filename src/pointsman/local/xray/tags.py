"""Tags of groups and sampling rules: their rules, whatever they hang on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pointsman.local.answers import AwsError, Parameters
from pointsman.local.xray.names import invalid, missing

MOST: Final = 50
Change = Callable[[dict[str, str]], dict[str, str]]
"""The tags as they were to the tags as they shall be."""


def absent(arn: str) -> AwsError:
    """What hangs no tags: there is no such group or rule."""
    return missing(f"Resource not found: {arn}", arn)


def given(parameters: Parameters) -> dict[str, str]:
    """The tags of a call, checked.

    Raises:
        AwsError: A key is reserved, too long or given twice, or there are too many.
    """
    found: dict[str, str] = {}
    for tag in parameters.get("Tags", []):
        key, value = tag["Key"], tag["Value"]
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys that begin with aws: are reserved.")
        if len(key) > 128 or len(value) > 256:
            raise invalid("A tag key has at most 128 characters, a tag value at most 256.")
        if key in found:
            raise invalid(f"The tag key {key} is given twice.")
        found[key] = value
    return checked(found)


def checked(tags: dict[str, str]) -> dict[str, str]:
    """The tags, when they are not too many.

    Raises:
        AwsError: They are.
    """
    if len(tags) > MOST:
        raise AwsError("TooManyTagsException", f"A resource has at most {MOST} tags.")
    return tags
