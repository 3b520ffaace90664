"""``LogSearch``: a text looked for in slices, so that no frame waits for it."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable

from pointsman.console.widgets.log_store import LogStore

_SLICE = 4000


class LogSearch:
    """The lines that contain a text; grows with the log."""

    def __init__(self, store: LogStore, needle: str) -> None:
        self.store = store
        self.needle = needle
        self._wanted = needle.lower()
        self.matches = array("i")
        """Lines that match, ascending."""
        self.scanned = 0
        """Lines looked at."""

    @property
    def complete(self) -> bool:
        """Whether every line there is has been looked at."""
        return self.scanned >= len(self.store)

    def scan(self, seconds: float, timer: Callable[[], float]) -> None:
        """Look at lines for about so long."""
        end = timer() + seconds
        while not self.complete:
            stop = min(len(self.store), self.scanned + _SLICE)
            self.matches.extend(self.store.find(self._wanted, self.scanned, stop))
            self.scanned = stop
            if timer() >= end:
                return

    def let_go(self, count: int) -> None:
        """So many of the first lines are gone."""
        self.matches = array("i", [line - count for line in self.matches if line >= count])
        self.scanned = max(0, self.scanned - count)

    def index_of(self, line: int | None) -> int:
        """Which match a line is, from 1; 0 when it is none."""
        if line is None:
            return 0
        at = bisect_left(self.matches, line)
        return at + 1 if at < len(self.matches) and self.matches[at] == line else 0

    def after(self, line: int) -> int | None:
        """The first match after a line, or from the top when there is none."""
        if not self.matches:
            return None
        at = bisect_right(self.matches, line)
        return self.matches[at] if at < len(self.matches) else self.matches[0]

    def before(self, line: int) -> int | None:
        """The last match before a line, or from the bottom when there is none."""
        if not self.matches:
            return None
        at = bisect_left(self.matches, line)
        return self.matches[at - 1] if at else self.matches[-1]
