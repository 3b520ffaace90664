"""Functions: commands of this machine that a world file names, in the place of Lambda's.

No API call can make one or say what it runs. ``invoke`` hands an event over as JSON on the standard input and posts
what the command came to.
"""

from __future__ import annotations

from pointsman.local.engines import Engine
from pointsman.local.functions.functions import invoke, ready
from pointsman.local.functions.records import LocalFunction
from pointsman.local.runners.commands import CommandRunner, ProcessCommands
from pointsman.local.world import World

__all__ = ["ENGINE", "LocalFunction", "invoke", "ready"]


def _install(world: World) -> None:
    if not world.has(CommandRunner):
        world.provide(ProcessCommands())


def _stop(world: World) -> None:
    runner = world.tool(CommandRunner)  # type: ignore[type-abstract]
    runner.close()


ENGINE = Engine(name="functions", answers=(), install=_install, stop=_stop)
