"""Schedules: rates, cron expressions as EventBridge has them, and when each is due next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.semantics.events.schedules import Rate, Times, following, parse

START = datetime(2026, 1, 5, 9, 30, 10, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("cron(0 10 * * ? *)", "2026-01-05 10:00"),
        ("cron(15 12 * * ? *)", "2026-01-05 12:15"),
        ("cron(0 18 ? * MON-FRI *)", "2026-01-05 18:00"),
        ("cron(0 8 1 * ? *)", "2026-02-01 08:00"),
        ("cron(0/15 * * * ? *)", "2026-01-05 09:45"),
        ("cron(0/10 * ? * MON-FRI *)", "2026-01-05 09:40"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-01-05 09:35"),
        ("cron(0/30 20-2 ? * MON-FRI *)", "2026-01-05 20:00"),
        ("cron(5,35 14 * * ? *)", "2026-01-05 14:05"),
        ("cron(15 10 ? * 6L 2026-2027)", "2026-01-30 10:15"),
        ("cron(0 0 ? * 3#2 *)", "2026-01-13 00:00"),
        ("cron(0 0 29 2 ? *)", "2028-02-29 00:00"),
        ("cron(0 0 1 1 ? 2190)", "2190-01-01 00:00"),
        ("rate(1 minute)", "2026-01-05 09:31:10"),
        ("rate(5 minutes)", "2026-01-05 09:35:10"),
        ("rate(1 hour)", "2026-01-05 10:30:10"),
        ("rate(2 days)", "2026-01-07 09:30:10"),
    ],
)
def test_the_next_time(text: str, due: str) -> None:
    assert following(parse(text), START, START) == at(due)


def test_a_schedule_that_is_over_is_never_due() -> None:
    assert following(parse("cron(0 0 1 1 ? 2020)"), START, START) is None
    assert following(parse("cron(0 0 30 2 ? *)"), START, START) is None
    assert following(parse("rate(999999999 days)"), START, START) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "rate\\(value unit\\)"),
        ("every day", "rate\\(value unit\\)"),
        ("rate(5 minute)", "the unit is minutes"),
        ("rate(1 hours)", "the unit is hour"),
        ("rate(0 minutes)", "at least 1"),
        ("rate(-1 minutes)", "whole number"),
        ("rate(1.5 hours)", "whole number"),
        ("rate(5 seconds)", "whole number"),
        ("cron(* * * * *)", "6 fields"),
        ("cron(* * * * * *)", "must be \\?"),
        ("cron(* * ? * ? *)", "must be \\?"),
        ("cron(? * * * ? *)", "only day-of-month"),
        ("cron(60 * * * ? *)", "minutes"),
        ("cron(0 0 * 13 ? *)", "month"),
        ("cron(0 0 * * ? 1900)", "year"),
    ],
)
def test_what_is_no_schedule_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(text)


NUMBERS = st.sampled_from(["*", "0", "7", "0/15", "5,35", "8-17", "20-2"])
HOURS = st.sampled_from(["*", "0", "7", "0/6", "5,22", "8-17", "20-2"])
DAYS = st.sampled_from(
    [("*", "?"), ("L", "?"), ("15W", "?"), ("1,31", "?"), ("?", "MON-FRI"), ("?", "6L"), ("?", "2#1")]
)
MOMENTS = st.integers(0, 6 * 365 * 86400 * 1000).map(lambda ms: at("2024-01-01") + timedelta(milliseconds=ms))


@settings(deadline=None)
@given(NUMBERS, HOURS, DAYS, st.sampled_from(["*", "2", "JUN-AUG"]), MOMENTS)
def test_between_now_and_the_next_time_no_minute_is_due(
    minutes: str, hours: str, days: tuple[str, str], months: str, now: datetime
) -> None:
    schedule = parse(f"cron({minutes} {hours} {days[0]} {months} {days[1]} *)")
    assert isinstance(schedule, Times)
    due = following(schedule, now, now)
    assert due is not None
    assert due > now
    assert due.second == due.microsecond == 0
    cron = schedule.cron

    def names(moment: datetime) -> bool:
        return moment.minute in cron.minutes and moment.hour in cron.hours and cron.on(moment.date())

    assert names(due)
    first = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    count = min(int((due - first).total_seconds() // 60), 2000)
    assert not any(names(first + timedelta(minutes=step)) for step in range(count))
    assert not any(names(due - timedelta(minutes=step)) for step in range(1, count))


@given(st.integers(1, 10**6), st.sampled_from(["minute", "hour", "day"]), MOMENTS, st.integers(0, 10**9))
def test_a_rate_is_due_in_whole_steps_from_its_beginning(value: int, unit: str, since: datetime, gone: int) -> None:
    schedule = parse(f"rate({value} {unit}{'s' if value > 1 else ''})")
    assert isinstance(schedule, Rate)
    now = since + timedelta(seconds=gone)
    due = following(schedule, since, now)
    if due is not None:
        assert now < due <= now + timedelta(seconds=schedule.seconds)
        assert (due - since).total_seconds() % schedule.seconds == 0
