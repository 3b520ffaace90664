"""Dashboards read into the model: lists, bodies as people and tools write them, and what is found for their widgets."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pointsman.model.dashboard_variables import FIRST, Variable, substituted
from pointsman.model.dashboards import (
    COLUMNS,
    AlarmFace,
    AlarmsAsked,
    Asked,
    Axis,
    Body,
    DashboardEntry,
    Line,
    LogAsked,
    Mark,
    MetricAsked,
    MetricLine,
    Moment,
    Refused,
    TextAsked,
    Widget,
    alarm_name,
)
from pointsman.model.refs import DashboardRef
from pointsman.services.reads.values import Answer, part, parts, text, when, whole

MOST_WIDGETS: Final = 500
MOST_LINES: Final = 500
_DEEP: Final = 10**6
"""Rows of the grid beyond which nothing is looked for."""
_VIEWS: Final = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
_SOURCE = re.compile(r"\s*SOURCE\s+((?:'[^']*'|\"[^\"]*\")(?:\s*,\s*(?:'[^']*'|\"[^\"]*\"))*)\s*\|", re.IGNORECASE)
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_SPAN = re.compile(r"-P(?:(\d{1,5})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,5})D)?"
                   r"(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?")  # fmt: skip
_UNITS: Final = (365 * 86400, 30 * 86400, 7 * 86400, 86400, 3600, 60, 1)
_NOT_DRAWN: Final = {
    "explorer": "a metrics explorer finds its metrics by tags of resources, which are not read here",
    "custom": "a custom widget is what a Lambda function answers, and looking calls no function",
}


# -- lists ----------------------------------------------------------------------------------------------------------


def entries(answer: Answer) -> tuple[DashboardEntry, ...]:
    """ListDashboards: a page."""
    return tuple(
        DashboardEntry(
            DashboardRef(text(one, "DashboardName")),
            when(one, "LastModified"),
            whole(one, "Size"),
            text(one, "DashboardArn"),
        )
        for one in parts(answer, "DashboardEntries")
        if text(one, "DashboardName")
    )


# -- bodies ---------------------------------------------------------------------------------------------------------


def body(source: str, chosen: Mapping[str, str] | None = None) -> Body:
    """A dashboard's body; what cannot be drawn of it is said in its place. For a thread: a body may be large.

    Args:
        source: Its JSON.
        chosen: The values of its variables, by id; one that is not there is at its default, where that is a value.
    """
    try:
        value = json.loads(source)
    except (ValueError, RecursionError) as error:
        said = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        return Body(notes=(f"the body is not JSON: {said}",))
    if not isinstance(value, Mapping):
        return Body(notes=("the body is not a JSON object",))
    given = value.get("widgets")
    notes = []
    if not isinstance(given, list):
        notes.append("the body has no list of widgets")
        given = []
    if len(given) > MOST_WIDGETS:
        notes.append(f"{len(given):,} widgets; the first {MOST_WIDGETS} are shown")
    known = variables(value)
    values = [(one, said) for one in known if (said := (chosen or {}).get(one.id, _default(one)))]
    given, problems = substituted(given[:MOST_WIDGETS], values)
    notes += problems
    widgets = tuple(_widget(number, one) for number, one in enumerate(given[:MOST_WIDGETS]))
    at = tuple((one.id, said) for one, said in values)
    return Body(widgets, span(text(value, "start")), value.get("periodOverride") == "inherit", tuple(notes), known, at)


def variables(value: Any) -> tuple[Variable, ...]:
    """A body's variables; what is none is left out."""
    found = []
    for one in parts(value, "variables"):
        kind = text(one, "type")
        what = text(one, kind) if kind in ("property", "pattern") else ""
        if not what:
            continue
        values = tuple(
            (text(each, "label") or text(each, "value"), text(each, "value"))
            for each in parts(one, "values")
            if text(each, "value")
        )
        found.append(
            Variable(
                text(one, "id") or what,
                kind,
                what,
                text(one, "label"),
                text(one, "inputType") or "input",
                text(one, "defaultValue"),
                values,
                text(one, "search"),
                text(one, "populateFrom"),
                not isinstance(one, Mapping) or one.get("visible") is not False,
            )
        )
    return tuple(found)


def _default(variable: Variable) -> str:
    """A variable's own value; empty where only its values can tell, or nothing does."""
    if variable.default != FIRST:
        return variable.default
    return variable.values[0][1] if variable.values else ""


def span(said: str) -> timedelta | None:
    """A relative start, ``-PT3H``; None for any other."""
    found = _SPAN.fullmatch(said)
    if found is None:
        return None
    seconds = sum(int(one) * unit for one, unit in zip(found.groups(), _UNITS, strict=True) if one)
    return timedelta(seconds=min(seconds, 455 * 86400)) if seconds else None


def _widget(number: int, given: Any) -> Widget:
    if not isinstance(given, Mapping):
        return Widget(number, Refused("", "this widget is not a JSON object"))
    kind, properties = text(given, "type"), part(given, "properties")
    return Widget(
        number,
        _asked(kind, properties),
        text(properties, "title"),
        _place(given, "x", 0, COLUMNS - 1),
        _place(given, "y", 0, _DEEP),
        _place(given, "width", 1, COLUMNS) or 6,
        _place(given, "height", 1, 1000) or 6,
    )


def _place(given: Any, name: str, least: int, most: int) -> int | None:
    value = whole(given, name)
    return None if value is None else max(least, min(most, value))


def _asked(kind: str, properties: Mapping[str, Any]) -> Asked:
    if kind == "metric":
        return _metric(properties)
    if kind == "text":
        return TextAsked(text(properties, "markdown"))
    if kind == "log":
        return _log(properties)
    if kind == "alarm":
        return AlarmsAsked(_strings(properties, "alarms"), _strings(properties, "states"))
    if kind in _NOT_DRAWN:
        return Refused(kind, _NOT_DRAWN[kind])
    return Refused(kind, f"there is no widget of the type {kind!r} here" if kind else "this widget has no type")


def _strings(source: Any, name: str) -> tuple[str, ...]:
    return tuple(one for one in parts(source, name) if isinstance(one, str))


def _log(properties: Mapping[str, Any]) -> LogAsked:
    query, groups = text(properties, "query"), []
    while (found := _SOURCE.match(query)) is not None:
        groups += [one or other for one, other in _QUOTED.findall(found[1])]
        query = query[found.end() :]
    view = text(properties, "view") or "table"
    return LogAsked(query.strip(), tuple(dict.fromkeys(groups)), view, text(properties, "region"))


def _metric(properties: Mapping[str, Any]) -> Asked:
    view = text(properties, "view") or "timeSeries"
    if view not in _VIEWS:
        return Refused("metric", f"there is no view {view!r} of metrics here")
    stat, period = text(properties, "stat") or "Average", whole(properties, "period") or 300
    annotations, axes = part(properties, "annotations"), part(properties, "yAxis")
    return MetricAsked(
        lines=tuple(_lines(parts(properties, "metrics"), stat)),
        view=view,
        stacked=properties.get("stacked") is True,
        region=text(properties, "region"),
        stat=stat,
        period=max(1, period),
        left=_axis(part(axes, "left")),
        right=_axis(part(axes, "right")),
        marks=tuple(_marks(parts(annotations, "horizontal"))),
        moments=tuple(_moments(parts(annotations, "vertical"))),
        alarms=_strings(annotations, "alarms"),
        sparkline=properties.get("sparkline") is True,
        whole_range=properties.get("setPeriodToTimeRange") is True,
    )


def _axis(given: Mapping[str, Any]) -> Axis:
    return Axis(_number(given.get("min")), _number(given.get("max")), text(given, "label"))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _marks(given: list[Any]) -> Iterator[Mark]:
    """Horizontal lines; a band is two of them."""
    for one in given:
        for inner in one if isinstance(one, list) else (one,):
            value = _number(inner.get("value")) if isinstance(inner, Mapping) else None
            if value is not None and inner.get("visible") is not False:
                yield Mark(value, text(inner, "label"), text(inner, "yAxis") == "right")


def _moments(given: list[Any]) -> Iterator[Moment]:
    """Vertical lines; two in a list are the ends of a stretch."""
    for one in given:
        ends = [inner for inner in (one if isinstance(one, list) else (one,)) if isinstance(inner, Mapping)]
        times = [_instant(inner.get("value")) for inner in ends]
        if not ends or times[0] is None or ends[0].get("visible") is False:
            continue
        label = next((said for inner in ends if (said := text(inner, "label"))), "")
        yield Moment(times[0], label, times[1] if isinstance(one, list) and len(times) > 1 else None)


def _instant(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # no time, or one that is in another year in UTC than there are
        return None


def _lines(given: list[Any], stat: str) -> Iterator[MetricLine]:
    """The metrics, with ``.`` and ``...`` standing for what the metric before has."""
    before: list[str] = []
    for number, one in enumerate(given[:MOST_LINES]):
        if not isinstance(one, list):
            continue
        options: Mapping[str, Any] = one[-1] if one and isinstance(one[-1], Mapping) else {}
        words = [str(word) for word in (one[:-1] if options or (one and one[-1] == {}) else one)]
        if not words and not text(options, "expression"):
            continue
        before = _expanded(words, before) if words else before
        yield _line(number, before if words else [], options, stat)


def _expanded(words: list[str], before: list[str]) -> list[str]:
    if "..." in words:
        at = words.index("...")
        rest = words[at + 1 :]
        words = [*words[:at], *before[at : max(at, len(before) - len(rest))], *rest]
    return [before[place] if word == "." and place < len(before) else word for place, word in enumerate(words)]


def _line(number: int, words: list[str], options: Mapping[str, Any], stat: str) -> MetricLine:
    expression = "" if words else text(options, "expression")
    return MetricLine(
        id=text(options, "id") or f"{'e' if expression else 'm'}_line{number}",
        label=text(options, "label"),
        namespace=words[0] if words else "",
        name=words[1] if len(words) > 1 else "",
        dimensions=tuple(zip(words[2::2], words[3::2], strict=False)),
        expression=expression,
        stat=text(options, "stat") or stat,
        period=max(0, whole(options, "period") or 0),
        region=text(options, "region"),
        account=text(options, "accountId"),
        visible=options.get("visible") is not False,
        right=text(options, "yAxis") == "right",
    )


# -- what is found ----------------------------------------------------------------------------------------------------


def lines(answer: Answer, asked: Mapping[str, MetricLine]) -> Iterator[tuple[str, Line, tuple[str, ...], bool]]:
    """GetMetricData: (query's id, its line, what was said beside it, whether more of it follows)."""
    for one in parts(answer, "MetricDataResults"):
        id_ = text(one, "Id")
        source = asked.get(id_)
        pairs = zip(parts(one, "Timestamps"), parts(one, "Values"), strict=False)
        points = sorted((_seconds(time), float(value)) for time, value in pairs if _fine(time, value))
        said = tuple(text(message, "Value") for message in parts(one, "Messages") if text(message, "Value"))
        line = Line(
            text(one, "Label") or id_,
            tuple(points),
            source.right if source is not None else False,
            source.visible if source is not None else True,
        )
        yield id_, line, said, text(one, "StatusCode") == "PartialData"


def _fine(time: Any, value: Any) -> bool:
    return isinstance(time, datetime) and _number(value) is not None


def _seconds(time: datetime) -> float:
    return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp()


def faces(answer: Answer) -> tuple[AlarmFace, ...]:
    """DescribeAlarms: alarms of both kinds."""
    found = []
    for one in (*parts(answer, "MetricAlarms"), *parts(answer, "CompositeAlarms")):
        since = when(one, "StateTransitionedTimestamp") or when(one, "StateUpdatedTimestamp")
        face = AlarmFace(text(one, "AlarmName"), text(one, "StateValue"), text(one, "StateReason"), since)
        found.append(face)
    return tuple(found)


def watched(answer: Answer, arn: str) -> tuple[MetricLine, Mark | None] | None:
    """DescribeAlarms: the metric that an alarm looks at, and its threshold; None when it looks at none alone."""
    name = alarm_name(arn)
    one = next((one for one in parts(answer, "MetricAlarms") if text(one, "AlarmName") == name), None)
    if one is None or not text(one, "MetricName"):
        return None
    dimensions = tuple((text(pair, "Name"), text(pair, "Value")) for pair in parts(one, "Dimensions"))
    line = MetricLine(
        "alarm",
        namespace=text(one, "Namespace"),
        name=text(one, "MetricName"),
        dimensions=dimensions,
        stat=text(one, "Statistic") or text(one, "ExtendedStatistic") or "Average",
        period=max(0, whole(one, "Period") or 0),
    )
    threshold = _number(one.get("Threshold") if isinstance(one, Mapping) else None)
    return line, Mark(threshold, name) if threshold is not None else None


def rows(answer: Answer) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """GetQueryResults: its status, the fields in their order, and the rows."""
    names: dict[str, None] = {}
    given = []
    for one in parts(answer, "results"):
        fields = {text(pair, "field"): text(pair, "value") for pair in (one if isinstance(one, list) else ())}
        fields.pop("@ptr", None)
        names.update(dict.fromkeys(fields))
        given.append(fields)
    columns = tuple(names)
    return text(answer, "status"), columns, tuple(tuple(one.get(name, "") for name in columns) for one in given)
