"""Which alarms look at which metrics: read once for an account and region, and kept in memory from then on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct, field

from pointsman.local.cloudwatch.alarms import MetricAlarm
from pointsman.local.cloudwatch.table import Metric
from pointsman.local.world import Scope, World


class _Place(Struct):
    """What is known of an account and region."""

    by_metric: dict[Metric, set[str]] = field(default_factory=dict)
    metrics: dict[str, set[Metric]] = field(default_factory=dict)
    fine: set[str] = field(default_factory=set)


class Watched:
    """A tool of the world. It is read anew after a rollback; what is to be evaluated outlasts one."""

    def __init__(self, world: World) -> None:
        self._places: dict[tuple[str, str], _Place] = {}
        self._touched: dict[tuple[str, str], dict[str, None]] = {}
        world.database.on_rollback(self._places.clear)

    def _of(self, scope: Scope) -> _Place:
        place = self._places.get((scope.account, scope.region))
        if place is None:
            place = self._places[scope.account, scope.region] = _Place()
            for name, alarm in scope.scan(MetricAlarm):
                _add(place, name, alarm.settings)
        return place

    def put(self, scope: Scope, alarm: MetricAlarm) -> None:
        """An alarm was made or changed."""
        place = self._of(scope)
        _remove(place, alarm.name)
        _add(place, alarm.name, alarm.settings)

    def remove(self, scope: Scope, name: str) -> None:
        """An alarm is gone."""
        _remove(self._of(scope), name)

    def any(self, scope: Scope) -> bool:
        """Whether there is a metric alarm at all."""
        return bool(self._of(scope).metrics)

    def fine(self, scope: Scope) -> bool:
        """Whether there is one with a period of less than a minute."""
        return bool(self._of(scope).fine)

    def on(self, scope: Scope, metric: Metric) -> list[str]:
        """The alarms that look at a metric, by name."""
        return sorted(self._of(scope).by_metric.get(metric, ()))

    def touch(self, scope: Scope, metrics: Iterable[Metric]) -> bool:
        """Remember the alarms on metrics for an evaluation; returns whether there are any."""
        place = self._of(scope)
        if not place.by_metric:
            return False
        touched = self._touched.setdefault((scope.account, scope.region), {})
        for metric in metrics:
            for name in place.by_metric.get(metric, ()):
                touched[name] = None
        return bool(touched)

    def take(self, scope: Scope, many: int) -> list[str]:
        """Some of those that were remembered; they are forgotten."""
        touched = self._touched.get((scope.account, scope.region), {})
        names = list(touched)[:many]
        for name in names:
            del touched[name]
        return names

    def waiting(self, scope: Scope) -> bool:
        """Whether there are more."""
        return bool(self._touched.get((scope.account, scope.region)))


def looked_at(settings: dict[str, Any]) -> set[Metric]:
    """The metrics that an alarm's settings name."""
    if "Metrics" not in settings:
        return {metric_in(settings)}
    return {metric_in(one["MetricStat"]["Metric"]) for one in settings["Metrics"] if "MetricStat" in one}


def metric_in(given: dict[str, Any]) -> Metric:
    """The metric that settings of an alarm, or a Metric shape, name."""
    dimensions = tuple(sorted({(one["Name"], one["Value"]) for one in given.get("Dimensions", [])}))
    return Metric(given["Namespace"], given["MetricName"], dimensions)


def _add(place: _Place, name: str, settings: dict[str, Any]) -> None:
    place.metrics[name] = looked_at(settings)
    for metric in place.metrics[name]:
        place.by_metric.setdefault(metric, set()).add(name)
    stats = [one["MetricStat"]["Period"] for one in settings.get("Metrics", []) if "MetricStat" in one]
    if min([settings.get("Period", 60), *stats]) < 60:
        place.fine.add(name)


def _remove(place: _Place, name: str) -> None:
    for metric in place.metrics.pop(name, ()):
        place.by_metric[metric].discard(name)
        if not place.by_metric[metric]:
            del place.by_metric[metric]
    place.fine.discard(name)
