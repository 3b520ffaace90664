"""CloudWatch Logs for the screens: a stream followed from its first line to its last, none twice and none dropped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from msgspec import Struct

from pointsman.clock import Clock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.logs import LogChunk, LogLine
from pointsman.model.refs import LogRef
from pointsman.services.ask import Asks, Meter
from pointsman.services.feeds import pause_after_failure
from pointsman.services.log_groups import LogGroups
from pointsman.services.pace import Budget, Sleep, sleeper
from pointsman.services.reads import logs as reader
from pointsman.services.tails import Tails

SERVICE = "logs"
QUIET = 2
"""Empty reads in a row, after the writer has ended, that end a stream: a single one may come before the last lines."""
FASTEST, SLOWEST = 1.0, 5.0
"""Seconds between two reads of a stream that has been caught up with: while lines come, and at the longest."""
FULL = 2000
"""Lines after which a page counts as full: the next one is read at once."""
HOPS = 10
"""Empty pages in a row with a new token each, after which there is taken to be nothing behind them."""
MISSING = 3.0
"""Seconds between two looks for a stream that does not exist yet."""


class _Place(Struct):
    """How far a stream has been read."""

    token: str = ""
    delivered: int = 0
    """How many lines have been handed on."""
    skip: int = 0
    """Lines to pass over: they were handed on before the token was lost."""
    empty: int = 0
    hops: int = 0
    failures: int = 0
    pause: float = FASTEST
    caught_up: bool = False
    missing: bool = False


class Logs:
    """Use cases over CloudWatch Logs.

    Args:
        cloud: What answers.
        clock: The time.
        budget: What limits the calls; None limits nothing.
        sleep: How to wait; None waits on the clock.
        fastest: Seconds between two reads of a stream that grows; a backend of our own bears less than AWS.
    """

    def __init__(
        self,
        cloud: Asks,
        clock: Clock,
        budget: Budget | None = None,
        sleep: Sleep | None = None,
        fastest: float = FASTEST,
    ) -> None:
        budget = budget or Budget.unlimited(clock)
        self._meter = Meter(cloud, SERVICE, budget)
        self._sleep = sleep or sleeper(clock)
        self._fastest = fastest
        self.tails = Tails(cloud, clock, budget, sleep)
        self.groups = LogGroups(cloud, clock, budget)

    async def follow(self, ref: LogRef, *, ended: Callable[[], bool], token: str = "") -> AsyncIterator[LogChunk]:
        """Read a stream from its head, or from a token, until it can grow no more.

        Pages are read back to back until the first empty one; after that at a pace that follows the lines. Throttling,
        a lost network and expired credentials are waited out: a chunk says so, once per kind of trouble, and the
        reading goes on where it was. A stream that does not exist (yet) is looked for until what writes it has ended.

        Args:
            ref: The stream.
            ended: Whether what writes to the stream has ended.
            token: Where to go on; empty for the first line.
        """
        place = _Place(token)
        told: FaultKind | None = None
        while True:
            over = ended()
            try:
                lines, moved = await self._page(ref, place)
            except CallFailed as error:
                fault = error.fault
                if fault.kind is FaultKind.NOT_FOUND:
                    place.missing = True
                    place.empty += 1
                    over = over and place.empty >= QUIET
                    if over or told is not fault.kind:
                        yield LogChunk((), place.token, ended=over, missing=True)
                    if over:
                        return
                    told = fault.kind
                    await self._sleep(MISSING)
                    continue
                if self._lost_its_place(place, fault):
                    continue
                place.failures += 1
                if told is not fault.kind:
                    yield LogChunk((), place.token, fault=fault)
                told = fault.kind
                await self._sleep(pause_after_failure(FASTEST / 2, place.failures, fault.kind))
                continue
            if told is not None and not lines:
                yield LogChunk((), place.token)  # the trouble is over
            told, place.failures, place.missing = None, 0, False
            if lines or moved:
                place.empty = 0
                if lines:
                    yield LogChunk(lines, place.token)
            else:
                place.empty += 1
                place.caught_up = True
                if over and place.empty >= QUIET:
                    yield LogChunk((), place.token, ended=True)
                    return
            if place.caught_up:
                place.caught_up = len(lines) < FULL
                place.pause = self._fastest if lines or over else min(SLOWEST, place.pause * 1.5)
                if place.caught_up:
                    await self._sleep(place.pause)

    async def _page(self, ref: LogRef, place: _Place) -> tuple[tuple[LogLine, ...], bool]:
        """The next lines, and whether there may be more right behind them."""
        answer = await self._meter.ask(
            "GetLogEvents",
            logGroupName=ref.group,
            logStreamName=ref.stream,
            startFromHead=True,
            nextToken=place.token or None,
        )
        lines = reader.lines(answer)
        following = reader.forward_token(answer)
        moved = bool(following) and following != place.token and bool(lines or place.token)
        place.hops = 0 if lines or not moved else place.hops + 1
        place.token = following or place.token
        if place.skip:
            passed = min(place.skip, len(lines))
            place.skip -= passed
            lines = lines[passed:]
        place.delivered += len(lines)
        return lines, moved and place.hops < HOPS

    def _lost_its_place(self, place: _Place, fault: Fault) -> bool:
        """Start again from the head when the service no longer knows the token; lines handed on are passed over."""
        if fault.kind is not FaultKind.INVALID or not place.token or place.skip:
            return False
        place.token, place.skip = "", place.delivered
        return place.delivered > 0
