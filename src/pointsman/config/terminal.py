"""What this terminal can carry, judged before anything is drawn on it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from pointsman.errors import UsageError

SMALLEST = (40, 10)
"""Columns and rows below which nothing useful can be drawn; 80x24 is what the screens are made for."""

_DUMB = ("dumb", "unknown", "emacs")


def check(environ: Mapping[str, str]) -> None:
    """Refuse what cannot carry a screen.

    Raises:
        UsageError: Not a terminal, one that cannot move its cursor, or one too small.
    """
    if environ.get("TEXTUAL_DRIVER"):  # served to a browser, or driven by a test: no terminal of ours is needed
        return
    streams = (("input", sys.__stdin__), ("output", sys.__stdout__), ("error output", sys.__stderr__))
    for name, stream in streams:
        if stream is None or not stream.isatty():
            raise UsageError(
                f"the standard {name} is not a terminal", "run it in one, without a pipe or a redirection around it"
            )
    kind = environ.get("TERM", "")
    if kind in _DUMB:
        raise UsageError(
            f"a terminal of type {kind} cannot carry a screen", "set TERM, for example: TERM=xterm-256color"
        )
    columns, rows = _size()
    if 0 < columns < SMALLEST[0] or 0 < rows < SMALLEST[1]:
        raise UsageError(
            f"this terminal is {columns} columns by {rows} rows: too small for a screen",
            f"make it {SMALLEST[0]}x{SMALLEST[1]} or larger; 80x24 shows everything",
        )


def _size() -> tuple[int, int]:
    """Columns and rows; 0 where the terminal does not say."""
    try:
        size = os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1)
    except OSError:
        return 0, 0
    return size.columns, size.lines


def wants_ascii(environ: Mapping[str, str]) -> bool:
    """Whether this terminal is known not to show more than ASCII: Linux's own console, or a locale that is not UTF-8.

    An environment that sets no locale at all says nothing; most of those are containers under a UTF-8 terminal.
    """
    if environ.get("TERM") == "linux":
        return True
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return bool(locale) and "utf8" not in locale.lower().replace("-", "")
