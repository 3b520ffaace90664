"""Which engines there are, and how they are put together.

An engine is a package whose ``wiring`` exposes ``ENGINE``, an ``Engine``: the modules with its answers, and three
functions. ``ORDER`` is the order of resumption after a restart: what is run comes before what waits
for it, so that a pipeline finds the builds it waits for already judged.

Engines call each other's plain functions with the same ``Scope`` inside one transaction, and hear of each other by
events (``World.on``); which may know which is a contract of ``tests/contracts``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from msgspec import Struct

from pointsman.local.answers import Table
from pointsman.local.pages import Pages
from pointsman.local.reach import Reach
from pointsman.local.world import World


class Place(Struct, frozen=True):
    """Where a backend lives."""

    root: Path
    """The state folder; engines keep what is not a record in sub-folders of it (``builds/``, ``repositories/``)."""
    account: str


def _nothing(_: World) -> None:
    return None


class Engine(Struct, frozen=True):
    """One service's part in the backend."""

    name: str
    """botocore's service name."""
    answers: Sequence[ModuleType]
    """Modules with ``@answers`` functions."""
    install: Callable[[World], None] = _nothing
    """Subscribe handlers and declare tables. Runs once, before anything happens."""
    resume: Callable[[World], None] = _nothing
    """After a (re)start: pick up what was running when the backend died, or mark it failed with a sentence."""
    stop: Callable[[World], None] = _nothing
    """Before the backend closes: stop what runs and record it."""
    folders: Sequence[str] = ()
    """Its sub-folders of ``Place.root``: what goes when the backend is emptied."""


class Engines(Struct, frozen=True):
    """Every engine of one backend."""

    world: World
    engines: tuple[Engine, ...]
    table: Table

    def resume(self) -> None:
        """Pick up after a (re)start."""
        for engine in self.engines:
            with self.world.transaction():
                engine.resume(self.world)

    @property
    def folders(self) -> tuple[str, ...]:
        """The sub-folders of the state folder that hold what engines keep."""
        return tuple(name for engine in self.engines for name in engine.folders)

    def stop(self) -> None:
        """Stop what runs, last started first."""
        for engine in reversed(self.engines):
            engine.stop(self.world)


ORDER = (
    "sts",
    "iam",
    "s3",
    "ssm",
    "secretsmanager",
    "logs",
    "sns",
    "xray",
    "functions",
    "events",
    "awslambda",
    "cloudwatch",
    "codecommit",
    "codeconnections",
    "codebuild",
    "codedeploy",
    "codepipeline",
)
"""The packages of the engines, in the order of resumption."""


def _engines() -> tuple[Engine, ...]:
    return tuple(import_module(f"pointsman.local.{name}.wiring").ENGINE for name in ORDER)


def assemble(world: World, root: Path, account: str, tools: Sequence[object] = ()) -> Engines:
    """Put the engines together over one world.

    Args:
        world: What they share.
        root: The state folder.
        account: The account of this backend.
        tools: What takes the place of the real doers (``BuildRunner``, ``Repositories``): the demo's scripted ones.
    """
    world.provide(Place(root, account))
    for tool in tools:
        world.provide(tool)
    if not world.has(Reach):
        world.provide(Reach())
    world.provide(Pages())
    engines = _engines()
    for engine in engines:
        engine.install(world)
    return Engines(world, engines, Table.of([module for engine in engines for module in engine.answers]))
