"""Rows by a column, whatever it shows: durations and counts by size, names as people count. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar

from msgspec import Struct

from pointsman.console.present.cells import Cell, Column, Columns, Placed, fit, plain
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells

__all__ = ["Key", "RowOrder", "key_of", "ordered"]

R = TypeVar("R")
Key = tuple[int, float, tuple[str | int, ...]]

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


def ordered(rows: Sequence[R], column: Column[Any], draw: Draw, *, reverse: bool = False) -> list[R]:
    """The rows by one column; equal ones keep their order, those that show nothing there come last."""
    shown = [(plain(column.cell(row, draw)).strip(), row) for row in rows]
    some = [(key_of(text), row) for text, row in shown if text]
    some.sort(key=lambda one: one[0], reverse=reverse)
    return [*(row for _, row in some), *(row for text, row in shown if not text)]


class RowOrder(Struct, frozen=True):
    """By which column the rows of a table are sorted."""

    column: str = ""
    """A column's key; empty leaves the rows in their caller's order."""
    reverse: bool = False

    def known(self, columns: Columns) -> RowOrder:
        """This order, or the caller's where there is no such column."""
        return self if any(one.key == self.column for one in columns) else RowOrder()

    def of(self, rows: Sequence[R], columns: Columns, draw: Draw) -> Sequence[R]:
        """The rows in this order."""
        column = next((one for one in columns if one.key == self.column), None)
        return rows if column is None else ordered(rows, column, draw, reverse=self.reverse)

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
