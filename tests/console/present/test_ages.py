"""Ages step rarely, countdowns show seconds only at the end, and both know when they change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.clock import EPOCH
from pointsman.console.present import ages
from pointsman.console.present.look import Draw


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "now"), (1.9, "now"), (2, "2s"), (4, "2s"), (5, "5s"), (29, "10s"), (59, "30s"), (60, "1m"), (3599, "59m"),
     (3600, "1h"), (86399, "23h"), (86400 * 3, "3d")],
)  # fmt: skip
def test_age_steps(seconds: float, said: str) -> None:
    assert ages.age(EPOCH, EPOCH + timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0s"), (0.2, "1s"), (59, "59s"), (60, "1m"), (2280, "38m"), (7200, "2h"), (86400 * 6, "6d")],
)
def test_countdown_shows_seconds_only_in_the_last_minute(seconds: float, said: str) -> None:
    assert ages.countdown(EPOCH + timedelta(seconds=seconds), EPOCH) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0s"), (41.9, "41s"), (252, "4m12s"), (3780, "1h03m"), (86400 * 2 + 4 * 3600, "2d04h")]
)
def test_durations(seconds: float, said: str) -> None:
    assert ages.duration(timedelta(seconds=seconds)) == said


moments = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4))
tick = timedelta(microseconds=1)


@given(moments)
def test_an_age_reads_the_same_until_it_changes_and_differs_then(passed: timedelta) -> None:
    now = EPOCH + passed
    change = ages.age_changes(EPOCH, now)
    assert change > now
    assert ages.age(EPOCH, change - tick) == ages.age(EPOCH, now)
    assert ages.age(EPOCH, change) != ages.age(EPOCH, now)


@given(st.timedeltas(min_value=tick, max_value=timedelta(days=4)))
def test_a_countdown_reads_the_same_until_it_changes_and_differs_then(left: timedelta) -> None:
    end = EPOCH + left
    change = ages.countdown_changes(end, EPOCH)
    assert change is not None
    assert change > EPOCH
    if change - tick > EPOCH:
        assert ages.countdown(end, change - tick) == ages.countdown(end, EPOCH)
    assert ages.countdown(end, change) != ages.countdown(end, EPOCH)


def test_a_countdown_that_has_ended_never_changes() -> None:
    assert ages.countdown_changes(EPOCH, EPOCH) is None


@given(moments)
def test_a_stepped_age_moves_only_when_the_shown_age_does(passed: timedelta) -> None:
    now = EPOCH + passed
    stepped = ages.age_stepped(EPOCH, now)
    assert stepped <= now
    assert ages.age(EPOCH, stepped) == ages.age(EPOCH, now)


def test_a_drawing_remembers_the_first_change_of_all_it_drew() -> None:
    draw = Draw(EPOCH)
    assert draw.due is None
    assert draw.age(EPOCH - timedelta(hours=2)) == "2h"
    assert draw.countdown(EPOCH + timedelta(seconds=30)) == "30s"
    assert draw.due == EPOCH + timedelta(seconds=1)
    assert draw.age(None) == ""
