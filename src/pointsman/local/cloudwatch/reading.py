"""Datapoints read back as statistics over periods."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from pointsman.local.cloudwatch import table
from pointsman.local.cloudwatch.table import Metric, Point
from pointsman.local.world import Scope
from pointsman.semantics.metrics import statistics
from pointsman.semantics.metrics.series import Window
from pointsman.semantics.metrics.statistics import Aggregate, Statistic


class Reading(Struct, frozen=True):
    """A statistic of a metric over a window."""

    points: dict[int, float]
    """Values by the beginning of their period, in order of time."""
    units: tuple[str, ...]
    """Every unit that has datapoints in the window; the values are of the first."""


def read(scope: Scope, metric: Metric, statistic: Statistic, window: Window, unit: str | None = None) -> Reading:
    """A statistic of a metric: of one unit, or of the first that has datapoints.

    Args:
        scope: Whose.
        metric: Which.
        statistic: Which statistic.
        window: From when to when; periods begin at its start.
        unit: Only datapoints of this unit.
    """
    points: dict[int, float] = {}
    units: list[str] = []
    for id_, its in table.series(scope, metric, unit):
        found = _values(scope, id_, statistic, window)
        if found is None:
            continue
        units.append(its)
        if len(units) == 1:
            points = found
    return Reading(points, tuple(units))


def _values(scope: Scope, series: int, statistic: Statistic, window: Window) -> dict[int, float] | None:
    """Values by time; None when no datapoint of the series lies in the window."""
    if not statistic.simple:
        return _spread_values(scope, series, statistic, window)
    rows = table.points(scope, series, window.start, window.end, window.period)
    if not rows:
        return None
    kind, period, start = statistic.kind, window.period, window.start
    if period == 60 and start % 60 == 0 and not any(row[0] % 60 for row in rows):
        made = _each(rows, kind)
        if len(made) == len(rows):  # else samples of a second stand beside those of their minute
            return made
    return {time: one.value(kind) for time, one in aggregates(rows, start, period).items()}


def _each(rows: Sequence[Point], kind: str) -> dict[int, float]:
    """One value for a row: rows and periods are the same minutes."""
    if kind == "Average":
        made = {time: total / count for time, count, total, _, _ in rows}
    else:
        place = {"SampleCount": 1, "Sum": 2, "Minimum": 3, "Maximum": 4}[kind]
        made = {row[0]: row[place] for row in rows}
    return made


def aggregates(rows: Sequence[Point], start: int, period: int) -> dict[int, Aggregate]:
    """Rows put together by period, in order of time."""
    made: dict[int, Aggregate] = {}
    for time, count, total, low, high in rows:
        begin = time - (time - start) % period
        one = Aggregate(count, total, low, high)
        former = made.get(begin)
        made[begin] = one if former is None else former.add(one)
    return made


def _spread_values(scope: Scope, series: int, statistic: Statistic, window: Window) -> dict[int, float] | None:
    rows = table.spreads(scope, series, window.start, window.end, window.period)
    if not rows:
        return None
    pairs: dict[int, list[tuple[float, float]] | None] = {}
    for time, count, low, high, spread in rows:
        begin = time - (time - window.start) % window.period
        one, former = table.unpack(spread, count, low, high), pairs.get(begin, [])
        pairs[begin] = None if one is None or former is None else former + one
    values = {begin: statistics.over(statistic, known) for begin, known in pairs.items() if known is not None}
    return {begin: value for begin, value in values.items() if value is not None}


def samples(scope: Scope, metric: Metric, window: Window, unit: str | None = None) -> dict[int, float]:
    """How many samples a metric has in each period."""
    counted: dict[int, float] = {}
    for id_, _ in table.series(scope, metric, unit):
        rows = table.points(scope, id_, window.start, window.end, window.period)
        for time, one in aggregates(rows, window.start, window.period).items():
            counted[time] = counted.get(time, 0.0) + one.count
        if counted:
            break
    return counted


def together(scope: Scope, metrics: Sequence[Metric], kind: str, window: Window) -> dict[int, float]:
    """A simple statistic over the samples of several metrics, of every unit, in order of time."""
    made: dict[int, Aggregate] = {}
    for metric in metrics:
        for id_, _ in table.series(scope, metric):
            rows = table.points(scope, id_, window.start, window.end, window.period)
            for time, one in aggregates(rows, window.start, window.period).items():
                former = made.get(time)
                made[time] = one if former is None else former.add(one)
    return {time: made[time].value(kind) for time in sorted(made)}
