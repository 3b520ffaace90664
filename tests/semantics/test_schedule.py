"""Deployment windows: what a cron expression matches, and when it next does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.schedule import is_open, next_opening, parse, zone

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "when", "is_it"),
    [
        ("* * 9-16 ? * MON-FRI *", "2026-01-05 09:00:00", True),
        ("* * 9-16 ? * MON-FRI *", "2026-01-05 16:59:59", True),
        ("* * 9-16 ? * MON-FRI *", "2026-01-05 17:00:00", False),
        ("* * 9-16 ? * MON-FRI *", "2026-01-04 12:00:00", False),
        ("* * * ? * 2-6", "2026-01-05 03:00:00", True),
        ("* * * ? * 1", "2026-01-04 03:00:00", True),
        ("* * * ? * FRI-MON", "2026-01-04 03:00:00", True),
        ("* * * ? * FRI-MON", "2026-01-06 03:00:00", False),
        ("* 0/15 * * * ?", "2026-01-05 03:45:10", True),
        ("* 0/15 * * * ?", "2026-01-05 03:46:10", False),
        ("* */20 * * * ?", "2026-01-05 03:40:00", True),
        ("* * * L * ?", "2026-02-28 00:00:00", True),
        ("* * * L * ?", "2028-02-28 00:00:00", False),
        ("* * * L-2 * ?", "2026-01-29 00:00:00", True),
        ("* * * LW * ?", "2026-01-30 00:00:00", True),
        ("* * * 1W * ?", "2026-08-03 00:00:00", True),
        ("* * * 15W * ?", "2026-08-14 00:00:00", True),
        ("* * * ? * 6L", "2026-01-30 00:00:00", True),
        ("* * * ? * 6L", "2026-01-23 00:00:00", False),
        ("* * * ? * 3#2", "2026-01-13 00:00:00", True),
        ("* * * ? * 3#2", "2026-01-06 00:00:00", False),
        ("* * * ? JAN,mar *", "2026-03-06 00:00:00", True),
        ("* * * ? JAN,mar *", "2026-02-06 00:00:00", False),
        ("* * * ? * * 2027-2028", "2026-02-06 00:00:00", False),
        ("cron(* * 9 ? * *)", "2026-02-06 09:30:00", True),
    ],
)
def test_what_matches(cron: str, when: str, is_it: bool) -> None:
    assert is_open(parse(cron), at(when), UTC) is is_it


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("* * *", "6 fields"),
        ("60 * * ? * *", "seconds"),
        ("* 99 * ? * *", "minutes"),
        ("* * 24 ? * *", "hours"),
        ("* * * 0 * ?", "day-of-month"),
        ("* * * ? 13 *", "month"),
        ("* * * ? * FUN", "day-of-week"),
        ("* * * ? * 2#6", "day-of-week"),
        ("* * * ? * * 1900", "year"),
        ("* * * ? * ?", "only one of"),
        ("* */0 * ? * *", "minutes"),
        ("* ５ * ? * *", "minutes"),
        ("", "6 fields"),
    ],
)
def test_what_cannot_be_read_says_which_field(cron: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(cron)


@pytest.mark.parametrize("name", ["Mars/Base", "../etc/passwd", "\0", "Europe"])
def test_a_time_zone_must_exist(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        zone(name)
    assert zone("") is UTC


def test_a_window_opens_by_the_clock_of_its_zone() -> None:
    cron = parse("* * 9-16 ? * MON-FRI *")
    assert next_opening(cron, at("2026-01-02 16:00:00"), BERLIN) == at("2026-01-05 08:00:00")
    assert next_opening(cron, at("2026-07-01 03:00:00"), BERLIN) == at("2026-07-01 07:00:00")
    assert next_opening(cron, at("2026-07-01 09:00:00"), BERLIN) == at("2026-07-01 09:00:00")


def test_clock_changes_neither_invent_an_opening_nor_lose_one() -> None:
    spring = parse("* 30 2 ? * *")  # 29 March 2026 has no 02:30 in Berlin
    assert next_opening(spring, at("2026-03-28 12:00:00"), BERLIN) == at("2026-03-30 00:30:00")
    autumn = parse("* 30 2 ? * *")  # 25 October 2026 has two
    assert next_opening(autumn, at("2026-10-24 12:00:00"), BERLIN) == at("2026-10-25 00:30:00")
    assert next_opening(autumn, at("2026-10-25 00:31:00"), BERLIN) == at("2026-10-25 01:30:00")


def test_a_window_that_never_opens_says_so() -> None:
    assert next_opening(parse("* * * 31 2 ?"), at("2026-01-01 00:00:00"), UTC) is None
    assert next_opening(parse("* * * ? * * 2030"), at("2026-01-01 00:00:00"), UTC) is None


FIELDS = st.tuples(
    st.sampled_from(["*", "0", "0/20"]),
    st.sampled_from(["*", "0", "15-20", "*/7"]),
    st.sampled_from(["*", "9-16", "23", "0,12"]),
    st.sampled_from(["?", "1", "L", "10-20"]),
    st.sampled_from(["*", "FEB", "3-5"]),
    st.just("*") | st.sampled_from(["MON-FRI", "1", "6L"]),
)
MOMENTS = st.integers(0, 730 * 86_400).map(lambda seconds: at("2026-01-01 00:00:00") + timedelta(seconds=seconds))


@given(FIELDS, MOMENTS, st.sampled_from(["", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"]))
def test_the_next_opening_is_open_and_nothing_before_it_is(fields: tuple[str, ...], now: datetime, name: str) -> None:
    cron, where = parse(" ".join(fields)), zone(name)
    found = next_opening(cron, now, where, days=800)
    if found is None:
        return
    assert found >= now
    assert is_open(cron, found, where)
    assert not is_open(cron, found - timedelta(seconds=1), where) or found - timedelta(seconds=1) < now
    gap = found - now
    for part in range(1, 40):
        between = now + gap * part / 40
        assert (
            between >= found
            or not is_open(cron, between.replace(microsecond=0), where)
            or between.replace(microsecond=0) < now
        )
