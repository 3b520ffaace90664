"""When the next frame may go out: not before the link has taken what is on its way.

The terminal acknowledges a frame by answering a question that follows it. From the answers the link's round trip and
the time a byte takes on it are known, so what is still queued in it can be told at any moment. A frame goes out when it
would wait no longer than ``SLACK`` behind that; what comes meanwhile replaces it. On a link that keeps up nothing ever
waits, and a light frame seldom does.
"""

from __future__ import annotations

from collections import deque

__all__ = ["Allowance", "Pace"]

SLACK = 0.05
"""Seconds that a frame may stand in the link's queue."""
PATIENCE = 3.0
"""Seconds beyond what the link needs after which an answer is given up: it was lost, or the question is not understood
any more."""
_KEEP = 0.8
"""How much of what was learnt of the link stays with each answer."""
_LIGHT = 256
"""Bytes up to which a frame is light."""
_DRIFT = 0.05
"""How much of a longer trip is believed at once."""
_SLOWEST = 1 / 600
"""Seconds a byte takes on the slowest link there is: 4,800 bits a second."""
_UNKNOWN = 8192
"""Bytes on their way while nothing is known of the link."""


class Pace:
    """The link's queue, from what was sent and what came back. Seconds of any one clock; no clock of its own."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, int, str]] = deque()
        """When, how many bytes, and the question behind them, of what is not acknowledged."""
        self._ended = 0.0
        """When the last answer came: the link began with the next frame then, or when that was sent."""
        self._trip: float | None = None
        """The shortest round trip there was."""
        self._busy = 0.0
        self._bytes = 0.0
        """Seconds that the link worked for so many bytes; the newest count most."""

    @property
    def trip(self) -> float | None:
        """The link's round trip in seconds, without what is queued; None before it is known."""
        return self._trip

    @property
    def rate(self) -> float | None:
        """Bytes per second that the link takes; None before it is known."""
        return self._bytes / self._busy if self._busy > 0 else None

    @property
    def _per_byte(self) -> float:
        return min(_SLOWEST, self._busy / self._bytes) if self._bytes else 0.0

    @property
    def on_the_way(self) -> int:
        """Bytes that were sent and are not acknowledged."""
        return sum(count for _, count, _ in self._sent)

    def expects(self, question: str) -> bool:
        """Whether an answer to a question may come."""
        return any(asked == question for _, _, asked in self._sent)

    def sent(self, now: float, count: int, question: str = "") -> None:
        """A frame of so many bytes, and the question behind it, went out."""
        self._sent.append((now, count, question))

    def acknowledged(self, now: float, question: str = "") -> None:
        """The answer to a question came: to the oldest of its kind, and older ones are not understood."""
        while self.expects(question):
            at, count, asked = self._sent.popleft()
            self._learn(now, at, count)
            if asked == question:
                return

    def _learn(self, now: float, at: float, count: int) -> None:
        took = now - at
        if self._trip is None or took < self._trip:
            self._trip = took
        elif self._ended <= at and count <= _LIGHT:
            # A light frame on an idle link: what it took is the trip, which may have become longer.
            self._trip += _DRIFT * (took - count * self._per_byte - self._trip)
        # The link was at work on this frame since it arrived, or since it was done with the one before.
        worked = max(0.0, now - max(at + self._trip, self._ended))
        if count > _LIGHT:  # a light frame tells more of the network's jitter than of its rate
            self._busy = self._busy * _KEEP + worked
            self._bytes = self._bytes * _KEEP + count
        self._ended = now

    def forget(self) -> None:
        """Nothing is on its way: the terminal was given away, or its answers are not waited for."""
        self._sent.clear()

    def wait(self, now: float) -> float:
        """Seconds until another frame may go out; 0 for at once. An answer may shorten it."""
        while self._sent and now > self._sent[0][0] + self._sent[0][1] * self._per_byte + PATIENCE:
            self._sent.popleft()
        if not self._sent:
            return 0.0
        if self._trip is None or not self._bytes:
            return 0.0 if self.on_the_way < _UNKNOWN else PATIENCE - (now - self._sent[0][0])
        per_byte = self._per_byte
        done = self._ended
        for index, (at, count, _) in enumerate(self._sent):
            done = max(done, at + self._trip) + count * per_byte
            if index == 0:
                # Its answer has not come: however fast the link was thought to be.
                done = max(done, now)
        queued = done - (now + self._trip)
        return max(0.0, queued - SLACK)


class Allowance:
    """How much a link that is paid for, or shared, may be used: so many frames and bytes a second.

    What was not used in two seconds is lost. What goes out may overdraw the account; the next frame then waits until it
    is even.

    Args:
        frames: Frames a second.
        rate: Bytes a second.
    """

    def __init__(self, frames: float, rate: float) -> None:
        self._frames = frames
        self._rate = rate
        self._at = 0.0
        self._most = self._left = 2 * rate
        self._next = 0.0

    def sent(self, now: float, count: int) -> None:
        """A frame of so many bytes went out."""
        self._left = min(self._most, self._left + (now - self._at) * self._rate) - count
        self._at = now
        self._next = now + 1 / self._frames

    def wait(self, now: float) -> float:
        """Seconds until another frame may go out."""
        left = min(self._most, self._left + (now - self._at) * self._rate)
        return max(0.0, self._next - now, -left / self._rate)
