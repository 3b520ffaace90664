"""How much of a trace runs at each time, and where things began to go wrong. Pure; counted once for every width."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from pointsman.semantics.traces import assembly
from pointsman.semantics.traces.assembly import Trace

__all__ = ["BINS", "Density", "density"]

BINS = 960
"""Parts of a trace's time that are told apart: more than a terminal has columns."""


class Density(Struct, frozen=True):
    """A trace's time in equal parts."""

    counts: tuple[int, ...] = (0,) * BINS
    """How many spans run."""
    faults: Mapping[int, bool] = field(default_factory=dict)
    """The parts in which a fault (True) or an error (False) began, with nothing below it that had it too."""


def density(trace: Trace) -> Density:
    """Count a trace's spans over its time."""
    start, end = trace.start, trace.end
    scale = BINS / max(end - start, 1e-5)
    changes = [0] * (BINS + 1)
    faults: dict[int, bool] = {}
    for span in trace.spans:
        first = min(BINS - 1, int((span.start - start) * scale))
        until = span.end if span.end is not None else end
        last = min(BINS - 1, max(first, int((until - start) * scale - 1e-6)))
        changes[first] += 1
        changes[last + 1] -= 1
        flags = span.flags
        if flags & assembly.FAULT and not flags & assembly.BELOW_FAULT:
            faults[first] = True
        elif flags & assembly.ERROR and not flags & assembly.BELOW_ERROR:
            faults.setdefault(first, False)
    running, counts = 0, []
    for change in changes[:BINS]:
        running += change
        counts.append(running)
    return Density(tuple(counts), faults)
