"""Starting and closing the backend: what becomes of deployments that were under way."""

from __future__ import annotations

from pointsman.local.codedeploy import balancing, deployments, driver, shifting_driver
from pointsman.local.codedeploy.balancing import Router
from pointsman.local.codedeploy.lookup import targets_of
from pointsman.local.codedeploy.records import Busy, Deployment
from pointsman.local.codedeploy.tasks import LocalService, Tasks
from pointsman.local.world import Scope, World


def resume(world: World) -> None:
    """After a restart: every event that was under way is taken up again; what has run already does not run again."""
    balancing.resume(world)
    for account, region in world.records.places(LocalService):
        shifting_driver.revive(world.scope(account, region))
    for account, region in world.records.places(Busy):
        scope = world.scope(account, region)
        for key, _ in list(scope.scan(Busy)):
            one = scope.get(Deployment, key)
            if one is None:
                scope.delete(Busy, key)
            elif one.run is not None:
                _take_up(scope, one)
            elif one.shift is not None:
                shifting_driver.take_up(scope, one)
            else:
                scope.after(0, deployments.BEGIN, {"deployment": key}, key=f"{deployments.BEGIN}/{key}")


def _take_up(scope: Scope, one: Deployment) -> None:
    for target in list(targets_of(scope, one.id)):
        if target.event is not None:
            driver.work_on(scope, one, target, again=True)


def close(world: World) -> None:
    """Before the backend closes: what runs is ended; the next backend of the folder says so of it."""
    driver.crew_of(world).close()
    world.tool(Tasks).close()  # type: ignore[type-abstract]
    world.tool(Router).close()  # type: ignore[type-abstract]
