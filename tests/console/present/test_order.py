"""What rows are sorted by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.clock import EPOCH
from pointsman.console.present.cells import Cell, Column, cell, plain
from pointsman.console.present.glyphs import ASCII
from pointsman.console.present.look import Draw
from pointsman.console.present.order import PART, SortKeys, key_of

DRAW = Draw(EPOCH)
TEXT = Column[str]("text", "Text", lambda one, _: cell(one))


def ordered(rows: Sequence[Any], column: Column[Any], draw: Draw, *, reverse: bool = False) -> list[Any]:
    """Sorted by keys that nobody has looked for before."""
    keys: SortKeys[Any] = SortKeys(column)
    names = range(len(rows))
    assert keys.learn(rows, names, draw)
    return keys.ordered(rows, names, reverse=reverse)


def plainly(rows: Sequence[Any], column: Column[Any], now: datetime, *, reverse: bool) -> list[Any]:
    """Sorted as one would if nothing were kept."""
    shown = [(plain(column.cell(row, Draw(now))).strip(), row) for row in rows]
    some = sorted(((key_of(text), row) for text, row in shown if text), key=lambda one: one[0], reverse=reverse)
    return [*(row for _, row in some), *(row for text, row in shown if not text)]


@pytest.mark.parametrize(
    "rising",
    [
        ["now", "2s", "30s", "1m", "4m", "23m", "1h", "22h", "3d"],
        ["49s", "1m06s", "2m", "3m51", "3m52s", "1h02m"],
        ["#2", "#3", "#10", "#200"],
        ["9", "10", "1,000", "12,500"],
        ["1.5%", "20%", "100%"],
        ["3 ms", "20 ms"],
        ["a2", "a10", "B1", "b2", "c"],
        ["7", "12", "app", "b1"],
    ],
)
def test_it_rises(rising: list[str]) -> None:
    keys = [key_of(text) for text in rising]
    assert keys == sorted(keys)
    assert ordered(list(reversed(rising)), TEXT, DRAW) == rising
    assert ordered(rising, TEXT, DRAW, reverse=True) == list(reversed(rising))


def test_what_shows_nothing_comes_last_either_way() -> None:
    rows = ["", "b", "", "a"]
    assert ordered(rows, TEXT, DRAW) == ["a", "b", "", ""]
    assert ordered(rows, TEXT, DRAW, reverse=True) == ["b", "a", "", ""]


@given(st.lists(st.text(max_size=12)), st.booleans())
def test_any_text_sorts_without_loss_and_equal_ones_keep_their_order(texts: list[str], reverse: bool) -> None:
    rows = [(text, number) for number, text in enumerate(texts)]
    column = Column[tuple[str, int]]("text", "Text", lambda one, _: cell(one[0]))
    sorted_rows = ordered(rows, column, DRAW, reverse=reverse)
    assert sorted(sorted_rows) == sorted(rows)
    for (first, one), (second, two) in pairwise(sorted_rows):
        if first == second:
            assert one < two


class Counted:
    """A column that counts how often it is asked."""

    def __init__(self, show: Callable[[Any, Draw], Cell] = lambda one, _: cell(one[1])) -> None:
        self.asked = 0
        self._show = show
        self.column: Column[Any] = Column("text", "Text", self._cell)

    def _cell(self, row: Any, draw: Draw) -> Cell:
        self.asked += 1
        return self._show(row, draw)


_NAME = st.integers(0, 15)
_SHOWN = st.sampled_from(["", "a", "a2", "a10", "B", "3m", "40s", "#7", "12", " ", "ä"])
_AGED = st.one_of(st.none(), st.integers(0, 5_000))


def _row_text(row: tuple[int, str, int | None], draw: Draw) -> Cell:
    """A word, or how long ago."""
    return cell(row[1] if row[2] is None else draw.age(EPOCH - timedelta(seconds=row[2])))


@given(st.lists(st.tuples(st.dictionaries(_NAME, st.tuples(_SHOWN, _AGED)), st.integers(0, 4_000), st.booleans())))
def test_kept_keys_sort_as_if_nothing_were_kept(
    steps: list[tuple[dict[int, tuple[str, int | None]], int, bool]],
) -> None:
    column = Column[Any]("text", "Text", _row_text)
    keys: SortKeys[Any] = SortKeys(column)
    known: dict[int, tuple[int, str, int | None]] = {}
    now = EPOCH
    for change, seconds, reverse in steps:
        now += timedelta(seconds=seconds)
        # Rows come, go and change; those that do not are the same objects as before.
        known = {name: row for name, row in known.items() if name not in change or change[name][0]}
        known.update({name: (name, *shown) for name, shown in change.items()})
        rows, names = list(known.values()), list(known)
        assert keys.learn(rows, names, Draw(now))
        assert keys.ordered(rows, names, reverse=reverse) == plainly(rows, column, now, reverse=reverse)


def test_a_row_is_looked_at_once_and_again_when_it_changes_or_ages() -> None:
    counted = Counted(lambda one, draw: cell(draw.age(EPOCH)) if one[0] == 0 else cell(one[1]))
    keys: SortKeys[Any] = SortKeys(counted.column)
    rows = [(number, f"row {number}") for number in range(50)]
    keys.learn(rows, range(50), DRAW)
    assert counted.asked == 50
    keys.learn(rows, range(50), DRAW)
    assert counted.asked == 50
    rows[7] = (7, "another")
    keys.learn(rows, range(50), DRAW)
    assert counted.asked == 51
    keys.learn(rows, range(50), Draw(EPOCH + timedelta(minutes=5)))
    assert counted.asked == 52, "the age alone reads differently by then"
    keys.learn(rows, range(50), Draw(EPOCH + timedelta(minutes=5), ASCII))
    assert counted.asked == 102, "with other marks everything does"


def test_looking_at_rows_stops_when_it_is_tired_and_goes_on_there() -> None:
    counted = Counted()
    keys: SortKeys[Any] = SortKeys(counted.column)
    rows = [(number, f"{999 - number}") for number in range(PART + 5)]
    names = range(len(rows))
    assert not keys.learn(rows, names, DRAW, lambda: True)
    assert counted.asked == PART
    assert keys.ordered(rows, names)[-5:] == rows[-5:], "what has not been looked at comes last"
    assert keys.learn(rows, names, DRAW, lambda: True)
    assert counted.asked == PART + 5
    assert keys.ordered(rows, names) == rows[::-1]


def test_what_changed_stays_where_it_was_until_it_has_been_looked_at() -> None:
    keys: SortKeys[Any] = SortKeys(Counted().column)
    rows = [(number, f"{number}") for number in range(3 * PART)]
    names = range(len(rows))
    keys.learn(rows, names, DRAW)
    other = [(number, f"{3 * PART - number}") for number in names]
    assert not keys.learn(other, names, DRAW, lambda: True)
    found = keys.ordered(other, names)
    assert found[-1] == other[0], "looked at: 384 is the most"
    assert found.index(other[-1]) > PART, "not looked at: where 383 was, and not 1"
    assert keys.learn(other, names, DRAW)
    assert keys.ordered(other, names) == other[::-1]
