"""ListMetrics and GetMetricStatistics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from pointsman.local.answers import Parameters, answers
from pointsman.local.cloudwatch import errors, intake, reading, table
from pointsman.local.cloudwatch.errors import combination, invalid, missing, wrong_value
from pointsman.local.cloudwatch.table import Metric
from pointsman.local.world import Scope
from pointsman.semantics.metrics import periods, statistics
from pointsman.semantics.metrics.series import Window

PAGE: Final = 500
MOST_DATAPOINTS: Final = 1440
MOST_STATISTICS: Final = 10


@answers("cloudwatch", "ListMetrics")
def list_metrics(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Metrics that had datapoints in the last two weeks, or three hours; each once, 500 a page."""
    recent = parameters.get("RecentlyActive")
    if recent not in (None, "PT3H"):
        errors.member(recent, "recentlyActive", ["PT3H"])
    owner = parameters.get("OwningAccount", scope.account)
    wanted = [(one["Name"], one.get("Value")) for one in parameters.get("Dimensions", [])]
    if len(wanted) > intake.MOST_DIMENSIONS:
        raise wrong_value(f"The collection Dimensions must not have a size greater than {intake.MOST_DIMENSIONS}.")
    after = errors.place(parameters.get("NextToken"), tuple[str, str, str])
    found: list[Metric] = []
    if owner == scope.account:
        found = table.metrics(
            scope,
            namespace=parameters.get("Namespace"),
            names=[parameters["MetricName"]] if "MetricName" in parameters else (),
            dimensions=wanted,
            since=periods.seconds(scope.now) - (3 * periods.HOUR if recent else periods.PAST),
            after=after,
            limit=PAGE + 1,
        )
    page = found[:PAGE]
    answer: dict[str, Any] = {"Metrics": [shape(metric) for metric in page]}
    if parameters.get("IncludeLinkedAccounts"):
        answer["OwningAccounts"] = [scope.account] * len(page)
    if len(found) > PAGE:
        last = page[-1]
        answer["NextToken"] = errors.token((last.namespace, last.name, last.key))
    return answer


def shape(metric: Metric) -> dict[str, Any]:
    """A metric in AWS's shape."""
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    return {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}


def of_shape(given: dict[str, Any]) -> Metric:
    """The metric that a shape of AWS's names.

    Raises:
        AwsError: MissingParameter, InvalidParameterValue.
    """
    for key in ("Namespace", "MetricName"):
        if not given.get(key):
            raise missing(f"The parameter {key} is required.")
    return Metric(given["Namespace"], given["MetricName"], intake.dimensions(given.get("Dimensions", [])))


def time(moment: datetime) -> int:
    """A parameter's time in seconds since 1970."""
    return periods.seconds(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


@answers("cloudwatch", "GetMetricStatistics")
def get_metric_statistics(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Statistics of one metric: a datapoint a period, and one for each unit when none is asked for."""
    metric = of_shape(parameters)
    period = parameters["Period"]
    if not periods.valid(period):
        raise wrong_value(f"The parameter Period must be {periods.WORDS}.")
    wanted = _statistics(parameters)
    start, end = time(parameters["StartTime"]), time(parameters["EndTime"])
    if start >= end:
        raise wrong_value("The parameter StartTime must be less than the parameter EndTime.")
    now = periods.seconds(scope.now)
    start = periods.floor(start, periods.range_alignment(start, period, now))
    end = periods.ceiling(end, min(period, 60))
    asked = (end - start) // period
    if asked > MOST_DATAPOINTS:
        raise combination(
            f"You have requested up to {asked} datapoints, which exceeds the limit of {MOST_DATAPOINTS}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    window = Window(periods.floor(start, period), end, period)
    made: dict[tuple[int, str], dict[str, Any]] = {}
    for unit in dict.fromkeys(its for _, its in table.series(scope, metric, parameters.get("Unit"))):
        for statistic in wanted:
            for at, value in reading.read(scope, metric, statistic, window, unit).points.items():
                point = made.setdefault((at, unit), {"Timestamp": datetime.fromtimestamp(at, UTC), "Unit": unit})
                if statistic.name in statistics.SIMPLE:
                    point[statistic.name] = value
                else:
                    point.setdefault("ExtendedStatistics", {})[statistic.name] = value
    return {"Label": metric.name, "Datapoints": list(made.values())}


def _statistics(parameters: Parameters) -> list[statistics.Statistic]:
    simple, extended = parameters.get("Statistics", []), parameters.get("ExtendedStatistics", [])
    if not simple and not extended:
        raise missing("Must specify either Statistics or ExtendedStatistics.")
    if len(extended) > MOST_STATISTICS:
        raise invalid(f"At most {MOST_STATISTICS} ExtendedStatistics can be asked for at a time.")
    for one in simple:
        errors.member(one, "statistics.1.member", statistics.SIMPLE)
    made = []
    for name in (*simple, *extended):
        found = statistics.parse(name)
        if found is None or (name in extended and name in statistics.SIMPLE):
            raise wrong_value(f"The value {name} for parameter ExtendedStatistics is not supported.")
        made.append(found)
    return made
