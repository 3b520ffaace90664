"""What is packed is read again as it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pointsman.model.trace_papers import BLOCK, READ, Papers
from pointsman.semantics.traces.documents import Piece
from support.traces import SLOW, pieces


def piece(at: int, **fields: object) -> Piece:
    return Piece(f"{at:016x}", "", f"span {at}", float(at), at + 0.5, False, dict(fields))


@SLOW
@given(st.lists(pieces(), max_size=12).map(lambda lists: [one for found in lists for one in found]))
def test_every_piece_comes_back(found: list[Piece]) -> None:
    papers = Papers(iter(found))
    assert len(papers) == len(found)
    assert list(papers) == found
    assert [papers[at] for at in range(len(found))] == found
    assert papers == Papers(found)
    assert papers == found
    if found:
        assert papers[-1] == found[-1]
        assert papers[1:3] == found[1:3]


def test_only_the_blocks_that_were_read_last_stay_read() -> None:
    papers = Papers(piece(at, note="x" * 50) for at in range(BLOCK * (READ + 20)))
    for at in range(0, len(papers), BLOCK):
        assert papers[at].name == f"span {at}"
    assert len(papers._read) == READ
    assert papers[0] == piece(0, note="x" * 50)
    assert papers.size < len(papers) * 60


def test_what_no_json_can_carry_is_kept_as_it_is() -> None:
    odd = [piece(1, note="\ud800"), piece(2)]
    assert list(Papers(odd)) == odd


def test_beyond_the_end_is_an_error() -> None:
    for at in (1, -2):
        try:
            Papers([piece(1)])[at]
        except IndexError:
            continue
        raise AssertionError(at)
