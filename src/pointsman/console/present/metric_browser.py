"""The levels of the metric browser as lines. Pure."""

from __future__ import annotations

from collections.abc import Hashable

from msgspec import Struct

from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, cell
from pointsman.console.present.look import Draw
from pointsman.model.metric_tree import Shelf

__all__ = ["METRICS", "NAMES", "ShelfRow", "row_key"]


class ShelfRow(Struct, frozen=True):
    """A line of a level, and whether the board shows it."""

    shelf: Shelf
    pinned: bool = False
    watched: bool = False


def row_key(row: ShelfRow) -> Hashable:
    """What keeps its place."""
    return row.shelf.ref or row.shelf.path


def _mark(row: ShelfRow, draw: Draw) -> Cell:
    return ((draw.glyphs.mark, "mark"),) if row.pinned else EMPTY


def _count(row: ShelfRow, draw: Draw) -> Cell:
    del draw
    return cell(f"{row.shelf.count:,}", "strong")


def _title(row: ShelfRow, draw: Draw) -> Cell:
    del draw
    return cell(row.shelf.title)


def _values(row: ShelfRow, draw: Draw) -> Cell:
    del draw
    ref = row.shelf.ref
    return cell("  ".join(f"{name}={value}" for name, value in ref.dimensions)) if ref is not None else EMPTY


NAMES: Columns = (
    Column("name", "Name", _title, least=20, share=1, measure=lambda row: len(row.shelf.title)),
    Column("count", "Metrics", _count, least=9, align="right"),
)
METRICS: Columns = (
    Column("mark", "", _mark, least=1),
    Column("name", "Metric", _title, least=12, most=40, measure=lambda row: len(row.shelf.title)),
    Column("dimensions", "Of", _values, least=16, share=1),
    Column(
        "board",
        "Board",
        lambda row, _: cell("pinned", "mark") if row.pinned else cell("watched", "dim") if row.watched else EMPTY,
        least=7,
        priority=1,
    ),
)
