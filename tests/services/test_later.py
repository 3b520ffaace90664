"""Services that are made when they are first asked for something."""

from __future__ import annotations

import threading

import pytest

from pointsman.operations.registry import Registry, default_registry
from pointsman.services.later import Later, later


class Service:
    made = 0

    def __init__(self) -> None:
        type(self).made += 1

    def answer(self) -> int:
        return 42


def test_it_is_made_once_by_whoever_asks_first() -> None:
    Service.made = 0
    one = later(Service)
    assert Service.made == 0
    threads = [threading.Thread(target=one.answer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (one.answer(), Service.made) == (42, 1)


def test_it_can_be_made_before_it_is_asked() -> None:
    Service.made = 0
    one = Later(Service)
    assert one.now() is one.now() and Service.made == 1


def test_what_could_not_be_made_is_tried_again() -> None:
    tries: list[int] = []

    def make() -> Service:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("not yet")
        return Service()

    one = later(make)
    with pytest.raises(OSError, match="not yet"):
        one.answer()
    assert one.answer() == 42


def test_a_registry_is_filled_at_the_first_question() -> None:
    asked: list[int] = []
    known = list(default_registry())

    def operations() -> list[object]:
        asked.append(1)
        return list(known)

    registry = Registry(operations)  # type: ignore[arg-type]
    assert not asked
    assert len(registry) == len(known) and registry.get(known[0].id) is known[0]
    assert registry.of(known[0].target) and asked == [1]
