"""The critical path adds up to the request; self times to what nobody below took."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.model.critical_path import timing
from pointsman.semantics.traces.assembly import Trace, assemble
from pointsman.semantics.traces.documents import Piece


def piece(at: int, parent: int | None, start: float, end: float | None) -> Piece:
    above = "" if parent is None else f"{parent:016x}"
    return Piece(f"{at:016x}", above, f"s{at}", start, end, parent is not None, {})


def by_name(trace: Trace, values: Sequence[float]) -> dict[str, float]:
    return {span.name: round(value, 6) for span, value in zip(trace.spans, values, strict=True)}


def test_one_after_the_other_and_beside_each_other() -> None:
    trace = assemble(
        [piece(0, None, 0, 10), piece(1, 0, 1, 4), piece(2, 0, 5, 9), piece(3, 0, 5, 7), piece(4, 2, 6, 8)]
    )
    found = timing(trace)
    # s3 runs beside s2 and ends earlier: nobody waits for it.
    assert by_name(trace, found.critical) == {"s0": 3.0, "s1": 3.0, "s2": 2.0, "s4": 2.0, "s3": 0.0}
    assert by_name(trace, found.own) == {"s0": 3.0, "s1": 3.0, "s2": 2.0, "s4": 2.0, "s3": 2.0}
    assert found.sections[0] == ((0, 1), (4, 5), (9, 10))


def test_what_outlasts_the_request_counts_as_far_as_the_request_goes() -> None:
    trace = assemble([piece(0, None, 0, 10), piece(1, 0, 8, 30), piece(2, 0, 12, 20)])
    assert by_name(trace, timing(trace).critical) == {"s0": 8.0, "s1": 2.0, "s2": 0.0}


def test_what_is_in_progress_lasts_as_long_as_anything_is_known() -> None:
    trace = assemble([piece(0, None, 0, None), piece(1, 0, 1, 4)])
    assert by_name(trace, timing(trace).critical) == {"s0": 1.0, "s1": 3.0}


def test_what_goes_on_after_the_end_was_not_waited_for() -> None:
    trace = assemble([piece(0, None, 0, 10), piece(1, 0, 1, 8), piece(2, 0, 5, None), piece(3, 0, 0, 30)])
    found = by_name(trace, timing(trace).critical)
    assert found["s2"] == 0.0
    trace = assemble([piece(0, None, 0, 10), piece(1, 0, 1, 8), piece(2, 0, 5, None)])
    assert by_name(trace, timing(trace).critical) == {"s0": 3.0, "s1": 7.0, "s2": 0.0}


def test_without_spans_there_is_no_path() -> None:
    found = timing(assemble([]))
    assert (found.entry, found.critical, tuple(found.own), found.sections) == (-1, (), (), {})


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    times = st.floats(0, 100, allow_nan=False)
    pieces = [piece(0, None, draw(times), draw(st.none() | times))]
    for at in range(1, draw(st.integers(1, 25))):
        parent = draw(st.integers(0, at - 1))
        pieces.append(piece(at, parent, draw(times), draw(st.none() | times)))
    return assemble(pieces)


@settings(max_examples=150, deadline=None)
@given(traces())
def test_the_path_is_as_long_as_the_request_and_never_in_two_places(trace: Trace) -> None:
    found = timing(trace)
    first = trace.spans[found.entry]
    whole = max(first.start, first.end if first.end is not None else trace.end) - first.start
    assert sum(found.critical) == pytest.approx(whole, abs=1e-6)
    cuts = sorted(section for sections in found.sections.values() for section in sections)
    assert all(start < end for start, end in cuts)
    assert all(one[1] <= following[0] + 1e-9 for one, following in itertools.pairwise(cuts))
    for own, span in zip(found.own, trace.spans, strict=True):
        end = span.end if span.end is not None else trace.end
        assert 0 <= own <= max(0.0, end - span.start) + 1e-9


def test_ten_thousand_spans_and_a_depth_of_five_thousand_are_walked() -> None:
    chance = random.Random(3)
    pieces = [piece(0, None, 0, 100)]
    for at in range(1, 10_000):
        parent = at - 1 if at < 5000 else chance.randrange(at)
        start = chance.uniform(0, 100)
        pieces.append(piece(at, parent, start, start + chance.random()))
    trace = assemble(pieces)
    assert sum(timing(trace).critical) == pytest.approx(100)
