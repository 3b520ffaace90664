"""GetMetricData: the queries' values, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timezone
from functools import lru_cache
from typing import Any, Final

from msgspec.structs import replace

from pointsman.local.answers import Parameters, answers
from pointsman.local.cloudwatch import errors
from pointsman.local.cloudwatch.errors import invalid
from pointsman.local.cloudwatch.metrics import time
from pointsman.local.cloudwatch.queries import Evaluation, Query, judge
from pointsman.local.world import Scope
from pointsman.semantics.metrics import labels
from pointsman.semantics.metrics.math_tree import MathError, Selection
from pointsman.semantics.metrics.series import Series

MOST_QUERIES: Final = 500
MOST_DATAPOINTS: Final = 100_800

Place = tuple[int, int, int]
"""(query, series of it, datapoint of that): where a page begins."""


@answers("cloudwatch", "GetMetricData")
def get_metric_data(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Values of metrics and expressions, newest first unless asked otherwise.

    A page holds as many datapoints as MaxDatapoints allows; a series that goes on with the next page is PartialData.
    """
    given = parameters["MetricDataQueries"]
    if not 1 <= len(given) <= MOST_QUERIES:
        raise invalid(f"The collection MetricDataQueries must have a size from 1 to {MOST_QUERIES}")
    start, end = time(parameters["StartTime"]), time(parameters["EndTime"])
    if start >= end:
        raise invalid("The parameter EndTime must be greater than StartTime")
    room = parameters.get("MaxDatapoints", MOST_DATAPOINTS)
    if not 1 <= room <= MOST_DATAPOINTS:
        raise invalid(f"The parameter MaxDatapoints must be from 1 to {MOST_DATAPOINTS}")
    order = parameters.get("ScanBy", "TimestampDescending")
    errors.member(order, "scanBy", ["TimestampDescending", "TimestampAscending"])
    queries = judge(scope, given)
    if sum(isinstance(query.expression, Selection) for query in queries) > 1:
        raise invalid("The MetricDataQueries have at most one query of Metrics Insights")
    returned = [query for query in queries if query.returned]
    if not returned:
        raise invalid("At least one of the MetricDataQueries must have ReturnData set to true")
    try:
        zone = labels.zone(parameters.get("LabelOptions", {}).get("Timezone", "+0000"))
    except MathError as error:
        raise invalid(str(error)) from None
    page = _Page(scope, Evaluation(scope, queries, start, end), room, zone, descending=order == "TimestampDescending")
    first: Place = errors.place(parameters.get("NextToken"), Place) or (0, 0, 0)
    following = page.fill(returned, first)
    answer: dict[str, Any] = {"MetricDataResults": page.results, "Messages": []}
    if following is not None:
        answer["NextToken"] = errors.token(following)
    return answer


class _Page:
    """What a page holds so far."""

    def __init__(self, scope: Scope, evaluation: Evaluation, room: int, zone: timezone, *, descending: bool) -> None:
        self._scope, self._evaluation, self._room, self._zone = scope, evaluation, room, zone
        self._descending = descending
        self.results: list[dict[str, Any]] = []

    def fill(self, queries: Sequence[Query], first: Place) -> Place | None:
        """Add results from a place on; returns where the next page begins, or None."""
        names = _names(queries)
        for number in range(first[0], len(queries)):
            query = queries[number]
            many = self._evaluation.series(query)
            inner = _found_names(many) if len(many) > 1 else {}
            begin = first if number == first[0] else (number, 0, 0)
            for place in range(begin[1], len(many)):
                offset = begin[2] if place == begin[1] else 0
                if self._room <= 0:
                    return number, place, offset
                one = many[place]
                label = self._label(query, one, names.get(query.id, query.id), inner.get(place))
                rest = self._add(query, one, label, offset)
                if rest is not None:
                    return number, place, rest
            if not many:
                self._add(query, Series({}, query.period), query.label or query.id, 0)
        return None

    def _label(self, query: Query, one: Series, name: str, inner: str | None) -> str:
        if query.metric is not None:
            own = name
        elif inner is not None or one.metric:
            own = inner or one.label
        else:
            own = one.label or query.id
        if query.label is None:
            return own if inner is not None or query.metric is not None else query.id
        if labels.dynamic(query.label):
            try:
                return labels.fill(query.label, replace(one, label=own), self._scope.now, self._zone)
            except MathError as error:
                raise invalid(str(error)) from None
        return f"{query.label} {own}".strip() if inner is not None else query.label

    def _add(self, query: Query, one: Series, label: str, offset: int) -> int | None:
        """Add a series from a datapoint on; returns the datapoint the next page begins with, or None."""
        times = list(one.points)
        values = list(one.points.values())
        if self._descending:
            times.reverse()
            values.reverse()
        until = offset + self._room
        partial = len(times) > until
        if offset or partial:
            times, values = times[offset:until], values[offset:until]
        self._room -= len(times)
        result: dict[str, Any] = {
            "Id": query.id,
            "Label": label,
            "Timestamps": [*map(_moment, times)],
            "Values": values,
            "StatusCode": "PartialData" if partial else "Complete",
        }
        if messages := self._evaluation.messages.get(query.id):
            result["Messages"] = messages
        self.results.append(result)
        return until if partial else None


@lru_cache(maxsize=16_384)
def _moment(time_: int) -> datetime:
    return datetime.fromtimestamp(time_, UTC)


def _names(queries: Sequence[Query]) -> dict[str, str]:
    """What metrics without a label are called: their name, and what sets them apart when they share it."""
    metrics = [query for query in queries if query.metric is not None and query.label is None]
    parts = {}
    for query in metrics:
        assert query.metric is not None
        assert query.statistic is not None
        parts[query.id] = (
            query.metric.name,
            query.metric.namespace,
            " ".join(value for _, value in query.metric.dimensions),
            query.statistic.name,
            str(query.period),
        )
    return _apart(parts)


def _found_names(found: Sequence[Series]) -> dict[int, str]:
    """The same for the series that one expression comes to."""
    parts = {}
    for place, one in enumerate(found):
        facts = one.facts
        values = " ".join(value for key, value in facts.items() if key.startswith("Dim."))
        parts[place] = (one.label, facts.get("Namespace", ""), values, facts.get("Stat", ""), facts.get("Period", ""))
    return _apart(parts)


def _apart(parts: dict[Any, tuple[str, str, str, str, str]]) -> dict[Any, str]:
    by_name: dict[str, list[Any]] = {}
    for key, part in parts.items():
        by_name.setdefault(part[0], []).append(key)
    made = {}
    for name, keys in by_name.items():
        differ = [place for place in range(1, 5) if len({parts[key][place] for key in keys}) > 1]
        for key in keys:
            made[key] = " ".join([name, *(parts[key][place] for place in differ if parts[key][place])])
    return made
