"""Where datapoints are kept: tables of the backend's database, clustered by series and time.

A series is a metric in one unit. Its samples of one second or minute are one row: count, sum, minimum, maximum, and,
when they differ, how they are spread as (value, count) pairs. Rows of an age are joined into wider ones
(``retention.py``), so ``width`` tells how long a time a row stands for.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, Final

from msgspec import Struct

from pointsman.local.world import Scope, World

SCHEMA = """
CREATE TABLE IF NOT EXISTS metric_series (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, region TEXT NOT NULL, namespace TEXT NOT NULL,
    name TEXT NOT NULL, dims TEXT NOT NULL, unit TEXT NOT NULL, last INTEGER NOT NULL, fine INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS metric_series_name
    ON metric_series (account, region, namespace, name, dims, unit);
CREATE INDEX IF NOT EXISTS metric_series_bare ON metric_series (account, region, name);
CREATE INDEX IF NOT EXISTS metric_series_fine ON metric_series (account, region, id) WHERE fine;
CREATE TABLE IF NOT EXISTS metric_dimensions (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, series INTEGER NOT NULL,
    PRIMARY KEY (account, region, name, value, series)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS metric_points (
    series INTEGER NOT NULL, time INTEGER NOT NULL, width INTEGER NOT NULL, count REAL NOT NULL, sum REAL NOT NULL,
    low REAL NOT NULL, high REAL NOT NULL, spread BLOB, PRIMARY KEY (series, time, width)
) WITHOUT ROWID;
"""

SPREAD: Final = 4096
"""Different values of a row that are told apart; beyond that they are rounded to three digits."""
UNKNOWN: Final = b""
"""The spread of samples that came as a statistic set of different values."""

Dimensions = tuple[tuple[str, str], ...]
"""(name, value), by name."""

_PUT = """
INSERT INTO metric_points VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (series, time, width) DO UPDATE SET
    spread = pointsman_spread(spread, count, low, high, excluded.spread, excluded.count, excluded.low, excluded.high),
    count = count + excluded.count, sum = sum + excluded.sum,
    low = min(low, excluded.low), high = max(high, excluded.high)
"""

Row = tuple[int, int, int, float, float, float, float, bytes | None]
"""(series, time, width, count, sum, low, high, spread): a row as it is put."""


class Metric(Struct, frozen=True):
    """A metric's identity."""

    namespace: str
    name: str
    dimensions: Dimensions = ()

    @property
    def key(self) -> str:
        """Its dimensions as they are kept."""
        return encode_dimensions(self.dimensions)


def encode_dimensions(dimensions: Dimensions) -> str:
    """Dimensions as the text they are kept as."""
    return json.dumps(dimensions, ensure_ascii=False, separators=(",", ":")) if dimensions else ""


def decode_dimensions(text: str) -> Dimensions:
    """The dimensions a kept text stands for."""
    return tuple((name, value) for name, value in json.loads(text)) if text else ()


class Series:
    """The ids of series, at hand for whoever puts datapoints; a tool of the world."""

    def __init__(self, world: World) -> None:
        self.known: dict[tuple[str, str, str, str, str, str], list[int]] = {}
        """(account, region, namespace, name, dims, unit) -> [id, last, fine]."""
        world.database.on_rollback(self.known.clear)


def install(world: World) -> None:
    """Declare the tables."""
    world.database.declare(SCHEMA)
    world.database.connection.create_function("pointsman_spread", 8, _joined, deterministic=True)
    world.provide(Series(world))


def pack(pairs: Iterable[tuple[float, float]]) -> bytes:
    """(value, count) pairs as a spread."""
    return array("d", [part for pair in pairs for part in pair]).tobytes()


def unpack(spread: bytes | None, count: float, low: float, high: float) -> list[tuple[float, float]] | None:
    """A row's samples as (value, count) pairs; None when they are not known one by one."""
    if spread is None:
        return [(low, count)] if low == high else None
    if not spread:
        return None
    parts = array("d")
    parts.frombytes(spread)
    return list(zip(parts[::2], parts[1::2], strict=True))


def _joined(
    one: bytes | None,
    count: float,
    low: float,
    high: float,
    other: bytes | None,
    other_count: float,
    other_low: float,
    other_high: float,
) -> bytes | None:
    """The spread of two rows together; called by the database."""
    if one is None and other is None and low == high == other_low == other_high:
        return None
    if one == UNKNOWN or other == UNKNOWN:
        return UNKNOWN
    left = pack([(low, count)]) if one is None else one
    right = pack([(other_low, other_count)]) if other is None else other
    both = left + right
    return both if len(both) <= 16 * SPREAD else squeezed(both)


def squeezed(spread: bytes) -> bytes:
    """A spread with equal values counted together; values rounded to three digits when too many differ."""
    parts = array("d")
    parts.frombytes(spread)
    counts: dict[float, float] = {}
    for value, count in zip(parts[::2], parts[1::2], strict=True):
        counts[value] = counts.get(value, 0.0) + count
    if len(counts) > SPREAD // 2:
        rounded: dict[float, float] = {}
        for value, count in counts.items():
            near = float(f"{value:.2e}")
            rounded[near] = rounded.get(near, 0.0) + count
        counts = rounded
    return pack(counts.items())


def ids(scope: Scope, metric: Metric, unit: str, last: int, *, fine: bool) -> int:
    """The id of a series, made when it is not there; ``last`` is the time of its newest datapoint.

    Args:
        scope: Whose.
        metric: Of which metric.
        unit: In which unit.
        last: Seconds since 1970.
        fine: Whether it has datapoints of less than a minute.
    """
    known = scope.world.tool(Series).known
    place = (scope.account, scope.region, metric.namespace, metric.name, metric.key, unit)
    entry = known.get(place)
    if entry is None:
        row = scope.world.database.execute(
            "SELECT id, last, fine FROM metric_series WHERE account = ? AND region = ? AND namespace = ?"
            " AND name = ? AND dims = ? AND unit = ?",
            place,
        ).fetchone()
        entry = list(row) if row is not None else _make(scope, metric, place, last)
        if len(known) > 200_000:
            known.clear()
        known[place] = entry
    if last > entry[1] + 30 or (fine and not entry[2]):
        entry[1], entry[2] = max(last, entry[1]), max(int(fine), entry[2])
        scope.world.database.execute("UPDATE metric_series SET last = ?, fine = ? WHERE id = ?", (*entry[1:], entry[0]))
    return entry[0]


def _make(scope: Scope, metric: Metric, place: tuple[str, ...], last: int) -> list[int]:
    database = scope.world.database
    row = database.execute(
        "INSERT INTO metric_series (account, region, namespace, name, dims, unit, last)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (*place, last),
    ).fetchone()
    dimensions = dict(metric.dimensions)
    database.executemany(
        "INSERT INTO metric_dimensions VALUES (?, ?, ?, ?, ?)",
        [(scope.account, scope.region, name, value, row[0]) for name, value in dimensions.items()],
    )
    return [row[0], last, 0]


def put(scope: Scope, rows: list[Row]) -> None:
    """Add samples; those of a time that has some already join them."""
    scope.world.database.executemany(_PUT, rows)


def series(scope: Scope, metric: Metric, unit: str | None = None) -> list[tuple[int, str]]:
    """The (id, unit) of a metric's series, in one unit or in all."""
    rows = scope.world.database.execute(
        "SELECT id, unit FROM metric_series WHERE account = ? AND region = ? AND namespace = ? AND name = ?"
        " AND dims = ? ORDER BY unit",
        (scope.account, scope.region, metric.namespace, metric.name, metric.key),
    ).fetchall()
    return [(id_, its) for id_, its in rows if unit is None or its == unit]


Point = tuple[int, float, float, float, float]
"""(time, count, sum, low, high)."""


def points(scope: Scope, series_: int, start: int, end: int, width: int) -> list[Point]:
    """The rows of a series from ``start`` up to ``end`` that stand for ``width`` seconds or less, by time."""
    return scope.world.database.execute(
        "SELECT time, count, sum, low, high FROM metric_points"
        " WHERE series = ? AND time >= ? AND time < ? AND width <= ? ORDER BY time",
        (series_, start, end, width),
    ).fetchall()


def spreads(
    scope: Scope, series_: int, start: int, end: int, width: int
) -> list[tuple[int, float, float, float, bytes | None]]:
    """Like ``points``, but (time, count, low, high, spread)."""
    return scope.world.database.execute(
        "SELECT time, count, low, high, spread FROM metric_points"
        " WHERE series = ? AND time >= ? AND time < ? AND width <= ? ORDER BY time",
        (series_, start, end, width),
    ).fetchall()


def metrics(
    scope: Scope,
    *,
    namespace: str | None = None,
    names: Sequence[str] = (),
    dimensions: Sequence[tuple[str, str | None]] = (),
    since: int = 0,
    after: Sequence[str] | None = None,
    limit: int = -1,
) -> list[Metric]:
    """Metrics by namespace, name and dimensions, each once.

    Args:
        scope: Whose.
        namespace: Only of this namespace.
        names: Only of these names.
        dimensions: Only with all of these (name, value); without a value any will do.
        since: Only those that had a datapoint at this time or later.
        after: Behind this (namespace, name, dims).
        limit: At most so many.
    """
    conditions, given = ["account = ?", "region = ?"], [scope.account, scope.region]
    parameters: list[Any] = list(given)
    if namespace is not None:
        conditions.append("namespace = ?")
        parameters.append(namespace)
    if names:
        conditions.append(f"name IN ({', '.join('?' for _ in names)})")
        parameters += names
    for name, value in dimensions:
        test = "" if value is None else " AND value = ?"
        conditions.append(
            f"id IN (SELECT series FROM metric_dimensions WHERE account = ? AND region = ? AND name = ?{test})"
        )
        parameters += [*given, name, *([] if value is None else [value])]
    if after is not None:
        conditions.append("(namespace, name, dims) > (?, ?, ?)")
        parameters += after
    rows = scope.world.database.execute(
        f"SELECT namespace, name, dims FROM metric_series WHERE {' AND '.join(conditions)}"
        " GROUP BY namespace, name, dims HAVING max(last) >= ? ORDER BY namespace, name, dims LIMIT ?",
        (*parameters, since, limit),
    ).fetchall()
    return [Metric(namespace_, name, decode_dimensions(dims)) for namespace_, name, dims in rows]
