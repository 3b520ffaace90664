"""What a missing or odd member of an answer counts as, decided once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Answer = Mapping[str, Any]


def text(source: Any, name: str) -> str:
    """A string member; empty when it is missing."""
    value = source.get(name) if isinstance(source, Mapping) else None
    return "" if value is None else str(value)


def whole(source: Any, name: str) -> int | None:
    """A number member; None when it is missing or none, as infinity and NaN are."""
    value = source.get(name) if isinstance(source, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if isinstance(value, int) or math.isfinite(value) else None


def when(source: Any, name: str) -> datetime | None:
    """A time member, in UTC; None when it is missing."""
    value = source.get(name) if isinstance(source, Mapping) else None
    if not isinstance(value, datetime):
        return None
    return value.astimezone(UTC) if value.tzinfo is not None else value.replace(tzinfo=UTC)


def part(source: Any, name: str) -> Mapping[str, Any]:
    """A structure member; empty when it is missing."""
    value = source.get(name) if isinstance(source, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def parts(source: Any, name: str) -> list[Any]:
    """A list member; empty when it is missing."""
    value = source.get(name) if isinstance(source, Mapping) else None
    return list(value) if isinstance(value, list | tuple) else []


def pairs(source: Any, name: str) -> tuple[tuple[str, str], ...]:
    """A map of strings, in the order in which it came."""
    return tuple((str(key), "" if value is None else str(value)) for key, value in part(source, name).items())


def first_line(words: str) -> str:
    """The first line that says something."""
    return next((line.strip() for line in words.splitlines() if line.strip()), "")
