"""The composition root: the only place that knows concrete classes.

A start has two halves. Before the screen, everything that can be refused is refused, with a sentence, and nothing
heavy is imported. After the first paint the app's loader thread calls ``connect``, which imports boto3, finds
credentials and makes the clients, and hands over what the screens work with. The backend of a local world is a process
of its own, started in the first half and waited for in the second.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from pointsman import starting
from pointsman.config import checks, logfile, paths, resolve, terminal
from pointsman.config.launch import Launch, World
from pointsman.config.settings import Settings
from pointsman.errors import ConfigError, UsageError
from pointsman.starting import Closing

if TYPE_CHECKING:
    from pointsman.aws.cloud import Cloud
    from pointsman.aws.codes import Codes
    from pointsman.clock import Clock
    from pointsman.console.connection import Connect, Connection, Elsewhere, Keeping
    from pointsman.errors import Fault
    from pointsman.local.state import StateFolder
    from pointsman.local.world_file import WorldFile
    from pointsman.operations.audit import AuditLog
    from pointsman.owning import Served
    from pointsman.services.pace import Budget
    from pointsman.services.preferences import Watched
    from pointsman.services.session import Services

Environment = Mapping[str, str]

FILED = timedelta(hours=1)
"""How long after the traces of a file the console takes it to be."""
PATIENCE = 8.0
"""Seconds that a program told to end has before it is ended."""


class Plan(Struct, frozen=True):
    """How one world is opened."""

    connect: Connect
    closing: Closing
    elsewhere: Elsewhere | None = None
    """The way to another profile or region, where there is one."""
    keeping: Callable[[], Keeping] | None = None
    """What is kept between sessions of the place looked at now; it imports what the first paint cannot wait for."""
    opening: tuple[str, str] | None = None
    """What is opened first: the name of a screen, and the id of a trace or nothing."""


def launch(asked: Launch, environ: Environment = os.environ) -> int:
    """Open the console on a world, and stay until it is left.

    Returns:
        The exit code.

    Raises:
        PointsmanError: It cannot start: a sentence and a way out.
    """
    settings = resolve.settings(asked, environ)
    prepare = {World.AWS: _aws, World.DEMO: _demo, World.LOCAL: _local, World.TRACE: _trace}[asked.world]
    plan = prepare(asked, settings, environ)
    try:
        return _show(asked, settings, environ, plan)
    finally:
        plan.closing.close()


def diagnose(asked: Launch, environ: Environment = os.environ) -> int:
    """``pointsman doctor``: look at what is wrong, without a screen.

    Returns:
        The exit code: whether something is broken.

    Raises:
        PointsmanError: It cannot look: a sentence and a way out.
    """
    from pointsman.diagnosing import diagnose as look
    from pointsman.services.doctor import thing

    wanted = thing(asked.about)  # what cannot be looked at is said before anything is reached
    settings = resolve.settings(asked, environ)
    logfile.start(environ)
    if asked.state is None:
        connection = _Aws(settings, environ).connect()
    else:
        connection = _served(asked, settings, environ, asked.state)
    try:
        return look(connection.services, wanted)
    finally:
        connection.services.close()


def _served(asked: Launch, settings: Settings, environ: Environment, folder: Path) -> Connection:
    """A connection to whoever serves a folder.

    Raises:
        UsageError: Nobody does.
    """
    from pointsman import owning
    from pointsman.owning import Served

    found = owning.claim(folder)
    if isinstance(found, Served):
        return _joined(asked, settings, environ, folder, found)()
    found.release()
    raise UsageError(
        f"nobody serves {folder} now, so nothing can be asked there",
        f"start it first: pointsman local --state {folder}, or pointsman serve --state {folder}",
    )


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
        from pointsman.aws.codes import Codes
        from pointsman.aws.guard import Guard
        from pointsman.aws.sessions import for_aws
        from pointsman.clock import SystemClock
        from pointsman.operations.audit import FileAudit, default_path

        settings, clock, codes = self._settings, SystemClock(), Codes()
        guard = Guard(read_only=True, clock=clock, locked=settings.read_only)
        session = partial(for_aws, self._profile, self._region, settings.endpoint_url, codes)
        cloud = _cloud(session, clock, guard, self._name, codes)
        return _connection(cloud, settings, World.AWS, FileAudit(default_path(self._environ)), self._environ)

    def elsewhere(self, *, profile: str | None = None, region: str | None = None) -> Connect:
        """The way to another profile, at its own region where it has one, or to another region."""
        from pointsman.aws import profiles

        if profile is not None:
            own = profiles.profiles(self._environ).get(profile, {}).get("region", "")
            self._profile = self._name = profile
            self._region = own or self._region
        self._region = region or self._region
        return self.connect

    def keeping(self) -> Keeping:
        """What the last session left of this very place; nothing where it cannot be known whose it is."""
        from pointsman.aws import profiles
        from pointsman.console.connection import Keeping
        from pointsman.services.last_session import LastSession
        from pointsman.services.remembered import Remembered

        whose = profiles.whose(self._name, self._environ)
        if not whose:
            return Keeping()
        place = (self._name, self._region, self._settings.endpoint_url, whose)
        environ = self._environ
        return Keeping(Remembered(paths.boards(environ), place), LastSession(paths.sessions(environ), place))


def _aws(_: Launch, settings: Settings, environ: Environment) -> Plan:
    aws = _Aws(settings, environ)
    terminal.check(environ)
    logfile.start(environ)
    return Plan(aws.connect, Closing(), aws.elsewhere, aws.keeping)


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
        return replace(_connection(cloud, settings, World.DEMO, MemoryAudit(), environ), time=demo.pace)

    return Plan(connect, closing)


def _trace(asked: Launch, settings: Settings, environ: Environment) -> Plan:
    from pointsman.local.trace_file import TraceFile

    assert asked.file is not None
    found = TraceFile.open(asked.file)
    terminal.check(environ)
    logfile.start(environ)

    def connect() -> Connection:
        from datetime import UTC, datetime

        from pointsman.aws.guard import Guard
        from pointsman.clock import ManualClock
        from pointsman.operations.audit import MemoryAudit

        # A while after the last trace: none of them will grow any more.
        clock = ManualClock(datetime.fromtimestamp(found.newest, UTC) + FILED)
        guard = Guard(read_only=True, clock=clock, locked=True)
        cloud = _cloud(found.session, clock, guard)
        return _connection(cloud, settings, World.TRACE, MemoryAudit(), environ)

    only = found.ids[0] if len(found.ids) == 1 else ""
    return Plan(connect, Closing(), opening=("traces", only))


def _known_scenario(name: str) -> None:
    from pointsman.local.scenarios import NAMES

    if name not in NAMES:
        told = f"there are: {', '.join(NAMES)}; pointsman demo --help says what each of them shows"
        raise UsageError(f'there is no scenario "{name}"{checks.close(name, NAMES)}', told)


def _local(asked: Launch, settings: Settings, environ: Environment) -> Plan:
    from pointsman import owning
    from pointsman.owning import Served

    worlds = [starting.world_file(path, asked.account) for path in asked.load]
    terminal.check(environ)
    logfile.start(environ)
    place = asked.state or paths.local_world(environ)
    found = owning.claim(place)
    closing = Closing()
    keeping = partial(_local_keeping, place, environ)
    if isinstance(found, Served):
        return Plan(_joined(asked, settings, environ, place, found), closing, keeping=keeping)
    closing.add(found.release)
    try:
        starting.warn_root()
        connect = _kept(asked, settings, environ, found, worlds, closing)
    except BaseException:
        closing.close()
        raise
    return Plan(connect, closing, keeping=keeping)


def _local_keeping(folder: Path, environ: Environment) -> Keeping:
    """How the last session looked at a state folder."""
    from pointsman.console.connection import Keeping
    from pointsman.services.last_session import LastSession

    return Keeping(views=LastSession(paths.sessions(environ), ("local", str(folder.expanduser().absolute()))))


def _kept(
    asked: Launch,
    settings: Settings,
    environ: Environment,
    folder: StateFolder,
    worlds: list[WorldFile],
    closing: Closing,
) -> Connect:
    """The way to a folder of our own: a child serves it, from now on and until this ends."""
    from pointsman.child import Child
    from pointsman.config.trust import KeptTrust
    from pointsman.owning import Terms

    trust = KeptTrust(folder.path, everything=asked.trust)
    starting.agree(trust, worlds)
    region = starting.region(folder.path, settings.region, worlds)
    listener, xray = starting.bind("127.0.0.1", asked.listen, asked.xray_port)
    terms = Terms(region, asked.account, [world.path for world in worlds])
    child = Child(folder, terms, asked.trust, listener, xray)
    closing.add(child.close)

    def connect() -> Connection:
        # The port is bound already: clients are made while the child still opens the world.
        connection = _client(settings, environ, folder.path, child.address, region, child.gone)
        child.wait()
        return replace(connection, leaving="What runs here stops; it is there again at the next start.")

    return connect


def _joined(asked: Launch, settings: Settings, environ: Environment, folder: Path, served: Served) -> Connect:
    """The way to a folder that another process serves.

    Raises:
        UsageError: Something was asked for that only its owner can do.
    """
    from pointsman.child import attached

    given = {"--load": asked.load, "--listen": asked.listen, "--xray-port": asked.xray_port is not None}
    for option, wanted in given.items():
        if wanted:
            raise UsageError(
                f"{option} is for whoever serves a world, and process {served.pid} serves {folder} already",
                f"leave {option} out to look at that world, or end that process",
            )
    region = settings.region or served.region

    def connect() -> Connection:
        place = folder.expanduser().absolute()
        connection = _client(settings, environ, place, served.address, region, lambda: attached(served))
        return replace(connection, leaving=f"What runs here goes on: process {served.pid} serves it.")

    return connect


def _client(
    settings: Settings,
    environ: Environment,
    folder: Path,
    address: str,
    region: str,
    gone: Callable[[], Fault | None],
) -> Connection:
    """A connection to the process that serves a folder, with the folder's keys."""
    from pointsman.aws.guard import Guard
    from pointsman.clock import SystemClock
    from pointsman.local.client import client_session
    from pointsman.local.endpoint.keys import of_folder
    from pointsman.operations.audit import FileAudit, default_path

    clock = SystemClock()
    guard = Guard(read_only=False, clock=clock, locked=settings.read_only)
    cloud = _cloud(partial(client_session, address, of_folder(folder), region, gone), clock, guard)
    return _connection(cloud, settings, World.LOCAL, FileAudit(default_path(environ)), environ)


# -- what they share ------------------------------------------------------------------------------------------------


def _cloud(
    session_factory: Callable[[], Any], clock: Clock, guard: Any, profile: str = "", codes: Codes | None = None
) -> Cloud:
    from pointsman.aws.cloud import Cloud

    cloud = Cloud(session_factory, clock, guard=guard, profile=profile, codes=codes)
    cloud.prepare()
    return cloud


def _connection(cloud: Cloud, settings: Settings, world: World, audit: AuditLog, environ: Environment) -> Connection:
    from pointsman.console.connection import Connection
    from pointsman.operations.registry import default_registry
    from pointsman.operations.runner import Runner

    services = _services(cloud, settings, world, environ)
    registry = default_registry()
    if settings.keys:
        from pointsman.console.keymap import registry_with

        registry = registry_with(settings, registry)
    runner = Runner(services, registry, audit, lambda: cloud.guard, settings.is_protected, settings.endpoint_url)

    def warm() -> None:
        len(registry)
        services.warm()

    return Connection(replace(services, warm=warm), runner, registry, audit)


def _services(cloud: Cloud, settings: Settings, world: World, environ: Environment) -> Services:
    """The pipelines' service, and the others for later: a first board needs no more."""
    from pointsman.services.later import Later
    from pointsman.services.pace import Budget
    from pointsman.services.pipelines import Pipelines
    from pointsman.services.preferences import PacedFeeds, Watched
    from pointsman.services.session import Services
    from pointsman.services.typed import Typed

    clock = cloud.clock
    budget = Budget(clock) if world is World.AWS else Budget.unlimited(clock)
    watched = Watched(cloud, settings.watch)
    others = _others(cloud, watched, budget, settings, world, environ)

    def warm() -> None:
        for one in others.values():
            assert isinstance(one, Later)
            one.now()

    return Services(
        clock=clock,
        cloud=cloud,
        feeds=PacedFeeds(settings.cadence, clock, budget=budget, gather=0.05),
        pipelines=Pipelines(watched, clock, budget),
        typed=Typed(None if world is World.DEMO else paths.typed(environ)),
        world=world.value,
        warm=warm,
        **others,
    )


def _others(
    cloud: Cloud, watched: Watched, budget: Budget, settings: Settings, world: World, environ: Environment
) -> dict[str, Any]:
    """Every service but the pipelines', for later."""
    from pointsman.services.later import later

    clock = cloud.clock

    def deployments() -> Any:
        from pointsman.services.deployments import Deployments

        return Deployments(cloud, clock, budget)

    def alarms() -> Any:
        from pointsman.console.present.zones import zone
        from pointsman.services.alarms import Alarms

        return Alarms(cloud, clock, made["metrics"], budget, zone=zone(settings.time_zone).info)

    def builds() -> Any:
        from pointsman.services.builds import Builds

        return Builds(watched, clock, budget)

    def traces() -> Any:
        from pointsman.services.traces import Traces

        return Traces(cloud, clock, budget)

    def metrics() -> Any:
        from pointsman.services.metrics import Metrics

        free, watch = world is not World.AWS, settings.watch
        return Metrics(cloud, clock, budget, free=free, watch=watch.metrics, pins=watch.pins)

    def logs() -> Any:
        from pointsman.services.logs import Logs

        return Logs(cloud, clock, budget)

    def insights() -> Any:
        from pointsman.services.insights import Insights
        from pointsman.services.query_history import QueryHistory

        kept = None if world is World.DEMO else paths.state_folder(environ)
        history = QueryHistory(kept / "queries.json" if kept is not None else None)
        return Insights(cloud, cloud, clock, budget, history=history, price=settings.insights_price)

    def dashboards() -> Any:
        from pointsman.services.dashboards import Dashboards

        return Dashboards(cloud, clock, budget, region=lambda: cloud.region)

    def maps() -> Any:
        from pointsman.services.service_map import ServiceMaps

        return ServiceMaps(cloud, clock, budget)

    def sampling() -> Any:
        from pointsman.services.sampling import SamplingRules

        return SamplingRules(cloud, clock, budget)

    def raw() -> Any:
        from pointsman.services.raw import Raw

        return Raw(cloud)

    makers = (deployments, alarms, builds, traces, metrics, logs, insights, dashboards, maps, sampling, raw)
    made = {make.__name__: later(make) for make in makers}
    return made


# -- the screen -----------------------------------------------------------------------------------------------------


def _touring(asked: Launch) -> bool:
    """Whether the tour opens by itself: in a demo that nobody has asked for anything in particular."""
    return asked.world is World.DEMO and not (asked.at or asked.paused or asked.scenario)


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
        plan.connect,
        settings,
        asked.world.value,
        elsewhere=plan.elsewhere,
        keys=keys,
        keeping=plan.keeping,
        opening=plan.opening,
        tour=_touring(asked),
    )
    if settings.theme and settings.theme not in app.available_themes:
        known = sorted(app.available_themes)
        raise ConfigError(
            f'{settings.source}: theme: there is no theme "{settings.theme}"{checks.close(settings.theme, known)}',
            "; ".join([*(one for one in app.wardrobe.problems if "skipped" in one), f"there are: {', '.join(known)}"]),
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
