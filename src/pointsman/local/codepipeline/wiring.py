"""CodePipeline as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

from pointsman.local.codepipeline import (
    actions,
    driver,
    events,
    figures,
    operations_conditions,
    operations_executions,
    operations_jobs,
    operations_partners,
    operations_pipelines,
    operations_revisions,
    operations_stages,
    operations_tags,
    operations_targets,
    operations_types,
    operations_webhooks,
    polling,
    requesting,
    resuming,
    webhooks,
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
    webhooks.install(world)
    requesting.install(world)
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
        operations_partners,
        operations_targets,
        operations_webhooks,
        operations_tags,
    ),
    install=_install,
    resume=_resume,
)
