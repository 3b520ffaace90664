"""Functions as an engine: what it listens to, and how it begins and ends."""

from __future__ import annotations

from pointsman.local.engines import Engine
from pointsman.local.runners.commands import CommandRunner, ProcessCommands
from pointsman.local.world import World


def _install(world: World) -> None:
    if not world.has(CommandRunner):
        world.provide(ProcessCommands())


def _stop(world: World) -> None:
    runner = world.tool(CommandRunner)  # type: ignore[type-abstract]
    runner.close()


ENGINE = Engine(name="functions", answers=(), install=_install, stop=_stop)
