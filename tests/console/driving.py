"""Run the console over a pushed world and drive it with keys."""

from __future__ import annotations

import asyncio
import time
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual import events
from textual import keys as naming
from textual.pilot import Pilot

from console import alarming, asking, dashing, logbook, mapped, metering, releases, samples, tracing
from console.fakes import World, world
from pointsman.config.settings import Settings
from pointsman.console.app import ConsoleApp
from pointsman.console.toolkit import screen_lines
from pointsman.errors import CallFailed, Fault
from pointsman.model.alarms import AlarmHistory
from pointsman.model.deployments import DeploymentState
from pointsman.model.service_map import MapQuery
from pointsman.model.traces import TraceQuery


def full(made: World) -> World:
    """A world in which everything has been read."""
    made.fresh("board", value=samples.board(), partial="6 of 7 read")
    made.fresh("builds", "", value=samples.builds())
    made.fresh("projects", value=samples.projects())
    for state in (samples.checkout(), samples.billing()):
        made.services.pipelines.states[state.name] = state
        made.fresh("pipeline", state.name, value=state)
        made.fresh("history", state.name, value=state.executions)
    run = samples.checkout().executions[0]
    made.fresh("runs", "checkout", run.id, value=samples.action_runs())
    for build in samples.builds().builds:
        made.services.builds.builds[build.ref] = build
        made.fresh("build", build.ref.id, value=build)
        if build.log is not None:
            made.services.logs.chunks[build.log] = [samples.log_chunk(12, ended=build.complete)]
    for project in samples.projects():
        made.services.builds.known[project.ref] = project
    for state in (samples.orders(), samples.matrix()):
        made.services.pipelines.states[state.name] = state
        made.fresh("pipeline", state.name, value=state)
        made.fresh("history", state.name, value=state.executions)
    made.fresh("forecast", "orders", value=samples.orders_forecast())
    made.fresh("strips", "matrix", value=samples.matrix_strips())
    made.fresh("shipment", "billing / Release / Approve", value=samples.shipment())
    made.fresh("reports", samples.failed_build().reports, value=samples.reports())
    made.fresh("findings", samples.TESTS.arn, value=samples.findings())
    made.fresh("findings", samples.LINES.arn, value=samples.covered())
    made.fresh("trend", samples.reports()[0].group_arn, value=samples.trend())
    made.fresh("batches", "", value=samples.batches())
    made.fresh("batch", samples.BATCH.id, value=samples.batch())
    made.fresh("builds", samples.BATCH.project, value=samples.builds())
    for batch in samples.batches().batches:
        made.services.builds.batches.known[batch.ref] = batch
    deploying(made)
    made.fresh("log-groups", value=logbook.groups())
    for group in logbook.groups():
        made.services.logs.groups.details[group.name] = logbook.detail(group.name)
        made.fresh("log-group", group.name, value=logbook.detail(group.name))
    made.services.logs.groups.lines = tuple(one.text for one in logbook.LINES if "\n" not in one.text)
    made.services.logs.tails.chunks = list(logbook.chunks())
    made.fresh("traces", TraceQuery(), value=tracing.listed())
    made.fresh("query-definitions", value=asking.saved())
    made.fresh("metrics", True, value=metering.listed())
    made.fresh("thresholds", value=metering.thresholds())
    made.fresh("alarms", value=alarming.listed())
    made.fresh("alarm-history", alarming.CPU.ref.name, value=alarming.history())
    made.fresh("alarm-history", alarming.SHOP.ref.name, value=AlarmHistory(alarming.CHANGES[:1]))
    for query in (metering.board_query(), metering.plot_query(metering.CPU), metering.plot_query(metering.ORDERS)):
        made.fresh("wall", query, value=metering.wall(query))
    made.fresh("trace", tracing.CHECKOUT.id, value=tracing.checkout())
    made.fresh("dashboards", value=dashing.listed())
    for view in dashing.views():
        made.services.dashboards.texts[view.ref.name] = view.text
        made.fresh("dashboard", view.ref.name, None, None, value=view)
    made.fresh("service-map", MapQuery(), value=mapped.service_map())
    made.fresh("trace", mapped.BETTER.id, value=mapped.better())
    made.fresh("trace-groups", value=mapped.groups())
    made.fresh("sampling-rules", value=mapped.sampling_rules())
    made.services.sampling.known = mapped.sampling_rules()
    made.services.cloud.trail.calls = samples.calls()
    made.audit.deeds = samples.deeds()
    return made


def deploying(made: World) -> None:
    """Deployments have been read, too."""
    fakes = made.services.deployments
    made.fresh("deployments", "", "", value=releases.listed())
    made.fresh("deployment-groups", value=releases.groups())
    for group in releases.groups():
        name = (group.ref.application, group.ref.group)
        history = releases.history(group)
        fakes.histories[group.ref] = history
        made.fresh("group", *name, value=history)
        made.fresh("fleet", *name, value=releases.fleet_of(group))
    for rollout in releases.rollouts():
        one = rollout.deployment
        fakes.states[one.id] = DeploymentState(one, fakes.histories[one.group])
        made.fresh("deployment", one.id, value=rollout)


class Driver:
    """Keys in, text out."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[Any], made: World) -> None:
        self.app = app
        self.pilot = pilot
        self.world = made

    async def press(self, *keys: str) -> None:
        """Press keys and wait until everything that follows has happened."""
        for key in keys:
            self._send(key)
            await self.settle()

    async def type(self, text: str) -> None:
        """Type text."""
        await self.press(*text)

    async def obey(self, line: str) -> None:
        """Carry a command line out without typing it."""
        name, _, argument = line.partition(" ")
        self.app.call_later(self.app.router.obey, name, argument)
        await self.settle()

    def _send(self, key: str) -> None:
        """Hand a key to the console as Textual's pilot does, without its sleep until the processor is idle."""
        if len(key) == 1 and not key.isalnum():
            key = naming._character_to_key(key)
        original = naming.REPLACED_KEYS.get(key, key)
        character: str | None
        try:
            character = unicodedata.lookup(naming._get_unicode_name_from_key(original))
        except KeyError:
            character = key if len(key) == 1 else None
        event = events.Key(key, character)
        event.set_sender(self.app)
        assert self.app._driver is not None
        self.app._driver.send_message(event)

    async def settle(self) -> None:
        """Wait for idle, workers included: until nothing is under way when it is looked four times in a row."""
        quiet, deadline = 0, time.monotonic() + 30
        while time.monotonic() < deadline:
            await self.pilot._wait_for_screen()
            if not self.app.is_running or self.app._exit:
                return
            self.app.screen._on_timer_update()
            await asyncio.sleep(0)
            quiet = 0 if self._busy() else quiet + 1
            if quiet == 4:
                return
            if not quiet:
                await asyncio.sleep(0.001)
        raise AssertionError(f"the console does not come to rest:\n{self.text}")

    def _busy(self) -> bool:
        screen = self.app.screen
        widgets = list(screen.query("*"))
        if any(one._message_queue.qsize() for one in (self.app, screen, *widgets)):
            return True
        if any((screen._layout_required, screen._scroll_required, screen._dirty_widgets, screen._callbacks)):
            return True
        if any(one.is_running and one.group not in ("log", "query") for one in self.app.workers):
            return True
        return any(
            any((one._layout_required, one._repaint_required, getattr(one, "working", False) is True))
            for one in widgets
        )

    @property
    def lines(self) -> list[str]:
        """The screen."""
        return screen_lines(self.app)

    @property
    def text(self) -> str:
        """The screen."""
        return "\n".join(self.lines)

    @property
    def toasts(self) -> list[str]:
        """What was said."""
        return [one.message for one in self.app._notifications]


def refusing(fault: Fault) -> Callable[[], Any]:
    """A ``connect`` that fails."""

    def connect() -> Any:
        raise CallFailed(fault)

    return connect


@asynccontextmanager
async def console(
    made: World | None = None,
    *,
    size: tuple[int, int] = (120, 40),
    settings: Settings | None = None,
    connect: Callable[[], Any] | None = None,
    wait: bool = True,
    **more: Any,
) -> AsyncIterator[Driver]:
    """The console on a world, connected and settled."""
    made = made or full(world())
    app = ConsoleApp(
        connect or made.connect, settings or Settings(ascii=False), made.services.world, clock=made.clock, **more
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        driver = Driver(app, pilot, made)
        if wait:
            await driver.settle()
        yield driver
        await driver.settle()
