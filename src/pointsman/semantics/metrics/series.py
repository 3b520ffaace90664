"""A time series: what statistics come to and what metric math works on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from msgspec import Struct, field
from msgspec.structs import replace


def finite(*values: float) -> bool:
    """Whether all of some numbers are finite."""
    return all(map(math.isfinite, values))


class Window(Struct, frozen=True):
    """The time that is asked for: seconds since 1970, ``start`` inclusive, ``end`` exclusive."""

    start: int
    end: int
    period: int

    def times(self) -> range:
        """When its periods begin."""
        return range(self.start, self.end, self.period)


class Series(Struct, frozen=True):
    """Values by the time at which their period begins, in seconds since 1970, in order of time."""

    points: dict[int, float]
    period: int
    id: str = ""
    """The query's id when it is a metric of the request."""
    label: str = ""
    metric: bool = False
    """Whether it is a metric itself, not what an expression came to."""
    facts: dict[str, str] = field(default_factory=dict)
    """What ``${PROP('…')}`` of its label can name."""

    def mapped(self, change: Callable[[float], float | None]) -> Series:
        """Every value changed; those that come to None are dropped."""
        return self.of((time, change(value)) for time, value in self.points.items())

    def of(self, points: Iterable[tuple[int, float | None]]) -> Series:
        """This series with other points; those without a value are dropped."""
        kept = {time: value for time, value in points if value is not None}
        return replace(self, points=kept, metric=False)
