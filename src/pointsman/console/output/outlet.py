"""The file that Textual's writer thread writes to, which knows how much of it the kernel has not taken yet."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import IO

__all__ = ["Outlet"]


class Outlet:
    """A terminal's file with a count of what waits before it.

    Args:
        file: Where it goes.
        drained: Called in the writer thread when everything that waited has been taken.
    """

    def __init__(self, file: IO[str], drained: Callable[[], None]) -> None:
        self._file = file
        self._drained = drained
        self._lock = threading.Lock()
        self._given = self._taken = self._written = 0

    @property
    def waiting(self) -> int:
        """Characters that were announced and have not been taken."""
        return self._given - self._taken

    def reset(self) -> None:
        """Nothing is on its way: another writer begins."""
        with self._lock:
            self._given = self._taken = self._written = 0

    def announce(self, count: int) -> None:
        """So many characters are on their way to ``write``."""
        with self._lock:
            self._given += count

    def write(self, text: str) -> int:
        """Write text; nothing, once the terminal has gone."""
        with contextlib.suppress(OSError):
            self._file.write(text)
        self._written += len(text)
        return len(text)

    def flush(self) -> None:
        """Hand everything to the kernel; waits while the terminal takes nothing."""
        with contextlib.suppress(OSError):
            self._file.flush()
        with self._lock:
            # What was written unannounced, before this file was put in place, does not count.
            self._taken = min(self._given, self._written)
        if not self.waiting:
            self._drained()

    def fileno(self) -> int:
        """The terminal's descriptor."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._file.isatty()
