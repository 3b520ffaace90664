"""Answers about Insights queries."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.logs import queries, reading
from pointsman.local.logs.names import LogGroup, group_of, invalid, millis, plain
from pointsman.local.logs.queries import Query, UnderWay
from pointsman.local.world import Scope
from pointsman.semantics.logs.insights import rows, syntax
from pointsman.semantics.logs.insights.pipeline import MOST_ROWS, ROWS, Execution
from pointsman.semantics.logs.insights.values import text

_MOST_GROUPS = 50
_MOST_SOURCES = 10_000
_PAGE = 10_000
_POINTER = re.compile(r"([0-9a-f]{1,15})-([0-9a-f]{1,15})-([0-9a-f]{1,15})")
_SAMPLE = 10_000


@answers("logs", "StartQuery")
def start_query(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Begin a query; its results are asked for by its id."""
    language = parameters.get("queryLanguage", "CWLI")
    if language != "CWLI":
        raise AwsError("NotImplemented", f"Pointsman's backend runs Logs Insights QL, not {language}", 501)
    start, end = _seconds(parameters["startTime"]), _seconds(parameters["endTime"])
    if start > end:
        raise invalid("End time should not be before start time")
    limit = parameters.get("limit", ROWS)
    if not 1 <= limit <= MOST_ROWS:
        raise invalid(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint:"
            f" Member must have value between 1 and {MOST_ROWS}"
        )
    query = _read(parameters["queryString"])
    groups = _groups(scope, parameters, query.source)
    if len(scope.world.tool(UnderWay).progress) >= queries.MOST_AT_ONCE:
        raise AwsError("LimitExceededException", "Account maximum query concurrency limit of [100] reached.")
    kept = Query(
        scope.world.uuid(),
        _described(parameters["queryString"], groups, start, end, query.source),
        tuple(group.name for group in groups),
        start,
        end,
        millis(scope),
        limit=limit,
    )
    execution = Execution(query, start=start * 1000, end=end * 1000 + 999, now=int(scope.now.timestamp()), limit=limit)
    queries.begin(scope, kept, execution, {group.name: reading.expiry(scope, group) for group in groups})
    return {"queryId": kept.id}


def _seconds(value: int) -> int:
    """Seconds; clients that give milliseconds are understood as AWS does."""
    return value // 1000 if value > 100_000_000_000 else value


def _read(query: str) -> syntax.Query:
    from pointsman.semantics.logs.insights import grammar  # lark is wanted only by whoever asks

    try:
        return grammar.read(query)
    except syntax.InsightsError as error:
        raise AwsError(
            "MalformedQueryException",
            str(error),
            queryCompileError={
                "location": {"startCharOffset": error.start, "endCharOffset": error.end},
                "message": error.sentence,
            },
        ) from None


def _groups(scope: Scope, parameters: Parameters, source: syntax.Source | None) -> list[LogGroup]:
    given = [name for name in ("logGroupName", "logGroupNames", "logGroupIdentifiers") if parameters.get(name)]
    if len(given) + (source is not None) != 1:
        raise invalid(
            "exactly one of logGroupName, logGroupNames, logGroupIdentifiers or a SOURCE in the query has to be given"
        )
    if source is not None and source.prefixes:
        return [
            group
            for prefix in source.prefixes
            for _, group in scope.scan(LogGroup, prefix, limit=_MOST_SOURCES)
            if source.group_class in ("", group.group_class)
        ]
    if source is not None and not source.names:
        groups = [group for _, group in scope.scan(LogGroup, limit=_MOST_SOURCES)]
        return [group for group in groups if source.group_class in ("", group.group_class)]
    named = list(source.names) if source is not None else parameters[given[0]]
    names = list(dict.fromkeys(plain(name) for name in ([named] if isinstance(named, str) else named)))
    if len(names) > _MOST_GROUPS:
        raise invalid(f"a query has at most {_MOST_GROUPS} log groups")
    found = [scope.get(LogGroup, name) for name in names]
    for name, group in zip(names, found, strict=True):
        if group is None:
            raise AwsError(
                "ResourceNotFoundException",
                f"Log group '{name}' does not exist for account ID '{scope.account}' (Service: AWSLogs; Status Code:"
                f" 400; Error Code: ResourceNotFoundException; Request ID: {scope.world.request_id()}; Proxy: null)",
            )
    return [group for group in found if group is not None]


def _described(query: str, groups: list[LogGroup], start: int, end: int, source: syntax.Source | None) -> str:
    """The query as DescribeQueries shows it."""
    if source is not None:
        return query
    names = " ".join(f'"{group.name}"' for group in groups)
    return f"SOURCE {names} START={start}000 END={end}999 | {query}"


def _query(scope: Scope, number: str) -> Query:
    query = scope.get(Query, number)
    if query is None:
        raise AwsError("ResourceNotFoundException", f"The specified query {number} does not exist.")
    return query


@answers("logs", "StopQuery")
def stop_query(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """End a query that is at work."""
    query = _query(scope, parameters["queryId"])
    if query.status != "Running":
        raise invalid(f"Query with ID {query.id} is in state {query.status} and cannot be stopped.")
    progress = scope.world.tool(UnderWay).progress.get(query.id)
    if progress is not None:
        progress.cancelled = True
    scope.put(query.id, msgspec.structs.replace(query, status="Cancelled"))
    return {"success": True}


@answers("logs", "DescribeQueries")
def describe_queries(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Queries of the last week, the newest first, in pages."""
    group, status = parameters.get("logGroupName", ""), parameters.get("status", "")
    if parameters.get("queryLanguage", "CWLI") != "CWLI":
        return {"queries": []}
    found = sorted(
        (
            query
            for _, query in scope.scan(Query)
            if (not group or group in query.groups) and status in ("", query.status)
        ),
        key=lambda query: (-query.created, query.id),
    )
    limit = min(parameters.get("maxResults", 1000), 1000)
    first = _offset(parameters.get("nextToken"))
    answer: dict[str, Any] = {"queries": [_shape(query) for query in found[first : first + limit]]}
    if len(found) > first + limit:
        answer["nextToken"] = f"q/{first + limit}"
    return answer


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    if not re.fullmatch(r"q/[0-9]{1,9}", token):
        raise invalid("The specified nextToken is invalid.")
    return int(token[2:])


def _shape(query: Query) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "queryLanguage": "CWLI",
        "queryId": query.id,
        "queryString": query.text,
        "status": query.status,
        "createTime": query.created,
        "queryDuration": query.duration,
        "bytesScanned": float(query.bytes),
    }
    if len(query.groups) == 1:
        shape["logGroupName"] = query.groups[0]
    return shape


@answers("logs", "GetQueryResults")
def get_query_results(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """What a query has come to, so far: a query at work has statistics, and no rows yet."""
    query = _query(scope, parameters["queryId"])
    progress = scope.world.tool(UnderWay).progress.get(query.id)
    matched, scanned, size = (
        (query.matched, query.scanned, query.bytes)
        if progress is None
        else (progress.matched, progress.scanned, progress.bytes)
    )
    first = _offset(parameters.get("nextToken"))
    count = min(parameters.get("maxItems", _PAGE), _PAGE)
    results = queries.rows_of(scope, query, first, count) if query.status == "Complete" else []
    answer: dict[str, Any] = {
        "queryLanguage": "CWLI",
        "results": [[{"field": name, "value": value} for name, value in row] for row in results],
        "statistics": {
            "recordsMatched": float(matched),
            "recordsScanned": float(scanned),
            "estimatedRecordsSkipped": 0.0,
            "bytesScanned": float(size),
            "estimatedBytesSkipped": 0.0,
            "logGroupsScanned": float(len(query.groups)),
        },
        "status": query.status,
    }
    if query.rows > first + count and query.status == "Complete":
        answer["nextToken"] = f"q/{first + count}"
    return answer


@answers("logs", "GetLogRecord")
def get_log_record(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Everything there is about the event that an ``@ptr`` stands for."""
    match = _POINTER.fullmatch(parameters["logRecordPointer"])
    if match is None:
        raise invalid("The specified logRecordPointer is invalid.")
    stream, time, number = (int(part, 16) for part in match.groups())
    database = scope.world.database
    where = database.execute(
        "SELECT name, grp FROM log_streams WHERE id = ? AND account = ? AND region = ?",
        (stream, scope.account, scope.region),
    ).fetchone()
    event = database.execute(
        "SELECT time, number, ingested, message FROM log_events WHERE stream = ? AND time = ? AND number = ?",
        (stream, time, number),
    ).fetchone()
    if where is None or event is None or time < reading.expiry(scope, group_of(scope, where[1])):
        raise AwsError("ResourceNotFoundException", "The specified log record does not exist.")
    found = {name: shown for name, value in rows.discovered(event).items() if (shown := text(value)) is not None}
    found.update(
        {
            "@timestamp": str(event[0]),
            "@ingestionTime": str(event[2]),
            "@message": event[3],
            "@logStream": where[0],
            "@log": f"{scope.account}:{where[1]}",
            "@ptr": match[0],
        }
    )
    return {"logRecord": found}


@answers("logs", "GetLogGroupFields")
def get_log_group_fields(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The fields of a group's events around a time, by how many have them: of the newest 10,000 there."""
    group = group_of(scope, plain(parameters.get("logGroupName") or parameters.get("logGroupIdentifier", "")))
    now = millis(scope)
    quarter = 15 * 60_000
    middle = parameters.get("time")
    if middle is None:
        start, end = now - quarter, now
    else:
        middle = middle if middle > 100_000_000_000 else middle * 1000
        start, end = middle - 8 * 60_000, middle + 8 * 60_000
    start = max(start, reading.expiry(scope, group))
    execute = scope.world.database.execute
    found = reading.parts(execute, scope, group.name, start, end)
    counts: dict[str, int] = {}
    total = 0
    for _, event in reading.merged(execute, found, start, end, forward=False):
        if total == _SAMPLE:
            break
        total += 1
        for name in (*rows.SYSTEM[:-1], *rows.discovered(event)):
            counts[name] = counts.get(name, 0) + 1
    fields = [{"name": name, "percent": count * 100 // total} for name, count in counts.items()]
    return {"logGroupFields": sorted(fields, key=lambda field: (-int(str(field["percent"])), str(field["name"])))}
