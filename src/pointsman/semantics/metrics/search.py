"""SEARCH expressions: which metrics they find.

``{Namespace, Dimension, …}`` names the namespace and the exact set of dimensions; the rest are terms under AND, OR,
NOT and brackets. A term in quotes is a whole name or value; one without is found as tokens: camel case, digits and
other characters divide a name into tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from pointsman.semantics.metrics.math_tree import MathError

if TYPE_CHECKING:
    from lark import Lark

LONGEST = 1024
MOST = 500
"""Series that a search returns."""

_GRAMMAR = r"""
start: [schema] ","? [either]
schema: "{" name ("," name)* "}"
name: QUOTED | BARE
either: both (_OR both)*
both: factor (_AND? factor)*
?factor: _NOT factor -> negation
    | "(" either ")" -> group
    | term
term: [property "="] name
property: QUOTED | BARE

_OR.5: /OR(?![^\s()])/
_AND.5: /AND(?![^\s()])/
_NOT.5: /NOT(?=[\s(])/
QUOTED: /"(\\.|[^"\\])*"/
BARE: /[^\s{}()",=]+/
%ignore /\s+/
"""
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_]+")
_WORDS = re.compile(r"[^\W_]+")


class Metric(Struct, frozen=True):
    """A metric as a search looks at it."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    """(name, value), by name."""


Test = Callable[[Metric], bool]


class Search(Struct, frozen=True):
    """A search as read."""

    test: Test
    namespace: str | None = None
    """The only namespace it can find anything in, when it names one."""
    dimensions: frozenset[str] | None = None
    """The exact set of dimensions its metrics have, when it names any."""
    names: frozenset[str] = field(default=frozenset())
    """The only metric names it can find, when it must be one of them."""

    def finds(self, metric: Metric) -> bool:
        """Whether a metric is found."""
        if self.namespace is not None and metric.namespace != self.namespace:
            return False
        if self.dimensions and {name for name, _ in metric.dimensions} != self.dimensions:
            return False
        return self.test(metric)


@lru_cache(maxsize=65_536)
def tokens(text: str) -> tuple[str, ...]:
    """The pieces of a name, as written: ``CustomCount1`` is Custom, Count, 1."""
    return tuple(_PARTS.findall(text))


@lru_cache(maxsize=65_536)
def _lowered(text: str) -> tuple[str, ...]:
    return tuple(token.lower() for token in tokens(text))


class _Partial(Struct, frozen=True):
    """A term without quotes: tokens that must follow each other; those of one word in camel case keep their case."""

    pieces: tuple[tuple[str, bool], ...]
    whole: str

    def matches(self, text: str) -> bool:
        written, lowered = tokens(text), _lowered(text)
        if self.whole and self.whole == "".join(lowered):
            return True
        length = len(self.pieces)
        for start in range(len(written) - length + 1):
            if all(
                (written if exact else lowered)[start + place] == piece
                for place, (piece, exact) in enumerate(self.pieces)
            ):
                return True
        return False


def _partial(text: str) -> _Partial:
    pieces: list[tuple[str, bool]] = []
    for word in _WORDS.findall(text):
        parts = tokens(word)
        exact = len(parts) > 1
        pieces += [(part if exact else part.lower(), exact) for part in parts]
    # A word in one case is the lower case of a whole name; one in mixed case has to follow the name's own.
    plain = len({part.isupper() for part in tokens(text) if not part.isdigit()}) <= 1
    return _Partial(tuple(pieces), "".join(part.lower() for part, _ in pieces) if plain else "")


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=True)


@lru_cache(maxsize=512)
def read(expression: str) -> Search:
    """A search by its text.

    Raises:
        MathError: It is empty, too long or cannot be read.
    """
    from lark.exceptions import UnexpectedInput

    if not expression.strip():
        raise MathError("SEARCH needs a metric schema in braces, a search term, or both")
    if len(expression) > LONGEST:
        raise MathError(f"A search expression has at most {LONGEST} characters")
    if expression.count("(") > 60 or expression.count("NOT ") > 200:
        raise MathError("A search expression has at most 60 brackets")
    try:
        children: list[Any] = list(_parser().parse(expression).children)
    except UnexpectedInput as error:
        place = getattr(error, "column", 0)
        raise MathError(f"The search expression is not understood at column {max(place, 1)}") from None
    schema, either = children
    if schema is None and either is None:
        raise MathError("SEARCH needs a metric schema in braces, a search term, or both")
    namespace, *dimensions = [_text(name) for name in schema.children] if schema is not None else [None]
    test = _test(either) if either is not None else _everything
    names = _must(either, "MetricName") if either is not None else None
    return Search(test, namespace, frozenset(filter(None, dimensions)), names or frozenset())


def _everything(_: Metric) -> bool:
    return True


def _text(tree: Any) -> str:
    text = str(tree.children[0])
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    return text


def _must(tree: Any, wanted: str) -> frozenset[str] | None:
    """The values one of which a property must have, exactly, for a tree to hold; None when there are none."""
    kind, items = tree.data, tree.children
    if kind == "term":
        prop, name = items
        quoted = str(name.children[0]).startswith('"')
        return frozenset([_text(name)]) if prop is not None and quoted and _text(prop) == wanted else None
    if kind == "negation":
        return None
    if kind == "group" or len(items) == 1:
        return _must(items[0], wanted)
    found = [_must(item, wanted) for item in items]
    if kind == "both":
        return next((one for one in found if one is not None), None)
    known = [one for one in found if one is not None]
    return frozenset().union(*known) if len(known) == len(found) else None


def _test(tree: Any) -> Test:
    kind, items = tree.data, tree.children
    if kind == "group":
        return _test(items[0])
    if kind == "negation":
        inner = _test(items[0])
        return lambda metric: not inner(metric)
    if kind in ("either", "both"):
        tests = [_test(item) for item in items]
        if len(tests) == 1:
            return tests[0]
        join = all if kind == "both" else any
        return lambda metric: join(test(metric) for test in tests)
    prop, name = items
    return _term(None if prop is None else _text(prop), _text(name), str(name.children[0]).startswith('"'))


def _term(prop: str | None, text: str, quoted: bool) -> Test:
    partial = _partial(text)

    def fits(value: str) -> bool:
        return value == text if quoted else partial.matches(value)

    if prop is None:
        return lambda metric: (
            fits(metric.name)
            or fits(metric.namespace)
            or any(fits(name) or fits(value) for name, value in metric.dimensions)
        )
    if prop == "MetricName":
        return lambda metric: fits(metric.name)
    if prop == "Namespace":
        return lambda metric: fits(metric.namespace)
    return lambda metric: any(name == prop and fits(value) for name, value in metric.dimensions)
