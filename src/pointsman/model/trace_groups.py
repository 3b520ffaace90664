"""Traces in groups, and by how long they took: what of a list of traces shows at a glance. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from pointsman.model.trace_operations import quantile
from pointsman.model.traces import TraceSummary
from pointsman.semantics.traces.filters import LONGEST, quote

__all__ = ["GROUPINGS", "Bucket", "TraceGroup", "also", "between", "buckets", "grouped"]


class TraceGroup(Struct, frozen=True):
    """Traces that have something in common."""

    by: str
    """Of ``GROUPINGS``."""
    name: str
    """What they have in common; empty for those that have nothing there."""
    expression: str
    """The filter that takes them; empty where X-Ray has none."""
    count: int
    faults: int
    errors: int
    throttles: int
    median: float | None
    """Seconds of response; None where none has been answered."""
    p90: float | None

    @property
    def fault_share(self) -> float:
        """The share of them that had a fault."""
        return self.faults / self.count


def _plain_url(url: str) -> str:
    return url.partition("?")[0].partition("#")[0]


def _by_url(one: TraceSummary) -> tuple[str, ...]:
    return (_plain_url(one.url),)


def _by_service(one: TraceSummary) -> tuple[str, ...]:
    return one.services


def _by_cause(one: TraceSummary) -> tuple[str, ...]:
    return one.causes or ("",)


def _url_filter(name: str) -> str:
    return f"http.url BEGINSWITH {quote(name)}" if name else ""


def _service_filter(name: str) -> str:
    return f"service({quote(name)})" if name else ""


def _cause_filter(name: str) -> str:
    kind, _, service = name.partition(": ")
    return f"rootcause.{kind}.service {{ name = {quote(service.rpartition(' > ')[2])} AND last }}" if service else ""


GROUPINGS: dict[str, tuple[Callable[[TraceSummary], tuple[str, ...]], Callable[[str], str]]] = {
    "URL": (_by_url, _url_filter),
    "service": (_by_service, _service_filter),
    "root cause": (_by_cause, _cause_filter),
}
"""What traces can be grouped by: the names of a trace there, and the filter of a name."""


def grouped(traces: Iterable[TraceSummary], by: str) -> tuple[TraceGroup, ...]:
    """The groups of a list, the most faults first, then the most traces."""
    names, expression = GROUPINGS[by]
    members: dict[str, list[TraceSummary]] = {}
    for one in traces:
        for name in names(one):
            members.setdefault(name, []).append(one)
    found = [_group(by, name, expression(name), inside) for name, inside in members.items()]
    return tuple(sorted(found, key=lambda one: (-one.faults, -one.count, one.name)))


def _group(by: str, name: str, expression: str, members: Sequence[TraceSummary]) -> TraceGroup:
    taken = sorted(one.response for one in members if one.response is not None)
    return TraceGroup(
        by,
        name,
        expression,
        len(members),
        sum(one.fault for one in members),
        sum(one.error for one in members),
        sum(one.throttle for one in members),
        quantile(taken, 0.5) if taken else None,
        quantile(taken, 0.9) if taken else None,
    )


class Bucket(Struct, frozen=True):
    """Traces that took about as long."""

    low: float
    """Seconds of response, from here."""
    high: float
    """Up to here; the next bucket begins there."""
    count: int = 0
    faults: int = 0


def buckets(traces: Iterable[TraceSummary], most: int) -> tuple[Bucket, ...]:
    """The response times of a list in at most so many steps of equal ratio; none when nothing was answered."""
    taken = [(one.response, one.fault) for one in traces if one.response is not None]
    if not taken or most < 1:
        return ()
    # X-Ray tells times to a thousandth of a second; bounds are as exact, so that a filter says what is shown.
    low = max(0.001, min(value for value, _ in taken))
    high = max(value for value, _ in taken)
    steps = max(1, most)
    ratio = max(1.05, (max(high, low) / low) ** (1 / steps))
    bounds = [0.0 if min(value for value, _ in taken) < low else math.floor(low * 1000) / 1000]
    while bounds[-1] <= high and len(bounds) <= steps:
        bounds.append(max(round(bounds[-1] + 0.001, 3), round(max(low, bounds[-1]) * ratio, 3)))
    if bounds[-1] <= high:
        bounds[-1] = round(high + 0.001, 3)
    counts, faults = [0] * (len(bounds) - 1), [0] * (len(bounds) - 1)
    for value, fault in taken:
        at = next(at for at in range(len(counts) - 1, -1, -1) if value >= bounds[at] or not at)
        counts[at] += 1
        faults[at] += fault
    return tuple(Bucket(bounds[at], bounds[at + 1], counts[at], faults[at]) for at in range(len(counts)))


def between(low: float, high: float) -> str:
    """The filter of a range of response times."""
    return f"responsetime >= {low:.15g} AND responsetime <= {high:.15g}"


def also(expression: str, more: str) -> str:
    """A filter that takes what both take; the first one alone where both would be too long."""
    if not expression.strip():
        return more
    both = (
        f"({expression.strip()}) AND {more}"
        if " or " in f" {expression.lower()} "
        else f"{expression.strip()} AND {more}"
    )
    return both if len(both) <= LONGEST else expression
