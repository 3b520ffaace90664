from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.clock import ManualClock
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.logs import LogChunk
from pointsman.model.refs import LogRef
from pointsman.services.logs import Logs
from support.cloud import FakeCloud, failed

REF = LogRef("/aws/codebuild/app", "1")


class Stream:
    """A log stream as CloudWatch Logs pages it; ``turns`` is what each read meets: lines that arrived, or a fault."""

    def __init__(self, *turns: int | FaultKind, page: int = 3) -> None:
        self.turns = list(turns)
        self.page = page
        self.written = 0
        self.forget_tokens = False
        self.waits: list[float] = []
        self.sent: list[str | None] = []

    def read(self, nextToken: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self.sent.append(nextToken)
        if self.forget_tokens and nextToken is not None:
            self.forget_tokens = False
            raise failed(FaultKind.INVALID, "InvalidParameterException")
        if self.turns:
            turn = self.turns.pop(0)
            if isinstance(turn, FaultKind):
                raise failed(turn)
            self.written += turn
        start = int(nextToken or 0)
        end = min(self.written, start + self.page)
        events = [{"timestamp": number, "message": f"line {number}\n"} for number in range(start, end)]
        return {"events": events, "nextForwardToken": str(end)}

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    async def follow(self) -> list[LogChunk]:
        logs = Logs(FakeCloud(GetLogEvents=self.read), ManualClock(), sleep=self.sleep)
        return [chunk async for chunk in logs.follow(REF, ended=lambda: not self.turns)]


def texts(chunks: list[LogChunk]) -> list[str]:
    return [line.text for chunk in chunks for line in chunk.lines]


async def test_a_stream_is_read_to_its_end_page_by_page_without_waiting() -> None:
    stream = Stream(8)
    chunks = await stream.follow()
    assert texts(chunks) == [f"line {number}" for number in range(8)]
    assert chunks[-1].ended
    assert len(stream.waits) == 1, "back to back until caught up, one pause between the two empty reads"


async def test_one_empty_read_does_not_end_it() -> None:
    stream = Stream(2, 0, 0, 2)
    assert texts(await stream.follow()) == ["line 0", "line 1", "line 2", "line 3"]


async def test_throttling_is_waited_out_and_said_once() -> None:
    stream = Stream(2, FaultKind.THROTTLED, FaultKind.THROTTLED, 2)
    chunks = await stream.follow()
    assert texts(chunks) == ["line 0", "line 1", "line 2", "line 3"]
    assert [chunk.fault.kind for chunk in chunks if chunk.fault] == [FaultKind.THROTTLED]


async def test_a_stream_that_is_not_there_yet_is_looked_for() -> None:
    chunks = await Stream(FaultKind.NOT_FOUND, FaultKind.NOT_FOUND, 1, 0).follow()
    assert [chunk.missing for chunk in chunks if chunk.missing] == [True]
    assert texts(chunks) == ["line 0"]


async def test_a_stream_that_never_comes_ends_as_missing_with_its_build() -> None:
    stream = Stream(*[FaultKind.NOT_FOUND] * 3)
    plain = stream.read

    def gone(**given: Any) -> dict[str, Any]:
        if not stream.turns:
            raise failed(FaultKind.NOT_FOUND)
        return plain(**given)

    logs = Logs(FakeCloud(GetLogEvents=gone), ManualClock(), sleep=stream.sleep)
    chunks = [chunk async for chunk in logs.follow(REF, ended=lambda: not stream.turns)]
    assert (chunks[-1].ended, chunks[-1].missing) == (True, True)
    assert texts(chunks) == []


async def test_a_token_that_the_service_has_forgotten_costs_no_line_and_repeats_none() -> None:
    stream = Stream(5, 0, 0, 1)
    logs = Logs(FakeCloud(GetLogEvents=stream.read), ManualClock(), sleep=stream.sleep)
    seen: list[str] = []
    async for chunk in logs.follow(REF, ended=lambda: not stream.turns):
        seen += [line.text for line in chunk.lines]
        stream.forget_tokens = len(seen) == 3
    assert seen == [f"line {number}" for number in range(6)]


async def test_following_goes_on_from_a_token() -> None:
    stream = Stream(5)
    logs = Logs(FakeCloud(GetLogEvents=stream.read), ManualClock(), sleep=stream.sleep)
    found = [chunk async for chunk in logs.follow(REF, ended=lambda: not stream.turns, token="3")]
    assert texts(found) == ["line 3", "line 4"]


async def test_tokens_that_always_move_do_not_keep_it_for_ever() -> None:
    count = 0

    def read(**_: Any) -> dict[str, Any]:
        nonlocal count
        count += 1
        return {"events": [], "nextForwardToken": str(count)}

    stream = Stream()
    logs = Logs(FakeCloud(GetLogEvents=read), ManualClock(), sleep=stream.sleep)
    assert [chunk.ended async for chunk in logs.follow(REF, ended=lambda: True)] == [True]


@settings(max_examples=150, deadline=None)
@given(
    turns=st.lists(
        st.one_of(
            st.integers(0, 9),
            st.sampled_from([FaultKind.THROTTLED, FaultKind.TIMEOUT, FaultKind.EXPIRED, FaultKind.NOT_FOUND]),
        ),
        max_size=25,
    ),
    page=st.integers(1, 5),
)
def test_no_line_is_ever_dropped_or_repeated(turns: list[int | FaultKind], page: int) -> None:
    stream = Stream(*turns, 1, page=page)
    total = 1 + sum(turn for turn in turns if isinstance(turn, int))
    assert texts(asyncio.run(stream.follow())) == [f"line {number}" for number in range(total)]


def test_faults_of_the_tests_are_call_failures() -> None:
    assert isinstance(failed(FaultKind.TIMEOUT), CallFailed)
