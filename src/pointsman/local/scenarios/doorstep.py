"""A kept scenario before its engines are there: it answers what a first screen asks from the image alone.

Most of a demo's start is the engines being loaded, and a board of pipelines needs none of them: its answers are read
from records. Whatever else is asked, and the first moment at which something is due, calls the scenario itself, which
then takes everything over where the image left it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pointsman.clock import ManualClock
from pointsman.local.answers import Parameters, Table, answered
from pointsman.local.backend import ACCOUNT
from pointsman.local.scenarios.kept import Kept
from pointsman.local.store import image
from pointsman.local.store.blobs import MemoryBlobs
from pointsman.local.store.database import Database
from pointsman.local.world import World

if TYPE_CHECKING:
    from pointsman.local.scenarios.floor import Floor

__all__ = ["Doorstep"]

_PIPELINES = "codepipeline.operations_pipelines"
_EXECUTIONS = "codepipeline.operations_executions"
READ_HERE = {
    ("sts", "GetCallerIdentity"): "sts.operations",
    ("codepipeline", "ListPipelines"): _PIPELINES,
    ("codepipeline", "GetPipeline"): _PIPELINES,
    ("codepipeline", "GetPipelineState"): _EXECUTIONS,
    ("codepipeline", "GetPipelineExecution"): _EXECUTIONS,
    ("codepipeline", "ListPipelineExecutions"): _EXECUTIONS,
    ("codepipeline", "ListActionExecutions"): _EXECUTIONS,
}
"""What is answered before the engines are there, and the module that does."""


class Doorstep:
    """A scenario at second 0, its engines not loaded yet.

    Args:
        clock: The scenario's; stands at its second 0.
        kept: What the scenario is.
        call: Makes the scenario itself, at what was kept; called once at most.
    """

    def __init__(self, clock: ManualClock, kept: Kept, call: Callable[[], Floor]) -> None:
        self._call = call
        self._floor: Floor | None = None
        self._calling = threading.RLock()
        """Held while the scenario is called, which takes its time."""
        self._reading = threading.Lock()
        """Held while it is decided who answers: questions of a board do not wait for the engines."""
        self._table = Table()
        self._loaded: set[str] = set()
        self._world = World(clock, Database(None), MemoryBlobs(), seed=0)
        image.put_back(self._world, kept.world)
        self._due = None if kept.world.due is None else datetime.fromtimestamp(kept.world.due, UTC)
        self._clock = clock
        self._release = clock.drive(self)

    @property
    def floor(self) -> Floor:
        """The scenario itself."""
        with self._calling:
            if self._floor is None:
                floor = self._call()
                with self._reading:
                    # The ids of requests go on where the ones given here ended.
                    for theirs, ours in zip(floor.backend.world.dice, self._world.dice, strict=True):
                        theirs.setstate(ours.getstate())
                    self._floor = floor
                    self._leave()
            return self._floor

    @property
    def waits(self) -> bool:
        """Whether the scenario itself has not been called yet."""
        return self._floor is None

    def ask(self, region: str, service: str, operation: str, parameters: Parameters) -> tuple[dict[str, Any], str]:
        """Answer one call, as ``Backend.ask`` does."""
        if (service, operation) in READ_HERE:
            with self._reading:
                if self._floor is None:
                    try:
                        return self._read(region, service, operation, parameters)
                    except LookupError:
                        pass  # it takes something that only an engine provides
        return self.floor.backend.ask(region, service, operation, parameters)

    def _read(self, region: str, service: str, operation: str, parameters: Parameters) -> tuple[dict[str, Any], str]:
        name = READ_HERE[service, operation]
        if name not in self._loaded:
            self._loaded.add(name)
            self._table.take(import_module(f"pointsman.local.{name}"))
        return answered(self._world, self._table, (ACCOUNT, region), (service, operation), parameters)

    # --- what the clock drives

    def next_due(self) -> datetime | None:
        """When the scenario's next event falls due."""
        with self._reading:
            return self._due if self._floor is None else None

    def settle(self) -> None:
        """Call the scenario once something is due."""
        due = self.next_due()
        if due is not None and due <= self._clock.now():
            _ = self.floor

    def close(self) -> None:
        """End it; a scenario that nobody called is never loaded."""
        with self._calling, self._reading:
            if self._floor is not None:
                self._floor.backend.close()
            else:
                self._leave()

    def _leave(self) -> None:
        self._release()
        self._world.database.close()
