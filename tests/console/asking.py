"""Logs Insights for the screens: the real service over answers that a test holds."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from pointsman.clock import EPOCH, ManualClock
from pointsman.errors import CallFailed, Fault
from pointsman.model.insights import SavedQuery
from pointsman.services.insights import Insights

TRACE = "1-5759e988-bd862e3fe1be46a994272793"
GROUPS = ("/shop/web", "/shop/worker", "/aws/lambda/checkout", "/aws/codebuild/billing-build")
SAVED = (
    ("q-errors", "team/errors", "filter level = 'ERROR'\n| stats count(*) as errors by bin(5m)", ("/shop/web",)),
    ("q-slow", "slow carts", "filter took > 500", ()),
)
Row = dict[str, str]


def saved() -> tuple[SavedQuery, ...]:
    """The queries saved in AWS."""
    return tuple(SavedQuery(number, name, text, groups) for number, name, text, groups in SAVED)


def moment(minutes: float) -> str:
    """So many minutes before now, as Insights writes it."""
    return f"{EPOCH - timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}.000"


def events() -> list[Row]:
    """Lines of a shop."""
    return [
        {
            "@timestamp": moment(at),
            "@message": f'{{"level": "{"ERROR" if at % 4 == 0 else "INFO"}", "took": {at * 17}, "path": "/cart/{at}"}}',
            "@ptr": f"ptr-{at}",
        }
        for at in range(40)
    ]


def bins() -> list[Row]:
    """Errors in bins of five minutes, one of them without any."""
    counts = (3, 1, 0, 0, 4, 12, 31, 22, 9, 5, 2, 2)
    return [{"bin(5m)": moment(60 - 5 * at), "errors": str(one)} for at, one in enumerate(counts) if one or at != 2]


def levels() -> list[Row]:
    """Levels in bins: a series each."""
    return [
        {"bin(5m)": moment(60 - 5 * at), "level": level, "n": str((at * step) % 17)}
        for at in range(12)
        for step, level in ((3, "ERROR"), (7, "INFO"), (5, "WARN"))
    ]


def streams() -> list[Row]:
    """Who logs most."""
    return [
        {"@logStream": name, "events": count} for name, count in (("web-1", "8120"), ("web-2", "5033"), ("db", "77"))
    ]


class Logs:
    """Answers about logs."""

    def __init__(self) -> None:
        self.rows: list[Row] = events()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.faults: dict[str, Fault] = {}
        self.forever = False
        """Whether a query goes on for ever."""
        self.looks = 0

    def give(self, rows: list[Row]) -> None:
        """What queries find."""
        self.rows = rows

    def refuse(self, operation: str, fault: Fault) -> None:
        """Answer an operation with a fault."""
        self.faults[operation] = fault

    def go_on(self) -> None:
        """No query ends."""
        self.forever = True

    async def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        assert service == "logs"
        self.asked.append((operation, parameters))
        if operation in self.faults:
            raise CallFailed(self.faults[operation])
        answer: dict[str, Any] = getattr(self, operation)(**parameters)
        return answer

    async def write(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return await self.read(service, operation, **parameters)

    async def sleep(self, seconds: float) -> None:
        """Waits pass at once, but for the second look at a query that goes on for ever."""
        del seconds
        self.looks += 1
        if self.forever and self.looks > 1:
            await asyncio.Event().wait()
        await asyncio.sleep(0)

    def called(self, operation: str) -> list[dict[str, Any]]:
        """What an operation was asked with."""
        return [given for name, given in self.asked if name == operation]

    # --- AWS's names

    def StartQuery(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        self.looks = 0
        return {"queryId": "q-1"}

    def StopQuery(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        return {"success": True}

    def GetQueryResults(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        over = not self.forever and self.looks > 1
        return {
            "status": "Complete" if over else "Running",
            "results": [[{"field": name, "value": value} for name, value in row.items()] for row in self.rows]
            if over
            else [],
            "statistics": {
                "recordsMatched": float(len(self.rows)),
                "recordsScanned": 1_204_332.0 if over else 310_000.0,
                "bytesScanned": 3_812_000_000.0 if over else 900_000_000.0,
            },
        }

    def DescribeLogGroups(self, logGroupNamePattern: str = "", **_: Any) -> dict[str, Any]:  # noqa: N802, N803
        return {"logGroups": [{"logGroupName": name} for name in GROUPS if logGroupNamePattern in name]}

    def GetLogGroupFields(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        found = (("@timestamp", 100), ("@message", 100), ("level", 91), ("took", 90), ("path", 44))
        return {"logGroupFields": [{"name": name, "percent": percent} for name, percent in found]}

    def GetLogRecord(self, logRecordPointer: str, **_: Any) -> dict[str, Any]:  # noqa: N802, N803
        at = int(logRecordPointer.partition("-")[2])
        return {
            "logRecord": {
                "@timestamp": str(int((EPOCH - timedelta(minutes=at)).timestamp() * 1000)),
                "@message": f"line {at}",
                "@logStream": "web-1",
                "@log": "123456789012:/shop/web",
                "@xrayTraceId": TRACE,
            }
        }

    def DescribeQueryDefinitions(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        names = ("queryDefinitionId", "name", "queryString", "logGroupNames")
        return {"queryDefinitions": [dict(zip(names, one, strict=True)) for one in SAVED]}


def service(clock: ManualClock) -> tuple[Insights, Logs]:
    """The service, and what answers it."""
    logs = Logs()
    return Insights(logs, logs, clock, sleep=logs.sleep), logs
