"""How a trace reads in a list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import tracing
from pointsman.clock import EPOCH
from pointsman.console.present.cells import plain
from pointsman.console.present.look import Draw
from pointsman.console.present.order import key_of
from pointsman.console.present.traces import brief, entry_of, marks, seconds
from pointsman.model.traces import TraceList, TraceQuery


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        (0.0, "0ms"),
        (0.00034, "0.34ms"),
        (0.0042, "4.2ms"),
        (0.00996, "10ms"),
        (0.812, "812ms"),
        (0.9996, "1.00s"),
        (1.24, "1.24s"),
        (59.96, "1m00"),
        (187.0, "3m07"),
        (7260.0, "2h01"),
        (1e6, "11d"),
    ],
)
def test_seconds_in_words(value: float | None, said: str) -> None:
    assert seconds(value) == said


@given(st.floats(0, 3e8), st.floats(0, 3e8))
def test_seconds_take_six_cells_and_sort_as_they_are(one: float, other: float) -> None:
    first, second = sorted((one, other))
    assert len(seconds(first)) <= 6
    assert key_of(seconds(first)) <= key_of(seconds(second))


def test_marks_have_their_places() -> None:
    draw = Draw(EPOCH)
    rows = tracing.listed().traces
    assert [plain(marks(one, draw)) for one in (rows[0], rows[1], rows[4], rows[7])] == ["✗!T", "   ", " ! ", " !T"]
    assert [entry_of(rows[at]) for at in (0, 5)] == ["shop.example/checkout?basket=4711", "nightly-report"]


def test_a_list_in_a_few_words() -> None:
    assert plain(brief(tracing.listed())) == "8 in 5m  1 fault  3 errors"
    assert plain(brief(TraceList(TraceQuery()))) == "none"
