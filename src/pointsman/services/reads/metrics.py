"""CloudWatch's answers about metrics -> the model. Every member may be missing; an unknown word is kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from pointsman.model.metrics import MetricQuery, Series, Threshold
from pointsman.model.refs import MetricRef
from pointsman.services.reads.values import Answer, part, parts, text, when, whole

__all__ = ["listed", "merged", "messages", "requests", "results", "thresholds", "unit"]


def _ref(source: Any) -> MetricRef | None:
    namespace, name = text(source, "Namespace"), text(source, "MetricName")
    if not namespace or not name:
        return None
    found = ((text(one, "Name"), text(one, "Value")) for one in parts(source, "Dimensions"))
    return MetricRef(namespace, name, tuple(sorted(one for one in found if one[0])))


def listed(page: Answer) -> tuple[MetricRef, ...]:
    """ListMetrics, one page."""
    return tuple(ref for one in parts(page, "Metrics") if (ref := _ref(one)) is not None)


def requests(queries: Sequence[MetricQuery], period: int) -> list[dict[str, Any]]:
    """What GetMetricData is asked: ``m1``, ``m2`` … are the metrics, ``e1``, ``e2`` … the expressions, in order."""
    asked: list[dict[str, Any]] = []
    metrics = expressions = 0
    for query in queries:
        if query.ref is None:
            expressions += 1
            asked.append({"Id": f"e{expressions}", "Expression": query.expression, "Period": period})
            continue
        metrics += 1
        metric = {
            "Namespace": query.ref.namespace,
            "MetricName": query.ref.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in query.ref.dimensions],
        }
        asked.append({"Id": f"m{metrics}", "MetricStat": {"Metric": metric, "Period": period, "Stat": query.stat}})
    return asked


def results(page: Answer) -> list[tuple[str, Series]]:
    """GetMetricData, one page: (id, what came of it so far); the query is the caller's to fill in."""
    nobody = MetricQuery(None)
    found = []
    for one in parts(page, "MetricDataResults"):
        points: dict[float, float] = {}
        for at, value in zip(parts(one, "Timestamps"), parts(one, "Values"), strict=False):
            moment = when({"at": at}, "at")
            number = _number(value)
            if moment is not None and number is not None:
                points[moment.timestamp()] = number
        times = tuple(sorted(points))
        said = "; ".join(text(message, "Value") or text(message, "Code") for message in parts(one, "Messages"))
        status = text(one, "StatusCode")
        wrong = status in ("InternalError", "Forbidden")
        series = Series(
            nobody,
            text(one, "Label"),
            times,
            tuple(points[time] for time in times),
            status == "PartialData",
            (said or status) if wrong else "",
        )
        found.append((text(one, "Id"), series))
    return found


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if not math.isnan(number) else None


def merged(before: Series | None, page: Series) -> Series:
    """A series after one more page of it."""
    if before is None:
        return page
    points = dict(zip(before.times, before.values, strict=True)) | dict(zip(page.times, page.values, strict=True))
    times = tuple(sorted(points))
    values = tuple(points[time] for time in times)
    return replace(page, times=times, values=values, label=page.label or before.label)


def messages(page: Answer) -> tuple[str, ...]:
    """What CloudWatch says about the whole of an answer."""
    return tuple(said for one in parts(page, "Messages") if (said := text(one, "Value") or text(one, "Code")))


def unit(answer: Answer) -> str:
    """GetMetricStatistics: the unit of its datapoints; empty when there are none, or they have none."""
    units = [text(one, "Unit") for one in parts(answer, "Datapoints")]
    return next((one for one in units if one and one != "None"), "")


def thresholds(page: Answer) -> tuple[Threshold, ...]:
    """DescribeAlarms, one page: what alarms on a single metric hold it against."""
    found = []
    for one in parts(page, "MetricAlarms"):
        ref, limit = _ref(one) or _inner(one), _number(one.get("Threshold")) if isinstance(one, dict) else None
        if ref is None or limit is None:
            continue
        found.append(
            Threshold(
                text(one, "AlarmName"),
                ref,
                text(one, "ComparisonOperator"),
                limit,
                text(one, "StateValue"),
                text(one, "Statistic") or text(one, "ExtendedStatistic"),
                whole(one, "Period") or 60,
            )
        )
    return tuple(found)


def _inner(alarm: Any) -> MetricRef | None:
    """The metric of an alarm whose only query is that metric."""
    queries = parts(alarm, "Metrics")
    return _ref(part(part(queries[0], "MetricStat"), "Metric")) if len(queries) == 1 else None
