"""How many bytes go to the terminal: in all, and a second."""

from __future__ import annotations

from collections import deque

__all__ = ["Meter"]

WINDOW = 5.0
"""Seconds that the rate looks back."""


class Meter:
    """Counts bytes. Seconds of any one clock; no clock of its own."""

    def __init__(self) -> None:
        self.total = 0
        """Bytes since the start."""
        self._recent: deque[tuple[float, int]] = deque()
        self._sum = 0

    def add(self, now: float, count: int) -> None:
        """So many bytes went out."""
        self.total += count
        self._sum += count
        if self._recent and now - self._recent[-1][0] < 0.1:
            at, before = self._recent.pop()
            self._recent.append((at, before + count))
        else:
            self._recent.append((now, count))
        self._drop(now)

    def per_second(self, now: float) -> float:
        """Bytes a second, over the last few."""
        self._drop(now)
        return self._sum / WINDOW

    def _drop(self, now: float) -> None:
        while self._recent and now - self._recent[0][0] > WINDOW:
            self._sum -= self._recent.popleft()[1]
