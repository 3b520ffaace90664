"""What happened to alarms: a table of its own, kept for thirty days."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pointsman.local.answers import Parameters, answers
from pointsman.local.cloudwatch import errors
from pointsman.local.world import Scope

SCHEMA = """
CREATE TABLE IF NOT EXISTS alarm_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, region TEXT NOT NULL, alarm TEXT NOT NULL,
    type TEXT NOT NULL, time REAL NOT NULL, kind TEXT NOT NULL, summary TEXT NOT NULL, data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS alarm_history_alarm ON alarm_history (account, region, alarm, id);
CREATE INDEX IF NOT EXISTS alarm_history_time ON alarm_history (account, region, id);
"""

KINDS: Final = ("ConfigurationUpdate", "StateUpdate", "Action", "AlarmContributorStateUpdate", "AlarmContributorAction")
KEPT: Final = timedelta(days=30)
PAGE: Final = 100


def add(scope: Scope, alarm: str, type_: str, kind: str, summary: str, data: dict[str, Any]) -> None:
    """Add an item.

    Args:
        scope: Whose.
        alarm: The alarm's name.
        type_: MetricAlarm or CompositeAlarm.
        kind: ConfigurationUpdate, StateUpdate or Action.
        summary: One sentence.
        data: What becomes the JSON of HistoryData.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=_plain)
    scope.world.database.execute(
        "INSERT INTO alarm_history (account, region, alarm, type, time, kind, summary, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (scope.account, scope.region, alarm, type_, scope.now.timestamp(), kind, summary, text),
    )


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def prune(scope: Scope) -> None:
    """Forget what is older than it is kept; items are numbered in the order of time."""
    oldest = (scope.now - KEPT).timestamp()
    scope.world.database.execute(
        "DELETE FROM alarm_history WHERE id IN (SELECT id FROM alarm_history"
        " WHERE account = ? AND region = ? ORDER BY id LIMIT 1000) AND time < ?",
        (scope.account, scope.region, oldest),
    )


@answers("cloudwatch", "DescribeAlarmHistory")
def describe_alarm_history(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """What happened to alarms, newest first unless asked otherwise; of metric alarms unless others are asked for."""
    if "AlarmContributorId" in parameters:
        raise errors.not_built("Contributors of alarms")
    types = parameters.get("AlarmTypes", ["MetricAlarm"])
    for one in types:
        errors.member(one, "alarmTypes.1.member", ["CompositeAlarm", "MetricAlarm"])
    order = parameters.get("ScanBy", "TimestampDescending")
    errors.member(order, "scanBy", ["TimestampDescending", "TimestampAscending"])
    down = order == "TimestampDescending"
    conditions = ["account = ?", "region = ?", "time >= ?", f"type IN ({', '.join('?' for _ in types)})"]
    given: list[Any] = [scope.account, scope.region, (scope.now - KEPT).timestamp(), *types]
    if "AlarmName" in parameters:
        conditions.append("alarm = ?")
        given.append(parameters["AlarmName"])
    if "HistoryItemType" in parameters:
        errors.member(parameters["HistoryItemType"], "historyItemType", KINDS)
        conditions.append("kind = ?")
        given.append(parameters["HistoryItemType"])
    for key, compare in (("StartDate", ">="), ("EndDate", "<=")):
        if key in parameters:
            conditions.append(f"time {compare} ?")
            given.append(_aware(parameters[key]).timestamp())
    after = errors.place(parameters.get("NextToken"), int)
    if after is not None:
        conditions.append(f"id {'<' if down else '>'} ?")
        given.append(after)
    limit = parameters.get("MaxRecords", PAGE)
    rows = scope.world.database.execute(
        f"SELECT id, alarm, type, time, kind, summary, data FROM alarm_history WHERE {' AND '.join(conditions)}"
        f" ORDER BY id {'DESC' if down else 'ASC'} LIMIT ?",
        (*given, limit + 1),
    ).fetchall()
    answer: dict[str, Any] = {"AlarmHistoryItems": [_shape(*row[1:]) for row in rows[:limit]]}
    if len(rows) > limit:
        answer["NextToken"] = errors.token(rows[limit - 1][0])
    return answer


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _shape(alarm: str, type_: str, time: float, kind: str, summary: str, data: str) -> dict[str, Any]:
    return {
        "AlarmName": alarm,
        "AlarmType": type_,
        "Timestamp": datetime.fromtimestamp(time, UTC),
        "HistoryItemType": kind,
        "HistorySummary": summary,
        "HistoryData": data,
    }
