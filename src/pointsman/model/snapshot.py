"""What a screen receives: the last good value, and whatever is wrong, side by side."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import ClassVar, Generic, TypeVar

from msgspec import Struct

from pointsman.errors import Fault, FaultKind
from pointsman.values import Partly

T = TypeVar("T")
U = TypeVar("U")


class Freshness(Enum):
    """The five states every pane draws the same way."""

    LOADING = "loading"
    FRESH = "fresh"
    STALE = "stale"
    EMPTY = "empty"
    DENIED = "denied"


class Snapshot(Struct, Generic[T], frozen=True):
    """A value as it was read, with what is wrong since.

    A fault never erases the value: the last good one stays beside it.
    """

    value: T | None = None
    fetched_at: datetime | None = None
    """When ``value`` was read; None before the first good answer."""
    fault: Fault | None = None
    """Why the latest attempt has no answer; None when it had one."""
    failures: int = 0
    """Attempts in a row without an answer."""
    next_try: datetime | None = None
    """When the next attempt is due; None when nothing is scheduled."""
    partial: str = ""
    """What was not read (yet): ``312 of 1,000 read``. Empty when the value is whole."""

    @property
    def freshness(self) -> Freshness:
        """Which of the five states this is."""
        if self.value is None:
            if self.fault is None:
                return Freshness.LOADING
            return Freshness.DENIED
        if self.fault is not None:
            return Freshness.STALE
        if hasattr(self.value, "__len__") and len(self.value) == 0:
            return Freshness.EMPTY
        return Freshness.FRESH

    @property
    def denied(self) -> bool:
        """Whether permission is what is missing."""
        return self.fault is not None and self.fault.kind is FaultKind.DENIED

    def map(self, change: Callable[[T], U]) -> Snapshot[U]:
        """The same snapshot of a derived value."""
        return Snapshot(
            value=None if self.value is None else change(self.value),
            fetched_at=self.fetched_at,
            fault=self.fault,
            failures=self.failures,
            next_try=self.next_try,
            partial=self.partial,
        )


class Identity(Partly, frozen=True, eq=False):
    """Who this console acts as."""

    apart: ClassVar = frozenset({"expires"})
    account: str
    arn: str
    region: str
    profile: str = ""
    expires: datetime | None = None

    @property
    def role(self) -> str:
        """The role or user name, for a header."""
        tail = self.arn.rsplit(":", 1)[-1]
        parts = tail.split("/")
        return parts[1] if len(parts) > 1 and parts[0] in ("assumed-role", "user", "role") else tail
