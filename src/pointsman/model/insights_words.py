"""What a half typed query could go on with. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from pointsman.model.insights import LogField
from pointsman.semantics.logs.insights import guide
from pointsman.semantics.logs.insights.tokens import Kind, Token, tokens

__all__ = ["Offer", "Offers", "aliases", "offers"]

MOST: Final = 40
_WORD = re.compile(r"[@`\w.\[\]-]*\Z")
_NAME = re.compile(r"@*[A-Za-z_]\w*(\.[\w@]+)*\Z")
_ENDS: Final = (Kind.FIELD, Kind.STRING, Kind.REGEX, Kind.NUMBER, Kind.OTHER)
"""Tokens behind which a value has ended, like behind a bracket that closes."""
_FIGURES: Final = ("stats",)
_ORDERS: Final = ("asc", "desc")
_CONDITIONS: Final = ("like", "in", "and", "or", "not")
_DIFFS: Final = ("previousDay", "previousWeek", "previousMonth")
_BINS: Final = ("bin(1m)", "bin(5m)", "bin(30m)", "bin(1h)", "bin(1d)")


class Offer(Struct, frozen=True):
    """One way to go on."""

    text: str
    """What is put in the place of the word."""
    kind: str
    """``command``, ``function``, ``aggregation``, ``field``, ``alias``, ``keyword``."""
    help: str = ""


class Offers(Struct, frozen=True):
    """The ways to go on, and the word they replace."""

    start: int
    end: int
    items: tuple[Offer, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.items)


def aliases(query: str) -> tuple[str, ...]:
    """The names that a query gives: behind ``as`` and ``into``, and the named groups of what it parses with."""
    found: dict[str, None] = {}
    words = tokens(query)
    naming, command = False, ""
    for before, word in zip([None, *words], words, strict=False):
        if word.kind is Kind.COMMAND:
            command = word.text.lower()
        if word.kind is Kind.REGEX:
            found |= dict.fromkeys(re.findall(r"\(\?P?<([A-Za-z_]\w*)>", word.text))
        if word.kind is Kind.FIELD and before is not None and (_names(before) or (naming and before.text == ",")):
            found[word.text] = None
            naming = command == "parse"  # … as a, b, c
        elif word.text != ",":
            naming = False
    return tuple(found)


def _names(word: Token) -> bool:
    return word.kind is Kind.KEYWORD and word.text.lower() in ("as", "into")


def offers(query: str, place: int, fields: Iterable[LogField] = ()) -> Offers:
    """What the word at a place could become.

    Args:
        query: The whole text.
        place: Where the cursor is, in characters from the beginning.
        fields: The fields found in the log groups.
    """
    head = query[:place]
    match = _WORD.search(head)
    start = match.start() if match is not None else place
    word = head[start:]
    before = [one for one in tokens(head[:start]) if one.kind is not Kind.COMMENT]
    if _inside_text(head):
        return Offers(place, place)
    if not before or before[-1].kind is Kind.PIPE:
        return Offers(start, place, _fitting(word, _commands()))
    last = before[-1]
    if _names(last):
        return Offers(start, place)  # a name is the person's own
    command = next((one.text.lower() for one in reversed(before) if one.kind is Kind.COMMAND), "")
    valued = last.kind in _ENDS or last.text in (")", "]")
    if not word and valued:
        return Offers(start, place, tuple(_following(command, before)))
    if command == "diff":
        return Offers(start, place, _fitting(word, [Offer(one, "keyword") for one in _DIFFS]))
    candidates = [*_values(command, before), *_fields(query, fields, word), *_functions(command, before)]
    if valued:
        candidates = [*_following(command, before), *candidates]
    return Offers(start, place, _fitting(word, candidates))


def _inside_text(head: str) -> bool:
    """Whether the cursor stands in a quoted text, an expression or a comment."""
    words = tokens(head)
    if not words or words[-1].end != len(head):
        return False
    last = words[-1]
    if last.kind is Kind.COMMENT:
        return True
    if last.kind not in (Kind.STRING, Kind.REGEX):
        return False
    return len(last.text) < 2 or last.text[-1] != last.text[0] or last.text.endswith("\\" + last.text[0])


def _commands() -> list[Offer]:
    return [Offer(name + " ", "command", f"{written}: {help_}") for name, (written, help_) in guide.COMMANDS.items()]


def _values(command: str, before: list[Token]) -> list[Offer]:
    if command in _FIGURES and any(one.kind is Kind.KEYWORD and one.text.lower() == "by" for one in before[-1:]):
        return [Offer(one, "function", "events of each period together") for one in _BINS]
    return []


def _following(command: str, before: list[Token]) -> list[Offer]:
    """Words that may follow a value."""
    said = {one.text.lower() for one in before if one.kind is Kind.KEYWORD}
    if command == "stats":
        return [
            Offer("as ", "keyword", "a name for it"),
            *([] if "by" in said else [Offer("by ", "keyword", "groups")]),
        ]
    if command == "sort":
        return [Offer(one, "keyword") for one in _ORDERS]
    if command in ("filter", "filterindex"):
        return [Offer(one + " ", "keyword") for one in _CONDITIONS]
    if command == "unnest":
        return [Offer("into ", "keyword", "a name for each item")]
    if command in ("fields", "display", "parse", "unmask"):
        return [Offer("as ", "keyword", "a name for it")]
    return []


def _fields(query: str, fields: Iterable[LogField], word: str) -> list[Offer]:
    """Fields: those the query names itself first, then those that are found, then those that are always there."""
    named = [Offer(name, "alias", "named in this query") for name in aliases(query) if name != word]
    known = {one.text for one in named}
    found = [
        Offer(_written(one.name), "field", f"in {one.percent}% of the events")
        for one in fields
        if one.name not in known
    ]
    known |= {one.text for one in found}
    always = [Offer(name, "field", help_) for name, help_ in guide.FIELDS.items() if name not in known]
    return [*named, *found, *always]


def _written(name: str) -> str:
    """A field as a query has to write it: in backticks where it is no plain word."""
    if _NAME.match(name):
        return name
    return f"`{name.replace('`', '')}`"


def _functions(command: str, before: list[Token]) -> list[Offer]:
    grouped = any(one.kind is Kind.KEYWORD and one.text.lower() == "by" for one in before)
    figures = (
        [
            Offer(name + "(", "aggregation", f"{written}: {help_}")
            for name, (written, help_) in guide.AGGREGATIONS.items()
        ]
        if command in _FIGURES and not grouped
        else []
    )
    return [
        *figures,
        *(Offer(name + "(", "function", f"{written}: {help_}") for name, (written, help_) in guide.FUNCTIONS.items()),
    ]


def _fitting(word: str, candidates: Iterable[Offer]) -> tuple[Offer, ...]:
    """Those that begin with the word, then those that hold it; each once, none that is the word already."""
    low = word.lower()
    seen: dict[str, Offer] = {}
    for one in candidates:
        seen.setdefault(one.text, one)
    items = [one for one in seen.values() if one.text != word]
    heads = [one for one in items if one.text.lower().lstrip("`").startswith(low.lstrip("`"))]
    inner = [one for one in items if low and one not in heads and low in one.text.lower()]
    return tuple([*heads, *inner][:MOST])
