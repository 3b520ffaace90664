"""Metric math as a tree, and what can be wrong with an expression."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

LONGEST = 2048
"""Characters in an expression."""
DEEPEST = 40
"""Levels of brackets in an expression."""


class MathError(ValueError):
    """An expression that cannot be read or evaluated; its text is a sentence."""


class NotBuilt(MathError):
    """Something of metric math that AWS has and this backend has not."""


class Number(Struct, frozen=True):
    """A scalar."""

    value: float


class Text(Struct, frozen=True):
    """A string in quotes."""

    value: str


class Name(Struct, frozen=True):
    """The id of a query, or a word that a function understands (REPEAT, AVG, DESC)."""

    name: str


class Array(Struct, frozen=True):
    """``[m1, m2]``."""

    items: tuple[Node, ...]


class Negation(Struct, frozen=True):
    """``-x``."""

    operand: Node


class Chain(Struct, frozen=True):
    """``a + b - c``: operands of one rank, from left to right."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


class Call(Struct, frozen=True):
    """``FUNCTION(…)``."""

    name: str
    arguments: tuple[Node, ...]


class Selection(Struct, frozen=True):
    """A query of Metrics Insights, which stands alone."""

    text: str


Node = Number | Text | Name | Array | Negation | Chain | Call | Selection


def walk(node: Node) -> Iterator[Node]:
    """A node and everything beneath it."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, Array):
            waiting += one.items
        elif isinstance(one, Call):
            waiting += one.arguments
        elif isinstance(one, Negation):
            waiting.append(one.operand)
        elif isinstance(one, Chain):
            waiting += [one.first, *(operand for _, operand in one.rest)]


def names(node: Node) -> set[str]:
    """The ids of the queries that an expression names: the words that begin in lower case."""
    return {one.name for one in walk(node) if isinstance(one, Name) and one.name[0].islower()}


def calls(node: Node) -> set[str]:
    """The functions that an expression calls."""
    return {one.name for one in walk(node) if isinstance(one, Call)}
