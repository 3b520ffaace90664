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
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from pointsman.clock import Clock, ManualClock, SystemClock
from pointsman.local.answers import AwsError, Later, Parameters, Table
from pointsman.local.engines import Engines, assemble
from pointsman.local.plug import Session, session
from pointsman.local.state import StateFolder
from pointsman.local.store.blobs import Blobs, FolderBlobs, MemoryBlobs
from pointsman.local.store.database import Database
from pointsman.local.world import World

log = logging.getLogger("pointsman.local")

ACCOUNT = "123456789012"
REGION = "us-east-1"


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
        self._exit = ExitStack()
        self._temporary: Path | None = None
        folder: StateFolder | None = None
        if state is not None:
            folder = state if isinstance(state, StateFolder) else StateFolder.claim(Path(state))
            self._exit.callback(folder.release)
        database = Database(folder.database if folder else None)
        self._exit.callback(database.close)
        blobs: Blobs = FolderBlobs(folder.blobs) if folder else MemoryBlobs()
        self.world = World(self.clock, database, blobs, seed=seed if clock is not None else None, patience=patience)
        self.root = folder.path if folder else self._make_temporary()
        self.engines: Engines = assemble(self.world, self.root, account, tools)
        self.table: Table = self.engines.table
        self._thread: threading.Thread | None = None
        self._release: Callable[[], None] | None = None
        self._closed = False
        self.engines.resume()
        if isinstance(self.clock, ManualClock):
            self._release = self.clock.drive(self.world)
        else:
            self._thread = threading.Thread(target=self._run, name="pointsman-backend", daemon=True)
            self._thread.start()

    def _make_temporary(self) -> Path:
        self._temporary = Path(tempfile.mkdtemp(prefix="pointsman-"))
        self._exit.callback(shutil.rmtree, self._temporary, ignore_errors=True)
        return self._temporary

    def session(self, region_name: str = REGION) -> Session:
        """A boto3 session whose every call this backend answers; its clients work from any thread."""
        return session(self.ask, region_name)

    def ask(self, region: str, service: str, operation: str, parameters: Parameters) -> tuple[dict[str, Any], str]:
        """Answer one call.

        Returns:
            The answer in botocore's output shape, and the request id.

        Raises:
            AwsError: A modelled error, or 501 by name for a call that is not built.
        """
        request_id = self.world.request_id()
        try:
            answer = self.table.find(service, operation)
            if self._closed:
                raise AwsError("ServiceUnavailable", "the local backend has been closed", 503)
            with self.world.transaction():
                found = answer(self.world.scope(self.account, region), parameters)
            return (found.work() if isinstance(found, Later) else found), request_id
        except AwsError as error:
            error.members.setdefault("request_id", request_id)
            raise
        except sqlite3.OperationalError as error:
            sentence = f"the state folder cannot be written ({error}): make room on its disk, and try again"
            raise AwsError("ServiceUnavailable", sentence, 503, request_id=request_id) from error

    def load(self, path: Path | str) -> None:
        """Apply a world file; applying it twice changes nothing.

        Raises:
            ConfigError: Names file, line and key.
        """
        from pointsman.local.loading import load  # PyYAML is wanted only by whoever loads a file

        load(self, Path(path))

    def settle(self) -> None:
        """Carry out everything that is due, real processes included."""
        self.world.settle()

    def close(self) -> None:
        """Stop builds, flush and unlock. Closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        if self._release is not None:
            self._release()
        self.engines.stop()
        self.world.close()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self.world.run_due()
        self._exit.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        while not self.world.closing:
            try:
                self.world.run_due()
                due = self.world.next_due()
            except Exception:  # the thread's boundary: a broken step must not end time itself
                log.exception("the backend's clock met an error")
                self.world.wait(1.0)
                continue
            pause = None if due is None else max(0.0, (due - self.clock.now()).total_seconds())
            if pause is None or pause > 0:
                self.world.wait(pause)
