"""Log groups for the screens: the list, one with its filters and streams, and a test bench for patterns."""

from __future__ import annotations

from pointsman.aws.threads import Daemons
from pointsman.clock import Clock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.logs import GroupDetail, LogGroup, MetricFilter, PatternMatch, SubscriptionFilter
from pointsman.model.refs import LogGroupRef, MetricFilterRef
from pointsman.services.ask import Asks, Meter
from pointsman.services.feeds import Report, Source
from pointsman.services.pace import Budget
from pointsman.services.reads import logs as reader

SERVICE = "logs"
CADENCE = 60.0
"""Seconds a list of groups is good for: what is in it changes by the hour."""
PAGES = 400
"""Pages of fifty groups that are read at most."""
STREAMS = 50
SAMPLES = 50
"""Lines that AWS tries a pattern on at once."""


class LogGroups:
    """Use cases over log groups.

    Args:
        cloud: What answers.
        clock: The time.
        budget: What limits the calls of feeds.
    """

    def __init__(self, cloud: Asks, clock: Clock, budget: Budget) -> None:
        self._meter = Meter(cloud, SERVICE, budget)
        self._clock = clock
        self._threads = Daemons("patterns", 1)

    def all(self) -> Source[tuple[LogGroup, ...]]:
        """Every group, by name."""

        async def read(report: Report[tuple[LogGroup, ...]]) -> tuple[LogGroup, ...]:
            found: list[LogGroup] = []
            async for page in self._meter.pages("DescribeLogGroups", most=PAGES):
                if found:
                    report(tuple(found), f"{len(found):,} read so far")
                found += reader.groups(page)
            return tuple(sorted(found, key=lambda one: one.name))

        return Source(("log-groups",), read, lambda _: CADENCE, SERVICE, cost=0)

    def detail(self, ref: LogGroupRef) -> Source[GroupDetail]:
        """One group with its filters and its newest streams."""

        async def read(_: Report[GroupDetail]) -> GroupDetail:
            return await self.fresh(ref, urgent=False)

        return Source(("log-group", ref.name), read, lambda _: CADENCE, SERVICE, cost=0)

    async def fresh(self, ref: LogGroupRef, *, urgent: bool = True) -> GroupDetail:
        """One group as it is now.

        Raises:
            CallFailed: There is no such group, or it may not be read.
        """
        group = await self._group(ref.name, urgent=urgent)
        filters: list[MetricFilter] = []
        async for page in self._meter.pages("DescribeMetricFilters", logGroupName=ref.name, urgent=urgent):
            filters += reader.metric_filters(page)
        subscriptions: list[SubscriptionFilter] = []
        async for page in self._meter.pages("DescribeSubscriptionFilters", logGroupName=ref.name, urgent=urgent):
            subscriptions += reader.subscription_filters(page)
        newest = await self._meter.ask(
            "DescribeLogStreams",
            urgent=urgent,
            logGroupName=ref.name,
            orderBy="LastEventTime",
            descending=True,
            limit=STREAMS,
        )
        return GroupDetail(
            group, tuple(filters), tuple(subscriptions), reader.streams(newest), bool(newest.get("nextToken"))
        )

    async def _group(self, name: str, *, urgent: bool) -> LogGroup:
        async for page in self._meter.pages("DescribeLogGroups", most=PAGES, logGroupNamePrefix=name, urgent=urgent):
            for one in reader.groups(page):
                if one.name == name:
                    return one
        raise CallFailed(
            Fault(
                FaultKind.NOT_FOUND,
                f"there is no log group {name}",
                code="ResourceNotFoundException",
                call="logs:DescribeLogGroups",
            )
        )

    async def filter_of(self, ref: MetricFilterRef) -> MetricFilter | None:
        """A metric filter as it is now; None when there is none of that name."""
        pages = self._meter.pages(
            "DescribeMetricFilters", logGroupName=ref.group, filterNamePrefix=ref.name, urgent=True
        )
        async for page in pages:
            for one in reader.metric_filters(page):
                if one.name == ref.name:
                    return one
        return None

    async def try_pattern(self, pattern: str, lines: tuple[str, ...]) -> tuple[PatternMatch, ...]:
        """Which of some sample lines a pattern matches, and what it finds in them.

        Raises:
            CallFailed: The pattern is none; AWS says why.
        """
        shown = [line for line in lines if line][:SAMPLES]
        if not shown:
            return ()
        return reader.matches(
            await self._meter.ask("TestMetricFilter", urgent=True, filterPattern=pattern, logEventMessages=shown)
        )

    async def samples(self, ref: LogGroupRef, most: int = SAMPLES) -> tuple[str, ...]:
        """Some of a group's newest lines, oldest first, to try a pattern on."""
        now = int(self._clock.now().timestamp() * 1000)
        answer = await self._meter.ask(
            "DescribeLogStreams", urgent=True, logGroupName=ref.name, orderBy="LastEventTime", descending=True, limit=3
        )
        found = []
        for stream in reader.streams(answer):
            page = await self._meter.ask(
                "GetLogEvents",
                urgent=True,
                logGroupName=ref.name,
                logStreamName=stream.name,
                limit=most,
                endTime=now + 7_200_000,
            )
            found += list(reader.lines(page))
            if len(found) >= most:
                break
        return tuple(line.text for line in sorted(found)[-most:])

    async def mistake(self, pattern: str) -> str:
        """What is wrong with a filter pattern, in a sentence; empty when nothing is. The parser loads on a thread."""

        def read() -> str:
            from pointsman.semantics.logs.filter_patterns import PatternError, parse

            try:
                parse(pattern)
            except PatternError as error:
                return str(error)
            return ""

        return await self._threads.run(read)
