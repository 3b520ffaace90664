from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pointsman.clock import ManualClock, SystemClock
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.snapshot import Freshness, Snapshot
from pointsman.services.feeds import CEILING, Feeds, Report, Source, Subscription, pause_after_failure
from pointsman.services.pace import Budget, Quota, sleeper
from support.cloud import failed

Shown = list[Snapshot[Any]]


class Fake:
    """A source whose answers a test decides."""

    def __init__(self, *values: Any, cadence: float | None = 2.0, **options: Any) -> None:
        self.values = list(values)
        self.reads = 0
        self.running = 0
        self.most = 0
        self.gate: asyncio.Event | None = None
        self.source: Source[Any] = Source(
            key="fake", read=self.read, cadence=lambda _: cadence, service="codepipeline", **options
        )

    async def read(self, report: Report[Any]) -> Any:
        self.reads += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.gate is not None:
                await self.gate.wait()
            value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
            if isinstance(value, Exception):
                raise value
            return value
        finally:
            self.running -= 1


@pytest.fixture
async def feeds(clock: ManualClock) -> AsyncIterator[Feeds]:
    made = Feeds(clock, chance=lambda: 0.5)
    yield made
    await made.close()


def collect() -> tuple[Shown, Callable[[Snapshot[Any]], None]]:
    seen: Shown = []
    return seen, seen.append


async def test_a_listener_hears_loading_then_the_value(feeds: Feeds) -> None:
    seen, listen = collect()
    feeds.subscribe(Fake("a").source, listen)
    await feeds.idle()
    assert [one.freshness for one in seen] == [Freshness.LOADING, Freshness.FRESH]


async def test_three_listeners_cost_one_call(feeds: Feeds) -> None:
    fake = Fake("a")
    for _ in range(3):
        feeds.subscribe(fake.source, lambda _: None)
    await feeds.idle()
    assert fake.reads == 1


async def test_it_is_read_again_when_the_cadence_says_so(feeds: Feeds, clock: ManualClock) -> None:
    fake = Fake("a", cadence=5.0)
    feeds.subscribe(fake.source, lambda _: None)
    await feeds.idle()
    clock.advance(4.9)
    await feeds.idle()
    assert fake.reads == 1
    clock.advance(0.1)
    await feeds.idle()
    assert fake.reads == 2


async def test_an_equal_value_wakes_nobody_but_moves_the_time(feeds: Feeds, clock: ManualClock) -> None:
    seen, listen = collect()
    held = feeds.subscribe(Fake("a").source, listen)
    await feeds.idle()
    clock.advance(2)
    await feeds.idle()
    assert len(seen) == 2
    assert held.snapshot.fetched_at == clock.now()


async def test_a_value_of_no_cadence_is_read_once_until_it_is_poked(feeds: Feeds, clock: ManualClock) -> None:
    fake = Fake("a", cadence=None)
    feeds.subscribe(fake.source, lambda _: None)
    await feeds.idle()
    clock.advance(3600)
    await feeds.idle()
    assert fake.reads == 1
    feeds.poke("fake")
    await feeds.idle()
    assert fake.reads == 2


async def test_the_last_good_value_stays_beside_a_fault_and_recovers(feeds: Feeds, clock: ManualClock) -> None:
    seen, listen = collect()
    fault = failed(FaultKind.THROTTLED)
    feeds.subscribe(Fake("a", fault, fault, "b").source, listen)
    await feeds.idle()
    for pause in (2, 4, 8):
        clock.advance(pause)
        await feeds.idle()
    assert [(one.value, one.failures) for one in seen[1:]] == [("a", 0), ("a", 1), ("a", 2), ("b", 0)]
    assert seen[2].freshness is Freshness.STALE
    assert seen[-1].fault is None


async def test_a_feed_never_gives_up(feeds: Feeds, clock: ManualClock) -> None:
    fake = Fake(failed(FaultKind.DENIED))
    held = feeds.subscribe(fake.source, lambda _: None)
    await feeds.idle()
    for _ in range(50):
        clock.advance(CEILING)
        await feeds.idle()
    assert fake.reads == 51
    assert held.snapshot.failures == 51


async def test_a_broken_reader_is_a_fault_on_its_pane(feeds: Feeds) -> None:
    held = feeds.subscribe(Fake(KeyError("name")).source, lambda _: None)
    await feeds.idle()
    assert held.snapshot.fault is not None
    assert "KeyError" in held.snapshot.fault.sentence


async def test_a_broken_listener_does_not_end_the_feed_of_the_others(feeds: Feeds) -> None:
    seen, listen = collect()

    def broken(snapshot: Snapshot[Any]) -> None:
        if snapshot.value is not None:
            raise RuntimeError("the screen is gone")

    fake = Fake("a")
    feeds.subscribe(fake.source, broken)
    feeds.subscribe(fake.source, listen)
    await feeds.idle()
    assert seen[-1].value == "a"


async def test_a_feed_never_overlaps_itself_and_a_poke_meanwhile_reads_once_more(feeds: Feeds) -> None:
    fake = Fake("a", cadence=None)
    fake.gate = asyncio.Event()
    feeds.subscribe(fake.source, lambda _: None)
    await asyncio.sleep(0)
    for _ in range(5):
        feeds.poke("fake")
        await asyncio.sleep(0)
    assert fake.reads == 1
    fake.gate.set()
    await feeds.idle()
    assert (fake.reads, fake.most) == (2, 1)


async def test_held_feeds_start_nothing_until_the_last_hold_is_released(feeds: Feeds, clock: ManualClock) -> None:
    fake = Fake("a")
    feeds.subscribe(fake.source, lambda _: None)
    await feeds.idle()
    first, second = feeds.hold(), feeds.hold()
    clock.advance(10)
    await feeds.idle()
    first()
    first()
    await asyncio.sleep(0)
    assert fake.reads == 1
    second()
    await feeds.idle()
    assert fake.reads == 2


async def test_the_last_listener_to_let_go_ends_the_polling(feeds: Feeds, clock: ManualClock) -> None:
    fake = Fake("a")
    held = feeds.subscribe(fake.source, lambda _: None)
    await feeds.idle()
    held.release()
    held.release()
    clock.advance(100)
    await feeds.idle()
    assert fake.reads == 1


async def test_who_comes_back_sees_what_was_known_and_reads_when_it_is_due(feeds: Feeds, clock: ManualClock) -> None:
    fake = Fake("a", cadence=5.0)
    feeds.subscribe(fake.source, lambda _: None).release()
    feeds.subscribe(fake.source, lambda _: None)
    await feeds.idle()
    held = feeds.subscribe(fake.source, lambda _: None)
    assert held.snapshot.value == "a"
    reads = fake.reads
    clock.advance(1)
    await feeds.idle()
    assert fake.reads == reads


async def test_of_a_kind_only_so_many_are_kept(feeds: Feeds) -> None:
    async def visited(key: Any) -> bool:
        """Look at a source; whether it was known."""
        seen, listen = collect()
        held = feeds.subscribe(replace(Fake("a").source, key=key, kept=2), listen)
        await feeds.idle()
        held.release()
        return seen[0].value == "a"

    for number in range(3):
        assert not await visited(("wall", number))
    assert not await visited(("other", 0))
    assert await visited(("wall", 2)) and await visited(("wall", 1)) and await visited(("other", 0))
    assert not await visited(("wall", 0)), "the one that was let go first"
    assert not await visited(("wall", 2)), "and now that one"


async def test_who_comes_back_to_a_read_that_was_cut_short_has_it_read_again(feeds: Feeds) -> None:
    fake = Fake("a")
    fake.gate = asyncio.Event()
    subscription = feeds.subscribe(fake.source, lambda _: None)
    while not fake.running:
        await asyncio.sleep(0)
    subscription.release()
    fake.gate.set()
    seen, listen = collect()
    feeds.subscribe(fake.source, listen)
    await feeds.idle()
    assert seen[-1].value == "a"


async def test_a_new_generation_drops_what_is_known_and_what_is_under_way(feeds: Feeds) -> None:
    seen, listen = collect()
    fake = Fake("old", "new", cadence=None)
    fake.gate = asyncio.Event()
    feeds.subscribe(fake.source, listen)
    await asyncio.sleep(0)
    fake.values = ["new"]
    feeds.forget()
    assert seen[-1].freshness is Freshness.LOADING
    fake.gate.set()
    await feeds.idle()
    assert [one.value for one in seen] == [None, None, "new"]


async def test_a_late_report_of_an_older_generation_is_dropped(feeds: Feeds) -> None:
    seen, listen = collect()
    reports: list[Report[Any]] = []

    async def read(report: Report[Any]) -> Any:
        reports.append(report)
        return f"value {len(reports)}"

    feeds.subscribe(Source("late", read, lambda _: None, "logs"), listen)
    await feeds.idle()
    feeds.forget()
    await feeds.idle()
    reports[0]("late", "")
    assert seen[-1].value == "value 2"


async def test_a_partial_value_is_shown_on_the_way(feeds: Feeds) -> None:
    seen, listen = collect()

    async def read(report: Report[Any]) -> Any:
        report((1,), "1 of 2 read")
        await asyncio.sleep(0)
        return (1, 2)

    feeds.subscribe(Source("some", read, lambda _: 20.0, "logs"), listen)
    await feeds.idle()
    assert [(one.value, one.partial) for one in seen] == [(None, ""), ((1,), "1 of 2 read"), ((1, 2), "")]


async def test_a_value_of_cadence_nought_is_read_on_at_once(feeds: Feeds) -> None:
    values = iter(range(4))

    async def read(_: Report[int]) -> int:
        return next(values)

    held = feeds.subscribe(Source("on", read, lambda value: None if value == 3 else 0.0, "logs"), lambda _: None)
    await feeds.idle()
    assert held.snapshot.value == 3


async def test_a_billed_read_runs_once_a_minute_unless_poked(feeds: Feeds, clock: ManualClock) -> None:
    fake = Fake("a", cadence=2.0, billed=True)
    feeds.subscribe(fake.source, lambda _: None)
    await feeds.idle()
    clock.advance(59)
    await feeds.idle()
    assert fake.reads == 1
    feeds.poke()
    await feeds.idle()
    assert fake.reads == 2


@given(failures=st.integers(1, 500), base=st.one_of(st.none(), st.floats(0, 60)))
def test_the_pause_doubles_per_failure_up_to_its_ceiling(failures: int, base: float | None) -> None:
    pause = pause_after_failure(base, failures, FaultKind.THROTTLED)
    assert 0 < pause <= CEILING
    assert pause <= pause_after_failure(base, failures + 1, FaultKind.THROTTLED)
    assert pause_after_failure(base, failures, FaultKind.EXPIRED) <= 10


STEPS = st.lists(
    st.sampled_from(["subscribe", "release", "advance", "poke", "hold", "go on", "forget", "fail", "mend", "turn"]),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_a_feed_never_overlaps_itself_and_comes_back(steps: list[str]) -> None:
    asyncio.run(_live_through(steps))


async def _live_through(steps: list[str]) -> None:
    clock = ManualClock()
    feeds = Feeds(clock, chance=lambda: 0.5)
    fake = Fake("a")
    held: list[Subscription[Any]] = []
    pauses: list[Callable[[], None]] = []
    for step in steps:
        if step == "subscribe":
            held.append(feeds.subscribe(fake.source, lambda _: None))
        elif step == "release" and held:
            held.pop().release()
        elif step == "advance":
            clock.advance(3)
        elif step == "poke":
            feeds.poke()
        elif step == "hold":
            pauses.append(feeds.hold())
        elif step == "go on" and pauses:
            pauses.pop()()
        elif step == "forget":
            feeds.forget()
        elif step in ("fail", "mend"):
            fake.values = [failed(FaultKind.TIMEOUT) if step == "fail" else "b"]
        await asyncio.sleep(0)
    for release in pauses:
        release()
    fake.values = ["end"]
    last = feeds.subscribe(fake.source, lambda _: None)
    clock.advance(CEILING)
    await feeds.idle()
    assert last.snapshot.value == "end"
    assert last.snapshot.fault is None
    assert fake.most <= 1
    for one in [*held, last]:
        one.release()
    reads = fake.reads
    clock.advance(CEILING)
    await feeds.idle()
    assert (fake.reads, fake.running) == (reads, 0)
    await feeds.close()


async def test_a_budget_lets_a_burst_through_and_then_our_share(clock: ManualClock) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock.advance(seconds)

    budget = Budget(clock, sleep, {"logs": Quota(10, "test")})
    for _ in range(10):
        await budget.take("logs")
    assert waited == []
    for _ in range(5):
        await budget.take("logs")
    assert sum(waited) == pytest.approx(5 / 2.5, abs=0.01)
    await budget.take("something else", 1000)


async def test_waiting_on_a_manual_clock_ends_when_somebody_moves_it(clock: ManualClock) -> None:
    sleep = sleeper(clock)
    waiting = asyncio.ensure_future(sleep(5))
    await asyncio.sleep(0)
    await asyncio.to_thread(clock.advance, 4)
    await asyncio.sleep(0)
    assert not waiting.done()
    await asyncio.to_thread(clock.advance, 1)
    await waiting
    assert sleeper(SystemClock()) is asyncio.sleep


async def test_closing_ends_every_feed(clock: ManualClock) -> None:
    feeds = Feeds(clock)
    fake = Fake("a")
    fake.gate = asyncio.Event()
    feeds.subscribe(fake.source, lambda _: None)
    await asyncio.sleep(0)
    await feeds.close()
    await feeds.idle()
    assert fake.running == 0


def test_call_failed_carries_its_fault() -> None:
    assert isinstance(failed(FaultKind.DENIED), CallFailed)


async def test_a_quick_read_is_told_once_and_whole() -> None:
    async def read(report: Callable[[int, str], None]) -> int:
        report(1, "1 of 2 read")
        report(2, "2 of 3 read")
        return 3

    told: list[tuple[int | None, str]] = []
    feeds = Feeds(ManualClock(), gather=5)
    source = Source(("quick",), read, lambda _: None, "codepipeline")
    feeds.subscribe(source, lambda snapshot: told.append((snapshot.value, snapshot.partial)))
    await feeds.idle()
    assert told[-1] == (3, "")
    assert all(value in (None, 3) for value, _ in told)
    await feeds.close()
