"""X-Ray's answers about service graphs and groups, read into the model."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct

from pointsman.model.service_map import MapQuery, ServiceCall, ServiceMap, ServiceNode, TraceGroup, Traffic, canonical
from pointsman.semantics.traces.facts import CLIENT, Service
from pointsman.services.reads.values import Answer, part, parts, text, when, whole


class Page(Struct, frozen=True):
    """One page of a service graph."""

    services: tuple[Any, ...]
    start: datetime | None
    end: datetime | None
    old_group: bool
    following: str
    """What the next page is asked for with; empty at the end."""


def page(answer: Answer) -> Page:
    """GetServiceGraph, GetTraceGraph."""
    return Page(
        tuple(parts(answer, "Services")),
        when(answer, "StartTime"),
        when(answer, "EndTime"),
        answer.get("ContainsOldGroupVersions") is True,
        text(answer, "NextToken"),
    )


def map_of(query: MapQuery, pages: Iterable[Page], *, more: bool = False) -> ServiceMap:
    """The map of some pages: calls refer to services of any of them."""
    nodes: dict[int, ServiceNode] = {}
    sources: list[tuple[Service, Any]] = []
    start: datetime | None = None
    end: datetime | None = None
    old = False
    for one in pages:
        start, end, old = one.start or start, one.end or end, old or one.old_group
        for source in one.services:
            node = _node(source)
            reference = whole(source, "ReferenceId")
            if reference is not None:
                nodes[reference] = node
            sources.append((node.service, source))
    calls: list[ServiceCall] = []
    for service, source in sources:
        for edge in parts(source, "Edges"):
            reference = whole(edge, "ReferenceId")
            target = nodes.get(reference) if reference is not None else None
            if target is not None:
                calls.append(ServiceCall(service, target.service, _traffic(edge)))
    found = [*nodes.values(), *(_node(source) for _, source in sources if whole(source, "ReferenceId") is None)]
    return canonical(found, calls, query, start=start, end=end, more=more, old_group=old)


def _node(source: Any) -> ServiceNode:
    service = Service(_name(source), text(source, "Type"), text(source, "AccountId"))
    return ServiceNode(
        service,
        _traffic(source),
        source.get("Root") is True if hasattr(source, "get") else False,
        text(source, "State") != "unknown" or service.type == CLIENT,
    )


def _name(source: Any) -> str:
    return text(source, "Name") or next((str(one) for one in parts(source, "Names") if one), "")


def _traffic(source: Any) -> Traffic:
    told = part(source, "SummaryStatistics")
    errors, faults = part(told, "ErrorStatistics"), part(told, "FaultStatistics")
    throttled = _count(errors, "ThrottleCount")
    failed = max(_count(errors, "OtherCount"), _count(errors, "TotalCount") - throttled)
    return Traffic(
        _count(told, "OkCount"),
        failed,
        throttled,
        max(_count(faults, "TotalCount"), _count(faults, "OtherCount")),
        _seconds(told.get("TotalResponseTime")),
        tuple(_times(source)),
    )


def _times(source: Any) -> list[tuple[float, int]]:
    found: dict[float, int] = {}
    for one in parts(source, "ResponseTimeHistogram"):
        count = _count(one, "Count")
        if count:
            value = _seconds(one.get("Value"))
            found[value] = found.get(value, 0) + count
    return sorted(found.items())


def _count(source: Any, name: str) -> int:
    return max(0, whole(source, name) or 0)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0.0
    return max(0.0, float(value))


def groups(answer: Answer) -> tuple[TraceGroup, ...]:
    """GetGroups."""
    found = [TraceGroup(text(one, "GroupName"), text(one, "FilterExpression")) for one in parts(answer, "Groups")]
    return tuple(one for one in found if one.name)
