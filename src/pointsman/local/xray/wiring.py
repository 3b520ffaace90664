"""X-Ray as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

from pointsman.local.engines import Engine
from pointsman.local.world import World
from pointsman.local.xray import (
    figures,
    graphs,
    groups,
    indexing,
    intake,
    reading,
    retention,
    sampling,
    settings,
    summaries,
    table,
)


def _install(world: World) -> None:
    world.database.declare(table.SCHEMA)
    world.provide(table.Interned(world.database))
    world.on(indexing.INDEX, indexing.due)
    world.on(indexing.INDEX, lambda scope, _: figures.arm(scope))
    world.on(figures.DUE, figures.due)
    world.on(retention.SWEEP, retention.sweep)


def _resume(world: World) -> None:
    indexing.resume(world)
    retention.resume(world)


ENGINE = Engine(
    name="xray",
    answers=(intake, reading, summaries, graphs, sampling, groups, settings),
    install=_install,
    resume=_resume,
)
