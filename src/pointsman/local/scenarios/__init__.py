"""Seeded worlds for ``pointsman demo``, documentation and pictures: real engines, scripted doers, a clock on a lead.

The same seed and the same second give the same world on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.clock import ManualClock
from pointsman.errors import UsageError
from pointsman.local.plug import Session
from pointsman.local.scenarios.floor import REGION, Floor
from pointsman.local.scenarios.pace import Pace

NAMES = {"floor": "eight pipelines of a shop: failed, waiting, building, gated, green"}
"""Scenario name -> what it shows."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A scenario that is open."""

    floor: Floor
    pace: Pace
    region: str = REGION

    @property
    def clock(self) -> ManualClock:
        """The scenario's time."""
        return self.floor.clock

    def session_factory(self, region: str = REGION) -> Session:
        """A boto3 session into the scenario."""
        return self.floor.backend.session(region)

    def close(self) -> None:
        """End it."""
        self.pace.close()
        self.floor.backend.close()


def open_demo(name: str = "floor", *, seed: int = 0, at: float = 0, speed: float = 1, paused: bool = False) -> Demo:
    """Play a scenario up to a second, and let it go on from there.

    Args:
        name: One of ``NAMES``.
        seed: Decides what is left to chance.
        at: Seconds into the scenario.
        speed: Scenario seconds per wall second.
        paused: Stand still at ``at``.

    Raises:
        UsageError: There is no such scenario.
    """
    if name not in NAMES:
        raise UsageError(f"there is no scenario {name!r}", f"choose one of: {', '.join(NAMES)}")
    floor = Floor(seed)
    floor.open()
    if at:
        floor.clock.advance(at)
    pace = Pace(floor.clock, speed=speed, paused=paused)
    pace.start()
    return Demo(floor, pace)
