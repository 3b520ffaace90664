"""The composition root: the only place that knows concrete classes.

A start has two halves. Before the screen, everything that can be refused is refused, with a sentence, and nothing
heavy is imported. After the first paint the app's loader thread calls ``connect``, which imports boto3, finds
credentials, starts a backend where the world has one, and hands over what the screens work with.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pointsman import starting
from pointsman.config import checks, logfile, paths, resolve, terminal
from pointsman.config.launch import Launch, World
from pointsman.config.settings import Settings
from pointsman.errors import ConfigError, UsageError
from pointsman.starting import Closing

if TYPE_CHECKING:
    from pointsman.aws.cloud import Cloud
    from pointsman.clock import Clock
    from pointsman.console.connection import Connect, Connection, Elsewhere, Memory
    from pointsman.operations.audit import AuditLog

Environment = Mapping[str, str]

PATIENCE = 8.0
"""Seconds that a program told to end has before it is ended."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How one world is opened."""

    connect: Connect
    closing: Closing
    elsewhere: Elsewhere | None = None
    """The way to another profile or region, where there is one."""
    memory: Callable[[], Memory | None] | None = None
    """Where the board is kept between sessions, for the place looked at now; it imports what the first paint cannot
    wait for."""


def launch(asked: Launch, environ: Environment = os.environ) -> int:
    """Open the console on a world, and stay until it is left.

    Returns:
        The exit code.

    Raises:
        PointsmanError: It cannot start: a sentence and a way out.
    """
    settings = resolve.settings(asked, environ)
    prepare = {World.AWS: _aws, World.DEMO: _demo, World.LOCAL: _local}[asked.world]
    plan = prepare(asked, settings, environ)
    try:
        return _show(asked, settings, environ, plan)
    finally:
        plan.closing.close()


# -- the three worlds -----------------------------------------------------------------------------------------------


class _Aws:
    """AWS at one profile and region, and the way to others.

    Args:
        settings: What the person set.
        environ: The environment.

    Raises:
        UsageError: There is no such profile, or no region.
    """

    def __init__(self, settings: Settings, environ: Environment) -> None:
        from pointsman.aws import profiles

        self._settings = settings
        self._environ = environ
        self._profile = settings.profile
        self._name, self._region = profiles.check(settings.profile, settings.region, environ)

    def connect(self) -> Connection:
        """Open it; for the loader thread."""
        from pointsman.aws.guard import Guard
        from pointsman.aws.sessions import for_aws
        from pointsman.clock import SystemClock
        from pointsman.operations.audit import FileAudit, default_path

        settings, clock = self._settings, SystemClock()
        guard = Guard(read_only=True, clock=clock, locked=settings.read_only)
        session = partial(for_aws, self._profile, self._region, settings.endpoint_url)
        cloud = _cloud(session, clock, guard, self._name)
        return _connection(cloud, settings, World.AWS, FileAudit(default_path(self._environ)))

    def elsewhere(self, *, profile: str | None = None, region: str | None = None) -> Connect:
        """The way to another profile, at its own region where it has one, or to another region."""
        from pointsman.aws import profiles

        if profile is not None:
            own = profiles.profiles(self._environ).get(profile, {}).get("region", "")
            self._profile = self._name = profile
            self._region = own or self._region
        self._region = region or self._region
        return self.connect

    def memory(self) -> Memory | None:
        """The last session's board of this very place; None where it cannot be known whose it is."""
        from pointsman.aws import profiles
        from pointsman.services.remembered import Remembered

        whose = profiles.whose(self._name, self._environ)
        if not whose:
            return None
        place = (self._name, self._region, self._settings.endpoint_url, whose)
        return Remembered(paths.boards(self._environ), place)


def _aws(_: Launch, settings: Settings, environ: Environment) -> Plan:
    aws = _Aws(settings, environ)
    terminal.check(environ)
    logfile.start(environ)
    return Plan(aws.connect, Closing(), aws.elsewhere, aws.memory)


def _demo(asked: Launch, settings: Settings, environ: Environment) -> Plan:
    if asked.scenario:
        _known_scenario(asked.scenario)
    terminal.check(environ)
    logfile.start(environ)
    closing = Closing()

    def connect() -> Connection:
        from pointsman.aws.guard import Guard
        from pointsman.local.scenarios import NAMES, open_demo
        from pointsman.operations.audit import MemoryAudit

        name = asked.scenario or next(iter(NAMES))
        demo = open_demo(name, seed=asked.seed, at=asked.at, speed=asked.speed, paused=asked.paused)
        closing.add(demo.close)
        guard = Guard(read_only=False, clock=demo.clock, locked=settings.read_only)
        cloud = _cloud(demo.session_factory, demo.clock, guard)
        return replace(_connection(cloud, settings, World.DEMO, MemoryAudit()), time=demo.pace)

    return Plan(connect, closing)


def _known_scenario(name: str) -> None:
    from pointsman.local.scenarios import NAMES

    if name not in NAMES:
        told = "; ".join(f"{known}: {what}" for known, what in NAMES.items())
        raise UsageError(f'there is no scenario "{name}"{checks.close(name, NAMES)}', f"there are: {told}")


def _local(asked: Launch, settings: Settings, environ: Environment) -> Plan:
    from pointsman.config.trust import KeptTrust
    from pointsman.local.state import StateFolder

    worlds = [starting.world_file(path, asked.account) for path in asked.load]
    terminal.check(environ)
    logfile.start(environ)
    starting.warn_root()
    folder = StateFolder.claim(asked.state or paths.local_world(environ))
    closing = Closing()
    closing.add(folder.release)
    trust = KeptTrust(folder.path, everything=asked.trust)
    try:
        starting.agree(trust, worlds)
        region = starting.region(folder.path, settings.region, worlds)
    except BaseException:
        closing.close()
        raise

    def connect() -> Connection:
        from pointsman.aws.guard import Guard
        from pointsman.local import Backend
        from pointsman.operations.audit import FileAudit, default_path

        backend = Backend(state=folder, account=asked.account, tools=[trust])
        closing.add(backend.close)
        for world in worlds:
            backend.load(world.path)
        guard = Guard(read_only=False, clock=backend.clock, locked=settings.read_only)
        cloud = _cloud(partial(backend.session, region), backend.clock, guard)
        return _connection(cloud, settings, World.LOCAL, FileAudit(default_path(environ)))

    return Plan(connect, closing)


# -- what they share ------------------------------------------------------------------------------------------------


def _cloud(session_factory: Callable[[], Any], clock: Clock, guard: Any, profile: str = "") -> Cloud:
    from pointsman.aws.cloud import Cloud

    cloud = Cloud(session_factory, clock, guard=guard, profile=profile)
    cloud.prepare()
    return cloud


def _connection(cloud: Cloud, settings: Settings, world: World, audit: AuditLog) -> Connection:
    from pointsman.console.connection import Connection
    from pointsman.operations.registry import default_registry
    from pointsman.operations.runner import Runner
    from pointsman.services.builds import Builds
    from pointsman.services.logs import Logs
    from pointsman.services.pace import Budget
    from pointsman.services.pipelines import Pipelines
    from pointsman.services.preferences import PacedFeeds, Watched
    from pointsman.services.raw import Raw
    from pointsman.services.session import Services

    clock = cloud.clock
    budget = Budget(clock) if world is World.AWS else Budget.unlimited(clock)
    watched = Watched(cloud, settings.watch)
    services = Services(
        clock=clock,
        cloud=cloud,
        feeds=PacedFeeds(settings.cadence, clock, budget=budget, gather=0.05),
        pipelines=Pipelines(watched, clock, budget),
        builds=Builds(watched, clock, budget),
        logs=Logs(cloud, clock, budget),
        raw=Raw(cloud),
        world=world.value,
    )
    registry = default_registry()
    if settings.keys:
        from pointsman.console.keymap import registry_with

        registry = registry_with(settings, registry)
    runner = Runner(services, registry, audit, lambda: cloud.guard, settings.is_protected, settings.endpoint_url)
    return Connection(services, runner, registry, audit)


# -- the screen -----------------------------------------------------------------------------------------------------


def _show(asked: Launch, settings: Settings, environ: Environment, plan: Plan) -> int:
    gc.disable()  # until the connection stands, see ``connecting``: start-up makes little garbage and much that stays
    import asyncio
    import io

    from rich.console import Console

    from pointsman.console.entrance import EnteringApp

    if settings.ascii is None:
        settings = replace(settings, ascii=terminal.wants_ascii(environ))
    keys: Mapping[str, str] = {}
    if settings.keys:
        from pointsman.console.keymap import keymap  # it reads every screen's declarations

        keys = keymap(settings)
    app = EnteringApp(
        plan.connect, settings, asked.world.value, elsewhere=plan.elsewhere, keys=keys, memory=plan.memory
    )
    if settings.theme and settings.theme not in app.available_themes:
        known = sorted(app.available_themes)
        raise ConfigError(
            f'{settings.source}: theme: there is no theme "{settings.theme}"{checks.close(settings.theme, known)}',
            f"there are: {', '.join(known)}",
        )
    told: list[int] = []

    def end(number: int) -> None:
        told.append(number)
        starting.end_in_any_case(number, plan.closing, PATIENCE)
        app.exit()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.add_signal_handler(number, end, number)
        await app.run_async()

    # Textual's own last words are a traceback with every local variable; ours are in cli.py and the log.
    app.error_console = Console(file=io.StringIO())
    asyncio.run(run())
    failure = getattr(app, "_exception", None)
    if isinstance(failure, Exception) and not told:
        raise failure
    return 128 + told[0] if told else app.return_code or 0
