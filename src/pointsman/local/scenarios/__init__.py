"""Seeded worlds for ``pointsman demo``, documentation and pictures: real engines, scripted doers, a clock on a lead.

The same seed and the same second give the same world on every machine. The engines are imported when one is opened:
the names are known without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from pointsman.errors import UsageError

if TYPE_CHECKING:
    from pointsman.clock import ManualClock
    from pointsman.local.answers import Parameters
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


class Door(Protocol):
    """Through which a scenario is asked, whether its engines are there or not."""

    @property
    def floor(self) -> Floor:
        """The scenario itself; called when it has not been yet."""
        ...

    def ask(self, region: str, service: str, operation: str, parameters: Parameters) -> tuple[dict[str, Any], str]:
        """Answer one call."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class _Open(Struct, frozen=True):
    """A scenario whose engines are there."""

    floor: Floor

    def ask(self, region: str, service: str, operation: str, parameters: Parameters) -> tuple[dict[str, Any], str]:
        return self.floor.backend.ask(region, service, operation, parameters)

    def close(self) -> None:
        self.floor.backend.close()


class Demo(Struct, frozen=True):
    """A scenario that is open."""

    clock: ManualClock
    """The scenario's time."""
    pace: Pace
    door: Door
    region: str = _REGION

    @property
    def floor(self) -> Floor:
        """The scenario itself."""
        return self.door.floor

    def session_factory(self, region: str = _REGION) -> Session:
        """A boto3 session into the scenario."""
        from pointsman.local.plug import session

        return session(self.door.ask, region)

    def close(self) -> None:
        """End it."""
        self.pace.close()
        self.door.close()


def open_demo(name: str = "floor", *, seed: int = 0, at: float = 0, speed: float = 1, paused: bool = False) -> Demo:
    """Open a scenario at a second, and let it go on from there.

    One that is kept answers before its engines are loaded; another one is lived through first.

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
    from pointsman.local.scenarios.pace import Pace

    clock, door = _kept(name, seed) or _played(name, seed)
    if at:
        clock.advance(at)
    pace = Pace(clock, speed=speed, paused=paused)
    pace.start()
    return Demo(clock, pace, door)


def _kept(name: str, seed: int) -> tuple[ManualClock, Door] | None:
    from pointsman.clock import ManualClock
    from pointsman.local.scenarios import kept
    from pointsman.local.scenarios.doorstep import Doorstep

    found = kept.read(name) if seed == kept.SEED else None
    if found is None:
        return None
    clock = ManualClock()

    def call() -> Floor:
        from pointsman.local.scenarios.floor import Floor
        from pointsman.local.scenarios.plots import PLOTS

        floor = Floor(seed, plot=PLOTS[name], clock=clock)
        kept.take_up(floor, found)
        return floor

    return clock, Doorstep(clock, found, call)


def _played(name: str, seed: int) -> tuple[ManualClock, Door]:
    from pointsman.local.scenarios.floor import Floor
    from pointsman.local.scenarios.plots import PLOTS

    floor = Floor(seed, plot=PLOTS[name])
    floor.play()
    return floor.clock, _Open(floor)
