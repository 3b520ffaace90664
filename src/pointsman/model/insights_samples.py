"""Queries to begin with: what is asked most, and what shows how the language goes. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

__all__ = ["FIRST", "SAMPLES", "Sample", "sample"]

FIRST: Final = "fields @timestamp, @message\n| sort @timestamp desc\n| limit 200"
"""What an editor that was never used begins with."""


class Sample(Struct, frozen=True):
    """A query under a name."""

    name: str
    help: str
    text: str


SAMPLES: Final = (
    Sample(
        "errors",
        "the errors of the last hour",
        "fields @timestamp, @logStream, @message\n"
        "| filter @message like /(?i)(error|exception|fatal)/\n"
        "| sort @timestamp desc\n"
        "| limit 200",
    ),
    Sample(
        "slowest",
        "the slowest requests",
        "fields @timestamp, coalesce(@duration, duration, duration_ms, latency) as took, @requestId, @message\n"
        "| filter ispresent(took)\n"
        "| sort took desc\n"
        "| limit 25",
    ),
    Sample(
        "errors-by-time",
        "how many errors, in bins",
        "filter @message like /(?i)(error|exception|fatal)/\n| stats count(*) as errors by bin(5m)",
    ),
    Sample("events-by-time", "how much is logged, in bins", "stats count(*) as events by bin(5m)"),
    Sample(
        "streams",
        "who logs most",
        "stats count(*) as events, sum(strlen(@message)) as characters by @logStream\n| sort events desc\n| limit 50",
    ),
    Sample("patterns", "what kinds of lines there are", "pattern @message"),
    Sample(
        "new-patterns",
        "which kinds of lines are new against the time before",
        "pattern @message\n| diff",
    ),
    Sample(
        "lambda-durations",
        "a function's durations, in bins",
        'filter @type = "REPORT"\n'
        "| stats avg(@duration) as average, pct(@duration, 95) as p95, max(@duration) as longest by bin(5m)",
    ),
    Sample(
        "lambda-memory",
        "how much memory a function was given and did not use",
        'filter @type = "REPORT"\n'
        "| stats max(@memorySize / 1000000) as given, max(@maxMemoryUsed / 1000000) as used by @log",
    ),
    Sample(
        "traced",
        "lines that belong to a trace",
        "fields @timestamp, @message\n"
        "| parse @message /(?<trace>1-[0-9a-f]{8}-[0-9a-f]{24})/\n"
        "| filter ispresent(trace)\n"
        "| sort @timestamp desc\n"
        "| limit 200",
    ),
    Sample(
        "status-codes",
        "requests by their status, of JSON logs with a field `status`",
        "filter ispresent(status)\n| stats count(*) as requests by status\n| sort requests desc",
    ),
)


def sample(name: str) -> Sample | None:
    """The sample of a name."""
    return next((one for one in SAMPLES if one.name == name), None)
