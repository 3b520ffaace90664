"""Service graphs and their statistics over a time range, counted by the database."""

from __future__ import annotations

from typing import Any, Final

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.world import Scope
from pointsman.local.xray import groups, indexing, search, table
from pointsman.local.xray.names import invalid, moment, offset, time_range, write_token
from pointsman.semantics.traces import filters
from pointsman.semantics.traces.facts import CLIENT
from pointsman.semantics.traces.filters import FilterError, Selector
from pointsman.semantics.traces.graph import Edge, Graph, Node, Tally

_LONGEST: Final = 6 * 3600.0
_PAGE: Final = 1000
_PERIODS: Final = (60, 300)


@answers("xray", "GetServiceGraph")
def get_service_graph(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The service graph of a time range, of a group's traces when one is named."""
    start, end = time_range(parameters, _LONGEST, "6 hours")
    indexing.prompt(scope)
    where, values = _traces(scope, parameters, start, end)
    drawn = Graph()
    _count_visits(scope, drawn, where, values)
    _count_crossings(scope, drawn, where, values)
    return {
        **page(drawn, parameters),
        "StartTime": moment(start),
        "EndTime": moment(end),
        "ContainsOldGroupVersions": False,
    }


def _traces(scope: Scope, parameters: Parameters, start: float, end: float) -> tuple[str, list[Any]]:
    """A condition on the traces a graph is of."""
    sql, values = search.condition(scope.world.database, groups.of_call(scope, parameters))
    return (
        f"t.account = ? AND t.region = ? AND t.epoch >= ? AND t.epoch < ? AND {sql}",
        [scope.account, scope.region, start, end, *values],
    )


def _count_visits(scope: Scope, drawn: Graph, where: str, values: list[Any]) -> None:
    database = scope.world.database
    known = table.service_rows(database)
    rows = database.execute(
        "SELECT v.service, v.flags, v.response, v.duration, max(v.root), min(v.start),"
        " max(ifnull(v.end, v.start)), count(*)"
        f" FROM xray_traces t JOIN xray_visits v ON v.trace = t.id WHERE {where} GROUP BY 1, 2, 3, 4",
        tuple(values),
    )
    for service, flags, response, duration, root, first, last, times in rows:
        drawn.visit(
            known[service],
            flags,
            response or 0.0,
            duration,
            root=bool(root),
            start=first,
            end=last,
            times=times,
        )


def _count_crossings(scope: Scope, drawn: Graph, where: str, values: list[Any]) -> None:
    database = scope.world.database
    known = table.service_rows(database)
    rows = database.execute(
        "SELECT e.source, e.target, e.flags, e.response, min(e.start), max(ifnull(e.end, e.start)), count(*)"
        f" FROM xray_traces t JOIN xray_crossings e ON e.trace = t.id WHERE {where} GROUP BY 1, 2, 3, 4",
        tuple(values),
    )
    for source, target, flags, response, first, last, times in rows:
        drawn.crossing(known[source], known[target], flags, response or 0.0, start=first, end=last, times=times)


# -- shapes -----------------------------------------------------------------------------------------------------------


def page(drawn: Graph, parameters: Parameters) -> dict[str, Any]:
    """A page of a graph's services in botocore's shape."""
    nodes = drawn.ordered()
    places = {node.service: place for place, node in enumerate(nodes)}
    start = offset(parameters)
    answer: dict[str, Any] = {
        "Services": [
            _node(node, place, [(places[to], edge) for to, edge in node.edges.items()])
            for place, node in enumerate(nodes[start : start + _PAGE], start)
        ]
    }
    if len(nodes) > start + _PAGE:
        answer["NextToken"] = write_token(start + _PAGE)
    return answer


def _node(node: Node, place: int, edges: list[tuple[int, Edge]]) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "ReferenceId": place,
        "Name": node.service.name,
        "Names": [node.service.name],
        "State": "active" if node.active else "unknown",
        "StartTime": moment(node.start),
        "EndTime": moment(node.end),
        "Edges": [_edge(to, edge) for to, edge in sorted(edges, key=lambda one: one[0])],
    }
    if node.root:
        shape["Root"] = True
    if node.service.type:
        shape["Type"] = node.service.type
    if node.service.account:
        shape["AccountId"] = node.service.account
    if node.service.type != CLIENT:
        shape["SummaryStatistics"] = statistics(node.tally)
        shape["DurationHistogram"] = _histogram(node.tally.durations)
        shape["ResponseTimeHistogram"] = _histogram(node.tally.responses)
    return shape


def _edge(to: int, edge: Edge) -> dict[str, Any]:
    return {
        "ReferenceId": to,
        "StartTime": moment(edge.start),
        "EndTime": moment(edge.end),
        "SummaryStatistics": statistics(edge.tally),
        "ResponseTimeHistogram": _histogram(edge.tally.responses),
        "Aliases": [],
    }


def statistics(tally: Tally) -> dict[str, Any]:
    """Requests by how they ended, in botocore's shape."""
    return {
        "OkCount": tally.ok,
        "ErrorStatistics": {
            "ThrottleCount": tally.throttled,
            "OtherCount": tally.errors,
            "TotalCount": tally.throttled + tally.errors,
        },
        "FaultStatistics": {"OtherCount": tally.faults, "TotalCount": tally.faults},
        "TotalCount": tally.total,
        "TotalResponseTime": round(tally.seconds, 3),
    }


def _histogram(values: dict[float, int]) -> list[dict[str, Any]]:
    return [{"Value": value, "Count": count} for value, count in sorted(values.items())]


# -- time series ------------------------------------------------------------------------------------------------------


@answers("xray", "GetTimeSeriesServiceStatistics")
def get_time_series_service_statistics(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Statistics of a service, an edge, or of what clients asked, minute by minute or by five minutes."""
    if parameters.get("ForecastStatistics", False):
        raise AwsError("NotImplemented", "Pointsman's backend does not forecast fault counts", 501)
    start, end = time_range(parameters, _LONGEST, "6 hours")
    period = parameters.get("Period", 60)
    if period not in _PERIODS:
        raise invalid(f"Period must be 60 or 300 seconds, not {period}.")
    try:
        term = filters.selector(parameters.get("EntitySelectorExpression", ""))
    except FilterError as error:
        raise invalid(f"Invalid entity selector expression: {error}") from None
    indexing.prompt(scope)
    service = isinstance(term, filters.ServiceTerm)
    if isinstance(term, filters.ServiceTerm):
        chosen, more = search.service_condition(term, "x")
    else:
        edge = term or filters.EdgeTerm(Selector(type=CLIENT), Selector(), None)
        chosen, more = search.edge_condition(edge, "x")
    # A segment belongs to the minute it began in; its trace may have begun before the range.
    where, values = _traces(scope, parameters, start - _LONGEST, end)
    rows = scope.world.database.execute(
        "SELECT cast(x.start / ? AS INTEGER), x.flags, x.response, count(*)"
        f" FROM xray_traces t JOIN {'xray_visits' if service else 'xray_crossings'} x ON x.trace = t.id"
        f" WHERE {where} AND x.start >= ? AND x.start < ? AND {chosen} GROUP BY 1, 2, 3 ORDER BY 1",
        (period, *values, start, end, *more),
    )
    windows: dict[int, Tally] = {}
    for window, flags, response, times in rows:
        windows.setdefault(window, Tally()).add(flags, response or 0.0, None, times)
    found = [
        {
            "Timestamp": moment(window * period),
            "ServiceSummaryStatistics" if service else "EdgeSummaryStatistics": statistics(tally),
            "ResponseTimeHistogram": _histogram(tally.responses),
        }
        for window, tally in sorted(windows.items())
    ]
    at = offset(parameters)
    answer: dict[str, Any] = {
        "TimeSeriesServiceStatistics": found[at : at + _PAGE],
        "ContainsOldGroupVersions": False,
    }
    if len(found) > at + _PAGE:
        answer["NextToken"] = write_token(at + _PAGE)
    return answer
