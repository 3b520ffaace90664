"""A terminal at the end of a slow link: so many bytes a second, and a round trip.

The link swallows 32 KiB before the program's writes wait for it, as an SSH channel does.
"""

from __future__ import annotations

import os
import select
import time
from collections import deque
from collections.abc import Sequence

from benchmarks.terminal import Terminal

BUFFER = 32_768
_PIECE = 64
"""Bytes that arrive together."""


class SlowTerminal(Terminal):
    """A program behind a link.

    Args:
        command: What to run.
        rate: Bytes a second towards the terminal.
        trip: Seconds for the round trip, half of it each way.
        env: Variables over this process's own.
    """

    def __init__(self, command: Sequence[str], rate: float, trip: float, env: dict[str, str] | None = None) -> None:
        self._rate = rate
        self._half = trip / 2
        self._free = 0.0
        self._arriving: deque[tuple[float, bytes]] = deque()
        self._leaving: deque[tuple[float, bytes]] = deque()
        super().__init__(command, env)

    def send(self, data: bytes) -> None:
        """What goes to the program arrives half a round trip later."""
        self._leaving.append((time.perf_counter() + self._half, data))

    def read(self, timeout: float) -> float | None:
        """Take the next bytes that arrive; when, or None when none did within ``timeout`` seconds."""
        deadline = time.perf_counter() + timeout
        while True:
            now = time.perf_counter()
            while self._leaving and self._leaving[0][0] <= now:
                os.write(self._fd, self._leaving.popleft()[1])
            if self._arriving and self._arriving[0][0] <= now:
                at, data = self._arriving.popleft()
                self._take(at, data)
                return at
            if self.ended or now >= deadline:
                return None
            self._fill(min(deadline, *(queue[0][0] for queue in (self._arriving, self._leaving) if queue)) - now
                       if self._arriving or self._leaving else deadline - now)  # fmt: skip

    def _fill(self, timeout: float) -> None:
        """Put what the program writes on the link, or wait for something to be due."""
        if sum(len(data) for _, data in self._arriving) >= BUFFER:
            time.sleep(max(0.0, timeout))
            return
        if not select.select([self._fd], [], [], max(0.0, timeout))[0]:
            return
        try:
            data = os.read(self._fd, 4096)
        except OSError:
            self.ended = True
            return
        self._free = max(self._free, time.perf_counter())
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            self._free += len(piece) / self._rate
            self._arriving.append((self._free + self._half, piece))
