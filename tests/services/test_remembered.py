"""The board between sessions: whole, private, and never another's."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console import samples
from pointsman.clock import EPOCH
from pointsman.errors import FaultKind
from pointsman.model.pipelines import Action, Board, PipelineRow, PipelineState, Stage
from pointsman.model.refs import ActionRef, PipelineRef, StageRef
from pointsman.model.snapshot import Freshness, Snapshot
from pointsman.model.status import status
from pointsman.services.remembered import Remembered

WHOSE = ("prod", "eu-west-1", "", "role_arn arn:aws:iam::123456789012:role/OnCall")


def fresh() -> Snapshot[Board]:
    return Snapshot(value=samples.board(), fetched_at=EPOCH)


def kept(folder: Path, snapshot: Snapshot[Board] | None = None) -> Remembered:
    memory = Remembered(folder, WHOSE)
    assert memory.keep(snapshot or fresh(), "123456789012", "eu-west-1")
    return memory


def test_it_comes_back_stale_by_its_age(tmp_path: Path) -> None:
    kept(tmp_path)
    memory = Remembered(tmp_path, WHOSE)
    found = memory.recall()
    assert found is not None
    assert found.value is not None
    assert [row.ref for row in found.value.rows] == [row.ref for row in samples.board().rows]
    assert [row.status for row in found.value.rows] == [row.status for row in samples.board().rows]
    assert found.freshness is Freshness.STALE
    assert found.fault is not None
    assert found.fault.kind is FaultKind.REMEMBERED
    assert found.fetched_at == EPOCH
    assert memory.account == "123456789012"


def test_tokens_and_configurations_stay_out_of_the_file(tmp_path: Path) -> None:
    board = samples.board()
    tokens = [action.token for row in board.rows if row.state for stage in row.state.stages for action in stage.actions]
    assert any(tokens), "the sample has a waiting approval"
    kept(tmp_path)
    text = next(tmp_path.glob("*.json")).read_text()
    assert not any(token and token in text for token in tokens)
    assert '"configuration":[]' in text
    assert '"configuration":[[' not in text


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    kept(tmp_path / "boards")
    file = next((tmp_path / "boards").glob("*.json"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("at", range(len(WHOSE)))
def test_another_place_has_another_board(tmp_path: Path, at: int) -> None:
    kept(tmp_path)
    other = tuple(f"{word}x" if number == at else word for number, word in enumerate(WHOSE))
    assert Remembered(tmp_path, other).recall() is None
    assert Remembered(tmp_path, ("".join(WHOSE[:2]), *WHOSE[2:])).recall() is None


@pytest.mark.parametrize(
    "snapshot",
    [
        Snapshot(),
        Snapshot(value=samples.board()),
        Snapshot(value=replace(samples.board(), complete=False), fetched_at=EPOCH),
    ],
)
def test_what_is_not_whole_is_not_kept(tmp_path: Path, snapshot: Snapshot[Board]) -> None:
    assert not Remembered(tmp_path, WHOSE).keep(snapshot, "123456789012", "eu-west-1")
    assert not Remembered(tmp_path, WHOSE).keep(fresh(), "", "eu-west-1")
    assert list(tmp_path.iterdir()) == []


@given(st.binary(max_size=200))
def test_a_file_of_anything_is_no_board_and_is_left_alone(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    folder = tmp_path_factory.mktemp("boards")
    kept(folder)
    file = next(folder.glob("*.json"))
    file.write_bytes(text)
    assert Remembered(folder, WHOSE).recall() is None
    assert file.read_bytes() == text


def test_another_versions_file_is_no_board(tmp_path: Path) -> None:
    kept(tmp_path)
    file = next(tmp_path.glob("*.json"))
    file.write_text(file.read_text().replace('"format":1', '"format":2'))
    assert Remembered(tmp_path, WHOSE).recall() is None


def test_a_folder_that_cannot_be_written_is_no_mishap(tmp_path: Path) -> None:
    (tmp_path / "boards").write_text("a file is in the way")
    assert not Remembered(tmp_path / "boards", WHOSE).keep(fresh(), "123456789012", "eu-west-1")


def test_no_link_is_followed(tmp_path: Path) -> None:
    memory = kept(tmp_path)
    file = next(tmp_path.glob("*.json"))
    victim = tmp_path / "victim"
    victim.write_text("mine")
    file.with_suffix(".new").symlink_to(victim)
    assert not memory.keep(fresh(), "123456789012", "eu-west-1")
    assert victim.read_text() == "mine"


def test_an_unread_row_is_as_it_was_and_a_read_one_as_it_is() -> None:
    older = samples.board()
    first, second, *rest = older.rows
    bare = replace(second, state=None, fault=None, fetched_at=None)
    now = Board((first, bare), complete=False).over(older)
    assert now.rows[1].state == second.state
    assert {row.ref for row in now.rows} == {row.ref for row in older.rows}, "what is not listed yet still shows"
    assert [row.ref for row in Board((first,)).over(older).rows] == [first.ref], "what is gone is gone"
    assert rest


def test_the_tokens_of_runs_side_by_side_stay_out_of_the_file(tmp_path: Path) -> None:
    ref = ActionRef("matrix", "Gate", "Ask")
    asked = Action(ref, "Approval", status=status("InProgress"), token="t0ken-a", external_id="t0ken-b")
    stage = Stage(StageRef("matrix", "Gate"), status("InProgress"), "run-1", actions=(asked,))
    state = PipelineState(PipelineRef("matrix"), mode="PARALLEL", stages=(stage,), beside=(stage,))
    board = Board((PipelineRow(state.ref, mode="PARALLEL", state=state),))
    remembered = Remembered(tmp_path, ("one",))
    assert remembered.keep(Snapshot(board, EPOCH), "123456789012", "eu-west-1")
    [written] = tmp_path.iterdir()
    assert "t0ken" not in written.read_text()
    recalled = remembered.recall()
    assert recalled is not None and recalled.value is not None
    kept = recalled.value.rows[0].state
    assert kept is not None
    assert [where.execution for _, _, where in kept.approvals] == ["run-1", "run-1"]
