"""The composition root: the only place that knows concrete classes.

A start has two halves. Before the screen, everything that can be refused is refused, with a sentence, and nothing
heavy is imported. After the first paint the app's loader thread calls ``connect``, which imports boto3, finds
credentials, starts a backend where the world has one, and hands over what the screens work with.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pointsman.config import checks, logfile, paths, resolve, terminal
from pointsman.config.launch import Launch, World
from pointsman.config.settings import Settings
from pointsman.errors import ConfigError, StateError, UsageError

if TYPE_CHECKING:
    from pointsman.aws.cloud import Cloud
    from pointsman.clock import Clock
    from pointsman.config.trust import KeptTrust, Wish
    from pointsman.console.connection import Connect, Connection, Elsewhere
    from pointsman.local.world_file import WorldFile
    from pointsman.operations.audit import AuditLog

Environment = Mapping[str, str]

PATIENCE = 8.0
"""Seconds that a program told to end has before it is ended."""


class Closing:
    """What must be ended on the way out, whenever the loader thread comes to make it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []
        self._closed = False

    def add(self, end: Callable[[], None]) -> None:
        """Have ``end`` called on the way out; at once when that is past."""
        with self._lock:
            if not self._closed:
                self._ends.append(end)
                return
        end()

    def close(self) -> None:
        """End everything, last first; once."""
        with self._lock:
            self._closed = True
            ends, self._ends = self._ends, []
        for end in reversed(ends):
            end()


@dataclass(frozen=True, slots=True)
class Plan:
    """How one world is opened."""

    connect: Connect
    closing: Closing
    elsewhere: Elsewhere | None = None
    """The way to another profile or region, where there is one."""


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


def _aws(_: Launch, settings: Settings, environ: Environment) -> Plan:
    aws = _Aws(settings, environ)
    terminal.check(environ)
    logfile.start(environ)
    return Plan(aws.connect, Closing(), aws.elsewhere)


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
        return _connection(cloud, settings, World.DEMO, MemoryAudit())

    return Plan(connect, closing)


def _known_scenario(name: str) -> None:
    from pointsman.local.scenarios import NAMES

    if name not in NAMES:
        told = "; ".join(f"{known}: {what}" for known, what in NAMES.items())
        raise UsageError(f'there is no scenario "{name}"{checks.close(name, NAMES)}', f"there are: {told}")


def _local(asked: Launch, settings: Settings, environ: Environment) -> Plan:
    from pointsman.config.trust import KeptTrust
    from pointsman.local.state import StateFolder

    worlds = [_world_file(path, asked.account) for path in asked.load]
    terminal.check(environ)
    logfile.start(environ)
    if os.geteuid() == 0:
        _tell("warning: builds run as you, and you are root: what a buildspec.yml says, runs as root")
    folder = StateFolder.claim(asked.state or paths.local_world(environ))
    closing = Closing()
    closing.add(folder.release)
    trust = KeptTrust(folder.path, everything=asked.trust)
    try:
        _agree(trust, worlds)
        region = _region(folder.path, settings, worlds)
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
    from pointsman.services.session import Services

    clock = cloud.clock
    budget = Budget(clock) if world is World.AWS else Budget.unlimited(clock)
    watched = Watched(cloud, settings.watch)
    services = Services(
        clock=clock,
        cloud=cloud,
        feeds=PacedFeeds(settings.cadence, clock, budget=budget),
        pipelines=Pipelines(watched, clock, budget),
        builds=Builds(watched, clock, budget),
        logs=Logs(cloud, clock, budget),
        world=world.value,
    )
    registry = default_registry()
    runner = Runner(services, registry, audit, lambda: cloud.guard, settings.is_protected, settings.endpoint_url)
    return Connection(services, runner, registry, audit)


# -- the local world's first words ----------------------------------------------------------------------------------


def _world_file(path: Path, account: str) -> WorldFile:
    """A world file; one of ours is found from any folder by its name in the documents.

    Raises:
        ConfigError: Names file, line and key.
    """
    from pointsman.config.assets import folder
    from pointsman.local.world_file import read

    if not path.exists() and path.parts[:1] == ("sample_config",):
        path = folder("sample_config").joinpath(*path.parts[1:])
    world = read(path)
    if world.account and world.account != account:
        raise world.wrong(
            world.account_mark,
            f"this world belongs to account {world.account}, and not to {account}",
            f"start with --account {world.account}",
        )
    return world


def _agree(trust: KeptTrust, worlds: list[WorldFile]) -> None:
    """Ask once about what the world files would run.

    Raises:
        UsageError: The person said no.
    """
    wishes = trust.unknown(wish for world in worlds for wish in _wishes(world))
    if not wishes:
        return
    _tell("builds run what these say, as you and with your rights:")
    for wish in wishes:
        _tell(f"    {wish.what}  {_plain(wish.value)}   (named by {_plain(wish.by)})")
    print("Trust them? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError(
            "nothing was started: what the world files name is not trusted", "look at it, then start again"
        )
    trust.remember(wishes)


def _wishes(world: WorldFile) -> list[Wish]:
    from pointsman.config.trust import Wish

    folders = [place for one in world.repositories if (place := one.path or one.seed)]
    folders += [one.path for one in world.connections]
    return [Wish("repository", str(place.resolve()), str(world.path)) for place in folders]


def _plain(text: str) -> str:
    return text if text.isprintable() else repr(text)


def _region(folder: Path, settings: Settings, worlds: list[WorldFile]) -> str:
    """Which region to look at: what was asked for, the world files', the last one, us-east-1."""
    kept = folder / "region"
    asked = settings.region or next((world.region for world in worlds if world.region), "")
    try:
        if asked:
            kept.write_text(asked, encoding="utf-8")
            kept.chmod(0o600)
            return asked
        return kept.read_text(encoding="utf-8").strip() or "us-east-1"
    except FileNotFoundError:
        return "us-east-1"
    except (OSError, UnicodeDecodeError) as error:
        raise StateError(f"{kept} cannot be used: {error}", "remove it") from error


def _tell(line: str) -> None:
    print(f"pointsman: {line}", file=sys.stderr)


# -- the screen -----------------------------------------------------------------------------------------------------


def _show(asked: Launch, settings: Settings, environ: Environment, plan: Plan) -> int:
    import asyncio
    import io

    from rich.console import Console

    from pointsman.console.app import ConsoleApp

    if settings.ascii is None:
        settings = replace(settings, ascii=terminal.wants_ascii(environ))
    app = ConsoleApp(plan.connect, settings, asked.world.value, elsewhere=plan.elsewhere)
    if settings.theme and settings.theme not in app.available_themes:
        known = sorted(app.available_themes)
        raise ConfigError(
            f'{settings.source}: theme: there is no theme "{settings.theme}"{checks.close(settings.theme, known)}',
            f"there are: {', '.join(known)}",
        )
    told: list[int] = []

    def end(number: int) -> None:
        told.append(number)
        _end_in_any_case(number, plan.closing)
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


def _end_in_any_case(number: int, closing: Closing) -> None:
    """End the process although its terminal is gone and something waits for it."""

    def end() -> None:
        closing.close()
        os._exit(128 + number)

    watch = threading.Timer(PATIENCE, end)
    watch.daemon = True
    watch.start()
