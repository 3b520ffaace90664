"""What is kept of a function."""

from __future__ import annotations

import msgspec

TIMEOUT = 900
"""Seconds; Lambda's longest."""


class LocalFunction(msgspec.Struct, frozen=True):
    """A command in a function's place; key: the function's name."""

    name: str
    command: tuple[str, ...]
    """The program and its arguments."""
    folder: str
    """Where it starts."""
    environment: dict[str, str] = {}
    timeout: int = TIMEOUT
    """Seconds that one invocation may take."""
