"""CloudWatch's metrics for the screens: what there is, many series in one call, what alarms hold them against."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from pointsman.clock import Clock
from pointsman.config.settings import matches
from pointsman.errors import CallFailed
from pointsman.model.metrics import MetricList, MetricQuery, Series, Threshold, Wall, WallQuery
from pointsman.model.refs import MetricRef
from pointsman.semantics.metrics.written import metric_written
from pointsman.services.ask import Asks, Meter
from pointsman.services.feeds import BILLED, Report, Source
from pointsman.services.pace import Budget
from pointsman.services.reads import metrics as reader

__all__ = ["AT_ONCE", "Metrics"]

SERVICE = "cloudwatch"
AT_ONCE = 500
"""Series of one GetMetricData."""
DELIVERY = ("AWS/CodeBuild", "AWS/CodePipeline", "AWS/CodeDeploy", "AWS/X-Ray")
PAGES = 40
"""Pages of a list of metrics that are read at most, of 500 each."""
LIST_PAUSE = 300.0
"""Seconds a list of metrics is good for: a new one shows up after some minutes anyway."""
ALARM_PAUSE = 60.0
QUICK = 10.0
"""Seconds a wall is good for where asking costs nothing."""
ACTIVE = timedelta(hours=3)
"""A list has what was active so recently, which is what CloudWatch can tell."""


class Metrics:
    """Use cases over CloudWatch's metrics.

    Args:
        cloud: What answers.
        clock: The time.
        budget: What limits the calls of feeds; None limits nothing.
        free: Whether asking costs nothing: a backend of our own.
        watch: Namespaces, or namespace and name with a slash between, as shell patterns; empty watches what delivery
            and people's own programs publish.
    """

    def __init__(
        self,
        cloud: Asks,
        clock: Clock,
        budget: Budget | None = None,
        *,
        free: bool = False,
        watch: tuple[str, ...] = (),
        pins: tuple[str, ...] = (),
    ) -> None:
        self._meter = Meter(cloud, SERVICE, budget or Budget.unlimited(clock))
        self._clock = clock
        self._free = free
        self._watch = watch
        written = (metric_written(one) for one in pins)
        self.pinned = tuple(dict.fromkeys(MetricRef(*one) for one in written if one is not None))
        """What the configuration pins to the board."""
        self._units: dict[MetricRef, str] = {}

    @property
    def free(self) -> bool:
        """Whether asking costs nothing."""
        return self._free

    def watched(self, ref: MetricRef) -> bool:
        """Whether a metric is one that is looked at without being asked for."""
        if not self._watch:
            return ref.namespace in DELIVERY or not ref.namespace.startswith("AWS/")
        return matches(self._watch, ref.namespace) or matches(self._watch, f"{ref.namespace}/{ref.name}")

    def listing(self, *, recent: bool = True, namespace: str = "") -> Source[MetricList]:
        """Every metric there is.

        Args:
            recent: Only those with datapoints in the last three hours.
            namespace: Only those of one namespace.
        """

        async def read(report: Report[MetricList]) -> MetricList:
            found: dict[MetricRef, None] = {}
            token, more = "", False
            for page in range(PAGES):
                answer = await self._meter.ask(
                    "ListMetrics",
                    Namespace=namespace or None,
                    RecentlyActive="PT3H" if recent else None,
                    NextToken=token or None,
                )
                found.update(dict.fromkeys(reader.listed(answer)))
                following = str(answer.get("NextToken") or "")
                more = bool(following) and following != token
                token = following
                if not more:
                    break
                if page + 1 < PAGES:
                    report(MetricList(tuple(sorted(found)), more=True), f"{len(found):,} metrics so far")
            return MetricList(tuple(sorted(found)), more=more)

        return Source(
            ("metrics", recent, namespace) if namespace else ("metrics", recent),
            read,
            lambda _: LIST_PAUSE,
            SERVICE,
            cost=0,
            partial=lambda one: _lacking(one),
        )

    def wall(self, query: WallQuery) -> Source[Wall]:
        """Series read together, as few calls as CloudWatch takes: one for 500 of them. Billed by the series."""

        async def read(_: Report[Wall]) -> Wall:
            return await self.read(query)

        def cadence(_: Wall) -> float | None:
            if query.end is not None:
                return None  # a range that has ended changes no more, but for what comes late
            return max(QUICK, min(query.period / 6, BILLED)) if self._free else BILLED

        # A board's query changes with each metric that appears, and a wall may be of hundreds of series.
        return Source(("wall", query), read, cadence, SERVICE, cost=0, billed=not self._free, kept=2)

    async def read(self, query: WallQuery) -> Wall:
        """The series of a wall, now.

        Raises:
            CallFailed: CloudWatch refuses it.
        """
        end = query.end or self._clock.now()
        until = math.ceil(end.timestamp() / query.period) * query.period
        since = math.floor((end - query.span).timestamp() / query.period) * query.period
        said: list[str] = []
        series: list[Series] = []
        for part in _batches(query.queries):
            found = await self._batch(part, query.period, since, until, said)
            series += found
        return Wall(query, tuple(series), _utc(since), _utc(until), tuple(dict.fromkeys(said)))

    async def _batch(
        self, queries: Sequence[MetricQuery], period: int, since: float, until: float, said: list[str]
    ) -> list[Series]:
        asked = reader.requests(queries, period)
        came: dict[str, Series] = {}
        token = ""
        while asked:
            answer = await self._meter.ask(
                "GetMetricData",
                MetricDataQueries=asked,
                StartTime=_utc(since),
                EndTime=_utc(until),
                ScanBy="TimestampAscending",
                NextToken=token or None,
            )
            for name, one in reader.results(answer):
                came[name] = reader.merged(came.get(name), one)
            said += reader.messages(answer)
            following = str(answer.get("NextToken") or "")
            if not following or following == token:
                break
            token = following
        names = [one["Id"] for one in asked]
        return [replace(came.get(name, Series(query)), query=query) for name, query in zip(names, queries, strict=True)]

    def thresholds(self) -> Source[tuple[Threshold, ...]]:
        """What alarms hold single metrics against."""

        async def read(_: Report[tuple[Threshold, ...]]) -> tuple[Threshold, ...]:
            found: list[Threshold] = []
            token = ""
            while True:
                answer = await self._meter.ask(
                    "DescribeAlarms", AlarmTypes=["MetricAlarm"], MaxRecords=100, NextToken=token or None
                )
                found += reader.thresholds(answer)
                following = str(answer.get("NextToken") or "")
                if not following or following == token:
                    return tuple(found)
                token = following

        return Source(("thresholds",), read, lambda _: ALARM_PAUSE, SERVICE, cost=0)

    async def unit(self, ref: MetricRef) -> str:
        """The unit a metric's datapoints come in; empty when it is not known. Asked once for each metric."""
        if ref not in self._units:
            now = self._clock.now()
            try:
                answer = await self._meter.ask(
                    "GetMetricStatistics",
                    urgent=True,
                    Namespace=ref.namespace,
                    MetricName=ref.name,
                    Dimensions=[{"Name": name, "Value": value} for name, value in ref.dimensions],
                    StartTime=now - ACTIVE,
                    EndTime=now,
                    Period=3600,
                    Statistics=["SampleCount"],
                )
            except CallFailed:
                return ""  # a chart without its unit is a chart still
            self._units[ref] = reader.unit(answer)
        return self._units[ref]


def _batches(queries: Sequence[MetricQuery]) -> list[Sequence[MetricQuery]]:
    """Queries by the call they go out in; those with expressions stay together, since these name the others."""
    if any(one.ref is None for one in queries):
        return [queries]
    return [queries[at : at + AT_ONCE] for at in range(0, len(queries), AT_ONCE)]


def _lacking(found: MetricList) -> str:
    return (
        f"the first {len(found.metrics):,} metrics: watch.metrics in the configuration narrows it" if found.more else ""
    )


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
