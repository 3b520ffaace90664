"""CloudWatch Logs' answers -> the model."""

from __future__ import annotations

from datetime import UTC, datetime

from pointsman.model.logs import LogLine
from pointsman.model.trace_logs import TraceLine
from pointsman.services.reads.values import Answer, parts, text, whole


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


def _moment(milliseconds: int | None) -> datetime | None:
    if milliseconds is None:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
