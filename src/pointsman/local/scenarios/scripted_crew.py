"""What takes the place of instances and ports in a scenario: events told by timers, traffic that goes nowhere.

``ScriptedCrew`` is a ``Crew``, ``NoTraffic`` a ``Router`` and ``Ports``; the engine above them is the real one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from pointsman.local.codedeploy.balancing import TargetGroup
from pointsman.local.codedeploy.machine import Outcome
from pointsman.local.codedeploy.protocol import EVENT_ENDED, EVENT_STARTED, EventOrder
from pointsman.local.world import Payload, Scope

DONE = Outcome(message="Succeeded")


class Deed(Struct, frozen=True):
    """What one lifecycle event of a scenario is."""

    seconds: float
    outcome: Outcome = DONE


class ScriptedCrew:
    """A crew that executes nothing: every event lasts as long as the script says.

    Args:
        script: What an event is.
    """

    def __init__(self, script: Callable[[EventOrder], Deed]) -> None:
        self._script = script

    def carry(self, scope: Scope, order: EventOrder, *, again: bool = False) -> None:  # noqa: ARG002
        """Say at once that the event has begun, and have a timer tell its end."""
        deed = self._script(order)
        about: Payload = {"deployment": order.deployment, "target": order.target, "event": order.event}
        with scope.world.transaction():
            scope.emit(EVENT_STARTED, about)
            ended = {**about, "outcome": msgspec.structs.asdict(deed.outcome)}
            scope.after(deed.seconds, EVENT_ENDED, ended)

    def cancel(self, key: tuple[str, str]) -> None:
        """Nothing queues."""

    def queue(self) -> Sequence[tuple[str, str]]:
        """Nothing queues."""
        return ()

    def switch_off(self, scope: Scope, root: Path) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing runs."""


class NoTraffic:
    """Target groups that nobody listens for, on ports that follow from their names."""

    def route(self, group: TargetGroup) -> None:
        """Nothing listens."""

    def port_for(self, name: str) -> int:
        """Always the same for a name."""
        return 20000 + zlib.crc32(name.encode()) % 20000

    def close(self) -> None:
        """Nothing listens."""
