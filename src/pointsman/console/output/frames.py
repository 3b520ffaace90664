"""A frame as Textual writes it: styled texts, each behind a cursor move, and where the cursor stays at the end."""

from __future__ import annotations

import re

from msgspec import Struct

from pointsman.console.output.cells import Cell, parse

__all__ = ["Frame", "Span", "is_frame", "keeps_cells", "read", "stranger"]

_MOVE = re.compile(r"\x1b\[(\d*)(?:;(\d*))?H")
_KEEPS_CELLS = re.compile(
    r"(?:\x1b\[[<>=?][\d;]*u"  # kitty's keyboard modes
    r"|\x1b\[\?(?:7|25|100[0-7]|101[56]|2004|2026|2031|2048)[hl]|\x1b\[\?\d+\$p"  # private modes that move no cell
    r"|\x1b\[(?:c|[56]n)"  # questions
    r"|\x1b\](?!8;)[^\x07\x1b]*(?:\x07|\x1b\\)|\x07"  # titles, pointer shapes, the clipboard; the bell
    r"|\x1b\[2[23];[012]t"  # the title kept, and brought back
    r"|\x1bPtmux;\x1b\x1b\]52;[^\x1b\x07]*\x07\x1b\\)+"  # the clipboard through tmux
)
_SCREEN_CLIPBOARD = re.compile(r"\x1bP\x1b\]52;[^\x1b]*\x1b\\(?:\x1bP[^\x1b]*\x1b\\)*")
"""The clipboard through GNU screen, in slices."""

_KNOWN = re.compile(r"\x1b\[[\d;:]*[Hm]|\x1b\]8;[^\x07\x1b]*(?:\x1b\\|\x07)|\n")
_CONTROL = re.compile(r"\x1b(?:\[[0-9:;<=>?]*[ -/]*[@-~]|[P\]X^_][0-9;]*|[ -/]*[0-~])?|[\x00-\x1a\x1c-\x1f\x7f-\x9f]")


class Span(Struct, frozen=True):
    """A piece of one row."""

    y: int
    x: int
    text: str
    """As it was written: what tells a row that moved."""
    cells: tuple[Cell, ...]


class Frame(Struct, frozen=True):
    """What one write changes."""

    spans: tuple[Span, ...]
    cursor: tuple[int, int]
    """Row and column, from 0."""


def is_frame(data: str) -> bool:
    """Whether a write looks like a frame."""
    return _MOVE.match(data) is not None


def keeps_cells(data: str) -> bool:
    """Whether a write is known to leave every cell, and the cursor, as they are."""
    return _KEEPS_CELLS.fullmatch(data) is not None or _SCREEN_CLIPBOARD.fullmatch(data) is not None


def read(data: str, width: int, height: int) -> Frame | None:
    """A frame's spans.

    Returns:
        None when something in it is not known, or it does not fit a screen of this size.
    """
    parts = _MOVE.split(data)
    if parts[0]:
        return None
    spans: list[Span] = []
    y = x = 0
    for row, column, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        y, x = int(row or 1) - 1, int(column or 1) - 1
        if y >= height or x >= width:
            return None
        if not text:
            continue
        body = text.rstrip("\n")
        # A line feed on the last row would scroll the screen.
        if (down := len(text) - len(body)) and y + down >= height:
            return None
        cells = parse(body)
        if cells is not None and x + len(cells) > width:
            cells = _clipped(cells, width - x)
        if cells is None:
            return None
        if cells:
            spans.append(Span(y, x, body, cells))
        y, x = y + down, 0 if down else x + len(cells)
    return Frame(tuple(spans), (y, min(x, width - 1)))


def _clipped(cells: tuple[Cell, ...], room: int) -> tuple[Cell, ...] | None:
    """What a terminal that does not wrap, as Textual has told it, shows of a text too long for its row.

    What has no room goes over the last column, one after the other. None where a wide character is among it: terminals
    disagree on those.
    """
    over = cells[room - 1 :]
    if any(not text or unsure for text, _, unsure in over):
        return None
    return (*cells[: room - 1], over[-1])


def stranger(data: str) -> str:
    """What in a write is not known, for the log: the first such sequence, and none of the text."""
    rest = _KNOWN.sub("", data)
    found = _CONTROL.search(rest)
    return repr(found[0]) if found else "text that does not fit the screen"
