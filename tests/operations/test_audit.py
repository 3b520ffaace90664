"""The audit log survives crashes, strangers and full disks, and is nobody else's to read."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from operations import states
from pointsman.clock import EPOCH
from pointsman.errors import Fault, FaultKind, StateError
from pointsman.model.activity import Deed
from pointsman.operations.audit import NO_OUTCOME, FileAudit, MemoryAudit, default_path, read_deeds
from pointsman.operations.declare import WriteCall

CALL = WriteCall("codepipeline", "StartPipelineExecution", {"name": "checkout"})


def deed(number: int = 1, **changes: object) -> Deed:
    made = Deed(
        id=f"deed-{number}",
        at=EPOCH + timedelta(seconds=number),
        operation="pipeline.start",
        said="start pipeline: checkout",
        account="123456789012",
        region="eu-west-1",
        identity="arn:aws:iam::123456789012:user/ada",
        cli="aws codepipeline start-pipeline-execution --name checkout",
        target=states.PIPELINE,
    )
    return replace(made, **changes)


def done(number: int = 1) -> Deed:
    return deed(
        number,
        outcome="done",
        said="started checkout",
        request_id="req-1",
        ended=EPOCH + timedelta(seconds=9),
        result=states.execution_ref(states.NEW),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "pointsman" / "audit.jsonl"


@pytest.fixture
def audit(path: Path) -> FileAudit:
    return FileAudit(path)


def test_a_deed_reads_back_as_it_was(audit: FileAudit) -> None:
    audit.intent(deed(), CALL, world="aws")
    audit.outcome(done())
    assert audit.read() == (done(),)


def test_an_intent_without_an_outcome_is_unknown(audit: FileAudit) -> None:
    audit.intent(deed(), CALL)
    (found,) = audit.read()
    assert (found.outcome, found.detail, found.ended) == ("unknown", NO_OUTCOME, None)


def test_only_the_owner_can_read_it(audit: FileAudit, path: Path) -> None:
    old = os.umask(0)
    try:
        audit.intent(deed())
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_left_open_to_others_is_closed(audit: FileAudit, path: Path) -> None:
    audit.intent(deed())
    path.chmod(0o644)
    path.parent.chmod(0o755)
    audit.outcome(done())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_line_is_on_the_disk_before_intent_returns(audit: FileAudit, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    audit.intent(deed())
    assert len(synced) == 2, "the file, and the folder that names it"
    audit.outcome(done())
    assert len(synced) == 3


def test_a_torn_line_costs_only_itself(audit: FileAudit, path: Path) -> None:
    audit.intent(deed(1), CALL)
    audit.outcome(done(1))
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"kind":"intent","id":"torn","at":"2026-')
    assert audit.read() == (done(1),)
    audit.intent(deed(2), CALL)
    audit.outcome(done(2))
    assert audit.read() == (done(1), done(2))


@pytest.mark.parametrize(
    "foreign",
    [b"\n", b"not json\n", b"[]\n", b'{"kind":"other"}\n', b'{"kind":"outcome"}\n', b"\xff\xfe\n", b'"x"\n', b"null\n"],
)
def test_foreign_lines_are_passed_over(audit: FileAudit, path: Path, foreign: bytes) -> None:
    audit.intent(deed(), CALL)
    with path.open("ab") as file:
        file.write(foreign)
    audit.outcome(done())
    assert audit.read() == (done(),)


def test_a_target_that_is_not_known_any_more_is_left_out(audit: FileAudit, path: Path) -> None:
    audit.intent(deed(), CALL)
    path.write_bytes(path.read_bytes().replace(b'"noun":"pipeline"', b'"noun":"spaceship"'))
    assert audit.read()[0].target is None


def test_an_outcome_without_an_intent_is_no_deed(audit: FileAudit) -> None:
    audit.outcome(done())
    assert audit.read() == ()


def test_the_newest_are_kept_when_there_are_many(audit: FileAudit) -> None:
    for number in range(5):
        audit.intent(deed(number))
    assert [one.id for one in audit.read(2)] == ["deed-3", "deed-4"]
    assert audit.read(0) == ()


def test_there_is_nothing_before_the_first_line(path: Path) -> None:
    assert read_deeds(path) == ()


def test_a_symlink_is_refused(audit: FileAudit, path: Path, tmp_path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="cannot be written"):
        audit.intent(deed())
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot be written"):
        FileAudit(tmp_path / "file" / "audit.jsonl").intent(deed())


def test_a_full_disk_is_said(audit: FileAudit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", lambda _descriptor, data: len(data) // 2)
    with pytest.raises(StateError, match="disk is full"):
        audit.intent(deed())


def test_someone_elses_file_is_not_used(audit: FileAudit, monkeypatch: pytest.MonkeyPatch) -> None:
    audit.intent(deed())
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    with pytest.raises(StateError, match="belongs to someone else"):
        audit.outcome(done())


def test_it_lies_in_the_xdg_state_folder() -> None:
    assert default_path({"XDG_STATE_HOME": "/s", "HOME": "/h"}) == Path("/s/pointsman/audit.jsonl")
    assert default_path({"XDG_STATE_HOME": "relative", "HOME": "/h"}) == Path("/h/.local/state/pointsman/audit.jsonl")
    assert default_path({"HOME": "/h"}) == Path("/h/.local/state/pointsman/audit.jsonl")


def test_memory_reads_like_a_file() -> None:
    audit = MemoryAudit()
    audit.intent(deed(), CALL)
    audit.outcome(done())
    assert audit.read() == (done(),)


def test_the_code_of_a_failure_is_kept(audit: FileAudit, path: Path) -> None:
    audit.intent(deed(), CALL)
    fault = Fault(FaultKind.CONFLICT, "late", code="InvalidApprovalTokenException")
    audit.outcome(deed(outcome="failed", detail="late", fault=fault))
    assert b'"code":"InvalidApprovalTokenException"' in path.read_bytes()
    assert audit.read()[0].outcome == "failed"
