"""``Backend``: the bundled AWS as a library.

::

    from pointsman.local import Backend

    with Backend(state=None) as backend:
        codepipeline = backend.session(region_name="eu-west-1").client("codepipeline")

Without a clock it runs on the wall clock, on a thread of its own. Under a ``ManualClock``, ``clock.advance(seconds)``
and ``backend.settle()`` carry out every event that falls due, and the processes it starts, before they return.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pointsman.clock import Clock, ManualClock, SystemClock
from pointsman.errors import StateError
from pointsman.local.answers import Parameters, Table, answered
from pointsman.local.emptying import RECORDS, discard, sweep
from pointsman.local.engines import Engines, assemble
from pointsman.local.pages import Shown, Visit, visited
from pointsman.local.reach import Reach
from pointsman.local.state import StateFolder
from pointsman.local.store.blobs import Blobs, FolderBlobs, MemoryBlobs
from pointsman.local.store.database import Database
from pointsman.local.world import World

if TYPE_CHECKING:
    from pointsman.local.plug import Session

log = logging.getLogger("pointsman.local")

ACCOUNT = "123456789012"
REGION = "us-east-1"
_LOOK = 5.0
"""Seconds after which the clock is looked at again, whatever it said."""


class Backend:
    """The bundled backend: AWS's answers over state of our own, and engines that really execute.

    Args:
        state: The state folder, made when absent; None keeps everything in memory and in a temporary folder that goes
            with the backend. A StateFolder that the caller has claimed is taken over, and let go of at the end.
        clock: Time; None is the wall clock, run on a thread of the backend.
        seed: Makes ids predictable under a clock of the caller's; ignored on the wall clock.
        account: The account every session of this backend belongs to.
        tools: What takes the place of the real doers; empty really executes. The demo passes scripted ones.
        patience: Real seconds that ``settle`` waits for processes before the clock may pass them by.

    Raises:
        StateError: The folder cannot be used; says why and what to do.
    """

    def __init__(
        self,
        state: StateFolder | Path | str | None = None,
        clock: Clock | None = None,
        seed: int = 0,
        *,
        account: str = ACCOUNT,
        tools: Sequence[object] = (),
        patience: float = 30.0,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.account = account
        self._seed = seed if clock is not None else None
        self._patience = patience
        self._tools = (*tools, Reach())  # one for all worlds: where an endpoint listens outlasts a reset
        self._exit = ExitStack()
        self._folder: StateFolder | None = None
        if state is not None:
            self._folder = state if isinstance(state, StateFolder) else StateFolder.claim(Path(state))
            self._exit.callback(self._folder.release)
        self.root = self._folder.path if self._folder else self._make_temporary()
        self._turn = threading.Lock()
        self._closed = False
        sweep(self.root)
        try:
            self._open()
        except BaseException:
            self._exit.close()
            raise

    def _open(self) -> None:
        """Begin with what the folder holds."""
        folder = self._folder
        database = Database(folder.database if folder else None)
        self._opened = ExitStack()
        self._opened.callback(database.close)
        blobs: Blobs = FolderBlobs(folder.blobs) if folder else MemoryBlobs()
        world = World(self.clock, database, blobs, seed=self._seed, patience=self._patience)
        self.engines: Engines = assemble(world, self.root, self.account, self._tools)
        # The table before the world: whoever asks during a reset meets the closed one until all of this one stands.
        self.table: Table = self.engines.table
        self.world: World = world
        self._thread: threading.Thread | None = None
        self._release: Callable[[], None] | None = None
        self.engines.resume()
        if isinstance(self.clock, ManualClock):
            self._release = self.clock.drive(self.world)
        else:
            self._thread = threading.Thread(target=self._run, args=(self.world,), name="pointsman-backend", daemon=True)
            self._thread.start()

    def _shut(self) -> None:
        """Stop what runs and let go of the database."""
        if self._release is not None:
            self._release()
        self.engines.stop()
        self.world.close()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self.world.run_due()
        with self.world.lock:  # no answer is half given
            if self.world.abrupt:
                self.world.database.abandon()
            self._opened.close()

    def _make_temporary(self) -> Path:
        self._temporary = Path(tempfile.mkdtemp(prefix="pointsman-"))
        self._exit.callback(shutil.rmtree, self._temporary, ignore_errors=True)
        return self._temporary

    def session(self, region_name: str = REGION) -> Session:
        """A boto3 session whose every call this backend answers; its clients work from any thread."""
        from pointsman.local.plug import session  # boto3 is wanted only by whoever asks through it

        return session(self.ask, region_name)

    def ask(self, region: str, service: str, operation: str, parameters: Parameters) -> tuple[dict[str, Any], str]:
        """Answer one call.

        Returns:
            The answer in botocore's output shape, and the request id.

        Raises:
            AwsError: A modelled error, or 501 by name for a call that is not built.
        """
        where, call = (self.account, region), (service, operation)
        return answered(self.world, self.table, where, call, parameters, lambda: self._closed)

    def visit(self, name: str, method: str, visit: Visit) -> Shown | None:
        """Answer a request for an engine's page; None when there is no such page, or not by that method."""
        return visited(self.world, self.account, (name, method), visit, lambda: self._closed)

    def load(self, path: Path | str) -> tuple[str, ...]:
        """Apply a world file; applying it twice changes nothing.

        Returns:
            What was applied and still cannot work as it stands: a sentence each.

        Raises:
            ConfigError: Names file, line and key.
        """
        from pointsman.local.loading import load  # PyYAML is wanted only by whoever loads a file

        return load(self, Path(path))

    def settle(self) -> None:
        """Carry out everything that is due, real processes included."""
        self.world.settle()

    def reset(self) -> None:
        """Kill all work and forget everything, as if the folder were new; what is not the backend's in it stays.

        Calls that come meanwhile are told to come again (503).

        Raises:
            StateError: The backend has been closed, or a file cannot be removed.
        """
        with self._turn:
            if self._closed:
                raise StateError("the local backend has been closed", "open it again")
            self.world.abrupt = True
            self._shut()
            try:
                discard(self.root, (*RECORDS, *self.engines.folders))
            finally:
                self._open()

    def close(self) -> None:
        """Stop builds, flush and unlock. Closing twice is harmless."""
        with self._turn:
            if self._closed:
                return
            self._closed = True
            self._shut()
            self._exit.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, world: World) -> None:
        while not world.closing:
            try:
                world.run_due()
                due = world.next_due()
            except Exception:  # the thread's boundary: a broken step must not end time itself
                log.exception("the backend's clock met an error")
                world.wait(1.0)
                continue
            pause = None if due is None else max(0.0, (due - self.clock.now()).total_seconds())
            if pause is None or pause > 0:
                # Not for ever: the wall clock may have been set, or the machine have slept.
                world.wait(None if pause is None else min(pause, _LOOK))
