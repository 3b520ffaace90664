"""Logs Insights as the screens see it: what is asked, how far it has come, what came of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from pointsman.digits import digits
from pointsman.errors import Fault

__all__ = [
    "GIB",
    "MOST_GROUPS",
    "PRICE",
    "RANGES",
    "LogField",
    "Query",
    "QueryRun",
    "QueryStats",
    "Results",
    "SavedQuery",
    "SavedState",
    "Span",
    "cost",
    "moment_of",
    "results_of",
    "trace_in",
]

PRICE: Final = 0.005
"""US dollars for a GB scanned: the price in most regions, among them us-east-1 and eu-west-1."""
GIB: Final = 1024**3
MOST_GROUPS: Final = 50
"""Log groups of one query."""
MOST_ROWS: Final = 10_000
"""Rows a query answers with unless its own ``limit`` says less."""
RANGES: Final = tuple(
    timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 180, 360, 720, 1440, 3 * 1440, 7 * 1440, 30 * 1440)
)
"""The ranges that are offered."""

POINTER: Final = "@ptr"
"""The field that every row of events has: what GetLogRecord finds the event by."""
_OVER: Final = frozenset(("Complete", "Failed", "Cancelled", "Timeout", "Unknown"))
_TRACE_DIGITS: Final = frozenset("0123456789abcdef")


class Span(Struct, frozen=True):
    """When: the last while, or around a moment."""

    length: timedelta = timedelta(hours=1)
    end: datetime | None = None
    """None is now."""

    def bounds(self, now: datetime) -> tuple[datetime, datetime]:
        """From when to when, on whole seconds: Insights takes no finer ones, and counts both ends in."""
        end = (self.end or now).replace(microsecond=0)
        return end - self.length, end

    @classmethod
    def around(cls, moment: datetime, now: datetime, either_side: timedelta = timedelta(minutes=15)) -> Span:
        """The time around a moment, as far as it has come."""
        end = min(moment + either_side, now)
        return cls(end - (moment - either_side), end)


class Query(Struct, frozen=True):
    """What is asked: the text, the groups, the time."""

    text: str = ""
    groups: tuple[str, ...] = ()
    span: Span = field(default_factory=Span)

    @property
    def names_its_groups(self) -> bool:
        """Whether the text itself says which groups, with ``SOURCE``."""
        return self.text.lstrip().lower().startswith("source")


class QueryStats(Struct, frozen=True):
    """What a query has looked at."""

    matched: int = 0
    scanned: int = 0
    bytes: int = 0
    skipped_bytes: int = 0
    """An estimate: what an index or a literal left out."""
    groups: int = 0


class Results(Struct, frozen=True):
    """Rows under the names of their fields, ``@ptr`` apart."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """Texts in the order of the columns; empty where a row lacks the field."""
    pointers: tuple[str, ...] = ()
    """``@ptr`` of each row; empty for rows that stand for no single event."""

    def __len__(self) -> int:
        return len(self.rows)

    def value(self, row: int, name: str) -> str:
        """A field of a row; empty when there is none."""
        return self.rows[row][self.columns.index(name)] if name in self.columns else ""


class QueryRun(Struct, frozen=True):
    """A query under way, or over.

    ``results`` stay whatever happens to a later run: a new run begins with none of its own.
    """

    query: Query
    start: datetime
    end: datetime
    began: datetime
    id: str = ""
    """Empty until the query was taken."""
    status: str = "Scheduled"
    """AWS's word."""
    stats: QueryStats = QueryStats()
    results: Results = Results()
    fault: Fault | None = None
    """What is wrong: for good when the run is over, in passing while it goes on."""
    took: timedelta | None = None
    """How long it took; None while it goes on."""
    note: str = ""
    """Why it was ended, where that was not its own doing."""

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.took is not None

    def ended(self, now: datetime, **more: object) -> QueryRun:
        """The same, over."""
        return replace(self, took=max(timedelta(0), now - self.began), **more)


def is_over(status: str) -> bool:
    """Whether a query of this status has ended."""
    return status in _OVER


class LogField(Struct, frozen=True):
    """A field found in a log group."""

    name: str
    percent: int = 0
    """In how many of a hundred events."""


class SavedQuery(Struct, frozen=True):
    """A query definition of AWS's."""

    id: str
    name: str
    text: str
    groups: tuple[str, ...] = ()
    modified: datetime | None = None
    language: str = "CWLI"

    @property
    def ours(self) -> bool:
        """Whether it is in the language that this console writes."""
        return self.language in ("", "CWLI")


def cost(scanned: int, price: float = PRICE) -> float:
    """US dollars for so many bytes."""
    return scanned / GIB * price


def results_of(rows: Iterable[Sequence[tuple[str, str]]]) -> Results:
    """Rows of (field, value) pairs as a table: columns in the order in which they first come."""
    kept = [dict(row) for row in rows]
    columns: dict[str, None] = {}
    for row in kept:
        columns |= dict.fromkeys(row)
    columns.pop(POINTER, None)
    names = tuple(columns)
    return Results(
        names,
        tuple(tuple(row.get(name, "") for name in names) for row in kept),
        tuple(row.get(POINTER, "") for row in kept),
    )


def moment_of(text: str) -> datetime | None:
    """A time as Insights writes it (``2026-01-31 12:00:00.000``), or as milliseconds; None when it is none."""
    text = text.strip()
    if len(text) >= 12 and digits(text, 13):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    if len(text) < 19 or text[4:5] != "-":
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)


def trace_in(texts: Iterable[str]) -> str:
    """The first X-Ray trace id in some texts; empty when there is none."""
    for text in texts:
        place = text.find("1-")
        while place >= 0:
            found = text[place : place + 35]
            if _is_trace(found) and not text[place + 35 : place + 36].isalnum():
                return found.lower()
            place = text.find("1-", place + 1)
    return ""


def _is_trace(text: str) -> bool:
    low = text.lower()
    return (
        len(low) == 35
        and low[10:11] == "-"
        and _TRACE_DIGITS.issuperset(low[2:10])
        and _TRACE_DIGITS.issuperset(low[11:])
    )


class SavedState(Struct, frozen=True):
    """A saved query as it is now, beside what lies on the workbench."""

    saved: SavedQuery | None
    """None for what was never saved, and for what is gone."""
    draft: Query

    @property
    def changed(self) -> bool:
        """Whether the workbench says something else than what is saved."""
        one = self.saved
        return one is None or (one.text, set(one.groups)) != (self.draft.text, set(self.draft.groups))
