"""A dashboard as lines of cells: every widget in its spot. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from pointsman.console.present import markdown
from pointsman.console.present.cells import Cell, Piece, cell, crop, fit, spread, width
from pointsman.console.present.dashboard_layout import Spot
from pointsman.console.present.dashboard_plots import Span, chart, gauge, number, style_of
from pointsman.console.present.faults import fault_lines
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean
from pointsman.model.dashboards import (
    AlarmFace,
    AlarmsAsked,
    Axis,
    DashboardView,
    Found,
    Line,
    LogAsked,
    MetricAsked,
    Refused,
    TextAsked,
)
from pointsman.model.status import Tone

__all__ = ["panel", "title_of"]

_ALARMS: Final = {"ALARM": Tone.FAILED, "OK": Tone.OK, "INSUFFICIENT_DATA": Tone.UNKNOWN}
_ORDER: Final = ("ALARM", "INSUFFICIENT_DATA", "OK")


def title_of(spot: Spot) -> str:
    """What a widget is called: its own title, or what it is about."""
    widget, asked = spot.widget, spot.widget.asked
    if widget.title:
        return clean(widget.title)
    if isinstance(asked, MetricAsked):
        names = list(dict.fromkeys(one.name or one.label or one.expression for one in asked.lines))
        return clean(", ".join(name for name in names[:3] if name)) or "Metrics"
    if isinstance(asked, LogAsked):
        return clean(", ".join(asked.groups)) or "Logs"
    if isinstance(asked, AlarmsAsked):
        return "Alarms"
    return f"{clean(asked.kind) or 'widget'}" if isinstance(asked, Refused) else ""


def panel(spot: Spot, view: DashboardView, draw: Draw, *, selected: bool = False) -> list[Cell]:
    """A widget in exactly its spot's lines, each exactly as wide."""
    asked = spot.widget.asked
    found = view.found.get(spot.widget.number)
    room, height = spot.width, spot.height
    lines: list[Cell] = []
    if not (isinstance(asked, TextAsked) and not spot.widget.title):
        lines.append(_heading(title_of(spot), room, draw, selected=selected))
    left = height - len(lines)
    if isinstance(asked, TextAsked):
        lines += markdown.lines(asked.markdown, draw, room)
    elif isinstance(asked, Refused):
        lines += markdown.wrapped(cell(asked.reason, "dim"), max(8, room))
    elif found is None:
        lines.append(cell("reading" + draw.glyphs.ellipsis, "dim"))
    else:
        lines += _content(asked, found, view, draw, room, left)
    if len(lines) > height:
        lines = [*lines[: height - 1], ((draw.glyphs.ellipsis, "dim"),)] if height else []
    if selected and isinstance(asked, TextAsked) and not spot.widget.title and lines:
        lines[0] = tuple((text, "rule.focus") for text, _ in lines[0]) or ((" ", ""),)
    return [fit(line, room, ellipsis=draw.glyphs.ellipsis) for line in [*lines, *[()] * (height - len(lines))]]


def _heading(title: str, room: int, draw: Draw, *, selected: bool) -> Cell:
    rule = draw.glyphs.heavy_rule if selected else draw.glyphs.rule
    style = "rule.focus" if selected else "rule"
    before = (f"{draw.glyphs.cursor if selected else rule} ", style)
    shown = crop(((title, "title"),), max(1, room - 4), draw.glyphs.ellipsis)
    rest = room - 3 - width(shown)
    return (before, *shown, (" " + rule * max(0, rest), style))


def _content(
    asked: MetricAsked | LogAsked | AlarmsAsked, found: Found, view: DashboardView, draw: Draw, room: int, height: int
) -> list[Cell]:
    trouble = [crop(line, room, draw.glyphs.ellipsis) for line in fault_lines(found.fault, draw)] if found.fault else []
    notes = [line for note in found.notes for line in markdown.wrapped(cell(note, "stale"), max(8, room))]
    head = [*trouble[: max(1, height // 2)], *notes[: max(1, height // 3)]]
    left = max(1, height - len(head))
    if isinstance(asked, MetricAsked):
        shown = [line for line in found.lines if line.visible]
        body = [_alarm(one, draw, room) for one in found.alarms[: left // 2]] if asked.alarms else []
        left -= len(body)
        if not any(line.points for line in shown):
            if asked.lines and not trouble and not notes:
                body.append(cell("no data in this time", "dim"))
        else:
            body += _VIEWS.get(asked.view, _time_series)(asked, found, shown, view, draw, (room, left))
    elif isinstance(asked, AlarmsAsked):
        body = _alarms(found, draw, room, left)
    else:
        body = _rows(found, draw, room, left) if not (trouble and not found.rows) else []
    return [*head, *body]


# -- metrics --------------------------------------------------------------------------------------------------------

Room = tuple[int, int]


def _legend(lines: Sequence[Line], draw: Draw, room: int, most: int) -> list[Cell]:
    """Each line's number, label and newest value, as many in a row as fit."""
    entries: list[Cell] = []
    for place, line in enumerate(lines):
        mark = str(place + 1) if len(lines) > 1 and place < 9 else draw.glyphs.moving
        label = clean(line.label) or "line"
        entries.append(((f"{mark} ", style_of(place)), (label, ""), (f" {number(line.last)}", "strong")))
    made: list[Cell] = []
    for place, entry in enumerate(entries):
        joined = (*made[-1], ("  ", ""), *entry) if made else entry
        if made and width(joined) <= room:
            made[-1] = joined
        elif len(made) >= most:
            rest = f" +{len(entries) - place} more"
            made[-1] = (*crop(made[-1], max(1, room - cells(rest)), draw.glyphs.ellipsis), (rest, "dim"))
            break
        else:
            made.append(crop(entry, room, draw.glyphs.ellipsis))
    return made


def _time_series(
    asked: MetricAsked, found: Found, lines: Sequence[Line], view: DashboardView, draw: Draw, room: Room
) -> list[Cell]:
    across, down = room
    legend = _legend(lines, draw, across, max(1, min(down - 4, down // 3))) if down >= 5 else []
    span = Span(view.start.timestamp(), view.end.timestamp())
    marks = (*asked.marks, *found.marks)
    plot = (across, max(1, down - len(legend)))
    axes = (asked.left, asked.right)
    drawn = chart(lines, marks, span, axes, draw, plot, stacked=asked.stacked, moments=asked.moments)
    return [*drawn, *legend]


def _value(line: Line) -> float | None:
    return line.last


def _single(
    asked: MetricAsked, found: Found, lines: Sequence[Line], view: DashboardView, draw: Draw, room: Room
) -> list[Cell]:
    del found, view
    across, down = room
    made: list[Cell] = []
    for place, line in enumerate(lines[: max(1, down)]):
        said: Cell = ((number(_value(line)), "strong"),)
        label = cell(clean(line.label), "dim")
        if asked.sparkline and across >= 24 and len(line.points) > 1:
            values = [value for _, value in line.points][-(across // 3) :]
            low = min(values)
            spark = draw.glyphs.spark([value / 2 - low / 2 for value in values])
            said = ((spark, style_of(place)), ("  ", ""), *said)
        made.append(spread(label, said, across, draw.glyphs.ellipsis))
    return made


def _gauge(
    asked: MetricAsked, found: Found, lines: Sequence[Line], view: DashboardView, draw: Draw, room: Room
) -> list[Cell]:
    del view
    across, down = room
    made: list[Cell] = []
    broken = [mark.value for mark in (*asked.marks, *found.marks)]
    for place, line in enumerate(lines[: max(1, (down + 1) // 2)]):
        value = _value(line)
        over = value is not None and bool(broken) and value >= min(broken)
        style = "tone.failed" if over else style_of(place)
        made.append(spread(cell(clean(line.label), "dim"), ((number(value), "strong"),), across, draw.glyphs.ellipsis))
        low, high = number(asked.left.low or 0.0), number(asked.left.high)
        ends = cells(low) + cells(high) + 2
        if asked.left.high is None or across < ends + 6:
            made.append(gauge(value, asked.left, draw, across, style))
        else:
            bar = gauge(value, asked.left, draw, across - ends, style)
            made.append(((f"{low} ", "dim"), *bar, (f" {high}", "dim")))
    return made


def _bars(
    asked: MetricAsked, found: Found, lines: Sequence[Line], view: DashboardView, draw: Draw, room: Room
) -> list[Cell]:
    """A bar a line, as long as its newest value; of a pie its share."""
    del found, view
    across, down = room
    values = [max(0.0, _value(line) or 0.0) for line in lines]
    total = sum(values)
    most = total if asked.view == "pie" else max(values, default=0.0)
    label = min(max((cells(clean(line.label)) for line in lines), default=0), max(6, across // 3))
    made: list[Cell] = []
    for place, (line, value) in enumerate(zip(lines[: max(1, down)], values, strict=False)):
        share = f"{value / total:.0%}" if asked.view == "pie" and total and math.isfinite(total) else ""
        said = f" {share or number(_value(line))}".rjust(8)
        bar = max(1, across - label - 1 - cells(said))
        drawn = gauge(value, Axis(0.0, most or 1.0), draw, bar, style_of(place))
        name = fit(cell(clean(line.label), "dim"), label, ellipsis=draw.glyphs.ellipsis)
        made.append((*name, (" ", ""), *drawn, (said, "strong")))
    return made


def _table(
    asked: MetricAsked, found: Found, lines: Sequence[Line], view: DashboardView, draw: Draw, room: Room
) -> list[Cell]:
    del asked, found, view
    across, down = room
    columns: tuple[tuple[str, Callable[[list[float]], float]], ...] = (
        ("Last", lambda values: values[-1]),
        ("Min", min),
        ("Avg", lambda values: sum(values) / len(values)),
        ("Max", max),
        ("Sum", sum),
    )
    columns = columns[: max(1, min(len(columns), (across - 8) // 8))]
    name = max(4, across - 8 * len(columns))
    head: list[Piece] = [*fit(cell("Metric", "header"), name), *(((title.rjust(8)), "header") for title, _ in columns)]
    made: list[Cell] = [tuple(head)]
    for line in lines[: max(1, down - 1)]:
        values = [value for _, value in line.points]
        figures = [(number(of(values) if values else None).rjust(8), "") for _, of in columns]
        made.append((*fit(cell(clean(line.label)), name, ellipsis=draw.glyphs.ellipsis), *figures))
    return made


_VIEWS: Final[dict[str, Callable[[MetricAsked, Found, Sequence[Line], DashboardView, Draw, Room], list[Cell]]]] = {
    "timeSeries": _time_series,
    "singleValue": _single,
    "gauge": _gauge,
    "bar": _bars,
    "pie": _bars,
    "table": _table,
}


# -- alarms and logs ------------------------------------------------------------------------------------------------


def _alarm(face: AlarmFace, draw: Draw, room: int) -> Cell:
    tone = _ALARMS.get(face.state, Tone.UNKNOWN)
    said = clean(face.state.replace("_", " ")) or clean(face.reason)
    since = f" {draw.age(face.since)}" if face.since is not None and face.state else ""
    head: Cell = ((f"{draw.glyphs.of(tone)} ", f"tone.{tone.value}"), (clean(face.name), ""))
    return spread(head, ((said, f"tone.{tone.value}"), (since, "dim")), room, draw.glyphs.ellipsis)


def _alarms(found: Found, draw: Draw, room: int, height: int) -> list[Cell]:
    """The worst first; those that have no room are counted."""
    faces = sorted(found.alarms, key=lambda one: _ORDER.index(one.state) if one.state in _ORDER else len(_ORDER))
    if not faces:
        return [cell("no alarm is in these states" if found.fault is None else "", "dim")]
    shown = faces if len(faces) <= height else faces[: max(0, height - 1)]
    made = [_alarm(one, draw, room) for one in shown]
    if len(shown) < len(faces):
        made.append(cell(f"+{len(faces) - len(shown)} more", "dim"))
    return made


def _rows(found: Found, draw: Draw, room: int, height: int) -> list[Cell]:
    if not found.rows:
        return [] if found.notes else [cell("no results in this time", "dim")]
    columns = found.columns[: max(1, room // 10)]
    rows = found.rows[: max(1, height - 1)]
    widths = [
        min(max(cells(clean(title)), *(cells(clean(row[at][:200])) for row in rows)), room)
        for at, title in enumerate(columns)
    ]
    space = room - (len(widths) - 1)
    while sum(widths) > space:
        widest = max(range(len(widths)), key=widths.__getitem__)
        if widths[widest] <= 4:
            break
        widths[widest] = max(4, widths[widest] - max(1, sum(widths) - space))
    if sum(widths) < space:
        widths[-1] += space - sum(widths)

    def line(texts: Sequence[str], style: str) -> Cell:
        made: list[Piece] = []
        for text, wide in zip(texts, widths, strict=False):
            made += [*fit(cell(text[:2000], style), wide, ellipsis=draw.glyphs.ellipsis), (" ", "")]
        return tuple(made[:-1])

    return [line(columns, "header"), *(line(row, "") for row in rows)]
