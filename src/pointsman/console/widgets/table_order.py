"""What a table keeps of its rows: how they were drawn, and how they are sorted, over several frames if need be."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct
from textual.strip import Strip

from pointsman.console.present.cells import Cell, Columns
from pointsman.console.present.look import Draw
from pointsman.console.present.order import RowOrder, SortKeys

R = TypeVar("R")

FRAME = 0.012
"""Seconds that looking at rows may take of one frame."""


class Drawn(Struct, Generic[R]):
    """A rendered row and what it was rendered from."""

    row: R
    content: Cell
    strip: Strip
    due: datetime | None


class Sorting(Generic[R]):
    """The order of a table, and what it knows of the rows for it."""

    def __init__(self) -> None:
        self.order = RowOrder()
        self._known: dict[str, SortKeys[R]] = {}
        """By the column's key."""
        self._rows: Sequence[R] = ()
        self.whole = True
        """Whether every row has been looked at, as the order needs it."""

    def forget(self) -> None:
        """The columns are other ones."""
        self._known.clear()

    def sorted(self, rows: Sequence[R], keys: Sequence[Hashable], columns: Columns, draw: Draw) -> Sequence[R]:
        """The rows in their order.

        Where looking at them takes longer than a frame's share, ``whole`` is false afterwards: go on with ``learn`` in
        the next frame. Until then a row is where what it showed before belongs.
        """
        if rows is not self._rows:
            # Keys of columns that nobody sorts by would keep rows alive that are long gone.
            self._known = {key: known for key, known in self._known.items() if key == self.order.column}
            self._rows = rows
        known = self._keys(columns)
        if known is None:
            self.whole = True
            return rows
        self._learn(known, rows, keys, draw)
        return known.ordered(rows, keys, reverse=self.order.reverse)

    def learn(self, rows: Sequence[R], keys: Sequence[Hashable], columns: Columns, draw: Draw) -> bool:
        """Look at more rows; whether every one has been looked at by now."""
        known = self._keys(columns)
        self.whole = True
        if known is not None:
            self._learn(known, rows, keys, draw)
        return self.whole

    def _learn(self, known: SortKeys[R], rows: Sequence[R], keys: Sequence[Hashable], draw: Draw) -> None:
        until = time.perf_counter() + FRAME
        self.whole = known.learn(rows, keys, draw, lambda: time.perf_counter() > until)

    def _keys(self, columns: Columns) -> SortKeys[R] | None:
        column: Any = self.order.column_of(columns)
        if column is None:
            return None
        known = self._known.get(column.key)
        if known is None or known.column is not column:
            known = self._known[column.key] = SortKeys(column)
        return known
