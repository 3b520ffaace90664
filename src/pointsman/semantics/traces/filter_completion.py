"""How a filter expression may go on: keywords, operators, and the names and values that were seen. Pure.

What stands before the cursor is looked at as far as it tells what may follow: the grammar itself is not needed, and
what is proposed is an expression only once it is whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct, field

from pointsman.semantics.traces import filters
from pointsman.semantics.traces.filters import Place, quote

__all__ = ["Completion", "Seen", "complete"]

MOST: Final = 50
"""Proposals that are made at most."""

_TOKEN: Final = re.compile(
    r'"(?:\\.|[^"\\])*"?|annotation\[[^\]\s]*\]?|[A-Za-z_][A-Za-z0-9_.:\-]*|!=|<=|>=|[=<>!(){},]|-?[0-9.]+|\S', re.I
)
_JOINTS: Final = ("AND", "OR")


class Seen(Struct, frozen=True):
    """What was seen in the traces that were read."""

    services: tuple[str, ...] = ()
    annotations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys, and their values as expressions write them."""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Text and number keywords, and values as expressions write them."""


class Completion(Struct, frozen=True):
    """How a text may go on."""

    start: int
    """Where what is proposed begins: it takes the place of what stands from there to the cursor."""
    proposals: tuple[str, ...] = ()
    """Best first."""

    def taken(self, text: str, at: int, proposal: str) -> tuple[str, int]:
        """The text with a proposal in it, and where the cursor is then."""
        before = f"{text[: self.start]}{proposal}"
        return f"{before}{text[at:]}", len(before)


def complete(text: str, at: int, seen: Seen) -> Completion:
    """How an expression may go on at a place in it."""
    before = text[:at]
    tokens = [(one.start(), one.group()) for one in _TOKEN.finditer(before)]
    start, part = at, ""
    if tokens and not before[-1:].isspace():
        start, part = tokens[-1]
        if part in ("(", "{", ",", "!", ")", "}") or part in filters.NUMBER_OPERATORS:
            start, part = at, ""
        elif _closed(part):
            return Completion(at)
        else:
            tokens.pop()
    words = [word for _, word in tokens]
    if part.lower().startswith("annotation[") or part.lower() == "annotation":
        return Completion(start, _begun(part, [f"annotation[{key}]" for key in seen.annotations]))
    return Completion(start, _begun(part, _following(words, seen)))


def _closed(part: str) -> bool:
    """Whether a text or an annotation's name is written to its end."""
    if part.startswith('"'):
        return len(part) > 1 and part.endswith('"') and not part.endswith('\\"')
    return part.endswith("]")


def _begun(part: str, values: Iterable[str]) -> tuple[str, ...]:
    low = part.lower()
    every = list(dict.fromkeys(values))
    heads = [one for one in every if one.lower().startswith(low)]
    inner = low.removeprefix('"')
    rest = [one for one in every if inner and inner in one.lower() and one not in heads]
    return tuple(one for one in [*heads, *rest] if one != part)[:MOST]


def _following(words: list[str], seen: Seen) -> list[str]:
    """What may come behind these words."""
    last = words[-1].lower() if words else ""
    if (call := _inside_call(words)) is not None:
        return _argument(call, last, seen)
    place = _place(words)
    if last in filters.NUMBER_OPERATORS or last in ("contains", "beginswith", "endswith"):
        return _values(words[-2] if len(words) > 1 else "", seen)
    if not last or last in ("and", "or", "(", "{", "!"):
        return _starts(place, seen)
    if last in filters.NUMBERS[place]:
        return list(filters.NUMBER_OPERATORS)
    if last in filters.TEXTS[place] or last.startswith("annotation"):
        texts = [one.upper() for one in filters.TEXT_OPERATORS]
        return [*texts, "<", "<=", ">", ">="] if last.startswith("annotation") else texts
    joints = [*_JOINTS]
    if last == ")" and _called(words) in ("service", "edge"):
        return ["{", *joints]
    if last.startswith("rootcause."):
        return ["{", *joints]
    return [*joints, *(["}"] if words.count("{") > words.count("}") else [])]


def _inside_call(words: list[str]) -> tuple[str, int] | None:
    """The call whose arguments are being written, and which of them it is."""
    argument = 0
    for at in range(len(words) - 1, -1, -1):
        if words[at] == ")":
            return None
        if words[at] == ",":
            argument += 1
        if words[at] == "(":
            name = words[at - 1].lower() if at else ""
            return (name, argument) if name in ("service", "edge") else None
    return None


def _argument(call: tuple[str, int], last: str, seen: Seen) -> list[str]:
    name, argument = call
    if last in ("(", ","):
        return [quote(one) for one in seen.services]
    return [","] if name == "edge" and not argument else [")"]


def _called(words: list[str]) -> str:
    """What was called before the bracket that closes last."""
    for at in range(len(words) - 1, 0, -1):
        if words[at] == "(":
            return words[at - 1].lower()
    return ""


def _place(words: list[str]) -> Place:
    """What a keyword here is asked of."""
    open_at: list[int] = []
    for at, word in enumerate(words):
        if word == "{":
            open_at.append(at)
        elif word == "}" and open_at:
            open_at.pop()
    if not open_at:
        return Place.TRACE
    before = words[: open_at[-1]]
    last = before[-1].lower() if before else ""
    if last.startswith("rootcause."):
        parts = {"service": Place.CAUSE_SERVICE, "entity": Place.CAUSE_ENTITY, "exception": Place.CAUSE_EXCEPTION}
        return parts.get(last.rpartition(".")[2], Place.TRACE)
    return {"service": Place.SERVICE, "edge": Place.EDGE}.get(_called(before), Place.TRACE)


def _starts(place: Place, seen: Seen) -> list[str]:
    """What a term may begin with."""
    found = list(filters.keywords(place))
    if place is Place.TRACE:
        found += ["service(", "edge(", *(f"annotation[{key}]" for key in seen.annotations)]
        found += [
            f"rootcause.{kind}.{part}"
            for kind in ("fault", "error", "responsetime")
            for part in ("service", "entity", "exception")
        ]
        found += ["group.name"]
    return found


def _values(keyword: str, seen: Seen) -> list[str]:
    low = keyword.lower()
    if low.startswith("annotation"):
        key = keyword[len("annotation") :].strip("[].")
        return list(seen.annotations.get(key, ()))
    return list(seen.values.get(low, ()))
