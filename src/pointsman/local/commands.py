"""Commands of this machine that a world file names: how one is written down, and whether it may run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from pointsman.local.world import World


@runtime_checkable
class CommandTrust(Protocol):
    """Asked before a command runs, on a worker thread. Where nobody is, the world file's word is enough."""

    def allows(self, command: str) -> bool:
        """Whether this command, as ``described`` writes it, may run."""
        ...


def described(command: Sequence[str], folder: str) -> str:
    """A command and where it runs, as a person agrees to it and as the agreement is kept."""
    shown = command[2] if len(command) == 3 and command[:2] == ("/bin/sh", "-c") else shlex.join(command)
    return f"{shown} (in {folder})"


def allowed(world: World) -> Callable[[str], bool]:
    """What says whether a command, as ``described`` writes it, may run; safe from any thread."""
    if not world.has(CommandTrust):
        return lambda _: True
    return world.tool(CommandTrust).allows  # type: ignore[type-abstract]


def not_trusted(name: str, shown: str) -> str:
    """Why a command was not run, in a sentence with the way out."""
    return f"{name} was not run: {shown} is not trusted; load its world file again, and agree"
