"""ManualClock: stands, moves from event to event, never goes back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.clock import EPOCH, ManualClock


class Queue:
    def __init__(self, clock: ManualClock, dues: list[float]) -> None:
        self.clock = clock
        self.dues = sorted(EPOCH + timedelta(seconds=due) for due in dues)
        self.fired: list[tuple[datetime, datetime]] = []

    def next_due(self) -> datetime | None:
        return self.dues[0] if self.dues else None

    def settle(self) -> None:
        while self.dues and self.dues[0] <= self.clock.now():
            self.fired.append((self.dues.pop(0), self.clock.now()))


@given(st.lists(st.floats(0, 100), max_size=20), st.lists(st.floats(0, 50), max_size=5))
def test_every_event_fires_at_its_own_time_whatever_the_steps(dues: list[float], steps: list[float]) -> None:
    clock = ManualClock()
    queue = Queue(clock, dues)
    clock.drive(queue)
    for step in [0.0, *steps]:
        clock.advance(step)
    assert all(due == at for due, at in queue.fired)
    assert all(due > clock.now() for due in queue.dues)


def test_it_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="back"):
        ManualClock().advance(-1)
