"""A program measured from outside, through a pseudo terminal.

The clock readings are those of the ``read()`` that brought the bytes. What was read is parsed afterwards by the
emulator (pyte), a little at a time and only while nothing else is to be read, so its own cost is in no figure.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyte

COLUMNS, ROWS = 120, 40
_ANSWERS = {
    b"\x1b[c": b"\x1b[?62;22c",
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",
}
_QUERY = re.compile(b"|".join(map(re.escape, _ANSWERS)))
_LONGEST = max(map(len, _ANSWERS)) - 1
_SLICE = 1024
"""Bytes parsed between two looks at what there is to read."""
_WHOLE = re.compile(rb"\x1b(?:\[[0-9;:<=>?$ ]*[@-~]|[P_\]X^].*?(?:\x1b\\|\x07)|[^\[P_\]X^])", re.S)
_PRIVATE = re.compile(rb"\x1b\[[<>=?][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b[P_\]].*?(?:\x1b\\|\x07)", re.S)


@dataclass(frozen=True, slots=True)
class Start:
    """What a start cost: seconds from exec, CPU seconds, MiB at the peak."""

    first_paint: float
    ready: float
    cpu: float
    peak_mib: float


class Terminal:
    """A running program and the screen it has drawn.

    Args:
        command: What to run.
        env: Variables over this process's own.
        columns: The terminal's width.
        rows: Its height.
    """

    def __init__(
        self, command: Sequence[str], env: dict[str, str] | None = None, columns: int = COLUMNS, rows: int = ROWS
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._unparsed: deque[tuple[float, bytes]] = deque()
        self._cut = self._tail = b""
        self.bytes_read = 0
        self.ended = False
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        self.started = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvpe(command[0], list(command), environment)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, timeout: float) -> float | None:
        """Take what has come; the time it came, or None when nothing did within ``timeout`` seconds."""
        ready, _, _ = select.select([self._fd], [], [], timeout)
        if not ready:
            return None
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            self.ended = True
            return None
        at = time.perf_counter()
        self._take(at, data)
        return at

    def _take(self, at: float, data: bytes) -> None:
        """Count what has come, and answer what it asks; in the order of the questions."""
        self.bytes_read += len(data)
        asked = self._tail + data
        done = 0
        for found in _QUERY.finditer(asked):
            if found.end() > len(self._tail):
                self.send(_ANSWERS[found[0]])
            done = found.end()
        self._tail = asked[max(done, len(asked) - _LONGEST) :]
        self._unparsed.append((at, data))

    def send(self, data: bytes) -> None:
        """Give the program bytes."""
        with contextlib.suppress(OSError):
            os.write(self._fd, data)

    def step(self, timeout: float) -> float | None:
        """Read, or else parse a little of what was read.

        Returns:
            When what was parsed had come; None when nothing was parsed.
        """
        if self.read(0.0 if self._unparsed else timeout) is not None or not self._unparsed:
            return None
        at, data = self._unparsed.popleft()
        if len(data) > _SLICE:
            self._unparsed.appendleft((at, data[_SLICE:]))
        self._parse(data[:_SLICE])
        return at

    def _parse(self, data: bytes) -> None:
        data = self._cut + data
        # A control sequence that is not whole yet waits for its rest.
        last = data.rfind(b"\x1b")
        whole = last < 0 or _WHOLE.match(data, last) is not None
        data, self._cut = (data, b"") if whole else (data[:last], data[last:])
        # pyte knows neither private modes of newer terminals nor device strings; none of them draws.
        self._stream.feed(_PRIVATE.sub(b"", data))

    def text(self) -> str:
        """The screen as text."""
        return "\n".join(self.screen.display)

    def blank(self) -> bool:
        """Whether nothing is drawn, neither a glyph nor a background."""
        return not any(
            cell.data.strip() or cell.bg != "default" for row in self.screen.buffer.values() for cell in row.values()
        )

    def wait_for(self, pattern: str, timeout: float = 60.0) -> float:
        """The clock reading of the bytes that brought a pattern to the screen.

        Raises:
            TimeoutError: It never came.
        """
        wanted = re.compile(pattern, re.MULTILINE)
        deadline = time.perf_counter() + timeout
        while time.perf_counter() < deadline and not self.ended:
            at = self.step(0.2)
            if at is not None and wanted.search(self.text()):
                return at
        raise TimeoutError(f"{pattern!r} never came; the screen was:\n{self.text()}")

    def start(self, pattern: str, timeout: float = 60.0) -> Start:
        """Measure the start up to ``pattern`` on the screen.

        Raises:
            TimeoutError: It never came.
        """
        first = None
        wanted = re.compile(pattern, re.MULTILINE)
        deadline = time.perf_counter() + timeout
        while time.perf_counter() < deadline and not self.ended:
            at = self.step(0.2)
            if at is None:
                continue
            if first is None and not self.blank():
                first = at - self.started
            if wanted.search(self.text()):
                return Start(first or at - self.started, at - self.started, self.cpu(), self.peak_mib())
        raise TimeoutError(f"{pattern!r} never came; the screen was:\n{self.text()}")

    def type(self, keys: bytes) -> float:
        """Press keys; when."""
        at = time.perf_counter()
        self.send(keys)
        return at

    def press(self, keys: bytes, timeout: float = 5.0) -> float:
        """Seconds from a key to the first bytes of what it changed.

        Raises:
            TimeoutError: Nothing changed.
        """
        self.drain(0.05)
        begun = self.type(keys)
        at = self.read(timeout)
        if at is None:
            raise TimeoutError(f"{keys!r} changed nothing")
        return at - begun

    def respond(self, keys: bytes, quiet: float) -> tuple[float, int]:
        """Press a key: seconds to the last byte of what it changed, and how many bytes that took; 0 for nothing."""
        before = self.bytes_read
        begun = self.type(keys)
        return max(0.0, self._last(quiet) - begun), self.bytes_read - before

    def burst(self, keys: bytes, times: int, rate: float, quiet: float) -> float:
        """Press a key so many times, so often a second: seconds from the last to the last byte of what they changed."""
        begun = time.perf_counter()
        last = 0.0
        for number in range(times):
            due = begun + number / rate
            while (left := due - time.perf_counter()) > 0:
                self.read(left)
            last = self.type(keys)
        return max(0.0, self._last(quiet) - last)

    def _last(self, quiet: float) -> float:
        """When the last byte before so much silence came; 0 when none did."""
        last = 0.0
        while (at := self.read(quiet)) is not None:
            last = at
        return last

    def collect(self, seconds: float) -> None:
        """Take what comes for so long."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self.read(left)

    def drain(self, quiet: float) -> None:
        """Read and parse until nothing has come for ``quiet`` seconds."""
        while self.read(quiet) is not None or self._unparsed:
            while self._unparsed:
                self.step(0.0)

    def cpu(self) -> float:
        """CPU seconds of the process so far."""
        return cpu_of(self.pid)

    def peak_mib(self) -> float:
        """Peak resident memory in MiB."""
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0

    def close(self) -> None:
        """End the program."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self._fd)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def module(name: str, *arguments: str) -> Terminal:
    """A module of the checkout on a terminal of its own."""
    root = str(Path(__file__).resolve().parents[1])
    return Terminal((sys.executable, "-m", name, *arguments), {"PYTHONPATH": root})


def cpu_of(pid: int) -> float:
    """CPU seconds a process has used, without its children's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def running_time(pid: int) -> float:
    """CPU seconds of the threads a process has now, as the scheduler counts them.

    ``cpu_of`` counts the clock's ticks at which a thread ran: a program that wakes for a moment with the tick, and
    sleeps again, is charged the whole of it, or nothing.
    """
    try:
        spent = [int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    except (OSError, ValueError, IndexError):
        spent = []
    return sum(spent) / 1e9 if spent else cpu_of(pid)


def children(pid: int) -> list[int]:
    """The processes a process has started itself."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for place in found for child in place.read_text().split()]
