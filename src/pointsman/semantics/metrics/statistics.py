"""Statistics over the values of one period: the simple five, and those that look at how values are spread.

Values come with counts, as ``PutMetricData`` takes them. Ranks are whole: ``pNN`` is the smallest value that at least
NN percent of the samples do not exceed; a trimmed statistic keeps the samples of the ranks above ``floor(low · n)`` up
to ``ceil(high · n)``. Boundaries given as values leave the lower one out and take the upper one in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct

SIMPLE: Final = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")
_NUMBER = r"(?:\d{1,15}(?:\.\d{0,10})?)"
_ONE = re.compile(rf"(p|tm|tc|ts|wm)({_NUMBER})")
_RANGE = re.compile(rf"(TM|TC|TS|WM|PR)\(({_NUMBER}%?)?:({_NUMBER}%?)?\)")

Spread = Sequence[tuple[float, float]]
"""(value, count) pairs in any order."""


class Statistic(Struct, frozen=True):
    """A statistic as parsed."""

    name: str
    """As written."""
    kind: str
    """One of ``SIMPLE``, or p, tm, tc, ts, wm, pr."""
    low: float | None = None
    high: float | None = None
    percent: bool = False
    """Whether the boundaries are percentages of the samples instead of values."""

    @property
    def simple(self) -> bool:
        """Whether count, sum, minimum and maximum are all it needs."""
        return self.kind in SIMPLE


class Aggregate(Struct, frozen=True):
    """What a period's samples come to."""

    count: float
    total: float
    low: float
    high: float

    def add(self, other: Aggregate) -> Aggregate:
        """Both together."""
        return Aggregate(
            self.count + other.count,
            self.total + other.total,
            min(self.low, other.low),
            max(self.high, other.high),
        )

    def value(self, kind: str) -> float:
        """One of the simple statistics."""
        if kind == "Average":
            return self.total / self.count if self.count else 0.0
        return {"SampleCount": self.count, "Sum": self.total, "Minimum": self.low, "Maximum": self.high}[kind]


@lru_cache(maxsize=1024)
def parse(text: str) -> Statistic | None:
    """A statistic by its name, ``Average``, ``p99.9``, ``TM(2%:98%)``; None when there is no such statistic."""
    if text in SIMPLE:
        return Statistic(text, text)
    if text == "IQM":
        return Statistic(text, "tm", 25, 75, percent=True)
    if one := _ONE.fullmatch(text):
        bound = float(one[2])
        return Statistic(text, one[1], None, bound, percent=True) if bound <= 100 else None
    ranged = _RANGE.fullmatch(text)
    if ranged is None or not (ranged[2] or ranged[3]):
        return None
    percents = {bound.endswith("%") for bound in (ranged[2], ranged[3]) if bound}
    if len(percents) != 1 or (ranged[1] == "PR" and True in percents):
        return None
    low, high = (float(bound.rstrip("%")) if bound else None for bound in (ranged[2], ranged[3]))
    percent = True in percents
    if percent and max(low or 0, high or 0) > 100:
        return None
    if low is not None and high is not None and low >= high:
        return None
    return Statistic(text, ranged[1].lower(), low, high, percent)


def over(statistic: Statistic, spread: Spread) -> float | None:
    """A statistic that looks at how values are spread; None when no sample is left or a value is negative.

    Args:
        statistic: Not a simple one.
        spread: The values with their counts.
    """
    ordered = _merged(spread)
    if not ordered or ordered[0][0] < 0:
        return None
    total = sum(count for _, count in ordered)
    if statistic.kind == "p":
        return _at_rank(ordered, math.ceil(_rank(statistic.high, total)))
    if statistic.kind == "pr":
        inside = sum(count for value, count in ordered if _inside(statistic, value))
        return 100.0 * inside / total
    if statistic.kind == "wm":
        return sum(value * count for value, count in _winsorized(statistic, ordered, total)) / total
    kept = list(_trimmed(statistic, ordered, total))
    count = sum(one[1] for one in kept)
    if statistic.kind == "tc":
        return count
    if not count:
        return None
    sum_ = sum(value * weight for value, weight in kept)
    return sum_ if statistic.kind == "ts" else sum_ / count


def samples_needed(statistic: Statistic) -> float:
    """How many samples a percentile needs to be statistically significant; 0 for every other statistic."""
    if statistic.kind != "p" or statistic.high is None:
        return 0.0
    share = statistic.high / 100
    if share >= 0.5:
        return math.inf if share == 1 else 10 / (1 - share)
    return math.inf if share == 0 else 10 / share


def _merged(spread: Spread) -> list[tuple[float, float]]:
    counts: dict[float, float] = {}
    for value, count in spread:
        if count > 0:
            counts[value] = counts.get(value, 0.0) + count
    return sorted(counts.items())


def _rank(percent: float | None, total: float) -> float:
    return round((percent or 0.0) / 100 * total, 9)


def _at_rank(ordered: Spread, rank: float) -> float:
    seen = 0.0
    for value, count in ordered:
        seen += count
        if seen >= rank:
            return value
    return ordered[-1][0]


def _inside(statistic: Statistic, value: float) -> bool:
    above = statistic.low is None or value > statistic.low
    return above and (statistic.high is None or value <= statistic.high)


def _ranks(statistic: Statistic, total: float) -> tuple[float, float]:
    low = math.floor(_rank(statistic.low, total))
    high = total if statistic.high is None else math.ceil(_rank(statistic.high, total))
    return low, high


def _trimmed(statistic: Statistic, ordered: Spread, total: float) -> Iterable[tuple[float, float]]:
    if not statistic.percent:
        yield from ((value, count) for value, count in ordered if _inside(statistic, value))
        return
    low, high = _ranks(statistic, total)
    seen = 0.0
    for value, count in ordered:
        kept = min(seen + count, high) - max(seen, low)
        if kept > 0:
            yield value, kept
        seen += count


def _winsorized(statistic: Statistic, ordered: Spread, total: float) -> Iterable[tuple[float, float]]:
    if statistic.percent:
        low, high = _ranks(statistic, total)
        least, most = _at_rank(ordered, low + 1), _at_rank(ordered, high)
    else:
        least = ordered[0][0] if statistic.low is None else statistic.low
        most = ordered[-1][0] if statistic.high is None else statistic.high
    for value, count in ordered:
        yield min(max(value, least), most), count
