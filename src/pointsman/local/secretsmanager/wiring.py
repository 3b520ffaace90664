"""Secrets Manager as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

from pointsman.local.engines import Engine
from pointsman.local.secretsmanager import operations
from pointsman.local.world import World


def _install(world: World) -> None:
    world.on("secretsmanager.due", operations.due)


ENGINE = Engine(name="secretsmanager", answers=(operations,), install=_install)
