"""What was typed before comes back in the next session."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointsman.services.typed import LARGEST, LONGEST, MOST, Typed


def test_lines_are_kept_for_the_next_session_each_once_the_newest_last(tmp_path: Path) -> None:
    folder = tmp_path / "typed"
    first = Typed(folder)
    for line in ("fault", "error", " fault ", "", "x" * (LONGEST + 1)):
        first.add("traces", line)
    again = Typed(folder)
    assert again.lines("traces") == ("error", "fault")
    assert again.lines("logs") == ()
    assert (folder / "traces.json").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_only_so_many_are_kept(tmp_path: Path) -> None:
    typed = Typed(tmp_path)
    for at in range(MOST + 5):
        typed.add("traces", f"line {at}")
    assert len(Typed(tmp_path).lines("traces")) == MOST
    assert typed.lines("traces")[-1] == f"line {MOST + 4}"


@pytest.mark.parametrize("content", [b"{", b'{"a": 1}', b"[1]", b"\xff", b" " * (LARGEST + 1)])
def test_what_cannot_be_read_counts_as_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "traces.json").write_bytes(content)
    typed = Typed(tmp_path)
    assert typed.lines("traces") == ()
    typed.add("traces", "fault")
    assert Typed(tmp_path).lines("traces") == ("fault",)


def test_without_a_folder_it_is_for_this_session() -> None:
    typed = Typed()
    typed.add("traces", "fault")
    assert typed.lines("traces") == ("fault",)


def test_a_folder_that_cannot_be_written_costs_the_next_session_only(tmp_path: Path) -> None:
    (tmp_path / "typed").write_text("in the way")
    typed = Typed(tmp_path / "typed")
    typed.add("traces", "fault")
    assert typed.lines("traces") == ("fault",)
