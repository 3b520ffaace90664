"""Results as a picture: columns over time, a line of columns per series or all on common axes, bars by name. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.console.present import plot
from pointsman.console.present.cells import EMPTY, Cell, Piece, cell, fit, join
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean, truncate
from pointsman.model.insights_chart import Bars, Series, TimeChart
from pointsman.model.metrics import MetricQuery
from pointsman.model.metrics import Series as Line

__all__ = ["chart_height", "chart_lines", "figure"]

_LABELS = 9
"""Cells for the figures at the left."""
_PLOT = 9
"""Lines that axes and what is in them take at least."""
_INKS = ("bar", "tone.ok", "tone.waiting", "log.command", "tone.failed", "tone.moving")


def figure(value: float) -> str:
    """A number in few cells: ``1,204``, ``12.4k``, ``3.1M``, ``0.042``."""
    size = abs(value)
    for unit, factor in (("G", 1e9), ("M", 1e6), ("k", 1e4)):
        if size >= factor:
            scale = factor if unit != "k" else 1e3
            return f"{value / scale:.1f}{unit}"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.3g}" if size < 100 else f"{value:.1f}"


def chart_height(chart: TimeChart | Bars, most: int) -> int:
    """How many lines a picture is worth."""
    if isinstance(chart, Bars):
        return min(most, len(chart.items))
    return most if len(chart.series) == 1 else min(most, len(chart.series) + 1)


def chart_lines(chart: TimeChart | Bars, draw: Draw, width: int, height: int) -> list[Cell]:
    """A picture in so much room; as many lines as it takes, at most ``height``."""
    if width < 20 or height < 2:
        return []
    if isinstance(chart, Bars):
        return _bars(chart, draw, width, height)
    if len(chart.series) == 1 and height >= 4:
        return _columns(chart, draw, width, height)
    if len({one.figure for one in chart.series}) == 1 and height >= len(chart.series) + _PLOT:
        return _axes(chart, draw, width, height)
    return _strips(chart, draw, width, height)


# --- one series: columns with a scale


def _columns(chart: TimeChart, draw: Draw, width: int, height: int) -> list[Cell]:
    """Columns from the least value, or from 0, to the largest; the time under them."""
    rows = height - 1
    room = width - _LABELS - 1
    values = _squeezed(chart.series[0].values, room)
    top, floor = max(chart.most, 0.0), min(chart.least, 0.0)
    scale = (top - floor) or 1.0
    each = max(1, room // len(values))
    lines: list[Cell] = []
    for row in range(rows):
        low = floor + scale * (rows - 1 - row) / rows
        high = floor + scale * (rows - row) / rows
        label = top if row == 0 else floor if row == rows - 1 else None
        pieces: list[Piece] = [(f"{figure(label) if label is not None else '':>{_LABELS}} ", "dim")]
        wide, gap = (each - 1, " ") if each > 2 else (each, "")
        text = "".join(_block(value, low, high, draw, foot=row == rows - 1) * wide + gap for value in values)
        pieces.append((text, "bar"))
        lines.append(tuple(pieces))
    lines.append(_time_line(chart, draw, min(room, each * len(values)), _LABELS + 1))
    return lines


def _block(value: float | None, low: float, high: float, draw: Draw, *, foot: bool) -> str:
    """What a column shows between two heights."""
    glyphs = draw.glyphs
    if value is None:
        return " "
    if value >= high:
        return glyphs.bar
    if value <= low:
        return glyphs.sparks[0] if foot else " "
    share = (value - low) / (high - low)
    if not glyphs.bar_ends:  # ASCII: a cell is full or it is not
        return glyphs.bar if share >= 0.5 else glyphs.sparks[0] if foot else " "
    return glyphs.sparks[min(len(glyphs.sparks) - 1, int(share * len(glyphs.sparks)))]


def _squeezed(values: Sequence[float | None], room: int) -> list[float | None]:
    """At most ``room`` values: of several that share a column, the largest."""
    if len(values) <= room:
        return list(values)
    found: list[float | None] = []
    for at in range(room):
        part = values[at * len(values) // room : max((at + 1) * len(values) // room, at * len(values) // room + 1)]
        given = [value for value in part if value is not None]
        found.append(max(given) if given else None)
    return found


def _time_line(chart: TimeChart, draw: Draw, room: int, indent: int) -> Cell:
    last = chart.start + chart.step * chart.bins
    days = draw.zone.of(chart.start).date() != draw.zone.of(last).date()
    form = "%m-%d %H:%M" if days else "%H:%M"
    left, right = draw.zone.of(chart.start).strftime(form), draw.zone.marked(last, form)
    space = max(1, room - cells(left) - cells(right))
    return (*cell(" " * indent), (f"{left}{' ' * space}{right}", "dim"))


# --- several series of one figure, where there is room: on the same axes


def _axes(chart: TimeChart, draw: Draw, width: int, height: int) -> list[Cell]:
    """A plot of all of them over a legend."""
    first, step = chart.start.timestamp(), chart.step.total_seconds()
    lines = []
    for one in chart.series:
        given = [(first + at * step, value) for at, value in enumerate(one.values) if value is not None]
        times, values = zip(*given, strict=True) if given else ((), ())
        lines.append(Line(MetricQuery(None, expression=one.name), one.name, times, values))
    drawn = plot.Chart(tuple(lines), chart.start, chart.start + chart.step * chart.bins, period=max(1, round(step)))
    under = plot.legend(drawn, draw, width)
    if chart.left_out:
        under.append(cell(f"   {chart.left_out:,} more series", "dim"))
    return [*plot.chart(drawn, draw, width, height - len(under)), *under]


# --- several series: a line each


def _strips(chart: TimeChart, draw: Draw, width: int, height: int) -> list[Cell]:
    """Every series on its own line, those of one figure to one scale; its largest and its last figure behind it."""
    shown = chart.series[: max(1, height - 1)]
    names = min(max(max(cells(clean(one.name)) for one in shown), 6), max(8, width // 4))
    room = width - names - 1 - 2 * (_LABELS + 1)
    if room < 8:
        return []
    lines = [_strip(one, at, chart, draw, names, room) for at, one in enumerate(shown)]
    left_out = chart.left_out + len(chart.series) - len(shown)
    note = cell(f"{left_out} more series", "dim") if left_out else EMPTY
    foot = _time_line(chart, draw, min(room, max(1, room // chart.bins) * chart.bins), names + 1)
    return [*lines[: height - 1], (*foot, *(join((cell("  "), note)) if note else ()))][:height]


def _strip(series: Series, at: int, chart: TimeChart, draw: Draw, names: int, room: int) -> Cell:
    values = _squeezed(series.values, room)
    each = max(1, room // len(values))
    sparks = draw.glyphs.sparks
    top = chart.most_of(series.figure)
    text = ""
    for value in values:
        if value is None:
            text += " " * each
        else:
            step = round(max(0.0, value) / top * (len(sparks) - 1)) if top > 0 else 0
            text += sparks[max(0, min(len(sparks) - 1, step))] * each
    given = [value for value in series.values if value is not None]
    name = truncate(clean(series.name), names, draw.glyphs.ellipsis)
    return (
        *fit(cell(name), names, ellipsis=draw.glyphs.ellipsis),
        (" ", ""),
        *fit(((text, _INKS[at % len(_INKS)]),), room),
        (f" {'max ' + figure(max(given)) if given else '':>{_LABELS}}", "strong"),
        (f" {figure(given[-1]) if given else '':>{_LABELS}}", "dim"),
    )


# --- figures by name


def _bars(chart: Bars, draw: Draw, width: int, height: int) -> list[Cell]:
    """A bar per name, in the order of the rows."""
    shown = chart.items[:height] if len(chart.items) <= height else chart.items[: height - 1]
    top = max((abs(value) for _, value in chart.items), default=0.0) or 1.0
    names = min(max((cells(clean(name)) for name, _ in shown), default=6), max(8, width // 3))
    room = max(4, width - names - _LABELS - 2)
    lines: list[Cell] = []
    for name, value in shown:
        bar = draw.glyphs.bar_of(abs(value) / top * room)
        style = "bar" if value >= 0 else "bar.slow"
        said = truncate(clean(name) or "(none)", names, draw.glyphs.ellipsis)
        lines.append(
            (
                *fit(cell(said), names, ellipsis=draw.glyphs.ellipsis),
                (f"{figure(value):>{_LABELS}} ", "strong"),
                *fit(((bar, style),), room, ellipsis=""),
            )
        )
    if len(shown) < len(chart.items):
        lines.append(cell(f"{len(chart.items) - len(shown):,} more", "dim"))
    return lines
