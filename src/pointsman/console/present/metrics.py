"""Metrics in lists: what, how much, its shape, its extremes, what an alarm holds against it. Pure."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from pointsman.console.present.amounts import amount
from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, cell
from pointsman.console.present.look import Draw
from pointsman.console.present.sparkline import columns_of, sparkline
from pointsman.model.metrics import Release, Series, Threshold
from pointsman.model.refs import MetricRef

__all__ = ["METRICS", "MetricRow", "grouped", "reading", "row_key", "row_words", "threshold_words", "trend"]


class MetricRow(Struct, frozen=True):
    """One metric on the board."""

    ref: MetricRef
    start: datetime
    end: datetime
    period: int = 60
    stat: str = "Average"
    series: Series | None = None
    """None where it has not been asked for."""
    thresholds: tuple[Threshold, ...] = ()
    releases: tuple[Release, ...] = ()
    pinned: bool = False
    unit: str = ""
    cursor: datetime | None = None
    """The moment that is read."""
    follows: bool = False
    """Whether it stands under another of its namespace, which has said the name."""

    @property
    def breaching(self) -> bool:
        """Whether its newest value is on the wrong side of an alarm's threshold."""
        last = self.series.last if self.series is not None else None
        return last is not None and any(one.breached_by(last) for one in self.thresholds)

    @property
    def alarmed(self) -> bool:
        """Whether an alarm on it is in ALARM."""
        return any(one.state == "ALARM" for one in self.thresholds)


def row_key(row: MetricRow) -> Hashable:
    """What keeps its place in a list."""
    return row.ref


def grouped(rows: list[MetricRow]) -> list[MetricRow]:
    """Rows by namespace, those of one together in their order, the namespaces in the order of their first rows."""
    spaces: dict[str, list[MetricRow]] = {}
    for row in rows:
        known = spaces.setdefault(row.ref.namespace, [])
        known.append(replace(row, follows=True) if known else row)
    return [row for known in spaces.values() for row in known]


def row_words(ref: MetricRef) -> str:
    """What a filter looks in, in lower case."""
    dimensions = " ".join(f"{name}={value}" for name, value in ref.dimensions)
    return f"{ref.namespace} {ref.name} {dimensions}".lower()


def trend(series: Series) -> float:
    """How the newest quarter of the values compares with the ones before: 0.5 is half as much again; 0 is no change."""
    values = series.tame
    if len(values) < 4:
        return 0.0
    cut = max(1, len(values) // 4)
    late, early = sum(values[-cut:]) / cut, sum(values[:-cut]) / (len(values) - cut)
    if early == 0:
        return 0.0 if late == 0 else (1.0 if late > 0 else -1.0)
    return (late - early) / abs(early)


def _trend(row: MetricRow, draw: Draw) -> Cell:
    if row.series is None or not row.series.values:
        return EMPTY
    change = trend(row.series)
    if abs(change) < 0.1:
        return cell(draw.glyphs.dot, "dim")
    return cell(f"{draw.glyphs.ascending if change > 0 else draw.glyphs.descending}{min(abs(change), 9.99):.0%}", "dim")


def threshold_words(row: MetricRow) -> str:
    """``> 80``: what the first alarm holds it against; how many more there are."""
    if not row.thresholds:
        return ""
    worst = next((one for one in row.thresholds if one.state == "ALARM"), row.thresholds[0])
    more = f" +{len(row.thresholds) - 1}" if len(row.thresholds) > 1 else ""
    return f"{worst.sign} {amount(worst.value, row.unit)}{more}"


def _mark(row: MetricRow, draw: Draw) -> Cell:
    if row.alarmed:
        return ((draw.glyphs.failed, "tone.failed"),)
    if row.breaching:
        return ((draw.glyphs.attention, "tone.waiting"),)
    return ((draw.glyphs.mark, "mark"),) if row.pinned else EMPTY


def _last(row: MetricRow, draw: Draw) -> Cell:
    del draw
    if row.series is None:
        return EMPTY
    if row.series.problem:
        return cell("refused", "fault")
    if not row.series.values:
        return cell("no data", "dim")
    return cell(amount(row.series.last, row.unit), "tone.failed" if row.breaching else "strong")


def _spark(row: MetricRow, draw: Draw, room: int) -> Cell:
    if row.series is None:
        return cell("not read: narrow the list" if room > 26 else "", "dim")
    if row.series.problem:
        return cell(row.series.problem, "fault")
    at = -1
    if row.cursor is not None:
        at = next(iter(columns_of([row.cursor], row.start, row.end, room)), -1)
    return sparkline(
        row.series,
        row.start,
        row.end,
        room,
        draw.glyphs,
        thresholds=row.thresholds,
        releases=row.releases,
        period=row.period,
        cursor=at,
    )


def _extreme(row: MetricRow, most: bool) -> Cell:
    if row.series is None or not row.series.values:
        return EMPTY
    return cell(amount(row.series.most if most else row.series.least, row.unit), "dim")


def _dimensions(row: MetricRow, draw: Draw) -> Cell:
    del draw
    return cell(" ".join(value for _, value in row.ref.dimensions) or "-", "")


METRICS: Columns = (
    Column("mark", "", _mark, least=1),
    Column(
        "namespace",
        "Namespace",
        lambda row, draw: cell(draw.glyphs.dot if row.follows else row.ref.namespace, "dim"),
        least=9,
        most=18,
        priority=5,
        measure=lambda row: len(row.ref.namespace),
    ),
    Column(
        "name",
        "Metric",
        lambda row, _: cell(row.ref.name),
        least=10,
        most=26,
        measure=lambda row: len(row.ref.name),
        names=True,
    ),
    Column(
        "dimensions",
        "Of",
        _dimensions,
        least=18,
        most=32,
        priority=1,
        measure=lambda row: sum(len(value) + 1 for _, value in row.ref.dimensions),
        names=True,
    ),
    Column("last", "Last", _last, least=7, align="right"),
    Column("trend", "Trend", _trend, least=5, align="right", priority=3),
    Column("shape", "", lambda row, draw: _spark(row, draw, 24), least=26, share=1, fitted=_spark),
    Column("least", "Min", lambda row, _: _extreme(row, False), least=6, align="right", priority=4),
    Column("most", "Max", lambda row, _: _extreme(row, True), least=6, align="right", priority=3),
    Column(
        "alarm",
        "Alarm",
        lambda row, _: cell(threshold_words(row), "tone.failed" if row.alarmed else "dim"),
        least=8,
        most=14,
        priority=2,
    ),
)


def reading(row: MetricRow, draw: Draw) -> Cell:
    """What the cursor reads of a row: when, how much, what breaches, and what went out in that very period."""
    if row.cursor is None or row.series is None:
        return EMPTY
    value = row.series.at(row.cursor.timestamp(), row.period)
    pieces: list[Cell] = [cell(draw.zone.minute(row.cursor), "key"), cell(f"{row.stat} of {row.ref.name}", "dim")]
    pieces.append(cell(amount(value, row.unit), "strong") if value is not None else cell("gap: no data", "stale"))
    for threshold in row.thresholds:
        if value is not None and threshold.breached_by(value):
            limit = amount(threshold.value, row.unit)
            pieces.append(cell(f"{threshold.sign} {limit} of {threshold.alarm}", "tone.failed"))
    until = row.cursor + timedelta(seconds=row.period)
    pieces += [cell(f"{one.kind} {one.name}", "mark") for one in row.releases if row.cursor <= one.at < until]
    line: list[tuple[str, str]] = []
    for piece in pieces:
        line += [*piece, ("  ", "")]
    return tuple(line)
