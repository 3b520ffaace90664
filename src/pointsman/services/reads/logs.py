"""CloudWatch Logs' answers -> the model."""

from __future__ import annotations

from pointsman.model.logs import LogLine
from pointsman.services.reads.values import Answer, parts, text


def lines(answer: Answer) -> tuple[LogLine, ...]:
    """GetLogEvents; an event without a time has none."""
    return tuple(
        LogLine(int(one.get("timestamp") or 0), (one.get("message") or "").rstrip("\r\n"))
        for one in parts(answer, "events")
    )


def forward_token(answer: Answer) -> str:
    """GetLogEvents: where the next read goes on."""
    return text(answer, "nextForwardToken")
