"""Groups of traces as rows. Pure."""

from __future__ import annotations

from pointsman.console.present.cells import Cell, Column, Columns, Piece, cell
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean
from pointsman.console.present.traces import seconds
from pointsman.model.trace_groups import TraceGroup

__all__ = ["COLUMNS", "name_of", "row_key"]


def row_key(row: TraceGroup) -> object:
    """What keeps its place in a list."""
    return row.by, row.name


def name_of(row: TraceGroup) -> str:
    """What its traces have in common, in words."""
    return clean(row.name) or {"URL": "no URL", "service": "no service"}.get(row.by, "no root cause")


def _marks(row: TraceGroup, draw: Draw) -> Cell:
    shown: list[Piece] = []
    for there, mark, style in (
        (row.faults, draw.glyphs.failed, "tone.failed"),
        (row.errors, "!", "tone.waiting"),
        (row.throttles, "T", "tone.waiting"),
    ):
        shown.append((mark, style) if there else (" ", ""))
    return tuple(shown)


def _share(row: TraceGroup) -> Cell:
    return cell(f"{row.fault_share:.0%}", "tone.failed" if row.faults else "dim")


COLUMNS: Columns = (
    Column[TraceGroup]("marks", "", _marks, least=3),
    Column[TraceGroup]("count", "Traces", lambda row, _: cell(f"{row.count:,}"), least=6, align="right"),
    Column[TraceGroup]("faults", "Faults", lambda row, _: _share(row), least=6, align="right"),
    Column[TraceGroup]("p50", "p50", lambda row, _: cell(seconds(row.median)), least=6, align="right"),
    Column[TraceGroup]("p90", "p90", lambda row, _: cell(seconds(row.p90)), least=6, align="right"),
    Column[TraceGroup](
        "name",
        "",
        lambda row, _: cell(name_of(row), "" if row.name else "dim"),
        least=20,
        most=120,
        share=1,
        measure=lambda row: cells(name_of(row)),
        names=True,
    ),
)
"""Groups of a list."""
