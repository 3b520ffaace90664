"""``LogLayout``: which screen rows a log's lines take, with folded phases and wrapped lines.

Without folds and wrapping a line is a row and nothing is computed. Otherwise a running sum of heights is kept: a line's
first row and a row's line are both found by looking into it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from itertools import accumulate

from pointsman.console.present.text import wrap
from pointsman.console.widgets.log_store import LogStore


class LogLayout:
    """Rows of a store's lines."""

    def __init__(self, store: LogStore) -> None:
        self.store = store
        self.wrap_at = 0
        """Cells per row; 0 when lines are not wrapped."""
        self.folded: set[int] = set()
        """Start lines of folded sections."""
        self._ends = array("q")
        """The row after each line's last; only kept while there is something to compute."""
        self._counted = 0
        self._open: list[int] = []
        """Lines that take more rows than they would, ascending: unfolded JSON."""
        self._extra: list[int] = []
        """How many more rows each of them and all before it take."""

    @property
    def simple(self) -> bool:
        """Whether every line is exactly one row, but for those that are unfolded."""
        return not self.wrap_at and not self.folded

    def _more(self, line: int) -> int:
        """How many rows the unfolded lines before a line add."""
        at = bisect_left(self._open, line)
        return self._extra[at - 1] if at else 0

    def unfold(self, line: int, rows: int) -> None:
        """Have a line take so many rows more; none folds it again."""
        sizes = {one: self.unfolded(one) for one in self._open}
        sizes[line] = rows
        self.unfold_only({one: size for one, size in sizes.items() if size})

    def unfold_only(self, rows: Mapping[int, int]) -> None:
        """Have exactly these lines take more rows."""
        self._open = sorted(rows)
        self._extra = list(accumulate(rows[line] for line in self._open))
        if not self.simple:
            self.rebuild()

    def unfolded(self, line: int) -> int:
        """How many more rows a line takes; 0 when it is not unfolded."""
        at = bisect_left(self._open, line)
        if at == len(self._open) or self._open[at] != line:
            return 0
        return self._extra[at] - (self._extra[at - 1] if at else 0)

    @property
    def unfolded_lines(self) -> tuple[int, ...]:
        """The lines that are unfolded."""
        return tuple(self._open)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        if self.simple:
            return self._counted + (self._extra[-1] if self._extra else 0)
        return self._ends[-1] if self._ends else 0

    @property
    def lines(self) -> int:
        """How many lines are laid out."""
        return self._counted

    def extend(self) -> None:
        """Lay out the lines that came since."""
        count = len(self.store)
        if not self.simple:
            self._ends.extend(self._sums(self._counted, count))
        self._counted = count

    def rebuild(self) -> None:
        """Lay everything out anew: another width, other folds."""
        self._ends = array("q")
        self._counted = 0
        self.extend()

    def _sums(self, first: int, stop: int) -> list[int]:
        """The rows' running sum over lines [first, stop)."""
        base = self._ends[-1] if self._ends else 0
        heights = self._heights(first, stop)
        heights[0:1] = [heights[0] + base] if heights else []
        return list(accumulate(heights))

    def _heights(self, first: int, stop: int) -> list[int]:
        store, width = self.store, self.wrap_at
        if width:
            heights = [1 if size <= width else -(-size // width) for size in store.widths[first:stop]]
            for line in store.odd if first == 0 else [line for line in range(first, stop) if line in store.odd]:
                if first <= line < stop:
                    heights[line - first] = len(wrap(store.texts[line], width))
        else:
            heights = [1] * (stop - first)
        for line in self._open:
            if first <= line < stop:
                heights[line - first] = 1 + self.unfolded(line)
        if self.folded:
            for at, section in enumerate(store.sections):
                if section.start not in self.folded:
                    continue
                # The line that opens the section stays; the part before any phase has none, its first line stays.
                begin, end = max(first, section.start + 1), min(stop, store.section_end(at))
                if begin < end:
                    heights[begin - first : end - first] = [0] * (end - begin)
                if first <= section.start < stop:
                    heights[section.start - first] = 1
        return heights

    def row_of(self, line: int) -> int:
        """A line's first row; of a hidden line, the row after what hides it."""
        if self.simple or line <= 0:
            return max(0, line) + (self._more(line) if self._open else 0)
        return self._ends[min(line, len(self._ends)) - 1] if self._ends else 0

    def height_of(self, line: int) -> int:
        """How many rows a line takes; 0 when it is folded away."""
        if self.simple:
            return 1 + (self.unfolded(line) if self._open else 0)
        return self._ends[line] - (self._ends[line - 1] if line else 0)

    def line_at(self, row: int) -> tuple[int, int]:
        """The line on a row, and which of its rows that is."""
        if self.simple:
            return self._among_unfolded(row) if self._open else (row, 0)
        line = bisect_right(self._ends, row)
        return line, row - (self._ends[line - 1] if line else 0)

    def _among_unfolded(self, row: int) -> tuple[int, int]:
        low, high = 0, len(self._open)
        while low < high:
            middle = (low + high) // 2
            if self._open[middle] + (self._extra[middle - 1] if middle else 0) <= row:
                low = middle + 1
            else:
                high = middle
        if low == 0:
            return row, 0
        line, before, after = self._open[low - 1], self._extra[low - 2] if low > 1 else 0, self._extra[low - 1]
        within = row - line - before
        return (line, within) if within <= after - before else (row - after, 0)

    def hidden(self, line: int) -> bool:
        """Whether a line is folded away."""
        return not self.simple and self.height_of(line) == 0

    def fold(self, section: int, on: bool) -> None:
        """Fold or unfold one section."""
        start = self.store.sections[section].start
        (self.folded.add if on else self.folded.discard)(start)
        self.rebuild()

    def fold_all(self, on: bool) -> None:
        """Fold or unfold every section."""
        self.folded = {section.start for section in self.store.sections} if on else set()
        self.rebuild()
