"""CloudWatch as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

from pointsman.local.cloudwatch import (
    actions,
    composites,
    dashboards,
    data,
    detectors,
    evaluation,
    history,
    intake,
    metrics,
    mutes,
    operations,
    retention,
    table,
    tags,
    told,
)
from pointsman.local.cloudwatch.alarms import TRANSITION, KeptAlarms
from pointsman.local.cloudwatch.bands import Models
from pointsman.local.cloudwatch.watched import Watched
from pointsman.local.engines import Engine
from pointsman.local.world import World


def _install(world: World) -> None:
    table.install(world)
    world.database.declare(history.SCHEMA)
    world.provide(retention.Scheduled(world))
    world.provide(Models())
    world.provide(Watched(world))
    world.provide(composites.Depth())
    world.provide(KeptAlarms())
    world.on(intake.DATA, evaluation.data_came)
    world.on(intake.DATA, retention.data_came)
    world.on(told.DATUM, told.came)
    world.on(retention.DUE, retention.run)
    world.on(evaluation.TOUCHED, evaluation.touched)
    world.on(evaluation.TICK, evaluation.tick)
    world.on(TRANSITION, composites.changed)
    world.on(composites.WAITED, composites.waited)
    world.on(actions.UNMUTED, actions.unmuted)
    world.on(actions.FUNCTION_ENDED, actions.function_ended)


ENGINE = Engine(
    name="cloudwatch",
    answers=(intake, metrics, data, operations, history, dashboards, tags, detectors, mutes),
    install=_install,
)
