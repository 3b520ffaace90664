"""Traces are compared operation by operation: each span counts once, and what differs is told."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pointsman.model.critical_path import timing
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import TraceRef
from pointsman.model.trace_comparison import Change, compare
from pointsman.semantics.traces.assembly import assemble
from pointsman.semantics.traces.documents import Piece

Row = tuple[int, int | None, str, float, float | None]
"""Id, parent, name, start, end."""


def opened(name: str, rows: Sequence[Row], faults: Sequence[int] = ()) -> OpenedTrace:
    pieces = [
        Piece(
            f"{at:016x}",
            "" if parent is None else f"{parent:016x}",
            called,
            start,
            end,
            parent is not None,
            {"fault": True} if at in faults else {},
        )
        for at, parent, called, start, end in rows
    ]
    trace = assemble(pieces)
    return OpenedTrace(TraceRef(name), trace, timing(trace))


BEFORE = [
    (0, None, "shop", 0.0, 1.0),
    (1, 0, "cart", 0.1, 0.3),
    (2, 0, "pay", 0.3, 0.9),
    (3, 2, "bank", 0.4, 0.8),
    (4, 0, "mail", 0.9, 0.95),
]
AFTER = [
    (0, None, "shop", 0.0, 1.6),
    (1, 0, "cart", 0.1, 0.3),
    (5, 0, "stock", 0.3, 0.35),
    (2, 0, "pay", 0.4, 1.5),
    (3, 2, "bank", 0.5, 0.8),
    (6, 2, "bank", 0.9, 1.4),
]


def test_what_got_slower_appeared_and_vanished() -> None:
    found = compare(opened("a", BEFORE), opened("b", AFTER, faults=[6]))
    assert [(one.depth, one.name, one.change) for one in found.operations] == [
        (0, "shop", Change.SLOWER),
        (1, "cart", Change.SAME),
        (1, "stock", Change.NEW),
        (1, "pay", Change.SLOWER),
        (2, "bank", Change.SLOWER),
        (1, "mail", Change.GONE),
    ]
    bank = found.operations[4]
    assert bank.before is not None
    assert bank.after is not None
    assert (bank.before.calls, bank.after.calls, bank.failing) == (1, 2, 1)
    assert round(bank.slower_by, 6) == 0.4
    assert found.causes[0].name == "bank", "what is below it is not its own doing"
    assert found.seconds == (1.0, 1.6)


def test_a_trace_is_the_same_as_itself() -> None:
    found = compare(opened("a", BEFORE), opened("a", BEFORE))
    assert not any(one.differs for one in found.operations)
    assert found.causes == ()


def test_what_is_in_progress_is_neither_slower_nor_faster() -> None:
    moving = [(0, None, "shop", 0.0, None), *BEFORE[1:]]
    assert compare(opened("a", BEFORE), opened("b", moving)).operations[0].change is Change.SAME


@st.composite
def traces(draw: st.DrawFn) -> list[Row]:
    count = draw(st.integers(1, 12))
    rows: list[Row] = []
    for at in range(count):
        start = draw(st.integers(0, 20)) / 10
        end = draw(st.none() | st.just(start + draw(st.integers(0, 20)) / 10))
        parent = draw(st.integers(0, at - 1)) if at else None
        rows.append((at, parent, draw(st.sampled_from("abc")), start, end))
    return rows


@given(traces(), traces())
def test_every_span_is_counted_once_and_the_other_way_round_is_the_opposite(
    first: list[Row], second: list[Row]
) -> None:
    one, other = opened("a", first), opened("b", second)
    found, back = compare(one, other), compare(other, one)
    assert sum(row.before.calls for row in found.operations if row.before) == len(first)
    assert sum(row.after.calls for row in found.operations if row.after) == len(second)
    assert {row.before.place for row in found.operations if row.before} <= set(range(len(first)))
    opposite = {
        Change.NEW: Change.GONE,
        Change.GONE: Change.NEW,
        Change.SLOWER: Change.FASTER,
        Change.FASTER: Change.SLOWER,
        Change.SAME: Change.SAME,
    }
    assert sorted((row.name, row.depth, opposite[row.change].value) for row in found.operations) == sorted(
        (row.name, row.depth, row.change.value) for row in back.operations
    )
    # The tree stands: what is below something comes right behind it.
    depths = [row.depth for row in found.operations]
    assert depths[0] == 0
    assert all(later <= earlier + 1 for earlier, later in pairwise(depths))


def test_a_chain_of_thousands_is_compared() -> None:
    deep: list[Row] = [(at, at - 1 if at else None, f"s{at}", at / 1e4, 1.0) for at in range(5000)]
    found = compare(opened("a", deep), opened("b", deep))
    assert len(found) == 5000
    assert found.operations[-1].depth == 4999
