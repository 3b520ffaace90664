"""Which spans of a trace are worth a line: not those of services left out, nor those that took too little. Pure."""

from __future__ import annotations

from msgspec import Struct

from pointsman.model.trace_operations import owners
from pointsman.semantics.traces import assembly
from pointsman.semantics.traces.assembly import Trace

__all__ = ["Pruning", "depths", "folds_at", "prune", "services"]

_TELLING = assembly.FAULT | assembly.ERROR | assembly.THROTTLE


class Pruning(Struct, frozen=True):
    """What is left out."""

    hidden: frozenset[str] = frozenset()
    """Services whose segments, and what is inside them, are not shown."""
    least: float = 0.0
    """Seconds; a span that took less is not shown, unless it failed or is in progress."""

    def __bool__(self) -> bool:
        return bool(self.hidden) or self.least > 0


def services(trace: Trace) -> tuple[tuple[str, int], ...]:
    """The services of a trace and how many spans each has, in the order they come."""
    counts: dict[str, int] = {}
    for owner in owners(trace.spans):
        name = trace.spans[owner].name
        counts[name] = counts.get(name, 0) + 1
    return tuple(counts.items())


def prune(trace: Trace, pruning: Pruning) -> bytes | None:
    """For each span 1 when it is shown; None when all are. What stands over a span that is shown is shown, too."""
    if not pruning:
        return None
    spans = trace.spans
    kept = bytearray(len(spans))
    whose = owners(spans) if pruning.hidden else range(len(spans))
    for place in range(len(spans) - 1, -1, -1):
        span = spans[place]
        short = span.end is not None and span.duration < pruning.least and not span.flags & _TELLING
        if not short and spans[whose[place]].name not in pruning.hidden:
            kept[place] = 1
        if kept[place] and span.parent >= 0:
            kept[span.parent] = 1
    return bytes(kept)


def depths(trace: Trace) -> int:
    """How many levels a trace has."""
    return max((span.depth for span in trace.spans), default=-1) + 1


def folds_at(trace: Trace, level: int) -> set[int]:
    """The spans to fold so that so many levels show."""
    return {place for place, span in enumerate(trace.spans) if span.depth == level - 1 and span.last > place + 1}
