"""Sparklines and plots: as wide as they are told, gaps as gaps, whatever the values are."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console import metering
from pointsman.clock import EPOCH
from pointsman.console.present.amounts import amount
from pointsman.console.present.cells import plain, width
from pointsman.console.present.glyphs import ASCII, UNICODE, Glyphs
from pointsman.console.present.look import Draw
from pointsman.console.present.metrics import MetricRow, reading, trend
from pointsman.console.present.plot import Chart, chart, legend
from pointsman.console.present.sparkline import sparkline
from pointsman.model.metrics import MetricQuery, Release, Series, Threshold

HOUR = timedelta(hours=1)
START = EPOCH - HOUR
ASKED = MetricQuery(metering.CPU)


def series(*values: float | None, period: int = 60) -> Series:
    """Values from the beginning of the hour on; None is a gap."""
    points = [(START.timestamp() + at * period, one) for at, one in enumerate(values) if one is not None]
    return Series(ASKED, "", tuple(time for time, _ in points), tuple(value for _, value in points))


VALUES = st.lists(
    st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True, width=64), st.just(1e308), st.just(-1e308)),
    max_size=60,
)


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (None, "", ""),
        (0.0, "", "0"),
        (86.23, "Percent", "86.2%"),
        (1240, "", "1.24k"),
        (999_960, "", "1M"),
        (0.00031, "", "3.1e-4"),
        (0.25, "Seconds", "0.25s"),
        (1e300, "", "1.0e300"),
        (math.inf, "", "inf"),
        (-42, "Count", "-42"),
        (3.2e9, "Bytes", "3.2GB"),
        (7, "Furlongs", "7Furlongs"),
    ],
)
def test_values_are_said_in_few_cells(value: float | None, unit: str, said: str) -> None:
    assert amount(value, unit) == said


@given(st.floats(allow_nan=False))
def test_any_value_is_said_in_few_cells(value: float) -> None:
    assert 1 <= len(amount(value)) <= 9


def test_a_gap_is_a_gap_and_the_shape_is_the_values() -> None:
    said = plain(sparkline(series(*[1.0] * 20, *[None] * 20, *[8.0] * 20), START, EPOCH, 6, UNICODE))
    assert said == "▂▂  ██"


def test_a_spike_of_one_period_shows_however_wide_the_parts_are() -> None:
    values = [1.0] * 30 + [9.0] + [1.0] * 29
    assert plain(sparkline(series(*values), START, EPOCH, 4, UNICODE)) == "▂▂█▂"


def test_what_breaches_and_what_went_out_stand_out() -> None:
    limit = Threshold("a", metering.CPU, "GreaterThanThreshold", 5.0)
    bad = Release(START + timedelta(minutes=25), "checkout", "rollback")
    fine = Release(START + timedelta(minutes=55), "checkout", "pipeline")
    cells = sparkline(
        series(*[1.0] * 10, *[9.0] * 10, *[None] * 20, *[1.0] * 20),
        START,
        EPOCH,
        6,
        UNICODE,
        thresholds=(limit,),
        releases=(bad, fine),
    )
    assert cells == (("▂", "bar"), ("█", "tone.failed"), ("╎", "mark"), (" ", "bar.track"), ("▂", "bar"), ("▂", "mark"))


@given(VALUES, st.integers(0, 130), st.sampled_from([UNICODE, ASCII]))
def test_a_sparkline_is_as_wide_as_it_is_told(values: list[float | None], room: int, glyphs: Glyphs) -> None:
    assert width(sparkline(series(*values), START, EPOCH, room, glyphs)) == room


@given(VALUES, VALUES, st.integers(20, 120), st.integers(4, 40), st.sampled_from([UNICODE, ASCII]), st.booleans())
def test_a_plot_is_as_large_as_it_is_told(
    one: list[float | None], two: list[float | None], room: int, height: int, glyphs: Glyphs, stacked: bool
) -> None:
    limit = Threshold("a", metering.CPU, "LessThanThreshold", 3.0)
    went = Release(START + timedelta(minutes=7), "a-service-with-a-long-name", "deployment")
    both = (series(*one), series(*two))
    drawn = Chart(both, START, EPOCH, "Percent", 60, (limit,), (went,), START + HOUR / 2, stacked)
    lines = chart(drawn, Draw(EPOCH, glyphs), room, height)
    assert len(lines) == max(height, 5)
    assert all(width(line) <= max(room, 13) for line in lines)
    assert all(width(line) <= room for line in legend(drawn, Draw(EPOCH, glyphs), room))


def test_a_plot_says_its_bounds_its_times_and_what_went_out() -> None:
    went = Release(START + timedelta(minutes=30), "checkout", "rollback")
    drawn = Chart((series(*range(60)),), START, EPOCH, "Percent", 60, (), (went,))
    said = [plain(line) for line in chart(drawn, Draw(EPOCH), 80, 14)]
    assert "▼rollback checkout" in said[0]
    assert said[1].lstrip().startswith("59%")
    assert said[11].lstrip().startswith("0%")
    assert said[-1].split()[0] == "08:00"
    assert said[-1].rstrip().endswith("UTC")
    columns = [line.find("⠁") for line in said]
    assert any(column > 0 for column in columns) or any("⡀" in line for line in said)


def test_a_second_axis_has_its_own_bounds_and_its_own_thresholds() -> None:
    other = Series(MetricQuery(metering.ORDERS), "", series(1, 2, 3).times, (1000.0, 2000.0, 3000.0))
    limits = (
        Threshold("low", metering.CPU, "GreaterThanThreshold", 2.0, "OK", "Average", 60),
        Threshold("high", metering.ORDERS, "GreaterThanThreshold", 2500.0, "OK", "Average", 60),
    )
    both = Chart((series(1, 2, 3), other), START, EPOCH, thresholds=limits)
    split = replace(both, right=frozenset({1}))
    one = [plain(line) for line in chart(both, Draw(EPOCH), 60, 12)]
    apart = [plain(line) for line in chart(split, Draw(EPOCH), 60, 12)]
    assert one[1].split()[0] == "3k" and apart[1].split()[0] == "3" and apart[1].split()[-1] == "3k"
    assert all(len(line) <= 60 for line in apart)
    names = [plain(line) for line in legend(split, Draw(EPOCH), 80)]
    assert ["right axis" in name for name in names[:2]] == [False, True]
    sides = [[limit.alarm for limit in split.side(right=right).thresholds] for right in (False, True)]
    assert sides == [["low"], ["high"]]


def test_stacked_series_lie_upon_each_other() -> None:
    one, two = series(*[10.0] * 60), series(*[5.0] * 60)
    said = [plain(line) for line in chart(Chart((one, two), START, EPOCH, stacked=True), Draw(EPOCH), 60, 12)]
    assert said[1].lstrip().startswith("15")


def test_a_legend_reads_what_the_cursor_is_at() -> None:
    drawn = Chart((series(1.0, None, 3.0),), START, EPOCH, "", 60, cursor=START + timedelta(minutes=2))
    assert "3" in plain(legend(drawn, Draw(EPOCH), 80)[0]).split("  min")[0]
    gap = replace(drawn, cursor=START + timedelta(minutes=1))
    assert "gap" in plain(legend(gap, Draw(EPOCH), 80)[0])


def test_the_cursor_reads_value_breach_and_release() -> None:
    limit = Threshold("too-hot", metering.CPU, "GreaterThanThreshold", 2.0)
    went = Release(START + timedelta(minutes=2, seconds=30), "checkout", "deployment")
    at = START + timedelta(minutes=2)
    row = MetricRow(metering.CPU, START, EPOCH, 60, "p90", series(1.0, 1.0, 7.0), (limit,), (went,), cursor=at)
    said = plain(reading(row, Draw(EPOCH)))
    for words in ("08:02Z", "p90 of CPUUtilization", "7", "> 2 of too-hot", "deployment checkout"):
        assert words in said


def test_a_trend_compares_the_newest_quarter_with_the_rest() -> None:
    assert trend(series(*[10.0] * 30, *[15.0] * 10)) == pytest.approx(0.5)
    assert trend(series(1.0)) == 0
    assert trend(series(*[0.0] * 8)) == 0
    assert trend(series(math.inf, 1e308, -1e308, 1e308)) == trend(series())
