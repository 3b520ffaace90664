"""Log groups and a tail to draw, all around EPOCH."""

from __future__ import annotations

from datetime import timedelta

from pointsman.clock import EPOCH
from pointsman.model.logs import (
    GroupDetail,
    LogGroup,
    LogStream,
    MetricFilter,
    SubscriptionFilter,
    TailChunk,
    TailEvent,
    TailMode,
)

NOW = int(EPOCH.timestamp() * 1000)
API, WORKER = "/shop/api", "/shop/worker"
TRACE = "1-65f0a1b2-0123456789abcdef01234567"
_ARN = "arn:aws:logs:eu-west-1:123456789012:log-group:"


def group(name: str, **more: object) -> LogGroup:
    made = {"arn": _ARN + name, "group_class": "STANDARD", "created": EPOCH - timedelta(days=40), **more}
    return LogGroup(name, **made)  # type: ignore[arg-type]


def groups() -> tuple[LogGroup, ...]:
    """One of everything."""
    return (
        group("/aws/codebuild/checkout", retention=30, stored=4_200_000),
        group("/aws/lambda/prices", stored=812_000_000_000, filters=2),
        group("/audit/trail", retention=3653, stored=17_300_000_000_000, group_class="INFREQUENT_ACCESS"),
        group("/delivered", stored=900, group_class="DELIVERY"),
        group(API, retention=14, stored=98_300_000, filters=3),
        group(WORKER, retention=14, stored=0),
    )


def detail(name: str = API) -> GroupDetail:
    """A group with filters, a subscription and streams."""
    return GroupDetail(
        next(one for one in groups() if one.name == name),
        (
            MetricFilter(name, "errors", "?ERROR ?FATAL", "Shop", "Errors", "1", 0.0, "Count"),
            MetricFilter(name, "latency", "{ $.ms = * }", "Shop", "Latency", "$.ms", None, "Milliseconds"),
            MetricFilter(
                name, "by-tenant", "{ $.tenant = * }", "Shop", "Requests", "1", None, "", (("Tenant", "$.tenant"),)
            ),
        ),
        (SubscriptionFilter(name, "siem", "ERROR", "arn:aws:lambda:eu-west-1:123456789012:function:siem"),),
        (LogStream("web-1", NOW - 4_000), LogStream("web-2", NOW - 60_000)),
    )


def event(second: float, text: str, group: str = API, stream: str = "web-1") -> TailEvent:
    """An event so many seconds before EPOCH."""
    at = NOW - round(second * 1000)
    return TailEvent(at, text, group, stream, ingested=at)


LINES = (
    event(50, "listening on :8080"),
    event(48.5, '{"level":"info","msg":"GET /cart","http":{"status":200},"ms":12}'),
    event(47, "INFO job 4711 taken", WORKER, "w-1"),
    event(46.2, "DEBUG cache warm", WORKER, "w-1"),
    event(40, f'{{"level":"error","msg":"no stock","http":{{"status":502}},"ms":812,"trace":"{TRACE}"}}'),
    event(38.75, "WARN job 4711: retrying in 2 s", WORKER, "w-1"),
    event(36, "ERROR job 4711 failed: deployment d-8KQ2XQ1AB is rolling back", WORKER, "w-1"),
    event(30, "Traceback (most recent call last):\n  File \"app.py\", line 7\nKeyError: 'sku'"),
    event(12, "\x1b[31mred\x1b[0m [b]not bold[/b] \u202etxet"),
    event(2, "GET /health 200"),
)


def told(*lines: TailEvent, mode: TailMode = TailMode.LIVE, **more: object) -> TailChunk:
    return TailChunk(lines, mode, **more)  # type: ignore[arg-type]


def chunks() -> list[TailChunk]:
    """What there is, then live."""
    return [told(*LINES[:-1], mode=TailMode.READING), told(), told(LINES[-1])]
