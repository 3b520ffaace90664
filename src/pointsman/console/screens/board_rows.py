"""The board's rows as its screens show them: the worst first, by the words of a filter; each row is looked at once.

A board of ten thousand comes again whenever one of them has changed: what is known of a row stands as long as it is the
same object.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from pointsman.console.screens.selection import row_words
from pointsman.model.pipelines import Board, PipelineRow, worst_first
from pointsman.model.status import Status

__all__ = ["BoardRows"]


class _Known(Struct, gc=False):
    """What is known of a row."""

    row: PipelineRow
    status: Status
    rank: tuple[int, str]
    words: str = ""
    """Empty until a filter asks."""


class BoardRows:
    """What is known of the rows of a board."""

    def __init__(self) -> None:
        self._of: Sequence[PipelineRow] = ()
        self._known: list[_Known] = []
        """Of the rows in ``_of``, the worst first."""

    def arranged(self, board: Board | None, filter_text: str = "") -> list[PipelineRow]:
        """The rows, the worst first, that have every word of a filter, in name, status, commit or message."""
        known = self._arrange(board.rows if board is not None else ())
        words = filter_text.lower().split()
        if not words:
            return [one.row for one in known]
        found = []
        for one in known:
            said = one.words
            if not said:
                said = one.words = row_words(one.row, one.status)
            if all(word in said for word in words):
                found.append(one.row)
        return found

    def _arrange(self, rows: Sequence[PipelineRow]) -> list[_Known]:
        if rows is not self._of:
            before = {id(one.row): one for one in self._known}
            known = [before.get(id(row)) or _look_at(row) for row in rows]
            known.sort(key=lambda one: one.rank)
            self._of, self._known = rows, known
        return self._known


def _look_at(row: PipelineRow) -> _Known:
    status = row.status
    return _Known(row, status, worst_first(row, status))
