"""Two traces side by side: what got slower, what appeared, what vanished. Pure, without recursion, in linear time.

Spans are matched by their path: the names from the top down to them. Spans of one path are one operation, called so
many times; the first calls of each trace give the order. What makes an operation slower is told by its self time:
a duration holds everything below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import TraceRef
from pointsman.semantics.traces import assembly
from pointsman.semantics.traces.documents import part, text

__all__ = ["Change", "Operation", "Side", "TraceComparison", "compare"]

_WRONG = assembly.FAULT | assembly.ERROR | assembly.THROTTLE
LEAST = 0.001
"""Seconds below which a difference is none."""
SHARE = 0.1
"""Of the longer of two times: a smaller difference is none."""


class Change(Enum):
    """What became of an operation."""

    SLOWER = "slower"
    FASTER = "faster"
    NEW = "new"
    GONE = "gone"
    SAME = ""


class Side(Struct, frozen=True):
    """What an operation was in one of the traces."""

    calls: int
    seconds: float
    """All calls together."""
    own: float
    """Seconds in which nothing below it ran, all calls together."""
    wrong: int
    """Calls that had a fault, an error or a throttle of their own."""
    moving: bool
    """A call is in progress: its time is not known."""
    place: int
    """The span of the first call."""


class Operation(Struct, frozen=True):
    """The calls of one path, in both traces."""

    name: str
    depth: int
    before: Side | None
    after: Side | None

    @property
    def slower_by(self) -> float:
        """Seconds; below 0 for what got faster. What is not there took none."""
        return (self.after.seconds if self.after else 0.0) - (self.before.seconds if self.before else 0.0)

    @property
    def own_by(self) -> float:
        """The same of its self time: what it is itself the cause of; 0 where a call is in progress."""
        if any(side is not None and side.moving for side in (self.before, self.after)):
            return 0.0
        return (self.after.own if self.after else 0.0) - (self.before.own if self.before else 0.0)

    @property
    def change(self) -> Change:
        """What became of it."""
        if self.before is None:
            return Change.NEW
        if self.after is None:
            return Change.GONE
        if self.before.moving or self.after.moving:
            return Change.SAME
        longer = max(self.before.seconds, self.after.seconds)
        if abs(self.slower_by) < max(LEAST, SHARE * longer):
            return Change.SAME
        return Change.SLOWER if self.slower_by > 0 else Change.FASTER

    @property
    def failing(self) -> int:
        """How many more of its calls went wrong; below 0 when fewer did."""
        return (self.after.wrong if self.after else 0) - (self.before.wrong if self.before else 0)

    @property
    def differs(self) -> bool:
        """Whether anything is to be said of it."""
        if self.change is not Change.SAME or self.failing:
            return True
        return self.before is not None and self.after is not None and self.before.calls != self.after.calls


class TraceComparison(Struct, frozen=True):
    """Two traces, operation by operation, in tree order."""

    before: TraceRef
    after: TraceRef
    operations: tuple[Operation, ...]
    seconds: tuple[float, float]
    """How long each took."""

    def __len__(self) -> int:
        return len(self.operations)

    def count(self, change: Change) -> int:
        """How many operations this became of."""
        return sum(one.change is change for one in self.operations)

    @property
    def causes(self) -> tuple[Operation, ...]:
        """What made the difference, the greatest part first: by self time."""
        found = [one for one in self.operations if abs(one.own_by) >= LEAST]
        return tuple(sorted(found, key=lambda one: -abs(one.own_by)))


class _Paths:
    """The paths of both traces as a tree: each is numbered, and knows the paths right below it in order."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[int, str], int] = {}
        self.names: list[str] = []
        self.depths: list[int] = []
        self.below: list[list[int]] = []
        self.tops: list[int] = []

    def of(self, opened: OpenedTrace) -> list[int]:
        """The path of each span; new ones stand behind the one that was met before them."""
        trace = opened.trace
        found: list[int] = []
        last: dict[int, int] = {}
        for place, span in enumerate(trace.spans):
            above = found[span.parent] if span.parent >= 0 else -1
            name = _name(opened, place)
            number = self.numbers.get((above, name))
            siblings = self.below[above] if above >= 0 else self.tops
            if number is None:
                number = self.numbers[above, name] = len(self.names)
                self.names.append(name)
                self.depths.append(self.depths[above] + 1 if above >= 0 else 0)
                self.below.append([])
                before = last.get(above)
                if not siblings or siblings[-1] == before:
                    siblings.append(number)
                else:
                    siblings.insert(siblings.index(before) + 1 if before is not None else 0, number)
            last[above] = number
            found.append(number)
        return found

    def in_order(self) -> list[int]:
        """Every path, in tree order."""
        found: list[int] = []
        stack = list(reversed(self.tops))
        while stack:
            at = stack.pop()
            found.append(at)
            stack.extend(reversed(self.below[at]))
        return found


def _name(opened: OpenedTrace, place: int) -> str:
    piece = opened.trace.pieces[place]
    operation = text(part(piece.fields, "aws"), "operation") if piece.fields else ""
    return f"{piece.name} {operation}" if operation else piece.name


def _sides(opened: OpenedTrace, paths: Sequence[int], count: int) -> list[Side | None]:
    calls, seconds, own, wrong = [0] * count, [0.0] * count, [0.0] * count, [0] * count
    moving, first = [False] * count, [-1] * count
    for place, number in enumerate(paths):
        span = opened.trace.spans[place]
        calls[number] += 1
        seconds[number] += span.duration
        own[number] += opened.timing.own[place]
        wrong[number] += span.has(_WRONG)
        moving[number] = moving[number] or span.end is None
        if first[number] < 0:
            first[number] = place
    return [
        Side(calls[at], seconds[at], own[at], wrong[at], moving[at], first[at]) if calls[at] else None
        for at in range(count)
    ]


def compare(before: OpenedTrace, after: OpenedTrace) -> TraceComparison:
    """Two traces, operation by operation."""
    paths = _Paths()
    first, second = paths.of(before), paths.of(after)
    count = len(paths.names)
    left, right = _sides(before, first, count), _sides(after, second, count)
    operations = tuple(Operation(paths.names[at], paths.depths[at], left[at], right[at]) for at in paths.in_order())
    took = tuple(max(0.0, one.trace.end - one.trace.start) for one in (before, after))
    return TraceComparison(before.ref, after.ref, operations, (took[0], took[1]))
