"""Dashboards as a screen receives them: the bodies of ``sample_config`` and one of everything, with made-up data."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pointsman.clock import EPOCH
from pointsman.errors import Fault, FaultKind
from pointsman.model.dashboards import (
    AlarmFace,
    AlarmsAsked,
    DashboardEntry,
    DashboardList,
    DashboardView,
    Found,
    Line,
    LogAsked,
    MetricAsked,
    Widget,
    alarm_name,
)
from pointsman.model.refs import DashboardRef
from pointsman.services.reads import dashboards as reader

FOLDER = Path(__file__).parents[2] / "sample_config" / "dashboards"
SAMPLES = ("business", "developers", "operations")
MIXED = DashboardRef("mixed")
NOW = EPOCH


def metric(view: str, count: int = 2, **more: Any) -> dict[str, Any]:
    metrics: list[Any] = [["Shop", "Orders", "Country", "DE"], *[["...", name] for name in ("FR", "US", "IT")]]
    return {"metrics": metrics[:count], "view": view, "title": view, "period": 60, **more}


def widget(kind: str, x: int, y: int, width: int, height: int, **properties: Any) -> dict[str, Any]:
    return {"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties}


ALARMS = [f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}" for name in ("orders-low", "shop-faults", "gone")]
VARIABLES: list[Any] = [
    {"type": "property", "property": "Country", "id": "country", "label": "Country", "inputType": "select"},
    {"type": "pattern", "pattern": "Shop", "id": "shop", "label": "shop name", "defaultValue": "Shop"},
]
VARIABLES[0]["values"] = [{"value": "DE", "label": "Germany"}, {"value": "FR", "label": "France"}]
MOMENTS = [{"value": "2026-01-05T08:10:00Z", "label": "[b]deploy[/b]"}, {"value": "2026-01-05T08:30:00Z"}]
ANNOTATIONS = {"horizontal": [{"value": 80}], "vertical": MOMENTS}
MIXED_BODY = {
    "start": "-PT3H",
    "variables": VARIABLES,
    "widgets": [
        widget("text", 0, 0, 24, 2, markdown="# The shop [bold]as it is[/bold]\n**One of everything**, `text` too."),
        widget(
            "metric",
            0,
            2,
            12,
            6,
            **metric("timeSeries", annotations=ANNOTATIONS),
        ),
        widget("metric", 12, 2, 12, 6, **metric("timeSeries", 3, stacked=True, title="stacked")),
        widget("metric", 0, 8, 6, 3, **metric("singleValue", sparkline=True)),
        widget("metric", 6, 8, 6, 3, **metric("gauge", 1, yAxis={"left": {"min": 0, "max": 100}})),
        widget("metric", 12, 8, 6, 4, **metric("bar", 3)),
        widget("metric", 18, 8, 6, 4, **metric("pie", 4)),
        widget("metric", 0, 12, 12, 4, **metric("table", 3)),
        widget("alarm", 12, 12, 12, 4, title="alarms", alarms=ALARMS),
        widget("log", 0, 16, 12, 5, title="log", query="SOURCE '/shop' | stats count(*) by @logStream"),
        widget("metric", 12, 16, 6, 5, **metric("timeSeries", title="denied")),
        widget("custom", 18, 16, 6, 3, endpoint="arn:aws:lambda:eu-west-1:123456789012:function:x"),
        widget("holograph", 18, 19, 6, 2),
    ],
}


def listed() -> DashboardList:
    names = (*SAMPLES, MIXED.name, "a-dashboard-of-somebody-with-a-very-long-name-indeed-that-has-to-be-cut")
    return DashboardList(
        tuple(
            DashboardEntry(
                DashboardRef(name),
                EPOCH - timedelta(hours=7 * number, minutes=5),
                1200 * (number + 1) ** 2,
                f"arn:aws:cloudwatch::123456789012:dashboard/{name}",
            )
            for number, name in enumerate(sorted(names))
        )
    )


def line(label: str, number: int, start: float, end: float, step: float) -> Line:
    """A wave of its own, with a gap."""
    points = []
    time = start
    while time < end:
        share = (time - start) / (end - start)
        if not 0.4 + number * 0.05 < share < 0.45 + number * 0.05:
            value = 40 + 12 * number + 30 * math.sin(share * (9 + 2 * number) + number)
            points.append((time, round(value, 2)))
        time += step
    return Line(label, tuple(points))


def found(one: Widget, view: DashboardView) -> Found:
    """Something for a widget."""
    asked = one.asked
    start, end = view.start.timestamp(), view.end.timestamp()
    if isinstance(asked, MetricAsked):
        if one.title == "denied":
            said = "cloudwatch:GetMetricData is not allowed"
            return Found(fault=Fault(FaultKind.DENIED, said, "ask for the permission", call="cloudwatch:GetMetricData"))
        shown = [each for each in asked.lines if each.visible]
        step = max(float(asked.period), (end - start) / 300)
        return Found(
            tuple(
                line(each.label or (each.dimensions[-1][1] if each.dimensions else each.name), at, start, end, step)
                for at, each in enumerate(shown)
            )
        )
    if isinstance(asked, AlarmsAsked):
        states = ("ALARM", "OK", "")
        return Found(
            alarms=tuple(
                AlarmFace(
                    alarm_name(arn),
                    states[at % 3],
                    "" if states[at % 3] else "there is no such alarm",
                    EPOCH - timedelta(minutes=4 + 60 * at),
                )
                for at, arn in enumerate(asked.arns)
            )
        )
    if isinstance(asked, LogAsked):
        rows = tuple((f"web-{at}/\x1b[31mstream", str(17 * at)) for at in range(1, 9))
        return Found(columns=("@logStream", "count(*)"), rows=rows)
    return Found()


def of(name: str, text: str) -> DashboardView:
    body = reader.body(text)
    view = DashboardView(DashboardRef(name), text, body, NOW - (body.span or timedelta(hours=3)), NOW)
    wanted = {one.number: found(one, view) for one in body.widgets}
    return DashboardView(view.ref, text, body, view.start, view.end, wanted)


@cache
def views() -> tuple[DashboardView, ...]:
    """Every dashboard, read."""
    made = [of(name, (FOLDER / f"{name}.json").read_text()) for name in SAMPLES]
    return (*made, of(MIXED.name, json.dumps(MIXED_BODY)))


def mixed() -> DashboardView:
    """The one with one of everything."""
    return views()[-1]
