"""The state folder: ours or refused."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from pointsman.errors import StateError
from pointsman.local import Backend, state
from pointsman.local.state import StateFolder
from pointsman.local.store.database import FORMAT


def test_a_folder_is_made_private_and_can_be_claimed_again_after_release(tmp_path: Path) -> None:
    folder = StateFolder.claim(tmp_path / "new" / "state")
    assert folder.path.stat().st_mode & 0o777 == 0o700
    folder.release()
    StateFolder.claim(folder.path).release()


def test_a_folder_in_use_names_its_owner(tmp_path: Path) -> None:
    held = StateFolder.claim(tmp_path / "state")
    with pytest.raises(StateError, match="in use by process"):
        StateFolder.claim(tmp_path / "state")
    held.release()


def test_a_link_a_file_and_a_network_folder_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="symbolic link"):
        StateFolder.claim(tmp_path / "link")
    with pytest.raises(StateError, match="is a file"):
        StateFolder.claim(tmp_path / "file")
    monkeypatch.setattr(state, "file_system", lambda _: "nfs4")
    with pytest.raises(StateError, match="network file system"):
        StateFolder.claim(tmp_path / "remote")


def test_files_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    StateFolder.claim(folder).release()
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").mkdir()
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(StateError, match="belongs to another user"):
        StateFolder.claim(tmp_path / "state")


def test_records_of_a_newer_version_are_refused_and_left_as_they_are(tmp_path: Path) -> None:
    with Backend(state=tmp_path / "state"):
        pass
    place = tmp_path / "state" / "state.db"
    with contextlib.closing(sqlite3.connect(place)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)
        connection.execute(f"PRAGMA user_version={FORMAT + 1}")
    before = place.read_bytes()
    with pytest.raises(StateError, match="written by a newer version of Pointsman") as refused:
        Backend(state=tmp_path / "state")
    assert "use that version" in refused.value.hint
    assert place.read_bytes() == before
    StateFolder.claim(tmp_path / "state").release()
