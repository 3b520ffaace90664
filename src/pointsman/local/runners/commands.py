"""One command of the owner's, run to its end: what named functions of a world file are.

Its environment is made from nothing, as a build's is; it runs in a process group that ends with it, with its time, and
with the backend.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol, runtime_checkable

from msgspec import Struct
from msgspec.structs import replace

from pointsman.local.runners.process import Access, confined, no_access
from pointsman.local.world import Scope

KEPT = 1 << 20
"""Bytes of a command's output that are kept of each stream; the rest is read and let go."""
_PROGRAM = Path(__file__).with_name("once.py")


class Ended(Struct, frozen=True):
    """What a command came to.

    Attributes:
        status: Its exit status; None when its time was over.
        output: What it printed on its standard output.
        errors: What it printed on its standard error.
        lost: Whether it was ended because the backend closes, so that nothing follows from its end.
    """

    status: int | None
    output: str
    errors: str
    lost: bool = False


@runtime_checkable
class CommandRunner(Protocol):
    """Runs commands that a world file names; a tool of the world."""

    def environment(self, scope: Scope, who: str) -> Mapping[str, str]:
        """The AWS variables a command gets. Called in a transaction."""
        ...

    def run(
        self, command: Sequence[str], folder: Path, given: bytes, environment: Mapping[str, str], seconds: float
    ) -> Ended:
        """Run a command and wait for it. Blocks: call it from a job.

        Args:
            command: The program and its arguments.
            folder: Where it starts.
            given: Its standard input.
            environment: Its variables, over what every command gets.
            seconds: How long it may take.
        """
        ...

    def close(self) -> None:
        """End every command that runs."""
        ...


class ProcessCommands:
    """Runs commands as processes of this machine.

    Args:
        access: What AWS variables a command gets.
    """

    def __init__(self, access: Access = no_access) -> None:
        self._access = access
        self._lifelines: set[int] = set()
        self._lock = threading.Lock()
        self._closed = False

    def environment(self, scope: Scope, who: str) -> Mapping[str, str]:
        """Keys and an endpoint, as ``access`` gives them."""
        return {**self._access(scope, who), "AWS_REGION": scope.region, "AWS_DEFAULT_REGION": scope.region}

    def run(
        self, command: Sequence[str], folder: Path, given: bytes, environment: Mapping[str, str], seconds: float
    ) -> Ended:
        """Run a command in a folder of its own for HOME and temporary files."""
        with tempfile.TemporaryDirectory(prefix="pointsman-function-", ignore_cleanup_errors=True) as scratch:
            home = Path(scratch)
            (home / "home").mkdir()
            (home / "tmp").mkdir()
            read, lifeline = os.pipe()
            with self._lock:
                self._lifelines.add(lifeline)
            try:
                whole = confined(home, environment, os.environ)
                ended = _run(command, folder, given, whole, seconds, read, lifeline)
                return replace(ended, lost=self._closed)
            finally:
                with self._lock:
                    self._lifelines.discard(lifeline)
                with contextlib.suppress(OSError):
                    os.close(lifeline)

    def close(self) -> None:
        """End every command that runs."""
        with self._lock:
            self._closed = True
            for lifeline in self._lifelines:
                with contextlib.suppress(OSError):
                    os.write(lifeline, b"x")


def _run(
    command: Sequence[str],
    folder: Path,
    given: bytes,
    environment: Mapping[str, str],
    seconds: float,
    read: int,
    lifeline: int,
) -> Ended:
    program = [sys.executable, "-I", "-S", str(_PROGRAM), str(read)]
    with tempfile.TemporaryFile() as handed:
        handed.write(given)
        handed.seek(0)
        try:
            process = subprocess.Popen(
                [*program, *command],
                stdin=handed,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=dict(environment),
                pass_fds=(read,),
                start_new_session=True,
            )
        except OSError as problem:
            os.close(read)
            return Ended(127, "", f"{folder}: {problem.strerror}")
    os.close(read)
    kept: dict[str, bytes] = {}
    assert process.stdout is not None
    assert process.stderr is not None
    readers = [
        threading.Thread(target=_drain, args=(stream, kept, name), daemon=True)
        for name, stream in (("output", process.stdout), ("errors", process.stderr))
    ]
    for reader in readers:
        reader.start()
    status: int | None
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        status = None
        os.write(lifeline, b"x")
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    for reader in readers:
        reader.join(5)
    return Ended(status, _text(kept.get("output", b"")), _text(kept.get("errors", b"")))


def _drain(stream: IO[bytes], kept: dict[str, bytes], name: str) -> None:
    body = bytearray()
    with stream:
        while chunk := stream.read(1 << 16):
            body += chunk[: max(0, KEPT - len(body))]
    kept[name] = bytes(body)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
