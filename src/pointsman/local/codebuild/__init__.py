"""CodeBuild: projects, and builds that really run.

``builds`` is what other engines call; ``machine`` decides what a build does next, ``driver`` carries it out.
"""

from pointsman.local.codebuild import driver, operations, operations_reports, preparing, reports, survival, upload
from pointsman.local.codebuild.trust import Trust, TrustEverything
from pointsman.local.engines import Engine, Place
from pointsman.local.runners import protocol
from pointsman.local.runners.process import ProcessRunner
from pointsman.local.world import World


def _install(world: World) -> None:
    if not world.has(protocol.BuildRunner):
        world.provide(ProcessRunner(world.tool(Place).root / "builds"))
    if not world.has(Trust):
        world.provide(TrustEverything())
    world.provide(driver.LiveBuilds())
    world.on(driver.DISPATCH, driver.dispatch)
    world.on(driver.TIMEOUT, driver.timed_out)
    world.on(driver.QUEUED_TIMEOUT, driver.timed_out)
    world.on(protocol.FETCHED, driver.fetched)
    world.on(driver.OPENED, preparing.opened)
    world.on(preparing.TOOLED, preparing.tooled)
    world.on(preparing.CACHED, preparing.cached)
    world.on(protocol.COMMAND_ENDED, preparing.keyed)
    world.on(reports.EXPIRED, reports.expire)
    world.on(protocol.OUTPUT, driver.printed)
    world.on(protocol.COMMAND_ENDED, driver.command_ended)
    world.on(protocol.COMMAND_ENDED, upload.answered)
    world.on(driver.COLLECT, upload.inquire)
    world.on(protocol.COLLECTED, upload.collected)
    world.on(protocol.RECOVERED, survival.recovered)


ENGINE = Engine(
    name="codebuild",
    answers=(operations, operations_reports),
    install=_install,
    resume=survival.resume,
    stop=survival.close,
)
