"""Models of what is expected of metrics: trained when they are first asked for, and again after an hour."""

from __future__ import annotations

from typing import Final

from pointsman.local.cloudwatch import reading
from pointsman.local.cloudwatch.table import Metric
from pointsman.local.world import Scope
from pointsman.semantics.metrics import anomaly, periods
from pointsman.semantics.metrics.anomaly import Model
from pointsman.semantics.metrics.series import Window
from pointsman.semantics.metrics.statistics import Statistic

STALE: Final = periods.HOUR
"""Seconds after which a model is trained again."""
MOST: Final = 1000
"""Models that are kept."""

_Key = tuple[str, str, Metric, str, int, str | None]


class Models:
    """The models that were trained; a tool of the world. They are not kept over a restart."""

    def __init__(self) -> None:
        self.known: dict[_Key, tuple[int, Model | None]] = {}


def model(scope: Scope, metric: Metric, statistic: Statistic, period: int, unit: str | None) -> Model | None:
    """What is expected of a metric; None when its history is too short.

    What is younger than an hour is no part of the history, so that an anomaly does not teach itself.
    """
    known = scope.world.tool(Models).known
    key = (scope.account, scope.region, metric, statistic.name, period, unit)
    now = periods.floor(periods.seconds(scope.now), STALE)
    found = known.get(key)
    if found is not None and found[0] == now:
        return found[1]
    window = Window(periods.floor(now - anomaly.TRAINING, period), now, period)
    made = anomaly.train(reading.read(scope, metric, statistic, window, unit).points, period)
    if len(known) >= MOST:
        known.clear()
    known[key] = (now, made)
    return made
