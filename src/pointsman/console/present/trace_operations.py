"""A trace's operations as rows: how often, how long, how much of the request's time. Pure."""

from __future__ import annotations

from msgspec import Struct

from pointsman.console.present.cells import Cell, Column, Columns, Piece, cell
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells
from pointsman.console.present.traces import seconds
from pointsman.model.trace_operations import OperationStats

__all__ = ["COLUMNS", "OperationRow", "row_key"]


class OperationRow(Struct, frozen=True):
    """An operation, and the whole it is part of."""

    stats: OperationStats
    whole: float
    """Seconds of the critical path of the trace."""

    @property
    def name(self) -> str:
        """What it is called beside its service."""
        one = self.stats.operation
        return "" if one.segment else one.name


def row_key(row: OperationRow) -> object:
    """What keeps its place in a list."""
    return row.stats.operation


def _marks(row: OperationRow, draw: Draw) -> Cell:
    one = row.stats
    shown: list[Piece] = []
    for count, mark, style in (
        (one.faults, draw.glyphs.failed, "tone.failed"),
        (one.errors, "!", "tone.waiting"),
        (one.throttles, "T", "tone.waiting"),
    ):
        if count:
            shown += [(f"{mark}{count:,}", style), (" ", "")]
    return tuple(shown[:-1])


def _number(row: OperationRow) -> Cell:
    return cell(f"{row.stats.count:,}")


def _share(row: OperationRow) -> str:
    return f"{row.stats.critical / row.whole:.0%}" if row.whole > 0 else ""


def _time(key: str, header: str, value: str, priority: int = 0, style: str = "") -> Column[OperationRow]:
    return Column[OperationRow](
        key,
        header,
        lambda row, _: cell(seconds(getattr(row.stats, value)) if row.stats.count > row.stats.moving else "", style),
        least=6,
        align="right",
        priority=priority,
    )


COLUMNS: Columns = (
    Column[OperationRow](
        "service",
        "Service",
        lambda row, _: cell(row.stats.operation.service, "strong"),
        least=8,
        most=30,
        measure=lambda row: cells(row.stats.operation.service),
        names=True,
    ),
    Column[OperationRow](
        "operation",
        "Operation",
        lambda row, _: cell(row.name),
        least=8,
        most=60,
        share=1,
        measure=lambda r: cells(r.name),
        names=True,
    ),
    Column[OperationRow]("count", "Count", lambda row, _: _number(row), least=5, align="right"),
    Column[OperationRow]("marks", "", _marks, least=6, most=12, measure=lambda row: 4 * bool(row.stats.troubled) + 2),
    _time("p50", "p50", "median"),
    _time("p90", "p90", "p90", 2),
    _time("longest", "Longest", "longest", 3),
    _time("total", "Total", "total", 4),
    _time("own", "Self", "own", 1),
    _time("critical", "Waited", "critical", 1),
    Column[OperationRow]("share", "Share", lambda row, _: cell(_share(row), "dim"), least=5, align="right"),
)
"""Operations of a trace."""
