"""Rows of ``stats … by bin()`` as series over time, and rows of ``stats … by FIELD`` as figures to compare. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from pointsman.model.insights import Results, moment_of
from pointsman.semantics.logs.insights.tokens import Kind, tokens

__all__ = ["Bars", "Series", "TimeChart", "bin_of", "chart_of"]

MOST_SERIES = 12
"""Lines drawn at most: the largest."""
_MOST_BINS = 50_000


class Series(Struct, frozen=True):
    """One line: a value for each bin, None where the results have none."""

    name: str
    values: tuple[float | None, ...]
    figure: str = ""
    """What it counts: series of one figure can be compared."""

    @property
    def total(self) -> float:
        """The sum of what is there."""
        return sum(value for value in self.values if value is not None)


class TimeChart(Struct, frozen=True):
    """Series over the same bins."""

    start: datetime
    """The beginning of the first bin."""
    step: timedelta
    series: tuple[Series, ...]
    left_out: int = 0
    """Series there is no room for."""

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return len(self.series[0].values) if self.series else 0

    @property
    def most(self) -> float:
        """The largest value."""
        return self.most_of(None)

    def most_of(self, figure: str | None) -> float:
        """The largest value of a figure, or of all."""
        shown = [one for one in self.series if figure in (None, one.figure)]
        return max((value for one in shown for value in one.values if value is not None), default=0.0)

    @property
    def least(self) -> float:
        """The smallest value."""
        return min((value for one in self.series for value in one.values if value is not None), default=0.0)


class Bars(Struct, frozen=True):
    """Figures by name, in the order of the rows."""

    figure: str
    """What is compared: the column."""
    items: tuple[tuple[str, float], ...]


def bin_of(query: str) -> timedelta | None:
    """How long the bins of a query are; None without any, or where months are counted. Loads the grammar."""
    from pointsman.semantics.logs.insights.grammar import period

    words = tokens(query)
    for name, bracket, length in zip(words, words[1:], words[2:], strict=False):
        if name.text.lower() == "bin" and bracket.text == "(" and length.kind is Kind.NUMBER:
            found = period(length.text)
            return timedelta(milliseconds=found.millis) if found is not None and found.millis else None
    return None


def number(text: str) -> float | None:
    """A figure; None for a text that is none."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def chart_of(results: Results, period: timedelta | None = None) -> TimeChart | Bars | None:
    """What rows show as a picture; None for rows of events, and for figures without anything to tell them apart.

    Args:
        results: The rows.
        period: How long a bin is, where that is known: bins without events have no row.
    """
    if not results.rows or any(results.pointers):
        return None
    columns = [[row[at] for row in results.rows] for at in range(len(results.columns))]
    figures = [at for at, column in enumerate(columns) if _all(column, number)]
    times = [at for at, column in enumerate(columns) if at not in figures and _whole(column)]
    if times and [at for at in figures if at not in times]:
        return _over_time(results, columns, times[0], figures, period)
    names = [at for at in range(len(columns)) if at not in figures]
    if figures and names:
        figure = figures[0]
        items = tuple(
            (" ".join(row[at] for at in names), value)
            for row in results.rows
            if (value := number(row[figure])) is not None
        )
        return Bars(results.columns[figure], items)
    return None


def _all(column: Sequence[str], reads: object) -> bool:
    """Whether every text that is there can be read, and one is there."""
    given = [text for text in column if text]
    return bool(given) and all(reads(text) is not None for text in given)  # type: ignore[operator]


def _whole(column: Sequence[str]) -> bool:
    return all(text and moment_of(text) is not None for text in column)


def _over_time(
    results: Results, columns: list[list[str]], time: int, figures: list[int], period: timedelta | None
) -> TimeChart | None:
    """One series for each figure of each name."""
    moments = [moment_of(text) for text in columns[time]]
    known = sorted({one for one in moments if one is not None})
    steps = [later - earlier for earlier, later in itertools.pairwise(known)]
    step = min([*steps, *([period] if period is not None else [])], default=timedelta(minutes=1))
    start, bins = known[0], round((known[-1] - known[0]) / step) + 1
    if bins > _MOST_BINS:
        return None
    names = [at for at in range(len(columns)) if at != time and at not in figures]
    found: dict[tuple[str, str], list[float | None]] = {}
    for row, moment in zip(results.rows, moments, strict=True):
        if moment is None:
            continue
        place = round((moment - start) / step)
        who = " ".join(row[at] for at in names)
        for at in figures:
            name = " ".join(part for part in (who, results.columns[at] if len(figures) > 1 or not who else "") if part)
            values = found.setdefault((name, results.columns[at]), [None] * bins)
            if (value := number(row[at])) is not None:
                values[place] = value
    series = [Series(name, tuple(values), what) for (name, what), values in found.items()]
    if len(series) > MOST_SERIES:
        series.sort(key=lambda one: -one.total)
    return TimeChart(start, step, tuple(series[:MOST_SERIES]), max(0, len(series) - MOST_SERIES))
