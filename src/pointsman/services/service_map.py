"""The service map for the screens: who called whom in the last while, of all traces or of a group."""

from __future__ import annotations

from pointsman.aws.threads import Daemons
from pointsman.clock import Clock
from pointsman.model.service_map import MapQuery, ServiceMap, TraceGroup
from pointsman.services.ask import Asks, Meter
from pointsman.services.feeds import Report, Source
from pointsman.services.pace import Budget
from pointsman.services.reads import service_map as reader

__all__ = ["ServiceMaps"]

SERVICE = "xray"
PAGES = 20
"""Pages of a map that are read at most."""
EVERY = 60.0
"""Seconds a map is good for: X-Ray counts by the minute."""
GROUPS_EVERY = 300.0


def lacking(found: ServiceMap) -> str:
    """What a map lacks, in words."""
    if found.more:
        return f"{len(found.nodes):,} services read, there are more: choose a group or a shorter range"
    return "the group's filter was changed within this range: some of it was counted by the older one" * found.old_group


class ServiceMaps:
    """Use cases over X-Ray's service graphs.

    Args:
        cloud: What answers.
        clock: The time.
        budget: What limits the calls of feeds; None limits nothing.
    """

    def __init__(self, cloud: Asks, clock: Clock, budget: Budget | None = None) -> None:
        self._meter = Meter(cloud, SERVICE, budget or Budget.unlimited(clock))
        self._clock = clock
        self._threads = Daemons("service-map", 1)

    def map(self, query: MapQuery) -> Source[ServiceMap]:
        """The services and calls of the last while."""

        async def read(report: Report[ServiceMap]) -> ServiceMap:
            return await self._read(query, report)

        return Source(("service-map", query), read, lambda _: EVERY, SERVICE, cost=0, partial=lacking)

    def groups(self) -> Source[tuple[TraceGroup, ...]]:
        """The groups of traces there are."""

        async def read(_: Report[tuple[TraceGroup, ...]]) -> tuple[TraceGroup, ...]:
            found: list[TraceGroup] = []
            token = ""
            for _page in range(PAGES):
                answer = await self._meter.ask("GetGroups", NextToken=token or None)
                found += reader.groups(answer)
                following = str(answer.get("NextToken") or "")
                if not following or following == token:
                    break
                token = following
            return tuple(sorted(found, key=lambda one: one.name))

        return Source(("trace-groups",), read, lambda _: GROUPS_EVERY, SERVICE, cost=0)

    async def _read(self, query: MapQuery, report: Report[ServiceMap]) -> ServiceMap:
        end = self._clock.now()
        pages: list[reader.Page] = []
        token = ""
        for number in range(1, PAGES + 1):
            answer = await self._meter.ask(
                "GetServiceGraph",
                StartTime=end - query.span,
                EndTime=end,
                GroupName=query.group or None,
                NextToken=token or None,
            )
            pages.append(reader.page(answer))
            following = pages[-1].following
            over = not following or following == token
            token = following
            if over or number == PAGES:
                break
            read = sum(len(one.services) for one in pages)
            report(reader.map_of(query, pages, more=True), f"{read:,} services so far")
        taken = tuple(pages)
        return await self._threads.run(lambda: reader.map_of(query, taken, more=not over))
