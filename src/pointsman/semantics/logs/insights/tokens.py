"""The words of an Insights query, whole or half typed: for colours and for completion.

Nothing here fails: what belongs to no word of the language is a token of its own. ``grammar`` decides what is a query;
a test holds the two against each other.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from pointsman.semantics.logs.insights import catalogue

COMMANDS: Final = (
    "fields",
    "filter",
    "stats",
    "sort",
    "limit",
    "display",
    "parse",
    "dedup",
    "pattern",
    "diff",
    "unnest",
    "filterIndex",
    "unmask",
    "SOURCE",
)
"""Commands, the usual ones first."""
ELSEWHERE: Final = ("anomaly", "join", "lookup", "subquery", "addtotals")
"""Commands that AWS has and the bundled backend has not."""
KEYWORDS: Final = ("by", "as", "asc", "desc", "and", "or", "not", "like", "in", "into")

_COMMANDS = frozenset((*(name.lower() for name in (*COMMANDS, *ELSEWHERE)), "head", "order"))
_KEYWORDS = frozenset(KEYWORDS)
_WORD = re.compile(r"(`[^`\n]*`?|@*[A-Za-z_]\w*)(\.(`[^`\n]*`?|[\w@]+)|\[[0-9]+\])*")
_SCAN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<comment>\#[^\n]*)"
    r"""|(?P<string>"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)"""
    rf"|(?P<word>{_WORD.pattern})"
    r"|(?P<period>[0-9]+(?:\.[0-9]+)?[A-Za-z]+\b)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<pipe>\|)"
    r"|(?P<operator>=~|!=|<=|>=|[=<>+*%^/,:()\[\]-])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_REGEX = re.compile(r"/(?:\\.|[^/\\\n])*/?")
_CALLED = re.compile(r"\s*\(")


class Kind(StrEnum):
    """What a token is."""

    COMMAND = "command"
    KEYWORD = "keyword"
    FUNCTION = "function"
    AGGREGATION = "aggregation"
    FIELD = "field"
    STRING = "string"
    REGEX = "regex"
    NUMBER = "number"
    PIPE = "pipe"
    OPERATOR = "operator"
    COMMENT = "comment"
    OTHER = "other"


class Token(NamedTuple):
    """A word, and where it stands."""

    start: int
    end: int
    kind: Kind
    text: str


_PLAIN: Final = {
    "comment": Kind.COMMENT,
    "string": Kind.STRING,
    "period": Kind.NUMBER,
    "number": Kind.NUMBER,
    "pipe": Kind.PIPE,
    "operator": Kind.OPERATOR,
    "other": Kind.OTHER,
}


def tokens(query: str) -> list[Token]:
    """Every word of a text, in order; space is left out."""
    found: list[Token] = []
    place = 0
    while place < len(query):
        before = [token for token in found[-2:] if token.kind is not Kind.COMMENT]
        if query[place] == "/" and _takes_regex(before):
            end = _REGEX.match(query, place).end()  # type: ignore[union-attr]
            found.append(Token(place, end, Kind.REGEX, query[place:end]))
            place = end
            continue
        match = _SCAN.match(query, place)
        assert match is not None  # the last branch takes any character
        place = match.end()
        name = match.lastgroup or "other"
        if match["word"] is not None:
            kind = _word_kind(match["word"], before, called=_CALLED.match(query, place) is not None)
            found.append(Token(match.start(), place, kind, match["word"]))
        elif match["space"] is None:
            found.append(Token(match.start(), place, _PLAIN[name], match[0]))
    return found


def _takes_regex(before: list[Token]) -> bool:
    """Whether a slash here begins an expression, and is not a division."""
    if not before:
        return False
    last = before[-1]
    if last.text.lower() in ("like", "=~", "parse"):
        return True
    return len(before) > 1 and before[-2].kind is Kind.COMMAND and before[-2].text.lower() == "parse"


def _word_kind(word: str, before: list[Token], *, called: bool) -> Kind:
    low = word.lower()
    begins = not before or before[-1].kind is Kind.PIPE
    if begins and (low in _COMMANDS):
        return Kind.COMMAND
    if low == "by" and before and before[-1].text.lower() == "order":
        return Kind.COMMAND
    if called and low in catalogue.AGGREGATIONS:
        return Kind.AGGREGATION
    if low in _KEYWORDS:
        return Kind.KEYWORD
    return Kind.FUNCTION if called else Kind.FIELD
