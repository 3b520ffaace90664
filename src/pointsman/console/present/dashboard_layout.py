"""Where a dashboard's widgets stand on a terminal: a grid of 24 columns scaled to its width. Pure.

A narrow terminal has half as many columns: widgets are twice as wide there and flow on in their order. Whatever a body
says, no two widgets overlap: one that would is moved down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from pointsman.model.dashboards import COLUMNS, AlarmsAsked, MetricAsked, TextAsked, Widget

__all__ = ["NARROW", "Spot", "place"]

NARROW: Final = 100
"""Terminal cells below which widgets flow."""
_LINES: Final = 1.5
"""Terminal lines of a row of the grid."""
GAP: Final = 1


class Spot(Struct, frozen=True):
    """Where a widget stands, in terminal cells."""

    widget: Widget
    x: int
    y: int
    width: int
    height: int


def _least(widget: Widget) -> int:
    """The fewest lines that say something: a title and what is below it."""
    asked = widget.asked
    if isinstance(asked, TextAsked):
        return 1
    if isinstance(asked, MetricAsked) and asked.view == "timeSeries":
        return 7
    return 3 if isinstance(asked, AlarmsAsked | MetricAsked) else 4


class _Box(Struct):
    widget: Widget
    x: int
    y: int
    width: int
    height: int


def place(widgets: Sequence[Widget], width: int) -> tuple[Spot, ...]:
    """Every widget's spot in so many terminal cells, in reading order."""
    boxes = _flowed(widgets) if width < NARROW else _placed(widgets)
    edges = sorted({edge for box in boxes for edge in (box.y, box.y + box.height)})
    lines: dict[int, int] = {}
    ending: dict[int, list[_Box]] = {}
    covered: list[tuple[int, int]] = sorted((box.y, box.y + box.height) for box in boxes)
    for box in boxes:
        ending.setdefault(box.y + box.height, []).append(box)
    before = 0
    reach = at = 0
    for number, edge in enumerate(edges):
        if number:
            # Rows of the grid that nothing stands on take no lines.
            while at < len(covered) and covered[at][0] < edge:
                reach = max(reach, covered[at][1])
                at += 1
            rows = edge - edges[number - 1] if reach >= edge else 0
            before += round(rows * _LINES) if rows else 0
        for box in ending.get(edge, ()):
            before = max(before, lines[box.y] + max(_least(box.widget), round(box.height * _LINES)))
        lines[edge] = before
    spots = []
    for box in boxes:
        left, right = box.x * width // COLUMNS, (box.x + box.width) * width // COLUMNS
        if right < width:
            right -= GAP
        spots.append(
            Spot(box.widget, left, lines[box.y], max(1, right - left), lines[box.y + box.height] - lines[box.y])
        )
    return tuple(sorted(spots, key=lambda one: (one.y, one.x)))


def _placed(widgets: Sequence[Widget]) -> list[_Box]:
    """Where the body puts them; those without a place come after the others, where there is room."""
    known = [one for one in widgets if one.x is not None and one.y is not None]
    boxes: list[_Box] = []
    floor = [0] * COLUMNS
    for one in sorted(known, key=lambda one: (one.y or 0, one.x or 0)):
        x = min(one.x or 0, COLUMNS - 1)
        width = min(one.width, COLUMNS - x)
        y = max(one.y or 0, *floor[x : x + width])
        floor[x : x + width] = [y + one.height] * width
        boxes.append(_Box(one, x, y, width, one.height))
    rest = [one for one in widgets if one.x is None or one.y is None]
    end = max((box.y + box.height for box in boxes), default=0)
    return boxes + _shelves(rest, end, 1)


def _flowed(widgets: Sequence[Widget]) -> list[_Box]:
    """In reading order, each twice as wide."""
    far = 10**9
    ordered = sorted(
        enumerate(widgets),
        key=lambda pair: (
            pair[1].y if pair[1].y is not None else far,
            pair[1].x if pair[1].x is not None else far,
            pair[0],
        ),
    )
    return _shelves([one for _, one in ordered], 0, 2)


def _shelves(widgets: Sequence[Widget], top: int, wider: int) -> list[_Box]:
    """Side by side while there is room, then below."""
    boxes: list[_Box] = []
    x, y, tallest = 0, top, 0
    for one in widgets:
        width = min(COLUMNS, one.width * wider)
        if x and x + width > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        boxes.append(_Box(one, x, y, width, one.height))
        x, tallest = x + width, max(tallest, one.height)
    return boxes
