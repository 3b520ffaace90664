"""The grammar of metric math; loaded by whoever reads an expression.

Ranks, from the loosest: ``OR``/``||``, ``AND``/``&&``, comparisons, ``+ -``, ``* /``, sign, ``^``.
"""

from __future__ import annotations

from functools import cache, lru_cache
from math import inf
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from pointsman.semantics.metrics import insights, math_tree
from pointsman.semantics.metrics.math_tree import Array, Call, Chain, MathError, Name, Negation, Node, Number, Text

_GRAMMAR = r"""
start: either
either: both (OR both)*
both: compared (AND compared)*
compared: sum (COMPARE sum)*
sum: product (ADD product)*
product: signed (MULTIPLY signed)*
signed: ADD* power
power: atom (POWER exponent)*
?exponent: atom
    | ADD+ atom -> signed
?atom: NUMBER -> number
    | STRING -> text
    | WORD "(" [either ("," either)*] ")" -> call
    | WORD -> name
    | "[" [either ("," either)*] "]" -> array
    | "(" either ")" -> group

OR.2: /OR(?![A-Za-z0-9_])/ | "||"
AND.2: /AND(?![A-Za-z0-9_])/ | "&&"
COMPARE: "==" | "!=" | "<=" | ">=" | "<" | ">"
ADD.1: "+" | "-"
MULTIPLY: "*" | "/"
POWER: "^"
WORD: /[A-Za-z_][A-Za-z0-9_]*/
NUMBER: /([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?/
STRING: /"[^"]*"|'[^']*'/
%ignore /\s+/
"""


class _Tree(Transformer[Token, Any]):
    """Lark's tree to ours."""

    def start(self, items: list[Any]) -> Node:
        node: Node = items[0]
        return node

    group = start

    def _chain(self, items: list[Any]) -> Node:
        if len(items) == 1:
            only: Node = items[0]
            return only
        pairs = zip(items[1::2], items[2::2], strict=True)
        return Chain(items[0], tuple((_SAME.get(str(sign), str(sign)), operand) for sign, operand in pairs))

    either = both = compared = sum = product = power = _chain

    def signed(self, items: list[Any]) -> Node:
        operand: Node = items[-1]
        return Negation(operand) if items[:-1].count("-") % 2 else operand

    def number(self, items: list[Token]) -> Node:
        value = float(items[0])
        if value == inf:
            raise MathError(f"{items[0]} is more than a number can be, at column {(items[0].start_pos or 0) + 1}")
        return Number(value)

    def text(self, items: list[Token]) -> Node:
        return Text(items[0][1:-1])

    def name(self, items: list[Token]) -> Node:
        return Name(str(items[0]))

    def call(self, items: list[Any]) -> Node:
        return Call(str(items[0]), tuple(item for item in items[1:] if item is not None))

    def array(self, items: list[Any]) -> Node:
        return Array(tuple(item for item in items if item is not None))


_SAME = {"||": "OR", "&&": "AND"}


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", propagate_positions=False, maybe_placeholders=False)


@lru_cache(maxsize=2048)
def read(expression: str) -> Node:
    """An expression as a tree.

    Raises:
        MathError: Names the column.
    """
    if not expression.strip():
        raise MathError("The expression is empty")
    if len(expression) > math_tree.LONGEST:
        raise MathError(f"An expression has at most {math_tree.LONGEST} characters")
    if insights.begins(expression):
        insights.read(expression)
        return math_tree.Selection(expression)
    _check_depth(expression)
    try:
        node: Node = _Tree().transform(_parser().parse(expression))
    except VisitError as error:
        raise error.orig_exc from None
    except UnexpectedCharacters as error:
        place = int(getattr(error, "pos_in_stream", None) or 0)
        raise MathError(f"{expression[place]!r} is not understood at column {place + 1}") from None
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise MathError("the expression ends too early") from None
        column = int(getattr(error.token, "start_pos", None) or 0) + 1
        raise MathError(f"{str(error.token)!r} does not belong at column {column}") from None
    except UnexpectedInput:
        raise MathError("this is not an expression of metric math") from None
    return node


def _check_depth(expression: str) -> None:
    depth, quote = 0, ""
    for letter in expression:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "([":
            depth += 1
            if depth > math_tree.DEEPEST:
                raise MathError(f"An expression has at most {math_tree.DEEPEST} levels of brackets")
        elif letter in ")]":
            depth -= 1
