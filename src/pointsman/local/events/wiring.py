"""Events as an engine: its answers, what it listens to, and how it begins and ends."""

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
