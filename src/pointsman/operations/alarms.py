"""What a person may do about alarms: make and change them, mute them, switch their actions, set their state."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pointsman.model.alarms import Alarm, AlarmState, Firing, firings
from pointsman.model.refs import AlarmRef, MetricRef, Ref
from pointsman.operations.declare import Answers, Choice, Confirm, Field, Operation, WriteCall
from pointsman.operations.ports import ServicesLike
from pointsman.semantics.metrics.alarm_evaluation import EXTRA, OPERATORS, TREATMENTS, Rule

DAY = timedelta(days=1)
STEPS = 200_000
"""Datapoints that a preview looks at, at most: a tenth of a second of the event loop."""
_WORDS = {
    "missing": "no data is no data",
    "ignore": "the state stays",
    "breaching": "counts as breaching",
    "notBreaching": "counts as fine",
}


def _alarm(ref: Ref) -> AlarmRef:
    if not isinstance(ref, AlarmRef):
        raise TypeError(f"{ref!r} is not an alarm")
    return ref


async def _read(services: ServicesLike, ref: Ref) -> AlarmState:
    return await services.alarms.fresh(_alarm(ref))


def _touched(ref: Ref) -> tuple[tuple[str, ...], ...]:
    return (("alarms",), ("thresholds",), ("alarm-history", str(ref)))


def _gone(state: AlarmState, ref: Ref) -> str | None:
    return f"there is no alarm {ref} any more" if state.alarm is None else None


def _known(state: AlarmState) -> Alarm:
    if state.alarm is None:
        raise ValueError(f"there is no alarm {state.ref}")  # ``refuse`` has said so before
    return state.alarm


# -- its actions


def _named(operation: str) -> Callable[[AlarmState, Ref, Answers], WriteCall]:
    return lambda _state, ref, _answers: WriteCall("cloudwatch", operation, {"AlarmNames": [_alarm(ref).name]})


def _heard(alarm: Alarm) -> str:
    return f"{len(alarm.alarm_actions)} action{'s' if len(alarm.alarm_actions) != 1 else ''} on ALARM"


ENABLE: Operation[AlarmState] = Operation(
    id="alarm.enable",
    title="Enable actions",
    past="enabled the actions of",
    key="e",
    target=AlarmRef,
    help="Lets an alarm act again when its state changes.",
    calls=("cloudwatch:EnableAlarmActions",),
    read=_read,
    plan=_named("EnableAlarmActions"),
    refuse=lambda state, ref: (
        _gone(state, ref) or ("its actions are enabled already" if _known(state).actions_enabled else None)
    ),
    consequences=lambda state, _ref, _answers: (
        f"{_heard(_known(state))} will be carried out at its next change of state.",
        "Nothing is made up for: a state it is in already does not act.",
    ),
    touches=_touched,
    idempotency=True,
)

DISABLE: Operation[AlarmState] = Operation(
    id="alarm.disable",
    title="Disable actions",
    past="disabled the actions of",
    key="d",
    target=AlarmRef,
    help="Keeps an alarm from acting until somebody enables it again; its state goes on.",
    calls=("cloudwatch:DisableAlarmActions",),
    read=_read,
    plan=_named("DisableAlarmActions"),
    refuse=lambda state, ref: (
        _gone(state, ref) or (None if _known(state).actions_enabled else "its actions are disabled already")
    ),
    consequences=lambda state, _ref, _answers: (
        f"{_heard(_known(state))} will not be carried out until somebody enables them: muting ends by itself.",
    ),
    touches=_touched,
    danger=True,
    idempotency=True,
)

# -- its state

_STATES = (
    Choice("OK", "OK"),
    Choice("ALARM", "ALARM"),
    Choice("INSUFFICIENT_DATA", "INSUFFICIENT_DATA"),
)


def _set_consequences(state: AlarmState, _ref: Ref, answers: Answers) -> tuple[str, ...]:
    alarm = _known(state)
    wanted = answers.get("state", "")
    lines = ["For a moment only: the next evaluation decides again."]
    acts = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}.get(wanted, alarm.insufficient_actions)
    if wanted == alarm.state:
        lines.append("It is in this state already: nothing will act.")
    elif acts and alarm.actions_enabled:
        lines.append(f"{len(acts)} of its actions will be carried out: {', '.join(acts)[:200]}")
    else:
        lines.append("None of its actions will be carried out.")
    return tuple(lines)


SET_STATE: Operation[AlarmState] = Operation(
    id="alarm.set-state",
    title="Set state",
    past="set the state of",
    key="s",
    target=AlarmRef,
    help="Puts an alarm into a state by hand, to try what follows from it.",
    calls=("cloudwatch:SetAlarmState",),
    read=_read,
    plan=lambda _state, ref, answers: WriteCall(
        "cloudwatch",
        "SetAlarmState",
        {"AlarmName": _alarm(ref).name, "StateValue": answers["state"], "StateReason": answers["reason"]},
    ),
    refuse=_gone,
    consequences=_set_consequences,
    fields=lambda state, _ref: (
        Field("state", "State", "ALARM" if _known(state).state != "ALARM" else "OK", choices=_STATES),
        Field("reason", "Reason", "set by hand", required=True),
    ),
    touches=_touched,
    danger=True,
)

DELETE: Operation[AlarmState] = Operation(
    id="alarm.delete",
    title="Delete alarm",
    past="deleted",
    key="x",
    target=AlarmRef,
    help="Deletes an alarm; its history stays for 30 days.",
    calls=("cloudwatch:DeleteAlarms",),
    read=_read,
    plan=_named("DeleteAlarms"),
    refuse=_gone,
    confirm=lambda _state, _ref: Confirm.TYPE_NAME,
    consequences=lambda state, _ref, _answers: (
        f"Nobody will hear of it any more: {_heard(_known(state))}.",
        "Deployments and composite alarms that name it will not find it.",
    ),
    touches=_touched,
    danger=True,
)

# -- quiet for a time


def _minutes(text: str) -> str | None:
    return None if text.isdigit() and 1 <= int(text) <= 21_600 else "say how many minutes: 1 to 21,600 (15 days)"


def mute_name(alarm: str, now: datetime) -> str:
    """The name of a mute rule that somebody makes now."""
    return f"pointsman-{now.astimezone(UTC):%Y%m%d-%H%M%S}-{alarm}"[:255]


def _mute_plan(state: AlarmState, ref: Ref, answers: Answers) -> WriteCall:
    now = (state.end or datetime.now(UTC)).astimezone(UTC)
    minutes = _whole(answers["minutes"])
    # A schedule begins at a whole minute: the one that has begun, so that it holds at once.
    schedule = {"Expression": f"at({now:%Y-%m-%dT%H:%M})", "Duration": _duration(minutes + 1), "Timezone": "UTC"}
    parameters: dict[str, Any] = {
        "Name": mute_name(_alarm(ref).name, now),
        "Rule": {"Schedule": schedule},
        "MuteTargets": {"AlarmNames": [_alarm(ref).name]},
    }
    if answers.get("why"):
        parameters["Description"] = answers["why"]
    return WriteCall("cloudwatch", "PutAlarmMuteRule", parameters)


def _duration(minutes: int) -> str:
    minutes = min(minutes, 21_600)
    days, left = divmod(minutes, 1440)
    hours, rest = divmod(left, 60)
    date = f"{days}D" if days else ""
    time = (f"{hours}H" if hours else "") + (f"{rest}M" if rest else "")
    return f"P{date}" + (f"T{time}" if time else "")


MUTE: Operation[AlarmState] = Operation(
    id="alarm.mute",
    title="Mute for a time",
    past="muted",
    key="m",
    target=AlarmRef,
    help="Keeps an alarm from acting for some minutes; its state goes on, and it acts again by itself.",
    calls=("cloudwatch:PutAlarmMuteRule",),
    read=_read,
    plan=_mute_plan,
    refuse=_gone,
    consequences=lambda state, _ref, answers: (
        f"{_heard(_known(state))} will not be carried out for {answers.get('minutes') or '?'} minutes.",
        "What is still in ALARM then acts at that moment.",
    ),
    fields=lambda _state, _ref: (
        Field("minutes", "Minutes", "60", required=True, check=_minutes),
        Field("why", "Why", placeholder="what others should know"),
    ),
    touches=_touched,
)


def _unmute_plan(state: AlarmState, ref: Ref, _answers: Answers) -> WriteCall:
    rule = next(one for one in state.mutes if _alarm(ref).name in one.alarms)
    return WriteCall("cloudwatch", "DeleteAlarmMuteRule", {"AlarmMuteRuleName": rule.name})


def _unmute_refuse(state: AlarmState, ref: Ref) -> str | None:
    muted = any(_alarm(ref).name in one.alarms for one in state.mutes)
    none = "no mute rule holds it now" if state.mutes_known else "not every mute rule could be read: none is known"
    return _gone(state, ref) or (None if muted else none)


def _unmute_consequences(state: AlarmState, ref: Ref, _answers: Answers) -> tuple[str, ...]:
    rule = next(one for one in state.mutes if _alarm(ref).name in one.alarms)
    others = sorted(rule.alarms - {_alarm(ref).name})
    lines = [f"Deletes the mute rule {rule.name}; it acts again at once."]
    if others:
        lines.append(f"It mutes others, too: {', '.join(others)[:200]}.")
    return tuple(lines)


UNMUTE: Operation[AlarmState] = Operation(
    id="alarm.unmute",
    title="End mute",
    past="ended the mute of",
    key="M",
    target=AlarmRef,
    help="Deletes the mute rule that holds an alarm, for every alarm it holds.",
    calls=("cloudwatch:DeleteAlarmMuteRule",),
    read=_read,
    plan=_unmute_plan,
    refuse=_unmute_refuse,
    consequences=_unmute_consequences,
    touches=_touched,
)

# -- its settings


def _number(text: str) -> str | None:
    try:
        return None if math.isfinite(float(text)) else "give a finite number"
    except ValueError:
        return "give a number"


def _count(most: int) -> Callable[[str], str | None]:
    def check(text: str) -> str | None:
        return None if text.isdigit() and 1 <= int(text) <= most else f"a whole number from 1 to {most:,}"

    return check


def _period(text: str) -> str | None:
    good = text.isdigit() and (int(text) in (10, 20, 30) or (int(text) > 0 and int(text) % 60 == 0))
    return None if good and int(text) <= 604_800 else "10, 20, 30, or a multiple of 60 seconds"


def _statistic(text: str) -> str | None:
    from pointsman.semantics.metrics.statistics import parse  # the grammar of statistics, when a form is filled in

    return None if text in _PLAIN or parse(text) is not None else "Average, Sum, Minimum, Maximum, SampleCount, p99 …"


_PLAIN = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


def settings_of(alarm: Alarm) -> tuple[Field, ...]:
    """What a person may change of an alarm on one metric."""
    comparisons = tuple(Choice(one, words) for one, words in OPERATORS.items())
    treatments = tuple(Choice(one, f"{one}: {_WORDS[one]}") for one in TREATMENTS)
    return (
        Field("stat", "Statistic", alarm.stat or "Average", required=True, check=_statistic, placeholder="Sum, p99"),
        Field("comparison", "Alarm when", alarm.comparison or "GreaterThanThreshold", choices=comparisons),
        Field("threshold", "Threshold", _plain(alarm.threshold), required=True, check=_number),
        Field("datapoints", "In how many periods", str(alarm.datapoints), required=True, check=_count(1440)),
        Field("periods", "Of the last", str(alarm.periods), required=True, check=_count(1440)),
        Field("period", "Period, seconds", str(alarm.period), required=True, check=_period),
        Field("missing", "Missing data", alarm.missing or "missing", choices=treatments),
    )


def _plain(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(value)


def _rule(answers: Answers) -> Rule:
    return Rule(
        int(answers["periods"]), int(answers["datapoints"]), answers["comparison"], answers.get("missing", "missing")
    )


def preview(state: AlarmState, answers: Answers) -> tuple[str, ...]:
    """When these settings would have fired in the last day, as far as its values are known."""
    try:
        rule, threshold, period = _rule(answers), float(answers["threshold"]), int(answers["period"])
    except (KeyError, ValueError):
        return ("Fill in every setting to see when it would have fired.",)
    if rule.datapoints > rule.periods:
        return (f"{rule.datapoints} of {rule.periods} periods cannot be: the first number is the smaller one.",)
    series, end = state.series, state.end
    if series is None or end is None:
        return ("When it would have fired is not known: the metric could not be read.",)
    same = state.alarm is not None and period == state.alarm.period and answers["stat"] == state.alarm.stat
    if not same:
        return ("When it would have fired is known for its own statistic and period only: these are others.",)
    # The first periods that are judged need the values before them, and those are known for two days.
    looks_back = timedelta(seconds=(rule.periods + EXTRA) * period)
    if looks_back > DAY or (DAY.total_seconds() / period) * rule.periods > STEPS:
        return ("When it would have fired is not worked out for as many periods.",)
    found = firings(rule, threshold, series, period, (end - DAY).timestamp(), end.timestamp())
    if not found:
        return ("It would not have fired in the last 24 hours.",)
    said = ", ".join(_firing(one) for one in found[-4:])
    times = f"{len(found)} times" if len(found) > 1 else "once"
    before = f", the last of them {said}" if len(found) > 4 else f": {said}"
    return (f"It would have fired {times} in the last 24 hours{before}.",)


def _firing(one: Firing) -> str:
    start = datetime.fromtimestamp(one.start, UTC)
    if one.end is None:
        return f"{start:%H:%M}Z until now"
    return f"{start:%H:%M}-{datetime.fromtimestamp(one.end, UTC):%H:%M}Z"


def _whole(text: str) -> int:
    """A number while it is being typed: what is none yet is said beside its field."""
    return int(text) if text.isdecimal() else 0


def _float(text: str) -> float:
    """The same for a threshold."""
    return float(text) if _number(text) is None else math.nan


def _put(name: str, metric: MetricRef, answers: Answers) -> dict[str, Any]:
    stat = answers["stat"]
    return {
        "AlarmName": name,
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions],
        **({"Statistic": stat} if stat in _PLAIN else {"ExtendedStatistic": stat}),
        "ComparisonOperator": answers["comparison"],
        "Threshold": _float(answers.get("threshold", "")),
        "DatapointsToAlarm": _whole(answers["datapoints"]),
        "EvaluationPeriods": _whole(answers["periods"]),
        "Period": _whole(answers["period"]),
        "TreatMissingData": answers["missing"],
    }


def _edit_plan(state: AlarmState, ref: Ref, answers: Answers) -> WriteCall:
    alarm = _known(state)
    if alarm.metric is None:
        raise ValueError(f"{ref} is not on one metric")  # ``refuse`` has said so before
    # PutMetricAlarm replaces everything: what the form does not ask goes with it as it is.
    kept: dict[str, Any] = {
        "AlarmDescription": alarm.description,
        "Unit": alarm.unit,
        "EvaluateLowSampleCountPercentile": alarm.low_samples,
        "AlarmActions": list(alarm.alarm_actions),
        "OKActions": list(alarm.ok_actions),
        "InsufficientDataActions": list(alarm.insufficient_actions),
    }
    parameters = _put(alarm.ref.name, alarm.metric, answers)
    parameters |= {name: value for name, value in kept.items() if value}
    if parameters.get("Statistic"):
        parameters.pop("EvaluateLowSampleCountPercentile", None)
    return WriteCall("cloudwatch", "PutMetricAlarm", {**parameters, "ActionsEnabled": alarm.actions_enabled})


def _edit_refuse(state: AlarmState, ref: Ref) -> str | None:
    if (gone := _gone(state, ref)) is not None:
        return gone
    alarm = _known(state)
    if alarm.composite:
        return "a composite alarm has a rule and no threshold: aws cloudwatch put-composite-alarm changes it"
    if alarm.metric is None or alarm.evaluated is None or alarm.comparison not in OPERATORS:
        return "only alarms that hold one metric against a number are edited here"
    if alarm.queried:
        return "it is written as a metric query, which may name another account: aws cloudwatch put-metric-alarm"
    return None


EDIT: Operation[AlarmState] = Operation(
    id="alarm.edit",
    title="Edit alarm",
    past="edited",
    key="u",
    target=AlarmRef,
    help="Changes threshold, periods and statistic, and shows when these would have fired.",
    calls=("cloudwatch:PutMetricAlarm",),
    read=_read,
    plan=_edit_plan,
    refuse=_edit_refuse,
    consequences=lambda state, _ref, answers: (
        *preview(state, answers),
        "Actions, description and tags stay as they are; it is evaluated anew at once.",
    ),
    basis=lambda state, _ref, _answers: {"settings": _settings_words(_known(state))},
    fields=lambda state, _ref: settings_of(_known(state)),
    touches=_touched,
)


def _settings_words(alarm: Alarm) -> str:
    limit = f"{alarm.comparison} {_plain(alarm.threshold)}"
    return f"{alarm.stat} {limit}, {alarm.datapoints} of {alarm.periods} periods of {alarm.period} s"


# -- a new one


def _metric(ref: Ref) -> MetricRef:
    if not isinstance(ref, MetricRef):
        raise TypeError(f"{ref!r} is not a metric")
    return ref


async def _prospect(services: ServicesLike, ref: Ref) -> AlarmState:
    return await services.alarms.prospect(_metric(ref))


def _create_fields(state: AlarmState, ref: Ref) -> tuple[Field, ...]:
    metric = _metric(ref)
    about = "-".join([*(value for _, value in metric.dimensions), metric.name])
    return (
        Field("name", "Name", about[:255], required=True),
        *settings_of(_known(state)),
        Field("action", "Tell (ARN)", placeholder="arn:aws:sns:…: empty tells nobody"),
    )


def _create_plan(_state: AlarmState, ref: Ref, answers: Answers) -> WriteCall:
    parameters = _put(answers["name"].strip(), _metric(ref), answers)
    if answers.get("action", "").strip():
        parameters["AlarmActions"] = [answers["action"].strip()]
    return WriteCall("cloudwatch", "PutMetricAlarm", parameters)


def _create_consequences(state: AlarmState, _ref: Ref, answers: Answers) -> tuple[str, ...]:
    lines = list(preview(state, answers))
    if answers.get("name", "").strip() == state.ref.name and state.ref.name:
        lines.append("An alarm of this name is there already and will be replaced.")
    if not answers.get("action", "").strip():
        lines.append("Nobody will hear of it: it has no action.")
    return tuple(lines)


CREATE: Operation[AlarmState] = Operation(
    id="alarm.create",
    title="Create alarm",
    past="created an alarm on",
    key="n",
    target=MetricRef,
    help="Makes an alarm on a metric, and shows when it would have fired.",
    calls=("cloudwatch:PutMetricAlarm",),
    read=_prospect,
    plan=_create_plan,
    refuse=lambda state, _ref: None if state.alarm is not None else "its values could not be looked at",
    consequences=_create_consequences,
    fields=_create_fields,
    touches=lambda _ref: (("alarms",), ("thresholds",)),
)

OPERATIONS = (ENABLE, DISABLE, MUTE, UNMUTE, SET_STATE, EDIT, DELETE, CREATE)
