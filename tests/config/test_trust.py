"""What may run was agreed to by a person, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointsman.config.trust import KeptTrust, Wish


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "state"
    made.mkdir()
    return made


def wish(value: Path | str) -> Wish:
    return Wish("repository", str(value), "world.yml")


def test_nothing_is_trusted_until_it_is_agreed_to(folder: Path, tmp_path: Path) -> None:
    app = tmp_path / "app"
    trust = KeptTrust(folder)
    assert not trust.allowed(app)
    assert trust.unknown([wish(app), wish(app)]) == (wish(app),)
    trust.remember([wish(app)])
    assert trust.allowed(app)
    assert trust.unknown([wish(app)]) == ()


def test_an_agreement_is_kept(folder: Path, tmp_path: Path) -> None:
    KeptTrust(folder).remember([wish(tmp_path / "app")])
    assert KeptTrust(folder).allowed(tmp_path / "app")
    assert not KeptTrust(folder).allowed(tmp_path / "app2")
    assert (folder / "trusted.json").stat().st_mode & 0o777 == 0o600


def test_a_link_to_a_trusted_place_is_that_place_and_no_other(folder: Path, tmp_path: Path) -> None:
    app, other = tmp_path / "app", tmp_path / "other"
    app.mkdir()
    other.mkdir()
    trust = KeptTrust(folder)
    trust.remember([wish(app)])
    (tmp_path / "link").symlink_to(app)
    assert trust.allowed(tmp_path / "link")
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to(other)
    assert not trust.allowed(tmp_path / "link")


def test_what_is_inside_the_state_folder_is_the_owners(folder: Path) -> None:
    assert KeptTrust(folder).allowed(folder / "repositories" / "webapp.git")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"trusted": 3}'])
def test_a_broken_file_agrees_to_nothing(folder: Path, tmp_path: Path, text: str) -> None:
    (folder / "trusted.json").write_text(text)
    assert not KeptTrust(folder).allowed(tmp_path)


def test_everything_can_be_trusted_for_once(folder: Path, tmp_path: Path) -> None:
    trust = KeptTrust(folder, everything=True)
    assert trust.allowed(tmp_path)
    assert trust.unknown([wish(tmp_path)]) == ()
    assert not (folder / "trusted.json").exists()
