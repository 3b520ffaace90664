"""Metrics Insights: ``SELECT AVG(Latency) FROM SCHEMA("Shop", Stage) WHERE … GROUP BY … ORDER BY … LIMIT …``."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from pointsman.semantics.metrics.math_tree import MathError

if TYPE_CHECKING:
    from lark import Lark, Token

MOST: Final = 500
"""Series that a query returns."""
PROCESSED: Final = 10_000
"""Metrics that a query looks at: the first it finds."""
FINEST: Final = 60
"""The least period of its series, in seconds."""
OTHER: Final = "Other"
"""The group of metrics that lack a label the query groups by."""
STATISTICS: Final = {
    "AVG": "Average",
    "COUNT": "SampleCount",
    "MAX": "Maximum",
    "MIN": "Minimum",
    "SUM": "Sum",
}

_GRAMMAR = r"""
start: _SELECT FUNCTION "(" name ")" _FROM source [where] [group] [order] [limit]
source: _SCHEMA "(" name ("," name)* ")" -> schema
    | name -> namespace
where: _WHERE condition (_AND condition)*
condition: name COMPARE VALUE
group: _GROUP _BY name ("," name)*
order: _ORDER _BY FUNCTION "(" ")" [DIRECTION]
limit: _LIMIT NUMBER
name: QUOTED | BARE

_SELECT.3: /SELECT(?![A-Za-z0-9_])/i
_FROM.3: /FROM(?![A-Za-z0-9_])/i
_SCHEMA.3: /SCHEMA(?=\s*\()/i
_WHERE.3: /WHERE(?![A-Za-z0-9_])/i
_AND.3: /AND(?![A-Za-z0-9_])/i
_GROUP.3: /GROUP(?![A-Za-z0-9_])/i
_ORDER.3: /ORDER(?![A-Za-z0-9_])/i
_BY.3: /BY(?![A-Za-z0-9_])/i
_LIMIT.3: /LIMIT(?![A-Za-z0-9_])/i
DIRECTION.3: /(ASC|DESC)(?![A-Za-z0-9_])/i
FUNCTION.2: /(AVG|COUNT|MAX|MIN|SUM)(?=\s*\()/i
COMPARE: "!=" | "="
NUMBER: /[0-9]{1,9}/
VALUE: /'(\\.|[^'\\])*'/
QUOTED: /"(\\.|[^"\\])*"/
BARE: /[A-Za-z0-9_]+/
%ignore /\s+/
"""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Condition(Struct, frozen=True):
    """``labelKey = 'value'``."""

    label: str
    value: str
    equal: bool


class Query(Struct, frozen=True):
    """A query as read."""

    function: str
    """One of ``STATISTICS``."""
    metric: str
    namespace: str
    schema: frozenset[str] | None
    """The exact dimensions its metrics have; None takes any."""
    where: tuple[Condition, ...] = ()
    group: tuple[str, ...] = ()
    order: str = ""
    """What is made of each series to put them in order; empty orders them by their groups."""
    descending: bool = False
    limit: int = MOST

    def takes(self, dimensions: dict[str, str]) -> bool:
        """Whether a metric of the name and namespace is one of those it looks at."""
        if self.schema is not None and dimensions.keys() != self.schema:
            return False
        return all((dimensions.get(one.label) == one.value) == one.equal for one in self.where)

    def key(self, dimensions: dict[str, str]) -> tuple[str, ...]:
        """The group a metric belongs to."""
        return tuple(dimensions.get(label, OTHER) for label in self.group)


def begins(expression: str) -> bool:
    """Whether an expression is a query, and not metric math."""
    return expression.lstrip()[:6].upper() == "SELECT" and not expression.lstrip()[6:7].strip().isalnum()


def _plain(token: Token) -> str:
    return _ESCAPED.sub(r"\1", token[1:-1]) if token[:1] in "\"'" else str(token)


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", propagate_positions=False, maybe_placeholders=False)


@lru_cache(maxsize=512)
def read(text: str) -> Query:
    """Read a query.

    Raises:
        MathError: It is none; names the column.
    """
    from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

    try:
        tree = _parser().parse(text)
    except UnexpectedCharacters as error:
        place = int(getattr(error, "pos_in_stream", None) or 0)
        raise MathError(f"{text[place]!r} is not understood at column {place + 1} of the query") from None
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise MathError("the query ends too early") from None
        column = int(getattr(error.token, "start_pos", None) or 0) + 1
        raise MathError(f"{str(error.token)!r} does not belong at column {column} of the query") from None
    except UnexpectedInput:
        raise MathError("this is not a query of Metrics Insights") from None
    return _query(tree.children)


def _names(trees: list[Any]) -> tuple[str, ...]:
    return tuple(_plain(one.children[0]) for one in trees)


def _query(parts: list[Any]) -> Query:
    function, metric, source, *clauses = parts
    names = _names(source.children)
    given: dict[str, Any] = {}
    for clause in clauses:
        if clause.data == "where":
            given["where"] = tuple(
                Condition(_names(one.children[:1])[0], _plain(one.children[2]), one.children[1] == "=")
                for one in clause.children
            )
        elif clause.data == "group":
            given["group"] = _names(clause.children)
        elif clause.data == "order":
            by, *direction = clause.children
            given |= {"order": str(by).upper(), "descending": [str(one).upper() for one in direction] == ["DESC"]}
        else:
            given["limit"] = int(clause.children[0])
            if not 1 <= given["limit"] <= MOST:
                raise MathError(f"LIMIT is from 1 to {MOST}")
    schema = frozenset(names[1:]) if source.data == "schema" else None
    return Query(str(function).upper(), _names([metric])[0], names[0], schema, **given)


def reduced(function: str, values: list[float]) -> float:
    """What a series comes to under the function of an ORDER BY."""
    if function == "AVG":
        return sum(values) / len(values) if values else 0.0
    if function == "COUNT":
        return float(len(values))
    if function == "SUM":
        return sum(values)
    return (max if function == "MAX" else min)(values, default=0.0)
