"""CloudWatch's answers about metric alarms."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from msgspec.structs import replace

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.cloudwatch import alarms
from pointsman.local.cloudwatch.alarms import MetricAlarm
from pointsman.local.world import Scope

PAGE = 100
_LISTS = ("OKActions", "AlarmActions", "InsufficientDataActions", "Dimensions")
_METRIC = ("MetricName", "Namespace", "Period")


def _invalid(message: str, code: str = "ValidationError") -> AwsError:
    return AwsError(code, message)


@answers("cloudwatch", "PutMetricAlarm")
def put_metric_alarm(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make an alarm, or change one; its state stays."""
    name = parameters.pop("AlarmName")
    if not 1 <= len(name) <= 255:
        raise _invalid("An alarm's name has 1 to 255 characters")
    tags = {one["Key"]: one["Value"] for one in parameters.pop("Tags", [])}
    _check(parameters)
    settings = {"ActionsEnabled": True, **{key: [] for key in _LISTS}, **parameters}
    former = scope.get(MetricAlarm, name)
    if former is not None:
        scope.put(name, replace(former, settings=settings, configured=scope.now))
    else:
        now = scope.now
        made = MetricAlarm(name=name, settings=settings, configured=now, updated=now, transitioned=now, tags=tags)
        scope.put(name, made)
    return {}


def _check(given: Parameters) -> None:
    if given.get("EvaluationCriteria"):
        raise AwsError("NotImplemented", "Alarms on PromQL queries are not built in this local backend", 501)
    if "Metrics" in given:
        if any(key in given for key in (*_METRIC, "Dimensions", "Statistic", "ExtendedStatistic", "Unit")):
            raise _invalid(
                "Metrics and the parameters of a single metric exclude each other", "InvalidParameterCombination"
            )
    else:
        missing = [key for key in _METRIC if key not in given]
        if missing:
            raise _invalid(f"The parameter {missing[0]} is required for an alarm on a single metric")
        if ("Statistic" in given) == ("ExtendedStatistic" in given):
            raise _invalid("Give Statistic or ExtendedStatistic", "InvalidParameterCombination")
        period = given["Period"]
        if period not in (10, 20, 30) and (period < 60 or period % 60):
            raise _invalid(f"The Period is 10, 20, 30 or a multiple of 60 seconds, not {period}")
    for key in ("EvaluationPeriods", "ComparisonOperator"):
        if key not in given:
            raise _invalid(f"The parameter {key} is required")
    if ("Threshold" in given) == ("ThresholdMetricId" in given):
        raise _invalid("Give Threshold or ThresholdMetricId", "InvalidParameterCombination")
    if not 1 <= given.get("DatapointsToAlarm", 1) <= given["EvaluationPeriods"]:
        raise _invalid("DatapointsToAlarm is from 1 to EvaluationPeriods")


@answers("cloudwatch", "DescribeAlarms")
def describe_alarms(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Alarms by name, prefix, state or action; metric alarms are all there are."""
    names, prefix = parameters.get("AlarmNames", []), parameters.get("AlarmNamePrefix", "")
    if names and prefix:
        raise _invalid("AlarmNames and AlarmNamePrefix exclude each other", "InvalidParameterCombination")
    for key in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        if key in parameters:
            raise AwsError("NotImplemented", "Composite alarms are not built in this local backend", 501)
    if "MetricAlarm" not in parameters.get("AlarmTypes", ["MetricAlarm"]):
        return {"CompositeAlarms": [], "MetricAlarms": []}
    limit = parameters.get("MaxRecords", PAGE)
    found: list[MetricAlarm] = []
    if names:
        alarms_ = (scope.get(MetricAlarm, name) for name in sorted(set(names)))
        found = [one for one in alarms_ if one is not None and _wanted(one, parameters)]
        return {"MetricAlarms": [_shape(scope, one) for one in found[:limit]], "CompositeAlarms": []}
    for _, one in scope.scan(MetricAlarm, prefix, after=_after(parameters.get("NextToken"))):
        if _wanted(one, parameters):
            found.append(one)
        if len(found) > limit:
            break
    answer: dict[str, Any] = {"MetricAlarms": [_shape(scope, one) for one in found[:limit]], "CompositeAlarms": []}
    if len(found) > limit:
        answer["NextToken"] = base64.urlsafe_b64encode(found[limit - 1].name.encode()).decode()
    return answer


def _wanted(one: MetricAlarm, parameters: Parameters) -> bool:
    if parameters.get("StateValue", one.state) != one.state:
        return False
    prefix = parameters.get("ActionPrefix", "")
    actions = [action for key in _LISTS[:3] for action in one.settings[key]]
    return not prefix or any(action.startswith(prefix) for action in actions)


def _after(token: str | None) -> str | None:
    if not token:
        return None
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise AwsError("InvalidNextToken", "The next token is not valid") from None


@answers("cloudwatch", "SetAlarmState")
def set_alarm_state(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Put an alarm into a state by hand."""
    state = parameters["StateValue"]
    if state not in alarms.STATES:
        raise _invalid(
            f"1 validation error detected: Value '{state}' at 'stateValue' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(alarms.STATES)}]"
        )
    found = scope.get(MetricAlarm, parameters["AlarmName"])
    if found is None:
        raise AwsError("ResourceNotFound", "", 404)
    alarms.set_state(scope, found, state, parameters["StateReason"], parameters.get("StateReasonData", ""))
    return {}


@answers("cloudwatch", "DeleteAlarms")
def delete_alarms(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove alarms; those that are not there are passed over."""
    if len(parameters["AlarmNames"]) > PAGE:
        raise _invalid(f"At most {PAGE} alarms can be deleted at a time")
    for name in parameters["AlarmNames"]:
        scope.delete(MetricAlarm, name)
    return {}


def _shape(scope: Scope, one: MetricAlarm) -> dict[str, Any]:
    shape = {
        "AlarmName": one.name,
        "AlarmArn": scope.arn("cloudwatch", f"alarm:{one.name}"),
        "AlarmConfigurationUpdatedTimestamp": one.configured,
        "StateValue": one.state,
        "StateReason": one.reason,
        "StateUpdatedTimestamp": one.updated,
        "StateTransitionedTimestamp": one.transitioned,
        **one.settings,
    }
    if one.reason_data:
        shape["StateReasonData"] = one.reason_data
    return shape
