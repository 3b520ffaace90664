"""The program on a terminal that is played by an emulator, beside one that gets what Textual itself has written.

So both see the very same frames, however the program got to them: one as lean output sends them, one as they are.
"""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support.emulator import Cell, Emulator
from support.terminal import Terminal, terminal

_TEE = """
import os
from pointsman.console.output.driver import LeanDriver
tee, write = os.open({path!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND), LeanDriver.write
def both(self, data):
    os.write(tee, data.encode())
    write(self, data)
LeanDriver.write = both
{more}
"""


class Play:
    """A program, its terminal, and the stock terminal beside it."""

    def __init__(self, program: Terminal, tee: Path, size: tuple[int, int], *, sync: bool, answers: bool) -> None:
        self.program = program
        self.ours = Emulator(*size, program.send, sync=sync, answers=answers)
        self.stock = Emulator(*size)
        self._tee = tee
        self._fed = 0
        self._read = 0

    def look(self, seconds: float = 0.05) -> int:
        """Take what comes within a moment; how many bytes that were."""
        self.program._read(seconds)
        data = self.program.raw[self._fed :]
        self._fed += len(data)
        self.ours.feed(data)
        return len(data)

    def settle(self, quiet: float = 0.25, seconds: float = 20) -> None:
        """Read until nothing has come for a while."""
        deadline = time.monotonic() + seconds
        last = time.monotonic()
        while time.monotonic() - last < quiet:
            assert time.monotonic() < deadline, "it never came to rest"
            if self.look():
                last = time.monotonic()
        self._feed_stock()

    def until(self, words: str, seconds: float = 30) -> None:
        """Read until the screen shows something, and then has come to rest."""
        self.wait(lambda: words in self.ours.text(), words, seconds)
        self.settle()

    def wait(self, true: Callable[[], bool], what: str, seconds: float = 30) -> None:
        """Read until something is so."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, f"{what} did not come:\n{self.ours.text()}"
            self.look()

    def _feed_stock(self) -> None:
        data = self._tee.read_bytes() if self._tee.exists() else b""
        self.stock.feed(data[self._read :])
        self._read = len(data)

    def differences(self) -> list[tuple[int, int, Cell, Cell]]:
        """Row, column, our cell and stock's, where they differ."""
        return [
            (y, x, a, b)
            for y, (ours, stock) in enumerate(zip(self.ours.seen(), self.stock.seen(), strict=True))
            for x, (a, b) in enumerate(zip(ours, stock, strict=True))
            if a != b
        ]

    def check(self) -> None:
        """Both terminals are the same: every cell, the cursor, the modes, what was said beside."""
        deadline = time.monotonic() + 15
        self.settle()
        while self.differences() and time.monotonic() < deadline:  # on a busy machine silence is not yet rest
            self.settle()
        assert self.differences()[:5] == []
        assert (self.ours.y, self.ours.x) == (self.stock.y, self.stock.x)
        modes = [{mode: on for mode, on in one.modes.items() if mode != 2026} for one in (self.ours, self.stock)]
        assert modes[0] == modes[1]
        assert not self.ours.modes.get(2026)
        assert self.ours.titles == self.stock.titles
        assert self.ours.unknown == self.stock.unknown == []

    def press(self, keys: str) -> None:
        """Type, and compare once it has come to rest."""
        self.program.send(keys)
        self.check()

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        self._feed_stock()
        for one in (self.ours, self.stock):
            one.resize(columns, rows)
        fcntl.ioctl(self.program._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def state(self) -> str:
        """The process's state as the kernel has it: ``T`` is stopped."""
        stat = Path(f"/proc/{self.program.process.pid}/stat").read_text()
        return stat.rsplit(")", 1)[1].split()[0]


@contextmanager
def play(
    arguments: list[str],
    folder: Path,
    *,
    size: tuple[int, int] = (120, 40),
    sync: bool = True,
    answers: bool = True,
    environ: Mapping[str, str] | None = None,
    more: str = "",
) -> Iterator[Play]:
    """Run the program; ``more`` is code that runs before it."""
    tee = folder / f"tee-{os.urandom(4).hex()}"
    given = {
        "COLUMNS": "",
        "LINES": "",
        "COLORTERM": "truecolor",
        "TMUX": "",
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder),
        **(environ or {}),
    }
    first = _TEE.format(path=str(tee), more=more)
    with terminal(arguments, environ=given, size=size, first=first) as program:
        yield Play(program, tee, size, sync=sync, answers=answers)
