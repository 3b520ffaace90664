"""What operations on alarms send, and what they say would have come of other settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from operations import alarming
from pointsman.clock import EPOCH
from pointsman.model.alarms import Alarm, AlarmState, Change, named, standings
from pointsman.model.metrics import MetricQuery, Series
from pointsman.model.refs import AlarmRef
from pointsman.operations import alarm_preview
from pointsman.operations.alarm_settings import changed, kind, settings_of
from pointsman.operations.alarms import mute_name
from pointsman.operations.preview import answer_problems, changes, with_defaults
from pointsman.operations.registry import default_registry
from pointsman.semantics.metrics import mutes
from pointsman.services.reads import alarms as reader
from support.generate import answer
from support.shapes import service_model

REGISTRY = default_registry()


def planned(operation: str, state: Any, **answers: str) -> dict[str, Any]:
    return REGISTRY.get(operation).plan(state, alarming.REF, answers).parameters


def preview(state: AlarmState, answers: dict[str, str]) -> tuple[str, ...]:
    assert state.alarm is not None
    return alarm_preview.preview(state, changed(settings_of(state.alarm), answers))


def test_an_edit_leaves_what_it_does_not_ask_as_it_is() -> None:
    sent = planned("alarm.edit", alarming.firing(), **alarming.SETTINGS)
    assert sent["AlarmActions"] == [alarming.SNS]
    assert sent["AlarmDescription"] == "too many errors"
    assert sent["ActionsEnabled"] is True
    assert (sent["Threshold"], sent["Statistic"], sent["DatapointsToAlarm"]) == (8.5, "Sum", 2)
    quiet = planned("alarm.edit", alarming.state(alarming.alarm(actions_enabled=False)), **alarming.SETTINGS)
    assert quiet["ActionsEnabled"] is False, "an edit must not switch actions on"


def test_a_percentile_is_an_extended_statistic_and_keeps_its_few_samples() -> None:
    state = alarming.state(alarming.alarm(stat="p99", low_samples="ignore"))
    sent = planned("alarm.edit", state, **{**alarming.SETTINGS, "stat": "p99"})
    assert sent["ExtendedStatistic"] == "p99"
    assert "Statistic" not in sent
    assert sent["EvaluateLowSampleCountPercentile"] == "ignore"


def test_a_mute_holds_at_once_and_for_as_long_as_was_asked() -> None:
    sent = planned("alarm.mute", alarming.firing(), minutes="90", why="")
    schedule = sent["Rule"]["Schedule"]
    read = mutes.read(schedule["Expression"], schedule["Duration"], schedule["Timezone"])
    until = read.until(EPOCH)
    assert until is not None
    assert 90 * 60 <= (until - EPOCH).total_seconds() <= 91 * 60
    assert sent["Name"] == mute_name("checkout", EPOCH)
    assert sent["MuteTargets"] == {"AlarmNames": ["checkout"]}


@pytest.mark.parametrize("minutes", ["1", "59", "60", "61", "1440", "21600"])
def test_every_length_of_a_mute_is_one_cloudwatch_takes(minutes: str) -> None:
    schedule = planned("alarm.mute", alarming.firing(), minutes=minutes)["Rule"]["Schedule"]
    mutes.read(schedule["Expression"], schedule["Duration"], schedule["Timezone"])


def test_ending_a_mute_says_whom_else_it_held() -> None:
    lines = REGISTRY.get("alarm.unmute").consequences(alarming.MUTED, alarming.REF, {})
    assert "It mutes others, too: billing." in lines


def test_a_preview_says_when_settings_would_have_fired() -> None:
    said = preview(alarming.firing(), {**alarming.SETTINGS})
    assert said == ("It would have fired once in the last 24 hours: 19:02-19:13Z.",)
    calm = preview(alarming.firing(), {**alarming.SETTINGS, "threshold": "20"})
    assert calm == ("It would not have fired in the last 24 hours.",)
    still = preview(alarming.firing(), {**alarming.SETTINGS, "comparison": "LessThanThreshold"})
    assert "until now" in still[0]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"threshold": ""}, "Fill in every setting"),
        ({"threshold": "many"}, "Fill in every setting"),
        ({"datapoints": "4"}, "4 of 3 periods cannot be"),
        ({"period": "300"}, "is being looked at: one GetMetricData"),
        ({"stat": "p99"}, "is being looked at: one GetMetricData"),
    ],
)
def test_a_preview_says_what_it_cannot_say(changed: dict[str, str], said: str) -> None:
    assert said in preview(alarming.firing(), {**alarming.SETTINGS, **changed})[0]


def test_fields_say_what_is_wrong_with_an_answer() -> None:
    fields = {one.name: one for one in REGISTRY.get("alarm.edit").fields(alarming.firing(), alarming.REF)}
    assert fields["threshold"].check("x") == "give a number"
    assert fields["threshold"].check("1e999") == "give a finite number"
    assert fields["period"].check("45") is not None
    assert fields["period"].check("10") is None
    assert fields["stat"].check("p101") is not None
    assert fields["stat"].check("tm90") is None
    assert fields["periods"].check("0") is not None


def test_a_new_alarm_that_tells_nobody_says_so() -> None:
    lines = REGISTRY.get("alarm.create").consequences(
        alarming.prospect(), alarming.METRIC, {**alarming.SETTINGS, "name": "errors", "alarm_actions": ""}
    )
    assert "Nobody will hear of it: it has no action." in lines


@pytest.mark.parametrize("name", ["datapoints", "periods", "period", "threshold"])
@pytest.mark.parametrize("typed", ["", "-", "1e", "x"])
def test_a_half_typed_form_is_planned_all_the_same(name: str, typed: str) -> None:
    planned("alarm.edit", alarming.firing(), **{**alarming.SETTINGS, name: typed})


def test_a_preview_that_would_hold_up_the_console_is_not_worked_out() -> None:
    lines = preview(alarming.firing(), {**alarming.SETTINGS, "periods": "1440", "datapoints": "2"})
    assert "not worked out" in lines[0]


# -- nothing of an alarm is lost


def edited(made: Alarm, **answers: str) -> dict[str, Any]:
    """What editing an alarm would send, with the form's own answers for what is not given."""
    operation = REGISTRY.get("alarm.edit-composite" if made.composite else "alarm.edit")
    state = AlarmState(made.ref, made)
    given = with_defaults(operation.fields(state, made.ref), answers)
    assert answer_problems(operation.fields(state, made.ref), given) == ()
    return operation.plan(state, made.ref, given).parameters


def told(kind: str, **members: Any) -> Alarm:
    (made,) = reader.alarms({kind: [{"AlarmName": "checkout", **members}]})
    return made


STAT = {"Metric": {"Namespace": "Shop", "MetricName": "Errors"}, "Period": 300, "Stat": "Sum"}
LIMIT: dict[str, Any] = {"EvaluationPeriods": 3, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 5.0}
QUERY = told("MetricAlarms", **LIMIT, Metrics=[{"Id": "m1", "MetricStat": STAT, "AccountId": "999999999999"}])
MATH = told(
    "MetricAlarms",
    **LIMIT,
    Metrics=[
        {"Id": "e1", "Expression": "m1 / m2", "Label": "rate", "Period": 300},
        {"Id": "m1", "MetricStat": STAT, "ReturnData": False},
        {"Id": "m2", "MetricStat": {**STAT, "Unit": "Count"}, "ReturnData": False, "AccountId": "999999999999"},
    ],
)
BAND = told(
    "MetricAlarms",
    EvaluationPeriods=2,
    ComparisonOperator="GreaterThanUpperThreshold",
    ThresholdMetricId="ad1",
    Metrics=[
        {"Id": "m1", "MetricStat": STAT, "ReturnData": True},
        {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2.5)", "Label": "expected", "ReturnData": True},
    ],
)
COMPOSITE = told(
    "CompositeAlarms",
    AlarmRule="ALARM(a)\nOR ALARM(b)",
    ActionsSuppressor="maintenance",
    ActionsSuppressorWaitPeriod=0,
    ActionsSuppressorExtensionPeriod=60,
    ActionsEnabled=False,
    AlarmActions=[alarming.SNS],
)


@pytest.mark.parametrize("kind", ["MetricAlarm", "CompositeAlarm"])
def test_everything_that_can_be_set_and_is_told_is_kept(kind: str) -> None:
    asked = set(service_model("cloudwatch").operation_model(f"Put{kind}").input_shape.members)
    shown = set(service_model("cloudwatch").shape_for(kind).members)
    kept = reader.METRIC_SETTINGS if kind == "MetricAlarm" else reader.COMPOSITE_SETTINGS
    assert set(kept) == asked & shown
    assert asked - shown == {"Tags"}, "what DescribeAlarms does not tell would be lost"


@pytest.mark.parametrize("keep", [0.3, 0.7, 1.0])
def test_an_edit_that_changes_nothing_sends_an_alarm_as_it_is(keep: float) -> None:
    seen = set()
    for seed in range(300):
        for made in reader.alarms(answer("cloudwatch", "DescribeAlarms", seed, keep)):
            settings = settings_of(made)
            operation = REGISTRY.get("alarm.edit-composite" if made.composite else "alarm.edit")
            state = AlarmState(made.ref, made)
            given = with_defaults(operation.fields(state, made.ref), {})
            sent = operation.plan(state, made.ref, given).parameters
            assert {name: sent.get(name) for name in settings} == settings
            # What CloudWatch always tells of an alarm with a threshold is said where this made-up one lacks it.
            said = {"DatapointsToAlarm", "TreatMissingData", "EvaluationPeriods"}
            assert set(sent) - set(settings) <= said
            operation.consequences(state, made.ref, given)
            seen.add(kind(settings))
    assert {"composite", "other"} <= seen


@pytest.mark.parametrize("made", [QUERY, MATH, BAND, COMPOSITE, alarming.alarm()], ids=lambda one: one.expression)
def test_every_kind_of_alarm_is_sent_as_it_is(made: Alarm) -> None:
    sent, settings = edited(made), settings_of(made)
    added = {"DatapointsToAlarm", "TreatMissingData"}
    assert {name: value for name, value in sent.items() if name in settings or name not in added} == settings


def test_a_metric_of_another_account_stays_one() -> None:
    (query,) = edited(QUERY, stat="p99", period="60", threshold="7")["Metrics"]
    assert query["MetricStat"] == {**STAT, "Stat": "p99", "Period": 60}
    assert query["AccountId"] == "999999999999"


def test_metric_math_is_edited_with_one_period_for_all_of_it() -> None:
    sent = edited(MATH, expression="m1 / (m1 + m2)", period="60", threshold="0.5")
    first, *others = sent["Metrics"]
    assert (first["Expression"], first["Period"], first["Label"]) == ("m1 / (m1 + m2)", 60, "rate")
    assert [one["MetricStat"]["Period"] for one in others] == [60, 60]
    assert others[1]["MetricStat"]["Unit"] == "Count"
    assert sent["Threshold"] == 0.5
    slow = {"Id": "m3", "MetricStat": {**STAT, "Period": 60}, "ReturnData": False}
    mixed = told("MetricAlarms", **LIMIT, Metrics=[*settings_of(MATH)["Metrics"][:2], slow])
    names = [one.name for one in REGISTRY.get("alarm.edit").fields(AlarmState(mixed.ref, mixed), mixed.ref)]
    assert "period" not in names, "several periods are kept as they are"
    assert edited(mixed)["Metrics"] == settings_of(mixed)["Metrics"]


def test_a_band_is_made_wider_and_keeps_its_query() -> None:
    sent = edited(BAND, width="3", stat="Average", comparison="LessThanLowerThreshold")
    measured, band = sent["Metrics"]
    assert band["Expression"] == "ANOMALY_DETECTION_BAND(m1, 3)"
    assert (band["Label"], sent["ThresholdMetricId"]) == ("expected", "ad1")
    assert measured["MetricStat"]["Stat"] == "Average"
    assert "Threshold" not in sent
    assert edited(BAND)["Metrics"] == settings_of(BAND)["Metrics"]


def test_a_composite_keeps_its_suppressor_and_waits_or_loses_them_together() -> None:
    sent = edited(COMPOSITE, rule="ALARM(a)")
    assert (sent["ActionsSuppressor"], sent["ActionsSuppressorWaitPeriod"]) == ("maintenance", 0)
    assert sent["ActionsSuppressorExtensionPeriod"] == 60
    assert sent["ActionsEnabled"] is False
    without = edited(COMPOSITE, suppressor="")
    assert not [name for name in without if name.startswith("ActionsSuppressor")]


def test_description_and_actions_are_changed_and_emptied() -> None:
    other = "arn:aws:sns:eu-west-1:123456789012:other"
    sent = edited(alarming.alarm(), description="one\ntwo", ok_actions=f" {other}\n\n{alarming.SNS}", alarm_actions="")
    assert sent["AlarmDescription"] == "one\ntwo"
    assert sent["OKActions"] == [other, alarming.SNS]
    assert "AlarmActions" not in sent
    lines = REGISTRY.get("alarm.edit").consequences(alarming.firing(), alarming.REF, {"alarm_actions": ""})
    assert any("Nobody will hear of it any more" in one for one in lines)


def test_what_cannot_be_edited_here_keeps_all_but_what_it_means_and_whom_it_tells() -> None:
    made = told("MetricAlarms", EvaluationCriteria={"PromQLCriteria": {"Query": "up == 0"}}, EvaluationInterval=60)
    sent = edited(made, description="down")
    assert sent["EvaluationCriteria"] == {"PromQLCriteria": {"Query": "up == 0"}}
    assert sent["AlarmDescription"] == "down"


@pytest.mark.parametrize(
    ("operation", "name", "typed", "said"),
    [
        ("alarm.edit-composite", "rule", "ALARM(a) ANDD ALARM(b)", "column 10"),
        ("alarm.edit-composite", "rule", "ALARM(a)\nOR (OK(b)", "ends too early"),
        ("alarm.edit-composite", "rule", "ALARM(a)\nOR OK b", "line 2, column 7"),
        ("alarm.edit-composite", "wait", "-1", "seconds"),
        ("alarm.create-math", "expression", "m1 +* 2", "column 5"),
        ("alarm.create-math", "more", "m2 = Shop", "is not NAME"),
        ("alarm.create-math", "more", "m1 = Shop | Orders", "something else already"),
        ("alarm.create-band", "width", "0", "more than 0"),
        ("alarm.create", "alarm_actions", "oncall", "not an ARN"),
        ("alarm.create", "alarm_actions", "\n".join(f"arn:aws:sns:eu:{at}" for at in range(6)), "at most 5"),
        ("alarm.create", "name", "x" * 256, "255"),
        ("alarm.create", "description", "x" * 1025, "1,024"),
        ("alarm.mute", "begins", "tomorrow", "2026-01-31T09:30"),
        ("alarm.mute", "minutes", "²", "how many minutes"),
        ("alarm.mute", "minutes", "9" * 5000, "how many minutes"),
    ],
)
def test_a_form_says_where_an_answer_is_wrong(operation: str, name: str, typed: str, said: str) -> None:
    state, ref, _ = alarming.RUNS[operation]
    field = next(one for one in REGISTRY.get(operation).fields(state, ref) if one.name == name)
    assert said in (field.check(typed) or "")


@given(st.data())
def test_no_half_typed_form_stumbles(data: st.DataObject) -> None:
    operation = REGISTRY.get(data.draw(st.sampled_from(sorted(name for name in alarming.RUNS if "alarm." in name))))
    state, ref, _ = alarming.RUNS[operation.id]
    answers = with_defaults(operation.fields(state, ref), {})
    for field in operation.fields(state, ref):
        if not field.choices:
            answers[field.name] = data.draw(st.text("0123456789.-e|=m1 (ALARM)\nx²", max_size=12))
    answer_problems(operation.fields(state, ref), answers)
    operation.plan(state, ref, answers)
    operation.consequences(state, ref, answers)


# -- what is made


def test_a_math_alarm_has_the_metric_and_the_others() -> None:
    state, ref, answers = alarming.RUNS["alarm.create-math"]
    sent = REGISTRY.get("alarm.create-math").plan(state, ref, answers).parameters
    rate, errors, orders = sent["Metrics"]
    assert rate == {"Id": "e1", "Expression": "m1 / m2 * 100", "ReturnData": True}
    assert errors["MetricStat"]["Period"] == orders["MetricStat"]["Period"] == 60
    assert errors["MetricStat"]["Metric"]["MetricName"] == "Errors"
    assert errors["MetricStat"]["Stat"] == orders["MetricStat"]["Stat"] == "Sum"
    assert orders["MetricStat"]["Metric"] == {
        "Namespace": "Shop",
        "MetricName": "Orders",
        "Dimensions": [{"Name": "Region", "Value": "eu"}],
    }
    assert sent["Threshold"] == 8.5


def test_a_band_alarm_is_held_against_the_band() -> None:
    state, ref, answers = alarming.RUNS["alarm.create-band"]
    sent = REGISTRY.get("alarm.create-band").plan(state, ref, answers).parameters
    measured, band = sent["Metrics"]
    assert (measured["MetricStat"]["Stat"], measured["MetricStat"]["Period"]) == ("p90", 300)
    assert (sent["ThresholdMetricId"], band["Expression"]) == ("ad1", "ANOMALY_DETECTION_BAND(m1, 3)")
    assert "Threshold" not in sent


def test_a_band_s_preview_goes_by_the_bounds_that_are_known() -> None:
    settings = settings_of(BAND)
    asked = alarm_preview.question(settings)
    assert asked is not None
    assert (asked.id, asked.band, asked.period, asked.metrics) == ("m1", "ad1", 300, 1)
    begin = EPOCH.timestamp() - 86_400
    times = tuple(begin + at * 300 for at in range(288))
    series = Series(MetricQuery(None), "", times, tuple(9.0 if 100 <= at < 110 else 3.0 for at in range(288)))
    upper, lower = (Series(MetricQuery(None), "", times, (bound,) * 288) for bound in (5.0, 1.0))
    state = AlarmState(BAND.ref, BAND, series, EPOCH, looked=asked.text, band=(upper, lower))
    said = alarm_preview.preview(state, settings)
    assert said[0] == "It would have fired once in the last 24 hours: 17:30-18:15Z."
    assert any("By the band as CloudWatch draws it now" in one for one in said)
    below = {**settings, "ComparisonOperator": "LessThanLowerThreshold"}
    assert alarm_preview.preview(state, below)[0] == "It would not have fired in the last 24 hours."
    unknown = replace(state, band=(upper,))
    assert "no band yet" in alarm_preview.preview(unknown, settings)[0]


def test_a_new_composite_begins_with_the_alarm_however_it_is_called() -> None:
    ref = AlarmRef('odd "name" \\ (x)')
    fields = {one.name: one for one in REGISTRY.get("alarm.create-composite").fields(alarming.firing(), ref)}
    assert fields["rule"].check(fields["rule"].default) is None
    assert named(fields["rule"].default) == {ref.name}


def test_replacing_an_alarm_is_said() -> None:
    state, ref, answers = alarming.RUNS["alarm.create"]
    there = replace(state, others=(("errors", "OK"),), named=("errors",))
    assert any("will be replaced" in one for one in REGISTRY.get("alarm.create").consequences(there, ref, answers))
    assert not any("replaced" in one for one in REGISTRY.get("alarm.create").consequences(state, ref, answers))


# -- what it would have come to


def test_a_preview_is_in_the_zone_of_the_console_and_says_what_it_cost() -> None:
    berlin = replace(alarming.firing(), zone=ZoneInfo("Europe/Berlin"), cost="1 GetMetricData over 1 metric, $0.00001")
    (said,) = preview(berlin, alarming.SETTINGS)
    assert said == (
        "It would have fired once in the last 24 hours: 20:02-20:13 CET (read with 1 GetMetricData over 1 metric, "
        "$0.00001)."
    )


def test_a_preview_says_what_it_does_not_know() -> None:
    firing = alarming.firing()
    assert firing.series is not None
    cut = replace(firing, series=replace(firing.series, partial=True))
    assert any("Not all of its values" in one for one in preview(cut, alarming.SETTINGS))
    failed = replace(firing, series=None, problem="not allowed")
    assert "is not known: not allowed" in preview(failed, alarming.SETTINGS)[0]
    empty = replace(firing, series=replace(firing.series, times=(), values=()))
    assert any("no values at all" in one for one in preview(empty, alarming.SETTINGS))


def test_a_composite_says_how_it_would_stand_and_which_alarms_there_are_not() -> None:
    state = AlarmState(COMPOSITE.ref, COMPOSITE, others=(("a", "ALARM"),), named=("a", "b"))
    lines = preview(state, {"rule": "ALARM(a) AND NOT OK(b)"})
    assert lines[0] == "With its alarms as they are now it would be in ALARM."
    assert "In ALARM now: a." in lines
    assert any("There is no alarm b" in one for one in lines)
    assert "are not read" in preview(AlarmState(COMPOSITE.ref, COMPOSITE), {})[0]
    assert preview(state, {"rule": "OK(a)"})[0] == "With its alarms as they are now it would be OK."


def updated(name: str, hours: float, before: str, after: str) -> Change:
    return Change(AlarmRef(name), EPOCH - timedelta(hours=hours), "StateUpdate", "", before, after)


def test_a_composite_says_when_it_would_have_fired_by_the_histories_of_its_alarms() -> None:
    now = (("a", "OK"), ("b", "ALARM"))
    past = (
        updated("b", 1, "OK", "ALARM"),
        updated("a", 3, "ALARM", "OK"),
        updated("b", 4, "ALARM", "OK"),
        updated("a", 5, "OK", "ALARM"),
        updated("b", 6, "OK", "ALARM"),
    )
    known = AlarmState(
        COMPOSITE.ref, COMPOSITE, end=EPOCH, others=now, named=("a", "b"), past=past, since=EPOCH - timedelta(days=1)
    )

    def said(rule: str, state: AlarmState = known) -> str:
        return preview(state, {"rule": rule})[-1]

    assert said("ALARM(a) AND ALARM(b)") == "It would have fired once in the last 24 hours: 04:00-05:00Z."
    both = said("ALARM(a) OR ALARM(b)")
    assert "fired 2 times" in both and both.endswith("03:00-06:00Z, 08:00Z until now.")
    assert said("ALARM(a) AND OK(a)") == "It would not have fired in the last 24 hours."
    assert "09:00Z until now" in said("OK(a) OR ALARM(a)"), "it held all the time"
    short = replace(known, since=EPOCH - timedelta(hours=2), past=past[:1])
    assert said("ALARM(b)", short).endswith("Their histories were read back to 07:00Z only.")
    assert "could not be read" in said("ALARM(a)", replace(known, past=None))


NAMES = ("a", "b", "c")
STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.sampled_from(NAMES), st.sampled_from(STATES)), max_size=30),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(STATES)),
)
def test_when_a_rule_held_is_what_a_look_at_each_moment_says(
    moves: list[tuple[int, str, str]], first: dict[str, str]
) -> None:
    states = {name: first.get(name, "OK") for name in NAMES}
    past: list[Change] = []
    trace: list[tuple[int, dict[str, str]]] = [(0, dict(states))]
    for at, name, after in sorted(moves, key=lambda one: one[0]):
        past.append(Change(AlarmRef(name), datetime.fromtimestamp(at, UTC), "StateUpdate", "", states[name], after))
        states[name] = after
        trace.append((at, dict(states)))

    def rule(known: Mapping[str, str]) -> bool:
        return known["a"] == "ALARM" or known["b"] == known["c"] == "ALARM"

    found = standings(rule, states, past[::-1], 0, 1000)
    for moment in range(0, 1000, 7):
        then = next(known for at, known in reversed(trace) if at <= moment)
        held = any(one.start <= moment and (one.end is None or moment < one.end) for one in found)
        assert held == rule(then), moment


def test_a_mute_that_was_looked_at_for_a_minute_goes_out_as_it_was_shown() -> None:
    operation = REGISTRY.get("alarm.mute")
    shown = alarming.firing()
    fresh = replace(shown, end=EPOCH + timedelta(seconds=70))
    answers = with_defaults(operation.fields(shown, alarming.REF), {"minutes": "5"})
    call = operation.plan(fresh, alarming.REF, answers)
    assert changes(operation, alarming.REF, shown, fresh, answers, call) is None


def test_somebody_else_s_change_of_anything_is_noticed() -> None:
    operation = REGISTRY.get("alarm.edit")
    shown = AlarmState(QUERY.ref, QUERY)
    other = told("MetricAlarms", **LIMIT, AlarmDescription="new", Metrics=settings_of(QUERY)["Metrics"])
    fresh = AlarmState(other.ref, other)
    answers = with_defaults(operation.fields(shown, QUERY.ref), {})
    call = operation.plan(fresh, QUERY.ref, answers)
    assert "Settings has changed" in (changes(operation, QUERY.ref, shown, fresh, answers, call) or "")
