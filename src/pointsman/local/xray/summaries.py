"""``GetTraceSummaries``: the traces of a time range that match, newest first, in pages."""

from __future__ import annotations

from typing import Any, Final

from pointsman.local.answers import Parameters, answers
from pointsman.local.world import Scope
from pointsman.local.xray import groups, indexing, search, summary
from pointsman.local.xray.names import invalid, moment, read_token, time_range, write_token

PAGE: Final = 100
_LONGEST: Final = 24 * 3600.0
_Position = tuple[int, int]
"""The time in a trace's id, and its row: pages are in descending order of these."""
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
    after = _after(parameters)
    where, values = _range(kind, start, end, before=after)
    if rate is not None:
        where, values = f"{where} AND t.sample < ?", [*values, rate]
    matching, more = search.condition(scope.world.database, term)
    rows = scope.world.database.execute(
        "SELECT t.id, t.epoch, t.revision, t.first, m.body FROM xray_traces t JOIN xray_summaries m ON m.trace = t.id"
        f" WHERE t.account = ? AND t.region = ? AND t.revision > 0 AND {where} AND {matching}"
        f" ORDER BY t.epoch DESC, t.id DESC LIMIT {PAGE + 1}",
        (scope.account, scope.region, *values, *more),
    ).fetchall()
    page = rows[:PAGE]
    last = (page[-1][1], page[-1][0]) if len(rows) > PAGE else None
    processed, values = _range(kind, start, end, before=after, since=last)
    if rate is not None:
        processed, values = f"{processed} AND t.sample < ?", [*values, rate]
    answer: dict[str, Any] = {
        "TraceSummaries": [_told(row, kind, start) for row in page],
        "ApproximateTime": moment(max(start, last[0]) if last else start),
        "TracesProcessedCount": scope.world.database.execute(
            "SELECT count(*) FROM xray_traces t"
            f" WHERE t.account = ? AND t.region = ? AND t.revision > 0 AND {processed}",
            (scope.account, scope.region, *values),
        ).fetchone()[0],
    }
    if last:
        answer["NextToken"] = write_token(*last)
    return answer


def _after(parameters: Parameters) -> _Position | None:
    """The last trace of the page before; None for the first page."""
    token = parameters.get("NextToken")
    if not token:
        return None
    epoch, number = read_token(token, 2)
    if not isinstance(epoch, int) or not isinstance(number, int):
        raise invalid("Invalid NextToken.")
    return epoch, number


def _told(row: Any, kind: str, start: float) -> dict[str, Any]:
    shape = summary.decode(row[4], row[2])
    if kind == "Event":
        shape["MatchedEventTime"] = moment(max(start, row[3]))
    return shape


def _range(
    kind: str, start: float, end: float, *, before: _Position | None = None, since: _Position | None = None
) -> tuple[str, list[Any]]:
    """The condition on the time of a trace, and on where it stands in the order of the pages.

    Args:
        kind: Which time.
        start: From then.
        end: To before then.
        before: Behind this one in the order, which is older.
        since: Down to this one.
    """
    # A bound on (epoch, id) is one on the epoch, too: the index is entered there, not at the end of the range.
    low: float = since[0] if since else 0
    high: float = before[0] + 1 if before else 1 << 40
    conditions = ["t.epoch >= ? AND t.epoch < ?"]
    if kind == "TraceId":
        values: list[Any] = [max(start, low), min(end, high)]
    else:
        conditions.append("t.last >= ? AND t.first < ?")
        values = [low, high, start, end]
    if kind == "Service":
        conditions.append("EXISTS (SELECT 1 FROM xray_visits w WHERE w.trace = t.id AND w.end >= ? AND w.end < ?)")
        values += [start, end]
    if before:
        conditions.append("(t.epoch, t.id) < (?, ?)")
        values += before
    if since:
        conditions.append("(t.epoch, t.id) >= (?, ?)")
        values += since
    return " AND ".join(conditions), values


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
