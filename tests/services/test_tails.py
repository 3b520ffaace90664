"""A tail: every event once, whichever way it comes; and what it says when it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.aws.cloud import Cloud
from pointsman.clock import EPOCH, ManualClock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.local import Backend
from pointsman.model.logs import LogSource, TailAsk, TailChunk, TailEvent, TailMode
from pointsman.services import tails
from pointsman.services.pace import Budget
from pointsman.services.tails import Tails, TailState
from support.cloud import FakeCloud, failed

NOW = int(EPOCH.timestamp() * 1000)


class Groups(FakeCloud):
    """Log groups as FilterLogEvents pages them, and a live tail that is fed by the test."""

    def __init__(self, *names: str, page: int = 3, live: Fault | None = None, closed: bool = True) -> None:
        super().__init__(FilterLogEvents=self.filter, DescribeLogGroups=self.describe)
        self.names = names
        self.page = page
        self.refusal = live
        self.written: dict[str, list[tuple[int, str, str]]] = {name: [] for name in names}
        self.faults: list[FaultKind] = []
        self.came: asyncio.Queue[Any] = asyncio.Queue()
        self.waits: list[float] = []
        self.sessions: list[dict[str, Any]] = []
        self.closed = closed

    def write(self, group: str, at: int, text: str) -> dict[str, Any]:
        """Add an event; gives it as live tail tells it."""
        rows = self.written[group]
        rows.append((at, text, f"{group}/{len(rows)}"))
        return {
            "timestamp": NOW + at,
            "message": text,
            "logGroupIdentifier": f"arn:aws:logs:eu-west-1:1:log-group:{group}",
            "logStreamName": "s",
            "ingestionTime": NOW + at,
        }

    def describe(self, logGroupNamePrefix: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return {
            "logGroups": [
                {"logGroupName": one, "logGroupArn": f"arn:aws:logs:eu-west-1:1:log-group:{one}"}
                for one in self.names
                if one.startswith(logGroupNamePrefix)
            ]
        }

    def filter(self, logGroupName: str, **asked: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        if self.faults:
            raise failed(self.faults.pop(0))
        if logGroupName not in self.written:
            raise failed(FaultKind.NOT_FOUND)
        rows = sorted(self.written[logGroupName])
        rows = [one for one in rows if NOW + one[0] >= asked.get("startTime", 0)]
        rows = [one for one in rows if NOW + one[0] <= asked.get("endTime", 1 << 60)]
        start = int(asked.get("nextToken", 0))
        events = [
            {"timestamp": NOW + at, "message": text, "eventId": name, "logStreamName": "s", "ingestionTime": NOW + at}
            for at, text, name in rows[start : start + self.page]
        ]
        more = {"nextToken": str(start + self.page)} if start + self.page < len(rows) else {}
        return {"events": events, **more}

    async def events(self, service: str, operation: str, member: str, **asked: Any) -> AsyncIterator[Any]:
        assert (service, operation, member) == ("logs", "StartLiveTail", "responseStream")
        self.sessions.append(asked)
        if self.refusal is not None:
            raise CallFailed(self.refusal)
        yield {"sessionStart": {}}
        while True:
            event = await self.came.get()
            if isinstance(event, Fault):
                raise CallFailed(event)
            yield event

    def tell(self, *events: dict[str, Any], sampled: bool = False) -> None:
        """Have live tail tell of a second."""
        self.came.put_nowait(
            {"sessionUpdate": {"sessionMetadata": {"sampled": sampled}, "sessionResults": list(events)}}
        )

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    def tails(self) -> Tails:
        clock = ManualClock()
        return Tails(self, clock, Budget.unlimited(clock), self.sleep)

    def ask(self, since: int = 0, until: int | None = None) -> TailAsk:
        return TailAsk(
            tuple(LogSource(name) for name in self.names), NOW + since, None if until is None else NOW + until
        )


def texts(chunks: list[TailChunk]) -> list[str]:
    return [line.text for chunk in chunks for line in chunk.lines]


async def gather(
    cloud: Groups, ask: TailAsk, *, turns: list[Callable[[], None]] | None = None, state: TailState | None = None
) -> list[TailChunk]:
    """What a tail says until it ends: ``turns`` are carried out one by one, each when it has nothing more to say."""
    left = list(turns or [])
    found: list[TailChunk] = []

    async def follow() -> None:
        async for chunk in cloud.tails().follow(ask, state, ended=lambda: not left):
            found.append(chunk)  # noqa: PERF401 - looked at while it grows

    task = asyncio.ensure_future(follow())
    for _ in range(4000):
        if task.done():
            break
        before = len(found)
        for _ in range(12):
            await asyncio.sleep(0)
        if len(found) == before:
            if left:
                left.pop(0)()
            elif not cloud.refusal:
                cloud.tell()
    await asyncio.wait_for(task, 1)
    return found


async def test_what_there_is_comes_interleaved_in_order_of_time() -> None:
    cloud = Groups("a", "b")
    for at in range(10):
        cloud.write("a", at * 2, f"a{at * 2}")
    for at in range(5):
        cloud.write("b", at * 5, f"b{at * 5}")
    found = await gather(cloud, cloud.ask(until=100))
    lines = [(line.at, line.text) for chunk in found for line in chunk.lines]
    assert lines == sorted(lines, key=lambda one: one[0]) and len(lines) == 15
    assert found[-1].mode is TailMode.ENDED


async def test_live_goes_on_from_what_was_read_and_repeats_nothing() -> None:
    """An event that was read and is told live as well is one event; one that is said twice is two."""
    cloud = Groups("a")
    both = cloud.write("a", 1, "twice")
    again = cloud.write("a", 1, "twice")

    def told() -> None:
        cloud.tell(both, again, cloud.write("a", 2, "new"))

    def three() -> None:
        cloud.tell(cloud.write("a", 3, "three"), sampled=True)

    found = await gather(cloud, cloud.ask(), turns=[told, three])
    assert texts(found) == ["twice", "twice", "new", "three"]
    assert [chunk.mode for chunk in found if chunk.lines][-1] is TailMode.LIVE
    assert sum(chunk.sampled for chunk in found) == 1 and found[-1].mode is TailMode.ENDED
    assert cloud.sessions[0]["logGroupIdentifiers"] == ["arn:aws:logs:eu-west-1:1:log-group:a"]


@pytest.mark.parametrize("kind", [FaultKind.DENIED, FaultKind.NOT_BUILT, FaultKind.INVALID, FaultKind.UNREACHABLE])
async def test_where_live_tail_is_refused_it_polls_and_says_why(kind: FaultKind) -> None:
    cloud = Groups("a", live=Fault(kind, "no live tail for you"))
    cloud.write("a", 1, "one")
    found = await gather(cloud, cloud.ask(), turns=[lambda: (cloud.write("a", 2, "two"), None)[1]])
    assert texts(found) == ["one", "two"]
    assert {chunk.why for chunk in found if chunk.mode is TailMode.POLLING} == {"no live tail for you"}
    assert found[-1].mode is TailMode.ENDED


async def test_throttling_slows_it_and_never_ends_it() -> None:
    cloud = Groups("a", live=Fault(FaultKind.DENIED, "no"))
    cloud.faults = [FaultKind.THROTTLED] * 6
    cloud.write("a", 1, "one")
    found = await gather(cloud, cloud.ask())
    assert texts(found) == ["one"]
    assert [chunk.fault.kind for chunk in found if chunk.fault] == [FaultKind.THROTTLED], "said once"
    assert cloud.waits[:6] == sorted(cloud.waits[:6]) and cloud.waits[5] > 10 * cloud.waits[0], "slower each time"


async def test_a_session_that_breaks_off_is_opened_again_and_the_gap_is_read() -> None:
    cloud = Groups("a")

    def lost() -> None:
        cloud.write("a", 2, "in the gap")
        cloud.came.put_nowait(Fault(FaultKind.UNREACHABLE, "gone"))

    found = await gather(cloud, cloud.ask(), turns=[lambda: cloud.tell(cloud.write("a", 1, "one")), lost])
    assert texts(found) == ["one", "in the gap"] and len(cloud.sessions) == 2


async def test_three_hours_are_no_trouble() -> None:
    cloud = Groups("a")
    over = Fault(FaultKind.UNKNOWN, "timed out", code="SessionTimeoutException")
    found = await gather(cloud, cloud.ask(), turns=[lambda: cloud.came.put_nowait(over)])
    assert not any(chunk.fault for chunk in found) and len(cloud.sessions) == 2


async def test_what_may_not_be_read_is_raised() -> None:
    cloud = Groups("a", live=Fault(FaultKind.DENIED, "no"))
    cloud.faults = [FaultKind.DENIED]
    with pytest.raises(CallFailed):
        await gather(cloud, cloud.ask())


async def test_a_group_that_is_not_there_is_said_and_the_others_are_read() -> None:
    cloud = Groups("a")
    cloud.write("a", 1, "one")
    ask = TailAsk((LogSource("a"), LogSource("nowhere")), NOW)
    found = await gather(cloud, ask)
    assert texts(found) == ["one"] and ("nowhere",) in [chunk.missing for chunk in found]


async def test_more_than_is_read_at_once_is_said_to_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tails, "MOST", 4)
    cloud = Groups("a")
    for at in range(20):
        cloud.write("a", at, f"n{at}")
    found = await gather(cloud, cloud.ask(until=100))
    assert texts(found) == [f"n{at}" for at in range(6)]
    assert [chunk.skipped for chunk in found if chunk.skipped] == [(NOW + 5, NOW + 100)]


async def test_it_goes_on_from_where_it_was() -> None:
    cloud = Groups("a")
    cloud.write("a", 1, "one")
    state = TailState()
    await gather(cloud, cloud.ask(), state=state)
    cloud.write("a", 2, "two")
    assert texts(await gather(cloud, cloud.ask(), state=state)) == ["two"]


async def test_an_event_from_the_future_does_not_hide_the_present() -> None:
    """Two hours ahead is allowed: what is read next is measured by when the service took it in."""
    cloud = Groups("a", live=Fault(FaultKind.DENIED, "no"))
    state = TailState()
    state.take([TailEvent(NOW + 7_200_000, "ahead", "a", "s", "id", NOW)])
    cloud.write("a", 5, "now")
    assert texts(await gather(cloud, cloud.ask(), state=state)) == ["now"]


async def test_streams_have_sessions_of_their_own() -> None:
    cloud = Groups("a", "b")
    ask = TailAsk((LogSource("a", ("x", "y")), LogSource("b", prefix="web"), LogSource("b")), NOW, pattern="ERROR")
    await gather(cloud, ask)
    a, b = (f"arn:aws:logs:eu-west-1:1:log-group:{name}" for name in "ab")
    assert cloud.sessions == [
        {"logGroupIdentifiers": [b], "logEventFilterPattern": "ERROR"},
        {"logGroupIdentifiers": [a], "logStreamNames": ["x", "y"], "logEventFilterPattern": "ERROR"},
        {"logGroupIdentifiers": [b], "logStreamNamePrefixes": ["web"], "logEventFilterPattern": "ERROR"},
    ]


@settings(max_examples=120, deadline=None)
@given(
    turns=st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 6), st.sampled_from(["x", "y"]), st.booleans()),
            st.sampled_from([FaultKind.UNREACHABLE, FaultKind.THROTTLED]),
        ),
        max_size=20,
    ),
    polled=st.booleans(),
    page=st.integers(1, 4),
)
def test_no_event_is_dropped_or_repeated(turns: list[Any], polled: bool, page: int) -> None:
    """Whatever is written, told live or not, and whatever breaks in between."""

    async def run() -> tuple[list[str], list[str]]:
        cloud = Groups("a", "b", page=page, live=Fault(FaultKind.DENIED, "no") if polled else None)

        def carry(turn: Any) -> None:
            if isinstance(turn, FaultKind):
                if polled:
                    cloud.faults.append(turn)
                else:
                    cloud.came.put_nowait(Fault(turn, "gone"))
                return
            group, at, text, told = turn
            event = cloud.write(group, at, f"{group}{text}{at}")
            if told and not polled:
                cloud.tell(event)

        found = await gather(cloud, cloud.ask(), turns=[partial(carry, turn) for turn in turns])
        return texts(found), [text for rows in cloud.written.values() for _, text, _ in rows]

    shown, written = asyncio.run(run())
    assert sorted(shown) == sorted(written)


async def test_it_follows_the_backend_live() -> None:
    """Beneath boto3, and off the loop: the very session AWS's clients have."""
    clock = ManualClock()
    with Backend(clock=clock) as backend:
        cloud = Cloud(backend.session, clock)
        client = backend.session().client("logs")
        for group in ("a", "b"):
            client.create_log_group(logGroupName=group)
            client.create_log_stream(logGroupName=group, logStreamName="s")

        def put(group: str, text: str) -> None:
            event = {"timestamp": int(clock.now().timestamp() * 1000), "message": text}
            client.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])

        put("a", "before")
        over = False
        found: list[TailChunk] = []

        async def follow() -> None:
            ask = TailAsk((LogSource("a"), LogSource("b")), 0)
            service = Tails(cloud, clock, Budget.unlimited(clock))
            async for chunk in service.follow(ask, ended=lambda: over):
                found.append(chunk)  # noqa: PERF401 - looked at while it grows

        task = asyncio.ensure_future(follow())

        async def until(what: Callable[[], bool]) -> None:
            for _ in range(400):
                if what():
                    return
                await asyncio.sleep(0.01)
            raise AssertionError(found)

        def grown(count: int) -> bool:
            return len(texts(found)) == count

        await until(lambda: any(chunk.mode is TailMode.LIVE for chunk in found))
        for second, group in enumerate("abab"):
            put(group, f"live {second}")
            clock.advance(1)
            await until(partial(grown, second + 2))
        over = True
        for _ in range(4):
            clock.advance(1)
            await asyncio.sleep(0.08)
        await asyncio.wait_for(task, 5)
        assert texts(found) == ["before", "live 0", "live 1", "live 2", "live 3"]
        assert found[-1].mode is TailMode.ENDED
