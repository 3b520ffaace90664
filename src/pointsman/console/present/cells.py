"""Cells and columns: text with the names of its styles, and how it shares a line's width.

A cell is a tuple of pieces; a piece is (text, style name). Style names are semantic (``tone.failed``, ``dim``) and mean
nothing here: a widget resolves them against the theme.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct
from rich.style import Style
from rich.text import Text

from pointsman.console.present.look import Draw
from pointsman.console.present.text import Align, brief, cells, clean, head
from pointsman.model.status import Status

Piece = tuple[str, str]
"""(text, style name); the name is empty for plain text."""
Cell = tuple[Piece, ...]
R = TypeVar("R")

EMPTY: Cell = ()


def cell(text: str, style: str = "") -> Cell:
    """A cell of one piece; ``text`` may come from outside."""
    cleaned = clean(brief(text))
    return ((cleaned, style),) if cleaned else EMPTY


def plain(content: Cell) -> str:
    """A cell's text."""
    return "".join(text for text, _ in content)


def width(content: Cell) -> int:
    """How many terminal cells a cell takes."""
    taken = 0
    for text, _ in content:  # a loop: a generator costs twice as much, and every cell that is drawn is measured
        taken += len(text) if text.isascii() else cells(text)
    return taken


def crop(content: Cell, room: int, ellipsis: str = "…") -> Cell:
    """A cell in at most ``room`` terminal cells, an ellipsis where something was cut off."""
    if width(content) <= room:
        return content
    left = room - cells(ellipsis)
    if left < 0:
        left, ellipsis = room, ""
    kept: list[Piece] = []
    for text, style in content:
        size = cells(text)
        if size > left:
            kept.append((head(text, left) + ellipsis, style))
            break
        kept.append((text, style))
        left -= size
    return tuple(piece for piece in kept if piece[0])


def fit(content: Cell, room: int, align: Align = "left", ellipsis: str = "…") -> Cell:
    """A cell in exactly ``room`` terminal cells."""
    cropped = crop(content, room, ellipsis)
    space = room - width(cropped)
    if space <= 0:
        return cropped
    if align == "right":
        return ((" " * space, ""), *cropped)
    if align == "center":
        return ((" " * (space // 2), ""), *cropped, (" " * (space - space // 2), ""))
    return (*cropped, (" " * space, ""))


def join(parts: Iterable[Cell], gap: str = "  ", style: str = "") -> Cell:
    """The cells that are not empty, with a gap between them."""
    joined: list[Piece] = []
    for part in parts:
        if not part:
            continue
        if joined:
            joined.append((gap, style))
        joined.extend(part)
    return tuple(joined)


def spread(left: Cell, right: Cell, room: int, ellipsis: str = "…") -> Cell:
    """Two cells at the two ends of a line; the left one gives way."""
    space = room - width(right)
    if space < 8:
        return fit(left, room, ellipsis=ellipsis)
    return (*fit(left, space - (1 if right else 0), ellipsis=ellipsis), *(((" ", ""),) if right else ()), *right)


def as_text(content: Cell, styles: Mapping[str, Style] | None = None) -> Text:
    """A cell as Rich text, for a place that is no line widget."""
    text = Text(no_wrap=True, end="")
    for piece, name in content:
        text.append(piece, styles.get(name) if styles else None)
    return text


def status_cell(status: Status, draw: Draw) -> Cell:
    """A status: glyph, AWS's word, colour."""
    style = f"tone.{status.tone.value}"
    glyph = draw.glyphs.of(status.tone)
    word = clean(status.word)
    return ((f"{glyph} {word}" if word else glyph, style),)


class Column(Struct, Generic[R], frozen=True):
    """One column of a table, as data."""

    key: str
    header: str
    cell: Callable[[R, Draw], Cell]
    least: int = 4
    """The narrowest it is of use."""
    most: int = 0
    """The widest it is ever drawn; 0 means ``least``, unless it has a share."""
    share: int = 0
    """Its weight when room is left over."""
    align: Align = "left"
    priority: int = 0
    """0 is never dropped; of the others the highest number goes first when the line is narrow."""
    measure: Callable[[R], int] | None = None
    """How wide a row's cell is, cheaply; the column is then as wide as its widest row, within least and most."""
    firm: bool = False
    """Whether the others give way first: it gets what it measures before a name grows or a later column stays."""
    names: bool = False
    """Whether it says which row this is: then it is never hidden. Where no column does, the first with a header."""
    fitted: Callable[[R, Draw, int], Cell] | None = None
    """The cell for a known width, where it can say the same in less room."""

    def drawn(self, row: R, draw: Draw, room: int) -> Cell:
        """The cell in exactly ``room`` terminal cells."""
        content = self.cell(row, draw) if self.fitted is None else self.fitted(row, draw, room)
        return fit(content, room, self.align, draw.glyphs.ellipsis)


Columns = tuple[Column[Any], ...]


class Placed(Struct, Generic[R], frozen=True):
    """A column with the width it was given."""

    column: Column[R]
    width: int


_MEASURED = 2000
"""Rows looked at when a column measures itself."""


def place(columns: Sequence[Column[R]], room: int, rows: Sequence[R] = (), gap: int = 1) -> tuple[Placed[R], ...]:
    """Which columns fit into ``room`` cells, and how wide each is."""
    wanted: dict[str, int] = {}
    for column in columns:
        want = max(column.least, len(column.header))
        if column.measure is not None:
            want = max(want, max((column.measure(row) for row in rows[:_MEASURED]), default=0))
            if column.most:
                want = min(want, max(column.most, column.least))
        wanted[column.key] = want
    kept = list(columns)
    least = {
        column.key: wanted[column.key]
        if column.firm
        else min(wanted[column.key], max(column.least, len(column.header)))
        for column in columns
    }
    while kept and sum(least[column.key] for column in kept) + gap * (len(kept) - 1) > room:
        worst = max(kept, key=lambda column: column.priority)
        if worst.priority == 0:
            break
        kept.remove(worst)
    spare = room - sum(least[column.key] for column in kept) - gap * (len(kept) - 1)
    widths = {column.key: least[column.key] for column in kept}
    if spare < 0:
        for column in (*reversed([one for one in kept if not one.firm]), *(one for one in kept if one.firm)):
            give = min(-spare, widths[column.key] - 1)
            widths[column.key] -= give
            spare += give
            if spare >= 0:
                break
    for column in kept:
        grow = min(max(0, spare), wanted[column.key] - widths[column.key])
        if grow > 0:
            widths[column.key] += grow
            spare -= grow
    _share(kept, widths, spare)
    return tuple(Placed(column, widths[column.key]) for column in kept)


def _share(kept: Sequence[Column[R]], widths: dict[str, int], spare: int) -> None:
    """Give what is left over to the columns with a share, by weight, none beyond its most."""
    growing = [column for column in kept if column.share]
    while spare > 0 and growing:
        total = sum(column.share for column in growing)
        given = 0
        for column in list(growing):
            part = max(1, spare * column.share // total)
            if column.most:
                part = min(part, max(0, column.most - widths[column.key]))
            part = min(part, spare - given)
            if part <= 0:
                growing.remove(column)
                continue
            widths[column.key] += part
            given += part
        if given == 0:
            break
        spare -= given
