from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pointsman.clock import EPOCH, ManualClock
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.pipelines import Board, PipelineRow, PipelineState, Stage
from pointsman.model.refs import PipelineRef, StageRef
from pointsman.model.snapshot import Snapshot
from pointsman.model.status import Tone, status
from pointsman.services import sweep
from pointsman.services.feeds import Feeds
from pointsman.services.pace import Budget, Quota
from pointsman.services.pipelines import Pipelines
from support.cloud import FakeCloud, failed


def account(count: int, *, page: int = 10, state: Callable[[str], str] = lambda _: "Succeeded") -> FakeCloud:
    """An account of ``count`` pipelines; ``state`` says each one's status, or raises."""

    def listed(nextToken: str = "0") -> dict[str, Any]:  # noqa: N803 - AWS's name
        start = int(nextToken)
        names = [{"name": f"p{number:04}", "version": 1} for number in range(start, min(count, start + page))]
        more = {"nextToken": str(start + page)} if start + page < count else {}
        return {"pipelines": names, **more}

    def shown(name: str) -> dict[str, Any]:
        word = state(name)
        stage = {"stageName": "Build", "latestExecution": {"pipelineExecutionId": "e1", "status": word}}
        return {"pipelineName": name, "pipelineVersion": 1, "stageStates": [stage]}

    def history(pipelineName: str, maxResults: int) -> dict[str, Any]:  # noqa: N803 - AWS's names
        return {"pipelineExecutionSummaries": [{"pipelineExecutionId": "e1", "status": state(pipelineName)}]}

    return FakeCloud(
        ListPipelines=listed,
        GetPipelineState=shown,
        ListPipelineExecutions=history,
        GetPipeline=lambda name: {"pipeline": {"name": name, "version": 1, "stages": []}},
    )


async def watch(cloud: FakeCloud, clock: ManualClock) -> tuple[Feeds, list[Snapshot[Board]]]:
    feeds = Feeds(clock, chance=lambda: 0.5)
    seen: list[Snapshot[Board]] = []
    feeds.subscribe(Pipelines(cloud, clock).board(), seen.append)
    await feeds.idle()
    return feeds, seen


async def test_rows_of_a_page_appear_at_once_and_what_is_not_read_yet_is_said(clock: ManualClock) -> None:
    feeds, seen = await watch(account(60), clock)
    first = next(one for one in seen if one.value is not None)
    assert first.value is not None
    assert (len(first.value), first.value.complete, first.partial) == (10, False, "10 listed so far")
    assert any(one.partial.endswith("of 60 read") for one in seen)
    last = seen[-1]
    assert last.value is not None
    assert (len(last.value), last.value.read, last.partial) == (60, 60, "")
    await feeds.close()


async def test_denied_and_throttled_rows_say_so_and_the_others_are_read(clock: ManualClock) -> None:
    def state(name: str) -> str:
        if name == "p0001":
            raise failed(FaultKind.DENIED)
        if name == "p0002":
            raise failed(FaultKind.THROTTLED)
        return "Succeeded"

    feeds, seen = await watch(account(5, state=state), clock)
    board = seen[-1].value
    assert board is not None
    kinds = {row.ref.name: row.fault.kind for row in board.rows if row.fault is not None}
    assert kinds == {"p0001": FaultKind.DENIED, "p0002": FaultKind.THROTTLED}
    assert seen[-1].partial == "3 of 5 read"
    assert seen[-1].fault is None
    await feeds.close()


async def test_expired_credentials_fail_the_round_and_leave_the_rows(clock: ManualClock) -> None:
    gone = False

    def state(_: str) -> str:
        if gone:
            raise failed(FaultKind.EXPIRED)
        return "InProgress"

    feeds, seen = await watch(account(3, state=state), clock)
    gone = True
    clock.advance(2)
    await feeds.idle()
    assert seen[-1].fault is not None
    assert seen[-1].fault.kind is FaultKind.EXPIRED
    assert seen[-1].value is not None
    assert seen[-1].value.read == 3
    await feeds.close()


async def test_a_board_at_rest_repaints_nothing_and_asks_for_no_history(clock: ManualClock) -> None:
    cloud = account(5)
    feeds, seen = await watch(cloud, clock)
    told, histories = len(seen), cloud.count("ListPipelineExecutions")
    clock.advance(20)
    await feeds.idle()
    assert cloud.count("GetPipelineState") == 10
    assert cloud.count("ListPipelineExecutions") == histories
    assert cloud.count("GetPipeline") == 5
    assert len(seen) == told
    await feeds.close()


async def test_what_moves_is_read_again_before_the_rest_is_read_at_all(clock: ManualClock) -> None:
    moving = "p0000"
    cloud = account(200, page=1000, state=lambda name: "InProgress" if name == moving else "Succeeded")
    budget = Budget(clock, _advance(clock), {"codepipeline": Quota(20, "test")})
    feeds = Feeds(clock, chance=lambda: 0.5)
    feeds.subscribe(Pipelines(cloud, clock, budget).board(), lambda _: None)
    await feeds.idle()
    reads = Counter(str(given.get("name")) for name, given in cloud.asked if name == "GetPipelineState")
    assert reads[moving] > 5
    assert len(reads) == 200
    seconds = (clock.now() - EPOCH).total_seconds()
    assert len(cloud.asked) <= 20 + 5 * seconds + 1, "no more than a quarter of the quota"
    await feeds.close()


def _advance(clock: ManualClock) -> Callable[[float], Any]:
    async def sleep(seconds: float) -> None:
        clock.advance(seconds)
        await asyncio.sleep(0)

    return sleep


async def test_a_deleted_pipeline_leaves_and_a_new_one_joins_at_the_next_list(clock: ManualClock) -> None:
    cloud = account(3)
    feeds, seen = await watch(cloud, clock)
    cloud.answers["ListPipelines"] = lambda: {"pipelines": [{"name": "p0001"}, {"name": "fresh"}]}
    clock.advance(20)
    await feeds.idle()
    assert seen[-1].value is not None
    assert [row.ref.name for row in seen[-1].value.rows] == ["p0001", "fresh"]
    assert seen[-1].value.read == 2
    await feeds.close()


async def test_a_list_that_is_denied_is_a_fault_of_the_board(clock: ManualClock) -> None:
    cloud = account(3)

    def denied() -> dict[str, Any]:
        raise failed(FaultKind.DENIED)

    cloud.answers["ListPipelines"] = denied
    feeds, seen = await watch(cloud, clock)
    assert seen[-1].denied
    await feeds.close()


def row(name: str, word: str | None, age: float | None, kind: FaultKind | None = None) -> PipelineRow:
    stage = Stage(StageRef(name, "S"), status=status(word))
    return PipelineRow(
        PipelineRef(name),
        state=PipelineState(PipelineRef(name), stages=(stage,)) if word else None,
        fault=failed(kind).fault if kind else None,
        fetched_at=EPOCH - timedelta(seconds=age) if age is not None else None,
    )


def test_a_round_takes_the_most_urgent_rows_and_leaves_room_for_those_never_read() -> None:
    rows = [row(f"moving{n}", "InProgress", 3 + n) for n in range(10)] + [row(f"new{n}", None, None) for n in range(10)]
    chosen = [one.ref.name for one in sweep.choose(rows, EPOCH, most=8)]
    assert chosen == ["moving9", "moving8", "moving7", "moving6", "new0", "new1", "new2", "new3"]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (row("a", "InProgress", 2), 0),
        (row("a", "InProgress", 1), None),
        (row("a", None, None), 2),
        (row("a", None, 5, FaultKind.THROTTLED), 3),
        (row("a", None, 5, FaultKind.DENIED), None),
        (row("a", None, 61, FaultKind.DENIED), 3),
        (row("a", "Succeeded", 14), None),
        (row("a", "Succeeded", 16), 4),
    ],
)
def test_when_a_row_is_due(one: PipelineRow, expected: int | None) -> None:
    assert sweep.due(one, EPOCH, total=10) == expected


def test_many_rows_at_rest_are_read_slowly() -> None:
    assert sweep.due(row("a", "Succeeded", 100), EPOCH, total=1000) is None
    assert sweep.due(row("a", "Succeeded", 340), EPOCH, total=1000) == 4


@pytest.mark.parametrize(
    ("words", "expected"), [(("Succeeded", None), 0.0), (("Succeeded", "InProgress"), 2.0), (("Succeeded",), 20.0)]
)
def test_the_cadence_of_a_board(words: tuple[str | None, ...], expected: float) -> None:
    board = Board(tuple(row(f"p{n}", word, 1) for n, word in enumerate(words)))
    assert sweep.cadence(board) == expected


def test_call_failed_rows_keep_an_unknown_tone() -> None:
    assert row("a", None, 1, FaultKind.DENIED).status.tone is Tone.UNKNOWN
    assert issubclass(CallFailed, Exception)
