"""Logs Insights for the screens: a query from its start to its rows, and its end when nobody waits for it any more.

A query costs money for what it scans until it ends. So it is sent exactly once, and whoever stops waiting for it,
however that comes about, has it stopped. What could not be stopped is said.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from pointsman.aws.threads import Daemons
from pointsman.clock import Clock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.insights import PRICE, LogField, Query, QueryRun, SavedQuery, is_over
from pointsman.model.insights_chart import Bars, TimeChart, bin_of, chart_of
from pointsman.semantics.logs.insights.syntax import InsightsError
from pointsman.services.ask import Asks, Meter
from pointsman.services.feeds import Report, Source, pause_after_failure
from pointsman.services.pace import Budget, Sleep, sleeper
from pointsman.services.query_history import QueryHistory
from pointsman.services.reads import insights as reader

__all__ = ["Bench", "Insights", "Sends", "Tell"]

log = logging.getLogger("pointsman.insights")

SERVICE = "logs"
FASTEST, SLOWEST = 0.4, 2.0
"""Seconds between two looks at a query: at first, and at the longest."""
TRIES = 4
"""How often a query that was throttled is sent: a throttled one has not begun."""
NAMES = 20
"""Pages of log groups that are read for their names: a thousand."""
LAST_WORDS = 3.0
"""Seconds that the end of the console waits for queries to be stopped."""

Tell = Callable[[QueryRun], None]
_PASSING = (
    FaultKind.THROTTLED,
    FaultKind.UNREACHABLE,
    FaultKind.TIMEOUT,
    FaultKind.EXPIRED,
    FaultKind.NO_CREDENTIALS,
    FaultKind.UNKNOWN,
)
"""Faults of a look at a query that say nothing about the query."""


class Sends(Protocol):
    """What sends a call exactly once: ``aws.cloud.Cloud``, or a fake in a test."""

    async def write(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """The answer; raises CallFailed."""
        ...


class Bench(Struct):
    """What lies on the workbench, whether its screen shows or not: what it cost money to find is not thrown away."""

    query: Query = field(default_factory=Query)
    saved: SavedQuery | None = None
    """The query definition that is being worked on."""
    run: QueryRun | None = None
    """The last query that was run here."""


class Insights:
    """Use cases over Logs Insights.

    Args:
        cloud: What answers reads.
        sender: What sends a query, once.
        clock: The time.
        budget: What limits the calls that look at a query; None limits nothing.
        sleep: How to wait; None waits on the clock.
        history: Where the queries of this and earlier sessions are kept.
        price: US dollars for a GB scanned.
    """

    def __init__(
        self,
        cloud: Asks,
        sender: Sends,
        clock: Clock,
        budget: Budget | None = None,
        sleep: Sleep | None = None,
        history: QueryHistory | None = None,
        price: float = PRICE,
    ) -> None:
        self.bench = Bench()
        self.history = history or QueryHistory(None)
        self.price = price
        self.trouble: Callable[[str, Fault], object] = lambda doing, fault: log.warning("%s: %s", doing, fault.sentence)
        """Told of a query that could not be stopped."""
        self._meter = Meter(cloud, SERVICE, budget or Budget.unlimited(clock))
        self._sender = sender
        self._clock = clock
        self._sleep = sleep or sleeper(clock)
        self._threads = Daemons("insights", 1)
        self._running: set[asyncio.Task[Any]] = set()
        """Who waits for a query."""
        self._sending: set[asyncio.Future[dict[str, Any]]] = set()
        """Queries on their way that nobody waits for any more."""
        self._ends: set[asyncio.Task[None]] = set()
        """Queries that are being stopped."""

    # -- running ------------------------------------------------------------------------------------------------------

    async def run(self, query: Query, tell: Tell) -> QueryRun:
        """Run a query and wait for what comes of it; cancelling the caller has it stopped.

        Args:
            query: What to ask.
            tell: Told of every step: how far it has come, what is wrong in passing, the rows that are there already.

        Returns:
            The run, over: complete, failed, or with the fault that kept it from beginning.
        """
        if (task := asyncio.current_task()) is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        now = self._clock.now()
        run = QueryRun(query, *query.span.bounds(now), now)
        tell(run)
        try:
            run = replace(run, id=await self._begin(run, tell), status="Running")
        except CallFailed as error:
            return self._told(tell, run.ended(self._clock.now(), status="Failed", fault=error.fault))
        try:
            run = await self._watch(run, tell)
        except BaseException:
            self._end(run.id)
            raise
        return self._told(tell, run)

    def _told(self, tell: Tell, run: QueryRun) -> QueryRun:
        tell(run)
        return run

    async def _begin(self, run: QueryRun, tell: Tell) -> str:
        """Send it: once, but for one that was throttled, which has not begun."""
        query = run.query
        parameters: dict[str, Any] = {
            "startTime": int(run.start.timestamp()),
            "endTime": int(run.end.timestamp()),
            "queryString": query.text,
        }
        if not query.names_its_groups:
            parameters["logGroupNames"] = list(query.groups)
        for attempt in range(1, TRIES + 1):
            sending = asyncio.ensure_future(self._sender.write(SERVICE, "StartQuery", parameters))
            try:
                answer = await asyncio.shield(sending)
            except asyncio.CancelledError:
                self._sending.add(sending)
                sending.add_done_callback(self._end_what_began)
                raise
            except CallFailed as error:
                if error.fault.kind is not FaultKind.THROTTLED or attempt == TRIES:
                    raise
                tell(replace(run, fault=error.fault))
                await self._sleep(pause_after_failure(FASTEST, attempt, error.fault.kind))
                continue
            return str(answer.get("queryId") or "")
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _watch(self, run: QueryRun, tell: Tell) -> QueryRun:
        """Look at it until it is over, more and more slowly."""
        tell(run)
        pause, failures = FASTEST, 0
        while True:
            await self._sleep(pause_after_failure(SLOWEST, failures, run.fault.kind) if run.fault else pause)
            pause = min(SLOWEST, pause * 1.5)
            try:
                answer = await self._meter.ask("GetQueryResults", queryId=run.id)
            except CallFailed as error:
                if error.fault.kind not in _PASSING:
                    self._end(run.id)
                    return run.ended(self._clock.now(), status="Unknown", fault=error.fault)
                failures += 1
                run = self._told(tell, replace(run, fault=error.fault))
                continue
            failures = 0
            status = str(answer.get("status") or "Unknown")
            run = replace(run, status=status, stats=reader.stats(answer), fault=None)
            rows = reader.rows(answer)
            if is_over(status):
                return await self._over(run, answer, rows)
            if len(rows) != len(run.results):
                run = replace(run, results=await self._threads.run(partial(reader.results, rows)))
            tell(run)

    async def _over(self, run: QueryRun, answer: Any, rows: list[Any]) -> QueryRun:
        """The rows of every page."""
        token, seen = str(answer.get("nextToken") or ""), {""}
        fault: Fault | None = None
        while token not in seen:
            seen.add(token)
            try:
                answer = await self._meter.ask("GetQueryResults", queryId=run.id, nextToken=token)
            except CallFailed as error:
                fault = error.fault
                break
            rows += reader.rows(answer)
            token = str(answer.get("nextToken") or "")
        results = await self._threads.run(partial(reader.results, rows))
        note = f"only the first {len(results):,} rows could be read" if fault is not None else ""
        return run.ended(self._clock.now(), results=results, fault=fault, note=note)

    # -- ending -------------------------------------------------------------------------------------------------------

    def _end_what_began(self, sending: asyncio.Future[dict[str, Any]]) -> None:
        """A query was sent and nobody waited for the answer."""
        self._sending.discard(sending)
        if not sending.cancelled() and sending.exception() is None:
            self._end(str(sending.result().get("queryId") or ""))

    def _end(self, number: str) -> None:
        if not number:
            return
        task = asyncio.ensure_future(self._stop(number))
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)

    async def _stop(self, number: str) -> None:
        try:
            await self._meter.ask("StopQuery", urgent=True, queryId=number)
        except CallFailed as error:
            if error.fault.kind not in (FaultKind.INVALID, FaultKind.NOT_FOUND):  # those have ended by themselves
                self.trouble(f"stop query {number}: it may go on and be billed", error.fault)

    @property
    def ending(self) -> int:
        """How many queries are being stopped."""
        return len(self._ends)

    async def close(self) -> None:
        """Have every query stopped, and wait for it, but not for long."""
        running = [task for task in self._running if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await asyncio.gather(*running, return_exceptions=True)
                await asyncio.sleep(0)  # a query whose start was answered just now is stopped one turn later
                while self._ends or self._sending:
                    waiting: set[asyncio.Future[Any]] = {*self._ends, *self._sending}
                    await asyncio.wait(waiting)
                    await asyncio.sleep(0)

    # -- before it is sent --------------------------------------------------------------------------------------------

    async def mistake(self, text: str) -> InsightsError | None:
        """What is wrong with a query, and where; None when nothing is. The grammar is loaded on a thread."""

        def read() -> InsightsError | None:
            from pointsman.semantics.logs.insights import grammar

            try:
                grammar.read(text)
            except InsightsError as error:
                return error
            return None

        return await self._threads.run(read)

    async def picture(self, run: QueryRun) -> TimeChart | Bars | None:
        """What a run's rows show as a picture; None where they show none."""

        def draw() -> TimeChart | Bars | None:
            return chart_of(run.results, bin_of(run.query.text))

        return await self._threads.run(draw)

    # -- what helps to ask --------------------------------------------------------------------------------------------

    async def names(self, words: str = "") -> tuple[tuple[str, ...], bool]:
        """Names of log groups, and whether there are more than were read.

        Args:
            words: A part of the name, in its own case; empty for all.
        """
        found: list[str] = []
        more = False
        async for page in self._meter.pages(
            "DescribeLogGroups", most=NAMES, urgent=True, logGroupNamePattern=words or None
        ):
            found += reader.group_names(page)
            more = bool(page.get("nextToken"))
        return tuple(dict.fromkeys(found)), more

    async def fields(self, group: str, at: int | None = None) -> tuple[LogField, ...]:
        """The fields found in a group's events, those that most have first.

        Args:
            group: Its name.
            at: Around when, in seconds; None for the last quarter of an hour.
        """
        return reader.fields(await self._meter.ask("GetLogGroupFields", urgent=True, logGroupName=group, time=at))

    async def record(self, pointer: str) -> tuple[tuple[str, str], ...]:
        """Every field of the event that an ``@ptr`` stands for."""
        return reader.record(await self._meter.ask("GetLogRecord", urgent=True, logRecordPointer=pointer))

    # -- saved queries ------------------------------------------------------------------------------------------------

    def definitions(self) -> Source[tuple[SavedQuery, ...]]:
        """The queries saved in AWS, by name."""

        async def read(_: Report[tuple[SavedQuery, ...]]) -> tuple[SavedQuery, ...]:
            return await self._definitions()

        return Source(("query-definitions",), read, lambda _: 60.0, SERVICE, cost=0)

    async def _definitions(self, *, urgent: bool = False) -> tuple[SavedQuery, ...]:
        found: list[SavedQuery] = []
        async for page in self._meter.pages("DescribeQueryDefinitions", most=NAMES, urgent=urgent):
            found += reader.definitions(page)
        return tuple(sorted(found, key=lambda one: (one.name.lower(), one.id)))

    async def definition(self, number: str) -> SavedQuery | None:
        """One saved query as it is now; None when there is none."""
        return next((one for one in await self._definitions(urgent=True) if one.id == number), None)
