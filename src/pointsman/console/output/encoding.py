"""The difference between two screens as the fewest bytes that make one of the other.

At the end of what is written the terminal is as Textual leaves it: its own pen, no link, no margins, the cursor in its
place. So a write that passes through as it is can follow at any point.
"""

from __future__ import annotations

import re
from collections.abc import Set
from itertools import chain, compress, count
from operator import is_not, itemgetter

from pointsman.console.output import scrolling
from pointsman.console.output.cells import Cell
from pointsman.console.output.grid import Grid, Row
from pointsman.console.output.styles import PLAIN, change, erasable, seen_on_blank
from pointsman.console.output.terminals import Abilities

__all__ = ["encode"]

_GAP = 4
"""Unchanged cells that are rather written again than jumped over, which costs as much."""
_BLANKS = re.compile(" {5,}")
_ERASE = 11
"""Blanks that are rather erased and jumped over than written."""
_text_of = itemgetter(0)


def encode(shown: Grid, wanted: Grid, touched: Set[int], abilities: Abilities) -> str:
    """What to write; ``shown`` is then as ``wanted``.

    Args:
        shown: What the terminal is known to show.
        wanted: What it shall show. A cell of which nothing is known there stays as it is.
        touched: Every row that may differ.
        abilities: What the terminal can do.

    Returns:
        Empty when there is nothing to do.
    """
    out: list[str] = []
    rows = sorted(touched)
    if shown.cursor is None and not any(chain.from_iterable(shown.rows)):
        # Nothing is known: the pen may be anything, and what is on the screen, too.
        out.append("\x1b[m")
        if wanted.known:
            out.append("\x1b[H\x1b[2J")
            shown.clear()
        rows = list(range(wanted.height))
    elif abilities.scrolls and (move := scrolling.find(shown, wanted, rows)) is not None:
        out.append(move.sequence)
        scrolling.carry_out(shown, move)
        rows = sorted({*rows, *range(move.top, move.bottom + 1)})
    brush = _Brush(out, erases=abilities.erases)
    for y in rows:
        old, new = shown.rows[y], wanted.rows[y]
        if old != new:
            brush.row(y, old, new)
            shown.rows[y] = new[:]
        shown.spans[y] = wanted.spans[y].copy()
    brush.put_down()
    if out or wanted.cursor != shown.cursor:
        y, x = wanted.cursor or (0, 0)
        out.append(_place(y, x))
    shown.cursor = wanted.cursor
    return "".join(out)


def _place(y: int, x: int) -> str:
    if x == 0:
        return f"\x1b[{y + 1}H" if y else "\x1b[H"
    return f"\x1b[{y + 1};{x + 1}H"


class _Brush:
    """Writes runs of cells with a pen that is changed as little as may be."""

    def __init__(self, out: list[str], *, erases: bool) -> None:
        self._out = out
        self._erases = erases
        self._pen = PLAIN
        self._on_blank = PLAIN
        """What of the pen a space shows."""

    def put_down(self) -> None:
        """Leave the terminal its own pen."""
        if self._pen:
            self._out.append(change(self._pen, PLAIN))
            self._pen = self._on_blank = PLAIN

    def row(self, y: int, old: Row, new: Row) -> None:
        """Write what differs in a row."""
        changed = [x for x in compress(count(), map(is_not, old, new)) if old[x] != new[x]]
        width = len(new)
        at = -1  # where the cursor is in this row; -1: elsewhere
        last = len(changed)
        index = 0
        while index < last:
            x = changed[index]
            cell = new[x]
            if cell is None:
                index += 1
                continue
            while x and not cell[0]:  # never begin inside a wide character
                x -= 1
                cell = new[x] or cell
            stop = changed[index] + 1
            index += 1
            while index < last and changed[index] == stop and new[stop] is not None:
                stop += 1
                index += 1
            while stop < width and (behind := new[stop]) is not None and not behind[0]:
                stop += 1
            while index < last and changed[index] < stop:
                index += 1
            if 0 <= x - at <= _GAP and at >= 0 and self._bridges(new[at:x]):
                x = at
            elif at < 0:
                self._out.append(_place(y, x))
            elif x > at:
                self._out.append(f"\x1b[{x - at}C" if x - at > 1 else "\x1b[C")
            self._run(y, x, new[x:stop], width)  # type: ignore[arg-type]
            at = stop if stop < width else -1

    def _bridges(self, gap: Row) -> bool:
        """Whether unchanged cells can be written again with the pen as it is."""
        return all(
            cell is not None
            and len(cell[0]) == 1
            and not cell[2]
            and (cell[1] == self._pen or (cell[0] == " " and cell[1] == self._on_blank))
            for cell in gap
        )

    def _run(self, y: int, x: int, cells: list[Cell], width: int) -> None:
        """Write cells that stand side by side, from where the cursor is."""
        if not self._erases or len(cells) <= 5:
            self._text(y, x, cells, width)
            return
        texts = "".join([text if len(text) == 1 else "\0" for text in map(_text_of, cells)])
        done = 0
        for blanks in _BLANKS.finditer(texts):
            start, end = blanks.span()
            while start < end:
                style = cells[start][1]
                stop = start + 1
                while stop < end and cells[stop][1] == style:
                    stop += 1
                to_edge = x + stop == width
                if (to_edge or stop - start >= _ERASE) and erasable(style):
                    self._text(y, x + done, cells[done:start], width)
                    self._erase(style, stop - start, to_edge=to_edge)
                    done = stop
                start = stop
        self._text(y, x + done, cells[done:], width)

    def _erase(self, style: str, cells: int, *, to_edge: bool) -> None:
        if self._on_blank != style:
            self._out.append(change(self._pen, style))
            self._pen = self._on_blank = style
        # Erasing leaves the cursor where it is; the next run counts on its being behind.
        self._out.append("\x1b[K" if to_edge else f"\x1b[{cells}X\x1b[{cells}C")

    def _text(self, y: int, x: int, cells: list[Cell], width: int) -> None:
        append = self._out.append
        pen, on_blank = self._pen, self._on_blank
        for index, (text, style, unsure) in enumerate(cells):
            if style != pen and text and not (text == " " and style == on_blank):
                append(change(pen, style))
                pen, on_blank = style, seen_on_blank(style)
            if unsure:
                # Its room is blanked first and the cursor put behind it, however wide the terminal draws it.
                at, room = x + index, 2 if index + 1 < len(cells) and not cells[index + 1][0] else 1
                append(f"{' ' * room}{_place(y, at)}{text}")
                if at + room < width:
                    append(_place(y, at + room))
            else:
                append(text)
        self._pen, self._on_blank = pen, on_blank
