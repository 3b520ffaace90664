"""Filter expressions as conditions on the tables: what ``filter_match`` means, asked of an index.

Every comparison of something that has no value is false, not unknown: ``NOT`` then means what it says.
"""

from __future__ import annotations

import json
from typing import Any, Final

from pointsman.local.store.database import Database
from pointsman.local.xray import table
from pointsman.semantics.traces import filters
from pointsman.semantics.traces.assembly import ERROR, FAULT, IN_PROGRESS, INFERRED, THROTTLE
from pointsman.semantics.traces.filter_match import cause_matches, json_matches
from pointsman.semantics.traces.filters import Filter, Place

Condition = tuple[str, list[Any]]
"""SQL over ``xray_traces t``, and its parameters."""

_MARKS: Final = ERROR | THROTTLE | FAULT
_BITS: Final = {"error": ERROR, "throttle": THROTTLE, "fault": FAULT, "inferred": INFERRED, "partial": IN_PROGRESS}
_COLUMNS: Final = {
    "responsetime": "response",
    "duration": "duration",
    "http.status": "status",
    "http.url": "url",
    "http.method": "method",
    "http.useragent": "agent",
    "http.clientip": "client",
    "user": "user",
}
_LISTED: Final = ("user", "availabilityzone", "instance.id", "resource.arn")
_KINDS: Final = ("fault", "error", "responsetime")


def condition(database: Database, term: Filter | None) -> Condition:
    """The condition that a trace's row meets when the trace matches; groups are to be resolved before."""
    return ("1", []) if term is None else _Writer(database).write(term, Place.TRACE, "t")


def service_condition(term: filters.ServiceTerm, alias: str) -> Condition:
    """The condition on a row of ``xray_visits``."""
    who, parameters = _who(term.service, f"{alias}.service")
    if term.filter is None:
        return who, parameters
    inner, more = _Writer(None).write(term.filter, Place.SERVICE, alias)
    return f"{who} AND {inner}", parameters + more


def edge_condition(term: filters.EdgeTerm, alias: str) -> Condition:
    """The condition on a row of ``xray_crossings``."""
    source, parameters = _who(term.source, f"{alias}.source")
    target, more = _who(term.target, f"{alias}.target")
    sql, parameters = f"{source} AND {target}", parameters + more
    if term.filter is None:
        return sql, parameters
    inner, more = _Writer(None).write(term.filter, Place.EDGE, alias)
    return f"{sql} AND {inner}", parameters + more


class _Writer:
    """One filter being written as SQL.

    Args:
        database: Where root causes are looked up; None where there can be none.
    """

    def __init__(self, database: Database | None) -> None:
        self._database = database

    def write(self, term: Filter, place: Place, row: str) -> Condition:
        match term:
            case filters.All(terms):
                return _balanced([self.write(one, place, row) for one in terms], "AND")
            case filters.Either(terms):
                return _balanced([self.write(one, place, row) for one in terms], "OR")
            case filters.Not(inner):
                sql, parameters = self.write(inner, place, row)
                return f"NOT {sql}", parameters
            case filters.Flag(keyword):
                return _flag(keyword, place, row), []
            case filters.Number(keyword, operator, number):
                return f"ifnull({row}.{_COLUMNS[keyword]} {operator} ?, 0)", [number]
            case filters.Text(keyword, operator, text):
                return _text(keyword, place, row, operator, text)
            case filters.Present(keyword):
                return _present(keyword, place, row)
            case filters.Annotated():
                return _annotated(term, row)
            case filters.ServiceTerm():
                sql, parameters = service_condition(term, "v")
                return f"EXISTS (SELECT 1 FROM xray_visits v WHERE v.trace = {row}.id AND {sql})", parameters
            case filters.EdgeTerm():
                sql, parameters = edge_condition(term, "e")
                return f"EXISTS (SELECT 1 FROM xray_crossings e WHERE e.trace = {row}.id AND {sql})", parameters
            case filters.CauseTerm() | filters.CauseJson():
                return self._cause(term, row)
        raise TypeError(f"{term!r} has no condition")

    def _cause(self, term: filters.CauseTerm | filters.CauseJson, row: str) -> Condition:
        kinds = (term.kind,) if term.kind else _KINDS
        database = self._database
        assert database is not None  # root causes are asked of traces only
        if isinstance(term, filters.CauseJson) and not term.patterns:
            marks = ", ".join("?" for _ in kinds)
            return f"EXISTS (SELECT 1 FROM xray_causes c WHERE c.trace = {row}.id AND c.kind IN ({marks}))", [*kinds]
        words = _words(term.filter) if isinstance(term, filters.CauseTerm) else []
        found = [
            number
            for kind in kinds
            for number, cause in table.shapes(database, kind, words)
            if (
                cause_matches(term, cause)
                if isinstance(term, filters.CauseTerm)
                else any(json_matches(pattern, cause, kind) for pattern in term.patterns)
            )
        ]
        return (
            f"EXISTS (SELECT 1 FROM xray_causes c WHERE c.trace = {row}.id"
            " AND c.cause IN (SELECT value FROM json_each(?)))",
            [json.dumps(found)],
        )


def _words(term: Filter | None) -> list[str]:
    """Texts without which a filter cannot match: whoever lacks one need not be asked."""
    match term:
        case filters.All(terms):
            return [word for one in terms for word in _words(one)]
        case filters.Text(_, operator, text) if operator != "!=" and text:
            return [text]
    return []


def _balanced(terms: list[Condition], word: str) -> Condition:
    """A chain as a tree of little depth: SQLite bounds the depth of expressions."""
    if not terms:
        return "1", []
    while len(terms) > 1:
        paired = [
            (f"({left[0]} {word} {right[0]})", left[1] + right[1])
            for left, right in zip(terms[::2], terms[1::2], strict=False)
        ]
        terms = paired + ([terms[-1]] if len(terms) % 2 else [])
    return terms[0]


def _flag(keyword: str, place: Place, row: str) -> str:
    if keyword == "ok":
        return f"(({row}.flags & {_MARKS}) = 0)"
    if keyword == "root":
        return f"{row}.root" if place is Place.SERVICE else "0"
    if keyword == "partial" and place is Place.TRACE:
        return f"{row}.partial"
    return f"(({row}.flags & {_BITS[keyword]}) <> 0)"


def _text(keyword: str, place: Place, row: str, operator: str, text: str) -> Condition:
    if place is Place.TRACE and keyword in _LISTED:
        sql, parameters = _compared("l.value", operator, text)
        return (
            f"EXISTS (SELECT 1 FROM xray_values l WHERE l.trace = {row}.id AND l.kind = ? AND {sql})",
            [keyword, *parameters],
        )
    if keyword in ("name", "type"):
        sql, parameters = _compared(f"nullif(s.{keyword}, '')", operator, text)
        return f"EXISTS (SELECT 1 FROM xray_services s WHERE s.id = {row}.service AND {sql})", parameters
    return _compared(f"{row}.{_COLUMNS[keyword]}", operator, text)


def _present(keyword: str, place: Place, row: str) -> Condition:
    if place is Place.TRACE and keyword in _LISTED:
        return f"EXISTS (SELECT 1 FROM xray_values l WHERE l.trace = {row}.id AND l.kind = ?)", [keyword]
    if keyword in ("name", "type"):
        return f"EXISTS (SELECT 1 FROM xray_services s WHERE s.id = {row}.service AND s.{keyword} <> '')", []
    return f"({row}.{_COLUMNS[keyword]} IS NOT NULL)", []


def _compared(column: str, operator: str, text: str) -> Condition:
    text = text.replace("\0", "\ufffd")
    if operator == "contains":
        return f"ifnull(instr({column}, ?) > 0, 0)", [text]
    if operator in ("beginswith", "endswith"):
        if not text:
            return f"({column} IS NOT NULL)", []
        if operator == "beginswith":
            return f"ifnull(substr({column}, 1, {len(text)}) = ?, 0)", [text]
        return f"ifnull(length({column}) >= {len(text)} AND substr({column}, -{len(text)}) = ?, 0)", [text]
    return f"ifnull({column} {operator} ?, 0)", [text]


def _annotated(term: filters.Annotated, row: str) -> Condition:
    parameters: list[Any] = []
    if not term.operator:
        sql = "NOT (a.kind = 'b' AND a.value = 0)"
    elif isinstance(term.value, str):
        compared, parameters = _compared("a.text", term.operator, term.value)
        sql = f"a.kind = 's' AND {compared}"
    else:
        kind = "b" if isinstance(term.value, bool) else "n"
        sql, parameters = f"a.kind = '{kind}' AND a.value {term.operator} ?", [float(term.value)]
    return (
        f"EXISTS (SELECT 1 FROM xray_annotations a WHERE a.trace = {row}.id AND a.key = ? AND {sql})",
        [term.key, *parameters],
    )


def _who(selector: filters.Selector, column: str) -> Condition:
    given = {"name": selector.name, "type": selector.type, "owner": selector.account}
    conditions = [f"{key} = ?" for key, value in given.items() if value is not None]
    if not conditions:
        return "1", []
    parameters = [value for value in given.values() if value is not None]
    return f"{column} IN (SELECT id FROM xray_services WHERE {' AND '.join(conditions)})", parameters
