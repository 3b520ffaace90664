"""The grammar of filter patterns, and its readings as tests; loaded by whoever reads a pattern."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from pointsman.semantics.logs import regexes
from pointsman.semantics.logs.filter_patterns import (
    Everything,
    Field,
    Json,
    Pattern,
    PatternError,
    Selector,
    Spaced,
    Step,
    Term,
    Terms,
    Test,
    on_absence,
    on_value,
)

_SHARED = r"""
SYMBOL: "!=" | "<=" | ">=" | "=" | "<" | ">"
STRING: /"(\\.|[^"\\])*"/
REGEX: /%[^%]*%/
%ignore /\s+/
"""

_TERMS = (
    r"""
terms: term+
term: MARK? (WORD | STRING | REGEX)
MARK: /[?\-](?=\S)/
WORD: /\w+/
"""
    + _SHARED
)

_JSON = (
    r"""
json: "{" either "}"
either: all ("||" all)*
all: _factor ("&&" _factor)*
_factor: "(" either ")" | condition
condition: SELECTOR SYMBOL (STRING | REGEX | BARE) -> compared
    | SELECTOR _IS WORD -> constant
    | SELECTOR _NOT _EXISTS -> absent
SELECTOR: /\$(\.?\[('[^']*'|"[^"]*"|[0-9]+|\*)\]|\.[\w\-]+|\.\*)+/
_IS.3: /IS(?=\s)/
_NOT.3: /NOT(?=\s)/
_EXISTS.3: /EXISTS\b/
WORD: /[A-Z]+/
BARE: /[^\s()&|{}"%=!<>]+/
"""
    + _SHARED
)

_SPACED = (
    r"""
spaced: "[" field ("," field)* "]"
field: ELLIPSIS | either
either: all ("||" all)*
all: _factor ("&&" _factor)*
_factor: "(" either ")" | condition
condition: NAME (SYMBOL (STRING | REGEX | BARE))?
ELLIPSIS: "..."
NAME: /[\w@$\-]+/
BARE: /[^\s,\]\[()&|"%=!<>]+/
"""
    + _SHARED
)

_GRAMMARS = {"terms": _TERMS, "json": _JSON, "spaced": _SPACED}
_STEP = re.compile(r"""\.?\[(?:'([^']*)'|"([^"]*)"|([0-9]+)|(\*))\]|\.([\w\-]+)|\.(\*)""")
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CONSTANTS = {"TRUE": True, "FALSE": False, "NULL": None}
_REGEX = re.compile(r"[A-Za-z0-9_#=@/;,:\- ^$?\[\]{}|\\*+.]+")
_MOST_REGEXES = 2
_DEEPEST = 30


@cache
def _parser(kind: str) -> Lark:
    return Lark(_GRAMMARS[kind], start=kind, parser="lalr", maybe_placeholders=False)


def read(pattern: str) -> Pattern:
    """Read a pattern that is not empty.

    Raises:
        PatternError: Names the column.
    """
    first = pattern.lstrip()[0]
    kind = {"{": "json", "[": "spaced"}.get(first, "terms")
    _check_depth(pattern)
    try:
        tree = _parser(kind).parse(pattern)
    except UnexpectedCharacters as error:
        place = int(getattr(error, "pos_in_stream", None) or 0)
        raise PatternError(_misplaced(kind, pattern, place), place + 1) from None
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise PatternError("the filter pattern ends too early", len(pattern.rstrip()) + 1) from None
        raise PatternError(f"{str(error.token)!r} does not belong here", (error.token.start_pos or 0) + 1) from None
    except UnexpectedInput:
        raise PatternError("this is not a filter pattern") from None
    reading = _Reading()
    found: Pattern = getattr(reading, kind)(tree)
    if kind != "terms" and reading.regexes > _MOST_REGEXES:
        raise PatternError(f"a filter pattern has at most {_MOST_REGEXES} regular expressions")
    return found


def _check_depth(pattern: str) -> None:
    depth = 0
    for column, letter in enumerate(pattern, 1):
        depth += (letter == "(") - (letter == ")")
        if depth > _DEEPEST:
            raise PatternError(f"parentheses are nested deeper than {_DEEPEST}", column)


def _misplaced(kind: str, pattern: str, place: int) -> str:
    if kind == "terms":
        word = re.search(r"\S*$", pattern[:place])
        term = (word[0] if word else "") + re.split(r"\s", pattern[place:], maxsplit=1)[0]
        return f"Invalid character(s) in term '{term}': put it in double quotation marks"
    return f"{pattern[place]!r} is not understood here"


def read_selector(text: str) -> Selector:
    """Read ``$.a.b[0]``.

    Raises:
        PatternError: It is none.
    """
    steps: list[Step] = []
    place = 1
    while text.startswith("$") and place < len(text):
        match = _STEP.match(text, place)
        if match is None:
            break
        single, double, index, star, name, every = match.groups()
        quoted = single if single is not None else double
        if star or every:
            steps.append(None)
        elif index is not None:
            steps.append(int(index))
        else:
            steps.append(quoted if quoted is not None else name)
        place = match.end()
    if not steps or place < len(text):
        raise PatternError(f"{text!r} is not a selector such as $.user.id", min(place, len(text)) + 1)
    if steps.count(None) > 1:
        raise PatternError(f"{text!r} has more than one wildcard")
    return Selector(text, tuple(steps))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


class _Reading:
    """One pattern being read."""

    def __init__(self) -> None:
        self.regexes = 0
        self._wild = 0

    # -- terms

    def terms(self, tree: Tree[Token]) -> Pattern:
        terms: list[Term] = []
        for child in tree.children:
            assert isinstance(child, Tree)
            *marks, text = (part for part in child.children if isinstance(part, Token))
            terms.append(self._term(str(marks[0]) if marks else "", text))
        kept = tuple(term for term in terms if term.mark or term.text.strip() or not term.text)
        return Terms(kept) if kept else Everything()

    def _term(self, mark: str, token: Token) -> Term:
        if token.type == "REGEX":
            return Term(mark, "", self._regex(token))
        text = _unquoted(token) if token.type == "STRING" else str(token)
        if not text:
            return Term("", " ", lambda _: True)
        return Term(mark, text, lambda message: text in message)

    def _regex(self, token: Token) -> Callable[[str], bool]:
        text = token[1:-1]
        if not _REGEX.fullmatch(text):
            raise PatternError(
                f"%{text}% may have letters, digits, spaces and : _ # = @ / ; , - with the operators"
                r" ^ $ ? [ ] { } | \ * + . only",
                (token.start_pos or 0) + 1,
            )
        try:
            expression = regexes.compiled(text)
        except regexes.RegexError as error:
            raise PatternError(str(error), (token.start_pos or 0) + 1) from None
        self.regexes += 1
        return lambda message: expression.search(message) is not None

    # -- conditions

    def _either(self, tree: Tree[Token], leaf: Callable[[Tree[Token]], Test]) -> Test:
        tests: list[Test] = []
        for child in tree.children:
            assert isinstance(child, Tree)
            if child.data == "all" or child.data == "either":
                tests.append(self._either(child, leaf))
            else:
                tests.append(leaf(child))
        if len(tests) == 1:
            return tests[0]
        if tree.data == "all":
            return lambda event: all(test(event) for test in tests)
        return lambda event: any(test(event) for test in tests)

    def json(self, tree: Tree[Token]) -> Pattern:
        selectors: dict[str, Selector] = {}

        def leaf(condition: Tree[Token]) -> Test:
            token = condition.children[0]
            found = read_selector(str(token))
            self._wild += None in found.steps
            if self._wild > 1:
                raise PatternError("a filter pattern has at most one wildcard selector", _column(token))
            selectors[found.text] = found
            if condition.data == "absent":
                return on_absence(found)
            if condition.data == "constant":
                word = condition.children[1]
                if str(word) not in _CONSTANTS:
                    raise PatternError("IS is followed by TRUE, FALSE or NULL", _column(word))
                constant = _CONSTANTS[str(word)]
                return on_value(found, lambda value: value is constant)
            return on_value(found, self._compared(condition.children[1:], json=True))

        (body,) = tree.children
        assert isinstance(body, Tree)
        test = self._either(body, leaf)
        return Json(test, tuple(selectors.values()), self.regexes)

    def spaced(self, tree: Tree[Token]) -> Pattern:
        before: list[Field] = []
        after: list[Field] | None = None
        for field in tree.children:
            assert isinstance(field, Tree)
            (inner,) = field.children
            if isinstance(inner, Token):
                if after is not None:
                    raise PatternError("a filter pattern has at most one ellipsis", _column(inner))
                after = []
                continue
            (before if after is None else after).append(self._field(inner))
        return Spaced(tuple(before), None if after is None else tuple(after), self.regexes)

    def _field(self, tree: Tree[Token]) -> Field:
        names: list[str] = []
        bare = 0

        def leaf(condition: Tree[Token]) -> Test:
            nonlocal bare
            names.append(str(condition.children[0]))
            if len(condition.children) == 1:
                bare += 1
                return lambda _: True
            return self._compared(condition.children[1:], json=False)

        test = self._either(tree, leaf)
        return Field(names[0], None if bare == len(names) else test)

    def _compared(self, parts: list[Any], *, json: bool) -> Test:
        symbol, token = str(parts[0]), parts[1]
        if token.type == "REGEX":
            if symbol not in ("=", "!="):
                raise PatternError(f"a regular expression cannot stand behind {symbol}", _column(token))
            found = self._regex(token)
            return _told(lambda value: isinstance(value, str) and found(value), negative=symbol == "!=")
        text = _unquoted(token) if token.type == "STRING" else str(token)
        number = _number(text) if token.type == "BARE" or not json else None
        if symbol in _ORDERS:
            if number is None:
                raise PatternError(f"{text!r} is no number, and {symbol} compares numbers", _column(token))
            return _ordered(_ORDERS[symbol], number)
        return _told(_equal(text, number), negative=symbol == "!=")


def _column(token: Any) -> int:
    return (getattr(token, "start_pos", 0) or 0) + 1


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(value) if isinstance(value, str) and "_" not in value and value.strip() == value else None
    except ValueError:
        return None


def wildcard(pattern: str) -> Callable[[str], bool]:
    """What tells whether a whole text fits a pattern whose ``*`` stand for anything, in time that grows with both."""
    first, *middle, last = pattern.split("*")

    def ask(text: str) -> bool:
        if not (text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)):
            return False
        place, end = len(first), len(text) - len(last)
        for part in middle:
            found = text.find(part, place, end)
            if found < 0:
                return False
            place = found + len(part)
        return True

    return ask


def _ordered(compare: Callable[[Any, Any], bool], number: float) -> Test:
    def ask(value: Any) -> bool:
        mine = _number(value)
        return mine is not None and compare(mine, number)

    return ask


def _equal(text: str, number: float | None) -> Test:
    if "*" in text:
        like = wildcard(text)
        return lambda value: value is not None and like(_shown(value))
    if number is None:
        return lambda value: value == text if isinstance(value, str) else _shown(value) == text
    return lambda value: value == text or _number(value) == number


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _told(test: Test, *, negative: bool) -> Test:
    return (lambda value: not test(value)) if negative else test
