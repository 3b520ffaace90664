"""A screen as rows of cells: once as Textual wants it, once as the terminal is known to show it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from pointsman.console.output.cells import BLANK, Cell, blank_like
from pointsman.console.output.frames import Span

__all__ = ["Grid", "Row", "Spans"]

Row: TypeAlias = list[Cell | None]
"""None is a cell of which nothing is known."""
Spans: TypeAlias = dict[int, tuple[str, int]]
"""Column -> the text that was written there last, and the column behind it."""


class Grid:
    """A screen.

    Args:
        width: Columns.
        height: Rows.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.rows: list[Row] = [[None] * width for _ in range(height)]
        self.spans: list[Spans] = [{} for _ in range(height)]
        self.cursor: tuple[int, int] | None = None
        """Row and column; None is not known."""

    def forget(self) -> None:
        """Nothing is known of it."""
        self.rows = [[None] * self.width for _ in range(self.height)]
        self.spans = [{} for _ in range(self.height)]
        self.cursor = None

    def clear(self) -> None:
        """It was erased, with the terminal's own pen."""
        self.rows = [[BLANK] * self.width for _ in range(self.height)]
        self.spans = [{} for _ in range(self.height)]

    @property
    def known(self) -> bool:
        """Whether every cell is known."""
        return not any(None in row for row in self.rows)

    def place(self, spans: Iterable[Span]) -> set[int]:
        """Write spans over what is there; the rows that were touched."""
        touched: set[int] = set()
        for span in spans:
            y, x, end = span.y, span.x, span.x + len(span.cells)
            row, texts = self.rows[y], self.spans[y]
            # A terminal that loses one half of a wide character blanks the other.
            if x and (cut := row[x]) is not None and not cut[0] and (left := row[x - 1]) is not None:
                row[x - 1] = blank_like(left)
            if end < self.width and (cut := row[end]) is not None and not cut[0]:
                row[end] = blank_like(cut)
            row[x:end] = span.cells
            if texts and (x not in texts or texts[x][1] != end):
                for start, (_, stop) in list(texts.items()):
                    if start < end and stop > x:
                        del texts[start]
            texts[x] = (span.text, end)
            touched.add(y)
        return touched
