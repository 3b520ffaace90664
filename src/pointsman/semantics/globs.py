"""Glob patterns of CodePipeline's trigger filters, for branches, tags and file paths.

``*`` stays within a name, ``**`` crosses ``/``, ``?`` is one character, ``[a-z]`` and ``[!a-z]`` are sets,
``{one,two}`` is a choice without nesting, a backslash takes the next character as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

PATIENCE = 0.2
"""Seconds that one pattern may take over one name."""


def matches(pattern: str, name: str) -> bool:
    """Whether a whole name fits a pattern; a pattern that cannot be read, or takes too long, fits nothing."""
    compiled = _compiled(pattern)
    if compiled is None:
        return False
    try:
        return compiled.fullmatch(name, timeout=PATIENCE) is not None
    except TimeoutError:
        return False


def problem(pattern: str) -> str | None:
    """Why a pattern cannot be read; None when it can."""
    return None if _compiled(pattern) is not None else f"{pattern!r} is no glob pattern"


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    import regex

    try:
        return regex.compile(_expression(pattern), regex.V0 | regex.DOTALL)
    except (regex.error, ValueError):
        return None


def _expression(pattern: str) -> str:
    found: list[str] = []
    at, group = 0, False
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            stars = at
            while at < len(pattern) and pattern[at] == "*":
                at += 1
            found.append("[^/]*" if at == stars else ".*")
        elif char == "?":
            found.append("[^/]")
        elif char == "[":
            end = pattern.index("]", at + 1)
            found.append(_set(pattern[at:end]))
            at = end + 1
        elif char == "{":
            if group:
                raise ValueError("groups cannot be nested")
            group = True
            found.append("(?:")
        elif char == "}" and group:
            group = False
            found.append(")")
        elif char == "," and group:
            found.append("|")
        elif char == "\\":
            if at == len(pattern):
                raise ValueError("a backslash needs a character")
            found.append(re.escape(pattern[at]))
            at += 1
        else:
            found.append(re.escape(char))
    if group:
        raise ValueError("a group is not closed")
    return "".join(found)


def _set(inner: str) -> str:
    negated = inner.startswith("!")
    body = inner[1:] if negated else inner
    if not body:
        raise ValueError("an empty set")
    body = body.replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
    return f"(?!/)[{'^' if negated else ''}{body}]"
