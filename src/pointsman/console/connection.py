"""What the console is handed once the world answers, and the one thread that fetches it.

Nothing here imports boto3, services or operations when it is loaded: the first paint comes before all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct, field

from pointsman.console.troubles import fault_of
from pointsman.errors import Fault
from pointsman.model.views import Session

if TYPE_CHECKING:
    from pointsman.model.snapshot import Snapshot
    from pointsman.operations.audit import AuditLog
    from pointsman.operations.registry import Registry
    from pointsman.operations.runner import Runner
    from pointsman.services.session import Services

__all__ = ["Connect", "Connection", "Elsewhere", "Keeping", "Left", "Memory", "TimeControl", "Views", "connecting"]


class TimeControl(Protocol):
    """A world's clock that a person may hold, step and hurry; only a demo has one."""

    @property
    def paused(self) -> bool:
        """Whether time stands."""
        ...

    @property
    def speed(self) -> float:
        """Seconds of the world per second of the wall."""
        ...

    def pause(self, on: bool = True) -> None:
        """Stop or resume the passing of time."""
        ...

    def set_speed(self, speed: float) -> None:
        """Change how fast time passes."""
        ...

    def step(self, seconds: float) -> None:
        """Let so many seconds pass at once; blocking."""
        ...


class Connection(Struct, frozen=True):
    """Everything the screens work with."""

    services: Services
    runner: Runner
    registry: Registry
    audit: AuditLog
    time: TimeControl | None = None
    """How the world's clock is held and moved; None where it is the wall's."""
    leaving: str = ""
    """What becomes of the world when the console is left, in a sentence; empty where nothing does."""


Connect = Callable[[], Connection]
"""Makes the connection; blocking, called once in the loader thread; may raise."""


class Memory(Protocol):
    """Where a place's board is kept from one session to the next."""

    @property
    def account(self) -> str:
        """The account of the recalled board."""
        ...

    def recall(self) -> Snapshot[Any] | None:
        """The board as it was left; None when there is none."""
        ...

    def keep(self, snapshot: Snapshot[Any], account: str, region: str) -> bool:
        """Write it for the next session."""
        ...


class Views(Protocol):
    """Where it is kept how a person looks at a place, from one session to the next."""

    def recall(self) -> Session:
        """How the last session did; an empty session when there was none."""
        ...

    def keep(self, session: Session) -> bool:
        """Write it for the next session."""
        ...


class Keeping(Struct, frozen=True):
    """Where a session leaves what the next one begins with; None where nothing is left."""

    memory: Memory | None = None
    views: Views | None = None

    def recall(self) -> Left:
        """What the last session left; reads files."""
        return Left(
            self.memory,
            self.memory.recall() if self.memory is not None else None,
            self.views,
            self.views.recall() if self.views is not None else Session(),
        )


class Left(Struct, frozen=True):
    """What the last session left of a place, and where this one leaves the same."""

    memory: Memory | None = None
    board: Snapshot[Any] | None = None
    views: Views | None = None
    session: Session = field(default_factory=Session)


class Elsewhere(Protocol):
    """Where to look instead: the way to another profile or region."""

    def __call__(self, *, profile: str | None = None, region: str | None = None) -> Connect:
        """The ``connect`` of that place."""
        ...


def connecting(connect: Connect) -> asyncio.Future[Connection | Fault]:
    """Run ``connect`` on a daemon thread of its own; quitting never waits for it.

    The garbage collector rests while the clients are made: it would walk hundreds of thousands of new objects in vain.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Connection | Fault] = loop.create_future()

    def deliver(result: Connection | Fault) -> None:
        if not done.done():
            done.set_result(result)

    def load() -> None:
        result: Connection | Fault
        gc.disable()
        try:
            result = connect()
        except Exception as error:  # the thread's boundary: whatever goes wrong becomes a fault in every pane
            result = fault_of(error)
        finally:
            gc.freeze()  # what has been loaded stays: no later collection shall walk it
            gc.enable()
        with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile: nobody waits for it any more
            loop.call_soon_threadsafe(deliver, result)

    threading.Thread(target=load, name="pointsman-loader", daemon=True).start()
    return done
