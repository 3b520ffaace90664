"""How an alarm's state follows from the datapoints of its evaluation range.

The range is ``EXTRA`` periods longer than EvaluationPeriods. When it holds at least that many real datapoints, the
newest of them decide and gaps count for nothing. Otherwise all real ones count, and TreatMissingData says what stands
for those that lack.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

from msgspec import Struct

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

EXTRA: Final = 2
"""Periods that are looked at beyond EvaluationPeriods."""
TREATMENTS: Final = ("breaching", "notBreaching", "ignore", "missing")

OPERATORS: Final = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
"""Comparisons with a number, and their words."""
BANDS: Final = {
    "LessThanLowerOrGreaterThanUpperThreshold": "outside the band",
    "LessThanLowerThreshold": "less than the lower threshold of the band",
    "GreaterThanUpperThreshold": "greater than the upper threshold of the band",
}
"""Comparisons with an anomaly band, and their words."""

Bounds = tuple[float, float]
"""The (lower, upper) bound a value is compared with; a threshold is both."""

_TESTS: Final[dict[str, Callable[[float, Bounds], bool]]] = {
    "GreaterThanOrEqualToThreshold": lambda value, bounds: value >= bounds[1],
    "GreaterThanThreshold": lambda value, bounds: value > bounds[1],
    "LessThanThreshold": lambda value, bounds: value < bounds[0],
    "LessThanOrEqualToThreshold": lambda value, bounds: value <= bounds[0],
    "LessThanLowerOrGreaterThanUpperThreshold": lambda value, bounds: value < bounds[0] or value > bounds[1],
    "LessThanLowerThreshold": lambda value, bounds: value < bounds[0],
    "GreaterThanUpperThreshold": lambda value, bounds: value > bounds[1],
}


class Rule(Struct, frozen=True):
    """What an alarm is evaluated by."""

    periods: int
    """EvaluationPeriods, N."""
    datapoints: int
    """DatapointsToAlarm, M."""
    operator: str
    treatment: str = "missing"


class Datapoint(Struct, frozen=True):
    """A real datapoint of the range."""

    time: int
    """When its period begins, in seconds since 1970."""
    value: float
    bounds: Bounds
    samples: float = 0.0


class Verdict(Struct, frozen=True):
    """What an evaluation comes to."""

    state: State | None
    """None: the state stays what it is."""
    evaluated: tuple[Datapoint, ...] = ()
    """The real datapoints that were looked at, newest first."""
    breaching: int = 0
    """How many of them breach."""
    filled: int = 0
    """How many missing ones were stood in for."""


def breaches(operator: str, value: float, bounds: Bounds) -> bool:
    """Whether a value breaches its threshold or band."""
    return _TESTS[operator](value, bounds)


def undecided(operator: str, statistic: str, value: float, bounds: Bounds) -> bool:
    """Whether more samples of the same period can turn the verdict on its value round.

    A sum, a count or a maximum can only grow, a minimum only fall; whatever else is looked at is taken as it stands.
    """
    if operator not in OPERATORS or statistic not in ("Sum", "SampleCount", "Maximum", "Minimum"):
        return False
    breaching = breaches(operator, value, bounds)
    grows = statistic != "Minimum"
    return breaching != (operator.startswith("Greater") == grows)


def evaluate(rule: Rule, points: Sequence[Datapoint | None]) -> Verdict:
    """The verdict on an evaluation range.

    Args:
        rule: The alarm's settings.
        points: The range, oldest first; None is a missing datapoint.
    """
    real = [one for one in reversed(points) if one is not None][: rule.periods]
    breaching = sum(breaches(rule.operator, one.value, one.bounds) for one in real)
    lacking = rule.periods - len(real)
    seen = tuple(real)
    if not lacking:
        return Verdict("ALARM" if breaching >= rule.datapoints else "OK", seen, breaching)
    if rule.treatment in ("breaching", "notBreaching"):
        counted = breaching + (lacking if rule.treatment == "breaching" else 0)
        return Verdict("ALARM" if counted >= rule.datapoints else "OK", seen, breaching, lacking)
    if breaching >= rule.datapoints:
        return Verdict("ALARM", seen, breaching, lacking)
    if breaching < len(real):
        return Verdict("OK", seen, breaching, lacking)
    if rule.treatment == "ignore":
        return Verdict(None, seen, breaching, lacking)
    if real and _age(points) >= rule.datapoints:
        return Verdict("ALARM", seen, breaching, lacking)
    return Verdict("INSUFFICIENT_DATA", seen, breaching, lacking)


def _age(points: Sequence[Datapoint | None]) -> int:
    """How old, in periods, the oldest real datapoint of a range is; the newest place has the age 1."""
    return max(len(points) - place for place, one in enumerate(points) if one is not None)
