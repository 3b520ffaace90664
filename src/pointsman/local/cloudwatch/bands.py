"""Models of what is expected of metrics and expressions: trained when first asked for, and again after an hour."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Final

from pointsman.local.cloudwatch import reading
from pointsman.local.cloudwatch.table import Metric
from pointsman.local.world import Scope
from pointsman.semantics.metrics import anomaly, math_tree, periods
from pointsman.semantics.metrics.anomaly import Model
from pointsman.semantics.metrics.series import Window
from pointsman.semantics.metrics.statistics import Statistic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pointsman.local.cloudwatch.queries import Query

STALE: Final = periods.HOUR
"""Seconds after which a model is trained again."""
MOST: Final = 1000
"""Models that are kept."""
MOST_QUERIES: Final = 10
"""Metrics and expressions that an expression with a band comes of."""
BAND: Final = "ANOMALY_DETECTION_BAND"


class Models:
    """The models that were trained; a tool of the world. They are not kept over a restart."""

    def __init__(self) -> None:
        self.known: dict[Hashable, tuple[int, Model | None]] = {}


def model(scope: Scope, metric: Metric, statistic: Statistic, period: int, unit: str | None) -> Model | None:
    """What is expected of a metric; None when its history is too short."""

    def read(window: Window) -> Mapping[int, float]:
        return reading.read(scope, metric, statistic, window, unit).points

    return trained(scope, (metric, statistic.name, unit), period, read)


def trained(scope: Scope, what: Hashable, period: int, read: Callable[[Window], Mapping[int, float]]) -> Model | None:
    """What is expected of something; None when its history is too short.

    What is younger than an hour is no part of the history, so that an anomaly does not teach itself.

    Args:
        scope: Whose.
        what: By which its model is known.
        period: In seconds.
        read: Its values in a window, by the time at which their period begins.
    """
    known = scope.world.tool(Models).known
    key = (scope.account, scope.region, what, period)
    now = periods.floor(periods.seconds(scope.now), STALE)
    found = known.get(key)
    if found is not None and found[0] == now:
        return found[1]
    made = anomaly.train(read(Window(periods.floor(now - anomaly.TRAINING, period), now, period)), period)
    if len(known) >= MOST:
        known.clear()
    known[key] = (now, made)
    return made


def refusal(needed: Sequence[Query]) -> str | None:
    """Why there is no band of an expression, by AWS's list; None when there is one.

    Args:
        needed: The query that asks for the band, and all that it comes of.
    """
    lines = [one.expression for one in needed if one.expression is not None]
    if any(isinstance(one, math_tree.Selection) for one in lines):
        return f"{BAND} takes no query of Metrics Insights"
    if any(called := {"METRICS", "SEARCH"} & math_tree.calls(one) for one in lines):
        return f"{BAND} takes no expression with {' or '.join(sorted(called))}"
    if sum(isinstance(part, math_tree.Call) and part.name == BAND for one in lines for part in math_tree.walk(one)) > 1:
        return f"An expression has one {BAND} at most"
    if len(needed) - 1 > MOST_QUERIES:
        return f"{BAND} takes an expression of at most {MOST_QUERIES} metrics and expressions"
    widths = {one.period for one in needed if one.metric is not None}
    if len(widths) > 1:
        return f"{BAND} takes an expression of metrics of one period"
    return f"{BAND} takes no high-resolution metrics" if min(widths, default=60) < 60 else None
