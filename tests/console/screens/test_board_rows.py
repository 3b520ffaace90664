"""The board's rows: the worst first, by the words of a filter, each looked at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.widgets.shown import row, stage
from pointsman.console.screens import board_rows
from pointsman.console.screens.board_rows import BoardRows
from pointsman.console.screens.selection import row_words
from pointsman.model.pipelines import Board, PipelineRow, PipelineState, worst_first
from pointsman.model.refs import PipelineRef

_WORDS = ("Failed", "Succeeded", "InProgress", "Stopped", "")


def made(name: str, word: str | None) -> PipelineRow:
    state = None if word is None else PipelineState(PipelineRef(name), stages=(stage("Build", word),))
    return row(name, state)


_ROWS = st.dictionaries(
    st.sampled_from([f"pipe-{number}" for number in range(12)]), st.one_of(st.none(), st.sampled_from(_WORDS))
)


@given(st.lists(st.tuples(_ROWS, st.sampled_from(["", "pipe", "failed", "PIPE-1 succ", "nothing"]))))
def test_it_is_the_same_as_sorting_and_looking_at_every_row(steps: list[tuple[dict[str, str | None], str]]) -> None:
    rows = BoardRows()
    known: dict[str, PipelineRow] = {}
    for change, typed in steps:
        known = {**known, **{name: made(name, word) for name, word in change.items()}}
        board = Board(tuple(known.values()))
        words = typed.lower().split()
        plainly = [one for one in sorted(board.rows, key=worst_first) if all(word in row_words(one) for word in words)]
        assert rows.arranged(board, typed) == plainly
        assert rows.arranged(board, typed) == plainly
    assert rows.arranged(None) == []


def test_only_what_changed_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    original = board_rows._look_at

    def counted(one: PipelineRow) -> board_rows._Known:
        looked.append(one.ref.name)
        return original(one)

    monkeypatch.setattr(board_rows, "_look_at", counted)
    rows = BoardRows()
    given_rows = [made(f"pipe-{number}", "Succeeded") for number in range(5)]
    rows.arranged(Board(tuple(given_rows)), "pipe")
    given_rows[3] = made("pipe-3", "Failed")
    assert rows.arranged(Board(tuple(given_rows)))[0].ref.name == "pipe-3"
    assert looked == ["pipe-0", "pipe-1", "pipe-2", "pipe-3", "pipe-4", "pipe-3"]
