"""The last resort against orphans: processes known by a cookie in their environment, whatever became of their parents.

A supervisor ends everything below it. When the supervisor itself was killed, its children have other parents and may
have sessions of their own; on Linux the cookie still tells whose they are. Elsewhere nothing is found.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from pathlib import Path

COOKIE = "POINTSMAN_SHELL"
"""The variable whose value is the folder of the shell a process belongs to."""


def await_gone(folder: Path, patience: float = 15.0) -> None:
    """Wait until the program that held a folder's lock is gone, and end what it has left behind.

    Raises:
        OSError: There never was one.
    """
    deadline = time.monotonic() + patience
    with (folder / "alive").open("rb") as alive:
        while True:
            try:
                fcntl.flock(alive, fcntl.LOCK_SH | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    break
                time.sleep(0.02)
    sweep(folder)


def strays(folder: Path) -> list[int]:
    """The processes of this user that carry a folder's cookie."""
    cookie = f"{COOKIE}={folder}\0".encode()
    found = []
    with contextlib.suppress(OSError):
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and cookie in (entry / "environ").read_bytes() + b"\0":
                    found.append(int(entry.name))
    return found


def sweep(folder: Path, patience: float = 5.0) -> bool:
    """Kill every process with a folder's cookie; whether none is left."""
    deadline = time.monotonic() + patience
    while found := strays(folder):
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
