"""PutMetricData: datapoints judged and kept."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pointsman.local.answers import Parameters, answers
from pointsman.local.cloudwatch import table
from pointsman.local.cloudwatch.errors import combination, member, missing, not_built, wrong_value
from pointsman.local.cloudwatch.table import Metric, Row
from pointsman.local.world import Scope
from pointsman.semantics.metrics import periods

MOST: Final = 1000
"""Datapoints in a call."""
MOST_VALUES: Final = 150
MOST_DIMENSIONS: Final = 30
LIMIT: Final = 2.0**360

DATA: Final = "cloudwatch.data"
"""Emitted when datapoints came in: ``metrics``, a list of ``Metric``."""

_RATES = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes")
_BITS = ("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits")
UNITS: Final = (
    *("Seconds", "Microseconds", "Milliseconds"),
    *_RATES,
    *_BITS,
    *("Percent", "Count"),
    *(f"{unit}/Second" for unit in (*_RATES, *_BITS, "Count")),
    "None",
)

Datum = Mapping[str, Any]
"""A MetricDatum in AWS's shape."""


@answers("cloudwatch", "PutMetricData")
def put_metric_data(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keep datapoints; all of a call, or none."""
    namespace = parameters["Namespace"]
    if parameters.get("EntityMetricData"):
        raise not_built("Metrics of entities (EntityMetricData)")
    data = parameters.get("MetricData", [])
    if not data:
        raise missing("The parameter MetricData is required.")
    if len(data) > MOST:
        raise wrong_value(f"The collection MetricData must not have a size greater than {MOST}.")
    if namespace.startswith("AWS/"):
        raise wrong_value(f"The value {namespace} for parameter Namespace is invalid.")
    _check_name(namespace, "Namespace")
    keep(scope, namespace, data)
    return {}


def publish(
    scope: Scope, namespace: str, figures: Mapping[str, tuple[float, str]], *identities: Mapping[str, str]
) -> None:
    """Keep datapoints of the backend's own: the ``AWS/…`` metrics of its engines, now.

    Args:
        scope: Whose.
        namespace: ``AWS/CodeBuild``.
        figures: (value, unit) by the metric's name.
        identities: The dimensions of each metric that gets them.
    """
    data = [
        {
            "MetricName": name,
            "Value": value,
            "Unit": unit,
            "Dimensions": [{"Name": key, "Value": its} for key, its in dimensions_.items()],
        }
        for dimensions_ in identities
        for name, (value, unit) in figures.items()
    ]
    keep(scope, namespace, data)


def keep(scope: Scope, namespace: str, data: Sequence[Datum]) -> None:
    """Judge datapoints and keep them.

    Raises:
        AwsError: InvalidParameterValue, InvalidParameterCombination, MissingParameter.
    """
    now = scope.now.timestamp()
    rows: list[Row] = []
    touched: dict[Metric, None] = {}
    identities: dict[tuple[Any, ...], Metric] = {}
    for number, datum in enumerate(data, 1):
        path = f"MetricData.member.{number}"
        given = datum.get("Dimensions", ())
        key = (datum["MetricName"], *((one["Name"], one["Value"]) for one in given))
        metric = identities.get(key)
        if metric is None:
            metric = identities[key] = _metric(namespace, datum["MetricName"], given, path)
        unit = datum.get("Unit", "None")
        if unit not in UNITS:
            member(unit, f"metricData.{number}.member.unit", UNITS)
        resolution = datum.get("StorageResolution", 60)
        if resolution not in (1, 60):
            raise wrong_value(f"The parameter {path}.StorageResolution must be 1 or 60.")
        time = _time(datum.get("Timestamp"), now, path)
        width = periods.width(now - time, resolution)
        sample = _sample(datum, path)
        id_ = table.ids(scope, metric, unit, time, fine=width < 60)
        rows.append((id_, time - time % width, width, *sample))
        touched[metric] = None
    table.put(scope, rows)
    scope.emit(DATA, {"metrics": list(touched)})


def _metric(namespace: str, name: str, given: Sequence[Mapping[str, str]], path: str) -> Metric:
    _check_name(name, f"{path}.MetricName")
    return Metric(namespace, name, dimensions(given, f"{path}.Dimensions"))


def dimensions(given: Sequence[Mapping[str, str]], path: str = "Dimensions") -> table.Dimensions:
    """Dimensions in AWS's shape as a metric has them.

    Raises:
        AwsError: InvalidParameterValue.
    """
    if not given:
        return ()
    if len(given) > MOST_DIMENSIONS:
        raise wrong_value(f"The collection {path} must not have a size greater than {MOST_DIMENSIONS}.")
    for number, one in enumerate(given, 1):
        _check_name(one["Name"], f"{path}.member.{number}.Name")
        if one["Name"].startswith(":"):
            raise wrong_value(f"The value {one['Name']} for parameter {path}.member.{number}.Name is invalid.")
        if not 1 <= len(one["Value"]) <= 1024 or not one["Value"].strip():
            raise wrong_value(f"The parameter {path}.member.{number}.Value must have 1 to 1024 characters.")
    return tuple(sorted({(one["Name"], one["Value"]) for one in given}))


def _check_name(text: str, path: str) -> None:
    if not 1 <= len(text) <= 255 or not text.strip():
        raise wrong_value(f"The parameter {path} must have 1 to 255 characters.")
    if any(ord(letter) < 32 for letter in text):
        raise wrong_value(f"The parameter {path} must not have control characters.")


def _time(given: datetime | None, now: float, path: str) -> int:
    if given is None:
        return int(now)
    moment = given if given.tzinfo is not None else given.replace(tzinfo=UTC)
    time = moment.timestamp()
    if time < now - periods.PAST:
        raise wrong_value(f"The parameter {path}.Timestamp must specify a time within the past two weeks.")
    if time > now + periods.AHEAD:
        raise wrong_value(f"The parameter {path}.Timestamp must specify a time no more than two hours in the future.")
    return int(time // 1)


Sample = tuple[float, float, float, float, bytes | None]
"""(count, sum, low, high, spread)."""


def _sample(datum: Datum, path: str) -> Sample:
    values, single, statistics = datum.get("Values"), datum.get("Value"), datum.get("StatisticValues")
    if single is not None:
        if values:
            raise wrong_value(
                f"The parameters {path}.Value and {path}.Values are mutually exclusive and you have specified both."
            )
        if statistics is not None:
            raise combination(
                f"The parameters {path}.Value and {path}.StatisticValues are mutually exclusive "
                "and you have specified both."
            )
        value = _number(single, f"{path}.Value")
        return 1.0, value, value, value, None
    if values:
        return _spread(values, datum.get("Counts"), path)
    if statistics is None:
        raise missing(
            f"At least one of the parameters {path}.Value, {path}.Values and {path}.StatisticValues must be specified."
        )
    return _set(statistics, f"{path}.StatisticValues")


def _spread(values: Sequence[float], counts: Sequence[float] | None, path: str) -> Sample:
    if len(values) > MOST_VALUES:
        raise wrong_value(f"The collection {path}.Values must not have a size greater than {MOST_VALUES}.")
    if counts is None:
        weights = array("d", [1.0]) * len(values)
    elif len(counts) != len(values):
        raise wrong_value(f"The parameters {path}.Values and {path}.Counts must be of the same size.")
    else:
        weights = array("d", counts)
        if not all(0 <= weight < LIMIT for weight in weights):
            raise wrong_value(f"The parameter {path}.Counts must have numbers from 0 up.")
    numbers = array("d", values)
    low, high = min(numbers), max(numbers)
    if not (-LIMIT <= low <= high <= LIMIT) or any(map(math.isnan, numbers)):
        for number, value in enumerate(numbers, 1):
            _number(value, f"{path}.Values.member.{number}")
    total = sum(weights)
    if not total:
        raise wrong_value(f"The parameter {path}.Counts must have a number above 0.")
    sum_ = math.fsum(value * weight for value, weight in zip(numbers, weights, strict=True))
    if low == high:
        return total, sum_, low, high, None
    pairs = array("d", bytes(16 * len(numbers)))
    pairs[::2], pairs[1::2] = numbers, weights
    return total, sum_, low, high, pairs.tobytes()


def _set(given: Mapping[str, float], path: str) -> Sample:
    count, sum_, low, high = (
        _number(given[key], f"{path}.{key}") for key in ("SampleCount", "Sum", "Minimum", "Maximum")
    )
    if count <= 0:
        raise wrong_value(f"The parameter {path}.SampleCount must be greater than 0.")
    if low > high:
        raise combination(f"The parameter {path}.Maximum must be greater than or equal to {path}.Minimum.")
    known = low == high and math.isclose(sum_, low * count, rel_tol=1e-9, abs_tol=1e-12)
    return count, sum_, low, high, None if known else table.UNKNOWN


def _number(value: float, path: str) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise wrong_value(f"The value {number} for parameter {path} is invalid.")
    if abs(number) > LIMIT:
        raise wrong_value(f"The value {number} for parameter {path} must be between -2^360 and 2^360.")
    return number
