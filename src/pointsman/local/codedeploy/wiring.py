"""CodeDeploy as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

from pointsman.local.cloudwatch.alarms import CHANGED
from pointsman.local.codedeploy import (
    deployments,
    driver,
    ending,
    figures,
    halting,
    notices,
    operations_applications,
    operations_configs,
    operations_deployments,
    operations_groups,
    operations_instances,
    operations_revisions,
    operations_targets,
    protocol,
    shifting_driver,
    starting,
    survival,
    tasks,
)
from pointsman.local.codedeploy.balancing import Router
from pointsman.local.codedeploy.ports import FreePorts, Ports
from pointsman.local.engines import Engine, Place
from pointsman.local.runners.rooms import Room
from pointsman.local.world import World


def _install(world: World) -> None:
    root = world.tool(Place).root
    room = Room(root / "room")
    if not world.has(protocol.Crew):
        from pointsman.local.codedeploy.crew import LocalCrew  # a world that only plays does without

        world.provide(LocalCrew(room, root / "room"))
    if not world.has(tasks.Tasks):
        world.provide(tasks.LocalTasks(room, root / "tasks"))
    if not world.has(Ports):
        world.provide(FreePorts())
    if not world.has(Router):
        from pointsman.local.codedeploy.router import LoopbackRouter

        world.provide(LoopbackRouter())
    world.on(deployments.BEGIN, starting.begun)
    world.on(starting.BUNDLED, starting.bundled)
    world.on(protocol.EVENT_STARTED, driver.event_started)
    world.on(protocol.EVENT_ENDED, driver.event_ended)
    world.on(driver.UNDELIVERED, driver.undelivered)
    world.on(ending.WAIT, halting.waited)
    world.on(ending.TIMEOUT, halting.timed_out)
    world.on(CHANGED, halting.alarm_changed)
    world.on(notices.ENDED, figures.ended)
    world.on(shifting_driver.DUE, shifting_driver.due)
    world.on(shifting_driver.HOOK_ENDED, shifting_driver.hook_ended)
    world.on(shifting_driver.HOOK_TIMEOUT, shifting_driver.hook_timed_out)
    world.on(tasks.SERVING, shifting_driver.serving)


ENGINE = Engine(
    name="codedeploy",
    answers=(
        operations_applications,
        operations_configs,
        operations_groups,
        operations_instances,
        operations_revisions,
        operations_deployments,
        operations_targets,
    ),
    install=_install,
    resume=survival.resume,
    stop=survival.close,
    folders=("room", "tasks", "instances"),
)
