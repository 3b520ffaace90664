"""Runs of PARALLEL pipelines that move behind the newest page of history."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.clock import EPOCH, ManualClock
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.pipelines import Execution
from pointsman.model.refs import PipelineRef
from pointsman.services.ask import Meter
from pointsman.services.long_runs import APART, PAGES, Behind, LongRuns
from pointsman.services.pace import Budget
from pointsman.services.reads import pipelines as reader
from support.cloud import FakeCloud, failed

REF = PipelineRef("checkout")


class Line:
    """CodePipeline with so many runs, of which some still move."""

    def __init__(self, count: int, moving: set[int]) -> None:
        self.count = count
        self.moving = moving
        self.calls: list[str] = []
        self.page = 100
        self.fault: FaultKind | None = None

    def run(self, number: int) -> dict[str, Any]:
        word = "InProgress" if number in self.moving else "Succeeded"
        return {"pipelineExecutionId": f"run-{number}", "status": word, "startTime": EPOCH}

    def listed(self, **given: Any) -> dict[str, Any]:
        self.calls.append("list")
        if self.fault is not None:
            raise failed(self.fault)
        begin = int(given.get("nextToken") or 0)
        numbers = range(self.count - begin, max(0, self.count - begin - self.page), -1)
        answer: dict[str, Any] = {"pipelineExecutionSummaries": [self.run(one) for one in numbers]}
        if begin + self.page < self.count:
            answer["nextToken"] = str(begin + self.page)
        return answer

    def one(self, **given: Any) -> dict[str, Any]:
        self.calls.append(given["pipelineExecutionId"])
        if self.fault is not None:
            raise failed(self.fault)
        return {"pipelineExecution": self.run(int(given["pipelineExecutionId"].split("-")[1]))}

    def newest(self, count: int = 25) -> tuple[Execution, ...]:
        runs = [self.run(one) for one in range(self.count, max(0, self.count - count), -1)]
        return reader.executions({"pipelineExecutionSummaries": runs})


def watching(line: Line) -> LongRuns:
    cloud = FakeCloud(ListPipelineExecutions=line.listed, GetPipelineExecution=line.one)
    return LongRuns(Meter(cloud, "codepipeline", Budget.unlimited(ManualClock())))


async def ask(runs: LongRuns, line: Line) -> Behind:
    return await runs.behind(REF, line.newest(), None, full=line.count > 25, urgent=False)


def names(behind: Behind) -> list[str]:
    return [one.id for one in behind.runs]


async def test_history_is_looked_through_once_and_then_run_by_run_until_each_ends() -> None:
    line = Line(240, {240, 100, 7})
    runs = watching(line)
    assert names(await ask(runs, line)) == ["run-100", "run-7"]
    assert line.calls == ["list"] * 3
    line.calls.clear()
    line.moving.discard(100)
    line.count, line.moving = 280, line.moving | {280}
    found = await ask(runs, line)
    assert sorted(names(found)) == ["run-240", "run-7"] and found.whole, "one has left the newest page meanwhile"
    assert sorted(line.calls) == ["run-100", "run-240", "run-7"]
    line.calls.clear()
    assert sorted(names(await ask(runs, line))) == ["run-240", "run-7"]
    assert sorted(line.calls) == ["run-240", "run-7"]


async def test_a_short_history_costs_nothing() -> None:
    line = Line(20, {3})
    assert await ask(watching(line), line) == Behind()
    assert line.calls == []


async def test_what_lies_too_far_back_is_owned_up_to() -> None:
    line = Line(100 * PAGES + 30, {2, 90})
    found = await ask(watching(line), line)
    assert names(found) == ["run-90"] and not found.whole
    line = Line(200, set(range(1, APART + 10)))
    runs = watching(line)
    await ask(runs, line)
    line.calls.clear()
    found = await ask(runs, line)
    assert len(line.calls) == APART and len(found.runs) == APART + 9 and not found.whole


async def test_a_fault_leaves_what_was_known_and_is_owned_up_to() -> None:
    line = Line(200, {7})
    runs = watching(line)
    line.fault = FaultKind.THROTTLED
    assert await ask(runs, line) == Behind((), whole=False)
    line.fault = None
    assert names(await ask(runs, line)) == ["run-7"]
    line.fault = FaultKind.THROTTLED
    found = await ask(runs, line)
    assert names(found) == ["run-7"] and not found.whole
    line.fault = FaultKind.EXPIRED
    with pytest.raises(CallFailed):
        await ask(runs, line)
