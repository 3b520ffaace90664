"""What is let go of: traces beyond their age, and the oldest ones once there is too much."""

from __future__ import annotations

from pointsman.local.world import Payload, Scope, World
from pointsman.local.xray import table

SWEEP = "xray.sweep"
_HOUR = 3600.0
_BREATH = 0.002
"""Seconds between two goes, so that whoever waits for the backend gets his turn."""
_AT_ONCE = 100
"""Traces that are removed in one transaction."""
_LOW = 0.9
"""Of what may be kept: how much is left once it was too much."""
_KEPT_WINDOWS = 3600
"""Seconds for which the statistics of sampling are kept."""


def arm(scope: Scope) -> None:
    """See to it that somebody sweeps: within the hour, or at once when there is too much."""
    database = scope.world.database
    held = database.execute(
        "SELECT bytes FROM xray_totals WHERE account = ? AND region = ?", (scope.account, scope.region)
    ).fetchone()
    crowded = held is not None and held[0] > table.limits(scope.world).bytes
    row = database.execute(
        "SELECT due FROM timers WHERE account = ? AND region = ? AND key = ?", (scope.account, scope.region, SWEEP)
    ).fetchone()
    now = scope.now.timestamp()
    if row is None or (crowded and row[0] > now + 1):
        scope.after(0.0 if crowded else _HOUR, SWEEP, key=SWEEP)


def resume(world: World) -> None:
    """After a restart: somebody sweeps where there is anything."""
    places = world.database.execute("SELECT account, region FROM xray_totals WHERE bytes > 0")
    for account, region in places.fetchall():
        arm(world.scope(account, region))


def sweep(scope: Scope, payload: Payload) -> None:
    """Remove some of what is too old or too much, and come back for the rest."""
    if scope.world.closing:
        return
    database = scope.world.database
    limits = table.limits(scope.world)
    now = scope.now.timestamp()
    gone = [
        row[0]
        for row in database.execute(
            "SELECT id FROM xray_traces WHERE account = ? AND region = ? AND epoch < ? ORDER BY epoch LIMIT ?",
            (scope.account, scope.region, now - limits.age, _AT_ONCE),
        )
    ]
    held = database.execute(
        "SELECT ifnull(sum(bytes), 0) FROM xray_totals WHERE account = ? AND region = ?",
        (scope.account, scope.region),
    ).fetchone()[0]
    clearing = held > limits.bytes or (payload.get("clearing", False) and held > limits.bytes * _LOW)
    if clearing and len(gone) < _AT_ONCE:
        gone = _oldest(scope, held - int(limits.bytes * _LOW))
    if gone:
        table.remove(database, gone)
        scope.after(_BREATH, SWEEP, {"clearing": clearing}, key=SWEEP)
        return
    database.execute("DELETE FROM xray_shapes WHERE id NOT IN (SELECT cause FROM xray_causes)")
    scope.world.tool(table.Interned).forget()
    database.execute(
        "DELETE FROM xray_sampling WHERE account = ? AND region = ? AND window < ?",
        (scope.account, scope.region, int(now) - _KEPT_WINDOWS),
    )
    left = database.execute(
        "SELECT 1 FROM xray_traces WHERE account = ? AND region = ? LIMIT 1", (scope.account, scope.region)
    ).fetchone()
    if left is not None:
        scope.after(_HOUR, SWEEP, key=SWEEP)


def _oldest(scope: Scope, size: int) -> list[int]:
    """The oldest traces whose documents come to so many bytes, as far as they are removed at once."""
    rows = scope.world.database.execute(
        "SELECT id, bytes FROM xray_traces WHERE account = ? AND region = ? ORDER BY epoch, id LIMIT ?",
        (scope.account, scope.region, _AT_ONCE),
    )
    found: list[int] = []
    for number, held in rows:
        if size <= 0:
            break
        found.append(number)
        size -= held
    return found
