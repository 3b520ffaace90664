"""CodePipeline, executing: definitions, executions moving through stages, and the actions they call for.

``declaration`` and ``structure`` know a definition, ``machine`` the rules of movement (pure), ``driver`` and ``runs``
carry out what follows, ``providers`` and ``actions`` do the work, ``polling`` notices new revisions, and the
``operations_*`` modules are the answers.
"""

from __future__ import annotations

from pointsman.local.codepipeline import (
    actions,
    driver,
    operations_executions,
    operations_pipelines,
    operations_stages,
    polling,
)
from pointsman.local.codepipeline.providers import Providers
from pointsman.local.codepipeline.shapes import Line
from pointsman.local.engines import Engine
from pointsman.local.world import World


def _install(world: World) -> None:
    if not world.has(Providers):
        world.provide(actions.built())
    world.tool(Providers).install(world)
    driver.install(world)
    polling.install(world)


def _resume(world: World) -> None:
    for account, region in world.records.places(Line):
        scope = world.scope(account, region)
        for name, _ in list(scope.scan(Line)):
            driver.resume(scope, name)


ENGINE = Engine(
    name="codepipeline",
    answers=(operations_pipelines, operations_executions, operations_stages),
    install=_install,
    resume=_resume,
)
