"""What the services of a trace logged of it: the events of their log groups that name its id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pointsman.errors import CallFailed, FaultKind
from pointsman.model.refs import TraceRef
from pointsman.model.trace_logs import TraceLine, TraceLines
from pointsman.services.ask import Asks, Meter
from pointsman.services.pace import Budget
from pointsman.services.reads.logs import found_lines
from pointsman.services.reads.values import text

__all__ = ["TraceLogs"]

SERVICE = "logs"
GROUPS = 20
"""Log groups of a trace that are looked into."""
PAGES = 5
"""Pages of a group: FilterLogEvents may answer with empty ones."""
MOST = 1000
"""Events of a trace that are read."""
AROUND = timedelta(seconds=30)
"""How far before and behind the trace events are looked for: clocks differ, and logs are written late."""


class TraceLogs:
    """Use cases over the logs of traces.

    Args:
        cloud: What answers.
        budget: What limits the calls.
    """

    def __init__(self, cloud: Asks, budget: Budget) -> None:
        self._meter = Meter(cloud, SERVICE, budget)

    async def lines(self, ref: TraceRef, groups: Sequence[str], start: float, end: float) -> TraceLines:
        """The events that name a trace; a group that is not there is told as missing.

        Args:
            ref: The trace.
            groups: Where to look.
            start: When it began, in seconds since 1970.
            end: When it ended.

        Raises:
            CallFailed: A group that is there cannot be read.
        """
        since, until = datetime.fromtimestamp(start, UTC) - AROUND, datetime.fromtimestamp(end, UTC) + AROUND
        lines: list[TraceLine] = []
        missing: list[str] = []
        more = len(groups) > GROUPS
        for group in groups[:GROUPS]:
            try:
                more |= await self._group(ref, group, since, until, lines)
            except CallFailed as error:
                if error.fault.kind is not FaultKind.NOT_FOUND:
                    raise
                missing.append(group)
        lines.sort(key=lambda line: (line.at.timestamp() if line.at is not None else 0.0, line.group, line.stream))
        return TraceLines(tuple(lines[:MOST]), tuple(groups[:GROUPS]), tuple(missing), more or len(lines) > MOST)

    async def _group(self, ref: TraceRef, group: str, since: datetime, until: datetime, lines: list[TraceLine]) -> bool:
        """Add a group's events; whether there are more."""
        token = ""
        for _ in range(PAGES):
            answer = await self._meter.ask(
                "FilterLogEvents",
                urgent=True,
                logGroupName=group,
                filterPattern=f'"{ref.id}"',
                startTime=int(since.timestamp() * 1000),
                endTime=int(until.timestamp() * 1000),
                nextToken=token or None,
            )
            lines += found_lines(answer, group)
            following = text(answer, "nextToken")
            if not following or following == token:
                return False
            if len(lines) >= MOST:
                return True
            token = following
        return True
