"""Who waits for the world is woken by what it waits for, and by nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from pointsman.clock import ManualClock
from pointsman.local import Backend
from pointsman.local.world import Scope, World

LONG = 20.0


@pytest.fixture
def scope() -> Iterator[Scope]:
    """A world that nobody drives: what it is told to carry out waits."""
    with Backend(clock=ManualClock()) as backend:
        world = backend.world
        world.wait(0)
        yield world.scope("123456789012", "us-east-1")


def waited(world: World, seconds: float) -> float:
    begun = time.monotonic()
    world.wait(seconds)
    return time.monotonic() - begun


def set_timer(scope: Scope) -> None:
    with scope.world.transaction():
        scope.after(60, "nobody listens")


def test_a_transaction_that_sets_no_timer_wakes_nobody(scope: Scope) -> None:
    with scope.world.transaction():
        scope.next_number("anything")
    assert waited(scope.world, 0.05) >= 0.05


def test_a_timer_wakes_who_waits(scope: Scope) -> None:
    threading.Timer(0.05, set_timer, [scope]).start()
    assert waited(scope.world, LONG) < LONG / 2


def test_a_timer_set_just_before_the_wait_is_not_missed(scope: Scope) -> None:
    set_timer(scope)
    assert waited(scope.world, LONG) < LONG / 2
    assert waited(scope.world, 0.05) >= 0.05


def test_a_timer_of_a_transaction_within_another_counts(scope: Scope) -> None:
    with scope.world.transaction():
        set_timer(scope)
    assert waited(scope.world, LONG) < LONG / 2


def test_a_timer_that_was_taken_back_wakes_nobody(scope: Scope) -> None:
    def broken() -> None:
        with scope.world.transaction():
            scope.after(60, "nobody listens")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert waited(scope.world, 0.05) >= 0.05


def test_what_follows_a_transaction_hides_no_timer_of_it(scope: Scope) -> None:
    def follow() -> None:
        with scope.world.transaction():
            scope.next_number("anything")

    with scope.world.transaction():
        scope.after(60, "nobody listens")
        scope.world.after_commit(follow)
    assert waited(scope.world, LONG) < LONG / 2


def test_a_due_timer_is_carried_out_by_the_wall_clock() -> None:
    with Backend() as backend:
        world = backend.world
        done = threading.Event()
        world.on("told", lambda scope, payload: done.set())
        time.sleep(0.05)  # its thread has gone to sleep
        with world.transaction():
            scope = world.scope(backend.account, "us-east-1")
            scope.at(scope.now + timedelta(seconds=0.05), "told")
        assert done.wait(3)  # before the clock is looked at in any case
