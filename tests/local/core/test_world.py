"""The world: transactions, timers, facts, jobs, ids."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from pointsman.clock import ManualClock
from pointsman.local.store.blobs import MemoryBlobs
from pointsman.local.store.database import Database
from pointsman.local.world import Scope, World


class Note(msgspec.Struct, frozen=True):
    text: str


@pytest.fixture
def world(clock: ManualClock) -> World:
    made = World(clock, Database(None), MemoryBlobs(), seed=1, patience=5)
    clock.drive(made)
    return made


@pytest.fixture
def scope(world: World) -> Scope:
    return world.scope("123456789012", "eu-west-1")


def test_a_transaction_that_raises_leaves_no_record_no_timer_and_no_after_commit(world: World, scope: Scope) -> None:
    ran: list[str] = []

    def attempt() -> None:
        with world.transaction():
            scope.put("a", Note("kept?"))
            scope.after(1, "never")
            world.after_commit(lambda: ran.append("after"))
            raise ValueError

    with pytest.raises(ValueError):
        attempt()
    assert scope.get(Note, "a") is None
    assert world.next_due() is None
    with world.transaction():
        pass
    assert ran == []


def test_an_inner_transaction_joins_the_outer_one(world: World, scope: Scope) -> None:
    def attempt() -> None:
        with world.transaction():
            with world.transaction():
                scope.put("a", Note("x"))
            raise KeyError

    with pytest.raises(KeyError):
        attempt()
    assert scope.get(Note, "a") is None


def test_timers_fire_in_time_order_each_at_its_own_time(world: World, scope: Scope, clock: ManualClock) -> None:
    start = clock.now()
    seen: list[tuple[float, str]] = []

    def hear(at: Scope, payload: dict[str, Any]) -> None:
        seen.append(((at.now - start).total_seconds(), payload["name"]))

    world.on("ring", hear)
    with world.transaction():
        scope.after(5, "ring", {"name": "second"})
        scope.after(2, "ring", {"name": "first"})
        scope.after(99, "ring", {"name": "later"})
    clock.advance(10)
    assert seen == [(2.0, "first"), (5.0, "second")]


def test_a_timer_with_a_key_replaces_its_namesake_and_can_be_cancelled(
    world: World, scope: Scope, clock: ManualClock
) -> None:
    seen: list[str] = []
    world.on("ring", lambda _, payload: seen.append(payload["name"]))
    with world.transaction():
        scope.after(1, "ring", {"name": "old"}, key="k")
        scope.after(3, "ring", {"name": "new"}, key="k")
        scope.after(3, "ring", {"name": "gone"}, key="other")
        scope.cancel("other")
    clock.advance(5)
    assert seen == ["new"]


def test_a_failing_timer_is_dropped_and_the_world_goes_on(world: World, scope: Scope, clock: ManualClock) -> None:
    seen: list[str] = []

    def broken(_: Scope, __: dict[str, Any]) -> None:
        raise RuntimeError("broken")

    world.on("bad", broken)
    world.on("good", lambda _, __: seen.append("good"))
    with world.transaction():
        scope.after(1, "bad")
        scope.after(2, "good")
    clock.advance(3)
    assert seen == ["good"]
    assert world.next_due() is None


def test_settle_waits_for_jobs_and_for_what_follows_from_them(world: World, scope: Scope) -> None:
    seen: list[Any] = []
    gate = threading.Event()

    def work() -> dict[str, Any]:
        assert gate.wait(5)
        return {"answer": 42}

    def hear(at: Scope, payload: dict[str, Any]) -> None:
        seen.append(payload)
        if len(seen) == 1:
            at.job("done", lambda: {"answer": 43})

    world.on("done", hear)
    with world.transaction():
        scope.job("done", work)
    threading.Timer(0.05, gate.set).start()
    world.settle()
    assert seen == [{"answer": 42}, {"answer": 43}]


def test_a_failing_job_reports_its_sentence(world: World, scope: Scope) -> None:
    seen: list[Any] = []
    world.on("done", lambda _, payload: seen.append(payload))

    def work() -> dict[str, Any]:
        from pointsman.local.world import JobFailed

        raise JobFailed("no such branch")

    with world.transaction():
        scope.job("done", work)
    world.settle()
    assert seen == [{"error": "no such branch"}]


def test_scans_follow_key_order_prefix_and_limits(scope: Scope) -> None:
    for key in ("a/2", "a/1", "b/1", "a/3"):
        scope.put(key, Note(key))
    assert [key for key, _ in scope.scan(Note, "a/")] == ["a/1", "a/2", "a/3"]
    assert [key for key, _ in scope.scan(Note, "a/", reverse=True, limit=2)] == ["a/3", "a/2"]
    assert [key for key, _ in scope.scan(Note, "a/", after="a/1")] == ["a/2", "a/3"]
    assert scope.delete(Note, "a/2")
    assert not scope.delete(Note, "a/2")
    assert [key for key, _ in scope.scan(Note)] == ["a/1", "a/3", "b/1"]


def test_numbers_never_repeat(scope: Scope) -> None:
    assert [scope.next_number("builds") for _ in range(3)] == [1, 2, 3]
    assert scope.next_number("other") == 1


@pytest.mark.parametrize("make", [lambda: World(ManualClock(), Database(None), MemoryBlobs(), seed=7)])
def test_ids_are_predictable_with_a_seed(make: Callable[[], World]) -> None:
    assert make().uuid() == make().uuid()
    assert make().uuid()[14] == "4"


def test_timers_survive_the_process(tmp_path: Any, clock: ManualClock) -> None:
    path = tmp_path / "state.db"
    world = World(clock, Database(path), MemoryBlobs(), seed=1)
    with world.transaction():
        world.scope("1", "r").after(60, "ring", {"n": 1})
    world.database.close()
    again = World(clock, Database(path), MemoryBlobs(), seed=1)
    assert again.next_due() == clock.now() + timedelta(seconds=60)
    assert path.stat().st_mode & 0o777 == 0o600
    again.database.close()
