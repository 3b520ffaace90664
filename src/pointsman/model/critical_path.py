"""What a trace waited for, and where its time went. Pure, without recursion, in time n log n.

The critical path is walked backwards from the end of the request: at each moment the request waited for the span whose
part ends last. A second on the path that is taken away is a second that the request is faster.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from msgspec import Struct

from pointsman.semantics.traces.assembly import ORPHAN, SUBSEGMENT, Span, Trace

__all__ = ["Timing", "below", "entry", "timing"]

Section = tuple[float, float]
"""Seconds since 1970: from, to."""


class Timing(Struct, frozen=True):
    """Where the time of a trace went; each tuple has a place for each span."""

    entry: int
    """The span that the critical path is of; -1 for a trace without spans."""
    critical: tuple[float, ...]
    """Seconds of the critical path that are a span's own."""
    own: Sequence[float]
    """Seconds in which none of the spans right below it ran: self time."""
    sections: dict[int, tuple[Section, ...]]
    """Where on the critical path a span itself stands, in the order of time."""


def below(trace: Trace, place: int) -> Iterator[int]:
    """The spans right below one, by start."""
    spans = trace.spans
    child, last = place + 1, spans[place].last
    while child < last:
        yield child
        child = spans[child].last


def entry(trace: Trace) -> int:
    """The span that the request came in with: the first segment at the top that is no orphan; -1 when there is none."""
    tops = [place for place, span in enumerate(trace.spans) if span.parent < 0]
    return min(
        tops,
        key=lambda one: (trace.spans[one].has(ORPHAN), trace.spans[one].has(SUBSEGMENT), trace.spans[one].start, one),
        default=-1,
    )


def _end(span: Span, latest: float) -> float:
    """When a span ended; one in progress lasts as long as anything is known."""
    return max(span.start, span.end if span.end is not None else latest)


def timing(trace: Trace) -> Timing:
    """The critical path and the self times of a trace."""
    latest = trace.end
    ends = [_end(span, latest) for span in trace.spans]
    at = entry(trace)
    sections = _path(trace, ends, at) if at >= 0 else {}
    critical = [0.0] * len(ends)
    for place, parts in sections.items():
        critical[place] = sum(end - start for start, end in parts)
    return Timing(at, tuple(critical), _self_times(trace, ends), sections)


def _path(trace: Trace, ends: list[float], at: int) -> dict[int, tuple[Section, ...]]:
    spans = trace.spans
    found: dict[int, list[Section]] = {}
    stack: list[tuple[int, float, float]] = [(at, spans[at].start, ends[at])]
    while stack:
        place, lower, upper = stack.pop()
        moment = upper
        # A part that outlasts what it belongs to counts only as far as that goes. One that is in progress when that
        # has ended was not waited for.
        over = spans[place].end is not None
        parts = [
            (min(ends[one], upper), spans[one].start, one)
            for one in below(trace, place)
            if spans[one].end is not None or not over
        ]
        parts.sort(key=lambda part: (-part[0], part[1], part[2]))
        own: list[Section] = []
        for end, start, one in parts:
            start = max(start, lower)
            if end > moment or start >= end:
                continue
            if moment > end:
                own.append((end, moment))
            stack.append((one, start, end))
            moment = start
        if moment > lower:
            own.append((lower, moment))
        if own:
            found[place] = own[::-1]
    return {place: tuple(own) for place, own in found.items()}


def _self_times(trace: Trace, ends: list[float]) -> Sequence[float]:
    spans = trace.spans
    own = array("d")
    for place, span in enumerate(spans):
        reached, taken = span.start, 0.0
        for one in below(trace, place):
            start, end = max(reached, spans[one].start), min(ends[place], ends[one])
            if end > start:
                taken += end - start
                reached = end
        own.append(max(0.0, ends[place] - span.start - taken))
    return own
