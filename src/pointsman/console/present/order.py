"""Rows by a column, whatever it shows: durations and counts by size, names as people count. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from msgspec import Struct

from pointsman.console.present.cells import Cell, Column, Columns, Placed, fit, plain
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells

__all__ = ["PART", "Key", "RowOrder", "SortKeys", "key_of"]

R = TypeVar("R")
Key = tuple[int, float, tuple[str | int, ...]]

PART = 128
"""Rows looked at between two looks at the clock."""

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SPAN = re.compile(r"(?:now|(?:\d+(?:\.\d+)?(?:ms|[smhd])\d*)+)\Z")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])?")
_NUMBER = re.compile(r"#?(-?\d[\d,]*(?:\.\d+)?) ?(?:%|ms|(?P<size>[kKMGTP]?B))?\Z")
_SIZES = {"B": 1.0, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15}
_DIGITS = re.compile(r"([0-9]+)")
_SIZED = frozenset("0123456789#-n")
"""How a span or a number may begin: ``now`` is a span."""


@lru_cache(16_384)
def key_of(text: str) -> Key:
    """What a shown text is sorted by: spans of time and numbers by size, then words, numbers in them as such."""
    text = text.strip()
    if text[:1] in _SIZED:
        if _SPAN.match(text):
            return 0, _seconds(text), ()
        if number := _NUMBER.match(text):
            return 0, float(number[1].replace(",", "")) * _SIZES.get(number["size"] or "B", 1.0), ()
    parts = _DIGITS.split(text.casefold())
    # Words and numbers take turns, words first, so that like is always compared with like.
    return 1, 0.0, tuple(int(part) if turn % 2 else part for turn, part in enumerate(parts))


def _seconds(text: str) -> float:
    if text == "now":
        return 0.0
    total, last = 0.0, 1.0
    for amount, unit in _PART.findall(text):
        # ``3m51`` is three minutes and fifty-one seconds: a number without a unit is of the next smaller one.
        last = _SECONDS[unit] if unit else {86400.0: 3600.0, 3600.0: 60.0, 60.0: 1.0}.get(last, 1.0)
        total += float(amount) * last
    return total


class _Kept(Struct, Generic[R], gc=False):
    """By what a row is sorted, and while what holds."""

    row: R
    key: Key | None
    """None: it shows nothing in the column."""
    due: datetime | None
    """When its text will be another one; None when it never will."""


class SortKeys(Generic[R]):
    """By what the rows of one column are sorted: a key stands while its row is the same object and shows the same.

    Finding what ten thousand rows show may take longer than a frame: ``learn`` does a part of it, and says whether
    that was all. Until it was, a row is sorted by what it showed before; one never looked at comes last.
    """

    def __init__(self, column: Column[Any]) -> None:
        self.column = column
        self._kept: dict[Hashable, _Kept[R]] = {}
        self._ranks: dict[Key | None, int] = {}
        """Where a key comes among all that were there when they were last put in order."""
        self._drawn_with: tuple[object, object] | None = None

    def learn(
        self, rows: Sequence[R], keys: Sequence[Hashable], draw: Draw, tired: Callable[[], bool] = lambda: False
    ) -> bool:
        """Look at rows that are new or show something else by now, until all are known or ``tired`` says so.

        Args:
            rows: The rows.
            keys: What tells each of them from the others.
            draw: The rendering.
            tired: Asked after every ``PART`` rows that were looked at.

        Returns:
            Whether all are known.
        """
        if self._drawn_with != (draw.glyphs, draw.zone):
            self._kept, self._drawn_with = {}, (draw.glyphs, draw.zone)
        kept, now, looked = self._kept, draw.now, 0
        if len(kept) > 2 * len(rows) + PART:
            kept = self._kept = {key: kept[key] for key in keys if key in kept}
        for row, key in zip(rows, keys, strict=True):
            known = kept.get(key)
            if known is not None and known.row is row and (known.due is None or known.due > now):
                continue
            if looked and looked % PART == 0 and tired():
                return False
            looked += 1
            draw.due = None
            text = plain(self.column.cell(row, draw)).strip()
            kept[key] = _Kept(row, key_of(text) if text else None, draw.due)
        return True

    def ordered(self, rows: Sequence[R], keys: Sequence[Hashable], *, reverse: bool = False) -> list[R]:
        """The rows by what is known of them; equal ones keep their order, those that show nothing come last."""
        found = [None if (known := self._kept.get(key)) is None else known.key for key in keys]
        # Of ten thousand rows many show the same: what differs is compared, and the rows by where that comes.
        ranks = self._ranks
        differing = set(found)
        if not differing <= ranks.keys():
            differing.discard(None)
            ranks = self._ranks = {key: at for at, key in enumerate(sorted(filter(None, differing)), 1)}
        ranks[None] = 0 if reverse else len(ranks) + 1
        places = [ranks[key] for key in found]
        return [rows[at] for at in sorted(range(len(places)), key=places.__getitem__, reverse=reverse)]


class RowOrder(Struct, frozen=True):
    """By which column the rows of a table are sorted."""

    column: str = ""
    """A column's key; empty leaves the rows in their caller's order."""
    reverse: bool = False

    def known(self, columns: Columns) -> RowOrder:
        """This order, or the caller's where there is no such column."""
        return self if any(one.key == self.column for one in columns) else RowOrder()

    def column_of(self, columns: Columns) -> Column[Any] | None:
        """The column the rows are sorted by."""
        return next((one for one in columns if one.key == self.column), None)

    def following(self, placed: Sequence[Placed[Any]]) -> RowOrder:
        """By the next column that shows, and after the last one by none."""
        shown = [one.column.key for one in placed if one.column.header]
        return RowOrder([*shown, ""][shown.index(self.column) + 1 if self.column in shown else 0])

    def flipped(self, placed: Sequence[Placed[Any]]) -> RowOrder:
        """The other way round; by the first column where by none so far."""
        if self.column:
            return RowOrder(self.column, not self.reverse)
        shown = [one.column.key for one in placed if one.column.header]
        return RowOrder(shown[0], True) if shown else self

    def heading(self, placed: Placed[Any], draw: Draw) -> Cell:
        """A column's header, marked where the rows are sorted by it."""
        header = placed.column.header
        if placed.column.key != self.column:
            return ((header, "header"),)
        mark = draw.glyphs.descending if self.reverse else draw.glyphs.ascending
        room = max(0, placed.width - cells(mark))
        return (*fit(((header, "strong"),), min(room, cells(header)), ellipsis=""), (mark, "key"))
