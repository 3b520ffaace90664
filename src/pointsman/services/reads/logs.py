"""CloudWatch Logs' answers -> the model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pointsman.digits import digits
from pointsman.model.logs import (
    LogGroup,
    LogLine,
    LogStream,
    MetricFilter,
    PatternMatch,
    SubscriptionFilter,
    TailEvent,
)
from pointsman.model.trace_logs import TraceLine
from pointsman.services.reads.values import Answer, pairs, part, parts, text, whole


def lines(answer: Answer) -> tuple[LogLine, ...]:
    """GetLogEvents; an event without a time has none."""
    return tuple(
        LogLine(int(one.get("timestamp") or 0), (one.get("message") or "").rstrip("\r\n"))
        for one in parts(answer, "events")
    )


def forward_token(answer: Answer) -> str:
    """GetLogEvents: where the next read goes on."""
    return text(answer, "nextForwardToken")


def found_lines(answer: Answer, group: str) -> list[TraceLine]:
    """FilterLogEvents: the events that were found in a group."""
    return [
        TraceLine(
            _moment(whole(one, "timestamp")),
            group,
            text(one, "logStreamName"),
            text(one, "message").rstrip("\r\n"),
        )
        for one in parts(answer, "events")
    ]


def events(group: str, answer: Answer) -> tuple[TailEvent, ...]:
    """FilterLogEvents."""
    return tuple(
        TailEvent(
            whole(one, "timestamp") or 0,
            text(one, "message").rstrip("\r\n"),
            group,
            text(one, "logStreamName"),
            text(one, "eventId"),
            whole(one, "ingestionTime") or 0,
        )
        for one in parts(answer, "events")
    )


def live_events(event: Answer) -> tuple[TailEvent, ...]:
    """StartLiveTail: a session's update."""
    return tuple(
        TailEvent(
            whole(one, "timestamp") or 0,
            text(one, "message").rstrip("\r\n"),
            group_name(text(one, "logGroupIdentifier")),
            text(one, "logStreamName"),
            "",
            whole(one, "ingestionTime") or 0,
        )
        for one in parts(part(event, "sessionUpdate"), "sessionResults")
    )


def sampled(event: Answer) -> bool:
    """StartLiveTail: whether an update leaves events out."""
    return part(part(event, "sessionUpdate"), "sessionMetadata").get("sampled") is True


def group_name(identifier: str) -> str:
    """A group's name from its ARN, from ``account:name``, or from itself."""
    if ":log-group:" in identifier:
        return identifier.split(":log-group:", 1)[1].removesuffix(":*")
    return identifier.split(":", 1)[1] if digits(identifier[:12]) and identifier[12:13] == ":" else identifier


def _moment(milliseconds: int | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
    except (ValueError, OverflowError, OSError):
        return None


def groups(answer: Answer) -> tuple[LogGroup, ...]:
    """DescribeLogGroups."""
    return tuple(group(one) for one in parts(answer, "logGroups"))


def group(source: Answer) -> LogGroup:
    """One group of DescribeLogGroups."""
    return LogGroup(
        text(source, "logGroupName"),
        text(source, "logGroupArn") or text(source, "arn").removesuffix(":*"),
        whole(source, "retentionInDays") or 0,
        whole(source, "storedBytes"),
        whole(source, "metricFilterCount") or 0,
        text(source, "logGroupClass"),
        _moment(whole(source, "creationTime")),
        text(source, "kmsKeyId"),
    )


def metric_filters(answer: Answer) -> tuple[MetricFilter, ...]:
    """DescribeMetricFilters; of a filter's transformations, AWS allows one."""
    found = []
    for one in parts(answer, "metricFilters"):
        made: Any = next(iter(parts(one, "metricTransformations")), {})
        default = made.get("defaultValue") if isinstance(made, dict) else None
        found.append(
            MetricFilter(
                text(one, "logGroupName"),
                text(one, "filterName"),
                text(one, "filterPattern"),
                text(made, "metricNamespace"),
                text(made, "metricName"),
                text(made, "metricValue"),
                float(default) if isinstance(default, int | float) else None,
                text(made, "unit"),
                pairs(made, "dimensions"),
                one.get("applyOnTransformedLogs") is True,
                text(one, "fieldSelectionCriteria"),
                tuple(str(name) for name in parts(one, "emitSystemFieldDimensions")),
            )
        )
    return tuple(found)


def subscription_filters(answer: Answer) -> tuple[SubscriptionFilter, ...]:
    """DescribeSubscriptionFilters."""
    return tuple(
        SubscriptionFilter(
            text(one, "logGroupName"), text(one, "filterName"), text(one, "filterPattern"), text(one, "destinationArn")
        )
        for one in parts(answer, "subscriptionFilters")
    )


def streams(answer: Answer) -> tuple[LogStream, ...]:
    """DescribeLogStreams."""
    return tuple(
        LogStream(text(one, "logStreamName"), whole(one, "lastEventTimestamp") or 0)
        for one in parts(answer, "logStreams")
    )


def matches(answer: Answer) -> tuple[PatternMatch, ...]:
    """TestMetricFilter."""
    return tuple(
        PatternMatch(whole(one, "eventNumber") or 0, text(one, "eventMessage"), pairs(one, "extractedValues"))
        for one in parts(answer, "matches")
    )
