"""CloudWatch's alarms: kept, described, and set by hand. What evaluates them is not built yet, and says so by name."""

from __future__ import annotations

from pointsman.local.cloudwatch import operations
from pointsman.local.cloudwatch.alarms import KeptAlarms
from pointsman.local.engines import Engine
from pointsman.local.world import World


def _install(world: World) -> None:
    world.provide(KeptAlarms())


ENGINE = Engine(name="cloudwatch", answers=(operations,), install=_install)
