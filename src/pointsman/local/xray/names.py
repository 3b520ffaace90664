"""What every answer here has in common: its errors, its times, and the tokens of its pages."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters


def invalid(message: str) -> AwsError:
    """The request makes no sense to X-Ray."""
    return AwsError("InvalidRequestException", message)


def missing(message: str, resource: str = "") -> AwsError:
    """There is no such resource."""
    return AwsError("ResourceNotFoundException", message, 404, ResourceName=resource)


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a time."""
    return datetime.fromtimestamp(seconds, UTC)


def seconds(value: Any) -> float:
    """A time parameter in seconds since 1970."""
    return float(value.timestamp()) if isinstance(value, datetime) else float(value)


def time_range(parameters: Parameters, longest: float, words: str) -> tuple[float, float]:
    """StartTime and EndTime in seconds.

    Args:
        parameters: A call's.
        longest: Seconds they may be apart.
        words: How that is said: ``24 hours``.

    Raises:
        AwsError: They are in the wrong order, or too far apart.
    """
    start, end = seconds(parameters["StartTime"]), seconds(parameters["EndTime"])
    if start >= end:
        raise invalid("StartTime must be before EndTime.")
    if end - start > longest:
        raise invalid(f"The time range between StartTime and EndTime must not be longer than {words}.")
    return start, end


def write_token(*parts: Any) -> str:
    """A page token."""
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode()


def read_token(token: str, count: int) -> list[Any]:
    """What ``write_token`` was given.

    Raises:
        AwsError: It is no token of ours.
    """
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        found = None
    if not isinstance(found, list) or len(found) != count:
        raise invalid("Invalid NextToken.")
    return found


def offset(parameters: Parameters) -> int:
    """Where a page that is counted off begins."""
    token = parameters.get("NextToken")
    if not token:
        return 0
    [found] = read_token(token, 1)
    if not isinstance(found, int) or found < 0:
        raise invalid("Invalid NextToken.")
    return found


def longer_than(value: str, most: int, name: str) -> AwsError | None:
    """The error for a text that is too long, in the words of AWS's validation."""
    if len(value) <= most:
        return None
    return invalid(
        f"1 validation error detected: Value '{value[:most]}…' at '{name}' failed to satisfy constraint:"
        f" Member must have length less than or equal to {most}"
    )
