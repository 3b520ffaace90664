"""Polling: keyed, counted and shared, so that three panes on one pipeline cost one call.

A feed reads its source, hands the snapshot to whoever listens, and waits as long as the source's cadence says of the
value that came. It backs off while there is no answer, never gives up and never overlaps itself. Nothing here knows a
screen or boto3: time is an injected clock, and waiting an injected function.

Listeners hear of changes only: an answer equal to the last one moves ``fetched_at`` of the subscription's snapshot and
is otherwise silent, so that at rest nothing is repainted. Ages on a screen come from ``Subscription.snapshot``.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from pointsman.clock import Clock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.snapshot import Snapshot
from pointsman.services.pace import Budget, Sleep, sleeper

log = logging.getLogger("pointsman.feeds")

T = TypeVar("T")
Report = Callable[[T, str], None]
"""(value so far, ``312 of 1,000 read``): publishes a partial value on the way."""

CEILING = 60.0
"""The longest pause between two attempts without an answer."""
CREDENTIALS_CEILING = 10.0
"""The same where a login in another terminal is what is missing."""
BILLED = 60.0
"""The shortest pause between two reads that cost money."""
UNREAD = 2.0
"""The pause a back-off starts from when there is no value yet."""
JITTER = 0.1
_KEEP = 64
_NEVER = datetime.max.replace(tzinfo=UTC)


class Source(Struct, Generic[T], frozen=True):
    """Something that can be read again and again."""

    key: Hashable
    """Two sources of one key are one source."""
    read: Callable[[Report[T]], Awaitable[T]]
    cadence: Callable[[T], float | None]
    """How many seconds a value is good for; 0 reads on at once, None not until it is poked. Pure."""
    service: str
    """Whose budget a read comes out of."""
    cost: int = 1
    """Calls a read makes; 0 when the read asks the budget itself."""
    billed: bool = False
    """Whether a read costs money: then it is read no faster than once a minute, unless poked."""
    partial: Callable[[T], str] = lambda _: ""
    """What a value lacks, in words; empty when it is whole. Pure."""
    kept: int = _KEEP
    """How many values of its kind, the first part of the key, are kept once nobody listens."""


class Subscription(Generic[T]):
    """One listener's hold on a feed."""

    def __init__(self, feed: _Feed[T], token: object) -> None:
        self._feed = feed
        self._token = token

    @property
    def snapshot(self) -> Snapshot[T]:
        """The newest snapshot, the time it was fetched included."""
        return self._feed.snapshot

    def release(self) -> None:
        """Let go; the last to let go ends the polling. Letting go twice is harmless."""
        self._feed.release(self._token)


class _Kept(Struct, frozen=True):
    """What a feed knew when its last listener let go, and when it would have read again."""

    snapshot: Snapshot[Any]
    due: datetime


def pause_after_failure(base: float | None, failures: int, kind: FaultKind) -> float:
    """Seconds to wait after so many failures in a row.

    Args:
        base: The cadence of the last good value; None or 0 when there is none.
        failures: How many, at least one.
        kind: What the last one was.
    """
    ceiling = CREDENTIALS_CEILING if kind in (FaultKind.NO_CREDENTIALS, FaultKind.EXPIRED) else CEILING
    return float(min(ceiling, (base or UNREAD) * 2.0 ** min(failures, 16)))


class Feeds:
    """Every feed of one console.

    Args:
        clock: The time.
        sleep: How to wait; None waits on the clock.
        budget: What limits the calls; None limits nothing.
        chance: A random number between 0 and 1; 0.5 means no jitter.
        gather: Wall seconds for which partial values gather before they are told: a quick read is told once, whole.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        sleep: Sleep | None = None,
        budget: Budget | None = None,
        chance: Callable[[], float] = random.random,
        gather: float = 0.0,
    ) -> None:
        self.clock = clock
        self.gather = gather
        self.budget = budget or Budget.unlimited(clock)
        self.generation = 0
        self._sleep = sleep or sleeper(clock)
        self._chance = chance
        self._feeds: dict[Hashable, _Feed[Any]] = {}
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._holds = 0
        self._going = asyncio.Event()
        self._going.set()
        self._changed = asyncio.Event()

    def subscribe(self, source: Source[T], listener: Callable[[Snapshot[T]], None]) -> Subscription[T]:
        """Listen to a source; call on the event loop.

        Args:
            source: What to read. A feed of the same key that runs already is joined.
            listener: Called now with what is known, and at each change.
        """
        feed: _Feed[T] | None = self._feeds.get(source.key)
        if feed is None:
            feed = self._feeds[source.key] = _Feed(self, source, self._kept.pop(source.key, None))
            feed.start()
        token = feed.join(listener)
        return Subscription(feed, token)

    def poke(self, *keys: Hashable) -> None:
        """Read again now; without keys, everything."""
        for key in keys or tuple(self._feeds):
            if feed := self._feeds.get(key):
                feed.poke()
        for key in keys or tuple(self._kept):
            if kept := self._kept.get(key):
                self._kept[key] = replace(kept, due=self.clock.now())

    def hold(self) -> Callable[[], None]:
        """Start no read until what is returned is called; holds add up. What is under way arrives."""
        self._holds += 1
        self._going.clear()
        held = True

        def release() -> None:
            nonlocal held
            if held:
                held = False
                self._holds -= 1
                if self._holds == 0:
                    self._going.set()
                self.pulse()

        return release

    @property
    def held(self) -> bool:
        """Whether somebody holds the feeds."""
        return self._holds > 0

    def forget(self) -> None:
        """Begin a new generation: everything known is dropped, and so is every answer that is under way."""
        self.generation += 1
        self._kept.clear()
        for feed in list(self._feeds.values()):
            feed.forget()

    def reading(self) -> tuple[Hashable, ...]:
        """The keys that are being read, or are due to be."""
        now = self.clock.now()
        return tuple(key for key, feed in self._feeds.items() if feed.busy or (not self.held and feed.due <= now))

    async def idle(self) -> None:
        """Wait until nothing is being read and nothing is due."""
        while self.reading():
            self._changed.clear()
            await self._changed.wait()

    async def close(self) -> None:
        """End every feed."""
        feeds = list(self._feeds.values())
        self._feeds.clear()
        tasks = [feed.task for feed in feeds if feed.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the waits of those tasks end one turn later
        self.pulse()

    # -- for the feeds themselves -------------------------------------------------------------------------------------

    def pulse(self) -> None:
        """Have ``idle`` look again."""
        self._changed.set()

    def drop(self, source: Source[Any], kept: _Kept) -> None:
        """Forget a feed nobody listens to; what it knew is kept for the next who asks."""
        self._feeds.pop(source.key, None)
        self._kept[source.key] = kept
        alike = [key for key in self._kept if _kind(key) == _kind(source.key)]
        for key in alike[: max(0, len(alike) - source.kept)]:
            del self._kept[key]
        while len(self._kept) > _KEEP:
            self._kept.popitem(last=False)
        self.pulse()

    async def may_read(self) -> None:
        """Wait until nobody holds the feeds."""
        await self._going.wait()

    def rest(self, seconds: float) -> Awaitable[None]:
        """Wait on the clock, from now on."""
        return self._sleep(seconds)

    def jittered(self, seconds: float) -> float:
        """A pause a little longer or shorter, so that feeds do not march in step."""
        return seconds * (1 + JITTER * (2 * self._chance() - 1))


def _kind(key: Hashable) -> Hashable:
    return key[0] if isinstance(key, tuple) and key else key


class _Feed(Generic[T]):
    """One source being polled."""

    def __init__(self, feeds: Feeds, source: Source[T], kept: _Kept | None) -> None:
        self._feeds = feeds
        self._source = source
        self._listeners: dict[object, Callable[[Snapshot[T]], None]] = {}
        self._poked = asyncio.Event()
        self.snapshot: Snapshot[T] = kept.snapshot if kept else Snapshot()
        self.due: datetime = kept.due if kept and kept.snapshot.fault is None else feeds.clock.now()
        self.busy = False
        self._reading: object = None
        """The read under way: what an older one still reports is dropped."""
        self.task: asyncio.Task[None] | None = None

    # -- listeners ----------------------------------------------------------------------------------------------------

    def join(self, listener: Callable[[Snapshot[T]], None]) -> object:
        token = object()
        self._listeners[token] = listener
        listener(self.snapshot)
        return token

    def release(self, token: object) -> None:
        if self._listeners.pop(token, None) is None or self._listeners:
            return
        if self.task is not None:
            self.task.cancel()
        # A read that is cut short is due again at once: whoever comes back must not wait for it for ever.
        due = self.due if self._reading is None else self._feeds.clock.now()
        self._reading = None
        self._feeds.drop(self._source, _Kept(self.snapshot, due))

    def _tell(self) -> None:
        for listener in list(self._listeners.values()):
            try:
                listener(self.snapshot)
            except Exception:  # a worker's boundary: one broken listener must not end the feed of the others
                log.exception("a listener of %s failed", self._source.key)

    # -- running ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.task = asyncio.ensure_future(self._run())

    def poke(self) -> None:
        self.due = self._feeds.clock.now()
        self._poked.set()

    def forget(self) -> None:
        if self.task is not None:
            self.task.cancel()
        self._reading = None
        self.snapshot = Snapshot()
        self.due = self._feeds.clock.now()
        self.busy = False
        self._poked.clear()
        self._tell()
        self.start()

    async def _run(self) -> None:
        task = asyncio.current_task()
        try:
            while True:
                await self._wait_until_due()
                await self._feeds.may_read()
                self.busy = True
                self._poked.clear()
                await self._feeds.budget.take(self._source.service, self._source.cost)
                await self._read()
                self.busy = False
                self._feeds.pulse()
        finally:
            if self.task is task:
                self.busy = False
                self._feeds.pulse()

    async def _wait_until_due(self) -> None:
        remaining = (self.due - self._feeds.clock.now()).total_seconds()
        if self._poked.is_set() or remaining <= 0:
            return
        waits: list[asyncio.Future[object]] = [asyncio.ensure_future(_end(self._poked.wait()))]
        if self.due != _NEVER:
            waits.append(asyncio.ensure_future(_end(self._feeds.rest(remaining))))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def _read(self) -> None:
        source = self._source
        reading = self._reading = object()

        loop = asyncio.get_running_loop()
        parts: list[tuple[T, str]] = []
        telling: list[asyncio.TimerHandle] = []

        def report(value: T, partial: str) -> None:
            parts[:] = [(value, partial)]
            if not self._feeds.gather:
                tell()
            elif not telling:
                telling.append(loop.call_later(self._feeds.gather, tell))

        def tell() -> None:
            telling.clear()
            if self._reading is reading:
                self._arrived(*parts[0], _NEVER)

        self.due = _NEVER
        try:
            value = await source.read(report)
        except CallFailed as error:
            self._failed(error.fault)
        except Exception as error:  # a worker's boundary: a broken reader is a fault on its pane, not the end
            log.exception("reading %s failed", source.key)
            self._failed(Fault(FaultKind.UNKNOWN, f"reading failed here: {type(error).__name__}: {error}"))
        else:
            pause = source.cadence(value)
            if pause is not None and source.billed:
                pause = max(BILLED, pause)
            due = _NEVER if pause is None else self._after(pause)
            self._arrived(value, source.partial(value), due)
        finally:
            for handle in telling:
                handle.cancel()
            if self._reading is reading:
                self._reading = None

    def _after(self, pause: float) -> datetime:
        return self._feeds.clock.now() + timedelta(seconds=self._feeds.jittered(pause))

    def _plan(self, due: datetime) -> None:
        """Read again at ``due``, unless a poke has asked for sooner meanwhile."""
        self.due = self._feeds.clock.now() if self._poked.is_set() else due

    def _arrived(self, value: T, partial: str, due: datetime) -> None:
        before = self.snapshot
        self._plan(due)
        self.snapshot = Snapshot(
            value=value,
            fetched_at=self._feeds.clock.now(),
            next_try=None if due == _NEVER else due,
            partial=partial,
        )
        known = before.value is not None and before.fault is None and before.partial == partial
        if not (known and before.value == value):
            self._tell()

    def _failed(self, fault: Fault) -> None:
        before = self.snapshot
        failures = before.failures + 1
        base = self._source.cadence(before.value) if before.value is not None else None
        pause = pause_after_failure(base, failures, fault.kind)
        if self._source.billed:
            pause = max(BILLED, pause)
        due = self._after(pause)
        self._plan(due)
        self.snapshot = replace(before, fault=fault, failures=failures, next_try=due)
        self._tell()


async def _end(waiting: Awaitable[object]) -> object:
    return await waiting
