"""``GetTraceSummaries``: the traces of a time range that match, newest first, in pages."""

from __future__ import annotations

from typing import Any, Final

from pointsman.local.answers import Parameters, answers
from pointsman.local.world import Scope
from pointsman.local.xray import groups, indexing, search, summary
from pointsman.local.xray.names import invalid, moment, read_token, time_range, write_token

PAGE: Final = 100
_LONGEST: Final = 24 * 3600.0
_SHARE: Final = 0.1
"""What is looked at when sampling is asked for and no share is named."""


@answers("xray", "GetTraceSummaries")
def get_trace_summaries(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A page of summaries.

    The range is of the times in the trace ids (``TraceId``), of the time a trace was active (``Event``), or of the
    ends of its segments (``Service``). With ``Sampling``, ``FixedRate`` takes a share of the traces, always the same
    ones; ``PartialScan`` looks at the newest share of the range only.
    """
    start, end = time_range(parameters, _LONGEST, "24 hours")
    kind = parameters.get("TimeRangeType", "TraceId")
    if kind not in ("TraceId", "Event", "Service"):
        raise invalid(f"TimeRangeType {kind} is not one of TraceId, Event, Service.")
    term = groups.parse(scope, parameters.get("FilterExpression", ""))
    indexing.prompt(scope)
    rate, start = _sampling(parameters, start, end)
    where, values = _range(kind, start, end)
    if rate is not None:
        where, values = f"{where} AND t.sample < ?", [*values, rate]
    token = parameters.get("NextToken")
    after: tuple[int, int] | None = None
    if token:
        epoch, number = read_token(token, 2)
        if not isinstance(epoch, int) or not isinstance(number, int):
            raise invalid("Invalid NextToken.")
        after = (epoch, number)
        where, values = f"{where} AND (t.epoch, t.id) < (?, ?)", [*values, *after]
    matching, more = search.condition(scope.world.database, term)
    rows = scope.world.database.execute(
        "SELECT t.id, t.epoch, t.revision, t.first, m.body FROM xray_traces t JOIN xray_summaries m ON m.trace = t.id"
        f" WHERE t.account = ? AND t.region = ? AND t.revision > 0 AND {where} AND {matching}"
        f" ORDER BY t.epoch DESC, t.id DESC LIMIT {PAGE + 1}",
        (scope.account, scope.region, *values, *more),
    ).fetchall()
    page = rows[:PAGE]
    answer: dict[str, Any] = {
        "TraceSummaries": [_told(row, kind, start) for row in page],
        "ApproximateTime": moment(max(start, page[-1][1]) if len(rows) > PAGE else start),
    }
    processed, values = where, [*values]
    if len(rows) > PAGE:
        processed, values = f"{where} AND (t.epoch, t.id) >= (?, ?)", [*values, page[-1][1], page[-1][0]]
        answer["NextToken"] = write_token(page[-1][1], page[-1][0])
    answer["TracesProcessedCount"] = scope.world.database.execute(
        f"SELECT count(*) FROM xray_traces t WHERE t.account = ? AND t.region = ? AND {processed}",
        (scope.account, scope.region, *values),
    ).fetchone()[0]
    return answer


def _told(row: Any, kind: str, start: float) -> dict[str, Any]:
    shape = summary.decode(row[4], row[2])
    if kind == "Event":
        shape["MatchedEventTime"] = moment(max(start, row[3]))
    return shape


def _range(kind: str, start: float, end: float) -> tuple[str, list[Any]]:
    if kind == "TraceId":
        return "t.epoch >= ? AND t.epoch < ?", [start, end]
    if kind == "Event":
        return "t.last >= ? AND t.first < ?", [start, end]
    return (
        "t.last >= ? AND t.first < ? AND EXISTS (SELECT 1 FROM xray_visits w WHERE w.trace = t.id"
        " AND w.end >= ? AND w.end < ?)",
        [start, end, start, end],
    )


def _sampling(parameters: Parameters, start: float, end: float) -> tuple[float | None, float]:
    """The share of traces that is taken, if any, and where the range that is looked at begins."""
    if not parameters.get("Sampling", False):
        return None, start
    strategy = parameters.get("SamplingStrategy", {})
    share = strategy.get("Value", _SHARE)
    if not 0 <= share <= 1:
        raise invalid("The value of a sampling strategy must be between 0 and 1.")
    if strategy.get("Name", "PartialScan") == "FixedRate":
        return float(share), start
    return None, end - (end - start) * share
