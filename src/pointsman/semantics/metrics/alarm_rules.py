"""The rules of composite alarms: read, written as a tree, and judged by the states of other alarms.

``ALARM("x")``, ``OK(x)``, ``INSUFFICIENT_DATA(arn)``, ``TRUE``, ``FALSE``, ``NOT`` before ``AND`` before ``OR``,
brackets, and ``AT_LEAST(2, ALARM, (a, b, c))`` or ``AT_LEAST(50%, NOT OK, (a, b))``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from lark import Lark

MOST_CHILDREN = 100
MOST_ELEMENTS = 500
LONGEST = 10_240
DEEPEST = 60

_GRAMMAR = r"""
start: either
either: both (_OR both)*
both: factor (_AND factor)*
?factor: _NOT factor -> negation
    | "(" either ")" -> group
    | STATE "(" alarm ")" -> test
    | _AT_LEAST "(" many "," wanted "," "(" alarm ("," alarm)* ")" ")" -> at_least
    | TRUTH -> truth
many: COUNT | SHARE
wanted: NOT? STATE
alarm: QUOTED | STATE | BARE | COUNT

_OR.5: /OR(?![^\s()])/i
_AND.5: /AND(?![^\s()])/i
_NOT.5: /NOT(?=[\s(])/i
NOT.4: /NOT(?=\s)/i
_AT_LEAST.5: /AT_LEAST(?=\s*\()/i
STATE.4: /(ALARM|OK|INSUFFICIENT_DATA)(?=[\s(),])/i
TRUTH.5: /(TRUE|FALSE)(?![^\s()])/i
SHARE.4: /[0-9]+%/
COUNT.3: /[0-9]+(?=[\s,])/
QUOTED: /"(\\.|[^"\\])*"/
BARE: /[^\s()",]+/
%ignore /\s+/
"""


class RuleError(ValueError):
    """A rule that cannot be read; its text is a sentence."""


class Truth(Struct, frozen=True):
    """``TRUE`` or ``FALSE``."""

    value: bool


class Test(Struct, frozen=True):
    """``STATE(alarm)``."""

    __test__ = False

    state: str
    alarm: str
    """Its name, or its ARN."""


class Not(Struct, frozen=True):
    """``NOT rule``."""

    rule: Rule


class Joined(Struct, frozen=True):
    """Rules under AND, or under OR."""

    every: bool
    rules: tuple[Rule, ...]


class AtLeast(Struct, frozen=True):
    """So many of some alarms are, or are not, in a state."""

    count: int
    percent: bool
    state: str
    inside: bool
    """False for ``NOT state``."""
    alarms: tuple[str, ...]

    @property
    def needed(self) -> int:
        """How many alarms must fit."""
        return math.ceil(self.count * len(self.alarms) / 100) if self.percent else self.count


Rule = Truth | Test | Not | Joined | AtLeast


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)


@lru_cache(maxsize=1024)
def read(text: str) -> Rule:
    """A rule as a tree.

    Raises:
        RuleError: It cannot be read, or has too many alarms, elements or levels.
    """
    from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

    if not text.strip():
        raise RuleError("AlarmRule must not be empty")
    if len(text) > LONGEST:
        raise RuleError(f"AlarmRule must not exceed {LONGEST} characters")
    _check_depth(text)
    try:
        rule = _built(_parser().parse(text))
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise RuleError("AlarmRule ends too early") from None
        raise RuleError(f"AlarmRule: {str(error.token)!r} does not belong at {_place(error)}") from None
    except UnexpectedCharacters as error:
        raise RuleError(f"AlarmRule is not understood at {_place(error)}") from None
    except UnexpectedInput:
        raise RuleError("AlarmRule is not understood") from None
    if len(children(rule)) > MOST_CHILDREN:
        raise RuleError(f"AlarmRule must not have more than {MOST_CHILDREN} children")
    if sum(1 for _ in walk(rule)) > MOST_ELEMENTS:
        raise RuleError(f"AlarmRule must not have more than {MOST_ELEMENTS} elements")
    return rule


def _place(error: Any) -> str:
    """Where a rule is wrong; its line only where that is not the first."""
    line = f"line {error.line}, " if isinstance(error.line, int) and error.line > 1 else ""
    return f"{line}column {error.column}"


def _check_depth(text: str) -> None:
    depth, nots, quoted, escaped = 0, 0, False, False
    for word in text.split():
        nots += word.upper().lstrip("(") == "NOT"
    for letter in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = letter == "\\", letter != '"'
        elif letter == '"':
            quoted = True
        else:
            depth += (letter == "(") - (letter == ")")
            if depth > DEEPEST:
                raise RuleError(f"AlarmRule must not have more than {DEEPEST} levels of brackets")
    if nots > MOST_ELEMENTS // 2:
        raise RuleError(f"AlarmRule must not have more than {MOST_ELEMENTS} elements")


def _built(tree: Any) -> Rule:
    kind, items = tree.data, tree.children
    if kind in ("start", "group"):
        return _built(items[0])
    if kind in ("either", "both"):
        rules = tuple(_built(item) for item in items)
        return rules[0] if len(rules) == 1 else Joined(kind == "both", rules)
    if kind == "negation":
        return Not(_built(items[0]))
    if kind == "truth":
        return Truth(str(items[0]).upper() == "TRUE")
    if kind == "test":
        return Test(str(items[0]).upper(), _name(items[1]))
    many, wanted, *alarms = items
    count = str(many.children[0])
    made = AtLeast(
        int(count.rstrip("%")),
        count.endswith("%"),
        str(wanted.children[-1]).upper(),
        len(wanted.children) == 1,
        tuple(_name(alarm) for alarm in alarms),
    )
    if not 1 <= made.needed <= len(made.alarms):
        raise RuleError(f"AT_LEAST must ask for 1 to {len(made.alarms)} of its alarms, or for 1% to 100%")
    return made


def _name(tree: Any) -> str:
    text = str(tree.children[0])
    if text.startswith('"'):
        text = text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return text.partition(":alarm:")[2] or text if text.startswith("arn:") else text


def walk(rule: Rule) -> Iterator[Rule]:
    """A rule and everything beneath it."""
    waiting = [rule]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, Not):
            waiting.append(one.rule)
        elif isinstance(one, Joined):
            waiting += reversed(one.rules)


def children(rule: Rule) -> list[str]:
    """The names of the alarms a rule looks at, each once, in order."""
    found: dict[str, None] = {}
    for one in walk(rule):
        if isinstance(one, Test):
            found[one.alarm] = None
        elif isinstance(one, AtLeast):
            found |= dict.fromkeys(one.alarms)
    return list(found)


def holds(rule: Rule, state: Callable[[str], str]) -> bool:
    """Whether a rule is met.

    Args:
        rule: Its tree.
        state: The state of an alarm by its name.
    """
    if isinstance(rule, Truth):
        return rule.value
    if isinstance(rule, Test):
        return state(rule.alarm) == rule.state
    if isinstance(rule, Not):
        return not holds(rule.rule, state)
    if isinstance(rule, Joined):
        return (all if rule.every else any)(holds(one, state) for one in rule.rules)
    return sum((state(name) == rule.state) == rule.inside for name in rule.alarms) >= rule.needed
