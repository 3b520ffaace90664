"""What operations on alarms send, and what they say would have come of other settings."""

from __future__ import annotations

from typing import Any

import pytest

from operations import alarming
from pointsman.clock import EPOCH
from pointsman.operations.alarms import mute_name, preview
from pointsman.operations.registry import default_registry
from pointsman.semantics.metrics import mutes

REGISTRY = default_registry()


def planned(operation: str, state: Any, **answers: str) -> dict[str, Any]:
    return REGISTRY.get(operation).plan(state, alarming.REF, answers).parameters


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
        ({"period": "300"}, "for its own statistic and period only"),
        ({"stat": "p99"}, "for its own statistic and period only"),
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
        alarming.prospect(), alarming.METRIC, {**alarming.SETTINGS, "name": "errors", "action": ""}
    )
    assert "Nobody will hear of it: it has no action." in lines


@pytest.mark.parametrize("name", ["datapoints", "periods", "period", "threshold"])
@pytest.mark.parametrize("typed", ["", "-", "1e", "x"])
def test_a_half_typed_form_is_planned_all_the_same(name: str, typed: str) -> None:
    planned("alarm.edit", alarming.firing(), **{**alarming.SETTINGS, name: typed})


def test_an_alarm_on_a_query_is_not_rewritten_as_one_on_a_metric() -> None:
    refuse = REGISTRY.get("alarm.edit").refuse
    assert refuse is not None
    assert "another account" in (refuse(alarming.state(alarming.alarm(queried=True)), alarming.REF) or "")


def test_a_preview_that_would_hold_up_the_console_is_not_worked_out() -> None:
    lines = preview(alarming.firing(), {**alarming.SETTINGS, "periods": "1440", "datapoints": "2"})
    assert "not worked out" in lines[0]
