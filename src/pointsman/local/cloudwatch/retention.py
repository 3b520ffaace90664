"""Datapoints that grow old are joined into wider ones, hour by hour, as AWS keeps them; the oldest are forgotten.

What comes in late is kept at the width of its age at once, so each run looks only at what has grown too old since the
run before it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from pointsman.local.cloudwatch import table
from pointsman.local.world import Payload, Scope, World
from pointsman.semantics.metrics import periods

DUE: Final = "cloudwatch.retention"
AT_ONCE: Final = 50
"""Series that are worked on in one transaction."""


class Scheduled:
    """Where the next run is known to be on the clock; a tool of the world."""

    def __init__(self, world: World) -> None:
        self.places: set[tuple[str, str]] = set()
        world.database.on_rollback(self.places.clear)


def data_came(scope: Scope, _: Payload) -> None:
    """Have old datapoints joined at the next hour."""
    places = scope.world.tool(Scheduled).places
    if (scope.account, scope.region) not in places:
        places.add((scope.account, scope.region))
        _schedule(scope)


def _schedule(scope: Scope) -> None:
    hour = periods.floor(periods.seconds(scope.now), periods.HOUR) + periods.HOUR
    scope.at(datetime.fromtimestamp(hour, UTC), DUE, {}, key=DUE)


def run(scope: Scope, payload: Payload) -> None:
    """Work on the next few series."""
    database = scope.world.database
    fact = f"cloudwatch.retention/{scope.account}/{scope.region}"
    now = payload.get("now", periods.seconds(scope.now))
    before = int(database.fact(fact) or 0)
    rows = database.execute(
        "SELECT id, last FROM metric_series WHERE account = ? AND region = ? AND id > ? ORDER BY id LIMIT ?",
        (scope.account, scope.region, payload.get("after", 0), AT_ONCE),
    ).fetchall()
    for id_, last in rows:
        _series(scope, id_, last, before, now)
    if len(rows) == AT_ONCE:
        scope.at(scope.now, DUE, {"after": rows[-1][0], "now": now}, key=DUE)
        return
    database.remember(fact, str(now))
    _schedule(scope)


def _series(scope: Scope, id_: int, last: int, before: int, now: int) -> None:
    database = scope.world.database
    for (_, kept), (wide, _) in pairwise(periods.TIERS):
        start = periods.floor(before - kept, wide) if before else 0
        end = periods.floor(now - kept, wide)
        _join(scope, id_, start, end, wide)
    oldest = now - periods.TIERS[-1][1]
    database.execute("DELETE FROM metric_points WHERE series = ? AND time < ?", (id_, oldest))
    if last < oldest:
        database.execute("DELETE FROM metric_dimensions WHERE series = ?", (id_,))
        database.execute("DELETE FROM metric_series WHERE id = ?", (id_,))
        scope.world.tool(table.Series).known.clear()


def _join(scope: Scope, id_: int, start: int, end: int, wide: int) -> None:
    where = (id_, start, end, wide)
    rows = scope.world.database.execute(
        "SELECT time, count, sum, low, high, spread FROM metric_points"
        " WHERE series = ? AND time >= ? AND time < ? AND width < ?",
        where,
    ).fetchall()
    if rows:
        scope.world.database.execute(
            "DELETE FROM metric_points WHERE series = ? AND time >= ? AND time < ? AND width < ?", where
        )
        table.put(scope, [(id_, row[0] - row[0] % wide, wide, *row[1:]) for row in rows])
