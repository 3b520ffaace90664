"""What a person may do about alarms: make and change them, mute them, switch their actions, set their state."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pointsman.digits import digits
from pointsman.model.alarms import Alarm, AlarmState
from pointsman.model.refs import AlarmRef, Ref
from pointsman.operations import alarm_making
from pointsman.operations.alarm_preview import looked_up, preview, question
from pointsman.operations.alarm_settings import changed, fields_of, kind, settings_of, whole
from pointsman.operations.declare import Answers, Choice, Confirm, Field, Operation, WriteCall
from pointsman.operations.ports import ServicesLike


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
    good = digits(text, 9) and 1 <= int(text) <= 21_600
    return None if good else "say how many minutes: 1 to 21,600 (15 days)"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGINS = "%Y-%m-%dT%H:%M"
"""A schedule begins at a whole minute: the one that has begun, so that it holds at once."""


def mute_name(alarm: str, now: datetime) -> str:
    """The name of a mute rule that somebody makes now."""
    return f"pointsman-{now:%Y%m%d-%H%M}-{alarm}"[:255]


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(f"{text.strip()} +0000", f"{_BEGINS} %z")
    except ValueError:
        return None


def _begins(text: str) -> str | None:
    return None if _moment(text) is not None else "give a time in UTC, to the minute: 2026-01-31T09:30"


def _mute_plan(state: AlarmState, ref: Ref, answers: Answers) -> WriteCall:
    begins = answers.get("begins") or _minute(state)
    now = _moment(begins) or _EPOCH  # half typed: what is wrong with it is said beside the field
    minutes = whole(answers["minutes"])
    schedule = {"Expression": f"at({now:%Y-%m-%dT%H:%M})", "Duration": _duration(minutes + 1), "Timezone": "UTC"}
    parameters: dict[str, Any] = {
        "Name": mute_name(_alarm(ref).name, now),
        "Rule": {"Schedule": schedule},
        "MuteTargets": {"AlarmNames": [_alarm(ref).name]},
    }
    if answers.get("why"):
        parameters["Description"] = answers["why"]
    return WriteCall("cloudwatch", "PutAlarmMuteRule", parameters)


def _minute(state: AlarmState) -> str:
    """The minute that had begun when the form was opened."""
    return f"{(state.end or datetime.now(UTC)).astimezone(UTC):{_BEGINS}}"


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
    fields=lambda state, _ref: (
        Field("minutes", "Minutes", "60", required=True, check=_minutes),
        Field("begins", "Begins (UTC)", _minute(state), required=True, check=_begins),
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


def _settings(state: AlarmState) -> dict[str, Any]:
    return settings_of(_known(state))


def _edit_plan(operation: str) -> Callable[[AlarmState, Ref, Answers], WriteCall]:
    # What replaces the alarm is what it is, with the answers in it: what the form does not ask stays.
    return lambda state, _ref, answers: WriteCall("cloudwatch", operation, changed(_settings(state), answers))


def _edit_consequences(state: AlarmState, _ref: Ref, answers: Answers) -> tuple[str, ...]:
    settings = _settings(state)
    after = changed(settings, answers)
    lines = list(preview(state, after))
    if kind(settings) == "other":
        lines.append("Only its description and its actions are changed here; the rest stays as it is.")
    if settings.get("AlarmActions") and not after.get("AlarmActions"):
        lines.append("Nobody will hear of it any more: it has no action on ALARM then.")
    lines.append("What the form does not ask, and its tags, stay as they are; it is evaluated anew at once.")
    return tuple(lines)


async def _edit_look(services: ServicesLike, _ref: Ref, state: AlarmState, answers: Answers) -> AlarmState:
    after = changed(_settings(state), answers)
    state = await services.alarms.look(state, question(after))
    return await services.alarms.look_up(state, looked_up(after))


def _editing(operation: str, name: str, title: str, key: str, explained: str) -> Operation[AlarmState]:
    composite = operation == "PutCompositeAlarm"
    other = "it is no composite alarm" if composite else "it is a composite alarm, which has a form of its own"
    return Operation(
        id=name,
        title=title,
        past="edited",
        key=key,
        target=AlarmRef,
        help=explained,
        calls=(f"cloudwatch:{operation}",),
        read=_read,
        plan=_edit_plan(operation),
        refuse=lambda state, ref: _gone(state, ref) or (None if _known(state).composite == composite else other),
        consequences=_edit_consequences,
        basis=lambda state, _ref, _answers: {"settings": _settings_words(_known(state))},
        fields=lambda state, _ref: fields_of(_known(state)),
        look=_edit_look,
        touches=_touched,
    )


EDIT = _editing(
    "PutMetricAlarm",
    "alarm.edit",
    "Edit alarm",
    "u",
    "Changes what an alarm watches for, its description and its actions, and shows when it would have fired.",
)
EDIT_COMPOSITE = _editing(
    "PutCompositeAlarm",
    "alarm.edit-composite",
    "Edit composite alarm",
    "U",
    "Changes a composite alarm's rule, what suppresses it, its description and its actions; shows how it would stand.",
)


def _settings_words(alarm: Alarm) -> str:
    """What an alarm is, in a few words, and a number that is another one when anything in it is."""
    number = hashlib.sha256(alarm.settings.encode()).hexdigest()[:6] if alarm.settings else ""
    if alarm.composite:
        return f"{alarm.rule[:100]} {number}".rstrip()
    limit = f"{alarm.comparison} {'' if alarm.threshold is None else f'{alarm.threshold:g}'}".rstrip()
    return f"{alarm.stat} {limit}, {alarm.datapoints} of {alarm.periods} periods of {alarm.period} s {number}".strip()


OPERATIONS = (ENABLE, DISABLE, MUTE, UNMUTE, SET_STATE, EDIT, EDIT_COMPOSITE, DELETE, *alarm_making.OPERATIONS)
