"""Queries at work: each on a thread of its own, over a connection that only reads, so that nobody waits for it.

A backend in memory has no second connection; there a query reads by slices, and lets go of the world's lock between
them. What a query has come to is kept for a week, its rows in chunks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from pointsman.local.logs import reading
from pointsman.local.logs.names import millis
from pointsman.local.world import Payload, Scope, World
from pointsman.semantics.logs.insights.pipeline import Execution, ResultRow
from pointsman.semantics.logs.insights.rows import Event
from pointsman.semantics.logs.regexes import TooSlow

SCHEMA = """
CREATE TABLE IF NOT EXISTS log_query_rows (
    query TEXT NOT NULL, chunk INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (query, chunk)
) WITHOUT ROWID;
"""

DONE: Final = "logs.query"
CHUNK: Final = 1_000
"""Rows that are kept together."""
MOST_AT_ONCE: Final = 100
"""Queries that may be under way."""
_KEPT = 7 * 86_400_000
_MOST_KEPT = 1_000
_BATCH = 4_000
_SLICE = 200


class Query(msgspec.Struct, frozen=True):
    """A query; key: its id."""

    id: str
    text: str
    groups: tuple[str, ...]
    start: int
    """Seconds since 1970, itself included."""
    end: int
    created: int
    """Milliseconds since 1970."""
    status: str = "Running"
    limit: int = 10_000
    duration: int = 0
    """Milliseconds it has taken."""
    rows: int = 0
    matched: int = 0
    scanned: int = 0
    bytes: int = 0
    message: str = ""
    """Why it failed."""


class Progress(Struct):
    """How far a query under way has come; read and written by several threads, a value at a time."""

    matched: int = 0
    scanned: int = 0
    bytes: int = 0
    cancelled: bool = False


class UnderWay(Struct):
    """The queries at work in this process."""

    progress: dict[str, Progress] = field(default_factory=dict)


def begin(scope: Scope, query: Query, execution: Execution, kept_from: dict[str, int]) -> None:
    """Run a query once this transaction stands.

    Args:
        scope: Whose.
        query: What is kept of it.
        execution: What runs it.
        kept_from: For each group: from when on its events are kept, in milliseconds.
    """
    progress = Progress()
    scope.world.tool(UnderWay).progress[query.id] = progress

    def work() -> Payload:
        try:
            rows = _run(scope, execution, kept_from, progress)
        except TooSlow as error:
            return {"id": query.id, "status": "Timeout", "message": str(error), "rows": []}
        except _Cancelled:
            return {"id": query.id, "status": "Cancelled", "rows": []}
        except Exception as error:
            return {"id": query.id, "status": "Failed", "message": str(error) or type(error).__name__, "rows": []}
        return {"id": query.id, "status": "Complete", "rows": rows}

    scope.put(query.id, query)
    scope.job(DONE, work)


Lock = contextlib.AbstractContextManager[Any]


class _Held:
    """What is held while the database is read: the world's lock, or nothing.

    Args:
        lock: The lock.
    """

    def __init__(self, lock: Lock | None) -> None:
        self._lock = lock

    def __call__(self) -> Lock:
        """What to be within."""
        return contextlib.nullcontext() if self._lock is None else self._lock


class _Cancelled(Exception):
    """Somebody stopped the query."""


def _run(scope: Scope, execution: Execution, kept_from: dict[str, int], progress: Progress) -> list[ResultRow]:
    reader = scope.world.database.reader()
    if reader is None:
        _scan(scope, scope.world.database.execute, execution, kept_from, progress, scope.world.lock)
        progress.matched = execution.matched
        return execution.results()
    try:
        reader.execute("BEGIN")
        _scan(scope, reader.execute, execution, kept_from, progress, None)
    finally:
        reader.close()
    progress.matched = execution.matched
    return execution.results()


def _scan(
    scope: Scope,
    execute: reading.Execute,
    execution: Execution,
    kept_from: dict[str, int],
    progress: Progress,
    lock: Lock | None,
) -> None:
    batch = _BATCH if lock is None else _SLICE
    held = _Held(lock)
    for low, high in execution.ranges:
        found: list[reading.Part] = []
        for group, kept in kept_from.items():
            with held():
                parts = reading.parts(execute, scope, group, max(low, kept), high)
            found += [_clamped(part, kept) for part in parts]
        if execution.ordered:
            events = reading.merged(execute, found, low, high, forward=False, texts=execution.needed)
            kept_by = {f"{scope.account}:{group}": kept for group, kept in kept_from.items()}
            while not execution.finished:
                with held():
                    taken = list(islice(events, batch))
                if not taken:
                    break
                _look(progress, execution)
                execution.feed_rows([pair for pair in taken if pair[1][0] >= kept_by[pair[0].log]])
                if not execution.needed:
                    progress.scanned += len(taken)
            _count(execute, execution, found, low, high, progress, held)
            continue
        for part in found:
            if execution.bins is not None:
                _look(progress, execution)
                with held():
                    execution.feed_counts(_counted(execute, part, low, high, execution))
                _count(execute, execution, [part], low, high, progress, held)
                continue
            for events_of_one in _of_part(execute, part, low, high, execution, batch, held):
                _look(progress, execution)
                execution.feed(part.stream, events_of_one)
            _count(execute, execution, [part], low, high, progress, held)


def _clamped(part: reading.Part, kept: int) -> reading.Part:
    return replace(part, first=max(part.first, kept))


def _look(progress: Progress, execution: Execution) -> None:
    progress.matched = execution.matched
    if progress.cancelled:
        raise _Cancelled


def _counted(
    execute: reading.Execute, part: reading.Part, low: int, high: int, execution: Execution
) -> list[tuple[int, int]]:
    """How many events of one stream are in each bin."""
    contained, parameters = reading.containing(execution.needed, plain=part.plain)
    bins = execution.bins
    return execute(
        f"SELECT time - time % ?, count(*) FROM log_events WHERE stream = ? AND time >= ? AND time <= ?{contained}"
        " GROUP BY 1",
        (bins, part.stream.id, max(low, part.first), min(high, part.last), *parameters),
    ).fetchall()


def _of_part(
    execute: reading.Execute,
    part: reading.Part,
    low: int,
    high: int,
    execution: Execution,
    batch: int,
    held: _Held,
) -> Iterator[list[Event]]:
    """The events of one stream, oldest first, in batches."""
    contained, parameters = reading.containing(execution.needed, plain=part.plain)
    columns = "time, number, ingested, message"
    start, end = max(low, part.first), min(high, part.last)
    if batch == _BATCH:  # nobody is kept waiting: one statement, stepped through
        cursor = execute(
            f"SELECT {columns} FROM log_events WHERE stream = ? AND time >= ? AND time <= ?{contained}",
            (part.stream.id, start, end, *parameters),
        )
        while rows := cursor.fetchmany(batch):
            yield rows
        return
    position = (start - 1, 1 << 62)
    sql = (
        f"SELECT {columns} FROM log_events WHERE stream = ? AND (time, number) > (?, ?) AND time <= ?{contained}"
        f" ORDER BY time, number LIMIT {batch}"
    )
    while True:
        with held():
            rows = execute(sql, (part.stream.id, *position, end, *parameters)).fetchall()
        if rows:
            yield rows
        if len(rows) < batch:
            return
        position = (rows[-1][0], rows[-1][1])


def _count(
    execute: reading.Execute,
    execution: Execution,
    parts: list[reading.Part],
    low: int,
    high: int,
    progress: Progress,
    held: _Held,
) -> None:
    """Add what was looked at; a stream that lies within the range is known without counting.

    The bytes of a part of a stream are its share of the events.
    """
    if execution.ordered and not execution.needed:
        events = sum(part.events for part in parts) or 1
        progress.bytes += sum(part.bytes for part in parts) * min(progress.scanned, events) // events
        return
    for part in parts:
        count = part.events
        if not (low <= part.first and part.last <= high):
            with held():
                count = execute(
                    "SELECT count(*) FROM log_events WHERE stream = ? AND time >= ? AND time <= ?",
                    (part.stream.id, max(low, part.first), high),
                ).fetchone()[0]
        progress.scanned += count
        progress.bytes += part.bytes * count // part.events if part.events else 0


def done(scope: Scope, payload: Payload) -> None:
    """Keep what a query has come to."""
    query = scope.get(Query, payload.get("id", ""))
    if query is None:
        return
    progress = scope.world.tool(UnderWay).progress.pop(query.id, Progress())
    rows = payload["rows"]
    for chunk, place in enumerate(range(0, len(rows), CHUNK)):
        scope.world.database.execute(
            "INSERT OR REPLACE INTO log_query_rows VALUES (?, ?, ?)",
            (query.id, chunk, msgspec.json.encode(rows[place : place + CHUNK])),
        )
    scope.put(
        query.id,
        msgspec.structs.replace(
            query,
            status=payload["status"] if query.status == "Running" else query.status,
            duration=max(millis(scope) - query.created, 0),
            rows=len(rows),
            matched=progress.matched,
            scanned=progress.scanned,
            bytes=progress.bytes,
            message=payload.get("message", ""),
        ),
    )
    _forget_old(scope)


def rows_of(scope: Scope, query: Query, first: int, count: int) -> list[ResultRow]:
    """Some of a query's rows."""
    found: list[ResultRow] = []
    chunks = scope.world.database.execute(
        "SELECT body FROM log_query_rows WHERE query = ? AND chunk >= ? AND chunk <= ? ORDER BY chunk",
        (query.id, first // CHUNK, (first + count - 1) // CHUNK),
    )
    for (body,) in chunks.fetchall():
        found += msgspec.json.decode(body)
    skipped = first % CHUNK
    return found[skipped : skipped + count]


def _forget_old(scope: Scope) -> None:
    queries = sorted((query for _, query in scope.scan(Query)), key=lambda query: query.created, reverse=True)
    edge = millis(scope) - _KEPT
    for index, query in enumerate(queries):
        if (index >= _MOST_KEPT or query.created < edge) and query.status != "Running":
            scope.delete(Query, query.id)
            scope.world.database.execute("DELETE FROM log_query_rows WHERE query = ?", (query.id,))


def resume(world: World) -> None:
    """After a restart: a query that was at work has failed."""
    for account, region in world.records.places(Query):
        scope = world.scope(account, region)
        for _, query in list(scope.scan(Query)):
            if query.status == "Running":
                why = "the backend was stopped while the query was at work"
                scope.put(query.id, msgspec.structs.replace(query, status="Failed", message=why))


def stop(world: World) -> None:
    """Before the backend closes: nothing goes on reading."""
    for progress in world.tool(UnderWay).progress.values():
        progress.cancelled = True
