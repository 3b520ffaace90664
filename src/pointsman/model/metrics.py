"""CloudWatch's metrics: what there is, what was asked of it, and what came: values by time, gaps as gaps."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar

from msgspec import Struct

from pointsman.model.refs import DeploymentRef, ExecutionRef, MetricRef
from pointsman.values import Partly

__all__ = [
    "RANGES",
    "STATISTICS",
    "MetricList",
    "MetricQuery",
    "Release",
    "Series",
    "Threshold",
    "Wall",
    "WallQuery",
    "period_for",
    "published_unit",
]

STATISTICS = ("Average", "Sum", "Minimum", "Maximum", "SampleCount", "p50", "p90", "p99")
"""What may be chosen on the spot; any other that CloudWatch takes may be asked for, too."""

_UNITS = {
    "AWS/CodeBuild": {"Duration": "Seconds"},
    "AWS/CodePipeline": {"PipelineDuration": "Seconds", "FailedPipelineExecutions": "Count"},
    "AWS/Lambda": {"Duration": "Milliseconds", "Errors": "Count", "Invocations": "Count", "Throttles": "Count"},
    "AWS/ApplicationELB": {"TargetResponseTime": "Seconds"},
    "AWS/EC2": {"NetworkIn": "Bytes", "NetworkOut": "Bytes"},
}


def published_unit(ref: MetricRef) -> str:
    """The unit AWS documents for a metric of its own; empty where that is not known here."""
    if not ref.namespace.startswith("AWS/"):
        return ""
    known = _UNITS.get(ref.namespace, {}).get(ref.name, "")
    if known or not ref.name.endswith("Duration"):
        return known or ("Percent" if ref.name.endswith("Utilization") else "")
    return "Seconds" if ref.namespace == "AWS/CodeBuild" else ""


RANGES = (
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=12),
    timedelta(days=1),
    timedelta(days=7),
)
_PERIODS = (10, 60, 300, 900, 3600, 21_600, 86_400)
_POINTS = 240
"""About how many datapoints of a series a terminal can show."""


def period_for(span: timedelta) -> int:
    """The period, in seconds, in which a range has about as many datapoints as can be seen; at least a minute."""
    least = max(60.0, span.total_seconds() / _POINTS)
    return next((one for one in _PERIODS if one >= least), _PERIODS[-1])


class MetricQuery(Struct, frozen=True):
    """One series that is asked for: a metric's statistic, or an expression over others of the same wall."""

    ref: MetricRef | None
    stat: str = "Average"
    expression: str = ""
    """Metric math over ``m1``, ``m2`` …: the metrics of the same wall, in their order."""

    @property
    def words(self) -> str:
        """What it is, as a person would say it."""
        return self.expression if self.ref is None else str(self.ref)


class WallQuery(Struct, frozen=True):
    """Series that are read together."""

    queries: tuple[MetricQuery, ...]
    span: timedelta = RANGES[2]
    period: int = 60
    """Seconds."""
    end: datetime | None = None
    """When the range ends; None is now, whenever that is."""


class Series(Struct, frozen=True):
    """Values by time, oldest first."""

    query: MetricQuery
    label: str = ""
    times: tuple[float, ...] = ()
    """Seconds since the epoch, ascending: where each period begins."""
    values: tuple[float, ...] = ()
    partial: bool = False
    """Whether CloudWatch said that there is more than came."""
    problem: str = ""
    """Why it could not be read, in CloudWatch's words."""

    @property
    def last(self) -> float | None:
        """The newest value; None when there is none."""
        return self.values[-1] if self.values else None

    @property
    def least(self) -> float | None:
        """The smallest value."""
        return min(self._finite(), default=None)

    @property
    def most(self) -> float | None:
        """The largest value."""
        return max(self._finite(), default=None)

    def _finite(self) -> Sequence[float]:
        """The values that can be compared and added up; nearly always all of them."""
        if math.isfinite(sum(self.values)):
            return self.values
        return [one for one in self.values if math.isfinite(one)]

    @property
    def tame(self) -> Sequence[float]:
        """The values that can be averaged without running over."""
        total = sum(self.values)
        if math.isfinite(total) and abs(total) < 1e300:
            return self.values
        return [one for one in self.values if abs(one) < 1e300]

    def between(self, start: float, end: float) -> Sequence[float]:
        """The values of periods that begin at or after ``start`` and before ``end``."""
        return self.values[bisect_left(self.times, start) : bisect_left(self.times, end)]

    def at(self, moment: float, period: float) -> float | None:
        """The value of the period that a moment lies in; None in a gap."""
        found = bisect_right(self.times, moment) - 1
        return self.values[found] if found >= 0 and moment - self.times[found] < period else None

    def columns(self, start: float, end: float, count: int, period: float) -> list[float | None]:
        """The range in ``count`` equal parts: the value farthest from the middle in each, None where there is none.

        A value holds for its whole period.

        The extreme counts, and not the mean, so that a spike of one period shows however wide the parts are.
        """
        found: list[float | None] = [None] * count
        if count <= 0 or end <= start:
            return found
        known = self._finite()
        whole = known is self.values
        times = self.times
        if not whole:
            pairs = [one for one in zip(times, self.values, strict=True) if math.isfinite(one[1])]
            times = tuple(time for time, _ in pairs)
            known = [value for _, value in pairs]
        # Halves of numbers that can be told apart, however far from each other they are.
        middle = sum(known) / len(known) / 2 if whole and known else sum(one / len(known) / 2 for one in known)
        for at, (first, behind) in enumerate(_parts(times, start, end, count, period)):
            if first < behind:
                part = known[first:behind]
                high, low = max(part), min(part)
                up, down = high / 2 - middle, middle - low / 2
                # Of two that are as far the earlier counts: what swings from one to the other is not drawn flat.
                first_up = up > down or (up == down and part.index(high) <= part.index(low))
                found[at] = high if first_up else low
        return found


@lru_cache(maxsize=64)
def _parts(
    times: tuple[float, ...], start: float, end: float, count: int, period: float
) -> tuple[tuple[int, int], ...]:
    """For each of ``count`` equal parts of a range the first value that holds in it, and the one behind the last.

    The series of a wall have the same times, and keep them from one look to the next.
    """
    scale = count / (end - start)
    least, last_part = start - period, count - 1
    firsts, behinds = [len(times)] * count, [0] * count
    for at, time in enumerate(times):
        if time <= least or time >= end:
            continue
        first, last = int((time - start) * scale), int((time + period - start) * scale - 1e-9)
        first = first if first > 0 else 0
        for part in range(first, max(first, min(last, last_part)) + 1):
            if firsts[part] > at:
                firsts[part] = at
            behinds[part] = at + 1
    return tuple(zip(firsts, behinds, strict=True))


class Wall(Struct, frozen=True):
    """What came of a wall of series."""

    query: WallQuery
    series: tuple[Series, ...]
    """In the order in which they were asked for."""
    start: datetime
    end: datetime
    messages: tuple[str, ...] = ()
    """What CloudWatch had to say about the whole."""


class MetricList(Struct, frozen=True):
    """The metrics there are."""

    metrics: tuple[MetricRef, ...]
    more: bool = False
    """Whether there are more than were read."""

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Every namespace, once each, in order."""
        return tuple(sorted({one.namespace for one in self.metrics}))


class Threshold(Struct, frozen=True):
    """What an alarm holds a metric against."""

    alarm: str
    metric: MetricRef
    comparison: str
    """AWS's word: ``GreaterThanThreshold``."""
    value: float
    state: str = ""
    """``OK``, ``ALARM``, ``INSUFFICIENT_DATA``."""
    stat: str = ""
    period: int = 60

    def breached_by(self, value: float) -> bool:
        """Whether a value is on the wrong side."""
        match self.comparison:
            case "GreaterThanThreshold":
                return value > self.value
            case "GreaterThanOrEqualToThreshold":
                return value >= self.value
            case "LessThanThreshold":
                return value < self.value
            case "LessThanOrEqualToThreshold":
                return value <= self.value
        return False

    @property
    def sign(self) -> str:
        """The comparison as a sign."""
        return {
            "GreaterThanThreshold": ">",
            "GreaterThanOrEqualToThreshold": ">=",
            "LessThanThreshold": "<",
            "LessThanOrEqualToThreshold": "<=",
        }.get(self.comparison, "?")


class Release(Partly, frozen=True, eq=False):
    """Something that went out, as a mark on a time axis."""

    apart: ClassVar = frozenset({"ref"})
    at: datetime
    name: str
    """What went out: a pipeline, a deployment group."""
    kind: str
    """``pipeline``, ``deployment`` or ``rollback``."""
    failed: bool = False
    ref: DeploymentRef | ExecutionRef | None = None
    """Where it leads."""
