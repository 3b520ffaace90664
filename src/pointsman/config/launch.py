"""What one command line asks for, as a value: the command line fills it, the composition root carries it out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from msgspec import Struct


class World(StrEnum):
    """Which world the console shows; or which of the commands without a screen is meant."""

    AWS = "aws"
    DEMO = "demo"
    LOCAL = "local"
    TRACE = "trace"
    SERVE = "serve"
    ENV = "env"
    IAM_POLICY = "iam-policy"
    DOCTOR = "doctor"


class Launch(Struct, frozen=True):
    """One start of the program. Fields of other worlds than ``world`` mean nothing."""

    world: World = World.AWS
    config: Path | None = None
    read_only: bool = False
    plain_output: bool = False
    low_bandwidth: bool = False
    region: str = ""
    # aws
    profile: str = ""
    endpoint_url: str = ""
    # demo
    seed: int = 0
    at: float = 0.0
    """Seconds into the scenario at which the clock starts."""
    speed: float = 1.0
    paused: bool = False
    scenario: str = ""
    """Empty is the demo's own default."""
    # local, serve; env has the folder alone
    state: Path | None = None
    """None is the usual place under the XDG state folder."""
    load: tuple[Path, ...] = ()
    account: str = "123456789012"
    trust: bool = False
    """Run what the world files name without asking."""
    listen: int = 0
    """The port a console's backend listens on; 0 takes a free one. Only local."""
    xray_port: int | None = None
    """X-Ray's port, UDP and TCP; None has none, 0 takes a free one."""
    # serve
    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one."""
    expose: bool = False
    """A host beyond loopback is meant."""
    auth: str = "sigv4"
    """``sigv4``, or ``none``."""
    allow_reset: bool = False
    """The world may be emptied over HTTP."""
    ready_file: Path | None = None
    # trace
    file: Path | None = None
    """The file whose traces are shown."""
    # doctor
    about: tuple[str, ...] = ()
    """What is looked at, as it was written; empty is everything."""
    # iam-policy
    operations: tuple[str, ...] = ()
    """Ids of the operations it is for, beside looking."""
    every_operation: bool = False
    list_operations: bool = False
