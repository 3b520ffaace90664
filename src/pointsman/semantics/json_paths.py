"""JSON paths, as the filters of CodePipeline's webhooks select from a payload. Pure.

``$.ref``, ``$['head']['ref']``, ``$.commits[0]``, ``[-1]``, ``[1:3]``, ``['a','b']``, ``.*``, ``[*]``, ``..name``, and
filters over one member: ``[?(@.name)]``, ``[?(@.name == 'x')]``, ``!=``, ``<``, ``<=``, ``>``, ``>=``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

MOST = 10_000
"""How many values a path may select on its way."""

_NAME = re.compile(r"[^.\[\]()'\"\s]+")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_SLICE = re.compile(r"(-?\d+)?:(-?\d+)?")
_FILTER = re.compile(
    r"\?\(\s*@(?P<path>[^=!<>\s]*)\s*(?:(?P<operator>==|!=|<=|>=|<|>)\s*(?P<value>.+?))?\s*\)", re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)")

Step = Callable[[Any], Iterator[Any]]


class BadPath(Exception):
    """A path that cannot be read; the message is a sentence."""


def select(path: str, document: Any) -> list[Any]:
    """What a path selects in a document.

    Raises:
        BadPath: It cannot be read.
    """
    found = [document]
    for step in compiled(path):
        found = [value for each in found for value in _some(step(each))][:MOST]
    return found


def _some(values: Iterator[Any]) -> Iterator[Any]:
    for count, value in enumerate(values):
        if count >= MOST:
            return
        yield value


@lru_cache(maxsize=256)
def compiled(path: str) -> tuple[Step, ...]:
    """The steps of a path.

    Raises:
        BadPath: It cannot be read.
    """
    if not path.startswith("$"):
        raise BadPath(f"{path!r} does not begin with $")
    return tuple(_steps(path, path[1:]))


def _steps(path: str, rest: str) -> Iterator[Step]:
    while rest:
        if rest.startswith(".."):
            yield _descend
            rest = rest[2:]
            if not rest.startswith("["):
                rest = f".{rest}"
        if rest.startswith(".*"):
            yield _every
            rest = rest[2:]
        elif rest.startswith("."):
            name = _NAME.match(rest, 1)
            if name is None:
                raise BadPath(f"{path!r} has a dot without a name")
            yield _member(name[0])
            rest = rest[name.end() :]
        elif rest.startswith("["):
            end = _closing(path, rest)
            yield _bracket(path, rest[1:end].strip())
            rest = rest[end + 1 :]
        else:
            raise BadPath(f"{path!r} cannot be read from {rest[:20]!r} on")


def _closing(path: str, rest: str) -> int:
    """Where a bracket closes, past those in quotes and within it."""
    at, depth = 0, 0
    while at < len(rest):
        quoted = _QUOTED.match(rest, at)
        if quoted is not None:
            at = quoted.end()
            continue
        depth += {"[": 1, "]": -1}.get(rest[at], 0)
        if depth == 0:
            return at
        at += 1
    raise BadPath(f"{path!r} has a bracket that is not closed")


def _bracket(path: str, inner: str) -> Step:
    if inner == "*":
        return _every
    if (span := _SLICE.fullmatch(inner)) is not None:
        return _part(slice(*(int(one) if one else None for one in span.groups())))
    if (condition := _FILTER.fullmatch(inner)) is not None:
        return _filter(path, condition)
    names = list(_QUOTED.finditer(inner))
    if names and _QUOTED.sub("", inner).replace(",", "").strip() == "":
        return _members([_ESCAPED.sub(r"\1", one[1] if one[1] is not None else one[2]) for one in names])
    try:
        numbers = [int(one) for one in inner.split(",")]
    except ValueError:
        raise BadPath(f"{path!r}: [{inner}] is no name, number, slice or filter") from None
    return _items(numbers)


def _descend(value: Any) -> Iterator[Any]:
    todo = [value]
    while todo:
        one = todo.pop()
        yield one
        todo.extend(reversed(list(_every(one))))


def _every(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _member(name: str) -> Step:
    return _members([name])


def _members(names: list[str]) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            yield from (value[name] for name in names if name in value)

    return step


def _items(numbers: list[int]) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list):
            yield from (value[number] for number in numbers if -len(value) <= number < len(value))

    return step


def _part(span: slice) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list):
            yield from value[span]

    return step


_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda one, other: bool(one == other),
    "!=": lambda one, other: bool(one != other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
}


def _filter(path: str, condition: re.Match[str]) -> Step:
    steps = compiled(f"${condition['path']}")
    operator = condition["operator"]
    wanted = _literal(path, condition["value"]) if operator else None

    def fits(value: Any) -> bool:
        found = [value]
        for step in steps:
            found = [inner for each in found for inner in step(each)]
        if not operator:
            return bool(found)
        return any(_compare(operator, one, wanted) for one in found)

    def step(value: Any) -> Iterator[Any]:
        yield from (one for one in _every(value) if fits(one))

    return step


def _compare(operator: str, one: Any, wanted: Any) -> bool:
    try:
        return _COMPARED[operator](one, wanted)
    except TypeError:  # of different kinds: neither is the greater
        return False


def _literal(path: str, text: str) -> Any:
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None:
        return _ESCAPED.sub(r"\1", quoted[1] if quoted[1] is not None else quoted[2])
    try:
        return json.loads(text)
    except ValueError:
        raise BadPath(f"{path!r} compares with {text!r}, which is no value") from None
