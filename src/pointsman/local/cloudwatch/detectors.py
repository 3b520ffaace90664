"""Anomaly detectors: remembered and described. The model behind a band is trained for whoever asks for one."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.cloudwatch import bands, errors, metrics
from pointsman.local.cloudwatch.errors import combination, missing, not_built, wrong_value
from pointsman.local.cloudwatch.table import Metric
from pointsman.local.world import Scope
from pointsman.semantics.metrics import statistics
from pointsman.semantics.metrics.anomaly import SLOT

PAGE: Final = 100
_OLD: Final = ("Namespace", "MetricName", "Dimensions", "Stat")


class Detector(msgspec.Struct, frozen=True):
    """A detector of one metric's anomalies; key: its id."""

    id: str
    metric: dict[str, Any]
    """Namespace, MetricName and Dimensions, in AWS's shape."""
    stat: str
    configuration: dict[str, Any] = {}
    characteristics: dict[str, Any] = {}


def _wanted(parameters: Parameters) -> tuple[Metric, str]:
    if "MetricMathAnomalyDetector" in parameters:
        raise not_built("Anomaly detectors of metric math")
    single = parameters.get("SingleMetricAnomalyDetector")
    if single is not None and any(key in parameters for key in _OLD):
        raise combination("SingleMetricAnomalyDetector excludes Namespace, MetricName, Dimensions and Stat")
    given = single if single is not None else parameters
    if not given.get("Stat"):
        raise missing("The parameter Stat is required.")
    if statistics.parse(given["Stat"]) is None:
        raise wrong_value(f"The value {given['Stat']} for parameter Stat is invalid.")
    return metrics.of_shape(given), given["Stat"]


def _id(metric: Metric, stat: str) -> str:
    text = json.dumps([metric.namespace, metric.name, metric.dimensions, stat])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@answers("cloudwatch", "PutAnomalyDetector")
def put_anomaly_detector(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a detector, or change its configuration."""
    metric, stat = _wanted(parameters)
    if parameters.get("Configuration", {}).get("ExcludedTimeRanges"):
        raise not_built("Excluded time ranges of anomaly detectors")
    made = Detector(
        _id(metric, stat),
        metrics.shape(metric),
        stat,
        parameters.get("Configuration", {}),
        parameters.get("MetricCharacteristics", {}),
    )
    scope.put(made.id, made)
    return {"AnomalyDetectorId": made.id}


@answers("cloudwatch", "DeleteAnomalyDetector")
def delete_anomaly_detector(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a detector by its id, or by its metric and statistic."""
    id_ = parameters.get("AnomalyDetectorId") or _id(*_wanted(parameters))
    if not scope.delete(Detector, id_):
        raise AwsError("ResourceNotFoundException", "There is no such anomaly detector", 404)
    return {}


@answers("cloudwatch", "DescribeAnomalyDetectors")
def describe_anomaly_detectors(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Detectors by id, or by what their metrics are called."""
    ids = set(parameters.get("AnomalyDetectorIds", []))
    if parameters.get("AnomalyDetectorTypes", ["SINGLE_METRIC"]) == ["METRIC_MATH"]:
        return {"AnomalyDetectors": []}
    limit = parameters.get("MaxResults", PAGE)
    after = errors.place(parameters.get("NextToken"), str)
    found = []
    for _, one in scope.scan(Detector, after=after):
        if (not ids or one.id in ids) and _fits(one, parameters):
            found.append(one)
        if len(found) > limit:
            break
    answer: dict[str, Any] = {"AnomalyDetectors": [_shape(scope, one) for one in found[:limit]]}
    if len(found) > limit:
        answer["NextToken"] = errors.token(found[limit - 1].id)
    return answer


def _fits(one: Detector, asked: Parameters) -> bool:
    if any(asked.get(key, one.metric[key]) != one.metric[key] for key in ("Namespace", "MetricName")):
        return False
    return all(dimension in one.metric["Dimensions"] for dimension in asked.get("Dimensions", []))


def _shape(scope: Scope, one: Detector) -> dict[str, Any]:
    statistic = statistics.parse(one.stat)
    assert statistic is not None
    trained = bands.model(scope, metrics.of_shape(one.metric), statistic, SLOT, None) is not None
    made: dict[str, Any] = {
        "AnomalyDetectorId": one.id,
        **one.metric,
        "Stat": one.stat,
        "StateValue": "TRAINED" if trained else "PENDING_TRAINING",
        "SingleMetricAnomalyDetector": {**one.metric, "Stat": one.stat},
    }
    if one.configuration:
        made["Configuration"] = one.configuration
    if one.characteristics:
        made["MetricCharacteristics"] = one.characteristics
    return made
