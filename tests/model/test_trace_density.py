"""A trace's time in equal parts."""

from __future__ import annotations

from pointsman.model.trace_density import BINS, Density, density
from pointsman.semantics.traces.assembly import assemble
from pointsman.semantics.traces.documents import Piece


def piece(at: int, parent: int | None, start: float, end: float | None, **fields: bool) -> Piece:
    above = "" if parent is None else f"{parent:016x}"
    return Piece(f"{at:016x}", above, f"s{at}", start, end, parent is not None, dict(fields))


def test_what_runs_is_counted_and_where_it_began_to_fail_is_kept() -> None:
    found = density(
        assemble(
            [
                piece(0, None, 0, 96, fault=True),
                piece(1, 0, 24, 48, fault=True),
                piece(2, 0, 48, None, error=True),
            ]
        )
    )
    assert len(found.counts) == BINS
    assert found.counts[:240] == (1,) * 240
    assert found.counts[240:480] == (2,) * 240
    assert found.counts[480:] == (2,) * 480
    assert found.faults == {240: True, 480: False}


def test_nothing_and_a_moment_have_their_parts() -> None:
    assert density(assemble([])) == Density()
    found = density(assemble([piece(0, None, 5, 5)]))
    assert (sum(found.counts), found.counts[0]) == (1, 1)
