"""The grammar of Insights queries, and its readings as values; loaded by whoever reads a query."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, Final

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from pointsman.digits import digits
from pointsman.semantics.logs import regexes
from pointsman.semantics.logs.insights import catalogue, syntax
from pointsman.semantics.logs.insights.syntax import Expression, Item, error_at

_GRAMMAR = r"""
query: "|"? (source ("|" _command)* | _command ("|" _command)*)
source: _SOURCE CALL "(" pair ("," pair)* ")" -> selected
    | _SOURCE STRING ("," STRING)* -> named
pair: FIELD ":" (STRING | "[" STRING ("," STRING)* "]")
_command: fields | display | filter | stats | sort | limit | dedup | parse | pattern | diff | unnest | unmask
fields: _FIELDS items
display: _DISPLAY items
unmask: _UNMASK items
filter: _FILTER _either
stats: _STATS items (_BY items)?
sort: _SORT key ("," key)*
limit: _LIMIT NUMBER
dedup: _DEDUP _either ("," _either)*
parse: _PARSE FIELD? STRING _AS FIELD ("," FIELD)* -> glob
    | _PARSE FIELD? REGEX (_AS FIELD ("," FIELD)*)? -> regex
pattern: _PATTERN _either
diff: _DIFF FIELD?
unnest: _UNNEST _either _INTO FIELD
items: item ("," item)*
item: _either (_AS (FIELD | STRING))?
key: _either ORDER?

_either: _all | either
either: _either _OR _all
_all: _factor | all
all: _all _AND _factor
_factor: _comparison | negation
negation: _NOT _factor
_comparison: _sum | compared | like | unlike | matched | within | without
compared: _sum COMPARE _sum
like: _sum _LIKE (STRING | REGEX)
unlike: _sum _NOT _LIKE (STRING | REGEX)
matched: _sum _MATCH REGEX
within: _sum _IN "[" _either ("," _either)* "]"
without: _sum _NOT _IN "[" _either ("," _either)* "]"
_sum: _product | sum
sum: _sum (PLUS | MINUS) _product
_product: _power | product
product: _product (TIMES | DIVIDE | REST) _power
_power: _atom | power
power: _atom "^" _power
_atom: FIELD | STRING | NUMBER | PERIOD | call | minus | "(" _either ")"
minus: MINUS _atom
call: CALL "(" ")" | CALL "(" TIMES ")" | CALL "(" _either ("," _either)* ")"

_SOURCE.9: /source\b/i
_FIELDS.9: /fields\b/i
_DISPLAY.9: /display\b/i
_UNMASK.9: /unmask\b/i
_FILTER.9: /filter(index)?\b/i
_STATS.9: /stats\b/i
_SORT.9: /(sort|order\s+by)\b/i
_LIMIT.9: /(limit|head)\b/i
_DEDUP.9: /dedup\b/i
_PARSE.9: /parse\b/i
_PATTERN.9: /pattern\b/i
_DIFF.9: /diff\b/i
_UNNEST.9: /unnest\b/i
_INTO.9: /into\b/i
_BY.9: /by\b/i
_AS.9: /as\b/i
ORDER.9: /(asc|desc)\b/i
_OR.9: /or\b/i
_AND.9: /and\b/i
_NOT.9: /not\b/i
_LIKE.9: /like\b/i
_IN.9: /in\b/i
_MATCH.5: "=~"
COMPARE.4: "!=" | "<=" | ">=" | "=" | "<" | ">"
PLUS: "+"
MINUS: "-"
TIMES: "*"
DIVIDE: "/"
REST: "%"
CALL.3: /[A-Za-z_]\w*(?=\s*\()/
FIELD: /(`[^`]+`|@*[A-Za-z_]\w*)(\.(`[^`]+`|[\w@]+)|\[[0-9]+\])*/
PERIOD.4: /[0-9]+(\.[0-9]+)?[a-z]+\b/i
NUMBER.3: /[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?\b/
STRING: /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/s
REGEX: /\/(\\.|[^\/\\\n])+\//
%ignore /\s+/
%ignore /#[^\n]*/
"""

_WORDS: Final = {
    "FIELD": "a field",
    "STRING": "a quoted text",
    "NUMBER": "a number",
    "PERIOD": "a period such as 5m",
    "REGEX": "a regular expression between slashes",
    "CALL": "a function",
    "COMPARE": "a comparison",
    "ORDER": "asc or desc",
    "$END": "the end",
    "VBAR": "|",
    "COMMA": ",",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "COLON": ":",
    "CIRCUMFLEX": "^",
    "PLUS": "+",
    "MINUS": "-",
    "TIMES": "*",
    "DIVIDE": "/",
    "REST": "%",
    "_MATCH": "=~",
}
_UNITS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_MONTHS: Final = {"mo": 1, "q": 3, "y": 12}
_NAMES: Final = {
    "ms": ("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "w": ("w", "week", "weeks"),
    "mo": ("mo", "mon", "mons", "month", "months"),
    "q": ("q", "qtr", "qtrs", "quarter", "quarters"),
    "y": ("y", "yr", "yrs", "year", "years"),
}
_DIFFS: Final = {"": 0, "previousday": 1, "previousweek": 7, "previousmonth": -1}
_PART = re.compile(r"`([^`]+)`|\[([0-9]+)\]|([\w@]+)")
_MOST_STATS = 2
_UNBUILT = ("anomaly", "join", "lookup", "subquery", "addtotals")


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, start="query", parser="lalr", propagate_positions=True, maybe_placeholders=False)


@lru_cache(maxsize=64)
def read(query: str) -> syntax.Query:
    """Read a query.

    Raises:
        InsightsError: Names line, column and what was expected.
    """
    if len(query) > syntax.LONGEST:
        raise error_at(query, syntax.LONGEST, f"a query has at most {syntax.LONGEST:,} characters")
    _check_depth(query)
    try:
        tree = _parser().parse(query)
    except UnexpectedCharacters as error:
        place = int(getattr(error, "pos_in_stream", None) or 0)
        raise error_at(query, place, _sentence(query, place, error.allowed)) from None
    except UnexpectedToken as error:
        at_end = error.token.type == "$END"
        place = len(query.rstrip()) if at_end else int(error.token.start_pos or 0)
        raise error_at(query, place, _sentence(query, place, error.accepts or error.expected)) from None
    except UnexpectedInput:
        raise error_at(query, 0, "this is not a query") from None
    return _Reading(query).query(tree)


def _check_depth(query: str) -> None:
    depth = 0
    for place, letter in enumerate(query):
        depth += (letter in "([") - (letter in ")]")
        if depth > syntax.DEEPEST:
            raise error_at(query, place, f"parentheses are nested deeper than {syntax.DEEPEST}")


def _sentence(query: str, place: int, expected: Any) -> str:
    words = sorted({_WORDS.get(name, name.strip("_").lower()) for name in expected or ()})
    found = re.match(r"[@\w]+|.", query[place:], re.DOTALL)
    what = f"unexpected {found[0]!r}" if found else "the query ends too early"
    if found and found[0].lower() in _UNBUILT:
        what = f"Pointsman's backend does not run {found[0]!r}"
    return f"{what}; expected {', '.join(words)}" if words else what


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), text[1:-1], flags=re.DOTALL)


def field(text: str) -> syntax.Field:
    """A field from its written form."""
    parts = tuple(next(part for part in match.groups() if part is not None) for match in _PART.finditer(text))
    return syntax.Field(".".join(parts), parts)


def period(text: str) -> syntax.Period | None:
    """A period from its written form; None when there is no such unit."""
    match = re.fullmatch(r"([0-9.]+)([a-z]+)", text.lower())
    unit = next((unit for unit, names in _NAMES.items() if match and match[2] in names), "")
    if match is None or not unit:
        return None
    if unit in _MONTHS:
        return syntax.Period(0, max(1, int(float(match[1]))) * _MONTHS[unit])
    return syntax.Period(max(1, int(float(match[1]) * _UNITS[unit])))


class _Reading:
    """One query being read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._aggregating = False

    def query(self, tree: Tree[Token]) -> syntax.Query:
        source: syntax.Source | None = None
        commands: list[syntax.Command] = []
        for child in tree.children:
            assert isinstance(child, Tree)
            if child.data in ("selected", "named"):
                source = self._source(child)
            else:
                read_command: Callable[[Tree[Token]], syntax.Command] = getattr(self, f"_{child.data}")
                commands.append(read_command(child))
                self._check(commands, child)
        return syntax.Query(source, tuple(commands))

    def _check(self, commands: list[syntax.Command], tree: Tree[Token]) -> None:
        place = tree.meta.start_pos
        last = commands[-1]
        if isinstance(last, syntax.Stats) and sum(isinstance(one, syntax.Stats) for one in commands) > _MOST_STATS:
            raise error_at(self._text, place, f"a query has at most {_MOST_STATS} stats commands")
        if isinstance(last, syntax.Diff) and not (len(commands) > 1 and isinstance(commands[-2], syntax.Patterns)):
            raise error_at(self._text, place, "diff stands behind pattern: pattern @message | diff")

    def _source(self, tree: Tree[Token]) -> syntax.Source:
        if tree.data == "named":
            return syntax.Source(names=tuple(_unquoted(str(token)) for token in tree.children))
        given: dict[str, tuple[str, ...]] = {}
        name, *pairs = tree.children
        if str(name).lower() != "loggroups":
            raise error_at(self._text, getattr(name, "start_pos", 0) or 0, "SOURCE is followed by logGroups(…)")
        for pair in pairs:
            assert isinstance(pair, Tree)
            key, *values = (str(token) for token in pair.children)
            given[key.lower()] = tuple(_unquoted(value) for value in values)
        unknown = set(given) - {"nameprefix", "loggroupidentifier", "class", "accountidentifiers"}
        if unknown:
            raise error_at(self._text, 0, f"SOURCE logGroups has no {min(unknown)!r}; it takes namePrefix and class")
        return syntax.Source(
            names=given.get("loggroupidentifier", ()),
            prefixes=given.get("nameprefix", ()),
            group_class="".join(given.get("class", ("",))[:1]),
        )

    # -- commands

    def _items(self, tree: Any) -> tuple[Item, ...]:
        return tuple(self._item(child) for child in tree.children)

    def _item(self, tree: Tree[Token]) -> Item:
        first = tree.children[0]
        expression = self._expression(first)
        if len(tree.children) > 1:
            token = str(tree.children[1])
            return Item(expression, _unquoted(token) if token[0] in "\"'" else field(token).name)
        if isinstance(expression, syntax.Field):
            return Item(expression, expression.name)
        start, end = tree.meta.start_pos, tree.meta.end_pos
        return Item(expression, " ".join(self._text[start:end].split()))

    def _fields(self, tree: Tree[Token]) -> syntax.Command:
        return syntax.Fields(self._items(tree.children[0]))

    _unmask = _fields
    """Nothing is masked here: what unmask shows is what fields shows."""

    def _display(self, tree: Tree[Token]) -> syntax.Command:
        return syntax.Display(self._items(tree.children[0]))

    def _filter(self, tree: Tree[Token]) -> syntax.Command:
        return syntax.Filter(self._expression(tree.children[0]))

    def _stats(self, tree: Tree[Token]) -> syntax.Command:
        items, *by = tree.children
        self._aggregating = True
        found = self._items(items)
        self._aggregating = False
        for item in found:
            if isinstance(item.expression, syntax.Field):
                raise error_at(self._text, tree.meta.start_pos, f"stats has no aggregation around {item.name!r}")
        return syntax.Stats(found, self._items(by[0]) if by else ())

    def _sort(self, tree: Tree[Token]) -> syntax.Command:
        keys: list[tuple[Expression, bool]] = []
        for child in tree.children:
            assert isinstance(child, Tree)
            expression, *order = child.children
            keys.append((self._expression(expression), bool(order) and str(order[0]).lower() == "desc"))
        return syntax.Sort(tuple(keys))

    def _limit(self, tree: Tree[Token]) -> syntax.Command:
        (token,) = tree.children
        assert isinstance(token, Token)
        if not digits(token) or int(token) < 1:
            raise error_at(self._text, token.start_pos or 0, "limit takes a whole number above 0", len(token))
        return syntax.Limit(int(token))

    def _dedup(self, tree: Tree[Token]) -> syntax.Command:
        return syntax.Dedup(tuple(self._expression(child) for child in tree.children))

    def _glob(self, tree: Tree[Token]) -> syntax.Command:
        source, pattern, names = self._parsed(tree, "STRING")
        pieces = _unquoted(str(pattern)).split("*")
        if len(pieces) - 1 != len(names):
            raise error_at(
                self._text, pattern.start_pos or 0, f"{len(pieces) - 1} * in the pattern, but {len(names)} names"
            )
        groups = ["(.*?)"] * len(names)
        if groups and not pieces[-1]:
            groups[-1] = "(.*)"
        expression = regexes.escaped(pieces[0])
        for group, piece in zip(groups, pieces[1:], strict=True):
            expression += group + regexes.escaped(piece)
        return syntax.Parse(source, "(?s)" + expression, names)

    def _regex(self, tree: Tree[Token]) -> syntax.Command:
        source, pattern, names = self._parsed(tree, "REGEX")
        text = self._regex_text(pattern)
        groups = regexes.compiled(text).groups
        found = tuple(sorted(groups, key=lambda name: groups[name]))
        if not found:
            raise error_at(self._text, pattern.start_pos or 0, "the expression has no named group (?<name>…)")
        if names and len(names) != len(found):
            raise error_at(self._text, pattern.start_pos or 0, f"{len(found)} named groups, but {len(names)} names")
        return syntax.Parse(source, text, names or found)

    def _parsed(self, tree: Tree[Token], kind: str) -> tuple[syntax.Field, Token, tuple[str, ...]]:
        tokens = [token for token in tree.children if isinstance(token, Token)]
        source = syntax.Field("@message", ("@message",))
        if tokens[0].type != kind:
            source = field(str(tokens.pop(0)))
        return source, tokens[0], tuple(field(str(token)).name for token in tokens[1:])

    def _pattern(self, tree: Tree[Token]) -> syntax.Command:
        return syntax.Patterns(self._expression(tree.children[0]))

    def _diff(self, tree: Tree[Token]) -> syntax.Command:
        word = str(tree.children[0]).lower() if tree.children else ""
        if word not in _DIFFS:
            raise error_at(
                self._text, tree.meta.start_pos, "diff takes previousDay, previousWeek, previousMonth or nothing"
            )
        return syntax.Diff(_DIFFS[word])

    def _unnest(self, tree: Tree[Token]) -> syntax.Command:
        return syntax.Unnest(self._expression(tree.children[0]), field(str(tree.children[1])).name)

    # -- expressions

    def _expression(self, node: Any) -> Expression:
        if isinstance(node, Token):
            return self._atom(node)
        data = str(node.data)
        children = node.children
        if data == "call":
            return self._call(node)
        if data in ("either", "all"):
            operator = "or" if data == "either" else "and"
            return syntax.Binary(operator, self._expression(children[0]), self._expression(children[1]))
        if data == "negation":
            return syntax.Unary("not", self._expression(children[0]))
        if data == "minus":
            return syntax.Unary("-", self._expression(children[1]))
        if data == "power":
            return syntax.Binary("^", self._expression(children[0]), self._expression(children[1]))
        if data in ("sum", "product", "compared"):
            return syntax.Binary(str(children[1]), self._expression(children[0]), self._expression(children[2]))
        if data in ("within", "without"):
            items = tuple(self._expression(child) for child in children[1:])
            found: Expression = syntax.In(self._expression(children[0]), items)
            return found if data == "within" else syntax.Unary("not", found)
        pattern = children[1]
        is_regex = pattern.type == "REGEX"
        text = self._regex_text(pattern) if is_regex else _unquoted(str(pattern))
        like = syntax.Like(self._expression(children[0]), text, is_regex)
        return syntax.Unary("not", like) if data == "unlike" else like

    def _atom(self, token: Token) -> Expression:
        if token.type == "STRING":
            return syntax.Literal(_unquoted(str(token)))
        if token.type == "NUMBER":
            return syntax.Literal(int(token) if digits(token) else float(token))
        if token.type == "PERIOD":
            found = period(str(token))
            if found is None:
                raise error_at(
                    self._text,
                    token.start_pos or 0,
                    f"{str(token)!r} is no period; its unit is one of ms, s, m, h, d, w, mo, q, y",
                    len(token),
                )
            return found
        if token.lower() in ("true", "false"):
            return syntax.Literal(int(token.lower() == "true"))
        return field(str(token))

    def _call(self, tree: Tree[Token]) -> Expression:
        token, *given = tree.children
        assert isinstance(token, Token)
        place = token.start_pos or 0
        name = token.lower()
        may = self._aggregating
        if name in catalogue.AGGREGATIONS:
            if not may:
                raise error_at(
                    self._text, place, f"{name} stands in stats only, and in no other aggregation", len(token)
                )
            self._aggregating = False
        arguments = tuple(
            self._expression(child) for child in given if not (isinstance(child, Token) and child.type == "TIMES")
        )
        self._aggregating = may
        problem = catalogue.problem(name, arguments)
        if problem:
            raise error_at(self._text, place, problem, len(token))
        return syntax.Call(name, arguments, place)

    def _regex_text(self, token: Token) -> str:
        text = str(token)[1:-1].replace("\\/", "/")
        try:
            regexes.compiled(text)
        except regexes.RegexError as error:
            raise error_at(self._text, token.start_pos or 0, str(error), len(token)) from None
        return text
