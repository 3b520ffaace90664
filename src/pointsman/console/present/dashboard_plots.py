"""Charts of a dashboard's widgets as lines of cells: lines, stacked areas, bars, gauges. Pure.

A line is drawn in braille dots, two by four in a cell; where a terminal has only ASCII, in a mark per cell. What has no
value has no dot: a gap is a gap. At its newest point a line carries its number, which the legend has too.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from pointsman.console.present.cells import Cell, Piece, fit
from pointsman.console.present.glyphs import ASCII
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean, truncate
from pointsman.model.dashboards import Axis, Line, Mark, Moment

__all__ = ["STYLES", "Span", "chart", "gauge", "number", "style_of"]

STYLES: Final = ("bar", "tone.ok", "hint", "tone.waiting", "strong", "log.command", "tone.stopped")
"""Styles of lines, in their order."""
MOST: Final = 40
"""Lines that are drawn in one chart."""
_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_MARKS: Final = "*+xo#@%"
_DIGITS: Final = "123456789"
_UNITS: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


class Span(Struct, frozen=True):
    """The time a chart shows, in seconds since 1970."""

    start: float
    end: float


def style_of(place: int) -> str:
    """The style of a line by its place."""
    return STYLES[place % len(STYLES)]


def number(value: float | None) -> str:
    """A value in few characters: ``0``, ``0.25``, ``12.5``, ``1.3k``, ``4.2M``; ``-`` without one."""
    if value is None:
        return "-"
    size = abs(value)
    for unit, letter in _UNITS:
        if size >= unit * 0.9995:
            return f"{value / unit:.{0 if size >= 99.95 * unit else 1}f}{letter}" if size < 1e15 else f"{value:.1e}"
    if size >= 99.95 or size == int(size):
        return f"{value:.0f}"
    return f"{value:.3g}" if size >= 0.0005 else f"{value:.0e}"


class _Scale(Struct, frozen=True):
    low: float
    high: float

    def place(self, value: float, steps: int) -> int:
        """Which of so many steps a value is on, from the bottom; within the chart."""
        return round(self.share(value) * (steps - 1))

    def share(self, value: float) -> float:
        """How far up a value is, from 0 to 1. By halves: the ends may lie further apart than a number can say."""
        share = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return max(0.0, min(1.0, share)) if share == share else 0.0


def _scale(lines: Sequence[Line], marks: Sequence[Mark], axis: Axis, *, stacked: bool = False) -> _Scale | None:
    values = [value for line in lines for _, value in line.points]
    if stacked and lines:
        values = [max(0.0, total) for total in _totals(lines)]
    values += [one.value for one in marks]
    if not values and (axis.low is None or axis.high is None):
        return None
    low = axis.low if axis.low is not None else min(values, default=0.0)
    high = axis.high if axis.high is not None else max(values, default=low)
    if axis.low is None and (stacked or 0 < low < high * 0.6):
        low = 0.0
    if not low < high:
        low, high = (low - abs(low) * 0.5, low + abs(low) * 0.5) if low else (0.0, 1.0)
        if axis.low is not None:
            low = axis.low
    if not high / 2 - low / 2 > 0:  # too near for a number to tell them apart
        high = low + max(1.0, abs(low))
    return _Scale(low, min(high, sys.float_info.max))


def _totals(lines: Sequence[Line]) -> list[float]:
    sums: dict[float, float] = {}
    for line in lines:
        for time, value in line.points:
            sums[time] = sums.get(time, 0.0) + value
    return list(sums.values())


class _Canvas:
    """A field of cells: dots, or a mark a cell, each in a style."""

    def __init__(self, width: int, height: int, *, ascii_only: bool) -> None:
        self.width, self.height = width, height
        self.across, self.down = (1, 1) if ascii_only else (2, 4)
        self._ascii = ascii_only
        self._dots = [[0] * width for _ in range(height)]
        self._chars: list[list[str]] = [[""] * width for _ in range(height)]
        self._styles: list[list[str]] = [[""] * width for _ in range(height)]

    def dot(self, x: int, y: int, style: str, mark: str) -> None:
        """Set a dot; ``y`` counts from the bottom."""
        column, row = x // self.across, self.height - 1 - y // self.down
        self._styles[row][column] = style
        if self._ascii:
            self._chars[row][column] = mark
        else:
            self._dots[row][column] |= _DOTS[x % 2][3 - y % 4]

    def char(self, column: int, row: int, char: str, style: str) -> None:
        """Put a character into a cell; ``row`` counts from the top."""
        if 0 <= column < self.width and 0 <= row < self.height:
            self._chars[row][column], self._styles[row][column] = char, style

    def write(self, column: int, row: int, text: str, style: str) -> None:
        """Write over whatever is drawn there; ``row`` counts from the top."""
        for at, char in enumerate(text):
            if 0 <= column + at < self.width:
                self._dots[row][column + at] = 0
                self.char(column + at, row, char, style)

    def rule(self, row: int, char: str, style: str) -> None:
        """A line across, behind what is drawn later; from the top."""
        for column in range(0, self.width, 2):
            self.char(column, row, char, style)

    def line(self, row: int) -> Cell:
        """A row as a cell."""
        made: list[Piece] = []
        for dots, char, style in zip(self._dots[row], self._chars[row], self._styles[row], strict=True):
            shown = chr(0x2800 + dots) if dots else char or " "
            if char in _DIGITS and char:
                shown = char
            name = style if shown != " " else ""
            if made and made[-1][1] == name:
                made[-1] = (made[-1][0] + shown, name)
            else:
                made.append((shown, name))
        return tuple(made)


def chart(
    lines: Sequence[Line],
    marks: Sequence[Mark],
    span: Span,
    axes: tuple[Axis, Axis],
    draw: Draw,
    room: tuple[int, int],
    *,
    stacked: bool = False,
    moments: Sequence[Moment] = (),
) -> list[Cell]:
    """A chart with its axes, in exactly (width, height) terminal cells.

    Args:
        lines: What is drawn, at most ``MOST`` of them.
        marks: Lines across: thresholds.
        span: The time.
        axes: Left and right.
        draw: Glyphs and zone.
        room: Width and height.
        stacked: Whether areas stand on one another.
        moments: Vertical annotations, behind everything.
    """
    width, height = room
    plot = max(1, height - 1)
    drawn = lines[:MOST]
    scales = tuple(
        _scale(
            [one for one in drawn if one.right == right],
            [one for one in marks if one.right == right],
            axis,
            stacked=stacked,
        )
        for right, axis in ((False, axes[0]), (True, axes[1]))
    )
    left, right = (_labels(scale, plot) for scale in scales)
    margins = [max((cells(one) for one in side.values()), default=0) + bool(side) for side in (left, right)]
    inner = max(2, width - sum(margins))
    canvas = _Canvas(inner, plot, ascii_only=draw.glyphs is ASCII)
    if span.end > span.start:
        _moments(canvas, moments, span, draw)
    for mark in marks:
        if (scale := scales[mark.right]) is not None:
            row = plot - 1 - scale.place(mark.value, plot * canvas.down) // canvas.down
            canvas.rule(row, draw.glyphs.rule, "tone.failed")
    if stacked:
        _stack(canvas, drawn, scales[0] or scales[1], span, draw)
    else:
        for place, line in enumerate(drawn):
            scale = scales[line.right]
            if scale is not None:
                _trace(canvas, line, scale, span, place, many=len(drawn) > 1)
    if span.end > span.start:
        _named(canvas, moments, span, draw)
    made: list[Cell] = []
    for row in range(plot):
        before = ((left.get(row, "").rjust(margins[0] - 1) + " ", "dim"),) if margins[0] else ()
        after = ((" " + right.get(row, ""), "dim"),) if margins[1] else ()
        made.append(fit((*before, *canvas.line(row), *after), width))
    if height > 1:
        made.append(fit(((" " * margins[0], ""), *_times(span, inner, draw)), width))
    return made


def _columns(one: Moment, span: Span, width: int) -> list[int]:
    """The columns of a moment, or of both ends of a stretch; those that are in sight."""
    return [
        int((at.timestamp() - span.start) / (span.end - span.start) * width)
        for at in (one.at, one.until)
        if at is not None and span.start <= at.timestamp() < span.end
    ]


def _moments(canvas: _Canvas, moments: Sequence[Moment], span: Span, draw: Draw) -> None:
    """A line down at each moment, both ends of a stretch; behind everything."""
    for one in moments:
        for column in _columns(one, span, canvas.width):
            for row in range(canvas.height):
                canvas.char(column, row, draw.glyphs.release, "mark")


def _named(canvas: _Canvas, moments: Sequence[Moment], span: Span, draw: Draw) -> None:
    """The labels of moments at the top, each where there is room behind the one before."""
    free = 0
    for one in sorted(moments, key=lambda one: one.at):
        columns, label = _columns(one, span, canvas.width), clean(one.label)
        if columns and label and columns[0] >= free and cells(label) == len(label):
            shown = truncate(label, max(0, canvas.width - columns[0] - 1), draw.glyphs.ellipsis)
            canvas.write(columns[0] + 1, 0, shown, "mark")
            free = columns[0] + len(shown) + 2


def _labels(scale: _Scale | None, rows: int) -> dict[int, str]:
    """What stands beside an axis, by row: both ends, and the middle where there is room."""
    if scale is None:
        return {}
    found = {0: number(scale.high), rows - 1: number(scale.low)} if rows > 1 else {0: number(scale.high)}
    if rows >= 7 and rows % 2:
        found[rows // 2] = number(scale.low / 2 + scale.high / 2)
    return found


def _times(span: Span, width: int, draw: Draw) -> Cell:
    """The time axis: its beginning, its middle where there is room, its end."""
    day = span.end - span.start > 36 * 3600

    def said(moment: float) -> str:
        here = draw.zone.of(datetime.fromtimestamp(moment, UTC))
        return f"{here:%d %b %H:%M}" if day and width >= 44 else f"{here:%d %b}" if day else f"{here:%H:%M}"

    first, last = said(span.start), said(span.end)
    if width < cells(first) + cells(last) + 1:
        return ((last.rjust(width)[:width], "dim"),)
    middle = said((span.start + span.end) / 2)
    space = width - cells(first) - cells(last)
    if space >= cells(middle) + 6:
        before = (space - cells(middle)) // 2
        text = first + " " * before + middle + " " * (space - cells(middle) - before) + last
    else:
        text = first + " " * space + last
    return ((text, "dim"),)


def _step(points: Sequence[tuple[float, float]]) -> float:
    """The usual distance between two points."""
    gaps = sorted(after[0] - before[0] for before, after in itertools.pairwise(points))
    return gaps[len(gaps) // 2] if gaps else 0.0


def _trace(canvas: _Canvas, line: Line, scale: _Scale, span: Span, place: int, *, many: bool) -> None:
    """Draw one line; two neighbours are joined unless there is a gap between them."""
    style, mark = style_of(place), _MARKS[place % len(_MARKS)]
    across, down = canvas.width * canvas.across, canvas.height * canvas.down
    longest = _step(line.points) * 1.6
    before: tuple[int, int, float] | None = None
    for time, value in line.points:
        if not span.start - longest <= time <= span.end or span.end <= span.start:
            continue
        x = max(0, min(across - 1, int((time - span.start) / (span.end - span.start) * across)))
        y = scale.place(value, down)
        joined = before is not None and time - before[2] <= longest
        for column, row in _between(before, x, y) if joined and before is not None else ((x, y),):
            canvas.dot(column, row, style, mark)
        before = (x, y, time)
    if before is not None and many and place < len(_DIGITS):
        column, row = before[0] // canvas.across, canvas.height - 1 - before[1] // canvas.down
        canvas.char(column, row, _DIGITS[place], style)


def _between(before: tuple[int, int, float], x: int, y: int) -> Iterator[tuple[int, int]]:
    """The dots from one to another, without the first."""
    from_x, from_y, _ = before
    last = from_y
    for column in range(from_x + 1, x + 1):
        row = round(from_y + (y - from_y) * (column - from_x) / (x - from_x))
        for one in range(min(last, row), max(last, row) + 1) if abs(row - last) > 1 else (row,):
            yield column, one
        last = row
    if x == from_x:
        for one in range(min(last, y), max(last, y) + 1):
            yield x, one


def _stack(canvas: _Canvas, lines: Sequence[Line], scale: _Scale | None, span: Span, draw: Draw) -> None:
    """Areas that stand on one another, each column the mean of what falls into it."""
    if scale is None or span.end <= span.start:
        return
    columns = [_column_means(line, span, canvas.width) for line in lines]
    sparks = draw.glyphs.sparks
    for column in range(canvas.width):
        bounds: list[float] = [max(0.0, scale.low)]
        for means in columns:
            bounds.append(bounds[-1] + max(0.0, means.get(column, 0.0)))
        top = scale.share(bounds[-1]) * canvas.height
        if bounds[-1] <= bounds[0]:
            continue
        for level in range(min(canvas.height, math.ceil(top))):
            height = min(level + 0.5, (level + top) / 2) / canvas.height
            middle = scale.low * (1 - height) + scale.high * height
            place = next((one for one in range(len(lines)) if middle <= bounds[one + 1]), len(lines) - 1)
            part = min(1.0, top - level)
            char = sparks[max(0, min(len(sparks) - 1, round(part * len(sparks)) - 1))]
            canvas.char(column, canvas.height - 1 - level, char, style_of(place))


def _column_means(line: Line, span: Span, width: int) -> dict[int, float]:
    """The mean in each column of a width; a column between two points of one step has the one before."""
    sums: dict[int, tuple[float, int]] = {}
    step = _step(line.points)
    each = (span.end - span.start) / width
    for time, value in line.points:
        first = int((time - span.start) / each)
        for column in range(max(0, first), min(width, max(first + 1, int((time + step - span.start) / each)))):
            total, count = sums.get(column, (0.0, 0))
            sums[column] = (total + value, count + 1)
    return {column: total / count for column, (total, count) in sums.items()}


def gauge(value: float | None, axis: Axis, draw: Draw, width: int, style: str) -> Cell:
    """A bar from an axis' beginning to a value, on a track to its end."""
    low, high = axis.low or 0.0, axis.high if axis.high is not None else max(1.0, value or 0.0)
    if value is None or not high > low or not math.isfinite(high - low):
        return ((draw.glyphs.track * width, "bar.track"),)
    filled = draw.glyphs.bar_of(max(0.0, min(1.0, (value - low) / (high - low))) * width)
    return ((filled, style), (draw.glyphs.track * max(0, width - cells(filled)), "bar.track"))
