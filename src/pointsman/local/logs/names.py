"""Groups as records, the rules for names, and the errors that every answer here may give."""

from __future__ import annotations

import re

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.world import Scope

_GROUP = re.compile(r"[\.\-_/#A-Za-z0-9]{1,512}")
_STREAM = re.compile(r"[^:*]{1,512}")

RETENTION = frozenset(
    (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
)
"""The days AWS lets a group keep its events."""


class LogGroup(msgspec.Struct, frozen=True):
    """A log group."""

    name: str
    created: int
    """Milliseconds since 1970."""
    retention: int = 0
    """Days; 0 never expires."""
    key_id: str = ""
    group_class: str = "STANDARD"
    tags: dict[str, str] = {}


def invalid(sentence: str) -> AwsError:
    """InvalidParameterException."""
    return AwsError("InvalidParameterException", sentence)


def millis(scope: Scope) -> int:
    """Now, in milliseconds since 1970."""
    return int(scope.now.timestamp() * 1000)


def make_group(scope: Scope, name: str, **given: object) -> LogGroup:
    """Make a group that is not there."""
    if not _GROUP.fullmatch(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint:"
            r" Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+"
        )
    group = msgspec.convert({"name": name, "created": millis(scope), **given}, LogGroup)
    scope.put(name, group)
    return group


def check_stream(name: str) -> None:
    """Refuse a stream's name that AWS would not take."""
    if not _STREAM.fullmatch(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'logStreamName' failed to satisfy constraint:"
            " Member must satisfy regular expression pattern: [^:*]*"
        )


def plain(identifier: str) -> str:
    """A group's name from a name or an ARN, with or without ``:*``."""
    return identifier.split(":", 6)[6].removesuffix(":*") if identifier.startswith("arn:") else identifier


def group_of(scope: Scope, name: str) -> LogGroup:
    """The group, or ResourceNotFoundException."""
    group = scope.get(LogGroup, name)
    if group is None:
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    return group
