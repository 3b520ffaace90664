"""Clipboard, saved files, the error log: each by itself."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from pointsman.clock import ManualClock
from pointsman.console.clipboard import LIMIT, sequence
from pointsman.console.saving import saved
from pointsman.console.troubles import Troubles, fault_of
from pointsman.errors import CallFailed, Fault, FaultKind, StateError

WRONG = Fault(FaultKind.DENIED, "no")


def test_text_goes_out_as_osc_52() -> None:
    told = sequence("héllo", {"TERM": "xterm-256color"})
    assert told == f"\x1b]52;c;{base64.b64encode('héllo'.encode()).decode()}\a"


def test_tmux_passes_it_through_with_escapes_doubled() -> None:
    told = sequence("x", {"TMUX": "/tmp/socket", "TERM": "screen"})
    assert told is not None
    assert told.startswith("\x1bPtmux;\x1b\x1b]52;c;")
    assert told.endswith("\x1b\\")


def test_screen_gets_it_in_slices_that_make_up_the_whole() -> None:
    told = sequence("word " * 100, {"TERM": "screen-256color"})
    assert told is not None
    parts = [part.removeprefix("\x1bP") for part in told.split("\x1b\\") if part]
    assert len(parts) > 1
    assert "".join(parts) == sequence("word " * 100, {})


def test_what_is_too_long_to_arrive_is_not_sent() -> None:
    assert sequence("x" * LIMIT, {}) is not None
    assert sequence("x" * (LIMIT + 1), {}) is None


def test_a_saved_file_is_the_owners_alone_and_never_over_another(tmp_path: Path) -> None:
    first = saved(tmp_path / "new" / "saved", "checkout:41/../x", ".log", ["one", "two"])
    second = saved(tmp_path / "new" / "saved", "checkout:41/../x", ".log", ["three"])
    assert first.read_text() == "one\ntwo\n"
    assert second.read_text() == "three\n"
    assert first.parent == second.parent == tmp_path / "new" / "saved"
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.parent.stat().st_mode) == 0o700


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    (tmp_path / "x.log").symlink_to(tmp_path / "target")
    path = saved(tmp_path, "x", ".log", ["new"])
    assert path.name != "x.log"
    assert (tmp_path / "target").read_text() == "mine"


def test_the_error_log_counts_repetitions_and_what_nobody_has_seen(clock: ManualClock) -> None:
    log = Troubles(clock, keep=3)
    for _ in range(3):
        log.note("read", WRONG)
    log.note("write", WRONG)
    assert [(one.doing, one.times) for one in log.entries] == [("read", 3), ("write", 1)]
    assert log.unseen == 2
    log.seen()
    assert log.unseen == 0
    for number in range(5):
        log.note(f"read {number}", WRONG)
    assert len(log) == 3


def test_listeners_hear_until_they_let_go(clock: ManualClock) -> None:
    log, heard = Troubles(clock), []
    release = log.listen(lambda: heard.append(1))
    log.note("read", WRONG)
    release()
    release()
    log.note("write", WRONG)
    assert heard == [1]


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (CallFailed(WRONG), "no"),
        (StateError("the folder is not ours", "use --state"), "the folder is not ours"),
        (ValueError("bad\n  thing"), "ValueError: bad thing"),
        (KeyError(), "KeyError"),
    ],
)
def test_every_exception_is_a_sentence(error: Exception, says: str) -> None:
    assert fault_of(error).sentence == says
