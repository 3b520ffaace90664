"""Text from outside, made safe and made to fit: no control sequences, no direction tricks, widths in cells."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len, get_character_cell_size

Align = Literal["left", "right", "center"]

_ESCAPES = re.compile(
    # OSC, DCS, SOS, PM and APC strings up to their end (or the end of the text), 7- and 8-bit
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|\x1b|$)"
    # CSI sequences
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    # any other escape sequence
    r"|\x1b[ -/]*[0-~]?"
)
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, fillers, Arabic letter mark
    "\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u206f"  # zero width, bidirectional controls, separators
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"  # fillers, selectors, tags
)
SHOWN = 20_000
"""Characters of one string that are looked at for a place that shows some hundreds of them at most."""
_PLAIN = re.compile(r"[ -~]*\Z")
_SPACES = re.compile(r"[\t\r\n\v\f\u0085\u2028\u2029]+")


def clean(text: str) -> str:
    """One line, safe to show: control sequences and invisible or direction-changing characters taken out.

    Line ends and tabs become one space.
    """
    if _PLAIN.match(text):
        return text
    return _UNWANTED.sub("", _SPACES.sub(" ", _ESCAPES.sub("", text)))


def brief(text: str) -> str:
    """``text`` without what no place shows: the end of a string of megabytes."""
    return text if len(text) <= SHOWN else text[:SHOWN]


def clean_line(text: str) -> str:
    """One log line, safe to show: like ``clean``, but tabs keep their columns."""
    if _PLAIN.match(text):
        return text
    if "\t" in text:
        text = _ESCAPES.sub("", text).expandtabs(8)
    return clean(text)


def clean_block(text: str) -> str:
    """Several lines, each safe to show; line ends stay."""
    return "\n".join(clean_line(line) for line in text.replace("\r\n", "\n").split("\n"))


def in_ascii(text: str) -> str:
    """``text`` for a terminal that shows nothing but ASCII, as wide as before: accents go, the rest is ``?``."""
    out: list[str] = []
    for character in text:
        if not character.isascii():
            bare = unicodedata.normalize("NFKD", character)[:1]
            character = (bare if bare.isascii() else "?").ljust(cells(character), "?")[: cells(character)]
        out.append(character)
    return "".join(out)


def for_terminal(text: str, *, ascii_only: bool) -> str:
    """Text from outside for a widget that is no line widget: several lines, safe, in what the terminal can show."""
    cleaned = clean_block(brief(text))
    return in_ascii(cleaned) if ascii_only else cleaned


def cells(text: str) -> int:
    """How many cells ``text`` takes on a terminal."""
    return len(text) if text.isascii() else cell_len(text)


def _measured(text: str, width: int) -> str:
    taken = 0
    for index, character in enumerate(text):
        taken += get_character_cell_size(character)
        if taken > width:
            return text[:index]
    return text


_cut = lru_cache(maxsize=4096)(_measured)


def head(text: str, width: int) -> str:
    """As much of the beginning as fits into ``width`` cells."""
    if width <= 0:
        return ""
    if text.isascii():
        return text[:width]
    near = text[: 4 * width + 64]  # what is kept of a line of megabytes is no more than is shown of it
    found = _cut(near, width)
    return found if len(found) < len(near) or len(near) == len(text) else _measured(text, width)


def tail(text: str, width: int) -> str:
    """As much of the end as fits into ``width`` cells."""
    if width <= 0:
        return ""
    if text.isascii():
        return text[-width:]
    taken = 0
    for index in range(len(text) - 1, -1, -1):
        taken += get_character_cell_size(text[index])
        if taken > width:
            return text[index + 1 :]
    return text


def truncate(text: str, width: int, ellipsis: str = "…") -> str:
    """``text``, or its beginning and an ellipsis, in at most ``width`` cells."""
    if cells(text) <= width:
        return text
    room = width - cells(ellipsis)
    return head(text, room) + ellipsis if room >= 0 else head(text, width)


def middle(text: str, width: int, ellipsis: str = "…") -> str:
    """``text``, or its two ends around an ellipsis, in at most ``width`` cells."""
    if cells(text) <= width:
        return text
    room = width - cells(ellipsis)
    if room < 2:
        return truncate(text, width, ellipsis)
    front = (room + 1) // 2
    return head(text, front) + ellipsis + tail(text, room - front)


def pad(text: str, width: int, align: Align = "left") -> str:
    """``text`` filled with spaces to ``width`` cells; longer text is left as it is."""
    room = width - cells(text)
    if room <= 0:
        return text
    if align == "right":
        return " " * room + text
    if align == "center":
        return " " * (room // 2) + text + " " * (room - room // 2)
    return text + " " * room


def wrap(text: str, width: int) -> list[str]:
    """``text`` cut into pieces of at most ``width`` cells; always at least one piece, and nothing is lost."""
    width = max(2, width)
    if text.isascii():
        return [text[start : start + width] for start in range(0, len(text), width)] or [""]
    pieces, start, taken = [], 0, 0
    for index, character in enumerate(text):
        size = get_character_cell_size(character)
        if taken + size > width:
            pieces.append(text[start:index])
            start, taken = index, 0
        taken += size
    pieces.append(text[start:])
    return pieces
