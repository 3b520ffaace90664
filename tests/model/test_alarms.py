"""What follows from an alarm's values and history."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pointsman.clock import EPOCH
from pointsman.model.alarms import (
    Alarm,
    AlarmHistory,
    AlarmList,
    Change,
    Mute,
    bounds_of,
    firings,
    named,
    newly,
    timeline,
    worst_first,
)
from pointsman.model.metrics import MetricQuery, Series
from pointsman.model.refs import AlarmRef
from pointsman.semantics.metrics.alarm_evaluation import Rule

DAY = timedelta(days=1)
REF = AlarmRef("a")


def change(hours: float, before: str, after: str) -> Change:
    return Change(REF, EPOCH - timedelta(hours=hours), "StateUpdate", "", before, after)


def alarm(state: str, **more: object) -> Alarm:
    return Alarm(REF, state=state, **more)  # type: ignore[arg-type]


def test_a_day_is_what_was_in_force_in_each_part_and_the_worst_of_it() -> None:
    changes = (change(6, "OK", "ALARM"), change(12, "ALARM", "OK"), change(12.5, "OK", "ALARM"))
    parts = timeline(alarm("ALARM", since=EPOCH - timedelta(hours=6)), changes, EPOCH, DAY, 24)
    assert parts == ["OK"] * 11 + ["ALARM"] + ["OK"] * 6 + ["ALARM"] * 6


def test_without_changes_it_was_what_it_is_since_it_is() -> None:
    assert timeline(alarm("OK", since=EPOCH - timedelta(days=9)), (), EPOCH, DAY, 4) == ["OK"] * 4
    young = timeline(alarm("OK", since=EPOCH - timedelta(hours=6)), (), EPOCH, DAY, 4)
    assert young == ["", "", "", "OK"], "what it was before is not known"


@given(st.lists(st.floats(0, 30), max_size=20), st.integers(0, 60))
def test_a_timeline_has_as_many_parts_as_it_is_told(hours: list[float], count: int) -> None:
    changes = tuple(change(one, "OK", "ALARM") for one in sorted(hours))
    assert len(timeline(alarm("ALARM"), changes, EPOCH, DAY, count)) == count


def test_what_a_rule_names() -> None:
    rule = 'ALARM("a b") OR NOT OK(arn:aws:cloudwatch:eu-west-1:1:alarm:c) AND AT_LEAST(1, ALARM, (d, e))'
    assert named(rule) >= {"a b", "c"}
    assert named("nonsense((") == frozenset()


def test_worst_first() -> None:
    quiet = Mute("m")
    made = [
        Alarm(AlarmRef("ok"), state="OK"),
        Alarm(AlarmRef("old"), state="ALARM", since=EPOCH - DAY),
        Alarm(AlarmRef("new"), state="ALARM", since=EPOCH),
        Alarm(AlarmRef("quiet"), state="ALARM", since=EPOCH, muted=quiet),
        Alarm(AlarmRef("silent"), state="INSUFFICIENT_DATA"),
    ]
    assert [one.ref.name for one in worst_first(made)] == ["new", "old", "quiet", "silent", "ok"]
    assert AlarmList(tuple(made)).get(AlarmRef("old")) is made[1]


def test_it_would_have_fired_when_enough_periods_breached() -> None:
    begin = EPOCH.timestamp()
    values = [1.0] * 10 + [9.0] * 5 + [1.0] * 10 + [9.0]
    series = Series(MetricQuery(None), "", tuple(begin + at * 60 for at in range(len(values))), tuple(values))
    rule = Rule(3, 2, "GreaterThanThreshold", "notBreaching")
    found = firings(rule, 5.0, series, 60, begin, begin + len(values) * 60)
    assert [(int(one.start - begin), int(one.end - begin) if one.end else None) for one in found] == [(720, 1020)]
    single = firings(Rule(1, 1, "GreaterThanThreshold"), 5.0, series, 60, begin, begin + len(values) * 60)
    assert len(single) == 2
    assert single[-1].end is None


def test_news_is_what_came_into_alarm_since_the_last_whole_list() -> None:
    ok, firing = Alarm(AlarmRef("a"), state="OK"), Alarm(AlarmRef("a"), state="ALARM")
    muted = Alarm(AlarmRef("a"), state="ALARM", muted=Mute("m"))
    suppressed = Alarm(AlarmRef("a"), state="ALARM", suppressed_by="Alarm")
    other = Alarm(AlarmRef("b"), state="ALARM")
    assert newly(None, AlarmList((firing,))) == ()
    assert newly(AlarmList((ok,)), AlarmList((firing,))) == (firing,)
    assert newly(AlarmList((firing,)), AlarmList((firing, other))) == (other,), "made since, and in ALARM at once"
    assert newly(AlarmList((ok,)), AlarmList((muted,))) == ()
    assert newly(AlarmList((muted,)), AlarmList((firing,))) == (), "the end of a mute is no news"
    assert newly(AlarmList((ok,)), AlarmList((suppressed,))) == ()


def history(*hours: int, more: bool = False) -> AlarmHistory:
    return AlarmHistory(tuple(change(one, "OK", "ALARM") for one in hours), more)


def test_a_history_read_in_parts_is_one_and_says_whether_there_is_more() -> None:
    newest, older, oldest = history(1, 2, more=True), history(2, 3, 4, more=True), history(4, 5)
    both = newest.joined(older)
    assert both == history(1, 2, 3, 4, more=True)
    everything = both.joined(oldest)
    assert everything == history(1, 2, 3, 4, 5)
    later = history(0, 1, more=True).joined(everything)
    assert later == history(0, 1, 2, 3, 4, 5), "what is read again does not take away what was read on demand"
    assert history(1).joined(AlarmHistory()) == history(1) == AlarmHistory().joined(history(1))


@given(st.lists(st.integers(0, 60), max_size=30), st.lists(st.integers(0, 60), max_size=30))
def test_joined_histories_lose_nothing_and_are_in_order(some: list[int], others: list[int]) -> None:
    found = history(*sorted(some)).joined(history(*sorted(others)))
    times = [one.at for one in found.changes if one.at is not None]
    assert times == sorted(times, reverse=True)
    assert set(found.changes) == set(history(*some, *others).changes)


def test_the_bounds_of_a_band_are_known_where_both_are_whichever_comes_first() -> None:
    upper = Series(MetricQuery(None), "", (0.0, 60.0, 120.0), (5.0, 6.0, 7.0))
    lower = Series(MetricQuery(None), "", (60.0, 120.0, 180.0), (1.0, 2.0, 3.0))
    assert bounds_of((upper, lower)) == bounds_of((lower, upper)) == {60: (1.0, 6.0), 120: (2.0, 7.0)}
    assert bounds_of(()) == bounds_of((upper,)) == {}


def test_a_value_without_bounds_counts_as_none() -> None:
    series = Series(MetricQuery(None), "", (0.0, 60.0, 120.0), (9.0, 9.0, 9.0))
    rule = Rule(1, 1, "GreaterThanUpperThreshold", "notBreaching")
    assert firings(rule, {}, series, 60, 0, 180) == ()
    (found,) = firings(rule, {60: (0.0, 5.0)}, series, 60, 0, 180)
    assert found.start == 120.0
