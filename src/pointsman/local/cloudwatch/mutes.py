"""Alarm mute rules: windows in which alarms change but do not act."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.cloudwatch import alarms, errors
from pointsman.local.cloudwatch.errors import invalid
from pointsman.local.world import Scope
from pointsman.semantics.metrics import mutes as rules

PAGE: Final = 50
MOST_TARGETS: Final = 100


class MuteRule(msgspec.Struct, frozen=True, kw_only=True):
    """A mute rule, kept under its name."""

    name: str
    schedule: dict[str, str]
    """Expression, Duration and Timezone."""
    targets: list[str] = []
    description: str | None = None
    start: datetime | None = None
    expires: datetime | None = None
    updated: datetime
    tags: dict[str, str] = {}


class MuteLink(msgspec.Struct, frozen=True):
    """That a rule mutes an alarm; key: ``alarm`` NUL ``rule``."""


def arn(scope: Scope, name: str) -> str:
    """A mute rule's ARN."""
    return scope.arn("cloudwatch", f"alarm-mute-rule:{name}")


def until(scope: Scope, alarm: str) -> datetime | None:
    """When the window that mutes an alarm now ends; None when none does."""
    ends = []
    for key, _ in scope.scan(MuteLink, f"{alarm}\0"):
        rule = scope.get(MuteRule, key.partition("\0")[2])
        if rule is not None and (end := _until(rule, scope.now)) is not None:
            ends.append(end)
    return max(ends, default=None)


def _until(rule: MuteRule, now: datetime) -> datetime | None:
    if (rule.start is not None and now < rule.start) or (rule.expires is not None and now >= rule.expires):
        return None
    given = rule.schedule
    end = rules.read(given["Expression"], given["Duration"], given.get("Timezone", "")).until(now)
    return end if end is None or rule.expires is None else min(end, rule.expires)


@answers("cloudwatch", "PutAlarmMuteRule")
def put_alarm_mute_rule(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a mute rule, or change one."""
    name, schedule = parameters["Name"], parameters["Rule"].get("Schedule")
    if not 1 <= len(name) <= 255 or any(ord(letter) < 32 for letter in name):
        raise invalid("The name of a mute rule has 1 to 255 characters")
    if schedule is None:
        raise invalid("The Rule needs a Schedule")
    try:
        rules.read(schedule["Expression"], schedule["Duration"], schedule.get("Timezone", ""))
    except ValueError as error:
        raise invalid(f"Invalid schedule: {error}") from None
    targets = list(dict.fromkeys(map(alarms.name_of, parameters.get("MuteTargets", {}).get("AlarmNames", []))))
    if len(targets) > MOST_TARGETS:
        raise invalid(f"A mute rule has at most {MOST_TARGETS} alarms")
    unknown = [target for target in targets if alarms.find(scope, target) is None]
    if unknown:
        raise invalid(f"MuteTargets names alarms that do not exist: {', '.join(unknown)}")
    start, expires = (_aware(parameters.get(key)) for key in ("StartDate", "ExpireDate"))
    if expires is not None and expires <= (start or scope.now):
        raise invalid("ExpireDate must lie behind StartDate, and in the future")
    former = scope.get(MuteRule, name)
    labels = errors.tags_given(parameters.get("Tags", []))
    if former is not None:
        _unlink(scope, former)
        labels = former.tags
    made = MuteRule(
        name=name,
        schedule=dict(schedule),
        targets=targets,
        description=parameters.get("Description"),
        start=start,
        expires=expires,
        updated=scope.now,
        tags=labels,
    )
    scope.put(name, made)
    for target in targets:
        scope.put(f"{target}\0{name}", MuteLink())
    return {}


def _aware(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _unlink(scope: Scope, rule: MuteRule) -> None:
    for target in rule.targets:
        scope.delete(MuteLink, f"{target}\0{rule.name}")


@answers("cloudwatch", "GetAlarmMuteRule")
def get_alarm_mute_rule(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A mute rule."""
    name = parameters["AlarmMuteRuleName"]
    rule = scope.get(MuteRule, name)
    if rule is None:
        words = f"There is no alarm mute rule {name}"
        raise AwsError("ResourceNotFoundException", words, 404, ResourceId=name, ResourceType="alarm-mute-rule")
    made = {"Name": name, "Rule": {"Schedule": rule.schedule}, **_summary(scope, rule)}
    made["MuteTargets"] = {"AlarmNames": rule.targets}
    if rule.description is not None:
        made["Description"] = rule.description
    if rule.start is not None:
        made["StartDate"] = rule.start
    return made


def _summary(scope: Scope, rule: MuteRule) -> dict[str, Any]:
    made: dict[str, Any] = {
        "AlarmMuteRuleArn": arn(scope, rule.name),
        "Status": _status(rule, scope.now),
        "MuteType": "ONE_TIME" if rule.schedule["Expression"].startswith("at(") else "RECURRING",
        "LastUpdatedTimestamp": rule.updated,
    }
    return made if rule.expires is None else {**made, "ExpireDate": rule.expires}


def _status(rule: MuteRule, now: datetime) -> str:
    if rule.expires is not None and now >= rule.expires:
        return "EXPIRED"
    if _until(rule, now) is not None:
        return "ACTIVE"
    given = rule.schedule
    once = rules.read(given["Expression"], given["Duration"], given.get("Timezone", "")).once
    return "EXPIRED" if once is not None and once <= now else "SCHEDULED"


@answers("cloudwatch", "ListAlarmMuteRules")
def list_alarm_mute_rules(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Mute rules by the alarm they mute and by their status."""
    limit, target = parameters.get("MaxRecords", PAGE), parameters.get("AlarmName")
    wanted = parameters.get("Statuses")
    for one in wanted or ():
        errors.member(one, "statuses.1.member", ["SCHEDULED", "ACTIVE", "EXPIRED"])
    after = errors.place(parameters.get("NextToken"), str)
    found: list[MuteRule] = []
    for _, rule in scope.scan(MuteRule, after=after):
        if (target is None or target in rule.targets) and (not wanted or _status(rule, scope.now) in wanted):
            found.append(rule)
        if len(found) > limit:
            break
    answer: dict[str, Any] = {"AlarmMuteRuleSummaries": [_summary(scope, rule) for rule in found[:limit]]}
    if len(found) > limit:
        answer["NextToken"] = errors.token(found[limit - 1].name)
    return answer


@answers("cloudwatch", "DeleteAlarmMuteRule")
def delete_alarm_mute_rule(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a mute rule; one that is not there is no error."""
    rule = scope.get(MuteRule, parameters["AlarmMuteRuleName"])
    if rule is not None:
        _unlink(scope, rule)
        scope.delete(MuteRule, rule.name)
    return {}
