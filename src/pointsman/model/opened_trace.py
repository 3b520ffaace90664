"""A trace, opened: its tree, what it waited for, where the time went."""

from __future__ import annotations

from typing import ClassVar

from pointsman.model.critical_path import Timing
from pointsman.model.refs import TraceRef
from pointsman.model.trace_density import Density
from pointsman.model.trace_operations import Operation
from pointsman.semantics.traces.assembly import Trace
from pointsman.values import Partly

__all__ = ["OpenedTrace"]


class OpenedTrace(Partly, frozen=True, eq=False):
    """A trace, read and put together."""

    apart: ClassVar = frozenset({"timing", "density", "words", "operations"})
    ref: TraceRef
    trace: Trace
    timing: Timing
    density: Density = Density()
    words: tuple[str, ...] = ()
    """For each span what a search looks at, in lower case."""
    operations: tuple[Operation, ...] = ()
    """For each span what kind of work it is."""
    limit_exceeded: bool = False
    """X-Ray has dropped documents of it: it grew too large."""
    unread: int = 0
    """Documents that could not be read."""
    settled: bool = True
    """Nothing in it is in progress, and it is old enough for nothing more to come."""
