"""Metric data queries: judged, and evaluated over a window. GetMetricData and alarms ask through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from pointsman.local.answers import AwsError
from pointsman.local.cloudwatch import bands, reading, table
from pointsman.local.cloudwatch.errors import invalid, not_built
from pointsman.local.cloudwatch.metrics import of_shape
from pointsman.local.cloudwatch.table import Metric
from pointsman.local.world import Scope
from pointsman.semantics.metrics import insights, math, math_tree, periods, search, statistics
from pointsman.semantics.metrics.anomaly import Model
from pointsman.semantics.metrics.math import Value
from pointsman.semantics.metrics.math_tree import MathError, Node
from pointsman.semantics.metrics.search import Search
from pointsman.semantics.metrics.series import Series, Window, finite
from pointsman.semantics.metrics.statistics import Statistic

LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZ")
DEFAULT: Final = 60
"""The period of an expression that looks at no metric and names none, in seconds."""


class Query(Struct, frozen=True):
    """A MetricDataQuery that was judged."""

    id: str
    period: int
    label: str | None
    returned: bool
    metric: Metric | None = None
    statistic: Statistic | None = None
    unit: str | None = None
    expression: Node | None = None


def judge(scope: Scope, given: Sequence[dict[str, Any]]) -> list[Query]:
    """Queries as given, judged.

    Raises:
        AwsError: ValidationError with the query's id; NotImplemented.
    """
    queries: dict[str, Query] = {}
    for one in given:
        query = _judged(scope, one)
        if query.id in queries:
            raise invalid(f"The id {query.id} is given to more than one of the MetricDataQueries")
        queries[query.id] = query
    for query in queries.values():
        if query.expression is not None:
            _check_names(query, queries)
    judged = {query.id: _with_period(query, queries) for query in queries.values()}
    _check_bands(judged)
    return list(judged.values())


def _judged(scope: Scope, one: dict[str, Any]) -> Query:
    id_ = one["Id"]
    if not id_[0].islower() or not set(id_) <= LETTERS or len(id_) > 255:
        raise invalid(
            f"The value {id_!r} for parameter MetricDataQueries.member.Id is invalid: it begins with a lower-case "
            "letter and has letters, digits and underscores"
        )
    if one.get("AccountId", scope.account) != scope.account:
        raise not_built("Metrics of other accounts (AccountId)")
    if ("MetricStat" in one) == ("Expression" in one):
        raise invalid(f"The query {id_} must have exactly one of MetricStat and Expression")
    label, returned = one.get("Label"), one.get("ReturnData", True)
    if "Expression" in one:
        period = one.get("Period", 0)
        if period and not periods.valid(period):
            raise invalid(f"The Period of the query {id_} must be {periods.WORDS}")
        return Query(id_, period, label, returned, expression=expression(id_, one["Expression"]))
    stat = one["MetricStat"]
    statistic = statistics.parse(stat["Stat"])
    if statistic is None:
        raise invalid(f"The value {stat['Stat']} for parameter Stat of the query {id_} is not a statistic")
    if not periods.valid(stat["Period"]):
        raise invalid(f"The Period of the query {id_} must be {periods.WORDS}")
    metric = of_shape(stat["Metric"])
    return Query(id_, stat["Period"], label, returned, metric, statistic, stat.get("Unit"))


def expression(id_: str, text: str) -> Node:
    """An expression as a tree.

    Raises:
        AwsError: ValidationError, or NotImplemented.
    """
    from pointsman.semantics.metrics import math_functions, math_grammar

    try:
        node = math_grammar.read(text)
        for name in math_tree.calls(node):
            if name in math_functions.MISSING:
                raise math_functions.not_built(name)
    except MathError as error:
        raise refused(id_, error) from None
    return node


def refused(id_: str, error: MathError) -> AwsError:
    """The refusal of an expression."""
    if isinstance(error, math_tree.NotBuilt):
        return AwsError("NotImplemented", f"{error}", 501)
    return invalid(f"Error in expression '{id_}': {error}")


def _check_names(query: Query, queries: dict[str, Query]) -> None:
    """Refuse names that are not there, and expressions that look at themselves."""
    waiting, seen = [query], set()
    while waiting:
        one = waiting.pop()
        if one.expression is None:
            continue
        for name in math_tree.names(one.expression):
            if name == query.id:
                raise invalid(f"Error in expression '{query.id}': it refers to itself")
            if name not in queries:
                raise invalid(f"Error in expression '{one.id}': there is no query with the id {name}")
            if name not in seen:
                seen.add(name)
                waiting.append(queries[name])


def _with_period(query: Query, queries: dict[str, Query]) -> Query:
    if query.period:
        return query
    waiting, seen, found = [query], {query.id}, 0
    while waiting:
        one = waiting.pop()
        found = max(found, one.period)
        if one.expression is not None:
            named = math_tree.names(one.expression)
            if "METRICS" in math_tree.calls(one.expression):
                named |= {name for name, other in queries.items() if other.metric is not None}
            waiting += [queries[name] for name in named - seen]
            seen |= named
    return replace(query, period=found or DEFAULT)


def _needed(query: Query, queries: Mapping[str, Query]) -> list[Query]:
    """A query and all it names, each behind what it names: a chain of expressions may be as long as a request."""
    order: dict[str, Query] = {}
    waiting = [(query, False)]
    while waiting:
        one, ready = waiting.pop()
        if ready:
            order[one.id] = one
        elif one.id not in order:
            waiting.append((one, True))
            if one.expression is not None:
                named = sorted(math_tree.names(one.expression))
                waiting += [(queries[name], False) for name in named if name in queries]
    return list(order.values())


def _check_bands(queries: Mapping[str, Query]) -> None:
    """Refuse bands of expressions that have none."""
    for query in queries.values():
        for call in math_tree.walk(query.expression) if query.expression is not None else ():
            if not isinstance(call, math_tree.Call) or call.name != bands.BAND or not call.arguments:
                continue
            if not _is_metric(call.arguments[0], queries):
                said = bands.refusal(_needed(query, queries))
                if said is not None:
                    raise invalid(f"Error in expression '{query.id}': {said}")


def _is_metric(node: Node, queries: Mapping[str, Query]) -> bool:
    one = queries.get(node.name) if isinstance(node, math_tree.Name) else None
    return one is not None and one.metric is not None


class Evaluation:
    """Queries over one window, each evaluated once and only when somebody looks at it.

    Args:
        scope: Whose.
        queries: What ``judge`` made of them.
        start: Seconds since 1970.
        end: Seconds since 1970, exclusive.
        origin: Periods begin at this time instead of at multiples of themselves since 1970.
    """

    def __init__(self, scope: Scope, queries: Sequence[Query], start: int, end: int, origin: int = 0) -> None:
        self._scope = scope
        self._queries = {query.id: query for query in queries}
        self._start, self._end, self._origin = start, end, origin
        self._values: dict[str, Value] = {}
        self.messages: dict[str, list[dict[str, str]]] = {}
        """What is to be said beside a query's values."""

    def value(self, query: Query) -> Value:
        """What a query comes to.

        Raises:
            AwsError: ValidationError: an expression that cannot be evaluated.
        """
        if query.id not in self._values:
            for one in _needed(query, self._queries):
                if one.id not in self._values:
                    self._values[one.id] = self._metric(one) if one.expression is None else self._math(one)
        return self._values[query.id]

    def series(self, query: Query) -> list[Series]:
        """The series a query comes to.

        Raises:
            AwsError: ValidationError: it comes to a number.
        """
        value = self.value(query)
        if isinstance(value, float):
            raise invalid(f"Error in expression '{query.id}': it comes to a number, not to a time series")
        return value if isinstance(value, list) else [value]

    def _metric(self, query: Query) -> Series:
        assert query.metric is not None
        assert query.statistic is not None
        return self._read(query.id, query.metric, query.statistic, query.period, query.unit)

    def _read(self, id_: str, metric: Metric, statistic: Statistic, period: int, unit: str | None) -> Series:
        found = reading.read(self._scope, metric, statistic, self._window(period), unit)
        if len(found.units) > 1:
            words = f"Multiple units returned: '[{', '.join(found.units)}]'"
            self.messages.setdefault(id_, []).append({"Code": "MultipleUnits", "Value": words})
        return Series(
            found.points, period, id_, metric.name, metric=True, facts=self._facts(id_, metric, statistic, period)
        )

    def _facts(self, id_: str, metric: Metric, statistic: Statistic, period: int) -> dict[str, str]:
        facts = {
            "AccountId": self._scope.account,
            "MetricId": id_,
            "MetricName": metric.name,
            "Namespace": metric.namespace,
            "Period": str(period),
            "Region": self._scope.region,
            "Stat": statistic.name,
        }
        return facts | {f"Dim.{name}": value for name, value in metric.dimensions}

    def _window(self, period: int) -> Window:
        return Window(periods.floor(self._start, period, self._origin), self._end, period)

    def _math(self, query: Query) -> Value:
        assert query.expression is not None
        try:
            return math.evaluate(query.expression, _Request(self, query, self._window(query.period)))
        except MathError as error:
            raise refused(query.id, error) from None

    def metrics(self) -> list[Series]:
        """Every metric among the queries."""
        return [
            replace(one, id=query.id)
            for query in self._queries.values()
            if query.metric is not None and isinstance(one := self.value(query), Series)
        ]

    def named(self, name: str) -> Value:
        """The value of a query by its id; MathError when there is none."""
        query = self._queries.get(name)
        if query is None:
            raise MathError(f"there is no {name}")
        return self.value(query)

    def search(self, query: Query, text: str, stat: str, period: int) -> list[Series]:
        """What a SEARCH finds, the first ``search.MOST``."""
        wanted, statistic = search.read(text), statistics.parse(stat)
        if statistic is None:
            raise MathError(f"{stat!r} is not a statistic")
        if not periods.valid(period):
            raise MathError(f"the period of SEARCH must be {periods.WORDS}")
        found = [metric for metric in self._candidates(wanted) if wanted.finds(_searched(metric))]
        if len(found) > search.MOST:
            words = f"The search found {len(found)} metrics; the first {search.MOST} of them are returned"
            self.messages.setdefault(query.id, []).append({"Code": "MaxMetricsExceeded", "Value": words})
        return [self._read(query.id, metric, statistic, period, None) for metric in found[: search.MOST]]

    def _candidates(self, wanted: Search) -> list[Metric]:
        since = periods.seconds(self._scope.now) - periods.PAST
        needed = [(name, None) for name in sorted(wanted.dimensions or ())]
        return table.metrics(
            self._scope, namespace=wanted.namespace, names=sorted(wanted.names), dimensions=needed, since=since
        )

    def select(self, query: Query, text: str) -> list[Series]:
        """What a query of Metrics Insights comes to: a series for each group."""
        wanted = insights.read(text)
        since = periods.seconds(self._scope.now) - periods.PAST
        named = table.metrics(self._scope, namespace=wanted.namespace, names=[wanted.metric], since=since)
        taken = [one for one in named if wanted.takes(dict(one.dimensions))]
        if len(taken) > insights.PROCESSED:
            words = f"The query matches {len(taken)} metrics; the first {insights.PROCESSED} of them are processed"
            self.messages.setdefault(query.id, []).append({"Code": "MaxMetricsExceeded", "Value": words})
        found: dict[tuple[str, ...], list[Metric]] = {}
        for metric in taken[: insights.PROCESSED]:
            found.setdefault(wanted.key(dict(metric.dimensions)), []).append(metric)
        window, kind = self._window(max(insights.FINEST, query.period)), insights.STATISTICS[wanted.function]
        made = []
        for key, metrics in sorted(found.items()):
            points = reading.together(self._scope, metrics, kind, window)
            if points or not wanted.group:
                made.append(Series(points, window.period, label=" ".join(key)))
        if wanted.order:
            order = [insights.reduced(wanted.order, list(one.points.values())) for one in made]
            places = sorted(range(len(made)), key=lambda place: order[place], reverse=wanted.descending)
            made = [made[place] for place in places]
        return made[: wanted.limit]

    def band(self, query: Query, node: Node, series: Series, deviations: float) -> list[Series]:
        """The upper and the lower bound of what is expected of a series: a metric, or what ``node`` comes to."""
        model = self._model(query, node, series)
        if model is None:
            return [Series({}, series.period, label=end) for end in ("upper", "lower")]
        times = self._window(series.period).times()
        both = {time: band for time in times if finite(*(band := model.band(time, deviations)))}
        return [
            Series({time: band[place] for time, band in both.items()}, series.period, label=end)
            for end, place in (("upper", 1), ("lower", 0))
        ]

    def _model(self, query: Query, node: Node, series: Series) -> Model | None:
        one = self._queries.get(node.name) if isinstance(node, math_tree.Name) else None
        if one is not None and one.metric is not None and one.statistic is not None:
            return bands.model(self._scope, one.metric, one.statistic, one.period, one.unit)
        needed = [one for one in _needed(query, self._queries) if one is not query]

        def read(window: Window) -> dict[int, float]:
            past = Evaluation(self._scope, needed, window.start, window.end)
            value = math.evaluate(node, _Request(past, query, window))
            return value.points if isinstance(value, Series) else {}

        return bands.trained(self._scope, (node, tuple(needed)), series.period, read)


def _searched(metric: Metric) -> search.Metric:
    return search.Metric(metric.namespace, metric.name, metric.dimensions)


class _Request:
    """The queries as one expression sees them."""

    def __init__(self, evaluation: Evaluation, query: Query, window: Window) -> None:
        self._evaluation, self._query, self.window = evaluation, query, window

    def metrics(self) -> list[Series]:
        return self._evaluation.metrics()

    def named(self, name: str) -> Value:
        return self._evaluation.named(name)

    def search(self, expression: str, statistic: str, period: int) -> list[Series]:
        return self._evaluation.search(self._query, expression, statistic, period)

    def select(self, query: str) -> list[Series]:
        return self._evaluation.select(self._query, query)

    def band(self, node: Node, series: Series, deviations: float) -> list[Series]:
        return self._evaluation.band(self._query, node, series, deviations)
