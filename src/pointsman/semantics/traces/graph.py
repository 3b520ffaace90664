"""The service graph: what went from whom to whom, counted.

A node counts the segments of a service, an edge the calls between two as the caller saw them. What is in progress
makes a node or an edge but is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from pointsman.semantics.traces.assembly import ERROR, FAULT, IN_PROGRESS, INFERRED, THROTTLE
from pointsman.semantics.traces.facts import CLIENT, Facts, Service


class Tally(Struct):
    """Requests counted by how they ended, and how long they took."""

    ok: int = 0
    throttled: int = 0
    errors: int = 0
    """Beside the throttled ones."""
    faults: int = 0
    seconds: float = 0.0
    responses: dict[float, int] = field(default_factory=dict)
    """Requests by response time, in seconds to the millisecond."""
    durations: dict[float, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Every request."""
        return self.ok + self.throttled + self.errors + self.faults

    def add(self, flags: int, response: float, duration: float | None, times: int = 1) -> None:
        """Count requests; those in progress count for nothing.

        Args:
            flags: assembly's marks of the request.
            response: Seconds.
            duration: Seconds; None for calls, which have no other duration.
            times: How many.
        """
        if flags & IN_PROGRESS:
            return
        if flags & FAULT:
            self.faults += times
        elif flags & THROTTLE:
            self.throttled += times
        elif flags & ERROR:
            self.errors += times
        else:
            self.ok += times
        self.seconds += response * times
        self.responses[response] = self.responses.get(response, 0) + times
        if duration is not None:
            self.durations[duration] = self.durations.get(duration, 0) + times


class Edge(Struct):
    """Calls to one service."""

    start: float
    end: float
    tally: Tally = field(default_factory=Tally)


class Node(Struct):
    """A service."""

    service: Service
    start: float
    end: float
    root: bool = False
    active: bool = False
    """It sent segments of its own."""
    tally: Tally = field(default_factory=Tally)
    edges: dict[Service, Edge] = field(default_factory=dict)


class Graph:
    """A service graph that grows."""

    def __init__(self) -> None:
        self.nodes: dict[Service, Node] = {}

    def visit(
        self,
        service: Service,
        flags: int,
        response: float,
        duration: float,
        *,
        root: bool,
        start: float,
        end: float,
        times: int = 1,
    ) -> None:
        """Count segments of a service that are alike."""
        node = self._node(service, start, end)
        node.root = node.root or root
        node.active = node.active or not flags & INFERRED
        node.tally.add(flags, response, duration, times)

    def crossing(
        self,
        source: Service,
        target: Service,
        flags: int,
        response: float,
        *,
        start: float,
        end: float,
        times: int = 1,
    ) -> None:
        """Count calls from one service to another that are alike."""
        edge = self._node(source, start, end).edges.get(target)
        if edge is None:
            edge = self._node(source, start, end).edges[target] = Edge(start, end)
        edge.start, edge.end = min(edge.start, start), max(edge.end, end)
        edge.tally.add(flags, response, None, times)

    def _node(self, service: Service, start: float, end: float) -> Node:
        node = self.nodes.get(service)
        if node is None:
            node = self.nodes[service] = Node(service, start, end)
        node.start, node.end = min(node.start, start), max(node.end, end)
        return node

    def ordered(self) -> list[Node]:
        """The nodes, clients first, then by name: a node's place is its reference id."""
        return sorted(self.nodes.values(), key=lambda node: (node.service.type != CLIENT, node.service))


def of_traces(traces: Iterable[Facts]) -> Graph:
    """The service graph of some traces."""
    graph = Graph()
    for facts in traces:
        for visit in facts.visits:
            graph.visit(
                visit.service,
                visit.flags,
                visit.response,
                visit.duration,
                root=visit.root,
                start=visit.start,
                end=visit.end if visit.end is not None else visit.start,
            )
        for one in facts.crossings:
            end = one.end if one.end is not None else one.start
            graph.crossing(one.source, one.target, one.flags, one.response, start=one.start, end=end)
    return graph
