"""The world the engines live in: state, time, and what happens next.

One lock, one transaction at a time. An answer, a timer or a posted fact runs as one transaction: its records, its
timers and its events are committed together or not at all; what must leave the database (starting a process) waits in
``after_commit`` and happens only once the commit stands.

* **Timers** are kept in the database: after kill -9 they are still there. A timer with a key replaces its namesake.
* **Events** (``emit``) are synchronous, inside the transaction of whoever emits them: engines hear each other so.
* **Facts** (``post``) come from other threads (a process has ended): queued, then handled in a transaction each.
* **Jobs** (``job``) are blocking pieces of work (git, a zip) done on a worker thread; the result is posted as a fact.

Under the wall clock a thread of the backend calls ``run_due``; under a ManualClock ``settle`` does.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

import msgspec

from pointsman.clock import Clock
from pointsman.local.identifiers import Identifiers
from pointsman.local.store.blobs import Blobs
from pointsman.local.store.database import Database
from pointsman.local.store.records import Records
from pointsman.local.store.resident import ResidentRecords

log = logging.getLogger("pointsman.local")

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")
Payload = dict[str, Any]
Handler = Callable[["Scope", Payload], None]

HOLD = 0.5
"""Seconds between two tries to write down what the disk had no room for."""


class NotSettled(RuntimeError):
    """Work on other threads did not come to rest within the world's patience."""


class World(Identifiers):
    """Everything the engines share.

    Args:
        clock: What time it is.
        database: Where state is kept.
        blobs: Where bodies are kept.
        seed: Not None makes every id predictable.
        patience: Real seconds that ``settle`` gives running processes and jobs before the clock passes them by.
    """

    def __init__(
        self, clock: Clock, database: Database, blobs: Blobs, *, seed: int | None = None, patience: float = 30.0
    ) -> None:
        super().__init__(seed)
        self.clock = clock
        self.database = database
        self.records = ResidentRecords(database) if database.resident else Records(database)
        self.blobs = blobs
        self.patience = patience
        self.lock = threading.RLock()
        self._handlers: dict[str, list[Handler]] = {}
        self._tools: list[object] = []
        self._tool_of: dict[type, object] = {}
        self._after: list[Callable[[], None]] = []
        self._facts: queue.SimpleQueue[tuple[str, str, str, Payload]] = queue.SimpleQueue()
        self._held: tuple[str, str, str, Payload] | None = None
        self._held_until = 0.0
        self._wake = threading.Condition()
        self._stirred = False
        """Whether somebody was to look again, who did not wait yet."""
        self.timed = False
        """Whether the transaction has set a timer."""
        self._active = 0
        self._closing = False
        self.inline_jobs = False
        """Whether jobs are done at once by whoever commits, for a world whose doers only play: a thread costs more."""
        self.abrupt = False
        """Whether what runs is killed at once, and not asked to end first: the world is being emptied."""

    # -- what engines declare ---------------------------------------------------------------------------------------

    def on(self, topic: str, handler: Handler) -> None:
        """Have ``handler(scope, payload)`` called for every timer, event and fact of this topic, in order of calls."""
        self._handlers.setdefault(topic, []).append(handler)

    def provide(self, tool: object) -> None:
        """Put a tool (a runner, a place) at every engine's disposal; the first of its kind wins."""
        self._tools.append(tool)

    def tool(self, kind: type[T]) -> T:
        """The tool of this class (or runtime-checkable protocol); LookupError when nobody provided one."""
        found = self._tool_of.get(kind)
        if found is None:
            found = next((tool for tool in self._tools if isinstance(tool, kind)), None)
            if found is None:
                raise LookupError(f"no {kind.__name__} was provided")
            self._tool_of[kind] = found
        return cast("T", found)

    def has(self, kind: type) -> bool:
        """Whether a tool of this class was provided."""
        return kind in self._tool_of or any(isinstance(tool, kind) for tool in self._tools)

    # -- transactions -----------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """The lock and a transaction; a transaction inside another joins it."""
        with self.lock:
            if self.database.in_transaction:
                yield
                return
            self._after.clear()
            self.timed = False
            with self.database.transaction():
                yield
            timed = self.timed
            after, self._after = self._after, []
            for action in after:
                try:
                    action()
                except Exception:
                    # The transaction stands; one broken consequence must not take the others with it.
                    log.exception("what follows a transaction failed")
        if timed:  # most answers change nothing that the clock's thread waits for
            self.wake()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call ``action`` once the transaction stands; never when it is rolled back. It must not block or raise."""
        self._after.append(action)

    def scope(self, account: str, region: str) -> Scope:
        """The world as one account and region see it."""
        return Scope(self, account, region)

    # -- time -------------------------------------------------------------------------------------------------------

    def next_due(self) -> datetime | None:
        """When the earliest timer falls due; None when there is none."""
        with self.lock:
            row = self.database.execute("SELECT due FROM timers ORDER BY due, seq LIMIT 1").fetchone()
        return None if row is None else datetime.fromtimestamp(row[0], UTC)

    def run_due(self, slice_seconds: float | None = None) -> bool:
        """Carry out posted facts and due timers, each in its own transaction.

        Args:
            slice_seconds: Stop after so much real time, for callers that share their thread.

        Returns:
            Whether anything was done.
        """
        done = False
        deadline = None if slice_seconds is None else time.perf_counter() + slice_seconds
        while deadline is None or time.perf_counter() < deadline:
            if not (self._run_fact() or self._run_timer()):
                break
            done = True
        return done

    def _run_fact(self) -> bool:
        if self._held is not None and time.monotonic() < self._held_until:
            return False
        try:
            fact = self._held or self._facts.get_nowait()
        except queue.Empty:
            return False
        self._held = None
        try:
            self._carry(*fact)
        except sqlite3.OperationalError as error:
            # What has happened outside cannot be asked for again: it waits, and all that came later waits behind it.
            log.warning("%s cannot be written down yet: %s", fact[2], error)
            self._held, self._held_until = fact, time.monotonic() + HOLD
            return False
        except BaseException:
            self._done()
            raise
        self._done()
        return True

    def _run_timer(self) -> bool:
        with self.lock:
            row = self.database.execute(
                "SELECT seq, account, region, topic, payload FROM timers WHERE due <= ? ORDER BY due, seq LIMIT 1",
                (self.clock.now().timestamp(),),
            ).fetchone()
            if row is None:
                return False
            seq, account, region, topic, payload = row
            try:
                with self.transaction():
                    self.database.execute("DELETE FROM timers WHERE seq = ?", (seq,))
                    self.deliver(self.scope(account, region), topic, msgspec.json.decode(payload))
            except Exception:
                # A broken handler must not stop the world; the timer is dropped so that it cannot fire for ever.
                log.exception("timer %s failed", topic)
                self.database.execute("DELETE FROM timers WHERE seq = ?", (seq,))
        return True

    def _carry(self, account: str, region: str, topic: str, payload: Payload) -> None:
        try:
            with self.transaction():
                self.deliver(self.scope(account, region), topic, payload)
        except sqlite3.OperationalError:
            raise  # the disk is full, or away: not the handler's fault
        except Exception:
            log.exception("fact %s failed", topic)

    def deliver(self, scope: Scope, topic: str, payload: Payload) -> None:
        """Call every handler of a topic, in this transaction."""
        for handler in self._handlers.get(topic, ()):
            handler(scope, payload)

    # -- other threads ----------------------------------------------------------------------------------------------

    def post(self, account: str, region: str, topic: str, payload: Payload) -> None:
        """Queue a fact from any thread; it is handled soon, in a transaction of its own."""
        with self._wake:
            self._active += 1
        self._facts.put((account, region, topic, payload))
        self.wake()

    def begin(self) -> Callable[[], None]:
        """Say that work has begun on another thread; call what is returned when its last fact is posted.

        ``settle`` waits for all work begun.
        """
        with self._wake:
            self._active += 1
        ended = threading.Event()

        def end() -> None:
            if not ended.is_set():
                ended.set()
                self._done()

        return end

    def job(self, scope: Scope, topic: str, work: Callable[[], Payload]) -> None:
        """Do blocking ``work`` on a thread of its own, then post its result under ``topic``.

        When it raises, the payload is ``{"error": sentence}``.
        """
        end = self.begin()

        def run() -> None:
            try:
                payload = work()
            except Exception as error:  # a thread boundary: every failure becomes a fact
                if not isinstance(error, JobFailed):
                    log.exception("job %s failed", topic)
                payload = {"error": str(error) or type(error).__name__}
            self.post(scope.account, scope.region, topic, payload)
            end()

        if self.inline_jobs:
            run()
            return
        threading.Thread(target=run, name=f"pointsman-job-{topic}", daemon=True).start()

    def wake(self) -> None:
        """Have whoever waits, or is about to, look again."""
        with self._wake:
            self._stirred = True
            self._wake.notify_all()

    def wait(self, seconds: float | None) -> None:
        """Sleep until something is posted, a transaction has set a timer, or ``seconds`` have passed."""
        with self._wake:
            if self._held is not None and not self._closing:
                self._wake.wait(HOLD)
            elif self._facts.empty() and not self._stirred and not self._closing:
                self._wake.wait(seconds)
            self._stirred = False

    def close(self) -> None:
        """Wake every waiter for good."""
        self._closing = True
        self.wake()

    @property
    def closing(self) -> bool:
        """Whether the backend is being closed."""
        return self._closing

    def settle(self) -> None:
        """Carry out everything due now and wait for the work it started; then everything that follows from that.

        Raises:
            NotSettled: Never here; running processes that outlast ``patience`` real seconds are left running, and the
                clock may move on over them, as a time-out would.
        """
        deadline = time.monotonic() + self.patience
        while True:
            self.run_due()
            with self._wake:
                if self._active == 0 or time.monotonic() > deadline:
                    return
                if self._facts.empty() or self._held is not None:
                    self._wake.wait(min(0.2, max(0.0, deadline - time.monotonic())))

    def _done(self) -> None:
        with self._wake:
            self._active -= 1
            self._wake.notify_all()


class JobFailed(Exception):
    """A job's own, expected failure: its message is the sentence."""


class Scope:
    """The world as one account and region see it: what answers and handlers are given."""

    __slots__ = ("account", "region", "world")

    def __init__(self, world: World, account: str, region: str) -> None:
        self.world = world
        self.account = account
        self.region = region

    @property
    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return self.world.clock.now()

    # records

    def get(self, kind: type[R], key: str) -> R | None:
        """The record, or None."""
        return self.world.records.get(self.account, self.region, kind, key)

    def put(self, key: str, value: msgspec.Struct) -> None:
        """Write the record, replacing what stood under the key."""
        self.world.records.put(self.account, self.region, key, value)

    def delete(self, kind: type[msgspec.Struct], key: str) -> bool:
        """Remove the record; False when there was none."""
        return self.world.records.delete(self.account, self.region, kind, key)

    def scan(
        self, kind: type[R], prefix: str = "", *, reverse: bool = False, after: str | None = None, limit: int = -1
    ) -> Iterator[tuple[str, R]]:
        """The records whose key begins with ``prefix``, in key order, as (key, value)."""
        return self.world.records.scan(
            self.account, self.region, kind, prefix, reverse=reverse, after=after, limit=limit
        )

    def next_number(self, name: str) -> int:
        """1, 2, 3 …: never the same number twice for a name."""
        return self.world.records.next_number(self.account, self.region, name)

    # what happens next

    def at(self, due: datetime, topic: str, payload: Payload | None = None, *, key: str | None = None) -> None:
        """Have ``topic`` delivered when ``due`` has come; a timer of the same key is replaced."""
        self.world.database.execute(
            "INSERT INTO timers (due, account, region, topic, key, payload) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (account, region, key) WHERE key IS NOT NULL"
            " DO UPDATE SET due = excluded.due, topic = excluded.topic, payload = excluded.payload",
            (due.timestamp(), self.account, self.region, topic, key, msgspec.json.encode(payload or {})),
        )
        self.world.timed = True

    def after(self, seconds: float, topic: str, payload: Payload | None = None, *, key: str | None = None) -> None:
        """Have ``topic`` delivered in so many seconds."""
        self.at(self.now + timedelta(seconds=seconds), topic, payload, key=key)

    def cancel(self, key: str) -> None:
        """Take back the timer of this key, if there is one."""
        self.world.database.execute(
            "DELETE FROM timers WHERE account = ? AND region = ? AND key = ?", (self.account, self.region, key)
        )

    def emit(self, topic: str, payload: Payload) -> None:
        """Tell whoever listens to ``topic``, now, inside this transaction."""
        self.world.deliver(self, topic, payload)

    def post(self, topic: str, payload: Payload) -> None:
        """Queue a fact from any thread."""
        self.world.post(self.account, self.region, topic, payload)

    def job(self, topic: str, work: Callable[[], Payload]) -> None:
        """Once this transaction stands, do blocking ``work`` on another thread and post its result under ``topic``."""
        self.world.after_commit(lambda: self.world.job(self, topic, work))

    # names

    def arn(self, service: str, resource: str) -> str:
        """``arn:aws:service:region:account:resource``."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"
