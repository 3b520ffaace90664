"""What the body of a dashboard must be: CloudWatch's JSON, judged as its schema does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

LARGEST: Final = 1024 * 1024
"""Bytes in a body."""
MOST_WIDGETS: Final = 500
MOST_METRICS: Final = 500
WIDTH: Final = 24
"""Columns of the grid."""

_VIEWS: Final = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
_LOG_VIEWS: Final = ("table", "timeSeries", "bar", "pie")
_NEEDED: Final = {
    "metric": ("region",),
    "text": ("markdown",),
    "log": ("query", "region"),
    "alarm": ("alarms",),
    "explorer": (),
    "custom": ("endpoint",),
}
"""The types of widgets, and the properties each must have."""
_PERIODS: Final = ("auto", "inherit")


class Problem(Struct, frozen=True):
    """Something that is wrong with a body."""

    path: str
    """A JSON pointer; empty for the whole."""
    message: str
    warning: bool = False
    """Whether the dashboard can be kept all the same."""


def problems(body: str) -> list[Problem]:
    """What is wrong with a dashboard's body, in its order."""
    if len(body.encode("utf-8", "replace")) > LARGEST:
        return [Problem("", f"The dashboard body must not have more than {LARGEST} bytes")]
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return [Problem("", "The field DashboardBody must be a valid JSON object")]
    if not isinstance(value, dict):
        return [Problem("", "The field DashboardBody must be a valid JSON object")]
    return list(_body(value))


def _body(body: dict[str, Any]) -> Iterator[Problem]:
    widgets = body.get("widgets")
    if "widgets" not in body:
        yield Problem("", "Should have required property 'widgets'")
    elif not isinstance(widgets, list):
        yield Problem("/widgets", "Should be array")
    elif len(widgets) > MOST_WIDGETS:
        yield Problem("/widgets", f"Should NOT have more than {MOST_WIDGETS} items")
    else:
        for place, widget in enumerate(widgets):
            yield from _widget(f"/widgets/{place}", widget)
    for key in ("start", "end"):
        if key in body and not isinstance(body[key], str):
            yield Problem(f"/{key}", "Should be string")
    if "end" in body and "start" not in body:
        yield Problem("", "Should have property start when property end is present")
    if body.get("periodOverride", "auto") not in _PERIODS:
        yield Problem("/periodOverride", "Should be equal to one of the allowed values")


def _widget(path: str, widget: Any) -> Iterator[Problem]:
    if not isinstance(widget, dict):
        yield Problem(path, "Should be object")
        return
    yield from _layout(path, widget)
    type_, properties = widget.get("type"), widget.get("properties")
    for key in ("type", "properties"):
        if key not in widget:
            yield Problem(path, f"Should have required property '{key}'")
    if "type" in widget and (not isinstance(type_, str) or type_ not in _NEEDED):
        yield Problem(f"{path}/type", "Should be equal to one of the allowed values")
        return
    if "properties" not in widget or "type" not in widget:
        return
    inner = f"{path}/properties"
    if not isinstance(properties, dict):
        yield Problem(inner, "Should be object")
        return
    for key in _NEEDED[str(type_)]:
        if key not in properties:
            yield Problem(inner, f"Should have required property '{key}'", warning=key == "region")
    if type_ == "metric":
        yield from _metric(inner, properties)
    elif type_ == "text":
        yield from _typed(inner, properties, "markdown", str, "string")
    elif type_ == "log":
        yield from _typed(inner, properties, "query", str, "string")
        yield from _one_of(inner, properties, "view", _LOG_VIEWS)
    elif type_ == "alarm":
        yield from _alarms(inner, properties)


def _layout(path: str, widget: dict[str, Any]) -> Iterator[Problem]:
    for key, least, most in (("x", 0, WIDTH - 1), ("y", 0, None), ("width", 1, WIDTH), ("height", 1, 1000)):
        value = widget.get(key, least)
        if not isinstance(value, int) or isinstance(value, bool):
            yield Problem(f"{path}/{key}", "Should be integer")
        elif value < least:
            yield Problem(f"{path}/{key}", f"Should be >= {least}")
        elif most is not None and value > most:
            yield Problem(f"{path}/{key}", f"Should be <= {most}")


def _typed(path: str, given: dict[str, Any], key: str, kind: type, word: str) -> Iterator[Problem]:
    if key in given and not isinstance(given[key], kind):
        yield Problem(f"{path}/{key}", f"Should be {word}")


def _one_of(path: str, given: dict[str, Any], key: str, allowed: tuple[str, ...]) -> Iterator[Problem]:
    if key in given and given[key] not in allowed:
        yield Problem(f"{path}/{key}", "Should be equal to one of the allowed values")


def _metric(path: str, given: dict[str, Any]) -> Iterator[Problem]:
    if "metrics" not in given and "annotations" not in given:
        yield Problem(path, "Should have required property 'metrics'")
    yield from _one_of(path, given, "view", _VIEWS)
    yield from _typed(path, given, "stacked", bool, "boolean")
    for key in ("title", "stat", "region"):
        yield from _typed(path, given, key, str, "string")
    period = given.get("period", 300)
    if not isinstance(period, int) or isinstance(period, bool) or period < 1:
        yield Problem(f"{path}/period", "Should be integer >= 1")
    metrics = given.get("metrics", [])
    if not isinstance(metrics, list):
        yield Problem(f"{path}/metrics", "Should be array")
        return
    if len(metrics) > MOST_METRICS:
        yield Problem(f"{path}/metrics", f"Should NOT have more than {MOST_METRICS} items")
        return
    for place, metric in enumerate(metrics):
        yield from _line(f"{path}/metrics/{place}", metric)
    if "yAxis" in given and not isinstance(given["yAxis"], dict):
        yield Problem(f"{path}/yAxis", "Should be object")


def _line(path: str, metric: Any) -> Iterator[Problem]:
    """One entry of metrics: namespace, name, pairs of dimensions, and rendering properties as the last item."""
    if not isinstance(metric, list):
        yield Problem(path, "Should be array")
        return
    names, options = metric, {}
    if metric and isinstance(metric[-1], dict):
        names, options = metric[:-1], metric[-1]
    if "expression" in options:
        if names:
            yield Problem(path, "Should NOT have more than 1 items")
        yield from _typed(f"{path}/{len(names)}", options, "expression", str, "string")
        return
    for place, name in enumerate(names):
        if not isinstance(name, str):
            yield Problem(f"{path}/{place}", "Should be string")
    if "..." in names:
        return  # it stands for what the metric before has there
    if len(names) < 2:
        yield Problem(path, "Should NOT have less than 2 items")
    elif len(names) % 2:
        yield Problem(path, "Should have a value for every dimension")
    elif len(names) > 2 + 2 * 30:
        yield Problem(path, "Should NOT have more than 30 dimensions")


def _alarms(path: str, given: dict[str, Any]) -> Iterator[Problem]:
    found = given.get("alarms", [])
    if not isinstance(found, list):
        yield Problem(f"{path}/alarms", "Should be array")
    elif len(found) > 100:
        yield Problem(f"{path}/alarms", "Should NOT have more than 100 items")
    else:
        for place, alarm in enumerate(found):
            if not isinstance(alarm, str):
                yield Problem(f"{path}/alarms/{place}", "Should be string")
