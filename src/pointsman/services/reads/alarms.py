"""CloudWatch's answers about alarms -> the model. Every member may be missing; an unknown word is kept."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

from pointsman.model.alarms import Alarm, Change, Mute
from pointsman.model.refs import AlarmRef, MetricRef
from pointsman.services.reads.values import Answer, part, parts, text, when, whole

__all__ = ["COMPOSITE_SETTINGS", "METRIC_SETTINGS", "alarms", "changes", "mute", "mute_names"]


def alarms(page: Answer) -> tuple[Alarm, ...]:
    """DescribeAlarms, one page."""
    metric = [_metric(one) for one in parts(page, "MetricAlarms")]
    composite = [_composite(one) for one in parts(page, "CompositeAlarms")]
    return tuple(one for one in (*metric, *composite) if one.ref.name)


_BOTH = (
    "AlarmName",
    "AlarmDescription",
    "ActionsEnabled",
    "AlarmActions",
    "OKActions",
    "InsufficientDataActions",
    "ActionConfiguration",
)
METRIC_SETTINGS = (
    *_BOTH,
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Dimensions",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "Metrics",
    "ThresholdMetricId",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
)
"""What PutMetricAlarm takes of what DescribeAlarms tells; tags it takes for a new alarm only."""
COMPOSITE_SETTINGS = (
    *_BOTH,
    "AlarmRule",
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
)
"""The same for PutCompositeAlarm."""


def _settings(source: Any, names: tuple[str, ...]) -> str:
    if not isinstance(source, dict):
        return ""
    told = {name: value for name in names if (value := source.get(name)) is not None and value not in ("", [])}
    try:
        return json.dumps(told, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return ""  # what is no JSON came from no CloudWatch: it cannot be sent again either


def _common(source: Any) -> dict[str, Any]:
    return {
        "ref": AlarmRef(text(source, "AlarmName")),
        "arn": text(source, "AlarmArn"),
        "description": text(source, "AlarmDescription"),
        "state": text(source, "StateValue"),
        "reason": text(source, "StateReason"),
        "data": text(source, "StateReasonData"),
        "since": when(source, "StateTransitionedTimestamp") or when(source, "StateUpdatedTimestamp"),
        "actions_enabled": not (isinstance(source, dict) and source.get("ActionsEnabled") is False),
        "alarm_actions": _names(source, "AlarmActions"),
        "ok_actions": _names(source, "OKActions"),
        "insufficient_actions": _names(source, "InsufficientDataActions"),
    }


def _names(source: Any, name: str) -> tuple[str, ...]:
    return tuple(str(one) for one in parts(source, name))


def _metric(source: Any) -> Alarm:
    queries = parts(source, "Metrics")
    returned = next((one for one in queries if isinstance(one, dict) and one.get("ReturnData") is not False), {})
    inner = part(returned, "MetricStat")
    described = source if text(source, "MetricName") else part(inner, "Metric")
    dimensions = sorted((text(one, "Name"), text(one, "Value")) for one in parts(described, "Dimensions"))
    namespace, name = text(described, "Namespace"), text(described, "MetricName")
    periods = whole(source, "EvaluationPeriods") or 1
    threshold = source.get("Threshold") if isinstance(source, dict) else None
    return Alarm(
        **_common(source),
        metric=MetricRef(namespace, name, tuple(dimensions)) if namespace and name else None,
        expression=text(returned, "Expression"),
        queried=bool(queries),
        stat=text(source, "Statistic") or text(source, "ExtendedStatistic") or text(inner, "Stat"),
        period=max(1, whole(source, "Period") or whole(inner, "Period") or whole(returned, "Period") or 60),
        periods=max(1, periods),
        datapoints=max(1, whole(source, "DatapointsToAlarm") or periods),
        threshold=_finite(threshold),
        comparison=text(source, "ComparisonOperator"),
        missing=text(source, "TreatMissingData") or "missing",
        unit=text(source, "Unit"),
        low_samples=text(source, "EvaluateLowSampleCountPercentile"),
        settings=_settings(source, METRIC_SETTINGS),
    )


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an integer beyond every float
        return None


def _composite(source: Any) -> Alarm:
    return Alarm(
        **_common(source),
        composite=True,
        rule=text(source, "AlarmRule"),
        suppressor=text(source, "ActionsSuppressor"),
        suppressed_by=text(source, "ActionsSuppressedBy"),
        settings=_settings(source, COMPOSITE_SETTINGS),
    )


def changes(page: Answer) -> tuple[Change, ...]:
    """DescribeAlarmHistory, one page."""
    found = []
    for one in parts(page, "AlarmHistoryItems"):
        kind = text(one, "HistoryItemType")
        before = after = ""
        told = _json(text(one, "HistoryData")) if kind in ("StateUpdate", "Action") else {}
        acted = told if kind == "Action" else {}
        if kind == "StateUpdate":
            before, after = text(part(told, "oldState"), "stateValue"), text(part(told, "newState"), "stateValue")
        found.append(
            Change(
                AlarmRef(text(one, "AlarmName")),
                when(one, "Timestamp"),
                kind,
                text(one, "HistorySummary"),
                before,
                after,
                text(acted, "notificationResource"),
                text(acted, "actionState"),
                text(acted, "error"),
            )
        )
    return tuple(found)


def _json(words: str) -> Any:
    try:
        return json.loads(words) if words else {}
    except (ValueError, RecursionError):
        return {}


def mute_names(page: Answer) -> tuple[tuple[str, datetime | None], ...]:
    """ListAlarmMuteRules, one page: the names of its rules, and when each was changed last."""
    rules = [(text(one, "AlarmMuteRuleArn"), when(one, "LastUpdatedTimestamp")) for one in _summaries(page)]
    named = ((arn.rpartition(":")[2].rpartition("/")[2], changed) for arn, changed in rules)
    return tuple((name, changed) for name, changed in named if name)


def _summaries(page: Answer) -> list[Any]:
    return parts(page, "AlarmMuteRuleSummaries")


def mute(answer: Answer) -> Mute:
    """GetAlarmMuteRule."""
    names = frozenset(str(one) for one in parts(part(answer, "MuteTargets"), "AlarmNames"))
    return Mute(text(answer, "Name"), names, when(answer, "ExpireDate"))
