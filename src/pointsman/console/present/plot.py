"""Several series on axes: lines of dots, thresholds, marks of what went out, a cursor, a legend. Pure.

Where there are braille characters a cell has two columns of four dots; elsewhere a cell has one, drawn as the series'
own digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from pointsman.console.present.amounts import amount
from pointsman.console.present.cells import EMPTY, Cell, cell, crop, fit, join, width
from pointsman.console.present.glyphs import ASCII, Glyphs
from pointsman.console.present.look import Draw
from pointsman.console.present.sparkline import columns_of
from pointsman.model.metrics import Release, Series, Threshold

__all__ = ["STYLES", "Chart", "chart", "legend"]

STYLES = ("bar", "tone.ok", "tone.waiting", "hint", "log.phase", "strong", "key", "link")
"""The styles of the series, in turn."""

_MOST = 1e308
"""Beyond this nothing is told apart."""
_BRAILLE = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_LABEL = 9
"""Cells of the labels of values, the axis included."""


class Chart(Struct, frozen=True):
    """What is drawn."""

    series: tuple[Series, ...]
    start: datetime
    end: datetime
    unit: str = ""
    period: int = 60
    thresholds: tuple[Threshold, ...] = ()
    releases: tuple[Release, ...] = ()
    cursor: datetime | None = None
    """The moment a person reads."""
    stacked: bool = field(default=False)
    """Whether the values are added up, each series upon the ones before it."""
    right: frozenset[int] = frozenset()
    """The series, by their places, that have an axis of their own at the right."""
    units: tuple[str, ...] = ()
    """The unit of each series; where there are none, ``unit`` is that of all."""

    def unit_of(self, at: int) -> str:
        """The unit of one series."""
        return self.units[at] if at < len(self.units) else self.unit

    @property
    def axis_unit(self) -> str:
        """The unit of all series; empty where they have several."""
        found = {self.unit_of(at) for at in range(len(self.series))}
        return found.pop() if len(found) == 1 else ""

    def side(self, *, right: bool) -> Chart:
        """Only what one of the two axes has."""
        places = [at for at in range(len(self.series)) if (at in self.right) == right]
        series, units = tuple(self.series[at] for at in places), tuple(self.unit_of(at) for at in places)
        aside = {one.query.ref for at, one in enumerate(self.series) if at in self.right}
        thresholds = tuple(one for one in self.thresholds if (one.metric in aside) == right)
        return replace(self, series=series, units=units, thresholds=thresholds, right=frozenset())


def chart(drawn: Chart, draw: Draw, room: int, height: int) -> list[Cell]:
    """The plot in ``height`` lines of ``room`` cells: marks, area, axis, times."""
    other = drawn.side(right=True) if drawn.right else None
    wide, tall = max(4, room - _LABEL - (_LABEL if other is not None else 0)), max(2, height - 3)
    own = drawn.side(right=False) if other is not None else drawn
    low, high = _bounds(own)
    beside = _bounds(other) if other is not None else (low, high)
    canvas = _Canvas(wide, tall, draw.glyphs)
    for threshold in drawn.thresholds:
        theirs = other is not None and threshold in other.thresholds
        canvas.level(_share(threshold.value, *(beside if theirs else (low, high))))
    for at, line in enumerate(_lines(drawn, wide * canvas.across)):
        bounds = beside if at in drawn.right else (low, high)
        canvas.line([None if one is None else _share(one, *bounds) for one in line], at)
    cursor = -1
    if drawn.cursor is not None:
        cursor = next(iter(columns_of([drawn.cursor], drawn.start, drawn.end, wide)), -1)
    marked = columns_of([one.at for one in drawn.releases], drawn.start, drawn.end, wide)
    lines = [_marks_line(drawn, wide, draw)]
    for y in range(tall):
        down = y / max(1, tall - 1)
        labelled = y in (0, tall - 1) or (tall >= 7 and y == tall // 2)
        label = amount(high * (1 - down) + low * down, own.axis_unit) if labelled else ""
        axis = fit(cell(label, "dim"), _LABEL - 2, "right", draw.glyphs.ellipsis)
        row = (*axis, (f" {draw.glyphs.wall}", "rule"), *canvas.row(y, marked, cursor))
        if other is not None:
            label = amount(beside[1] * (1 - down) + beside[0] * down, other.axis_unit) if labelled else ""
            axis = fit(cell(label, "dim"), _LABEL - 2, ellipsis=draw.glyphs.ellipsis)
            row = (*row, (f"{draw.glyphs.wall} ", "rule"), *axis)
        lines.append(row)
    lines.append(((" " * (_LABEL - 1), ""), (draw.glyphs.corner + draw.glyphs.rule * wide, "rule")))
    lines.append(((" " * _LABEL, ""), *_times(drawn, wide, draw)))
    return lines


def legend(drawn: Chart, draw: Draw, room: int) -> list[Cell]:
    """A line per series: its digit, its name, its value at the cursor or the newest, and its extremes."""
    lines = []
    for at, one in enumerate(drawn.series):
        style, unit = STYLES[at % len(STYLES)], drawn.unit_of(at)
        if one.problem:
            said: Cell = cell(one.problem, "fault")
        elif not one.values:
            said = cell("no data in this range", "dim")
        else:
            read = one.last if drawn.cursor is None else one.at(drawn.cursor.timestamp(), drawn.period)
            value = cell(amount(read, unit) if read is not None else "gap", "strong")
            extremes = f"min {amount(one.least, unit)}  max {amount(one.most, unit)}"
            said = join((value, cell(extremes, "dim")))
        name = cell(one.label or one.query.words)
        stat = cell(one.query.stat if one.query.ref is not None else "", "dim")
        side = cell("right axis", "dim") if at in drawn.right else EMPTY
        named = fit(join((name, stat, side)), max(10, room - width(said) - 6), ellipsis=draw.glyphs.ellipsis)
        lines.append(((f" {(at + 1) % 10} ", style), *named, (" ", ""), *said))
    for threshold in drawn.thresholds:
        breached = threshold.state == "ALARM"
        words = f"{threshold.alarm}: {threshold.sign} {amount(threshold.value, drawn.unit)}  {threshold.state}"
        mark = draw.glyphs.failed if breached else draw.glyphs.rule
        lines.append(((f" {mark} ", "tone.failed" if breached else "dim"), *cell(words, "" if breached else "dim")))
    return [crop(one, room, draw.glyphs.ellipsis) for one in lines]


def _lines(drawn: Chart, count: int) -> list[list[float | None]]:
    lines = [one.columns(drawn.start.timestamp(), drawn.end.timestamp(), count, drawn.period) for one in drawn.series]
    if not drawn.stacked:
        return lines
    under = [0.0] * count
    for line in lines:
        for at, value in enumerate(line):
            if value is not None:
                under[at] = max(-_MOST, min(_MOST, under[at] + value))
                line[at] = under[at]
    return lines


def _bounds(drawn: Chart) -> tuple[float, float]:
    values = [one for line in _lines(drawn, 512) for one in line if one is not None]
    values += [one.value for one in drawn.thresholds if math.isfinite(one.value)]
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low >= 0 and low < high / 2:
        low = 0.0
    if high <= low:
        gap = abs(high) / 2 or 1.0
        low, high = (0.0, high + gap) if low >= 0 else (low - gap, high + gap)
    return max(low, -_MOST), min(high, _MOST)


def _share(value: float, low: float, high: float) -> float:
    return (value / 2 - low / 2) / (high / 2 - low / 2)


class _Canvas:
    """Dots in cells, each cell of one colour."""

    def __init__(self, wide: int, tall: int, glyphs: Glyphs) -> None:
        self.wide, self.tall, self.glyphs = wide, tall, glyphs
        self.fine = glyphs is not ASCII
        self.across, self.down = (2, 4) if self.fine else (1, 1)
        self._dots: list[list[int]] = [[0] * wide for _ in range(tall)]
        self._owner: list[list[int]] = [[-1] * wide for _ in range(tall)]
        self._levels: set[int] = set()

    def _y(self, share: float) -> int:
        rows = self.tall * self.down
        return max(0, min(rows - 1, round((1 - share) * (rows - 1))))

    def level(self, share: float) -> None:
        """A line at one value, under everything else."""
        self._levels.add(self._y(share) // self.down)

    def line(self, shares: Sequence[float | None], owner: int) -> None:
        """A series, its points joined where no gap is between them."""
        before: int | None = None
        for x, share in enumerate(shares):
            if share is None:
                before = None
                continue
            y = self._y(share)
            first, last = (y, y) if before is None else (min(before, y), max(before, y))
            for dot in range(first, last + 1):
                self._dot(x, dot, owner)
            before = y

    def _dot(self, x: int, y: int, owner: int) -> None:
        row, column = y // self.down, x // self.across
        if column >= self.wide:
            return
        self._dots[row][column] |= _DOTS[y % 4][x % 2] if self.fine else 1
        self._owner[row][column] = owner

    def row(self, y: int, marked: frozenset[int], cursor: int) -> Cell:
        """One line of cells."""
        pieces: list[tuple[str, str]] = []
        for x in range(self.wide):
            dots, owner = self._dots[y][x], self._owner[y][x]
            if dots:
                text = chr(_BRAILLE + dots) if self.fine else str((owner + 1) % 10)
                style = STYLES[owner % len(STYLES)]
            elif y in self._levels:
                text, style = self.glyphs.rule, "tone.failed"
            elif x in marked:
                text, style = self.glyphs.release, "mark"
            else:
                text, style = " ", ""
            if x == cursor:
                text, style = text if text != " " else self.glyphs.release, "match.current" if dots else "strong"
            if pieces and pieces[-1][1] == style:
                pieces[-1] = (pieces[-1][0] + text, style)
            else:
                pieces.append((text, style))
        return tuple(pieces)


def _marks_line(drawn: Chart, wide: int, draw: Draw) -> Cell:
    """What went out, named where there is room."""
    line = [" "] * wide
    taken = -1
    for release in drawn.releases:
        at = next(iter(columns_of([release.at], drawn.start, drawn.end, wide)), None)
        if at is None:
            continue
        word = f"{draw.glyphs.unfolded}{'rollback ' if release.kind == 'rollback' else ''}{release.name}"
        said = "".join(text for text, _ in cell(word))
        if at <= taken or at + len(said) > wide:
            said = draw.glyphs.unfolded
        if at > taken or line[at] == " ":
            line[at : at + len(said)] = list(said)
            taken = max(taken, at + len(said))
    return ((" " * _LABEL, ""), ("".join(line[:wide]).rstrip(), "mark"))


def _times(drawn: Chart, wide: int, draw: Draw) -> Cell:
    """Times under the axis, some cells apart; the day, too, where the range is longer than one."""
    span = drawn.end - drawn.start
    form = "%H:%M" if span <= timedelta(days=1) else "%d %Hh"
    apart = 14
    line = ""
    for at in range(0, max(1, wide - 8), apart):
        moment = drawn.start + span * (at / wide)
        line = line.ljust(at) + draw.zone.of(moment).strftime(form)
    zone = draw.zone.marked(drawn.end, "").strip()
    line = line.ljust(max(len(line), wide - len(zone) - 1)) + f" {zone}"
    return ((line[:wide], "dim"),)
