"""Frames on links of every kind: light ones are not delayed, heavy ones do not pile up."""

from __future__ import annotations

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.console.output.meter import WINDOW, Meter
from pointsman.console.output.pace import PATIENCE, SLACK, Allowance, Pace


class Link:
    """A link and the terminal behind it, on a clock of its own."""

    def __init__(self, rate: float, trip: float, *, answers: bool = True) -> None:
        self.rate, self.trip, self.answers = rate, trip, answers
        self.pace = Pace()
        self.now = 0.0
        self.free = 0.0
        self.acknowledged: list[float] = []
        self.send(8)
        self.run(trip + 0.05)

    def send(self, count: int) -> float:
        """When its last byte is on the screen."""
        self.pace.sent(self.now, count)
        self.free = max(self.free, self.now) + count / self.rate
        shown = self.free + self.trip / 2
        if self.answers:
            heapq.heappush(self.acknowledged, shown + self.trip / 2)
        return shown

    def run(self, seconds: float) -> None:
        """Let time pass, and answers come."""
        until = self.now + seconds
        while self.acknowledged and self.acknowledged[0] <= until:
            self.now = heapq.heappop(self.acknowledged)
            self.pace.acknowledged(self.now)
        self.now = until

    def wait(self) -> float:
        """Until the pace lets another frame go; seconds."""
        begun = self.now
        while (left := self.pace.wait(self.now)) > 0:
            soonest = self.acknowledged[0] - self.now if self.acknowledged else left
            self.run(min(left, max(soonest, 0.0)) + 1e-6)
        return self.now - begun


def play(link: Link, size: int, times: int, every: float = 1 / 30) -> tuple[float, int]:
    """Frames that come so often, of which only the last that waits is sent.

    Returns:
        How long after it came the last was shown, and how many were sent.
    """
    shown, sent, begun = 0.0, 0, link.now
    pending = False
    for number in range(times):
        due = begun + number * every
        while link.now < due:
            if pending and link.pace.wait(link.now) <= 0:
                shown, sent, pending = link.send(size), sent + 1, False
            link.run(min(0.001, due - link.now))
        pending = True
    last = link.now
    if pending:
        link.wait()
        shown, sent = link.send(size), sent + 1
    return shown - last, sent


@given(rate=st.floats(20_000, 1e7), trip=st.floats(0.0001, 0.5))
def test_light_frames_are_never_delayed_on_a_link_that_keeps_up(rate: float, trip: float) -> None:
    link = Link(rate, trip)
    for _ in range(40):
        assert link.wait() == 0
        link.send(400)
        link.run(1 / 30)


@pytest.mark.parametrize("trip", [0.02, 0.1, 0.4])
def test_heavy_frames_do_not_pile_up(trip: float) -> None:
    link = Link(14_375, trip)
    play(link, 2000, 3)  # it learns what the link can do
    link.run(5)
    behind, sent = play(link, 2000, 60)
    alone = 2000 / 14_375 + trip / 2
    assert behind <= alone + 2000 / 14_375 + SLACK + 0.03
    assert 10 <= sent <= 20, "what the link can take is used"


def test_a_link_of_which_nothing_is_known_is_not_flooded() -> None:
    link = Link(2000, 0.1)
    behind, _ = play(link, 5000, 30)
    assert behind < 5000 * 3 / 2000 + 1


@given(
    rate=st.floats(500, 1e6),
    trip=st.floats(0.0001, 1.0),
    sizes=st.lists(st.integers(1, 20_000), min_size=1, max_size=20),
    gaps=st.lists(st.floats(0, 1), min_size=20, max_size=20),
)
def test_a_wait_ends_when_everything_is_acknowledged(
    rate: float, trip: float, sizes: list[int], gaps: list[float]
) -> None:
    link = Link(rate, trip)
    for size, gap in zip(sizes, gaps, strict=False):
        link.wait()
        link.send(size)
        link.run(gap)
    link.run(sum(sizes) / rate + trip + 1)
    assert link.pace.on_the_way == 0
    assert link.pace.wait(link.now) == 0


def test_a_terminal_that_stops_answering_is_not_waited_for_for_ever() -> None:
    link = Link(14_375, 0.1)
    link.send(5000)
    link.run(2)
    link.answers = False
    link.send(50_000)
    assert 0 < link.wait() <= PATIENCE + 50_000 / 14_375 * 1.2


def test_a_question_that_is_not_understood_is_passed_over() -> None:
    pace = Pace()
    pace.sent(0, 10, "mode")
    pace.sent(0, 10, "cursor")
    assert pace.expects("mode")
    pace.acknowledged(0.1, "cursor")
    assert pace.on_the_way == 0
    assert not pace.expects("mode")
    pace.acknowledged(0.2, "mode")  # late, and asked by nobody
    assert pace.trip == pytest.approx(0.1)


def test_the_rate_is_what_the_link_takes() -> None:
    link = Link(14_375, 0.1)
    for _ in range(10):
        link.send(3000)
        link.run(1)
    assert link.pace.rate == pytest.approx(14_375, rel=0.1)
    assert link.pace.trip == pytest.approx(0.1, rel=0.05)


def test_an_allowance_caps_frames_and_bytes() -> None:
    allowance, now, sent, count = Allowance(5, 4000), 0.0, 0, 0
    while now < 20:
        wait = allowance.wait(now)
        if wait <= 0:
            allowance.sent(now, 3000)
            sent, count = sent + 3000, count + 1
        now += max(wait, 0.001)
    assert sent <= 20 * 4000 + 2 * 4000 + 3000
    assert sent >= 20 * 4000 * 0.9
    light = Allowance(5, 4000)
    light.sent(0, 10)
    assert light.wait(0) == pytest.approx(0.2)
    assert light.wait(0.2) == 0


def test_the_meter_looks_back_a_few_seconds() -> None:
    meter = Meter()
    for second in range(10):
        meter.add(second, 500)
    assert meter.total == 5000
    assert meter.per_second(9) == pytest.approx(500, rel=0.25)
    assert meter.per_second(9 + WINDOW + 0.1) == 0
