"""Seeded worlds for ``pointsman demo``, documentation and pictures: real engines, scripted doers, a clock on a lead.

The same seed and the same second give the same world on every machine. The engines are imported when one is opened:
the names are known without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pointsman.errors import UsageError

if TYPE_CHECKING:
    from pointsman.clock import ManualClock
    from pointsman.local.plug import Session
    from pointsman.local.scenarios.floor import Floor
    from pointsman.local.scenarios.pace import Pace

NAMES = {
    "floor": "eight pipelines of a shop: failed, waiting, building, gated, green",
    "calm": "a calm day: all green, one build under way",
    "bad-release": "tests passed, the deployment failed and was rolled back, the next commit is queued",
    "approvals": "a queue of approvals that expire, one superseded, one held by a closed gate",
}
"""Scenario name -> what it shows; the first one is the one nobody has to ask for."""

_REGION = "eu-west-1"


@dataclass(frozen=True, slots=True)
class Demo:
    """A scenario that is open."""

    floor: Floor
    pace: Pace
    region: str = _REGION

    @property
    def clock(self) -> ManualClock:
        """The scenario's time."""
        return self.floor.clock

    def session_factory(self, region: str = _REGION) -> Session:
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
    from pointsman.local.scenarios.floor import Floor
    from pointsman.local.scenarios.pace import Pace
    from pointsman.local.scenarios.plots import PLOTS

    floor = Floor(seed, plot=PLOTS[name])
    floor.open()
    if at:
        floor.clock.advance(at)
    pace = Pace(floor.clock, speed=speed, paused=paused)
    pace.start()
    return Demo(floor, pace)
