"""What the settings of an alarm must be."""

from __future__ import annotations

from typing import Any, Final

from pointsman.local.answers import Parameters
from pointsman.local.cloudwatch import errors, intake, queries
from pointsman.local.cloudwatch.errors import combination, invalid, missing, not_built
from pointsman.local.world import Scope
from pointsman.semantics.metrics import insights, math_tree, periods, statistics
from pointsman.semantics.metrics.alarm_evaluation import BANDS, OPERATORS, TREATMENTS

MOST_ACTIONS: Final = 5
MOST_METRICS: Final = 10
_METRIC: Final = ("MetricName", "Namespace", "Period")
_SINGLE: Final = (*_METRIC, "Dimensions", "Statistic", "ExtendedStatistic", "Unit")
_UNBUILT: Final = {
    "EvaluationCriteria": "Alarms on PromQL queries",
    "EvaluationInterval": "Alarms on PromQL queries",
    "EvaluationWindow": "Evaluation windows of alarms",
    "WarmUpConfiguration": "Warm-up configurations of alarms",
    "ActionConfiguration": "Action configurations of alarms",
}


def name(given: str) -> None:
    """Refuse an alarm's name that cannot be."""
    if not 1 <= len(given) <= 255:
        raise invalid("An alarm's name has 1 to 255 characters")
    if any(ord(letter) < 32 for letter in given):
        raise invalid("An alarm's name has no control characters")


def common(given: Parameters) -> None:
    """Refuse what no alarm of either kind can have."""
    for key, what in _UNBUILT.items():
        if given.get(key):
            raise not_built(what)
    for key in ("OKActions", "AlarmActions", "InsufficientDataActions"):
        actions = given.get(key, [])
        if len(actions) > MOST_ACTIONS:
            raise invalid(f"The collection {key} must not have a size greater than {MOST_ACTIONS}")
        for action in actions:
            if not action.startswith("arn:") or action.count(":") < 5:
                raise invalid(f"Invalid arn syntax: {action}")
        if len(set(actions)) < len(actions):
            raise invalid(f"The collection {key} must not name an action twice")
    if len(given.get("AlarmDescription", "")) > 1024:
        raise invalid("The parameter AlarmDescription must have at most 1024 characters")


def metric_alarm(scope: Scope, given: Parameters) -> None:
    """Refuse settings of a metric alarm that cannot be.

    Raises:
        AwsError: ValidationError, InvalidParameterCombination, NotImplemented.
    """
    common(given)
    for key in ("EvaluationPeriods", "ComparisonOperator"):
        if key not in given:
            raise invalid(f"The parameter {key} is required")
    operator = given["ComparisonOperator"]
    errors.member(operator, "comparisonOperator", [*OPERATORS, *BANDS])
    if given["EvaluationPeriods"] < 1:
        raise invalid("EvaluationPeriods is 1 or more")
    if ("Threshold" in given) == ("ThresholdMetricId" in given):
        raise combination("Give Threshold or ThresholdMetricId")
    if ("ThresholdMetricId" in given) != (operator in BANDS):
        raise combination(f"The comparison {operator} does not go with {_given_threshold(given)}")
    if "Threshold" in given and not abs(given["Threshold"]) <= intake.LIMIT:
        raise invalid("Threshold must be a number between -2^360 and 2^360")
    if not 1 <= given.get("DatapointsToAlarm", 1) <= given["EvaluationPeriods"]:
        raise invalid("DatapointsToAlarm is from 1 to EvaluationPeriods")
    if "TreatMissingData" in given and given["TreatMissingData"] not in TREATMENTS:
        raise invalid(f"TreatMissingData is one of {', '.join(TREATMENTS)}")
    period = _math(scope, given) if "Metrics" in given else _single(given)
    reach = period * given["EvaluationPeriods"]
    most = 7 * periods.DAY if period >= periods.HOUR else periods.DAY
    if reach > most:
        raise invalid(
            f"Metrics cannot be checked across more than {'seven days' if most > periods.DAY else 'a day'} "
            "(EvaluationPeriods * Period must be <= "
            f"{most})."
        )


def _given_threshold(given: Parameters) -> str:
    return "Threshold" if "Threshold" in given else "ThresholdMetricId"


def _single(given: Parameters) -> int:
    absent = [key for key in _METRIC if key not in given]
    if absent:
        raise invalid(f"The parameter {absent[0]} is required for an alarm on a single metric")
    if "ThresholdMetricId" in given:
        raise combination("ThresholdMetricId needs Metrics")
    if ("Statistic" in given) == ("ExtendedStatistic" in given):
        raise combination("Give Statistic or ExtendedStatistic")
    if "Statistic" in given:
        errors.member(given["Statistic"], "statistic", statistics.SIMPLE)
    else:
        found = statistics.parse(given["ExtendedStatistic"])
        if found is None or found.simple:
            raise invalid(f"The value {given['ExtendedStatistic']} for parameter ExtendedStatistic is invalid.")
    if "Unit" in given:
        errors.member(given["Unit"], "unit", intake.UNITS)
    evaluate = given.get("EvaluateLowSampleCountPercentile", "evaluate")
    if evaluate not in ("evaluate", "ignore"):
        raise invalid("EvaluateLowSampleCountPercentile is evaluate or ignore")
    intake.dimensions(given.get("Dimensions", []))
    return _period(given["Period"])


def _period(period: int) -> int:
    if period not in (10, 20, 30) and (period < 60 or period % 60):
        raise invalid(f"The Period is 10, 20, 30 or a multiple of 60 seconds, not {period}")
    return period


def _math(scope: Scope, given: Parameters) -> int:
    if any(key in given for key in _SINGLE):
        raise combination("Metrics and the parameters of a single metric exclude each other")
    judged = queries.judge(scope, given["Metrics"])
    metrics = [query for query in judged if query.metric is not None]
    selected = [query for query in judged if isinstance(query.expression, math_tree.Selection)]
    if not metrics and not selected:
        raise missing("The Metrics of an alarm must have a MetricStat at least")
    _check_selected(selected)
    if len(metrics) > MOST_METRICS:
        raise invalid(f"An alarm has at most {MOST_METRICS} metrics")
    band = given.get("ThresholdMetricId")
    if band is not None:
        _check_band(judged, band)
    watched = [query for query in judged if query.returned and query.id != band]
    if len(watched) != 1:
        raise invalid("Exactly one element of the metrics list should return data.")
    for query in judged:
        if query.expression is not None and "SEARCH" in math_tree.calls(query.expression):
            raise invalid("SEARCH is not supported on Metric Alarms.")
    sources = metrics + selected
    if len({query.period for query in sources}) > 1:
        raise invalid("The metrics of an alarm have the same Period")
    return _period(sources[0].period)


def _check_selected(selected: list[queries.Query]) -> None:
    if len(selected) > 1:
        raise invalid("An alarm has at most one query of Metrics Insights")
    for query in selected:
        assert isinstance(query.expression, math_tree.Selection)
        if insights.read(query.expression.text).group:
            raise not_built("Alarms on Metrics Insights queries with GROUP BY")


def _check_band(judged: list[queries.Query], band: str) -> None:
    found: Any = next((query.expression for query in judged if query.id == band), None)
    if not isinstance(found, math_tree.Call) or found.name != "ANOMALY_DETECTION_BAND":
        raise invalid(f"ThresholdMetricId must be the id of an ANOMALY_DETECTION_BAND, not {band}")
