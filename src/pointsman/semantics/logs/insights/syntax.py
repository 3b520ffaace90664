"""What an Insights query says, as values; ``grammar`` reads one, ``pipeline`` runs it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

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


class Field(Struct, frozen=True):
    """A field, by its path: ``a.b``, ``a.0``, ``a[0]``."""

    name: str
    parts: tuple[str, ...]


class Literal(Struct, frozen=True):
    """A text or a number."""

    value: str | int | float


class Period(Struct, frozen=True):
    """A length of time.

    Args:
        millis: Its milliseconds; of a month, a quarter or a year as many months stand in ``months``.
        months: Months, for what has no fixed length.
    """

    millis: int
    months: int = 0


class Call(Struct, frozen=True):
    """A function's call; ``name`` in lower case. ``count(*)`` has no arguments."""

    name: str
    arguments: tuple[Expression, ...]
    place: int
    """Where it stands in the query."""


class Binary(Struct, frozen=True):
    """Arithmetic, a comparison, ``and`` or ``or``."""

    operator: str
    left: Expression
    right: Expression


class Unary(Struct, frozen=True):
    """``not`` or ``-``."""

    operator: str
    operand: Expression


class Like(Struct, frozen=True):
    """``like "text"``, ``like /expression/``, ``=~ /expression/``."""

    operand: Expression
    text: str
    regex: bool


class In(Struct, frozen=True):
    """``in [a, b]``."""

    operand: Expression
    items: tuple[Expression, ...]


Expression = Field | Literal | Period | Call | Binary | Unary | Like | In


class Item(Struct, frozen=True):
    """An expression and the name its value goes by."""

    expression: Expression
    name: str


class Fields(Struct, frozen=True):
    """``fields``: values to show, and to go on with."""

    items: tuple[Item, ...]


class Display(Struct, frozen=True):
    """``display``: what is shown, in the place of what was to be shown before."""

    items: tuple[Item, ...]


class Filter(Struct, frozen=True):
    """``filter``, and ``filterIndex``: there are no indexes here, so that one scans like the other."""

    condition: Expression


class Stats(Struct, frozen=True):
    """``stats … by …``."""

    items: tuple[Item, ...]
    by: tuple[Item, ...]


class Sort(Struct, frozen=True):
    """``sort``: (expression, whether descending)."""

    keys: tuple[tuple[Expression, bool], ...]


class Limit(Struct, frozen=True):
    """``limit`` and ``head``."""

    count: int


class Dedup(Struct, frozen=True):
    """``dedup``: the first row of each combination of values."""

    fields: tuple[Expression, ...]


class Parse(Struct, frozen=True):
    """``parse``.

    Args:
        source: The field it reads.
        expression: The regular expression with a named group for each field; a glob becomes one.
        names: The fields it makes, in order of the groups.
    """

    source: Field
    expression: str
    names: tuple[str, ...]


class Patterns(Struct, frozen=True):
    """``pattern``: the clusters of an expression's texts."""

    source: Expression


class Diff(Struct, frozen=True):
    """``diff``: the patterns of this time against those of an earlier one.

    Args:
        days: How far back: 0 is the time just before, of the same length; -1 is a month.
    """

    days: int


class Unnest(Struct, frozen=True):
    """``unnest list into item``."""

    source: Expression
    name: str


Command = Fields | Display | Filter | Stats | Sort | Limit | Dedup | Parse | Patterns | Diff | Unnest


class Source(Struct, frozen=True):
    """``SOURCE``: which log groups, by name or by prefix."""

    names: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    group_class: str = ""


class Query(Struct, frozen=True):
    """A query."""

    source: Source | None
    commands: tuple[Command, ...]
