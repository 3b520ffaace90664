"""Metrics as the screens are told of them in tests: shapes worth looking at, made without chance."""

from __future__ import annotations

import math
from datetime import timedelta

from pointsman.clock import EPOCH
from pointsman.model.metrics import (
    MetricList,
    MetricQuery,
    Series,
    Threshold,
    Wall,
    WallQuery,
    period_for,
)
from pointsman.model.refs import MetricRef

NOW = EPOCH
CPU = MetricRef("AWS/ECS", "CPUUtilization", (("ClusterName", "shop"), ("ServiceName", "checkout")))
DURATION = MetricRef("AWS/CodeBuild", "Duration", (("ProjectName", "checkout-test"),))
ORDERS = MetricRef("Shop", "Orders", (("Region", "eu"),))
SILENT = MetricRef("Shop", "Refunds")
MARKUP = MetricRef("[red]Shop[/]", "\x1b[31m[@click=app.quit]x[/]", (("a\u202eb", "c\nd"),))
LISTED = (CPU, DURATION, ORDERS, SILENT, MARKUP)
LIMIT = Threshold("checkout-cpu", CPU, "GreaterThanThreshold", 80.0, "ALARM", "Average", 60)


def listed() -> MetricList:
    return MetricList(tuple(sorted(LISTED)))


def thresholds() -> tuple[Threshold, ...]:
    return (LIMIT, Threshold("no-orders", ORDERS, "LessThanThreshold", 3.0, "OK", "Sum", 300))


def series(query: MetricQuery, span: timedelta = timedelta(hours=3), period: int = 60) -> Series:
    """A series of a range that ends now."""
    count = int(span.total_seconds() // period)
    begin = NOW.timestamp() - count * period
    points: list[tuple[float, float]] = []
    for at in range(count):
        if query.ref == CPU:
            value = 40 + 18 * math.sin(at / count * 9) + (38 if at > count * 0.93 else 0)
        elif query.ref == DURATION:
            if at % 23:
                continue
            value = 90.0 + at % 37
        elif query.ref == ORDERS or query.ref is None:
            if count * 0.4 < at < count * 0.5:
                continue
            value = float(7 + at % 5)
        elif query.ref == MARKUP:
            value = 1e300 if at % 2 else -1e300
        else:
            continue
        points.append((begin + at * period, value))
    return Series(query, query.expression, tuple(time for time, _ in points), tuple(value for _, value in points))


def wall(query: WallQuery) -> Wall:
    """What comes of a wall."""
    end = query.end or NOW
    found = tuple(series(one, query.span, query.period) for one in query.queries)
    return Wall(query, found, end - query.span, end)


def board_query(span: timedelta = timedelta(hours=3), stat: str = "Average") -> WallQuery:
    """What the board asks for at first: everything that is watched."""
    return WallQuery(tuple(MetricQuery(one, stat) for one in sorted(LISTED)), span, period_for(span))


def plot_query(*refs: MetricRef, span: timedelta = timedelta(hours=3), expression: str = "") -> WallQuery:
    queries = [MetricQuery(one) for one in refs]
    queries += [MetricQuery(None, expression=expression)] if expression else []
    return WallQuery(tuple(queries), span, period_for(span))
