"""X-Ray's answers, read into the model."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from pointsman.model.refs import TraceRef
from pointsman.model.traces import TraceSummary
from pointsman.semantics.traces.documents import epoch, is_trace_id
from pointsman.services.reads.trace_documents import drained, opened, word
from pointsman.services.reads.values import Answer, part, parts, when, whole
from pointsman.services.reads.values import text as said

__all__ = ["Documents", "Page", "documents", "drained", "opened", "page", "service_names"]

_TOLD = 30
"""Annotations of a trace that a list keeps."""


class Page(Struct, frozen=True):
    """One page of a list of traces."""

    traces: tuple[TraceSummary, ...]
    scanned: int
    """Traces that were looked at for this page."""
    reached: datetime | None
    """About where in time the page begins."""
    following: str
    """What the next page is asked for with; empty at the end."""


def page(answer: Answer) -> Page:
    """GetTraceSummaries."""
    return Page(
        tuple(_summary(one) for one in parts(answer, "TraceSummaries")),
        max(0, whole(answer, "TracesProcessedCount") or 0),
        when(answer, "ApproximateTime"),
        said(answer, "NextToken"),
    )


def _summary(source: Any) -> TraceSummary:
    http = part(source, "Http")
    name = said(source, "Id")
    started = when(source, "StartTime")
    if started is None and is_trace_id(name):
        started = datetime.fromtimestamp(epoch(name), UTC)
    services = [said(one, "Name") for one in parts(source, "ServiceIds")]
    return TraceSummary(
        TraceRef(name),
        started,
        _seconds(source, "Duration"),
        _seconds(source, "ResponseTime"),
        said(http, "HttpMethod"),
        said(http, "HttpURL"),
        whole(http, "HttpStatus") or None,
        _set(source, "HasFault"),
        _set(source, "HasError"),
        _set(source, "HasThrottle"),
        _set(source, "IsPartial"),
        said(part(source, "EntryPoint"), "Name"),
        tuple(dict.fromkeys(one for one in services if one)),
        tuple(_annotations(source)),
        tuple(dict.fromkeys(_causes(source))),
    )


def service_names(answer: Answer) -> tuple[str, ...]:
    """GetServiceGraph: the services, but for the clients that stand for whoever calls."""
    nodes = [one for one in parts(answer, "Services") if said(one, "Type") != "client"]
    return tuple(dict.fromkeys(name for one in nodes if (name := said(one, "Name"))))


def _causes(source: Any) -> Iterable[str]:
    """Faults and errors by where they began; of a trace without any, what it waited for."""
    told = False
    for kind, member in (("fault", "FaultRootCauses"), ("error", "ErrorRootCauses")):
        for one in parts(source, member):
            if way := _way(one):
                told = True
                yield f"{kind}: {way}"
    if not told:
        for one in parts(source, "ResponseTimeRootCauses"):
            if way := _way(one):
                yield f"responsetime: {way}"


def _way(cause: Any) -> str:
    names = [said(one, "Name") for one in parts(cause, "Services")]
    return " > ".join(one for one in names if one)


def _annotations(source: Any) -> Iterable[tuple[str, str]]:
    for key, listed in list(part(source, "Annotations").items())[:_TOLD]:
        for one in listed if isinstance(listed, list | tuple) else ():
            values = part(one, "AnnotationValue")
            for value in values.values():
                yield str(key), word(value)


def _seconds(source: Any, name: str) -> float | None:
    value = source.get(name) if hasattr(source, "get") else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return max(0.0, float(value))


def _set(source: Any, name: str) -> bool:
    return hasattr(source, "get") and source.get(name) is True


# -- one trace ------------------------------------------------------------------------------------------------------


class Documents(Struct, frozen=True):
    """What a page of BatchGetTraces has of one trace."""

    texts: tuple[str, ...]
    limit_exceeded: bool
    unprocessed: bool
    """X-Ray could not answer for it this time."""
    following: str

    def __iter__(self) -> Any:
        return iter(self.texts)


def documents(ref: TraceRef, answer: Answer) -> Documents:
    """BatchGetTraces: the documents of one trace."""
    found = [one for one in parts(answer, "Traces") if said(one, "Id") == ref.id]
    return Documents(
        tuple(said(segment, "Document") for one in found for segment in parts(one, "Segments")),
        any(_set(one, "LimitExceeded") for one in found),
        ref.id in [str(one) for one in parts(answer, "UnprocessedTraceIds")],
        said(answer, "NextToken"),
    )
