"""Copying through the terminal: OSC 52, wrapped for the multiplexers that would swallow it.

A terminal never answers whether it took the text, so the console says "sent", not "copied".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

__all__ = ["LIMIT", "sequence"]

LIMIT = 74_994
"""Bytes of text beyond which common terminals drop the sequence; base64 then fits their 100,000."""

_SCREEN_SLICE = 76
"""GNU screen passes control strings of limited length; the text goes through in slices of this many characters."""


def sequence(text: str, environ: Mapping[str, str]) -> str | None:
    """What to write to the terminal so that it takes ``text``; None when it is too long to arrive."""
    raw = text.encode()
    if len(raw) > LIMIT:
        return None
    bare = f"\x1b]52;c;{base64.b64encode(raw).decode()}\a"
    if environ.get("TMUX"):
        doubled = bare.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\"
    if environ.get("TERM", "").startswith("screen"):
        slices = [bare[start : start + _SCREEN_SLICE] for start in range(0, len(bare), _SCREEN_SLICE)]
        return "".join(f"\x1bP{part}\x1b\\" for part in slices)
    return bare
