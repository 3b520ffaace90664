"""The parent of one command: a program of its own, standard library only, started with ``python -I -S``.

Arguments: the number of a file descriptor, the lifeline, and the command. The command gets what comes on the standard
input, and its output is this program's. When the backend writes to the lifeline, or dies, everything the command has
started is killed. On Linux this program is a child subreaper, so that a grandchild in another session cannot get away
either.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

_PR_SET_CHILD_SUBREAPER = 36
_GRACE = 1.0


def _children() -> list[int]:
    """The living processes below this one, by /proc; empty where there is none."""
    parents: dict[int, list[int]] = {}
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - pathlib costs a start-up
    except OSError:
        return []
    for name in names:
        with contextlib.suppress(OSError, IndexError, ValueError), open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123
            parents.setdefault(int(stat.read().rsplit(b")", 1)[1].split()[1]), []).append(int(name))
    found, waiting = [], [os.getpid()]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _kill(group: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(group, number)
    for process in _children():
        with contextlib.suppress(OSError):
            os.kill(process, number)


def _reap(wanted: int) -> int | None:
    """Reap what has ended; the exit status of the command when it is among it."""
    status = None
    while True:
        try:
            process, ended = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if process == 0:
            return status
        if process == wanted:
            status = os.waitstatus_to_exitcode(ended)


def main(lifeline: int, command: list[str]) -> int:
    """Run the command; its exit status."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child = os.fork()
    if child == 0:
        os.setsid()
        os.close(lifeline)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            os.execvp(command[0], command)
        except OSError as problem:
            os.write(2, f"{command[0]}: {problem.strerror}\n".encode())
            os._exit(127)
    status: int | None = None
    while status is None:
        ready, _, _ = select.select([woken, lifeline], [], [])
        if lifeline in ready:
            status = 143
            break
        os.read(woken, 64)
        status = _reap(child)
    _kill(child, signal.SIGTERM)
    until = time.monotonic() + _GRACE
    while _children() and time.monotonic() < until:
        time.sleep(0.02)
        _reap(child)
    _kill(child, signal.SIGKILL)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
