"""Styles of cells, as Textual writes them: the parameters of an SGR sequence, and a hyperlink.

A style is one string, ``1;38;2;255;0;0`` for bold red, with the OSC 8 parameters behind a NUL where there is a link. It
is never taken apart where it need not be: what this module cannot read is written in full.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["PLAIN", "change", "seen_on_blank", "style_of"]

PLAIN = ""
"""The terminal's own pen."""

_LINK = "\0"
_PART = re.compile(
    r"(?:([1-9])"
    r"|(3[0-79]|9[0-7]|38;5;\d+|38;2;\d+;\d+;\d+)"
    r"|(4[0-79]|10[0-7]|48;5;\d+|48;2;\d+;\d+;\d+))(?:;|$)"
)
"""An attribute, a foreground, or a background."""
_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29"}
_SEEN_ON_BLANK = frozenset("456789")
"""Underline, blink, reverse, conceal, strike: they change how a space looks; bold, faint, italic and colour do not."""


def style_of(sgr: str, link: str) -> str:
    """The style of text written under these SGR parameters and OSC 8 parameters; each may be empty."""
    return f"{sgr}{_LINK}{link}" if link else sgr


@lru_cache(4096)
def _split(sgr: str) -> tuple[frozenset[str], str, str] | None:
    """Attributes, foreground and background; None when there is more to it, an overline for example."""
    attributes: set[str] = set()
    foreground = background = ""
    at = 0
    while at < len(sgr):
        found = _PART.match(sgr, at)
        if found is None:
            return None
        at = found.end()
        attribute, front, back = found.groups()
        if attribute:
            attributes.add(attribute)
        elif front:
            foreground = "" if front == "39" else front
        else:
            background = "" if back == "49" else back
    return frozenset(attributes), foreground, background


@lru_cache(4096)
def seen_on_blank(style: str) -> str:
    """What of a style can be seen on a space: usually its background alone."""
    if _LINK in style:
        return style
    parts = _split(style)
    return style if parts is None or parts[0] & _SEEN_ON_BLANK else parts[2]


@lru_cache(4096)
def erasable(style: str) -> bool:
    """Whether a space in this style is what an erasing terminal leaves: a background, and nothing else."""
    parts = None if _LINK in style else _split(style)
    return parts is not None and not parts[0] and not parts[1]


@lru_cache(8192)
def change(old: str, new: str) -> str:
    """The shortest sequences that take the pen from one style to another."""
    old_sgr, _, old_link = old.partition(_LINK)
    new_sgr, _, new_link = new.partition(_LINK)
    link = "" if old_link == new_link else f"\x1b]8;{new_link or ';'}\x1b\\"
    if old_sgr == new_sgr:
        return link
    whole = f"\x1b[0;{new_sgr}m" if old_sgr and new_sgr else f"\x1b[{new_sgr}m"
    before, after = _split(old_sgr), _split(new_sgr)
    if before is None or after is None:
        return link + whole
    off = {_OFF[attribute] for attribute in before[0] - after[0]}
    # One code ends bold and faint, and one both blinks: what stays of the pair is written again.
    on = {attribute for attribute in after[0] if attribute not in before[0] or _OFF[attribute] in off}
    codes = sorted(off) + sorted(on)
    if before[1] != after[1]:
        codes.append(after[1] or "39")
    if before[2] != after[2]:
        codes.append(after[2] or "49")
    return link + min(f"\x1b[{';'.join(codes)}m", whole, key=len)
