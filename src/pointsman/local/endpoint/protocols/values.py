"""Scalars between their wire forms and Python's, the same for every protocol."""

from __future__ import annotations

import base64
import binascii
import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from pointsman.local.endpoint.messages import Undecodable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WIDTH = {"integer": 31, "long": 63}


def moment(value: object) -> datetime:
    """A time: seconds since 1970, ISO 8601 or RFC 822, whichever it looks like; aware, in UTC.

    Raises:
        Undecodable: It is none of these.
    """
    try:
        if isinstance(value, str):
            return _written(value.strip())
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            # Whole microseconds: the sum of a date and a float's seconds would be off by one now and then.
            return _EPOCH + timedelta(microseconds=round(value * 1_000_000))
    except (ValueError, OverflowError, TypeError, IndexError):
        pass
    raise Undecodable("Unable to parse the timestamp of the request")


def _written(text: str) -> datetime:
    head = text.lstrip("+-")[:1]
    if head.isalpha():
        found = parsedate_to_datetime(text)
    elif head.isdigit() and "-" in text[1:] and (":" in text or len(text) == 10):
        found = datetime.fromisoformat(text)
    else:
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(text)
        return _EPOCH + timedelta(microseconds=round(number * 1_000_000))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def seconds(value: datetime) -> int | float:
    """Seconds since 1970: whole, or with the milliseconds AWS keeps."""
    thousandths = (value - _EPOCH) // timedelta(milliseconds=1)
    return thousandths // 1000 if thousandths % 1000 == 0 else thousandths / 1000


def written(value: datetime, form: str, *, always: bool = False) -> str:
    """A time as text.

    Args:
        value: The time.
        form: ``iso8601``, ``rfc822`` or ``unixTimestamp``.
        always: Write the milliseconds even when there are none, as S3 does.
    """
    form = form.lower()
    value = value.astimezone(UTC)
    if form == "rfc822":
        return format_datetime(value.replace(microsecond=0), usegmt=True)
    if form == "unixtimestamp":
        return str(seconds(value))
    fraction = f".{value.microsecond // 1000:03d}" if always or value.microsecond >= 1000 else ""
    return f"{value.year:04d}-{value:%m-%dT%H:%M:%S}{fraction}Z"


def unbase64(text: object) -> bytes:
    """Bytes out of base64.

    Raises:
        Undecodable: It is not base64.
    """
    if not isinstance(text, str):
        raise Undecodable("Expected a base64-encoded string")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Undecodable("Invalid length for a Base-64 char array or string") from None


def raw(value: Any) -> bytes:
    """A blob's bytes, whatever it was given as."""
    if isinstance(value, str):
        return value.encode()
    content = value.read() if hasattr(value, "read") else value
    return bytes(content)


def base64text(value: Any) -> str:
    """A blob as base64."""
    return base64.b64encode(raw(value)).decode()


def whole(value: int, kind: str) -> int:
    """A number that fits its type.

    Raises:
        Undecodable: It does not.
    """
    bits = _WIDTH.get(kind, 63)
    if not -(1 << bits) <= value < 1 << bits:
        raise Undecodable(f"NUMBER_VALUE can not be converted to {'an Integer' if bits == 31 else 'a Long'}")
    return value


def from_text(text: str, shape: Any) -> Any:
    """A scalar out of a header, a query, a form or an XML element.

    Raises:
        Undecodable: It is not of the shape's type.
    """
    kind = shape.type_name
    if kind in ("string", "character"):
        return text
    if kind == "boolean":
        if text.strip().lower() not in ("true", "false"):
            raise Undecodable(f"Unable to convert '{text[:64]}' to a Boolean")
        return text.strip().lower() == "true"
    if kind == "timestamp":
        return moment(text)
    if kind == "blob":
        return unbase64(text.strip())
    try:
        if kind in ("integer", "long"):
            if len(text) > 32:
                raise ValueError(text)
            return whole(int(text), kind)
        if kind in ("float", "double"):
            return float(text)
    except ValueError:
        pass
    raise Undecodable(f"Unable to convert '{text[:64]}' to a number")


def to_text(value: Any, shape: Any, form: str, *, always: bool = False) -> str:
    """A scalar as a header or an XML element carries it."""
    kind = shape.type_name
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "timestamp":
        return written(value, shape.serialization.get("timestampFormat", form), always=always)
    if kind == "blob":
        return base64text(value)
    if kind in ("float", "double"):
        return decimal(value)
    return str(value)


def decimal(value: float) -> str:
    """A floating-point number as text: ``Infinity`` and ``NaN`` as AWS spells them."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(value)
