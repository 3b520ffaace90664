"""Events as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

from pointsman.local.engines import Engine
from pointsman.local.events import (
    bus,
    delivery,
    operations_events,
    operations_rules,
    operations_targets,
    routes,
    rules,
    timetable,
    ways,
)
from pointsman.local.world import World


def _install(world: World) -> None:
    found, rules_ = routes.Routes(), rules.Rules()
    for one in (found, rules_):
        world.provide(one)
        world.database.on_rollback(one.forget)
    world.provide(ways.Ways())
    world.provide(delivery.Pace())
    delivery.install(world)
    world.provide(bus.Interest())
    world.tool(bus.Interest).add(lambda scope: bool(found.of(scope) or rules_.of(scope)))
    world.on(bus.TOPIC, delivery.on_event)
    world.on(delivery.DUE, delivery.deliver)
    world.on(delivery.FUNCTION_ENDED, delivery.function_ended)
    world.on(timetable.DUE, timetable.due)


ENGINE = Engine(name="events", answers=(operations_rules, operations_targets, operations_events), install=_install)
