"""Logs Insights' answers -> the model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pointsman.model.insights import LogField, QueryStats, Results, SavedQuery, results_of
from pointsman.services.reads.values import Answer, pairs, part, parts, text, whole

_LATEST = datetime.max.replace(tzinfo=UTC).timestamp()


def stats(answer: Answer) -> QueryStats:
    """GetQueryResults: what was looked at so far."""
    given = part(answer, "statistics")
    return QueryStats(
        _count(given, "recordsMatched"),
        _count(given, "recordsScanned"),
        _count(given, "bytesScanned"),
        _count(given, "estimatedBytesSkipped"),
        _count(given, "logGroupsScanned"),
    )


def _count(source: Any, name: str) -> int:
    try:
        return max(0, whole(source, name) or 0)
    except (OverflowError, ValueError):  # infinity, or no number
        return 0


def rows(answer: Answer) -> list[list[tuple[str, str]]]:
    """GetQueryResults: the rows of a page, as pairs of field and value."""
    found = answer.get("results")
    if not isinstance(found, list | tuple):
        return []
    return [
        [(text(one, "field"), text(one, "value")) for one in row if text(one, "field")]
        for row in found
        if isinstance(row, list | tuple)
    ]


def results(pages: list[list[tuple[str, str]]]) -> Results:
    """The rows of every page as one table. For a thread: there may be 100,000."""
    return results_of(pages)


def fields(answer: Answer) -> tuple[LogField, ...]:
    """GetLogGroupFields."""
    return tuple(
        LogField(text(one, "name"), _count(one, "percent"))
        for one in parts(answer, "logGroupFields")
        if text(one, "name")
    )


def record(answer: Answer) -> tuple[tuple[str, str], ...]:
    """GetLogRecord: every field of one event."""
    return pairs(answer, "logRecord")


def group_names(answer: Answer) -> tuple[str, ...]:
    """DescribeLogGroups: the names."""
    return tuple(name for one in parts(answer, "logGroups") if (name := text(one, "logGroupName")))


def definitions(answer: Answer) -> tuple[SavedQuery, ...]:
    """DescribeQueryDefinitions."""
    return tuple(
        SavedQuery(
            text(one, "queryDefinitionId"),
            text(one, "name"),
            text(one, "queryString"),
            tuple(str(name) for name in parts(one, "logGroupNames")),
            _time(one, "lastModified"),
            text(one, "queryLanguage"),
        )
        for one in parts(answer, "queryDefinitions")
    )


def _time(source: Any, name: str) -> datetime | None:
    """A time in milliseconds; None when there is none, or none that a calendar has."""
    millis = _count(source, name)
    return datetime.fromtimestamp(millis / 1000, UTC) if 0 < millis / 1000 < _LATEST else None
