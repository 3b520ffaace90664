"""``Pacing``: which calls are answered so soon that to hand them to a worker would take longer than to answer them.

Answers are made one at a time in any case, under the world's lock; a worker keeps the event loop free for those that
take their time. Most take a fraction of a millisecond, which is less than two changes of threads do.
"""

from __future__ import annotations

__all__ = ["Pacing"]

SLOW = 0.02
"""Seconds from which on an answer takes its time."""
ENOUGH = 3
"""Quick answers in a row after which the next is thought to be quick."""
AGAIN = 20
"""Quick answers that it takes instead, once one has been slow."""
_MOST = 1000
"""Calls that are remembered."""


class Pacing:
    """What is known of the time that calls take. Any thread may tell; what is lost of two at once is learned again."""

    def __init__(self) -> None:
        self._lacking: dict[str, int] = {}
        """Call -> the quick answers that are still wanted of it."""

    def is_quick(self, call: str) -> bool:
        """Whether a call has been answered soon each of the last times."""
        return self._lacking.get(call, ENOUGH) == 0

    def took(self, call: str, seconds: float) -> None:
        """A call has been answered, in so many seconds."""
        if call not in self._lacking and len(self._lacking) >= _MOST:
            self._lacking.clear()
        lacking = self._lacking.get(call, ENOUGH)
        self._lacking[call] = AGAIN if seconds >= SLOW else max(0, lacking - 1)
