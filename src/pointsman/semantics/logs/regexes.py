"""Regular expressions that users write: on an engine with a time-out, so that none can hold the process."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import regex

PATIENCE = 0.25
"""Seconds that one search of one text may take."""

UserRegex = Any
"""A compiled expression of the ``regex`` module, which has no types of its own."""


class RegexError(ValueError):
    """An expression that is none: its message is the reason."""


class TooSlow(Exception):
    """An expression took longer over one text than it may."""


@lru_cache(maxsize=256)
def compiled(text: str) -> UserRegex:
    """Compile an expression.

    Raises:
        RegexError: It is none.
    """
    try:
        return regex.compile(text, cache_pattern=False)
    except (regex.error, OverflowError, RecursionError, ValueError) as error:
        raise RegexError(f"the regular expression {text!r} is not understood: {error}") from None


def search(expression: UserRegex, text: str) -> Any:
    """The first match in a text, or None.

    Raises:
        TooSlow: It takes too long.
    """
    try:
        return expression.search(text, timeout=PATIENCE)
    except TimeoutError:
        raise too_slow(expression) from None


def too_slow(expression: UserRegex) -> TooSlow:
    """What is raised when an expression's time is over."""
    return TooSlow(f"the regular expression {expression.pattern!r} takes longer than {PATIENCE} s over one log event")


def escaped(text: str) -> str:
    """An expression that means a text."""
    return str(regex.escape(text))
