"""Where events are kept: two tables of the backend's database, built for millions of lines in time order.

Events are clustered by (stream, time, number): the page of a stream from any position is one search down the tree,
from the middle as from the start, and an append at the end of a stream goes to the end of a page. A query over a
group's time range walks ``log_streams_time`` for the streams that overlap it, then each one's cluster: no second
index over the events has to be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from pointsman.local.store.database import Database
from pointsman.local.world import Scope

SCHEMA = """
CREATE TABLE IF NOT EXISTS log_streams (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, region TEXT NOT NULL, grp TEXT NOT NULL,
    name TEXT NOT NULL, created INTEGER NOT NULL, next INTEGER NOT NULL DEFAULT 1, bytes INTEGER NOT NULL DEFAULT 0,
    first INTEGER, last INTEGER NOT NULL DEFAULT -1, ingested INTEGER
);
CREATE UNIQUE INDEX IF NOT EXISTS log_streams_name ON log_streams (account, region, grp, name);
CREATE INDEX IF NOT EXISTS log_streams_time ON log_streams (account, region, grp, last, name);
CREATE TABLE IF NOT EXISTS log_events (
    stream INTEGER NOT NULL, time INTEGER NOT NULL, number INTEGER NOT NULL, ingested INTEGER NOT NULL,
    message TEXT NOT NULL, PRIMARY KEY (stream, time, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_expired (stream INTEGER PRIMARY KEY, events INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS log_plain (stream INTEGER PRIMARY KEY);
"""
"""``log_plain`` names the streams that are known to have no NUL in any message: SQL's patterns end there."""

OVERHEAD = 26
"""Bytes AWS counts for an event beside its message."""

Position = tuple[int, int]
"""(time in milliseconds, number in the stream): where an event stands; no two events share one."""

FIRST: Position = (-1, 0)
"""Before every event."""
LAST: Position = (1 << 62, 0)
"""Behind every event."""


class Stream(Struct, frozen=True):
    """A row of ``log_streams``; times in milliseconds."""

    id: int
    name: str
    created: int
    next: int
    bytes: int
    first: int | None
    last: int
    """-1 while there is no event."""
    ingested: int | None


class Event(Struct, frozen=True):
    """A row of ``log_events``."""

    time: int
    number: int
    ingested: int
    message: str

    @property
    def position(self) -> Position:
        """Where it stands in its stream."""
        return self.time, self.number


_COLUMNS = "id, name, created, next, bytes, first, last, ingested"


def find(scope: Scope, group: str, name: str) -> Stream | None:
    """A stream, or None."""
    row = scope.world.database.execute(
        f"SELECT {_COLUMNS} FROM log_streams WHERE account = ? AND region = ? AND grp = ? AND name = ?",
        (scope.account, scope.region, group, name),
    ).fetchone()
    return None if row is None else Stream(*row)


def create(scope: Scope, group: str, name: str) -> Stream:
    """Make a stream that is not there."""
    now = int(scope.now.timestamp() * 1000)
    row = scope.world.database.execute(
        "INSERT INTO log_streams (account, region, grp, name, created) VALUES (?, ?, ?, ?, ?) RETURNING id",
        (scope.account, scope.region, group, name, now),
    ).fetchone()
    scope.world.database.execute("INSERT INTO log_plain VALUES (?)", (row[0],))
    return Stream(row[0], name, now, 1, 0, None, -1, None)


def append(scope: Scope, group: str, name: str, events: Sequence[tuple[int, str]]) -> bool:
    """Add (time in milliseconds, message) pairs behind what a stream holds.

    Returns:
        Whether there is such a stream.
    """
    if not events:
        return True
    database = scope.world.database
    ingested = int(scope.now.timestamp() * 1000)
    size = sum(len(message.encode("utf-8", "replace")) + OVERHEAD for _, message in events)
    times = [time for time, _ in events]
    earliest = min(times)
    row = database.execute(
        "UPDATE log_streams SET next = next + ?, bytes = bytes + ?, ingested = ?,"
        " first = min(ifnull(first, ?), ?), last = max(last, ?)"
        " WHERE account = ? AND region = ? AND grp = ? AND name = ? RETURNING id, next",
        (
            *(len(events), size, ingested, earliest, earliest, max(times)),
            *(scope.account, scope.region, group, name),
        ),
    ).fetchone()
    if row is None:
        return False
    stream, following = row
    if any("\0" in message for _, message in events):
        database.execute("DELETE FROM log_plain WHERE stream = ?", (stream,))
    number = following - len(events)
    database.executemany(
        "INSERT INTO log_events VALUES (?, ?, ?, ?, ?)",
        [(stream, time, number + index, ingested, message) for index, (time, message) in enumerate(events)],
    )
    return True


def page_sql(*, forward: bool) -> str:
    """The statement behind ``page``: a search of the primary key, whichever way it is read."""
    compare, order = (">", "ASC") if forward else ("<", "DESC")
    return (
        "SELECT time, number, ingested, message FROM log_events"
        f" WHERE stream = ? AND (time, number) {compare} (?, ?)"
        f" ORDER BY time {order}, number {order} LIMIT ?"
    )


def page(database: Database, stream: int, position: Position, *, forward: bool, limit: int) -> list[Event]:
    """The events next to a position, itself excluded, nearest first."""
    rows = database.execute(page_sql(forward=forward), (stream, *position, limit)).fetchall()
    return [Event(*row) for row in rows]


def list_streams(
    scope: Scope,
    group: str,
    *,
    prefix: str = "",
    by_time: bool = False,
    descending: bool = False,
    after: Any,
    limit: int,
) -> list[Stream]:
    """A group's streams by name, or by the time of their last event.

    Args:
        scope: Whose.
        group: Of which group.
        prefix: What the names begin with; by name only.
        by_time: By last event (and name) instead of by name; a stream without events counts as older than any other.
        descending: The other way round.
        after: Begin behind this: a name, or (time, name).
        limit: At most so many.
    """
    keys = ["last", "name"] if by_time else ["name"]
    conditions = ["account = ?", "region = ?", "grp = ?"]
    parameters: list[Any] = [scope.account, scope.region, group]
    if prefix:
        conditions.append("name >= ? AND name < ?")
        parameters += [prefix, prefix + "\U0010ffff"]
    if after is not None:
        marks = ", ".join("?" for _ in keys)
        conditions.append(f"({', '.join(keys)}) {'<' if descending else '>'} ({marks})")
        parameters += list(after) if by_time else [after]
    order = ", ".join(f"{key} {'DESC' if descending else 'ASC'}" for key in keys)
    rows = scope.world.database.execute(
        f"SELECT {_COLUMNS} FROM log_streams WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT ?",
        (*parameters, limit),
    ).fetchall()
    return [Stream(*row) for row in rows]


def delete(scope: Scope, stream: Stream) -> None:
    """Remove a stream and its events."""
    scope.world.database.execute("DELETE FROM log_events WHERE stream = ?", (stream.id,))
    scope.world.database.execute("DELETE FROM log_expired WHERE stream = ?", (stream.id,))
    scope.world.database.execute("DELETE FROM log_plain WHERE stream = ?", (stream.id,))
    scope.world.database.execute("DELETE FROM log_streams WHERE id = ?", (stream.id,))


def stored(scope: Scope, group: str) -> int:
    """Bytes a group holds."""
    row = scope.world.database.execute(
        "SELECT ifnull(sum(bytes), 0) FROM log_streams WHERE account = ? AND region = ? AND grp = ?",
        (scope.account, scope.region, group),
    ).fetchone()
    return int(row[0])
