"""What an alarm does when its state changes: messages to topics, functions called; the rest recorded as not executed.

Deployments that an alarm watches hear of ``alarms.CHANGED`` themselves.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from pointsman.local.answers import AwsError
from pointsman.local.cloudwatch import alarms, history, mutes
from pointsman.local.cloudwatch.alarms import Alarm, MetricAlarm
from pointsman.local.events import bus
from pointsman.local.functions import functions
from pointsman.local.sns import topics
from pointsman.local.world import Payload, Scope

FUNCTION_ENDED: Final = "cloudwatch.function.ended"
UNMUTED: Final = "cloudwatch.unmuted"

_REGIONS: Final = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-north-1": "EU (Stockholm)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ca-central-1": "Canada (Central)",
    "sa-east-1": "South America (Sao Paulo)",
}
"""Regions as the messages call them; any other goes by its code."""
_COPIED: Final = ("MetricName", "Namespace", "Unit", "Period", "EvaluationPeriods", "DatapointsToAlarm")


class MutedAlarm(msgspec.Struct, frozen=True):
    """An alarm that changed while it was muted; key: its name."""

    state: str
    """What it was before the first change that was muted."""


def take(scope: Scope, before: Alarm, after: Alarm) -> None:
    """Take the actions of an alarm's new state, unless its actions are disabled or muted."""
    if not after.settings.get("ActionsEnabled", True):
        return
    end = mutes.until(scope, after.name)
    if end is None:
        _take_all(scope, before, after)
        return
    if scope.get(MutedAlarm, after.name) is None:
        scope.put(after.name, MutedAlarm(before.state))
    scope.at(end, UNMUTED, {"alarm": after.name}, key=f"{UNMUTED}/{after.name}")
    for action in after.settings.get(alarms.ACTIONS[after.state], []):
        _record(scope, after, action, "Muted by an alarm mute rule", None)


def unmuted(scope: Scope, payload: Payload) -> None:
    """A window that muted an alarm has ended: what it is now is acted upon, when it is another state than before."""
    name = payload["alarm"]
    alarm, muted = alarms.find(scope, name), scope.get(MutedAlarm, name)
    if alarm is None or muted is None:
        scope.delete(MutedAlarm, name)
        return
    end = mutes.until(scope, name)
    if end is not None:
        scope.at(end, UNMUTED, {"alarm": name}, key=f"{UNMUTED}/{name}")
        return
    scope.delete(MutedAlarm, name)
    if alarm.state != muted.state and alarm.settings.get("ActionsEnabled", True):
        _take_all(scope, replace(alarm, state=muted.state), alarm, late=True)


def _take_all(scope: Scope, before: Alarm, after: Alarm, *, late: bool = False) -> None:
    for action in after.settings.get(alarms.ACTIONS[after.state], []):
        _take(scope, before, after, action, late=late)


def _take(scope: Scope, before: Alarm, after: Alarm, action: str, *, late: bool) -> None:
    if action.startswith("arn:aws:sns:"):
        _tell(scope, before, after, action, late=late)
        return
    if action.startswith("arn:aws:lambda:"):
        _call(scope, before, after, action)
        return
    service = action.split(":")[2] if action.startswith("arn:") and action.count(":") > 2 else action
    error = f"Not executed: this local backend has no {service} actions"
    _record(scope, after, action, error, None)


def _record(scope: Scope, alarm: Alarm, action: str, error: str | None, message: str | None) -> None:
    done = "Failed to execute" if error else "Successfully executed"
    data = {
        "actionState": "Failed" if error else "Succeeded",
        "stateUpdateTimestamp": int(alarm.updated.timestamp() * 1000),
        "notificationResource": action,
        "publishedMessage": message,
        "error": error,
    }
    history.add(scope, alarm.name, alarms.kind(alarm), "Action", f"{done} action {action}", data)


def _tell(scope: Scope, before: Alarm, after: Alarm, topic: str, *, late: bool) -> None:
    region = _REGIONS.get(scope.region, scope.region)
    told = {**message(scope, before, after), "ActionExecutedAfterMuteWindow": late}
    text = json.dumps(told, ensure_ascii=False)
    subject = f'{after.state}: "{after.name}" in {region}'[:100]
    error = None
    try:
        topics.publish(scope, topic, text, subject)
    except AwsError as refusal:
        error = refusal.message
    _record(scope, after, topic, error, text)


def message(scope: Scope, before: Alarm, after: Alarm) -> dict[str, Any]:
    """What a topic is told."""
    settings = after.settings
    told: dict[str, Any] = {
        "AlarmName": after.name,
        "AlarmDescription": settings.get("AlarmDescription"),
        "AWSAccountId": scope.account,
        "AlarmConfigurationUpdatedTimestamp": _moment(after.configured),
        "NewStateValue": after.state,
        "NewStateReason": after.reason,
        "StateChangeTime": _moment(after.updated),
        "Region": _REGIONS.get(scope.region, scope.region),
        "AlarmArn": alarms.arn(scope, after.name),
        "OldStateValue": before.state,
        **{key: settings.get(key, []) for key in alarms.ACTIONS.values()},
    }
    if isinstance(after, MetricAlarm):
        told["Trigger"] = _trigger(settings)
    else:
        told["AlarmRule"] = settings["AlarmRule"]
        told["TriggeringChildren"] = _triggering(after)
    return told


def _trigger(settings: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {key: settings[key] for key in _COPIED if key in settings}
    if "Metrics" in settings:
        made["Metrics"] = settings["Metrics"]
    else:
        extended = "ExtendedStatistic" in settings
        made["StatisticType"] = "ExtendedStatistic" if extended else "Statistic"
        made["ExtendedStatistic" if extended else "Statistic"] = (
            settings["ExtendedStatistic"] if extended else settings["Statistic"].upper()
        )
        made["Unit"] = settings.get("Unit")
        made["Dimensions"] = [{"value": one["Value"], "name": one["Name"]} for one in settings["Dimensions"]]
    made["ComparisonOperator"] = settings["ComparisonOperator"]
    if "Threshold" in settings:
        made["Threshold"] = settings["Threshold"]
    else:
        made["ThresholdMetricId"] = settings["ThresholdMetricId"]
    made["TreatMissingData"] = settings.get("TreatMissingData", "")
    made["EvaluateLowSampleCountPercentile"] = settings.get("EvaluateLowSampleCountPercentile", "")
    return made


def _triggering(alarm: Alarm) -> list[dict[str, Any]]:
    data = alarms.reason_object(alarm) if alarm.reason_data else {}
    found = data.get("triggeringAlarms", []) if isinstance(data, dict) else []
    return [{"Arn": one["arn"], "State": {"Value": one["state"]["value"]}} for one in found]


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def _call(scope: Scope, before: Alarm, after: Alarm, reference: str) -> None:
    function = functions.ready(scope, reference)
    if function is None:
        _record(scope, after, reference, "The function does not exist: no world file names it", None)
        return
    event = {
        "source": "aws.cloudwatch",
        "alarmArn": alarms.arn(scope, after.name),
        "accountId": scope.account,
        "time": _moment(after.updated),
        "region": scope.region,
        "alarmData": _detail(before, after),
    }
    functions.invoke(scope, function, event, FUNCTION_ENDED, {"alarm": after.name, "action": reference})


def function_ended(scope: Scope, payload: Payload) -> None:
    """A function that an alarm called has ended."""
    alarm = alarms.find(scope, payload["alarm"]) if "alarm" in payload else None
    if alarm is None:
        return
    status = payload.get("status")
    error = None if status == 0 else "Its time was over" if status is None else f"It ended with the status {status}"
    _record(scope, alarm, payload["action"], error, None)


def _detail(before: Alarm, after: Alarm) -> dict[str, Any]:
    def state(alarm: Alarm) -> dict[str, Any]:
        made = {"value": alarm.state, "reason": alarm.reason, "timestamp": _moment(alarm.updated)}
        return {**made, "reasonData": alarm.reason_data} if alarm.reason_data else made

    settings = after.settings
    configuration: dict[str, Any] = {}
    if "AlarmDescription" in settings:
        configuration["description"] = settings["AlarmDescription"]
    if isinstance(after, MetricAlarm):
        configuration["metrics"] = _metrics(settings)
    else:
        configuration["alarmRule"] = settings["AlarmRule"]
    return {
        "alarmName": after.name,
        "state": state(after),
        "previousState": state(before),
        "configuration": configuration,
    }


def _metrics(settings: dict[str, Any]) -> list[dict[str, Any]]:
    if "Metrics" not in settings:
        dimensions = {one["Name"]: one["Value"] for one in settings["Dimensions"]}
        metric = {"namespace": settings["Namespace"], "name": settings["MetricName"], "dimensions": dimensions}
        stat = settings.get("Statistic", settings.get("ExtendedStatistic"))
        watched = {"metric": metric, "period": settings["Period"], "stat": stat}
        return [{"id": "m1", "metricStat": watched, "returnData": True}]
    made = []
    for one in settings["Metrics"]:
        query: dict[str, Any] = {"id": one["Id"], "returnData": one.get("ReturnData", True)}
        if "Expression" in one:
            query["expression"] = one["Expression"]
        else:
            given = one["MetricStat"]
            dimensions = {pair["Name"]: pair["Value"] for pair in given["Metric"].get("Dimensions", [])}
            metric = {"namespace": given["Metric"]["Namespace"], "name": given["Metric"]["MetricName"]}
            query["metricStat"] = {
                "metric": {**metric, "dimensions": dimensions},
                "period": given["Period"],
                "stat": given["Stat"],
            }
        made.append(query)
    return made


def announce(scope: Scope, before: Alarm, after: Alarm) -> None:
    """Tell EventBridge's listeners of a change of state, when there are any."""
    if bus.wanted(scope):
        arn = alarms.arn(scope, after.name)
        bus.put(scope, "aws.cloudwatch", "CloudWatch Alarm State Change", _detail(before, after), [arn])
