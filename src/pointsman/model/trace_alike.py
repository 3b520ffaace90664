"""Traces of the same request: what two are told to be alike by, and which of those that were listed are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pointsman.model.refs import TraceRef
from pointsman.model.traces import TraceSummary
from pointsman.semantics.traces.documents import part, text
from pointsman.semantics.traces.filters import quote

if TYPE_CHECKING:
    from pointsman.model.opened_trace import OpenedTrace

__all__ = ["Loaded", "Request", "alike", "asked_of", "expression", "middle", "named_deployment", "request_of"]

MOST = 5000
"""Summaries that are remembered."""
_NUMBERED = re.compile(r"(?:[0-9]+|[0-9a-fA-F-]{8,})$")
"""A part of a path that names one thing of many: a number, a UUID."""


class Request(NamedTuple):
    """What was asked for, but for what differs from one customer to the next."""

    method: str
    url: str
    """Without its query; what names one thing of many is ``*``. Empty where no URL was told."""
    entry: str
    """The service it came in at; empty where there is a URL, which tells more."""

    def __str__(self) -> str:
        return f"{self.method} {self.url.partition('://')[2] or self.url}".strip() if self.url else self.entry


def _request(method: str, url: str, entry: str) -> Request:
    if not url:
        return Request("", "", entry)
    parts = url.partition("?")[0].partition("#")[0].split("/")
    return Request(method, "/".join("*" if _NUMBERED.match(one) else one for one in parts), "")


def asked_of(row: TraceSummary) -> Request:
    """The request of a trace in a list."""
    return _request(row.method, row.url, row.entry)


def request_of(opened: OpenedTrace) -> Request:
    """The request of an open trace; one of nothing where there is no entry."""
    entry = opened.timing.entry
    if entry < 0:
        return Request("", "", "")
    told = part(opened.trace.pieces[entry].fields, "http", "request")
    return _request(text(told, "method"), text(told, "url"), opened.trace.spans[entry].name)


def alike(
    request: Request, traces: Iterable[TraceSummary], but: TraceRef
) -> tuple[tuple[TraceSummary, ...], tuple[TraceSummary, ...]]:
    """Traces of the same request, and the others, each newest first; without the one they are compared with."""
    same: list[TraceSummary] = []
    others: list[TraceSummary] = []
    for one in sorted(traces, key=_began, reverse=True):
        if one.ref != but:
            (same if any(request) and asked_of(one) == request else others).append(one)
    return tuple(same), tuple(others)


def _began(row: TraceSummary) -> tuple[float, str]:
    return (row.started.timestamp() if row.started is not None else 0.0, row.ref.id)


def expression(request: Request) -> str:
    """The filter that takes every trace of a request, and as few others as X-Ray can be told; empty for none."""
    if not request.url:
        return f"service({quote(request.entry)})" if request.entry else ""
    fixed, star, _ = request.url.partition("*")
    asked = f"http.url BEGINSWITH {quote(fixed)}" if star or fixed else ""
    return f"{asked} AND http.method = {quote(request.method)}" if request.method else asked


def middle(traces: Sequence[TraceSummary]) -> TraceSummary | None:
    """The one that took neither long nor short of those that ended well, or of all where none did; None for none."""
    ended = [one for one in traces if one.response is not None and not one.partial]
    well = [one for one in ended if not one.troubled] or ended or list(traces)
    ordered = sorted(well, key=lambda one: (one.response or 0.0, one.ref.id))
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def named_deployment(opened: OpenedTrace) -> tuple[str, str]:
    """The deployment that a trace's segments say they come from, by id, and the application; empty where none does."""
    found = {"codedeploy_deployment_id": "", "codedeploy_application": ""}
    for piece in opened.trace.pieces:
        told = part(piece.fields, "annotations")
        for key in found:
            found[key] = found[key] or text(told, key)
    return found["codedeploy_deployment_id"], found["codedeploy_application"]


class Loaded:
    """The traces that lists have brought in this session."""

    def __init__(self) -> None:
        self._rows: dict[TraceRef, TraceSummary] = {}
        self._through: dict[str, tuple[TraceRef, ...]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, traces: Iterable[TraceSummary]) -> None:
        """Remember some, in place of what was known of them; those that came first are forgotten."""
        for one in traces:
            self._rows.pop(one.ref, None)
            self._rows[one.ref] = one
        while len(self._rows) > MOST:
            self._rows.pop(next(iter(self._rows)))
        self._through.clear()

    @property
    def rows(self) -> tuple[TraceSummary, ...]:
        """All of them, newest first."""
        return tuple(sorted(self._rows.values(), key=_began, reverse=True))

    def through(self, service: str) -> tuple[TraceRef, ...]:
        """Those that a service had a part in, newest first."""
        if service not in self._through:
            self._through[service] = tuple(one.ref for one in self.rows if service in one.services)
        return self._through[service]
