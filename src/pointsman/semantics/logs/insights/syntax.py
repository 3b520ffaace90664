"""What an Insights query says, as values; ``grammar`` reads one, ``pipeline`` runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LONGEST: Final = 10_000
"""Characters of a query."""
DEEPEST: Final = 60
"""How deep parentheses may be nested."""


class InsightsError(ValueError):
    """A query that is none.

    Args:
        sentence: What is wrong, and what was expected.
        line: Where, from 1.
        column: Where in the line, from 1.
        start: The first character, from 0.
        end: Behind the last one.
    """

    def __init__(self, sentence: str, line: int, column: int, start: int, end: int) -> None:
        super().__init__(f"{sentence} (line {line}, column {column})")
        self.sentence = sentence
        self.line = line
        self.column = column
        self.start = start
        self.end = end


def error_at(query: str, place: int, sentence: str, length: int = 1) -> InsightsError:
    """An error at a character of a query."""
    before = query[:place]
    line = before.count("\n") + 1
    return InsightsError(sentence, line, place - (before.rfind("\n") + 1) + 1, place, place + length)


@dataclass(frozen=True, slots=True)
class Field:
    """A field, by its path: ``a.b``, ``a.0``, ``a[0]``."""

    name: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a number."""

    value: str | int | float


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time.

    Args:
        millis: Its milliseconds; of a month, a quarter or a year as many months stand in ``months``.
        months: Months, for what has no fixed length.
    """

    millis: int
    months: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A function's call; ``name`` in lower case. ``count(*)`` has no arguments."""

    name: str
    arguments: tuple[Expression, ...]
    place: int
    """Where it stands in the query."""


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, a comparison, ``and`` or ``or``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Unary:
    """``not`` or ``-``."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Like:
    """``like "text"``, ``like /expression/``, ``=~ /expression/``."""

    operand: Expression
    text: str
    regex: bool


@dataclass(frozen=True, slots=True)
class In:
    """``in [a, b]``."""

    operand: Expression
    items: tuple[Expression, ...]


Expression = Field | Literal | Period | Call | Binary | Unary | Like | In


@dataclass(frozen=True, slots=True)
class Item:
    """An expression and the name its value goes by."""

    expression: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Fields:
    """``fields``: values to show, and to go on with."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Display:
    """``display``: what is shown, in the place of what was to be shown before."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """``filter``, and ``filterIndex``: there are no indexes here, so that one scans like the other."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Stats:
    """``stats … by …``."""

    items: tuple[Item, ...]
    by: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """``sort``: (expression, whether descending)."""

    keys: tuple[tuple[Expression, bool], ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """``limit`` and ``head``."""

    count: int


@dataclass(frozen=True, slots=True)
class Dedup:
    """``dedup``: the first row of each combination of values."""

    fields: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Parse:
    """``parse``.

    Args:
        source: The field it reads.
        expression: The regular expression with a named group for each field; a glob becomes one.
        names: The fields it makes, in order of the groups.
    """

    source: Field
    expression: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patterns:
    """``pattern``: the clusters of an expression's texts."""

    source: Expression


@dataclass(frozen=True, slots=True)
class Diff:
    """``diff``: the patterns of this time against those of an earlier one.

    Args:
        days: How far back: 0 is the time just before, of the same length; -1 is a month.
    """

    days: int


@dataclass(frozen=True, slots=True)
class Unnest:
    """``unnest list into item``."""

    source: Expression
    name: str


Command = Fields | Display | Filter | Stats | Sort | Limit | Dedup | Parse | Patterns | Diff | Unnest


@dataclass(frozen=True, slots=True)
class Source:
    """``SOURCE``: which log groups, by name or by prefix."""

    names: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    group_class: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A query."""

    source: Source | None
    commands: tuple[Command, ...]
