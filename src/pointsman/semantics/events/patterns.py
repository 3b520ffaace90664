"""Event patterns: which events a rule wants.

A pattern has the form of the events it matches; its leaves are lists of what a value may be: plain values and content
filters. Every field must match, one entry of its list suffices; ``$or`` takes the place of a field where one of several
objects suffices. An array in the event matches when one of its elements does; of an array of objects it must be one
object that has all that is asked of it. Numbers are equal by value. ``exists`` looks at leaves only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any, Final

import msgspec
from msgspec import Struct

OR: Final = "$or"
MOST_COMBINATIONS: Final = 1000
MOST_LEVELS: Final = 100
_LIMIT: Final = 5e9
"""Numbers that ``numeric`` compares lie between minus this and this."""
_RESERVED: Final = frozenset(
    ("exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr")
)
"""What no field is called inside ``$or``."""

Matcher = Callable[[Any], bool]
Path = tuple[str, ...]


class PatternError(ValueError):
    """A pattern that is none: its message is the reason, as a sentence."""


class _Leaf(Struct, frozen=True):
    path: Path
    matchers: tuple[Matcher, ...]
    absent: bool
    """Whether the field may also be missing."""


class _Object(Struct, frozen=True):
    fields: tuple[tuple[str, _Leaf | _Object], ...]
    choices: tuple[tuple[_Object, ...], ...]
    """Each ``$or``: its objects."""


class EventPattern:
    """A pattern that was read; it matches events without ever failing."""

    __slots__ = ("_absent", "_root", "combinations")

    def __init__(self, root: _Object) -> None:
        self._root = root
        self._absent = tuple(leaf.path for leaf in _leaves(root) if leaf.absent)
        self.combinations = _combinations(root)
        """How many patterns without ``$or`` it stands for."""

    def matches(self, event: Any) -> bool:
        """Whether an event is one of those it wants."""
        gone = frozenset(path for path in self._absent if not _present(event, path))
        return _fits(self._root, event, gone)


def parse(text: str) -> EventPattern:
    """Read a pattern from its JSON.

    Raises:
        PatternError: It is none.
    """
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise PatternError("it is not JSON") from None
    return read(value)


def read(value: Any) -> EventPattern:
    """Read a pattern from its decoded value.

    Raises:
        PatternError: It is none.
    """
    if not isinstance(value, Mapping):
        raise PatternError("Filter is not an object")
    pattern = EventPattern(_object(value, (), 0, in_or=False))
    if pattern.combinations > MOST_COMBINATIONS:
        raise PatternError(
            f"{OR} leads to {pattern.combinations} rule combinations; at most {MOST_COMBINATIONS} may be"
        )
    return pattern


# -- reading ----------------------------------------------------------------------------------------------------------


def _object(value: Mapping[str, Any], path: Path, level: int, *, in_or: bool) -> _Object:
    if not value:
        raise PatternError("Empty objects are not allowed")
    if level > MOST_LEVELS:
        raise PatternError(f"it is nested deeper than {MOST_LEVELS} levels")
    fields: list[tuple[str, _Leaf | _Object]] = []
    choices: list[tuple[_Object, ...]] = []
    for name, inner in value.items():
        if not isinstance(name, str):
            raise PatternError(f"{name!r} is not a field's name: names are text")
        if name == OR:
            choices.append(_or(inner, path, level))
        elif in_or and name in _RESERVED:
            raise PatternError(f"{name} is a reserved field name which cannot be used inside {OR}")
        elif isinstance(inner, Mapping):
            fields.append((name, _object(inner, (*path, name), level + 1, in_or=in_or)))
        elif isinstance(inner, list):
            fields.append((name, _leaf(inner, (*path, name))))
        else:
            raise PatternError(f'"{name}" must be an object or an array')
    return _Object(tuple(fields), tuple(choices))


def _or(value: Any, path: Path, level: int) -> tuple[_Object, ...]:
    if not isinstance(value, list):
        raise PatternError(f"It must be an Array followed with {OR}")
    if not all(isinstance(one, Mapping) for one in value):
        raise PatternError(f"Only JSON object is allowed in array of {OR} relationship")
    if len(value) < 2:
        raise PatternError(f"There must have at least 2 Objects in {OR} relationship")
    return tuple(_object(one, path, level + 1, in_or=True) for one in value)


def _leaf(value: list[Any], path: Path) -> _Leaf:
    if not value:
        raise PatternError("Empty arrays are not allowed")
    matchers: list[Matcher] = []
    absent = False
    for one in value:
        if isinstance(one, Mapping):
            if len(one) != 1:
                raise PatternError("Only one key allowed in match expression")
            ((kind, given),) = one.items()
            if kind == "exists":
                if not isinstance(given, bool):
                    raise PatternError("exists match pattern must be either true or false.")
                absent |= not given
                if given:
                    matchers.append(_anything)
            else:
                matchers.append(_filter(kind, given))
        elif one is None or isinstance(one, str | int | float):
            matchers.append(_equals(one))
        else:
            raise PatternError("Match value must be String, number, true, false, or null")
    return _Leaf(path, tuple(matchers), absent)


def _filter(kind: Any, given: Any) -> Matcher:
    make = _FILTERS.get(kind)
    if make is None:
        raise PatternError(f"Unrecognized match type {kind}")
    return make(given)


def _anything(_: Any) -> bool:
    return True


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equals(wanted: Any) -> Matcher:
    if _number(wanted):
        return lambda value: _number(value) and value == wanted
    if isinstance(wanted, str):
        return lambda value: isinstance(value, str) and value == wanted
    return lambda value: value is wanted


def _text(given: Any, kind: str) -> str:
    if not isinstance(given, str):
        raise PatternError(f"{kind} match pattern must be a string")
    return given


def _same_case(given: str) -> Matcher:
    wanted = given.lower()
    return lambda value: isinstance(value, str) and value.lower() == wanted


def _end(kind: str, test: Callable[[str, str], bool]) -> Callable[[Any], Matcher]:
    """The filter ``prefix`` or ``suffix``: of a text, or of one without regard to case."""

    def make(given: Any) -> Matcher:
        if not isinstance(given, Mapping):
            wanted = _text(given, kind)
            return lambda value: isinstance(value, str) and test(value, wanted)
        if set(given) != {"equals-ignore-case"}:
            raise PatternError(f"Unsupported {kind} pattern: {', '.join(map(str, given))}")
        lowered = _text(given["equals-ignore-case"], "equals-ignore-case").lower()
        return lambda value: isinstance(value, str) and test(value.lower(), lowered)

    return make


_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def _numeric(given: Any) -> Matcher:
    if not isinstance(given, list):
        raise PatternError("Value of numeric must be an array.")
    if len(given) == 2 and given[0] == "=":
        wanted = _bound(given[1])
        return lambda value: _number(value) and value == wanted
    tests: list[tuple[Callable[[float, float], bool], float]] = []
    for sign, bound in zip(given[::2], given[1::2], strict=False):
        if not isinstance(sign, str) or sign not in _COMPARISONS:
            raise PatternError(f"Unrecognized numeric range operator: {sign}")
        tests.append((_COMPARISONS[sign], _bound(bound)))
    signs = [str(sign)[0] for sign in given[::2]]
    if len(given) not in (2, 4) or (len(given) == 4 and signs != [">", "<"] and signs != ["<", ">"]):
        raise PatternError("numeric takes a comparison, or a lower and an upper bound")
    if len(given) == 4 and tests[signs.index(">")][1] >= tests[signs.index("<")][1]:
        raise PatternError("Bottom must be less than top")

    def match(value: Any) -> bool:
        return _number(value) and abs(value) <= _LIMIT and all(test(value, bound) for test, bound in tests)

    return match


def _bound(value: Any) -> float:
    if not _number(value):
        raise PatternError("Value of numeric must be a number")
    if not math.isfinite(value) or abs(value) > _LIMIT:
        raise PatternError("Value must be between -5.0E9 and 5.0E9, inclusive")
    return float(value)


def _cidr(given: Any) -> Matcher:
    try:
        network = ip_network(_text(given, "cidr"), strict=False)
    except ValueError:
        raise PatternError(f"Malformed CIDR, one '/' required: {given}") from None
    if "/" not in given:
        raise PatternError(f"Malformed CIDR, one '/' required: {given}")

    def match(value: Any) -> bool:
        if not isinstance(value, str):
            return False
        try:
            address = ip_address(value)
        except ValueError:
            return False
        return address.version == network.version and address in network

    return match


def _wildcard(given: Any) -> Matcher:
    pieces = _pieces(_text(given, "wildcard"))
    first, *rest = pieces
    if not rest:
        return lambda value: isinstance(value, str) and value == first
    *middle, last = rest

    def match(value: Any) -> bool:
        if not isinstance(value, str) or not value.startswith(first):
            return False
        at = len(first)
        for piece in middle:
            found = value.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return len(value) - at >= len(last) and value.endswith(last)

    return match


def _pieces(text: str) -> list[str]:
    """What stands between the wildcards of a text."""
    pieces, at, wild = [""], 0, False
    while at < len(text):
        char = text[at]
        if char == "*":
            if wild:
                raise PatternError(f"Consecutive wildcard characters at pos {at}")
            pieces.append("")
        elif char == "\\":
            at += 1
            if text[at : at + 1] not in ("*", "\\"):
                raise PatternError(f"Invalid escape character at pos {at}")
            pieces[-1] += text[at]
        else:
            pieces[-1] += char
        wild = char == "*"
        at += 1
    return pieces


def _anything_but(given: Any) -> Matcher:
    if isinstance(given, Mapping):
        if len(given) != 1:
            raise PatternError("Only one key allowed in match expression")
        ((kind, inner),) = given.items()
        if kind not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
            raise PatternError(f"Unsupported anything-but pattern: {kind}")
        texts = [_text(one, kind) for one in (inner if isinstance(inner, list) else [inner])]
        if not texts or (kind in ("prefix", "suffix") and not all(texts)):
            raise PatternError("Null prefix/suffix not allowed")
        unwanted = [_filter(kind, text) for text in texts]
    else:
        values = given if isinstance(given, list) else [given]
        strings = sum(isinstance(one, str) for one in values)
        if strings + sum(_number(one) for one in values) != len(values):
            raise PatternError("Value of anything-but must be an array or single string/number value.")
        if not values or 0 < strings < len(values):
            raise PatternError(
                "Inside anything but list, either all values are number or string, mixed type is not supported"
            )
        unwanted = [_equals(one) for one in values]
    return lambda value: not any(match(value) for match in unwanted)


_FILTERS: Final[dict[Any, Callable[[Any], Matcher]]] = {
    "exactly": lambda given: _equals(_text(given, "exact")),
    "prefix": _end("prefix", str.startswith),
    "suffix": _end("suffix", str.endswith),
    "equals-ignore-case": lambda given: _same_case(_text(given, "equals-ignore-case")),
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}


# -- matching -------------------------------------------------------------------------------------------------------


def _elements(value: Any) -> Iterator[Any]:
    """A value, or the elements of an array, of arrays in it too."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(reversed(one))
        else:
            yield one


def _fits(node: _Leaf | _Object, value: Any, gone: frozenset[Path]) -> bool:
    if isinstance(node, _Leaf):
        if node.absent and node.path in gone:
            return True
        scalars = (one for one in _elements(value) if not isinstance(one, Mapping))
        return value is not _MISSING and any(match(one) for one in scalars for match in node.matchers)
    objects = [one for one in _elements(value) if isinstance(one, Mapping)]
    return any(_has(node, one, gone) for one in objects) if objects else _has(node, {}, gone)


def _has(node: _Object, value: Mapping[str, Any], gone: frozenset[Path]) -> bool:
    return all(_fits(inner, value.get(name, _MISSING), gone) for name, inner in node.fields) and all(
        any(_has(one, value, gone) for one in choice) for choice in node.choices
    )


_MISSING: Final = object()


def _present(value: Any, path: Path) -> bool:
    """Whether a leaf stands at a path, in any element of the arrays on the way."""
    there = [value]
    for name in path:
        there = [one[name] for outer in there for one in _elements(outer) if isinstance(one, Mapping) and name in one]
    return any(not isinstance(one, Mapping) for outer in there for one in _elements(outer))


def _leaves(node: _Leaf | _Object) -> Iterator[_Leaf]:
    if isinstance(node, _Leaf):
        yield node
        return
    for _, inner in node.fields:
        yield from _leaves(inner)
    for choice in node.choices:
        for one in choice:
            yield from _leaves(one)


def _combinations(node: _Leaf | _Object) -> int:
    if isinstance(node, _Leaf):
        return 1
    inner = math.prod(_combinations(one) for _, one in node.fields)
    return inner * math.prod(sum(_combinations(one) for one in choice) for choice in node.choices)
