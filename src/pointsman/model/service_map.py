"""The service map: who called whom in a while, how often, how it ended and how long it took. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import force_setattr

from pointsman.model.traces import RANGES
from pointsman.semantics.traces import assembly, facts, graph
from pointsman.semantics.traces.assembly import Trace
from pointsman.semantics.traces.facts import CLIENT, Service
from pointsman.values import Partly

__all__ = [
    "Health",
    "MapQuery",
    "ServiceCall",
    "ServiceMap",
    "ServiceNode",
    "TraceGroup",
    "Traffic",
    "around",
    "of_trace",
    "spans_of",
]


class MapQuery(Struct, frozen=True):
    """What a map is asked for."""

    span: timedelta = RANGES[0]
    """How far back, up to now."""
    group: str = ""
    """A group of traces by name; empty for every trace."""


class TraceGroup(Struct, frozen=True):
    """Traces that a filter expression takes, under a name."""

    name: str
    expression: str = ""


class Health(Struct, frozen=True):
    """How requests ended, as shares of one."""

    ok: float
    error: float
    """Errors of the client, but for throttles."""
    throttle: float
    fault: float

    @property
    def worst(self) -> str:
        """``fault``, ``throttle``, ``error`` or ``ok``: the gravest that is there."""
        for name in ("fault", "throttle", "error"):
            if getattr(self, name) > 0:
                return name
        return "ok"

    @property
    def failed(self) -> float:
        """The share that did not end well."""
        return self.error + self.throttle + self.fault


class Traffic(Struct, frozen=True):
    """Requests by how they ended, and how long they took."""

    ok: int = 0
    errors: int = 0
    """Beside the throttled ones."""
    throttles: int = 0
    faults: int = 0
    seconds: float = 0.0
    """All response times together."""
    times: tuple[tuple[float, int], ...] = ()
    """Response times and how many requests took each, rising."""

    @property
    def total(self) -> int:
        """Every request."""
        return self.ok + self.errors + self.throttles + self.faults

    @property
    def mean(self) -> float | None:
        """Seconds that a request took; None without one."""
        return self.seconds / self.total if self.total else None

    @property
    def health(self) -> Health | None:
        """How they ended; None without a request."""
        total = self.total
        if not total:
            return None
        return Health(self.ok / total, self.errors / total, self.throttles / total, self.faults / total)

    def percentile(self, share: float) -> float | None:
        """The response time that a share of the requests did not exceed; None when it is not known."""
        count = sum(times for _, times in self.times)
        left = share * count
        for seconds, times in self.times:
            left -= times
            if left <= 1e-9:
                return seconds
        return self.times[-1][0] if self.times else None

    def rate(self, span: timedelta) -> float:
        """Requests a second."""
        return self.total / span.total_seconds() if span > timedelta(0) else 0.0


class ServiceNode(Struct, frozen=True):
    """A service."""

    service: Service
    traffic: Traffic = Traffic()
    root: bool = False
    """Requests come in here."""
    active: bool = True
    """It sends segments of its own."""

    @property
    def client(self) -> bool:
        """It stands for whoever calls."""
        return self.service.type == CLIENT


class ServiceCall(Struct, frozen=True):
    """The calls from one service to another, as the caller saw them."""

    source: Service
    target: Service
    traffic: Traffic = Traffic()


class ServiceMap(Partly, frozen=True, eq=False):
    """Services and calls of a range. The same graph has them in the same order."""

    apart: ClassVar = frozenset({"shape"})
    nodes: tuple[ServiceNode, ...] = ()
    calls: tuple[ServiceCall, ...] = ()
    query: MapQuery = MapQuery()
    start: datetime | None = None
    end: datetime | None = None
    more: bool = False
    """There are further pages that were not read."""
    old_group: bool = False
    """The group's filter was changed within the range: some of it was counted by the older one."""
    shape: tuple[tuple[Service, ...], tuple[tuple[Service, Service], ...]] = ((), ())
    """What a layout depends on: nothing of what is counted. It follows from the others."""

    def __post_init__(self) -> None:
        """The shape of it."""
        nodes = tuple(one.service for one in self.nodes)
        force_setattr(self, "shape", (nodes, tuple((one.source, one.target) for one in self.calls)))

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def span(self) -> timedelta:
        """How long the range is."""
        if self.start is None or self.end is None:
            return self.query.span
        return self.end - self.start

    def node(self, service: Service) -> ServiceNode | None:
        """The node of a service."""
        return next((one for one in self.nodes if one.service == service), None)

    def into(self, service: Service) -> tuple[ServiceCall, ...]:
        """The calls to a service."""
        return tuple(one for one in self.calls if one.target == service)

    def out_of(self, service: Service) -> tuple[ServiceCall, ...]:
        """The calls a service makes."""
        return tuple(one for one in self.calls if one.source == service)


def canonical(
    nodes: Iterable[ServiceNode], calls: Iterable[ServiceCall], query: MapQuery, **rest: object
) -> ServiceMap:
    """A map in the one order that its graph has; what refers to no node is left out."""
    known = {one.service: one for one in nodes}
    between: dict[tuple[Service, Service], ServiceCall] = {}
    for one in calls:
        if one.source in known and one.target in known:
            between[one.source, one.target] = one
    ordered = sorted(known.values(), key=lambda one: (not one.client, one.service))
    place = {one.service: at for at, one in enumerate(ordered)}
    listed = sorted(between.values(), key=lambda one: (place[one.source], place[one.target]))
    return ServiceMap(tuple(ordered), tuple(listed), query, **rest)  # type: ignore[arg-type]


def around(whole: ServiceMap, service: Service) -> ServiceMap:
    """A service with those that call it and those that it calls, and the calls between them and it."""
    calls = [one for one in whole.calls if service in (one.source, one.target)]
    near = {service, *(one.source for one in calls), *(one.target for one in calls)}
    nodes = [one for one in whole.nodes if one.service in near]
    return canonical(nodes, calls, whole.query, start=whole.start, end=whole.end)


def of_trace(trace: Trace) -> ServiceMap:
    """The map of one trace; services that sent no segment are inferred from the calls to them."""
    told = facts.derive(assembly.assemble(trace.pieces, infer=True))
    drawn = graph.of_traces((told,))
    nodes = [
        ServiceNode(one.service, _traffic(one.tally), one.root, one.active or one.service.type == CLIENT)
        for one in drawn.nodes.values()
    ]
    calls = [
        ServiceCall(one.service, target, _traffic(edge.tally))
        for one in drawn.nodes.values()
        for target, edge in one.edges.items()
    ]
    start, end = _moment(trace.start), _moment(trace.end)
    return canonical(nodes, calls, MapQuery(), start=start, end=end)


def spans_of(trace: Trace) -> Mapping[Service, tuple[int, ...]]:
    """The segments of each service in a trace, by their places; of one that sent none, the calls to it."""
    at = {span.id: place for place, span in enumerate(trace.spans)}
    whole = assembly.assemble(trace.pieces, infer=True)
    found: dict[Service, dict[int, None]] = {}
    for span, piece in zip(whole.spans, whole.pieces, strict=True):
        if not span.has(assembly.SUBSEGMENT):
            place = at.get(span.id, at.get(piece.parent))
            if place is not None:
                found.setdefault(facts.service_of(piece), {})[place] = None
    return {service: tuple(sorted(places)) for service, places in found.items()}


def _traffic(tally: graph.Tally) -> Traffic:
    return Traffic(tally.ok, tally.errors, tally.throttled, tally.faults, tally.seconds, histogram(tally.responses))


def histogram(values: Mapping[float, int]) -> tuple[tuple[float, int], ...]:
    """Response times, rising."""
    return tuple(sorted(values.items()))


def _moment(seconds: float) -> datetime | None:
    """A moment; None when no calendar has it: times in segments are anybody's."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
