"""CloudWatch: metrics that are kept, alarms that evaluate, dashboards."""

from __future__ import annotations

from pointsman.local.cloudwatch import data, intake, metrics, operations, table
from pointsman.local.cloudwatch.alarms import KeptAlarms
from pointsman.local.cloudwatch.bands import Models
from pointsman.local.engines import Engine
from pointsman.local.world import World


def _install(world: World) -> None:
    table.install(world)
    world.provide(Models())
    world.provide(KeptAlarms())


ENGINE = Engine(name="cloudwatch", answers=(intake, metrics, data, operations), install=_install)
