"""What rows are sorted by."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.clock import EPOCH
from pointsman.console.present.cells import Column, cell
from pointsman.console.present.look import Draw
from pointsman.console.present.order import key_of, ordered

DRAW = Draw(EPOCH)
TEXT = Column[str]("text", "Text", lambda one, _: cell(one))


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
