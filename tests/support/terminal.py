"""Run the program on a terminal of its own, as a person would."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_CONTROL = re.compile(rb"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|\[[0-9;<=>?$]*[A-Za-z]|[()][0-9A-B]|.)")


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.raw = b""
        self._master = master

    @property
    def text(self) -> str:
        """Everything that was written so far, without control sequences."""
        return _CONTROL.sub(b" ", self.raw).decode("utf-8", "replace")

    def until(self, words: str, seconds: float = 30) -> str:
        """Read until something was written; fails the test when it does not come."""
        deadline = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < deadline, f"{words!r} did not come: {self.text[-2000:]}"
            if not self._read(0.2):
                break
        assert words in self.text, self.text[-2000:]
        return self.text

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def ended(self, seconds: float = 30) -> int:
        """Wait for the end; the exit code."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read(0.1)
        while self._read(0):
            pass
        return self.process.wait(1)

    def hang_up(self) -> None:
        """Take the terminal away."""
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        """End whatever is left."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        if self._master >= 0:
            self.hang_up()

    def _read(self, seconds: float) -> bool:
        """Read what there is; False at the end."""
        if self._master < 0 or not select.select([self._master], [], [], seconds)[0]:
            return self._master >= 0 and seconds > 0
        with contextlib.suppress(OSError):  # the other end is closed
            data = os.read(self._master, 65536)
            self.raw += data
            return bool(data)
        return False


@contextmanager
def terminal(
    arguments: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    size: tuple[int, int] = (80, 24),
    cwd: Path | None = None,
    first: str = "",
) -> Iterator[Terminal]:
    """Run the program with arguments on a terminal of so many columns and rows; ``first`` is code to run before it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    given = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(environ or {})}
    process = subprocess.Popen(
        [sys.executable, "-c", _OWN_TERMINAL.format(first=first), *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env=given,
        cwd=cwd,
    )
    os.close(slave)
    made = Terminal(process, master)
    try:
        yield made
    finally:
        made.close()


_OWN_TERMINAL = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from pointsman.cli import main
{first}
sys.exit(main(sys.argv[1:]))
"""
