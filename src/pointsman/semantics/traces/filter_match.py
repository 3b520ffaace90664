"""Asking a filter of a trace's facts: the meaning of filter expressions, written once.

A backend may answer the same questions from an index; what it answers is what stands here.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from pointsman.semantics.traces import filters
from pointsman.semantics.traces.assembly import ERROR, FAULT, IN_PROGRESS, INFERRED, THROTTLE
from pointsman.semantics.traces.causes import Cause, Causes, CauseService
from pointsman.semantics.traces.facts import Annotation, Crossing, Facts, Http, Service, Visit
from pointsman.semantics.traces.filters import Filter, Place

_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "contains": lambda text, part: part in text,
    "beginswith": str.startswith,
    "endswith": str.endswith,
}
_STATES: Final = {"error": ERROR, "throttle": THROTTLE, "fault": FAULT, "inferred": INFERRED, "partial": IN_PROGRESS}


def matches(term: Filter | None, facts: Facts, causes: Causes) -> bool:
    """Whether a trace matches a filter; None matches everything. Groups are to be resolved before."""
    return term is None or _Trace(facts, causes).ask(term)


def selects(selector: filters.Selector, service: Service) -> bool:
    """Whether a service is one of those meant."""
    return (
        (selector.name is None or selector.name == service.name)
        and (selector.type is None or selector.type == service.type)
        and (selector.account is None or selector.account == service.account)
    )


def visit_matches(term: Filter | None, visit: Visit) -> bool:
    """Whether a service's segment matches the filter in ``service(…) {…}``."""
    return term is None or _Exchange(visit, visit.duration, visit.http, visit.root, visit).ask(term)


def crossing_matches(term: Filter | None, crossing: Crossing) -> bool:
    """Whether a call matches the filter in ``edge(…) {…}``."""
    return term is None or _Exchange(crossing, crossing.response, crossing.http, False, None).ask(term)


def cause_matches(term: filters.CauseTerm, cause: Cause) -> bool:
    """Whether a root cause has a service, entity or exception that matches."""
    parts = list(_parts(term.part, cause))
    if term.filter is None:
        return bool(parts)
    return any(_Part(one, index, len(parts), group).ask(term.filter) for index, (one, group) in enumerate(parts))


def json_matches(pattern: Any, cause: Cause, kind: str) -> bool:
    """Whether a root cause has everything that a JSON object says of it."""
    return _within(pattern, cause_shape(cause, kind))


def cause_shape(cause: Cause, kind: str) -> dict[str, Any]:
    """A root cause as ``GetTraceSummaries`` tells it.

    Args:
        cause: The cause.
        kind: ``fault``, ``error`` or ``responsetime``.
    """
    return {
        "Services": [_service_shape(one, kind) for one in cause.services],
        "ClientImpacting": cause.client_impacting,
    }


def _service_shape(one: CauseService, kind: str) -> dict[str, Any]:
    path: list[dict[str, Any]] = []
    for entity in one.path:
        shape: dict[str, Any] = {"Name": entity.name, "Remote": entity.remote}
        if kind == "responsetime":
            shape["Coverage"] = entity.coverage
        else:
            shape["Exceptions"] = [{"Name": each.name, "Message": each.message} for each in entity.exceptions]
        path.append(shape)
    shape = {"Name": one.service.name, "Names": [one.service.name], "EntityPath": path, "Inferred": one.inferred}
    if one.service.type:
        shape["Type"] = one.service.type
    if one.service.account:
        shape["AccountId"] = one.service.account
    return shape


def _within(pattern: Any, value: Any) -> bool:
    """Objects match by the members they name; lists are as long and match one by one; the rest is equal."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            (key in value and _within(inner, value[key])) or (inner is None and key not in value)
            for key, inner in pattern.items()
        )
    if isinstance(pattern, list):
        return (
            isinstance(value, list)
            and len(pattern) == len(value)
            and all(_within(inner, one) for inner, one in zip(pattern, value, strict=True))
        )
    return bool(pattern == value) and isinstance(pattern, bool) == isinstance(value, bool)


class _Asked:
    """What the parts of an expression have in common, wherever they stand."""

    def ask(self, term: Filter) -> bool:
        match term:
            case filters.All(terms):
                return all(self.ask(one) for one in terms)
            case filters.Either(terms):
                return any(self.ask(one) for one in terms)
            case filters.Not(inner):
                return not self.ask(inner)
            case filters.Flag(keyword):
                return self.flag(keyword)
            case filters.Number(keyword, compare, number):
                found = self.number(keyword)
                return found is not None and _COMPARE[compare](found, number)
            case filters.Text(keyword, compare, text):
                return any(_COMPARE[compare](one, text) for one in self.texts(keyword))
            case filters.Present(keyword):
                return self.number(keyword) is not None or bool(self.texts(keyword))
        return self.other(term)

    def flag(self, keyword: str) -> bool:
        raise NotImplementedError

    def number(self, keyword: str) -> float | None:
        raise NotImplementedError

    def texts(self, keyword: str) -> tuple[str, ...]:
        raise NotImplementedError

    def other(self, term: Filter) -> bool:
        raise TypeError(f"{term!r} cannot be asked here")


class _Trace(_Asked):
    """Of a trace."""

    def __init__(self, facts: Facts, causes: Causes) -> None:
        self._facts = facts
        self._causes = causes

    def flag(self, keyword: str) -> bool:
        if keyword == "partial":
            return self._facts.partial
        return _flag(keyword, self._facts.flags)

    def number(self, keyword: str) -> float | None:
        if keyword == "responsetime":
            return self._facts.response
        if keyword == "duration":
            return self._facts.duration
        return self._facts.http.status if keyword == "http.status" else None

    def texts(self, keyword: str) -> tuple[str, ...]:
        facts = self._facts
        if keyword == "user":
            return tuple(one.value for one in facts.users)
        lists = {"availabilityzone": facts.zones, "instance.id": facts.instances, "resource.arn": facts.arns}
        return lists[keyword] if keyword in lists else _http(keyword, facts.http)

    def other(self, term: Filter) -> bool:
        match term:
            case filters.Annotated(key, _, _):
                return any(_annotated(term, one) for one in self._facts.annotations if one.key == key)
            case filters.ServiceTerm(who, inner):
                return any(selects(who, visit.service) and visit_matches(inner, visit) for visit in self._facts.visits)
            case filters.EdgeTerm(source, target, inner):
                return any(
                    selects(source, one.source) and selects(target, one.target) and crossing_matches(inner, one)
                    for one in self._facts.crossings
                )
            case filters.CauseTerm(kind, _, _):
                return any(cause_matches(term, cause) for cause in causes_of(self._causes, kind))
            case filters.CauseJson(kind, patterns):
                kinds = (kind,) if kind else ("fault", "error", "responsetime")
                found = [(one, cause) for one in kinds for cause in causes_of(self._causes, one)]
                if not patterns:
                    return bool(found)
                return any(json_matches(pattern, cause, one) for one, cause in found for pattern in patterns)
        return super().other(term)


def causes_of(causes: Causes, kind: str) -> tuple[Cause, ...]:
    """The causes of one kind: ``fault``, ``error`` or ``responsetime``."""
    return {"fault": causes.fault, "error": causes.error, "responsetime": causes.response}[kind]


def _annotated(term: filters.Annotated, one: Annotation) -> bool:
    if not term.operator:
        return one.value is not False
    if isinstance(term.value, bool) != isinstance(one.value, bool) or isinstance(term.value, str) != isinstance(
        one.value, str
    ):
        return False
    return _COMPARE[term.operator](one.value, term.value)


def _flag(keyword: str, flags: int) -> bool:
    if keyword == "ok":
        return not flags & (ERROR | THROTTLE | FAULT)
    return bool(flags & _STATES[keyword])


def _http(keyword: str, http: Http) -> tuple[str, ...]:
    found = {
        "http.url": http.url,
        "http.method": http.method,
        "http.useragent": http.agent,
        "http.clientip": http.client,
    }.get(keyword, "")
    return (found,) if found else ()


class _Exchange(_Asked):
    """Of a segment or a call."""

    def __init__(self, one: Visit | Crossing, duration: float, http: Http, root: bool, visit: Visit | None) -> None:
        self._one = one
        self._duration = duration
        self._http = http
        self._root = root
        self._visit = visit

    def flag(self, keyword: str) -> bool:
        return self._root if keyword == "root" else _flag(keyword, self._one.flags)

    def number(self, keyword: str) -> float | None:
        if keyword == "responsetime":
            return None if self._one.end is None else self._one.response
        if keyword == "duration":
            return self._duration
        return self._http.status if keyword == "http.status" else None

    def texts(self, keyword: str) -> tuple[str, ...]:
        if self._visit is not None and keyword in ("user", "name", "type"):
            service = self._visit.service
            found = {"user": self._visit.user, "name": service.name, "type": service.type}[keyword]
            return (found,) if found else ()
        return _http(keyword, self._http)


def _parts(part: Place, cause: Cause) -> list[tuple[Any, CauseService]]:
    if part is Place.CAUSE_SERVICE:
        return [(one, one) for one in cause.services]
    entities = [(entity, one) for one in cause.services for entity in one.path]
    if part is Place.CAUSE_ENTITY:
        return entities
    return [(found, one) for entity, one in entities for found in entity.exceptions]


class _Part(_Asked):
    """Of a service, entity or exception of a root cause; its index counts from 0."""

    def __init__(self, one: Any, index: int, count: int, service: CauseService) -> None:
        self._one = one
        self._index = index
        self._count = count
        self._service = service

    def flag(self, keyword: str) -> bool:
        if keyword == "first":
            return self._index == 0
        if keyword == "last":
            return self._index == self._count - 1
        return bool(self._one.remote) if keyword == "remote" else self._service.inferred

    def number(self, keyword: str) -> float | None:
        if keyword == "index":
            return self._index
        return self._one.coverage if keyword == "coverage" else None

    def texts(self, keyword: str) -> tuple[str, ...]:
        if self._one is self._service:
            found = {"name": self._service.service.name, "type": self._service.service.type}.get(keyword, "")
        elif keyword == "name":
            found = self._one.name
        else:
            found = self._one.message if keyword == "message" else ""
        return (found,) if found else ()
