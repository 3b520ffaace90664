"""What is expected of a metric: the band that anomalies are measured against.

The model is a seasonal median. Days are cut into slots (of the period, at least five minutes); what is expected in a
slot is the median of the values that the same slot and its neighbours had on the days before, and the width of the
band is their median absolute deviation, made comparable to a standard deviation. With less than ``DAYS`` days of
history there are no seasons: the median of everything stands for every slot. A floor under the deviation, taken from
what seasons leave unexplained, keeps a series that hardly ever varies from alarming at nothing.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from pointsman.semantics.metrics.periods import DAY

TRAINING: Final = 14 * DAY
"""Seconds of history that a model is trained on."""
DAYS: Final = 3
SLOT: Final = 300
LEAST: Final = 15
"""Datapoints without which there is no model."""
_NORMAL: Final = 1.4826
"""The standard deviation of a normal distribution over its median absolute deviation."""
_FLOOR: Final = 0.1
"""The least deviation of a slot, as a part of the whole series'."""


class Model(Struct, frozen=True):
    """What a metric is expected to be."""

    slot: int
    """Seconds in a slot of the day; 0: one for all times."""
    expected: Mapping[int, tuple[float, float]]
    """(median, deviation) by slot."""
    overall: tuple[float, float]

    def band(self, time: int, deviations: float) -> tuple[float, float]:
        """The (lower, upper) bound at a time.

        Args:
            time: Seconds since 1970.
            deviations: How many deviations the band is wide, to either side.
        """
        middle, deviation = self.overall
        if self.slot:
            middle, deviation = self.expected.get(time % DAY // self.slot, self.overall)
        return middle - deviations * deviation, middle + deviations * deviation


def train(points: Mapping[int, float], period: int) -> Model | None:
    """The model of a history; None when there is too little of it.

    Args:
        points: Values by time in seconds since 1970.
        period: Their period in seconds.
    """
    if len(points) < LEAST:
        return None
    values = list(points.values())
    overall = _spread(values, 0.0)
    times = list(points)
    if max(times) - min(times) < DAYS * DAY:
        return Model(0, {}, _spread(values, _least(values, overall)))
    slot = max(SLOT, period)
    by_slot: dict[int, list[float]] = {}
    for time, value in points.items():
        by_slot.setdefault(time % DAY // slot, []).append(value)
    slots = max(1, DAY // slot)
    middles = {place: statistics.median(found) for place, found in by_slot.items()}
    # What seasons leave unexplained is the measure of the floor, not how far noon is from midnight.
    rest = [abs(value - middles[time % DAY // slot]) for time, value in points.items()]
    least = max(_NORMAL * statistics.median(rest), _least(values, (overall[0], 0.0)))
    expected = {}
    for place in by_slot:
        near = [value for next_ in (-1, 0, 1) for value in by_slot.get((place + next_) % slots, ())]
        expected[place] = _spread(near, least)
    return Model(slot, expected, _spread(values, least))


def _spread(values: list[float], least: float) -> tuple[float, float]:
    middle = statistics.median(values)
    deviation = _NORMAL * statistics.median(abs(value - middle) for value in values)
    return middle, max(deviation, least)


def _least(values: list[float], overall: tuple[float, float]) -> float:
    spread = statistics.pstdev(values)
    return max(_FLOOR * (overall[1] or spread), abs(overall[0]) * 1e-3, 1e-9)
