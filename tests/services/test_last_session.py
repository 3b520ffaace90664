"""How things were looked at, between sessions: whole, private, and never another's."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.model.views import PlaceView, Session, TableView
from pointsman.services import last_session
from pointsman.services.last_session import LastSession

WHOSE = ("prod", "eu-west-1", "", "role_arn arn:aws:iam::123456789012:role/OnCall")
LEFT = Session(
    "builds",
    {"builds": PlaceView("checkout", {"problems": "only"}, {"builds": TableView("age", True, "x", ("who",))}, "board")},
)


def test_it_comes_back(tmp_path: Path) -> None:
    assert LastSession(tmp_path, WHOSE).keep(LEFT)
    assert LastSession(tmp_path, WHOSE).recall() == LEFT
    assert LastSession(tmp_path, (*WHOSE[:-1], "another")).recall() == Session()


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    LastSession(tmp_path / "sessions", WHOSE).keep(LEFT)
    file = next((tmp_path / "sessions").glob("*.json"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"format":2,"session":{}}', b'{"format":1}', b"\xff\xfe"])
def test_what_cannot_be_read_is_as_if_there_were_none(tmp_path: Path, body: bytes) -> None:
    LastSession(tmp_path, WHOSE).keep(LEFT)
    file = next(tmp_path.glob("*.json"))
    file.write_bytes(body)
    assert LastSession(tmp_path, WHOSE).recall() == Session()
    assert file.read_bytes() == body, "nothing is overwritten by looking"


@given(st.binary(max_size=200))
def test_no_file_whatever_is_in_it_is_a_mishap(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    folder = tmp_path_factory.mktemp("sessions")
    LastSession(folder, WHOSE).keep(LEFT)
    next(folder.glob("*.json")).write_bytes(body)
    assert isinstance(LastSession(folder, WHOSE).recall(), Session)


def test_a_folder_that_cannot_be_written_is_no_mishap(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not LastSession(tmp_path / "file" / "sessions", WHOSE).keep(LEFT)


def test_what_is_too_large_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_session, "LARGEST", 100)
    assert not LastSession(tmp_path, WHOSE).keep(LEFT)
    assert not list(tmp_path.glob("*"))
