"""CloudWatch Logs: groups, streams and their events in time order."""

from pointsman.local.engines import Engine
from pointsman.local.logs import events, groups, operations, streams, table
from pointsman.local.world import World


def _install(world: World) -> None:
    world.database.declare(table.SCHEMA)
    world.provide(events.Held(world))


ENGINE = Engine(name="logs", answers=(groups, streams, operations), install=_install)
