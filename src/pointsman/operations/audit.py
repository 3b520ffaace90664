"""The audit log: what was meant, written before it is done, and what became of it.

JSON lines, one intent and one outcome per deed, tied by the deed's id; appended, never rewritten, on the disk before
``intent`` returns. The file is ours alone (0600 in a 0700 folder) or it is not used. Secrets are taken out before a
call gets here.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
from msgspec.structs import replace

from pointsman.errors import StateError
from pointsman.model.activity import Deed
from pointsman.model.refs import (
    ActionRef,
    BatchRef,
    BuildRef,
    ExecutionRef,
    LogRef,
    PipelineRef,
    ProjectRef,
    Ref,
    StageRef,
)
from pointsman.operations.declare import WriteCall

_TAIL: Final = 8 * 1024 * 1024
"""How far back a reading goes."""

NO_OUTCOME: Final = "No outcome was written: the console ended before the answer came."

_REFS: Final[dict[str, type[Any]]] = {
    ref.noun: ref for ref in (PipelineRef, StageRef, ActionRef, ExecutionRef, ProjectRef, BuildRef, BatchRef, LogRef)
}


class _Intent(msgspec.Struct, frozen=True, tag_field="kind", tag="intent"):
    id: str
    at: datetime
    operation: str
    said: str
    account: str = ""
    region: str = ""
    identity: str = ""
    world: str = ""
    target: dict[str, str] | None = None
    call: str = ""
    parameters: dict[str, Any] = {}
    cli: str = ""


class _Outcome(msgspec.Struct, frozen=True, tag_field="kind", tag="outcome"):
    id: str
    at: datetime
    outcome: str
    said: str = ""
    detail: str = ""
    hint: str = ""
    request_id: str = ""
    code: str = ""
    result: dict[str, str] | None = None


_Line = _Intent | _Outcome
_decoder: Final = msgspec.json.Decoder(_Line)


class AuditLog(Protocol):
    """Where deeds are written down."""

    def intent(self, deed: Deed, call: WriteCall | None = None, *, world: str = "") -> None:
        """Write down what is about to be done; StateError when that is not possible."""
        ...

    def outcome(self, deed: Deed) -> None:
        """Write down what became of it; StateError when that is not possible."""
        ...

    def read(self, limit: int = 500) -> tuple[Deed, ...]:
        """The newest deeds, newest last."""
        ...


def default_path(environment: Mapping[str, str] = os.environ) -> Path:
    """``pointsman/audit.jsonl`` in the XDG state folder."""
    given = environment.get("XDG_STATE_HOME", "")
    # The XDG specification: a relative path is invalid and is ignored.
    base = Path(given) if given.startswith("/") else Path(environment.get("HOME") or Path.home()) / ".local" / "state"
    return base / "pointsman" / "audit.jsonl"


class FileAudit:
    """The audit log in a file.

    Args:
        path: The file; it and its folder are made at the first line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def intent(self, deed: Deed, call: WriteCall | None = None, *, world: str = "") -> None:
        """Write down what is about to be done, on the disk before it returns."""
        self._append(intent_line(deed, call, world))

    def outcome(self, deed: Deed) -> None:
        """Write down what became of it."""
        self._append(outcome_line(deed))

    def read(self, limit: int = 500) -> tuple[Deed, ...]:
        """The newest deeds, newest last."""
        return read_deeds(self.path, limit)

    def _append(self, line: bytes) -> None:
        with self._lock:
            try:
                self._write(line)
            except OSError as error:
                raise StateError(
                    f"The audit log {self.path} cannot be written: {error.strerror or error}",
                    "Free the disk, or make the folder yours and writable.",
                ) from error

    def _write(self, line: bytes) -> None:
        fresh = not self.path.exists()
        if fresh:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, 0o600)
        try:
            self._ours(descriptor)
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                # The line before was torn by a crash; it must not take this one with it.
                line = b"\n" + line
            if os.write(descriptor, line) != len(line):
                raise OSError(28, "the disk is full")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if fresh:
            _sync_folder(self.path.parent)

    def _ours(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise StateError(f"The audit log {self.path} is not a plain file")
        for where, owner in ((self.path, found.st_uid), (self.path.parent, self.path.parent.stat().st_uid)):
            if owner != os.geteuid():
                raise StateError(f"The audit log is not used: {where} belongs to someone else")
        if stat.S_IMODE(found.st_mode) != 0o600:
            os.fchmod(descriptor, 0o600)
        if stat.S_IMODE(self.path.parent.stat().st_mode) & 0o077:
            self.path.parent.chmod(0o700)


class MemoryAudit:
    """An audit log that is kept for as long as the process lives: a demo leaves nothing behind."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def intent(self, deed: Deed, call: WriteCall | None = None, *, world: str = "") -> None:
        """Keep what is about to be done."""
        self.lines.append(intent_line(deed, call, world))

    def outcome(self, deed: Deed) -> None:
        """Keep what became of it."""
        self.lines.append(outcome_line(deed))

    def read(self, limit: int = 500) -> tuple[Deed, ...]:
        """The newest deeds, newest last."""
        return parse(b"".join(self.lines), limit)


def intent_line(deed: Deed, call: WriteCall | None, world: str) -> bytes:
    """The line for what is about to be done."""
    record = _Intent(
        id=deed.id,
        at=deed.at,
        operation=deed.operation,
        said=deed.said,
        account=deed.account,
        region=deed.region,
        identity=deed.identity,
        world=world,
        target=_ref_out(deed.target),
        call=f"{call.service}:{call.operation}" if call is not None else "",
        parameters=call.parameters if call is not None else {},
        cli=deed.cli,
    )
    return msgspec.json.encode(record) + b"\n"


def outcome_line(deed: Deed) -> bytes:
    """The line for what became of it."""
    record = _Outcome(
        id=deed.id,
        at=deed.ended or deed.at,
        outcome=deed.outcome,
        said=deed.said,
        detail=deed.detail,
        hint=deed.hint,
        request_id=deed.request_id,
        code=deed.fault.code if deed.fault is not None else "",
        result=_ref_out(deed.result),
    )
    return msgspec.json.encode(record) + b"\n"


def read_deeds(path: Path, limit: int = 500) -> tuple[Deed, ...]:
    """The newest deeds of a log, newest last; what is not a line of ours is passed over."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            data = file.read()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StateError(f"The audit log {path} cannot be read: {error.strerror or error}") from error
    return parse(data, limit)


def parse(data: bytes, limit: int) -> tuple[Deed, ...]:
    """Deeds from lines: intents joined with their outcomes; an intent alone reads as unknown."""
    deeds: dict[str, Deed] = {}
    for line in data.splitlines():
        record = _record(line)
        if isinstance(record, _Intent):
            deeds[record.id] = Deed(
                id=record.id,
                at=record.at,
                operation=record.operation,
                said=record.said,
                account=record.account,
                region=record.region,
                identity=record.identity,
                cli=record.cli,
                outcome="unknown",
                detail=NO_OUTCOME,
                target=_ref_in(record.target),
            )
        elif isinstance(record, _Outcome) and record.id in deeds:
            deeds[record.id] = replace(
                deeds[record.id],
                outcome=record.outcome,
                said=record.said or deeds[record.id].said,
                detail=record.detail,
                hint=record.hint,
                request_id=record.request_id,
                ended=record.at,
                result=_ref_in(record.result),
            )
    return tuple(deeds.values())[-limit:] if limit > 0 else ()


def _record(line: bytes) -> _Line | None:
    try:
        record: _Line = _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return record


def _ref_out(ref: Ref | None) -> dict[str, str] | None:
    return None if ref is None else {"noun": ref.noun, **{name: getattr(ref, name) for name in ref.__struct_fields__}}


def _ref_in(data: dict[str, str] | None) -> Ref | None:
    if data is None or data.get("noun") not in _REFS:
        return None
    members = {name: value for name, value in data.items() if name != "noun"}
    kind = _REFS[data["noun"]]
    if set(members) != set(kind.__struct_fields__):
        return None
    found: Ref = kind(**members)
    return found


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
