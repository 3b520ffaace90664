"""A query is sent once, watched politely, paged to its end, and stopped when nobody waits for it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pointsman.clock import EPOCH, ManualClock
from pointsman.errors import FaultKind
from pointsman.model.insights import Query, QueryRun, Span
from pointsman.services import insights as service
from pointsman.services.insights import Insights
from support.cloud import FakeCloud, failed

ASKED = Query("filter a = 1", ("/app/web", "/app/worker"), Span())
ROW = [{"field": "a", "value": "1"}, {"field": "@ptr", "value": "p"}]


class Cloud(FakeCloud):
    """Answers writes as it answers reads."""

    async def write(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return await self.read(service, operation, **parameters)


class Bench:
    """A service over a fake cloud; what it told, and how long it waited."""

    def __init__(self, **answers: Callable[..., dict[str, Any]]) -> None:
        given: dict[str, Callable[..., dict[str, Any]]] = {
            "StartQuery": lambda **_: {"queryId": "q-1"},
            "StopQuery": lambda **_: {"success": True},
        }
        self.cloud = Cloud(**{**given, **answers})
        self.told: list[QueryRun] = []
        self.waits: list[float] = []
        self.forever = False
        self.service = Insights(self.cloud, self.cloud, ManualClock(), sleep=self._sleep)
        self.troubles: list[str] = []
        self.service.trouble = lambda doing, fault: self.troubles.append(f"{doing}: {fault.kind.value}")

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await (asyncio.Event().wait() if self.forever else asyncio.sleep(0))

    async def run(self, query: Query = ASKED) -> QueryRun:
        return await self.service.run(query, self.told.append)


def answers(*given: Any) -> Callable[..., dict[str, Any]]:
    """These, one after the other; the last again and again."""
    waiting = list(given)

    def answer(**_: Any) -> dict[str, Any]:
        one = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(one, Exception):
            raise one
        return dict(one)

    return answer


def result(status: str, rows: int = 0, scanned: int = 0, **more: Any) -> dict[str, Any]:
    statistics = {"recordsMatched": 1.0, "recordsScanned": float(scanned), "bytesScanned": scanned * 100.0}
    return {"status": status, "results": [ROW] * rows, "statistics": statistics, **more}


async def test_from_its_start_to_its_rows() -> None:
    bench = Bench(
        GetQueryResults=answers(result("Running", scanned=5), result("Running", 1, 9), result("Complete", 2, 12))
    )
    run = await bench.run()
    assert bench.cloud.asked[0] == (
        "StartQuery",
        {
            "startTime": int(EPOCH.timestamp()) - 3600,
            "endTime": int(EPOCH.timestamp()),
            "queryString": "filter a = 1",
            "logGroupNames": ["/app/web", "/app/worker"],
        },
    )
    assert (run.status, run.over, run.fault, len(run.results)) == ("Complete", True, None, 2)
    assert run.results.pointers == ("p", "p")
    assert [one.stats.scanned for one in bench.told] == [0, 0, 5, 9, 12]
    assert [len(one.results) for one in bench.told] == [0, 0, 0, 1, 2], "rows that are there already are shown"
    assert bench.told[-1] == run
    await bench.service.close()
    assert bench.cloud.count("StopQuery") == 0, "it has ended by itself"


async def test_looks_come_further_and_further_apart() -> None:
    bench = Bench(GetQueryResults=answers(*[result("Running")] * 9, result("Complete")))
    await bench.run()
    assert bench.waits[0] == service.FASTEST
    assert bench.waits == sorted(bench.waits)
    assert bench.waits[-1] == service.SLOWEST


async def test_every_page_of_rows_is_read() -> None:
    pages = answers(result("Complete", 2, nextToken="a"), result("Complete", 2, nextToken="b"), result("Complete", 1))
    bench = Bench(GetQueryResults=pages)
    assert len((await bench.run()).results) == 5
    assert [given.get("nextToken") for _, given in bench.cloud.asked[1:]] == [None, "a", "b"]
    endless = Bench(GetQueryResults=answers(result("Complete", 1, nextToken="a")))
    assert len((await endless.run()).results) == 2, "a token that comes again ends it"
    broken = Bench(GetQueryResults=answers(result("Complete", 2, nextToken="a"), failed(FaultKind.DENIED)))
    run = await broken.run()
    assert (len(run.results), run.note) == (2, "only the first 2 rows could be read")


async def test_source_in_the_query_takes_the_place_of_the_groups() -> None:
    bench = Bench(GetQueryResults=answers(result("Complete")))
    await bench.run(Query('SOURCE "/app/web" | limit 1', ("/app/web",)))
    assert "logGroupNames" not in bench.cloud.asked[0][1]


async def test_a_query_that_cannot_begin_says_why() -> None:
    bench = Bench(StartQuery=answers(failed(FaultKind.INVALID, "MalformedQueryException")))
    run = await bench.run()
    assert run.over and run.fault is not None and run.fault.code == "MalformedQueryException"
    assert [name for name, _ in bench.cloud.asked] == ["StartQuery"]


async def test_a_throttled_start_is_sent_again_and_no_other_is() -> None:
    throttled = failed(FaultKind.THROTTLED)
    bench = Bench(
        StartQuery=answers(throttled, throttled, {"queryId": "q-1"}), GetQueryResults=answers(result("Complete"))
    )
    assert (await bench.run()).status == "Complete"
    assert [one.fault.kind for one in bench.told if one.fault] == [FaultKind.THROTTLED] * 2, "it is said meanwhile"
    assert bench.cloud.count("StartQuery") == 3
    never = Bench(StartQuery=answers(throttled))
    run = await never.run()
    assert never.cloud.count("StartQuery") == service.TRIES
    assert run.fault is not None and run.fault.kind is FaultKind.THROTTLED
    late = Bench(StartQuery=answers(failed(FaultKind.TIMEOUT)))
    await late.run()
    assert late.cloud.count("StartQuery") == 1, "it may have begun: a second one would be billed too"


async def test_trouble_in_passing_is_said_and_waited_out() -> None:
    bench = Bench(
        GetQueryResults=answers(result("Running", scanned=3), failed(FaultKind.UNREACHABLE), result("Complete", 1, 4))
    )
    run = await bench.run()
    assert run.status == "Complete" and run.fault is None
    assert any(one.fault is not None and one.stats.scanned == 3 for one in bench.told)


async def test_a_query_that_may_not_be_looked_at_is_stopped() -> None:
    bench = Bench(GetQueryResults=answers(failed(FaultKind.DENIED)))
    run = await bench.run()
    await bench.service.close()
    assert run.over and run.fault is not None and run.fault.kind is FaultKind.DENIED
    assert bench.cloud.asked[-1] == ("StopQuery", {"queryId": "q-1"})


async def left(bench: Bench, turns: int) -> None:
    """Begin, and go away so many turns later."""
    task = asyncio.ensure_future(bench.run())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await bench.service.close()


@pytest.mark.parametrize("turns", range(2, 9))
async def test_whenever_one_leaves_what_began_is_stopped(turns: int) -> None:
    bench = Bench(GetQueryResults=answers(result("Running")))
    bench.forever = True
    await left(bench, turns)
    assert bench.cloud.count("StopQuery") == bench.cloud.count("StartQuery") == 1
    assert bench.service.ending == 0


async def test_one_that_was_throttled_when_one_left_is_not_sent_again() -> None:
    bench = Bench(StartQuery=answers(failed(FaultKind.THROTTLED)))
    bench.forever = True
    await left(bench, 8)
    assert bench.cloud.count("StartQuery") == 1
    assert bench.cloud.count("StopQuery") == 0


async def test_what_could_not_be_stopped_is_said() -> None:
    refused = Bench(GetQueryResults=answers(result("Running")), StopQuery=answers(failed(FaultKind.DENIED)))
    refused.forever = True
    await left(refused, 6)
    assert refused.troubles == ["stop query q-1: it may go on and be billed: access denied"]
    over = Bench(GetQueryResults=answers(result("Running")), StopQuery=answers(failed(FaultKind.INVALID)))
    over.forever = True
    await left(over, 6)
    assert over.troubles == [], "it had ended by itself"


async def test_names_are_read_by_pages_up_to_a_limit() -> None:
    bench = Bench(
        DescribeLogGroups=lambda nextToken="0", **_: {  # noqa: N803 - AWS's name
            "logGroups": [{"logGroupName": f"/g/{nextToken}"}, {}],
            "nextToken": str(int(nextToken) + 1),
        }
    )
    names, more = await bench.service.names()
    assert (len(names), more) == (service.NAMES, True)
    await bench.service.names("web")
    assert bench.cloud.asked[-1][1]["logGroupNamePattern"] == "web"


async def test_saved_queries_come_by_name() -> None:
    saved = [{"queryDefinitionId": str(at), "name": name, "queryString": "limit 1"} for at, name in enumerate("bAc")]
    bench = Bench(DescribeQueryDefinitions=lambda **_: {"queryDefinitions": saved})
    found = await bench.service.definitions().read(lambda *_: None)
    assert [one.name for one in found] == ["A", "b", "c"]
    one = await bench.service.definition("2")
    assert one is not None and one.name == "c"
    assert await bench.service.definition("9") is None


async def test_the_end_of_the_console_stops_what_runs() -> None:
    bench = Bench(GetQueryResults=answers(result("Running")))
    bench.forever = True
    task = asyncio.ensure_future(bench.run())
    for _ in range(6):
        await asyncio.sleep(0)
    await bench.service.close()
    assert task.cancelled()
    assert bench.cloud.asked[-1] == ("StopQuery", {"queryId": "q-1"})
