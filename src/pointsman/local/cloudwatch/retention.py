"""Datapoints that grow old are joined into wider ones, hour by hour, as AWS keeps them; the oldest are forgotten.

What comes in late is kept at the width of its age at once, so each run looks only at what has grown too old since the
run before it.
"""

from __future__ import annotations

from datetime import UTC, datetime
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
    """Work on the next few series: each hour on those with seconds, each day on all."""
    database = scope.world.database
    place = f"{scope.account}/{scope.region}"
    hourly, daily = f"cloudwatch.retention/hour/{place}", f"cloudwatch.retention/day/{place}"
    now = payload.get("now", periods.seconds(scope.now))
    hour, day = int(database.fact(hourly) or 0), int(database.fact(daily) or 0)
    whole = now - day >= periods.DAY
    only = "" if whole else " AND fine"
    rows = database.execute(
        f"SELECT id, last, fine FROM metric_series WHERE account = ? AND region = ? AND id > ?{only}"
        " ORDER BY id LIMIT ?",
        (scope.account, scope.region, payload.get("after", 0), AT_ONCE),
    ).fetchall()
    for id_, last, fine in rows:
        if fine:
            _older(scope, id_, 0, hour, now)
        if whole:
            _older(scope, id_, 1, day, now)
            _older(scope, id_, 2, day, now)
            _forget(scope, id_, last, now - periods.TIERS[-1][1])
    if len(rows) == AT_ONCE:
        scope.at(scope.now, DUE, {"after": rows[-1][0], "now": now}, key=DUE)
        return
    database.remember(hourly, str(now))
    if whole:
        database.remember(daily, str(now))
    _schedule(scope)


def _older(scope: Scope, id_: int, tier: int, before: int, now: int) -> None:
    """Join what has grown too old for a tier since ``before`` into the tier behind it."""
    kept, wide = periods.TIERS[tier][1], periods.TIERS[tier + 1][0]
    start = periods.floor(before - kept, wide) if before else 0
    _join(scope, id_, start, periods.floor(now - kept, wide), wide)


def _forget(scope: Scope, id_: int, last: int, oldest: int) -> None:
    database = scope.world.database
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
