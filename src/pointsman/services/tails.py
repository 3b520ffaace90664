"""A tail: several groups and streams interleaved, what there is already and then what comes in.

Live tail first; where it is refused, FilterLogEvents again and again. Whichever way events come, each is handed on
once: by its id where it has one, and else by what it says, as often as it says it. What cannot be handed on is counted:
seconds that live tail has sampled, stretches too long to be read. Nothing that passes by itself ends a tail.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any, cast

from msgspec import Struct, field
from msgspec.structs import replace

from pointsman.clock import Clock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.logs import LogSource, TailAsk, TailChunk, TailEvent, TailMode
from pointsman.services.ask import Asks, Meter, Streams
from pointsman.services.feeds import pause_after_failure
from pointsman.services.pace import Budget, Sleep, sleeper
from pointsman.services.reads import logs as reader

SERVICE = "logs"
FASTEST, SLOWEST = 1.0, 5.0
"""Seconds between two rounds of polling: while events come, and at the longest."""
LATE = 15_000
"""Milliseconds that are read again: an event may be found a while after others that are newer."""
SEAM = 5.0
"""Seconds after which the beginning of a live session is looked at again, for what was ingested just before it."""
MOST = 200_000
"""Events that are read of what there is already; what is beyond them is said to be skipped."""
QUIET = 2
"""Rounds, or seconds of live tail, without an event that end a tail whose writer has ended."""
MISSING = 3.0
"""Seconds between two looks for groups that are not there yet."""
GROUPS = 10
"""Groups that one live session takes."""
BREAKS = 3
"""Live sessions in a row that may break off before their first update until it is polled instead."""
REMEMBERED = 100_000
"""Events that are known again."""

_WAITS = frozenset((FaultKind.THROTTLED, FaultKind.TIMEOUT, FaultKind.EXPIRED, FaultKind.NO_CREDENTIALS))
"""Troubles that pass by themselves, or with a login."""
_PASSES = _WAITS | {FaultKind.UNREACHABLE, FaultKind.UNKNOWN}


class Seen(Struct):
    """Events that have been handed on."""

    _ids: set[str] = field(default_factory=set)
    _order: deque[str] = field(default_factory=deque)
    _live: Counter[int] = field(default_factory=Counter)
    """What came live and has not been read since, by what it says."""
    _read: Counter[int] = field(default_factory=Counter)
    _keys: deque[tuple[bool, int]] = field(default_factory=deque)

    def fresh(self, event: TailEvent) -> bool:
        """Whether an event has not been handed on yet; remembers it."""
        if event.id:
            if event.id in self._ids:
                return False
            self._ids.add(event.id)
            self._order.append(event.id)
            if len(self._order) > REMEMBERED:
                self._ids.discard(self._order.popleft())
        key = hash(event[:4])
        mine, others = (self._read, self._live) if event.id else (self._live, self._read)
        if others[key] > 0:
            others[key] -= 1
            return False
        mine[key] += 1
        self._keys.append((bool(event.id), key))
        if len(self._keys) > REMEMBERED:
            read, old = self._keys.popleft()
            counts = self._read if read else self._live
            counts[old] -= 1
            if counts[old] <= 0:
                del counts[old]
        return True


class TailState(Struct):
    """How far a tail has come: kept by whoever follows, so that it goes on after a pause where it was."""

    seen: Seen = field(default_factory=Seen)
    newest: int | None = None
    """The newest moment something was handed on of, by the service's clock where an event is ahead of it."""

    def take(self, events: Sequence[TailEvent]) -> tuple[tuple[TailEvent, ...], int]:
        """The events that are new, in order of time, and how many were not."""
        fresh = sorted((one for one in events if self.seen.fresh(one)), key=_at)
        for one in fresh:
            moment = min(one.at, one.ingested) if one.ingested else one.at
            if self.newest is None or moment > self.newest:
                self.newest = moment
        return tuple(fresh), len(events) - len(fresh)


def _at(event: TailEvent) -> int:
    return event.at


class _Cursor(Struct):
    """How far one source has been read."""

    source: LogSource
    since: int
    """From when on pages are asked for; a token is worth something with the same moment only."""
    reached: int
    """The time of the last event read."""
    token: str = ""
    done: bool = False
    waiting: list[TailEvent] = field(default_factory=list)
    """Read, and not yet handed on: another source may have older ones."""


class _Unavailable(Exception):
    """Live tail cannot be had, or has broken off."""

    def __init__(self, fault: Fault, *, opened: bool) -> None:
        super().__init__(fault.sentence)
        self.fault = fault
        self.opened = opened


class Tails:
    """Follows log groups.

    Args:
        cloud: What answers.
        clock: The time.
        budget: What limits the calls.
        sleep: How to wait; None waits on the clock.
    """

    def __init__(self, cloud: Asks, clock: Clock, budget: Budget, sleep: Sleep | None = None) -> None:
        self._cloud = cloud
        self._clock = clock
        self._meter = Meter(cloud, SERVICE, budget)
        self._sleep = sleep or sleeper(clock)

    async def follow(
        self, ask: TailAsk, state: TailState | None = None, *, ended: Callable[[], bool] = lambda: False
    ) -> AsyncIterator[TailChunk]:
        """Hand on every event that is asked for, once.

        Args:
            ask: What to show.
            state: Where an earlier reading has come to; it goes on from there.
            ended: Whether what writes to the groups has ended: then the tail ends when nothing comes any more.

        Raises:
            CallFailed: It may not be read, or the pattern is none.
        """
        state = state if state is not None else TailState()
        if ask.until is not None:
            async for chunk in self._history(ask, state):
                yield chunk
            yield TailChunk(mode=TailMode.ENDED)
            return
        live = hasattr(self._cloud, "events")
        why = "" if live else "live tail is not to be had here"
        told: FaultKind | None = None
        breaks = failures = 0
        while live:
            try:
                async for chunk in self._live(ask, state, ended):
                    if chunk.mode is TailMode.LIVE:
                        breaks = failures = 0
                        told = None
                    yield chunk
                    if chunk.mode is TailMode.ENDED:
                        return
            except _Unavailable as gone:
                fault = gone.fault
                if fault.code == "SessionTimeoutException":
                    continue  # after three hours: a new one, which goes on where this one was
                breaks += gone.opened
                failures += 1
                if breaks >= BREAKS or (not gone.opened and fault.kind not in _WAITS):
                    live, why = False, fault.sentence
                    continue
                if told is not fault.kind:
                    yield TailChunk(fault=fault)
                told = fault.kind
                await self._sleep(pause_after_failure(FASTEST, failures, fault.kind))
        async for chunk in self._poll(ask, state, why, ended):
            yield chunk

    # -- what there is already ----------------------------------------------------------------------------------------

    def _since(self, ask: TailAsk, state: TailState) -> int:
        return ask.since if state.newest is None else max(ask.since, state.newest - LATE)

    async def _history(self, ask: TailAsk, state: TailState, since: int | None = None) -> AsyncIterator[TailChunk]:
        """What there is, from where the state has come to; interleaved by time."""
        since = self._since(ask, state) if since is None else since
        cursors = [_Cursor(source, since, since - 1) for source in ask.sources]
        told: FaultKind | None = None
        failures = handed = 0
        missing: set[str] = set()
        while True:
            wanted = [one for one in cursors if not one.done and not one.waiting]
            answers = await asyncio.gather(
                *(self._page(one, ask.until, ask.pattern) for one in wanted), return_exceptions=True
            )
            trouble = self._settle(wanted, answers, missing)
            if trouble is not None:
                failures += 1
                if told is not trouble.kind:
                    yield TailChunk(fault=trouble)
                told = trouble.kind
                await self._sleep(pause_after_failure(FASTEST / 2, failures, trouble.kind))
                continue
            failures, told = 0, None
            events = _ready(cursors)
            if events or missing:
                lines, repeated = state.take(events)
                handed += len(lines)
                if lines or missing:
                    yield TailChunk(lines, repeated=repeated, missing=tuple(sorted(missing)))
                missing = set()
            if all(one.done for one in cursors) and not any(one.waiting for one in cursors):
                return
            if handed >= MOST:
                last = events[-1].at if events else since
                yield TailChunk(skipped=(last, ask.until or self._now()))
                return

    def _settle(self, wanted: Sequence[_Cursor], answers: Sequence[Any], missing: set[str]) -> Fault | None:
        """Take in pages; what went wrong in passing comes back, anything else is raised."""
        trouble: Fault | None = None
        for cursor, answer in zip(wanted, answers, strict=True):
            if isinstance(answer, CallFailed):
                fault = answer.fault
                if fault.kind is FaultKind.NOT_FOUND:
                    cursor.done = True
                    missing.add(cursor.source.group)
                elif fault.kind is FaultKind.INVALID and cursor.token:
                    # A token does not live for ever: from the last event on, by its time.
                    cursor.token, cursor.since = "", max(cursor.since, cursor.reached)
                elif fault.kind in _PASSES:
                    trouble = fault
                else:
                    raise answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                events, token = answer
                cursor.waiting = list(events)
                cursor.done = not token or token == cursor.token
                cursor.token = token
                if events:
                    cursor.reached = max(cursor.reached, events[-1].at)
        return trouble

    async def _page(self, cursor: _Cursor, until: int | None, pattern: str) -> tuple[tuple[TailEvent, ...], str]:
        source = cursor.source
        answer = await self._meter.ask(
            "FilterLogEvents",
            logGroupName=source.group,
            logStreamNames=list(source.streams) or None,
            logStreamNamePrefix=source.prefix or None,
            startTime=cursor.since or None,
            endTime=until,
            filterPattern=pattern or None,
            nextToken=cursor.token or None,
        )
        return reader.events(source.group, answer), str(answer.get("nextToken") or "")

    # -- live ---------------------------------------------------------------------------------------------------------

    async def _live(self, ask: TailAsk, state: TailState, ended: Callable[[], bool]) -> AsyncIterator[TailChunk]:
        """Open the sessions, read what there is already, then what they tell."""
        arns: dict[str, str] = {}
        while not arns:
            arns, missing = await self._arns(ask)
            if missing:
                yield TailChunk(missing=missing)
            if not arns:
                if ended():
                    yield TailChunk(mode=TailMode.ENDED, missing=missing)
                    return
                await self._sleep(MISSING)
        came: asyncio.Queue[Any] = asyncio.Queue()
        sessions = _sessions(ask, arns)
        pumps = [asyncio.ensure_future(self._pump(one, came)) for one in sessions]
        try:
            held: deque[Any] = deque()
            opened = 0
            while opened < len(sessions):
                event = _event(await came.get(), opened=False)
                if "sessionStart" in event:
                    opened += 1
                else:
                    held.append(event)
            began = self._now()
            async for chunk in self._history(ask, state):
                yield chunk
            yield TailChunk(mode=TailMode.LIVE)
            async for chunk in self._told(ask, state, held, came, began, ended):
                yield chunk
        finally:
            for pump in pumps:
                pump.cancel()
            for pump in pumps:
                with suppress(asyncio.CancelledError):
                    await pump

    async def _told(
        self,
        ask: TailAsk,
        state: TailState,
        held: deque[Any],
        came: asyncio.Queue[Any],
        began: int,
        ended: Callable[[], bool],
    ) -> AsyncIterator[TailChunk]:
        seam: float | None = self._clock.monotonic() + SEAM
        quiet = 0
        while True:
            event = held.popleft() if held else _event(await came.get(), opened=True)
            lines, repeated = state.take(reader.live_events(event))
            sampled = reader.sampled(event)
            if lines or sampled:
                yield TailChunk(lines, TailMode.LIVE, sampled, repeated)
            quiet = 0 if lines else quiet + 1
            over = ended() and quiet >= QUIET and not held
            if over or (seam is not None and self._clock.monotonic() >= seam):
                since = state.newest - LATE if over and state.newest is not None else began - LATE
                seam = None
                async for chunk in self._history(ask, state, max(ask.since, since)):
                    yield replace(chunk, mode=TailMode.LIVE)
            if over:
                yield TailChunk(mode=TailMode.ENDED)
                return

    async def _pump(self, parameters: dict[str, Any], came: asyncio.Queue[Any]) -> None:
        try:
            cloud = cast("Streams", self._cloud)
            async for event in cloud.events(SERVICE, "StartLiveTail", "responseStream", **parameters):
                came.put_nowait(event)
        except CallFailed as error:
            came.put_nowait(error)
        else:
            fault = Fault(FaultKind.UNREACHABLE, "the live tail was ended by the service", call="logs:StartLiveTail")
            came.put_nowait(CallFailed(fault))

    async def _arns(self, ask: TailAsk) -> tuple[dict[str, str], tuple[str, ...]]:
        """The groups' ARNs, and which are not there."""
        found: dict[str, str] = {}
        missing = []
        for name in dict.fromkeys(source.group for source in ask.sources):
            try:
                answer = await self._meter.ask("DescribeLogGroups", logGroupNamePrefix=name, urgent=True)
            except CallFailed as error:
                raise _Unavailable(error.fault, opened=False) from error
            group = next((one for one in reader.groups(answer) if one.name == name), None)
            if group is None:
                missing.append(name)
            else:
                found[name] = group.arn
        return found, tuple(missing)

    # -- polling ------------------------------------------------------------------------------------------------------

    async def _poll(
        self, ask: TailAsk, state: TailState, why: str, ended: Callable[[], bool]
    ) -> AsyncIterator[TailChunk]:
        pause, quiet, first = FASTEST, 0, True
        while True:
            over = ended()
            count = 0
            async for chunk in self._history(ask, state):
                count += len(chunk.lines)
                # A group that is not there is said once, not every round.
                shown = chunk if first else replace(chunk, missing=())
                if shown.lines or shown.fault or shown.missing or shown.skipped:
                    yield shown if first else replace(shown, mode=TailMode.POLLING, why=why)
            if first or count:
                yield TailChunk(mode=TailMode.POLLING, why=why)
            first = False
            quiet = 0 if count else quiet + 1
            if over and quiet >= QUIET:
                yield TailChunk(mode=TailMode.ENDED, why=why)
                return
            pause = FASTEST if count or over else min(SLOWEST, pause * 1.5)
            await self._sleep(pause)

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _ready(cursors: Sequence[_Cursor]) -> list[TailEvent]:
    """The events that no source can have older ones than, in order of time; they are taken out of their cursors."""
    edge: int | None = None
    for cursor in cursors:
        if not cursor.done:
            newest = cursor.reached
            edge = newest if edge is None else min(edge, newest)
    ready: list[TailEvent] = []
    for cursor in cursors:
        if edge is None:
            ready += cursor.waiting
            cursor.waiting = []
        else:
            ready += [one for one in cursor.waiting if one.at <= edge]
            cursor.waiting = [one for one in cursor.waiting if one.at > edge]
    return sorted(ready, key=_at)


def _sessions(ask: TailAsk, arns: dict[str, str]) -> list[dict[str, Any]]:
    """The live sessions it takes: one for whole groups, ten at a time, and one for each group of which streams are."""
    pattern = {"logEventFilterPattern": ask.pattern} if ask.pattern else {}
    whole: dict[str, None] = {}
    sessions = []
    for source in ask.sources:
        arn = arns.get(source.group)
        if arn is None:
            continue
        if source.streams:
            sessions.append({"logGroupIdentifiers": [arn], "logStreamNames": list(source.streams), **pattern})
        elif source.prefix:
            sessions.append({"logGroupIdentifiers": [arn], "logStreamNamePrefixes": [source.prefix], **pattern})
        else:
            whole[arn] = None
    names = list(whole)
    found = [{"logGroupIdentifiers": names[at : at + GROUPS], **pattern} for at in range(0, len(names), GROUPS)]
    return found + sessions


def _event(came: Any, *, opened: bool) -> Any:
    if isinstance(came, CallFailed):
        raise _Unavailable(came.fault, opened=opened) from came
    return came
