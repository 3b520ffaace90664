"""The grammar of filter expressions, and its readings as values; loaded by whoever reads an expression.

A number of things are AWS's: ``AND`` may be left out, keywords and operators are of any case, values of texts stand
in double quotes, and ``#[…]`` holds JSON, which is taken out before the grammar sees the text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from msgspec import Struct

from pointsman.semantics.traces import filters
from pointsman.semantics.traces.filters import Filter, FilterError, Place

_GRAMMAR = r"""
start: either
either: all (_OR all)*
all: factor | all factor | all _AND factor
?factor: "!" factor -> negation
    | "(" either ")" -> group
    | comparison
?comparison: WORD -> bare
    | WORD operator value -> compared
    | ANNOTATION -> annotated
    | ANNOTATION operator value -> annotation
    | CAUSE block? -> cause
    | CALL "(" (argument ("," argument)*)? ")" block? -> call
block: "{" either? "}"
argument: STRING -> named
    | ID "(" pair ("," pair)* ")" -> identified
pair: WORD ":" STRING
operator: SYMBOL | NAMED
value: STRING | NUMBER | TRUTH | JSON

_OR.5: /OR\b/i
_AND.5: /AND\b/i
NAMED.5: /(CONTAINS|BEGINSWITH|ENDSWITH)\b/i
TRUTH.4: /(true|false)\b/i
CALL.3: /(service|edge)(?=\s*\()/i
ID.3: /id(?=\s*\()/i
CAUSE.3: /rootcause\.(fault|error|responsetime)\.(service|entity|exception)\b/i
ANNOTATION.3: /annotation(\.[A-Za-z0-9_:.\-]+|\[\s*"?[^"\]\s]+"?\s*\])/i
WORD: /[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*/
SYMBOL: "!=" | "<=" | ">=" | "=" | "<" | ">"
STRING: /"(\\.|[^"\\])*"/
NUMBER: /-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?/
JSON: /#[0-9]+#*/
%ignore /\s+/
"""

_PARTS = {"service": Place.CAUSE_SERVICE, "entity": Place.CAUSE_ENTITY, "exception": Place.CAUSE_EXCEPTION}
_JSON = {"json": "", "rootcause.json": ""} | {
    f"rootcause.{kind}.json": kind for kind in ("fault", "error", "responsetime")
}
_GROUPS = {"group.name": "name", "group.arn": "arn"}

_Reading = Callable[[Place], Filter]
"""A term that waits to be told where it stands."""


class _Value(Struct, frozen=True):
    """A value as written, and where."""

    value: Any
    kind: str
    column: int


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", propagate_positions=False, maybe_placeholders=False)


def read(expression: str) -> Filter:
    """Read an expression that is not empty.

    Raises:
        FilterError: Names the column.
    """
    text, values = _take_json(expression)
    _check_depth(text)
    try:
        tree = _parser().parse(text)
    except UnexpectedCharacters as error:
        place = _position(error)
        raise FilterError(f"{text[place]!r} is not understood here", place + 1) from None
    except UnexpectedToken as error:
        ended = error.token.type == "$END"
        column = len(expression.rstrip()) if ended else error.token.start_pos or 0
        raise FilterError(_unexpected(error), column + 1) from None
    except UnexpectedInput as error:
        raise FilterError("this is not a filter expression", _position(error) + 1) from None
    return _Readings(values).either(tree.children[0])(Place.TRACE)


def _position(error: UnexpectedInput) -> int:
    return int(getattr(error, "pos_in_stream", None) or 0)


def _unexpected(error: UnexpectedToken) -> str:
    if error.token.type == "$END":
        return "the expression ends too early"
    return f"{str(error.token)!r} does not belong here"


def _check_depth(text: str) -> None:
    depth = 0
    quoted = False
    skip = False
    for column, letter in enumerate(text, 1):
        if skip:
            skip = False
        elif quoted:
            skip = letter == "\\"
            quoted = letter != '"'
        elif letter == '"':
            quoted = True
        elif letter in "({":
            depth += 1
            if depth > filters.DEEPEST:
                raise FilterError(f"more than {filters.DEEPEST} levels of parentheses", column)
        elif letter in ")}":
            depth -= 1


def _take_json(expression: str) -> tuple[str, list[Any]]:
    """The text with each ``#[…]`` replaced by a mark of the same length, and what stood there."""
    values: list[Any] = []
    pieces: list[str] = []
    at, quoted = 0, False
    while at < len(expression):
        letter = expression[at]
        if quoted and letter == "\\":
            pieces.append(expression[at : at + 2])
            at += 2
            continue
        if letter == '"':
            quoted = not quoted
        if letter == "#" and not quoted:
            value, end = _json_at(expression, at + 1)
            pieces.append(f"#{len(values)}".ljust(end - at, "#"))
            values.append(value)
            at = end
            continue
        pieces.append(letter)
        at += 1
    return "".join(pieces), values


def _json_at(expression: str, at: int) -> tuple[Any, int]:
    try:
        value, end = json.JSONDecoder().raw_decode(expression, at)
    except json.JSONDecodeError as error:
        raise FilterError(f"behind # stands no JSON: {error.msg}", error.pos + 1) from None
    except RecursionError:
        raise FilterError("this JSON is nested too deeply", at + 1) from None
    patterns = value if isinstance(value, list) else [value]
    if not all(isinstance(one, dict) for one in patterns):
        raise FilterError("root causes in JSON are objects: #[{…}]", at + 1)
    return patterns, end


class _Readings:
    """The tree of one expression, read from the top; its depth is bounded."""

    def __init__(self, values: list[Any]) -> None:
        self._values = values

    def either(self, tree: Any) -> _Reading:
        readings = [self._all(child) for child in tree.children]
        if len(readings) == 1:
            return readings[0]
        return lambda place: filters.Either(tuple(reading(place) for reading in readings))

    def _all(self, tree: Any) -> _Reading:
        factors: list[Any] = []
        while len(tree.children) == 2:  # the list grows to the left: no recursion over its length
            factors.append(tree.children[1])
            tree = tree.children[0]
        factors.append(tree.children[0])
        readings = [self._factor(factor) for factor in reversed(factors)]
        if len(readings) == 1:
            return readings[0]
        return lambda place: filters.All(tuple(reading(place) for reading in readings))

    def _factor(self, tree: Any) -> _Reading:
        handler: Callable[[list[Any]], _Reading] = getattr(self, f"_{tree.data}")
        return handler(tree.children)

    def _negation(self, children: list[Any]) -> _Reading:
        tree, opposite = children[0], True
        while not isinstance(tree, Token) and tree.data == "negation":
            tree, opposite = tree.children[0], not opposite
        inner = self._factor(tree)
        return (lambda place: filters.Not(inner(place))) if opposite else inner

    def _group(self, children: list[Any]) -> _Reading:
        return self.either(children[0])

    def _bare(self, children: list[Any]) -> _Reading:
        word = children[0]
        keyword = word.lower()

        def reading(place: Place) -> Filter:
            if keyword in _JSON and place is Place.TRACE:
                return filters.CauseJson(_JSON[keyword], ())
            if keyword in filters.FLAGS[place]:
                return filters.Flag(keyword)
            if keyword in filters.NUMBERS[place] or keyword in filters.TEXTS[place]:
                return filters.Present(keyword)
            raise _unknown(word, place)

        return reading

    def _compared(self, children: list[Any]) -> _Reading:
        word, operator, value = children[0], self._operator(children[1]), self._value(children[2])
        keyword = word.lower()

        def reading(place: Place) -> Filter:
            if place is Place.TRACE and keyword in _JSON:
                _require(value, "JSON", f"{word} is compared with JSON: #[{{…}}]")
                _allow(operator, filters.BOOLEAN_OPERATORS, word)
                term: Filter = filters.CauseJson(_JSON[keyword], tuple(value.value))
                return filters.Not(term) if operator[0] == "!=" else term
            if place is Place.TRACE and keyword in _GROUPS:
                _require(value, "STRING", f"{word} is compared with a text in double quotes")
                _allow(operator, filters.BOOLEAN_OPERATORS, word)
                group = filters.GroupTerm(_GROUPS[keyword], value.value)
                return filters.Not(group) if operator[0] == "!=" else group
            if keyword in filters.FLAGS[place]:
                _require(value, "TRUTH", f"{word} is true or false")
                _allow(operator, filters.BOOLEAN_OPERATORS, word)
                wanted = value.value == (operator[0] == "=")
                return filters.Flag(keyword) if wanted else filters.Not(filters.Flag(keyword))
            if keyword in filters.NUMBERS[place]:
                _require(value, "NUMBER", f"{word} is compared with a number")
                _allow(operator, filters.NUMBER_OPERATORS, word)
                return filters.Number(keyword, operator[0], value.value)
            if keyword in filters.TEXTS[place]:
                _require(value, "STRING", f"{word} is compared with a text in double quotes")
                _allow(operator, filters.TEXT_OPERATORS, word)
                return filters.Text(keyword, operator[0], value.value)
            raise _unknown(word, place)

        return reading

    def _annotated(self, children: list[Any]) -> _Reading:
        return self._annotation([children[0], None, None])

    def _annotation(self, children: list[Any]) -> _Reading:
        token = children[0]
        key = token[len("annotation") :].strip('.[] "\t\n')
        column = token.start_pos + 1
        operator = ("", column) if children[1] is None else self._operator(children[1])
        value = _Value("", "", column) if children[2] is None else self._value(children[2])
        if value.kind == "JSON":
            raise FilterError("an annotation is compared with a text, a number, true or false", value.column)
        allowed = {
            "STRING": filters.TEXT_OPERATORS,
            "NUMBER": filters.NUMBER_OPERATORS,
            "TRUTH": filters.BOOLEAN_OPERATORS,
        }
        if value.kind:
            _allow(operator, allowed[value.kind], f"a {_KINDS[value.kind]}")

        def reading(place: Place) -> Filter:
            if place is not Place.TRACE:
                raise FilterError(f"annotations cannot be asked of {place.value}", column)
            return filters.Annotated(key, operator[0], value.value)

        return reading

    def _cause(self, children: list[Any]) -> _Reading:
        token = children[0]
        _, kind, part = token.lower().split(".")
        inner = self._block(children)

        def reading(place: Place) -> Filter:
            if place is not Place.TRACE:
                raise FilterError(f"root causes cannot be asked of {place.value}", token.start_pos + 1)
            if part == "exception" and kind == "responsetime":
                raise FilterError("a response time has no exceptions", token.start_pos + 1)
            where = _PARTS[part]
            return filters.CauseTerm(kind, where, inner(where) if inner else None)

        return reading

    def _call(self, children: list[Any]) -> _Reading:
        token = children[0]
        who = [self._selector(child) for child in children[1:] if child.data in ("named", "identified")]
        inner = self._block(children)
        column = token.start_pos + 1
        edge = token.lower() == "edge"
        if edge and len(who) != 2:
            raise FilterError("edge() takes a source and a destination", column)
        if not edge and len(who) > 1:
            raise FilterError("service() takes one service", column)

        def reading(place: Place) -> Filter:
            if place is not Place.TRACE:
                raise FilterError(f"{token}() cannot stand inside {place.value}", column)
            if edge:
                return filters.EdgeTerm(who[0], who[1], inner(Place.EDGE) if inner else None)
            chosen = who[0] if who else filters.Selector()
            return filters.ServiceTerm(chosen, inner(Place.SERVICE) if inner else None)

        return reading

    def _block(self, children: list[Any]) -> _Reading | None:
        last = children[-1]
        if isinstance(last, Token) or last.data != "block" or not last.children:
            return None
        return self.either(last.children[0])

    def _selector(self, tree: Any) -> filters.Selector:
        if tree.data == "named":
            return filters.Selector(name=_text(tree.children[0]))
        found: dict[str, str] = {}
        for pair in tree.children[1:]:
            word = pair.children[0]
            field = {"name": "name", "type": "type", "account.id": "account"}.get(word.lower())
            if field is None:
                raise FilterError(f"id() knows name, type and account.id, not {word}", word.start_pos + 1)
            found[field] = _text(pair.children[1])
        return filters.Selector(**found)

    def _operator(self, tree: Any) -> tuple[str, int]:
        token = tree.children[0]
        return token.lower(), token.start_pos + 1

    def _value(self, tree: Any) -> _Value:
        token = tree.children[0]
        column = token.start_pos + 1
        if token.type == "STRING":
            return _Value(_text(token), "STRING", column)
        if token.type == "NUMBER":
            return _Value(float(token), "NUMBER", column)
        if token.type == "TRUTH":
            return _Value(token.lower() == "true", "TRUTH", column)
        return _Value(self._values[int(token.strip("#"))], "JSON", column)


_KINDS = {"STRING": "text", "NUMBER": "number", "TRUTH": "truth value"}


def _text(token: Token) -> str:
    inner = str(token)[1:-1]
    if "\\" not in inner:
        return inner
    letters = iter(inner)
    return "".join(next(letters) if letter == "\\" else letter for letter in letters)


def _require(value: _Value, kind: str, sentence: str) -> None:
    if value.kind != kind:
        raise FilterError(sentence, value.column)


def _allow(operator: tuple[str, int], allowed: tuple[str, ...], what: str) -> None:
    if operator[0] not in allowed:
        shown = " ".join(one.upper() for one in allowed)
        raise FilterError(f"{operator[0].upper()} does not compare {what}; these do: {shown}", operator[1])


def _unknown(word: Token, place: Place) -> FilterError:
    column = (word.start_pos or 0) + 1
    keyword = word.lower()
    if keyword in filters.ANYWHERE:
        return FilterError(f"{word} cannot be asked of {place.value}", column)
    import difflib

    close = difflib.get_close_matches(keyword, filters.keywords(place), n=1)
    return FilterError(f"{word} is no keyword" + (f"; did you mean {close[0]}?" if close else ""), column)
