"""CodePipeline, executing: definitions, executions moving through stages, and the actions they call for.

``declaration``, ``structure``, ``conditions`` and ``triggers`` know a definition; ``flow``, ``moves`` and ``machine``
are the rules of movement (pure); ``lanes``, ``driver`` and ``runs`` carry out what follows; ``providers``, ``actions``
and ``jobs`` do the work; ``polling`` and ``pushing`` notice new revisions; ``events`` tells of it all; and the
``operations_*`` modules are the answers.
"""

from __future__ import annotations

from pointsman.local.codepipeline import (
    actions,
    driver,
    events,
    figures,
    operations_conditions,
    operations_executions,
    operations_jobs,
    operations_pipelines,
    operations_revisions,
    operations_stages,
    operations_types,
    polling,
    resuming,
)
from pointsman.local.codepipeline.providers import Providers
from pointsman.local.codepipeline.shapes import Line
from pointsman.local.engines import Engine
from pointsman.local.events.ways import Ways
from pointsman.local.world import World


def _install(world: World) -> None:
    if not world.has(Providers):
        world.provide(actions.built())
    world.tool(Providers).install(world)
    driver.install(world)
    events.install(world)
    figures.install(world)
    polling.install(world)
    world.tool(Ways).add("codepipeline", operations_executions.from_rule)


def _resume(world: World) -> None:
    for account, region in world.records.places(Line):
        scope = world.scope(account, region)
        for name, _ in list(scope.scan(Line)):
            resuming.resume(scope, name)


ENGINE = Engine(
    name="codepipeline",
    answers=(
        operations_pipelines,
        operations_executions,
        operations_stages,
        operations_conditions,
        operations_jobs,
        operations_types,
        operations_revisions,
    ),
    install=_install,
    resume=_resume,
)
