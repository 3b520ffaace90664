"""X-Ray for the screens: the traces of a range, and one of them put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from pointsman.aws.threads import Daemons
from pointsman.clock import Clock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import TraceRef
from pointsman.model.trace_alike import Loaded, Request, asked_of, expression
from pointsman.model.trace_operations import Population
from pointsman.model.traces import TraceList, TraceQuery, TraceSummary
from pointsman.semantics.traces.documents import epoch, is_trace_id
from pointsman.semantics.traces.filters import FilterError, parse
from pointsman.services.ask import Asks, Meter
from pointsman.services.feeds import BILLED, Report, Source
from pointsman.services.pace import Budget
from pointsman.services.reads import traces as reader
from pointsman.services.trace_logs import TraceLogs

__all__ = ["Traces"]

SERVICE = "xray"
PAGES = 10
"""Pages of a list that are read at most: each costs money for what it scans."""
ENOUGH = 1000
"""Traces after which no further page is read."""
AT_ONCE = 5
"""Traces that BatchGetTraces takes at once."""
WIDER = 40
"""Traces that are read at once to compare one with."""
BEFORE = (timedelta(hours=1), timedelta(hours=6))
"""How far back traces of before some moment are looked for, one after the other."""
YOUNG = timedelta(minutes=10)
"""A trace that began less long ago may still grow."""


def list_cadence(_: TraceList) -> float:
    """Seconds a list is good for."""
    return BILLED


def never(_: TraceList) -> float | None:
    """A list that does not change."""
    return None


def cadence(opened: OpenedTrace) -> float | None:
    """Seconds a trace is good for: one that has settled is read once."""
    return None if opened.settled else BILLED


def lacking(found: TraceList) -> str:
    """What a list lacks, in words."""
    if not found.more:
        return ""
    since = f", none from before {found.reached:%H:%M:%S}Z" if found.reached is not None else ""
    return f"{len(found.traces):,} traces read, {found.scanned:,} scanned{since}: narrow the range or the filter"


class Traces:
    """Use cases over X-Ray.

    Args:
        cloud: What answers.
        clock: The time.
        budget: What limits the calls of feeds; None limits nothing.
    """

    def __init__(self, cloud: Asks, clock: Clock, budget: Budget | None = None) -> None:
        budget = budget or Budget.unlimited(clock)
        self._meter = Meter(cloud, SERVICE, budget)
        self._clock = clock
        self._threads = Daemons("traces", 1)
        self.logs = TraceLogs(cloud, budget)
        self.population = Population()
        """How long things took in the traces that were read in this session."""
        self.loaded = Loaded()
        """The traces that lists have brought in this session."""

    def recent(self, query: TraceQuery) -> Source[TraceList]:
        """The traces that a filter expression takes of the last while, newest first. Billed by what it scans."""

        async def read(report: Report[TraceList]) -> TraceList:
            return await self._recent(query, report)

        # What is over is read once, and again when somebody asks.
        pace = list_cadence if query.until is None else never
        return Source(("traces", query), read, pace, SERVICE, cost=0, billed=True, partial=lacking)

    def trace(self, ref: TraceRef) -> Source[OpenedTrace]:
        """One trace, put together; read again each minute while it may grow."""

        async def read(_: Report[OpenedTrace]) -> OpenedTrace:
            return await self._trace(ref)

        return Source(("trace", ref.id), read, cadence, SERVICE, cost=0, billed=True)

    async def service_names(self, query: TraceQuery) -> tuple[str, ...]:
        """The services of a range, for completion.

        Raises:
            CallFailed: They cannot be read.
        """
        end = query.until or self._clock.now()
        found: dict[str, None] = {}
        token = ""
        for _ in range(PAGES):
            answer = await self._meter.ask(
                "GetServiceGraph", urgent=True, StartTime=end - query.span, EndTime=end, NextToken=token or None
            )
            found.update(dict.fromkeys(reader.service_names(answer)))
            following = str(answer.get("NextToken") or "")
            if not following or following == token:
                break
            token = following
        return tuple(found)

    async def mistake(self, expression: str) -> FilterError | None:
        """What is wrong with a filter expression, and where; None when nothing is. The parser is loaded on a thread."""

        def read() -> FilterError | None:
            try:
                parse(expression)
            except FilterError as error:
                return error
            return None

        return await self._threads.run(read)

    async def before(self, request: Request, moment: datetime) -> TraceList:
        """Traces of one request that began in the hour before a moment, or in the six before it. Billed.

        Raises:
            CallFailed: They cannot be read.
        """
        for span in BEFORE:
            query = TraceQuery(span, expression(request), moment)
            found = await self._recent(query, lambda *_: None, urgent=True)
            same = tuple(one for one in found.traces if asked_of(one) == request)
            if same:
                break
        return TraceList(query, same, found.scanned, found.more, found.reached)

    async def _recent(self, query: TraceQuery, report: Report[TraceList], *, urgent: bool = False) -> TraceList:
        end = query.until or self._clock.now()
        found: dict[TraceRef, TraceSummary] = {}
        scanned, token = 0, ""
        for read in range(1, PAGES + 1):
            answer = await self._meter.ask(
                "GetTraceSummaries",
                urgent=urgent,
                StartTime=end - query.span,
                EndTime=end,
                FilterExpression=query.expression or None,
                NextToken=token or None,
            )
            page = reader.page(answer)
            found.update((one.ref, one) for one in page.traces)
            self.loaded.add(page.traces)
            scanned += page.scanned
            over = not page.following or page.following == token
            token = page.following
            listed = TraceList(query, _newest_first(found), scanned, not over, None if over else page.reached)
            if over or read == PAGES or len(found) >= ENOUGH:
                break
            report(listed, f"{len(found):,} traces so far, {scanned:,} scanned")
        return listed

    async def _trace(self, ref: TraceRef) -> OpenedTrace:
        texts: list[str] = []
        exceeded, token = False, ""
        while True:
            answer = await self._meter.ask("BatchGetTraces", TraceIds=[ref.id], NextToken=token or None)
            page = reader.documents(ref, answer)
            if page.unprocessed:
                raise CallFailed(
                    Fault(
                        FaultKind.UNKNOWN,
                        f"X-Ray could not process trace {ref.id} this time",
                        "it is asked again",
                        call=f"{SERVICE}:BatchGetTraces",
                    )
                )
            texts += page.texts
            exceeded = exceeded or page.limit_exceeded
            if not page.following or page.following == token:
                break
            token = page.following
        if not texts:
            raise CallFailed(
                Fault(
                    FaultKind.NOT_FOUND,
                    f"there is no trace {ref.id}",
                    "X-Ray keeps traces for 30 days; one that has just been sent is found a moment later",
                    call=f"{SERVICE}:BatchGetTraces",
                )
            )
        del answer, page  # what was answered is let go while it is read
        old = not is_trace_id(ref.id) or self._clock.now() - datetime.fromtimestamp(epoch(ref.id), UTC) > YOUNG
        work = partial(reader.opened, ref, reader.drained(texts), limit_exceeded=exceeded, settled=old)
        opened = await self._threads.run(work)
        self.population.add(opened)
        return opened

    async def widen(
        self,
        refs: Sequence[TraceRef],
        most: int = WIDER,
        told: Callable[[], None] = lambda: None,
        *,
        urgent: bool = True,
    ) -> int:
        """Read further traces for what one of them is compared with; how many came.

        Args:
            refs: Which, the first first; those that were read are not read again.
            most: How many are read at most, five a call.
            told: Called as often as some have come.
            urgent: Whether somebody waits for it: it then goes past the budget.

        Raises:
            CallFailed: They cannot be read.
        """
        wanted = [ref for ref in refs if ref not in self.population][:most]
        came = 0
        for first in range(0, len(wanted), AT_ONCE):
            for ref, texts in (await self._documents(wanted[first : first + AT_ONCE], urgent=urgent)).items():
                if texts:
                    work = partial(reader.opened, ref, reader.drained(texts), limit_exceeded=False, settled=True)
                    self.population.add(await self._threads.run(work))
                    came += 1
            told()
        return came

    async def _documents(self, refs: Sequence[TraceRef], *, urgent: bool) -> dict[TraceRef, list[str]]:
        """What X-Ray has of a few traces, asked at once."""
        found: dict[TraceRef, list[str]] = {ref: [] for ref in refs}
        token = ""
        while True:
            answer = await self._meter.ask(
                "BatchGetTraces", urgent=urgent, TraceIds=[ref.id for ref in refs], NextToken=token or None
            )
            pages = [reader.documents(ref, answer) for ref in refs]
            for ref, page in zip(refs, pages, strict=True):
                found[ref] += page.texts
            if not pages[0].following or pages[0].following == token:
                return found
            token = pages[0].following


def _newest_first(found: dict[TraceRef, TraceSummary]) -> tuple[TraceSummary, ...]:
    return tuple(
        sorted(
            found.values(),
            key=lambda one: (one.started.timestamp() if one.started is not None else 0.0, one.ref.id),
            reverse=True,
        )
    )
