"""The aggregations of ``stats``: each takes one value after the other, and has a result at the end.

``pct`` is the nearest rank, ``median`` the 50th of it, ``stddev`` that of a whole population, ``count_distinct``
exact. ``earliest`` and ``latest`` go by ``@timestamp``, among the events that have the field.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

from pointsman.semantics.logs.insights import functions
from pointsman.semantics.logs.insights.values import Value, identity, number, sort_key

Place = tuple[int, int, int]
"""Time, stream and number of an event: what tells which of two is the earlier one."""


class Aggregation(ABC):
    """One aggregation over one group."""

    @abstractmethod
    def add(self, value: Value, place: Place) -> None:
        """Take a row's value."""

    @abstractmethod
    def result(self) -> Value:
        """What it has come to."""


class Rows(Aggregation):
    """count(*)."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, _value: Value, _place: Place) -> None:
        """One more."""
        self.count += 1

    def result(self) -> Value:
        """How many rows."""
        return self.count


class Present(Rows):
    """count(field)."""

    def add(self, value: Value, _place: Place) -> None:
        """One more, if it is there."""
        self.count += value is not None


class Distinct(Aggregation):
    """count_distinct(field)."""

    def __init__(self) -> None:
        self._seen: set[Any] = set()

    def add(self, value: Value, _place: Place) -> None:
        """One more, if it was not seen."""
        if value is not None:
            self._seen.add(identity(value))

    def result(self) -> Value:
        """How many different values."""
        return len(self._seen)


class Numbers(Aggregation):
    """What is computed from all the numbers."""

    def __init__(self, compute: Callable[[list[Any]], Value]) -> None:
        self._numbers: list[Any] = []
        self._compute = compute

    def add(self, value: Value, _place: Place) -> None:
        """Keep a number."""
        found = number(value)
        if found is not None:
            self._numbers.append(found)

    def result(self) -> Value:
        """The computation's result; None without numbers."""
        return functions.tamed(lambda: self._compute(self._numbers)) if self._numbers else None


class Total(Aggregation):
    """sum and avg: without keeping the numbers."""

    def __init__(self, *, mean: bool) -> None:
        self._total: Any = 0
        self._count = 0
        self._mean = mean

    def add(self, value: Value, _place: Place) -> None:
        """Add a number."""
        found = number(value)
        if found is not None:
            self._total += found
            self._count += 1

    def result(self) -> Value:
        """The sum, or the mean; None without numbers."""
        if not self._count:
            return None
        return functions.tamed(lambda: self._total / self._count if self._mean else self._total + 0)


class Best(Aggregation):
    """max, min, sortsFirst, sortsLast, earliest, latest: the value with the greatest (or least) key."""

    def __init__(self, key: Callable[[Value, Place], Any], *, last: bool) -> None:
        self._key = key
        self._last = last
        self._best: Value = None
        self._at: Any = None

    def add(self, value: Value, place: Place) -> None:
        """Keep it, if it is better."""
        if value is None:
            return
        at = self._key(value, place)
        if self._at is None or (at > self._at if self._last else at < self._at):
            self._best, self._at = value, at

    def result(self) -> Value:
        """The best value."""
        return self._best


def _by_value(value: Value, _: Place) -> Any:
    return sort_key(value)


def _by_place(_: Value, place: Place) -> Any:
    return place


def percentile(share: float) -> Callable[[list[Any]], Value]:
    """The nearest rank."""

    def compute(numbers: list[Any]) -> Value:
        found = sorted(numbers)
        return found[max(math.ceil(share / 100 * len(found)), 1) - 1]

    return compute


def _deviation(numbers: list[Any]) -> Value:
    mean = math.fsum(numbers) / len(numbers)
    return math.sqrt(math.fsum((one - mean) ** 2 for one in numbers) / len(numbers))


MAKERS: Final[dict[str, Callable[[], Aggregation]]] = {
    "avg": lambda: Total(mean=True),
    "sum": lambda: Total(mean=False),
    "count": Present,
    "count_distinct": Distinct,
    "max": lambda: Best(_by_value, last=True),
    "min": lambda: Best(_by_value, last=False),
    "sortslast": lambda: Best(_by_value, last=True),
    "sortsfirst": lambda: Best(_by_value, last=False),
    "latest": lambda: Best(_by_place, last=True),
    "earliest": lambda: Best(_by_place, last=False),
    "median": lambda: Numbers(percentile(50)),
    "stddev": lambda: Numbers(_deviation),
}
"""What begins an aggregation, by name in lower case; count(*) is ``Rows``, pct knows its share."""
