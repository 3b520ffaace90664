"""Retention: events older than a group keeps them are out of sight at once, and removed within the hour."""

from __future__ import annotations

from pointsman.local.logs import reading
from pointsman.local.logs.names import LogGroup
from pointsman.local.world import Payload, Scope

SWEEP = "logs.sweep"
_HOUR = 3600.0
_BREATH = 0.002
"""Seconds between two goes, so that whoever waits for the backend gets his turn."""
_AT_ONCE = 2_000
"""Events that are removed in one transaction."""


def arm(scope: Scope, seconds: float = _HOUR) -> None:
    """See to it that somebody sweeps."""
    scope.after(seconds, SWEEP, key=SWEEP)


def sweep(scope: Scope, _: Payload) -> None:
    """Remove some of what is too old, and come back for the rest."""
    if scope.world.closing:
        return
    kept = [group for _, group in scope.scan(LogGroup) if group.retention]
    for group in kept:
        if _expire(scope, group):
            arm(scope, _BREATH)
            return
    if kept:
        arm(scope)


def _expire(scope: Scope, group: LogGroup) -> bool:
    """Remove some of a group's old events; False when there are none."""
    database = scope.world.database
    edge = reading.expiry(scope, group)
    row = database.execute(
        "SELECT id FROM log_streams WHERE account = ? AND region = ? AND grp = ? AND first < ? LIMIT 1",
        (scope.account, scope.region, group.name, edge),
    ).fetchone()
    if row is None:
        return False
    stream = row[0]
    gone = database.execute(
        "SELECT time, number, length(CAST(message AS BLOB)) + 26 FROM log_events WHERE stream = ? AND time < ?"
        " ORDER BY time, number LIMIT ?",
        (stream, edge, _AT_ONCE),
    ).fetchall()
    if gone:
        database.execute(
            "DELETE FROM log_events WHERE stream = ? AND (time, number) <= (?, ?)", (stream, gone[-1][0], gone[-1][1])
        )
        database.execute(
            "INSERT INTO log_expired VALUES (?, ?)"
            " ON CONFLICT (stream) DO UPDATE SET events = events + excluded.events",
            (stream, len(gone)),
        )
    oldest = database.execute("SELECT min(time) FROM log_events WHERE stream = ?", (stream,)).fetchone()[0]
    database.execute(
        "UPDATE log_streams SET bytes = max(bytes - ?, 0), first = ?, last = CASE WHEN ? IS NULL THEN -1 ELSE last END,"
        " ingested = CASE WHEN ? IS NULL THEN NULL ELSE ingested END WHERE id = ?",
        (sum(size for _, _, size in gone), oldest, oldest, oldest, stream),
    )
    return True
