"""Processes of this machine: a backend in one of its own that is killed, and what should be gone after that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path


def alive(marker: str) -> list[str]:
    """The processes with a marker in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"MARKER={marker}\0".encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


_VICTIM = """
import sys, threading
from pathlib import Path
from pointsman.local import Backend
backend = Backend(state=Path(sys.argv[1]))
client = backend.session().client("codebuild")
client.create_project(name="web", source={{"type": "NO_SOURCE", "buildspec": {buildspec!r}}},
    artifacts={{"type": "NO_ARTIFACTS"}}, serviceRole="r",
    environment={{"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"}})
{begin}
threading.Event().wait()
"""


def killed(state: Path, flag: Path, buildspec: str, begin: str) -> str:
    """Run a backend in a process of its own, and kill -9 it once ``flag`` has been made.

    Args:
        state: Its folder.
        flag: What the work under way makes.
        buildspec: That of its project, ``web``.
        begin: Python that begins the work, through ``client``, and prints its id.

    Returns:
        The id.
    """
    command = [sys.executable, "-c", _VICTIM.format(buildspec=buildspec, begin=begin), str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = process.stdout.readline().strip()
        pause = threading.Event()
        for _ in range(500):
            if flag.exists():
                break
            pause.wait(0.02)
        os.kill(process.pid, signal.SIGKILL)
    assert flag.exists()
    return found
