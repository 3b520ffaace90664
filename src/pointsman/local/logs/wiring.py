"""CloudWatch Logs as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

from pointsman.local.engines import Engine
from pointsman.local.logs import (
    definitions,
    events,
    exports,
    filtering,
    groups,
    ingest,
    livetail,
    operations,
    operations_filters,
    operations_queries,
    queries,
    retention,
    streams,
    table,
)
from pointsman.local.world import World


def _install(world: World) -> None:
    world.database.declare(table.SCHEMA)
    world.database.declare(queries.SCHEMA)
    world.provide(events.Held(world))
    world.provide(queries.UnderWay())
    world.provide(livetail.LiveTails())
    world.on(queries.DONE, queries.done)
    world.on(exports.DONE, exports.done)
    world.on(retention.SWEEP, retention.sweep)
    world.on(ingest.DEFAULT, ingest.minute_over)


def _resume(world: World) -> None:
    queries.resume(world)
    exports.resume(world)


def _stop(world: World) -> None:
    livetail.stop(world)
    queries.stop(world)


ENGINE = Engine(
    name="logs",
    answers=(
        groups,
        streams,
        operations,
        filtering,
        livetail,
        operations_filters,
        operations_queries,
        definitions,
        exports,
    ),
    install=_install,
    resume=_resume,
    stop=_stop,
)
