"""X-Ray's filter expressions: what they say, as values.

``parse`` reads one (``filter_grammar``), ``filter_match`` asks it of a trace's facts. An expression is tied to a
place: the trace, a service's segments, an edge's calls, or the parts of a root cause; each has keywords of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

from msgspec import Struct

LONGEST: Final = 10_000
"""Characters of an expression."""
DEEPEST: Final = 30
"""How deep parentheses and braces may be nested."""


class FilterError(ValueError):
    """An expression that is none.

    Args:
        sentence: What is wrong.
        column: Where, from 1.
    """

    def __init__(self, sentence: str, column: int) -> None:
        super().__init__(f"{sentence} (column {column})")
        self.sentence = sentence
        self.column = column


class Place(Enum):
    """What an expression is asked of."""

    TRACE = "a trace"
    SERVICE = "service()"
    EDGE = "edge()"
    CAUSE_SERVICE = "rootcause….service"
    CAUSE_ENTITY = "rootcause….entity"
    CAUSE_EXCEPTION = "rootcause….exception"


class All(Struct, frozen=True):
    """Every one of them."""

    terms: tuple[Filter, ...]


class Either(Struct, frozen=True):
    """At least one of them."""

    terms: tuple[Filter, ...]


class Not(Struct, frozen=True):
    """The opposite."""

    term: Filter


class Flag(Struct, frozen=True):
    """A boolean keyword that is true."""

    keyword: str


class Number(Struct, frozen=True):
    """A number keyword compared; what has no value matches nothing."""

    keyword: str
    operator: str
    """``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``."""
    value: float


class Text(Struct, frozen=True):
    """A text keyword compared, letter by letter; what has no value matches nothing."""

    keyword: str
    operator: str
    """``=``, ``!=``, ``contains``, ``beginswith``, ``endswith``."""
    value: str


class Present(Struct, frozen=True):
    """A number or text keyword that has a value."""

    keyword: str


class Annotated(Struct, frozen=True):
    """An annotation that is set (a boolean one: that is true), or one whose value compares."""

    key: str
    operator: str = ""
    """Empty: is set."""
    value: bool | float | str = ""


class Selector(Struct, frozen=True):
    """Which services: by name, type and account, as far as they are given."""

    name: str | None = None
    type: str | None = None
    account: str | None = None


class ServiceTerm(Struct, frozen=True):
    """A service with a segment that matches."""

    service: Selector
    filter: Filter | None


class EdgeTerm(Struct, frozen=True):
    """A call from one service to another that matches."""

    source: Selector
    target: Selector
    filter: Filter | None


class CauseTerm(Struct, frozen=True):
    """A root cause with a service, entity or exception that matches."""

    kind: str
    """``fault``, ``error``, ``responsetime``."""
    part: Place
    filter: Filter | None


class CauseJson(Struct, frozen=True):
    """A root cause that has everything that one of some JSON objects has, at the same places."""

    kind: str
    """Empty: any kind."""
    patterns: tuple[Any, ...]
    """Empty: any cause."""


class GroupTerm(Struct, frozen=True):
    """What the filter of a group matches."""

    by: str
    """``name`` or ``arn``."""
    value: str


Filter = (
    All
    | Either
    | Not
    | Flag
    | Number
    | Text
    | Present
    | Annotated
    | ServiceTerm
    | EdgeTerm
    | CauseTerm
    | CauseJson
    | GroupTerm
)

_STATES: Final = ("ok", "error", "throttle", "fault")
FLAGS: Final[dict[Place, tuple[str, ...]]] = {
    Place.TRACE: (*_STATES, "partial", "inferred"),
    Place.SERVICE: (*_STATES, "partial", "inferred", "root"),
    Place.EDGE: (*_STATES, "partial", "inferred"),
    Place.CAUSE_SERVICE: ("inferred", "first", "last"),
    Place.CAUSE_ENTITY: ("remote", "first", "last"),
    Place.CAUSE_EXCEPTION: ("first", "last"),
}
"""Boolean keywords by place."""

NUMBERS: Final[dict[Place, tuple[str, ...]]] = {
    Place.TRACE: ("responsetime", "duration", "http.status"),
    Place.SERVICE: ("responsetime", "duration", "http.status"),
    Place.EDGE: ("responsetime", "duration", "http.status"),
    Place.CAUSE_SERVICE: ("index",),
    Place.CAUSE_ENTITY: ("index", "coverage"),
    Place.CAUSE_EXCEPTION: ("index",),
}
"""Number keywords by place."""

_HTTP: Final = ("http.url", "http.method", "http.useragent", "http.clientip")
TEXTS: Final[dict[Place, tuple[str, ...]]] = {
    Place.TRACE: (*_HTTP, "user", "availabilityzone", "instance.id", "resource.arn"),
    Place.SERVICE: (*_HTTP, "user", "name", "type"),
    Place.EDGE: _HTTP,
    Place.CAUSE_SERVICE: ("name", "type"),
    Place.CAUSE_ENTITY: ("name",),
    Place.CAUSE_EXCEPTION: ("name", "message"),
}
"""Text keywords by place."""

ANYWHERE: Final = frozenset(
    keyword for table in (FLAGS, NUMBERS, TEXTS) for keywords in table.values() for keyword in keywords
)
NUMBER_OPERATORS: Final = ("=", "!=", "<", "<=", ">", ">=")
TEXT_OPERATORS: Final = ("=", "!=", "contains", "beginswith", "endswith")
BOOLEAN_OPERATORS: Final = ("=", "!=")


def keywords(place: Place) -> tuple[str, ...]:
    """Every simple keyword that may stand at a place."""
    return (*FLAGS[place], *NUMBERS[place], *TEXTS[place])


def parse(expression: str) -> Filter | None:
    """Read a filter expression; an empty one is None and matches everything.

    Raises:
        FilterError: Names the column.
    """
    if not expression.strip():
        return None
    if len(expression) > LONGEST:
        raise FilterError(f"the expression is {len(expression)} characters long; {LONGEST} are allowed", LONGEST + 1)
    from pointsman.semantics.traces.filter_grammar import read  # the parser is loaded by whoever reads one

    return read(expression)


def spell(term: Filter) -> str:
    """The expression that reads as this filter."""
    match term:
        case All(terms):
            return " AND ".join(_grouped(one) for one in terms)
        case Either(terms):
            return " OR ".join(_grouped(one) for one in terms)
        case Not(inner):
            return f"!{_grouped(inner)}"
        case Flag(keyword) | Present(keyword):
            return keyword
        case Number(keyword, operator, number):
            return f"{keyword} {operator} {number:.15g}"
        case Text(keyword, operator, text):
            return f"{keyword} {operator.upper()} {quote(text)}"
        case Annotated(key, operator, value):
            return f"annotation[{key}] {operator.upper()} {_value(value)}" if operator else f"annotation[{key}]"
        case ServiceTerm(service, inner_filter):
            return f"service({_selector(service)}){_block(inner_filter)}"
        case EdgeTerm(source, target, inner_filter):
            return f"edge({_selector(source)}, {_selector(target)}){_block(inner_filter)}"
        case CauseTerm(kind, part, inner_filter):
            return f"rootcause.{kind}.{part.value.rpartition('.')[2]}{_block(inner_filter)}"
        case CauseJson(kind, patterns):
            word = f"rootcause.{kind}.json" if kind else "rootcause.json"
            return f"{word} = #{json.dumps(list(patterns))}" if patterns else word
        case GroupTerm(by, value):
            return f"group.{by} = {quote(value)}"


def quote(text: str) -> str:
    """A text in double quotes, as expressions write it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _grouped(term: Filter) -> str:
    return f"({spell(term)})" if isinstance(term, All | Either) else spell(term)


def _block(term: Filter | None) -> str:
    return f" {{ {spell(term)} }}" if term else ""


def _value(value: bool | float | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quote(value) if isinstance(value, str) else f"{value:.15g}"


def _selector(one: Selector) -> str:
    given = {"name": one.name, "type": one.type, "account.id": one.account}
    parts = [f"{key}: {quote(value)}" for key, value in given.items() if value is not None]
    if one.name is not None and len(parts) == 1:
        return quote(one.name)
    return f"id({', '.join(parts)})" if parts else ""


def resolve(term: Filter, lookup: Callable[[str, str], Filter | None]) -> Filter:
    """The filter with every group's own filter in the group's place.

    Args:
        term: The filter.
        lookup: The filter of the group with this ``name`` or ``arn``; None when it matches everything.
    """
    match term:
        case All(terms):
            return All(tuple(resolve(one, lookup) for one in terms))
        case Either(terms):
            return Either(tuple(resolve(one, lookup) for one in terms))
        case Not(inner):
            return Not(resolve(inner, lookup))
        case GroupTerm(by, value):
            return lookup(by, value) or All(())
    return term


def groups_of(term: Filter | None) -> bool:
    """Whether a filter speaks of groups."""
    match term:
        case All(terms) | Either(terms):
            return any(groups_of(one) for one in terms)
        case Not(inner):
            return groups_of(inner)
    return isinstance(term, GroupTerm)


def selector(expression: str) -> ServiceTerm | EdgeTerm | None:
    """Read an entity selector: ``service(…)``, ``edge(…)`` or ``id(…)``; an empty one is None.

    Raises:
        FilterError: It is something else; names the column.
    """
    text = expression.strip()
    term = parse(f"service({text})" if text.lower().startswith("id") else text)
    if term is not None and not isinstance(term, ServiceTerm | EdgeTerm):
        raise FilterError("an entity selector is service(…), edge(…, …) or id(…)", 1)
    return term
