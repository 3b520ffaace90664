"""Text with styles as cells: what stands between two cursor moves of a frame.

Textual keeps the strings of its strips, so a line that scrolls comes back as an equal string; the cells are kept with
it. Equal cells are mostly the same object, which is what makes comparing two screens cheap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from unicodedata import east_asian_width

from rich.cells import get_character_cell_size

from pointsman.console.output.styles import seen_on_blank, style_of

try:
    from rich.cells import split_graphemes as _graphemes
except ImportError:  # rich 14: a character has a width, whatever stands beside it
    _graphemes = None  # type: ignore[assignment]

__all__ = ["BLANK", "Cell", "blank_like", "parse"]

Cell = tuple[str, str, bool]
"""The text of a cell, its style, and whether terminals may disagree on its width.

A character of two cells is followed by a cell with an empty text. A space's style is what can be seen of it.
"""

_TOKEN = re.compile(r"\x1b\[([\d;:]*)m|\x1b\]8;([^\x07\x1b]*)(?:\x1b\\|\x07)|([^\x00-\x1f\x7f-\x9f]+)")
"""What may stand between two cursor moves: SGR, a hyperlink, text without control characters."""
_SINGLE = re.compile(r"[ -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u2190-\u2193\u2500-\u25fc\u2800-\u28ff]*")
"""Characters that take one cell everywhere; others are looked up."""

_EMOJI = "\U0001f000"
"""From here on a width is a matter of which Unicode a terminal knows."""


class _Styled(dict[str, Cell]):
    """Character -> its cell in one style, made once."""

    def __init__(self, style: str) -> None:
        self._style = style

    def __missing__(self, char: str) -> Cell:
        style = seen_on_blank(self._style) if char == " " else self._style
        made: Cell = (char, style, _unsure(char))
        if style != self._style:
            made = _styled(style)[char]
        self[char] = made
        return made


@lru_cache(1024)
def _styled(style: str) -> _Styled:
    return _Styled(style)


def blank_like(cell: Cell) -> Cell:
    """A space where a cell was."""
    return _styled(cell[1])[" "]


def _unsure(char: str) -> bool:
    if len(char) != 1:
        return char != ""
    if char >= _EMOJI:
        return True
    return get_character_cell_size(char) != (2 if east_asian_width(char) in "WF" else 1)


BLANK: Cell = _styled("")[" "]
"""A cell that was erased with the terminal's own pen."""


def _pieces(run: str) -> Iterator[tuple[str, int]]:
    """Texts that stand in a cell of their own, and their widths, as Textual counts them."""
    if _graphemes is not None:
        for start, end, width in _graphemes(run)[0]:
            yield run[start:end], width
        return
    for char in run:
        yield char, get_character_cell_size(char)


@lru_cache(512)
def parse(text: str) -> tuple[Cell, ...] | None:
    """The cells of a text with SGR sequences and hyperlinks.

    Returns:
        None when there is anything else in it, when it begins with what joins a character before it, or when it leaves
        a style behind.
    """
    cells: list[Cell] = []
    sgr = link = ""
    at = 0
    for token in _TOKEN.finditer(text):
        if token.start() != at:
            return None
        at = token.end()
        parameters, osc, run = token.groups()
        if parameters is not None:
            sgr = _after(sgr, parameters)
        elif osc is not None:
            link = "" if osc.endswith(";") else osc
        else:
            made = _styled(style_of(sgr, link))
            if _SINGLE.fullmatch(run):
                cells += [made[char] for char in run]
            elif not _append(cells, made, run):
                return None
    return tuple(cells) if at == len(text) and not sgr and not link else None


def _after(sgr: str, parameters: str) -> str:
    """The parameters in force after another sequence."""
    parameters = parameters.removeprefix("0;")
    if parameters in ("", "0"):
        return ""
    return f"{sgr};{parameters}" if sgr else parameters


def _append(cells: list[Cell], made: _Styled, run: str) -> bool:
    """Add text of any width; False when it begins with what has none."""
    for char, width in _pieces(run):
        if width > 0:
            cells.append(made[char])
            cells += [made[""]] * (width - 1)
            continue
        base = next((at for at in range(len(cells) - 1, -1, -1) if cells[at][0]), None)
        if base is None:
            return False
        cells[base] = (cells[base][0] + char, cells[base][1], True)
    return True
