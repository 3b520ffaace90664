"""The machine room seen from the backend: start scripts, wait for their ends, end what an instance still runs.

The room's end of the pipe closes when this process dies, however it dies. It is started with the first script.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from pointsman.local.runners.sweep import COOKIE, sweep

ROOM = Path(__file__).with_name("room.py")
LARGEST = 1 << 30
"""Bytes that a script may write into one file."""


class Script(Struct, frozen=True):
    """A script to run."""

    folder: Path
    """Where its ``begun`` and ``ended`` are written."""
    name: str
    """What they are called: unique in the folder."""
    command: Sequence[str]
    """The program by its full path, and its arguments."""
    environment: Mapping[str, str]
    """All of its environment."""
    directory: Path
    timeout: float | None = 3600
    """Seconds; None: as long as it likes."""
    log: Path | None = None
    """What its output is appended to."""


class Ended(Struct, frozen=True):
    """How a script ended."""

    exit: int | None
    """Its exit status; None: it never ran, or was lost."""
    note: str = ""
    """``timeout``, ``ended``, ``open STDOUT``, ``signal: …``, or why it was lost."""
    tail: str = ""


class Room:
    """Everything that runs on the local instances of one backend.

    Args:
        folder: The room's own.
        grace: Seconds between asking a process to end and making it.
        largest: Bytes that a script may write into one file.
    """

    def __init__(self, folder: Path, *, grace: float = 1.0, largest: int = LARGEST) -> None:
        self._folder = folder
        self._grace = grace
        self._largest = largest
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: dict[str, Callable[[Ended], None]] = {}
        self._swept: dict[str, threading.Event] = {}
        self._closed = False
        self._number = 0
        self._reader: threading.Thread | None = None

    def start(self, script: Script, ended: Callable[[Ended], None]) -> str:
        """Start a script; ``ended`` is called once, on the room's thread. Returns what ``end`` knows it by."""
        with self._lock:
            self._number += 1
            name = f"{self._number}"
            if self._closed:
                lost = Ended(None, "the backend is being closed")
            else:
                try:
                    self._open()
                except OSError as error:
                    lost = Ended(None, f"it could not be started: {error.strerror}")
                else:
                    self._waiting[name] = ended
                    self._send({"run": self._order(name, script)})
                    return name
        ended(lost)
        return name

    def run(self, script: Script) -> Ended:
        """Run a script to its end: blocking."""
        over, found = threading.Event(), []

        def ended(outcome: Ended) -> None:
            found.append(outcome)
            over.set()

        self.start(script, ended)
        over.wait()
        return found[0]

    def _order(self, name: str, script: Script) -> dict[str, Any]:
        return {
            "id": name,
            "folder": str(script.folder),
            "name": script.name,
            "command": list(script.command),
            "environment": {**script.environment, COOKIE: str(self._folder)},
            "directory": str(script.directory),
            "timeout": script.timeout,
            "log": str(script.log) if script.log else "",
        }

    def end(self, name: str) -> None:
        """Have a script end, and its process group."""
        with self._lock:
            if self._process is not None:
                self._send({"end": name})

    def sweep(self, mark: str, patience: float = 15.0) -> None:
        """End every process whose environment holds ``VARIABLE=VALUE``: blocking, until they are gone."""
        with self._lock:
            if self._process is None:
                return
            done = self._swept.setdefault(mark, threading.Event())
            self._send({"sweep": mark})
        done.wait(patience)

    def close(self, patience: float = 15.0) -> None:
        """End everything, and wait until it has ended."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._send({"stop": True})
        if self._reader is not None:
            self._reader.join(patience)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        if self._process is not None:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        order = {"folder": str(self._folder), "grace": self._grace, "largest": self._largest}
        with (self._folder / "room.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(ROOM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                cwd=self._folder,
                start_new_session=True,
            )
        self._process = process
        self._send({"open": order})
        self._reader = threading.Thread(target=self._read, args=(process,), name="pointsman-room", daemon=True)
        self._reader.start()

    def _send(self, order: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass  # the room is gone; the reading side tells of it

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        assert process.stdin is not None
        for line in process.stdout:
            said = json.loads(line)
            if "swept" in said:
                if (done := self._swept.pop(said["swept"], None)) is not None:
                    done.set()
            elif "begun" not in said and (ended := self._waiting.pop(said["id"], None)) is not None:
                ended(Ended(said["exit"], said["note"], said["tail"]))
        with self._lock:
            lost, self._waiting = self._waiting, {}
            self._process = None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        if process.wait() != 0:
            sweep(self._folder)
        process.stdout.close()
        for ended in lost.values():
            ended(Ended(None, "the machine room was lost under it"))
        for done in self._swept.values():
            done.set()


def outcome(folder: Path, name: str) -> Ended | None:
    """What is known of a script that an earlier room was to run.

    Returns:
        None when it never began; with ``exit`` None when it began and was cut off.
    """
    try:
        found = json.loads((folder / f"{name}.ended").read_bytes())
        return Ended(found["exit"], found["note"], found["tail"])
    except (OSError, ValueError, KeyError):
        return Ended(None, "stopped") if (folder / f"{name}.begun").exists() else None
