"""The state folder: ours or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointsman.errors import StateError
from pointsman.local import state
from pointsman.local.state import StateFolder


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
