"""Time, injected: everything that asks what time it is, asks a Clock.

``SystemClock`` is the wall. ``ManualClock`` stands still until it is advanced, and carries everything that falls due on
the way out in order: tests, the demo and a frozen screenshot run on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""Where a ManualClock starts unless it is told otherwise: a Monday morning."""


class Clock(Protocol):
    """Something that knows the time."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary point; never goes back."""
        ...


class SystemClock:
    """The wall clock."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds from an arbitrary point; never goes back."""
        return time.monotonic()


class Driven(Protocol):
    """What a ManualClock drives: something with work that falls due."""

    def next_due(self) -> datetime | None:
        """When the next piece of work falls due; None when there is none."""
        ...

    def settle(self) -> None:
        """Carry out everything due at the clock's time, and what follows from it, before returning."""
        ...


class ManualClock:
    """A clock that stands until ``advance`` moves it, from event to event.

    Thread-safe: readers may ask from any thread while one thread advances.
    """

    def __init__(self, start: datetime = EPOCH) -> None:
        if start.tzinfo is None:
            raise ValueError("start must be an aware datetime")
        self._now = start.astimezone(UTC)
        self._start = self._now
        self._driven: list[Driven] = []
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the clock's start."""
        return (self._now - self._start).total_seconds()

    def drive(self, driven: Driven) -> Callable[[], None]:
        """Have ``driven`` carried along by ``advance``; returns the function that ends it."""
        self._driven.append(driven)

        def release() -> None:
            if driven in self._driven:
                self._driven.remove(driven)

        return release

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` each time the clock has moved; returns the function that ends it."""
        self._listeners.append(listener)

        def release() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return release

    def advance(self, seconds: float) -> None:
        """Move on by ``seconds``, carrying out every event that falls due on the way, each at its own time."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        with self._lock:
            target = self._now + timedelta(seconds=seconds)
            self._settle()
            while (due := self.next_due()) is not None and due <= target:
                self._move(max(due, self._now))
                self._settle()
            self._move(target)
            self._settle()

    def next_due(self) -> datetime | None:
        """When the earliest event of all that is driven falls due; None when there is none."""
        return min((due for driven in self._driven if (due := driven.next_due()) is not None), default=None)

    def _settle(self) -> None:
        for driven in list(self._driven):
            driven.settle()

    def _move(self, when: datetime) -> None:
        if when != self._now:
            self._now = when
            for listener in list(self._listeners):
                listener()
