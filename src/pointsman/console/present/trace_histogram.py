"""Response times of traces as a row of columns, with a range of them chosen. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pointsman.console.present.cells import Cell, Piece, cell, fit
from pointsman.console.present.look import Draw
from pointsman.console.present.traces import seconds
from pointsman.model.trace_groups import Bucket

__all__ = ["columns", "lines", "room_for"]

_EACH = 2
"""Cells of a column."""
_MOST = 40
_LABEL = 9
"""Cells from one label to the next, at least."""


def room_for(width: int) -> int:
    """How many columns there is room for."""
    return max(1, min(_MOST, (width - 2) // _EACH))


def columns(found: Sequence[Bucket], chosen: range, draw: Draw, *, focused: bool) -> Cell:
    """A column each, as high as its share of the fullest; red where most of it failed."""
    glyphs, most = draw.glyphs, max((one.count for one in found), default=0) or 1
    top = len(glyphs.sparks) - 1
    drawn: list[Piece] = []
    for at, one in enumerate(found):
        mark = glyphs.sparks[math.ceil(one.count / most * top)] if one.count else glyphs.dot
        style = "dim" if not one.count else "tone.failed" if one.faults * 2 >= one.count else "bar"
        if focused and at in chosen:
            style = "selected"
        drawn.append((mark * _EACH, style))
    return tuple(drawn)


def lines(found: Sequence[Bucket], chosen: range, draw: Draw, width: int, *, focused: bool) -> tuple[Cell, ...]:
    """The columns, and under them their times; while it has the keys also what is chosen."""
    if not found:
        return (cell("no response times to show", "dim"), ())
    first = columns(found, chosen, draw, focused=focused)
    if focused and chosen:
        some = found[chosen.start : chosen.stop]
        count, faults = sum(one.count for one in some), sum(one.faults for one in some)
        failed = f", {faults:,} with a fault" if faults else ""
        said = f"{seconds(some[0].low)} to {seconds(some[-1].high)}: {count:,} trace{'s' * (count != 1)}{failed}"
        hint = "enter filters, shift with an arrow widens"
        second = fit(cell(f"{said}   {hint}", "strong"), width, ellipsis=draw.glyphs.ellipsis)
    else:
        second = cell(_axis(found, width), "dim")
    return first, second


def _axis(found: Sequence[Bucket], width: int) -> str:
    drawn = ""
    for at, one in enumerate(found):
        column = at * _EACH
        if at and column < len(drawn) + _LABEL - len(seconds(one.low)):
            continue
        label = seconds(one.low) or "0ms"
        if column + len(label) > width:
            break
        drawn = drawn.ljust(column) + label
    return drawn
