"""What a terminal can be trusted with, by what its environment says of it.

``TERM`` names a family, and what has no name here gets the subset that every terminal with a cursor has: moving the
cursor, and writing cells.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

__all__ = ["Abilities", "abilities_of"]


class Abilities(Struct, frozen=True):
    """What may be used beyond moving the cursor and writing."""

    scrolls: bool
    """Lines are deleted and inserted within margins."""
    erases: bool
    """Erasing leaves the pen's background."""


_SCROLL = (
    "xterm",
    "tmux",
    "screen",
    "linux",
    "rxvt",
    "alacritty",
    "kitty",
    "foot",
    "wezterm",
    "ghostty",
    "contour",
    "konsole",
    "gnome",
    "vte",
    "st",
    "mintty",
    "putty",
    "iterm",
    "rio",
)
"""Families whose every member keeps scrolling regions and deletes and inserts lines in them."""


def abilities_of(environ: Mapping[str, str]) -> Abilities:
    """What the terminal of an environment can do."""
    term = environ.get("TERM", "").lower()
    family = term.split("-", 1)[0].split(".", 1)[0]
    known = family in _SCROLL
    if environ.get("TERMINAL_EMULATOR", "").startswith("JetBrains") or "emacs" in environ.get("INSIDE_EMACS", ""):
        known = False
    # GNU screen erases with its own background; tmux answers to the same name, and with the pen's.
    erases = known and (family != "screen" or bool(environ.get("TMUX")))
    # A size that the environment sets may be smaller than the terminal: what erases or scrolls whole lines of the
    # terminal then reaches beyond the application's own area.
    whole = not (environ.get("COLUMNS") or environ.get("LINES"))
    return Abilities(scrolls=known and whole, erases=erases and whole)
