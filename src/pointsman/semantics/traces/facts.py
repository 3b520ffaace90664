"""What is searched, summed up and drawn of a trace: its facts, derived once from the assembled tree."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pointsman.semantics.traces import assembly, documents
from pointsman.semantics.traces.assembly import ERROR, FAULT, IN_PROGRESS, INFERRED, SUBSEGMENT, THROTTLE, Trace
from pointsman.semantics.traces.documents import Piece, part, text

CLIENT: Final = "client"
"""The type of the node that stands for whoever calls an entry point."""
REMOTE: Final = "remote"
"""The type of a service that sends no segments and is none of AWS's."""
DATABASE: Final = "Database::SQL"
ANNOTATIONS: Final = 50
"""Annotations that are indexed per trace."""

_GREATEST: Final = 10**300

Value = bool | float | str
"""What an annotation may be."""


class Service(msgspec.Struct, frozen=True, order=True):
    """A node of the service graph."""

    name: str
    type: str = ""
    """``AWS::EC2::Instance``, ``remote``, ``client``; empty when the segment does not say."""
    account: str = ""


class Http(msgspec.Struct, frozen=True):
    """An HTTP exchange; empty texts and None are what was not told."""

    status: int | None = None
    url: str = ""
    method: str = ""
    agent: str = ""
    client: str = ""


class Visit(msgspec.Struct, frozen=True):
    """A segment: one request that a service served."""

    service: Service
    flags: int
    """assembly's ``ERROR``, ``THROTTLE``, ``FAULT``, ``IN_PROGRESS``, ``INFERRED``."""
    root: bool
    start: float
    end: float | None
    response: float
    """Seconds from its start to its end; 0 while it is in progress."""
    duration: float
    """Seconds from its start to the end of the last thing it did."""
    http: Http
    user: str = ""


class Crossing(msgspec.Struct, frozen=True):
    """A call from one service to another, as the caller saw it."""

    source: Service
    target: Service
    flags: int
    start: float
    end: float | None
    response: float
    http: Http


class Annotation(msgspec.Struct, frozen=True):
    """An indexed annotation and the services whose segments carry it."""

    key: str
    value: Value
    services: tuple[Service, ...]


class Named(msgspec.Struct, frozen=True):
    """A value that segments carry, and the services of those segments."""

    value: str
    services: tuple[Service, ...]


class Facts(msgspec.Struct, frozen=True):
    """A trace as it is searched and summed up."""

    start: float
    end: float
    duration: float
    """Seconds between the start of the first segment and the end of the last."""
    response: float | None
    """Seconds that the entry point took to answer; None while it has not."""
    flags: int
    """The entry point's ``ERROR``, ``THROTTLE``, ``FAULT``; ``INFERRED`` when any segment is."""
    throttled: bool
    """Any segment was throttled."""
    partial: bool
    """A segment is in progress, or one that is referred to is not there."""
    entry: Service | None
    http: Http
    visits: tuple[Visit, ...]
    crossings: tuple[Crossing, ...]
    annotations: tuple[Annotation, ...]
    users: tuple[Named, ...]
    arns: tuple[str, ...]
    instances: tuple[str, ...]
    zones: tuple[str, ...]

    @property
    def services(self) -> tuple[Service, ...]:
        """Every service, once."""
        return tuple(sorted({visit.service for visit in self.visits}))


def http_of(piece: Piece) -> Http:
    """The HTTP exchange of a piece."""
    if "http" not in piece.fields:
        return Http()
    request = part(piece.fields, "http", "request")
    return Http(
        documents.status_of(piece.fields),
        text(request, "url"),
        text(request, "method"),
        text(request, "user_agent"),
        text(request, "client_ip"),
    )


def service_of(piece: Piece, account: str = "") -> Service:
    """The node that a segment belongs to; an inferred one is named after the resource that was called."""
    fields = piece.fields
    aws = part(fields, "aws")
    kind = text(fields, "origin")
    name = piece.name
    if fields.get("inferred"):
        kind = kind or REMOTE
        name = text(aws, "table_name") or text(aws, "queue_url") or text(aws, "bucket_name") or name
    owner = "" if kind in (REMOTE, DATABASE) else text(aws, "account_id") or account
    return Service(name, kind, owner)


def derive(trace: Trace, account: str = "") -> Facts:
    """The facts of a trace that was assembled with its inferred segments.

    Args:
        trace: The trace.
        account: The account of services that name none.
    """
    return _Deriving(trace, account).facts()


class _Deriving:
    """One trace being read, in a single walk in tree order."""

    def __init__(self, trace: Trace, account: str) -> None:
        self._trace = trace
        self._account = account
        self._owner: list[int] = []
        """For every span the place of the segment it is part of; -1 below a subsegment without one."""
        self._service: dict[int, Service] = {}
        self._ends: dict[int, float] = {}
        self._annotations: dict[tuple[str, str, Value], set[Service]] = {}
        self._users: dict[str, set[Service]] = {}
        self._arns: dict[str, None] = {}
        self._instances: dict[str, None] = {}
        self._zones: dict[str, None] = {}

    def facts(self) -> Facts:
        trace = self._trace
        for place in range(len(trace.spans)):
            self._meet(place)
        entry = self._entry()
        everything = 0
        for span in trace.spans:
            everything |= span.flags
        entry_span = trace.spans[entry] if entry is not None else None
        start, end = trace.start, trace.end
        return Facts(
            start=start,
            end=end,
            duration=_seconds(start, end),
            response=None if entry_span is None or entry_span.end is None else round(entry_span.duration, 3),
            flags=(entry_span.flags & (ERROR | THROTTLE | FAULT) if entry_span else 0) | (everything & INFERRED),
            throttled=everything & THROTTLE != 0,
            partial=everything & (IN_PROGRESS | assembly.ORPHAN | assembly.BROKEN) != 0,
            entry=self._service[entry] if entry is not None else None,
            http=http_of(trace.pieces[entry]) if entry is not None else Http(),
            visits=tuple(self._visit(place, place == entry) for place in self._service),
            crossings=tuple(self._crossings()),
            annotations=tuple(
                Annotation(key, value, tuple(sorted(services)))
                for (key, _, value), services in sorted(
                    self._annotations.items(), key=lambda item: (item[0][0], item[0][1], str(item[0][2]))
                )[:ANNOTATIONS]
            ),
            users=tuple(Named(name, tuple(sorted(services))) for name, services in sorted(self._users.items())),
            arns=tuple(self._arns),
            instances=tuple(self._instances),
            zones=tuple(self._zones),
        )

    def _entry(self) -> int | None:
        """The segment the request came in by: the first without a parent, else the first there is."""
        segments = list(self._service)
        whole = [place for place in segments if not self._trace.pieces[place].parent]
        chosen = whole or segments
        if not chosen:
            return None
        return min(chosen, key=lambda place: (self._trace.spans[place].start, self._trace.spans[place].id))

    def _meet(self, place: int) -> None:
        span, piece = self._trace.spans[place], self._trace.pieces[place]
        if span.flags & SUBSEGMENT:
            owner = self._owner[span.parent] if span.parent >= 0 else -1
        else:
            owner = place
            self._service[place] = service_of(piece, self._account)
        self._owner.append(owner)
        if owner >= 0:
            known = max(span.start, span.end or 0.0)
            if known > self._ends.get(owner, 0.0):
                self._ends[owner] = known
        if piece.fields:
            self._collect(piece, self._service.get(owner))

    def _collect(self, piece: Piece, service: Service | None) -> None:
        fields = piece.fields
        whose = {service} if service else set()
        if "annotations" in fields:
            for key, value in fields["annotations"].items():
                kind = _kind(value)
                if kind:
                    kept = float(value) if kind == "n" else value
                    self._annotations.setdefault((key, kind, kept), set()).update(whose)
        user = text(fields, "user")
        if user:
            self._users.setdefault(user, set()).update(whose)
        if piece.subsegment:
            return
        arn = text(fields, "resource_arn")
        if arn:
            self._arns[arn] = None
        if "aws" in fields:
            ec2 = part(fields, "aws", "ec2")
            for found, where in (
                (text(ec2, "instance_id"), self._instances),
                (text(ec2, "availability_zone"), self._zones),
            ):
                if found:
                    where[found] = None

    def _visit(self, place: int, entry: bool) -> Visit:
        span, piece = self._trace.spans[place], self._trace.pieces[place]
        return Visit(
            service=self._service[place],
            flags=span.flags & (ERROR | THROTTLE | FAULT | IN_PROGRESS | INFERRED),
            root=entry or not piece.parent,
            start=span.start,
            end=span.end,
            response=round(span.duration, 3),
            duration=_seconds(span.start, self._ends.get(place, span.start)),
            http=http_of(piece),
            user=text(piece.fields, "user"),
        )

    def _crossings(self) -> list[Crossing]:
        found: list[Crossing] = []
        for place, service in self._service.items():
            span, piece = self._trace.spans[place], self._trace.pieces[place]
            if span.parent < 0:
                if not piece.parent:
                    found.append(self._crossing(place, Service(service.name, CLIENT), service))
                continue
            above = self._owner[span.parent]
            if above < 0:
                continue
            seen = span.parent if self._trace.spans[span.parent].flags & SUBSEGMENT else place
            found.append(self._crossing(seen, self._service[above], service))
        return found

    def _crossing(self, place: int, source: Service, target: Service) -> Crossing:
        span, piece = self._trace.spans[place], self._trace.pieces[place]
        flags = span.flags & (ERROR | THROTTLE | FAULT | IN_PROGRESS | INFERRED)
        return Crossing(source, target, flags, span.start, span.end, round(span.duration, 3), http_of(piece))


def _seconds(start: float, end: float) -> float:
    return round(max(0.0, end - start), 3)


def _kind(value: Any) -> str:
    """``b``, ``n`` or ``s``; empty for what no annotation may be."""
    if type(value) is bool:
        return "b"
    if type(value) is float or (type(value) is int and -_GREATEST < value < _GREATEST):
        return "n"
    return "s" if type(value) is str else ""
