"""The session's error log: what went wrong while the console was open, newest last, bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from datetime import datetime

from msgspec import Struct

from pointsman.clock import Clock
from pointsman.errors import CallFailed, Fault, FaultKind, PointsmanError

__all__ = ["Trouble", "Troubles", "fault_of"]


class Trouble(Struct, frozen=True):
    """One thing that went wrong."""

    at: datetime
    doing: str
    """What was being done: ``read builds``."""
    fault: Fault
    times: int = 1
    """How often in a row."""


class Troubles:
    """The log itself."""

    def __init__(self, clock: Clock, keep: int = 500) -> None:
        self._clock = clock
        self._kept: deque[Trouble] = deque(maxlen=keep)
        self._listeners: list[Callable[[], None]] = []
        self._standing: dict[Hashable, Fault] = {}
        self.unseen = 0
        """How many came since the log was last looked at."""

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def entries(self) -> tuple[Trouble, ...]:
        """Every entry kept, newest last."""
        return tuple(self._kept)

    def note(self, doing: str, fault: Fault) -> bool:
        """Write one down; the same again counts up. Says whether it is a new one."""
        last = self._kept[-1] if self._kept else None
        fresh = last is None or last.doing != doing or last.fault.sentence != fault.sentence
        if last is None or fresh:
            self._kept.append(Trouble(self._clock.now(), doing, fault))
            self.unseen += 1
        else:
            self._kept[-1] = Trouble(self._clock.now(), doing, fault, last.times + 1)
        for listener in list(self._listeners):
            listener()
        return fresh

    def observe(self, key: Hashable, doing: str, fault: Fault | None) -> None:
        """What is read again and again answered: a fault is written down when it begins or becomes another one."""
        before = self._standing.pop(key, None)
        if fault is not None:
            self._standing[key] = fault
            if before is None or (before.kind, before.sentence) != (fault.kind, fault.sentence):
                self.note(doing, fault)

    def seen(self) -> None:
        """The log was looked at."""
        self.unseen = 0
        for listener in list(self._listeners):
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` at each change; returns the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None


def fault_of(error: BaseException) -> Fault:
    """What an exception means to a person."""
    if isinstance(error, CallFailed):
        return error.fault
    if isinstance(error, PointsmanError):
        return Fault(FaultKind.UNKNOWN, error.message, error.hint)
    words = " ".join(str(error).split())
    sentence = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return Fault(FaultKind.UNKNOWN, sentence[:500], "this is a mistake in pointsman; ! shows it, please report it")
