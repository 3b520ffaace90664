"""Events in EventBridge's shape: engines emit them under ``bus.TOPIC``, and a world file's routes hand them on.

Who listens to the topic says through ``bus.Interest`` where he does: elsewhere no event is worded. A route leads to a
topic or to a function of the same world file. EventBridge's own rules and buses are not built.
"""

from __future__ import annotations

from pointsman.local.engines import Engine
from pointsman.local.events import bus, routes
from pointsman.local.world import World


def _install(world: World) -> None:
    found = routes.Routes()
    world.provide(found)
    world.database.on_rollback(found.forget)
    world.provide(bus.Interest())
    world.tool(bus.Interest).add(lambda scope: bool(found.of(scope)))
    world.on(bus.TOPIC, routes.on_event)


ENGINE = Engine(name="events", answers=(), install=_install)
