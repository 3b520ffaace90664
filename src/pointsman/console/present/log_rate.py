"""How many lines a log has over time: counted by the second, drawn as columns with their errors. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct, field

from pointsman.console.present.cells import Cell, Piece
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells

__all__ = ["Rates", "rate_rows"]

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400)
"""Seconds that a column may stand for."""
_MOST = 200_000
"""Seconds that are remembered."""


class Rates(Struct):
    """Lines and errors by the second."""

    lines: Counter[int] = field(default_factory=Counter)
    errors: Counter[int] = field(default_factory=Counter)
    first: int = 0
    last: int = 0

    def add(self, times: Sequence[int], errors: Sequence[int] = ()) -> None:
        """Count the times of some lines, and those of the errors among them; in milliseconds."""
        if not times:
            return
        seconds = [at // 1000 for at in times]
        empty = not self.lines
        self.lines.update(seconds)
        self.errors.update([at // 1000 for at in errors])
        low, high = min(seconds), max(seconds)
        self.first = low if empty else min(self.first, low)
        self.last = high if empty else max(self.last, high)
        if len(self.lines) > _MOST:
            self._forget()

    def _forget(self) -> None:
        """Let go of the older half."""
        edge = sorted(self.lines)[len(self.lines) // 2]
        for counts in (self.lines, self.errors):
            for second in [one for one in counts if one < edge]:
                del counts[second]
        self.first = edge

    def columns(self, begin: int, step: int, count: int) -> tuple[list[int], list[int]]:
        """Lines and errors of so many columns of ``step`` seconds each."""
        lines, errors = [0] * count, [0] * count
        for counts, columns in ((self.lines, lines), (self.errors, errors)):
            for second, many in counts.items():
                at = (second - begin) // step
                if 0 <= at < count:
                    columns[at] += many
        return lines, errors


def _step(span: int, width: int) -> int:
    """The finest step with which a span fits into so many columns."""
    least = -(-max(1, span) // max(1, width))
    at = bisect_left(_STEPS, least)
    return _STEPS[at] if at < len(_STEPS) else -(-least // 86_400) * 86_400


def rate_rows(
    rates: Rates, draw: Draw, width: int, height: int, *, since: int = 0, cursor: int | None = None
) -> tuple[Cell, ...]:
    """The columns, ``height`` rows of them, over an axis with its two ends and what the highest stands for.

    Args:
        rates: What was counted.
        draw: Glyphs and zone.
        width: Terminal cells.
        height: Rows for the columns.
        since: From when on, in seconds; 0 is the first line.
        cursor: A moment to point at, in seconds.
    """
    if not rates.lines or width < 20:
        return ((("no lines yet", "dim"),),)
    first = max(since, rates.first) if since and since > rates.last - 7 * 86_400 else rates.first
    first = min(first, rates.last)
    step = _step(rates.last - first + 1, width)
    begin = first // step * step
    count = min(width, (rates.last - begin) // step + 1)
    lines, errors = rates.columns(begin, step, count)
    peak = max(lines, default=0) or 1
    rows = [_row(lines, errors, peak, level, height, draw) for level in range(height - 1, -1, -1)]
    return (*rows, _axis(begin, step, count, peak, draw, width, cursor))


def _row(lines: Sequence[int], errors: Sequence[int], peak: int, level: int, height: int, draw: Draw) -> Cell:
    sparks = draw.glyphs.sparks
    steps = len(sparks)
    pieces: list[Piece] = []
    for many, bad in zip(lines, errors, strict=True):
        tall = -(-many * height * steps // peak) - level * steps
        mark = " " if many == 0 or tall <= 0 else sparks[min(steps, tall) - 1]
        style = "log.error" if bad else "bar"
        if pieces and (pieces[-1][1] == style or mark == " "):
            pieces[-1] = (pieces[-1][0] + mark, pieces[-1][1])
        else:
            pieces.append((mark, style))
    return tuple(pieces)


def _axis(begin: int, step: int, count: int, peak: int, draw: Draw, width: int, cursor: int | None) -> Cell:
    left = draw.zone.second(datetime.fromtimestamp(begin, UTC))
    right = draw.zone.second(datetime.fromtimestamp(begin + step * count, UTC))
    top = f"highest {peak:,} in {_words(step)}"
    room = max(count, cells(left) + cells(right) + 2)
    line = list(left + " " * max(1, room - cells(left) - cells(right)) + right)
    if room + cells(top) + 2 <= width:
        line += list(f"  {top}")
    elif cells(top) + 2 <= room - cells(left) - cells(right):
        at = cells(left) + (room - cells(left) - cells(right) - cells(top)) // 2
        line[at : at + cells(top)] = list(top)
    text = "".join(line)[:width]
    if cursor is None or not begin <= cursor < begin + step * count:
        return ((text, "dim"),)
    at = min(len(text) - 1, (cursor - begin) // step)
    pieces = ((text[:at], "dim"), (draw.glyphs.attention, "cursor"), (text[at + 1 :], "dim"))
    return tuple(piece for piece in pieces if piece[0])


def _words(step: int) -> str:
    if step < 60:
        return f"{step} s"
    if step < 3600:
        return f"{step // 60} min"
    return f"{step // 3600} h" if step < 86_400 else f"{step // 86_400} d"
