"""The program's own log."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pointsman.config import logfile


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    started = logfile.start({"XDG_STATE_HOME": str(tmp_path)})
    assert started is not None
    yield started
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.captureWarnings(False)


def test_every_line_has_the_same_keys(log: Path) -> None:
    logging.getLogger("pointsman.x").warning("said %s\nover two lines", "this")
    line = json.loads(log.read_text().splitlines()[-1])
    assert sorted(line) == ["at", "error", "level", "logger", "message", "pid", "thread"]
    assert line["message"] == "said this\nover two lines"


def test_only_its_owner_reads_it(log: Path) -> None:
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "said",
    [
        "aws_secret_access_key=hunter2",
        "{'SecretAccessKey': 'hunter2', 'Other': 1}",
        "X-Amz-Security-Token: hunter2",
        'DB_PASSWORD="hunter2"',
    ],
)
def test_a_secret_is_never_written(log: Path, said: str) -> None:
    logging.getLogger("pointsman").warning(said)
    assert "hunter2" not in log.read_text()


def test_key_ids_are_cut() -> None:
    assert logfile.redacted("as AKIAIOSFODNN7EXAMPLE now") == "as AKIA… now"


def test_what_ends_a_thread_is_written_down(log: Path) -> None:
    def breaks() -> None:
        raise RuntimeError("in a thread")

    thread = threading.Thread(target=breaks, name="loader")
    thread.start()
    thread.join()
    assert "in a thread" in json.loads(log.read_text().splitlines()[-1])["error"]


def test_what_ends_the_program_is_written_down(log: Path) -> None:
    assert logfile.record(ValueError("odd"), {"XDG_STATE_HOME": str(log.parents[1])}) == log
    assert "ValueError: odd" in json.loads(log.read_text().splitlines()[-1])["error"]


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pointsman").write_text("a file where the folder should be")
    root = logging.getLogger()
    before = list(root.handlers)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    try:
        assert logfile.start({"XDG_STATE_HOME": str(tmp_path)}) is None
    finally:
        for handler in [handler for handler in root.handlers if handler not in before]:
            root.removeHandler(handler)
        logging.captureWarnings(False)
