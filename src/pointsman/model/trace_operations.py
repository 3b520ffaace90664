"""What a trace's spans do, by operation: counts, times, shares; and how one span stands among its like.

An operation is a service and what it does: a segment of ``carts``, or a ``DynamoDB GetItem`` that ``carts`` calls.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

from pointsman.model.refs import TraceRef
from pointsman.semantics.traces import assembly
from pointsman.semantics.traces.assembly import Span

if TYPE_CHECKING:
    from pointsman.model.opened_trace import OpenedTrace

__all__ = ["Operation", "OperationStats", "Population", "Standing", "owners", "quantile", "statistics"]

TRACES = 200
"""Traces whose durations are remembered."""


class Operation(NamedTuple):
    """A kind of span."""

    service: str
    """The segment it is in."""
    name: str
    """Its own name; of a call to AWS also what was called."""
    segment: bool


class OperationStats(Struct, frozen=True):
    """The spans of one operation."""

    operation: Operation
    places: tuple[int, ...]
    """Which spans, in tree order."""
    faults: int
    errors: int
    throttles: int
    moving: int
    """In progress: without a duration."""
    total: float
    """Seconds, all together."""
    own: float
    """Seconds in which nothing below them ran."""
    critical: float
    """Seconds of the critical path."""
    median: float
    p90: float
    longest: float

    @property
    def count(self) -> int:
        """How many spans."""
        return len(self.places)

    @property
    def troubled(self) -> int:
        """Spans with something wrong of their own."""
        return self.faults + self.errors


def quantile(ordered: Sequence[float], share: float) -> float:
    """The least value that so large a share of the others does not exceed; 0 for none."""
    if not ordered:
        return 0.0
    at = -(-len(ordered) * share // 1)
    return ordered[max(0, min(len(ordered) - 1, int(at) - 1))]


def owners(spans: Sequence[Span]) -> list[int]:
    """For each span the place of the segment it is part of; its own where there is none above it."""
    found: list[int] = []
    for place, span in enumerate(spans):
        inside = span.flags & assembly.SUBSEGMENT and span.parent >= 0
        found.append(found[span.parent] if inside else place)
    return found


def statistics(opened: OpenedTrace) -> tuple[OperationStats, ...]:
    """Every operation of a trace, what took most of the critical path first."""
    places: dict[Operation, list[int]] = {}
    for place, operation in enumerate(opened.operations):
        places.setdefault(operation, []).append(place)
    found = [_counted(opened, operation, members) for operation, members in places.items()]
    return tuple(sorted(found, key=lambda one: (-one.critical, -one.own, one.operation)))


def _counted(opened: OpenedTrace, operation: Operation, places: list[int]) -> OperationStats:
    spans, timing = opened.trace.spans, opened.timing
    # An inferred segment repeats what was said of the call to it.
    told = [spans[one].flags for one in places if not spans[one].flags & assembly.INFERRED]
    taken = sorted(spans[one].duration for one in places if spans[one].end is not None)
    throttles = sum(flags & assembly.THROTTLE != 0 for flags in told)
    return OperationStats(
        operation,
        tuple(places),
        sum(flags & assembly.FAULT != 0 for flags in told),
        sum(flags & (assembly.ERROR | assembly.THROTTLE) != 0 for flags in told) - throttles,
        throttles,
        len(places) - len(taken),
        sum(taken),
        sum(timing.own[one] for one in places),
        sum(timing.critical[one] for one in places),
        quantile(taken, 0.5),
        quantile(taken, 0.9),
        taken[-1] if taken else 0.0,
    )


class Standing(Struct, frozen=True):
    """How long a span took beside its like."""

    percentile: int
    """The share, of a hundred, that took no longer; equals count half."""
    count: int
    """Spans it is compared with, itself included."""
    traces: int
    """Traces that have them."""
    median: float
    read: int = 0
    """How many of the loaded traces that its service had a part in were read."""
    loaded: int = 0
    """How many there are."""


class Population:
    """How long each operation took in the traces that were loaded."""

    most: Final = TRACES
    """Traces that it remembers."""

    def __init__(self) -> None:
        self._taken: dict[TraceRef, dict[Operation, list[float]]] = {}
        self._ordered: dict[Operation, tuple[list[float], int]] = {}

    def __len__(self) -> int:
        return len(self._taken)

    def __contains__(self, ref: object) -> bool:
        return ref in self._taken

    def add(self, opened: OpenedTrace) -> None:
        """Remember a trace, in place of what was known of it; the oldest is forgotten."""
        taken: dict[Operation, list[float]] = {}
        for span, operation in zip(opened.trace.spans, opened.operations, strict=False):
            if span.end is not None:
                taken.setdefault(operation, []).append(span.duration)
        self._taken.pop(opened.ref, None)
        self._taken[opened.ref] = taken
        while len(self._taken) > TRACES:
            self._taken.pop(next(iter(self._taken)))
        self._ordered.clear()

    def standing(self, operation: Operation, duration: float, loaded: Collection[TraceRef] = ()) -> Standing | None:
        """How a span of this length stands; None when nothing like it is known.

        Args:
            operation: What it is.
            duration: Seconds it took.
            loaded: The loaded traces that may have such spans, read or not.
        """
        known = self._ordered.get(operation)
        if known is None:
            lists = [one[operation] for one in list(self._taken.values()) if operation in one]
            known = self._ordered[operation] = (sorted(value for one in lists for value in one), len(lists))
        ordered, traces = known
        if not ordered:
            return None
        below, upto = bisect_left(ordered, duration), bisect_right(ordered, duration)
        share = (below + upto) / 2 / len(ordered)
        read = sum(ref in self._taken for ref in loaded)
        median = quantile(ordered, 0.5)
        return Standing(min(99, round(share * 100)), len(ordered), traces, median, read, len(loaded))
