"""Events in EventBridge's shape: engines emit them under ``bus.TOPIC``, and a world file's routes hand them on.

A route leads to a topic or to a function of the same world file. EventBridge's own rules and buses are not built.
"""

from __future__ import annotations

from pointsman.local.engines import Engine
from pointsman.local.events import bus, routes
from pointsman.local.world import World


def _install(world: World) -> None:
    world.provide(routes.Routes())
    world.on(bus.TOPIC, routes.on_event)


ENGINE = Engine(name="events", answers=(), install=_install)
