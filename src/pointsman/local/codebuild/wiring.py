"""CodeBuild as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

from pointsman.local.codebuild import (
    badges,
    batches,
    driver,
    events,
    figures,
    operations,
    operations_access,
    operations_batches,
    operations_fleets,
    operations_reports,
    operations_sandboxes,
    operations_webhooks,
    posted,
    preparing,
    queueing,
    reports,
    retrying,
    sandboxes,
    survival,
    upload,
    webhooks,
)
from pointsman.local.codebuild.trust import Trust, TrustEverything
from pointsman.local.codecommit import pull_requests
from pointsman.local.engines import Engine, Place
from pointsman.local.events.ways import Ways
from pointsman.local.runners import protocol
from pointsman.local.runners.process import ProcessRunner
from pointsman.local.world import World


def _install(world: World) -> None:
    if not world.has(protocol.BuildRunner):
        world.provide(ProcessRunner(world.tool(Place).root / "builds"))
    if not world.has(Trust):
        world.provide(TrustEverything())
    world.provide(driver.LiveBuilds())
    world.on(driver.DISPATCH, queueing.dispatch)
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
    world.on(driver.BATCH_READ, batches.spec_read)
    world.on(driver.STARTED, events.state_changed)
    world.on(driver.PHASE, events.phase_changed)
    world.on(driver.ENDED, events.state_changed)
    world.on(driver.ENDED, figures.ended)
    world.on(driver.ENDED, retrying.ended)
    world.on(driver.ENDED, batches.build_ended)
    world.on(batches.COMBINED, batches.combined)
    world.on(batches.TIMEOUT, batches.timed_out)
    world.provide(webhooks.Looks())
    world.on(webhooks.POLL, webhooks.poll)
    world.on(webhooks.LOOKED, webhooks.looked)
    world.on(webhooks.MOVED, webhooks.moved)
    world.on(pull_requests.TOPIC, webhooks.requested)
    world.provide(sandboxes.LiveSandboxes())
    for topic in (driver.TIMEOUT, driver.QUEUED_TIMEOUT):
        world.on(topic, sandboxes.timed_out)
    world.on(protocol.FETCHED, sandboxes.fetched)
    world.on(protocol.OUTPUT, sandboxes.printed)
    world.on(protocol.COMMAND_ENDED, sandboxes.command_ended)
    world.on(protocol.RECOVERED, sandboxes.recovered)
    badges.install(world)
    posted.install(world)
    world.on(protocol.RECOVERED, survival.recovered)
    world.tool(Ways).add("codebuild", operations.from_rule)


def _resume(world: World) -> None:
    survival.resume(world)
    batches.resume(world)


def _stop(world: World) -> None:
    batches.close(world)
    survival.close(world)


ENGINE = Engine(
    name="codebuild",
    answers=(
        *(operations, operations_batches, operations_fleets, operations_sandboxes),
        *(operations_reports, operations_webhooks, operations_access),
    ),
    install=_install,
    resume=_resume,
    stop=_stop,
    folders=("builds", "caches"),
)
