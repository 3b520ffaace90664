"""CloudWatch dashboards: what a body asks to be drawn, and what was found for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field

from pointsman.errors import Fault
from pointsman.model.dashboard_variables import Variable
from pointsman.model.refs import DashboardRef, Ref

__all__ = [
    "COLUMNS",
    "PERIODS",
    "RANGES",
    "AlarmFace",
    "AlarmsAsked",
    "Axis",
    "Body",
    "DashboardEntry",
    "DashboardList",
    "DashboardState",
    "DashboardView",
    "Found",
    "Line",
    "LogAsked",
    "Mark",
    "MetricAsked",
    "MetricLine",
    "Moment",
    "Refused",
    "TextAsked",
    "Widget",
    "auto_period",
]

COLUMNS = 24
"""Columns of a dashboard's grid."""
RANGES: tuple[timedelta, ...] = (
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=12),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
    timedelta(days=14),
)
"""How far back a dashboard may be looked at."""
PERIODS: tuple[int, ...] = (1, 10, 60, 300, 900, 3600, 21600, 86400)
"""Periods that a person may choose, in seconds."""
MOST_POINTS = 1440
"""Points of one line, at most."""


class DashboardEntry(Struct, frozen=True):
    """A dashboard as a list tells it."""

    ref: DashboardRef
    modified: datetime | None = None
    size: int | None = None
    """Bytes of its body."""
    arn: str = ""


class DashboardList(Struct, frozen=True):
    """Every dashboard of an account."""

    entries: tuple[DashboardEntry, ...] = ()
    more: bool = False
    """Whether not all were read."""

    def __len__(self) -> int:
        return len(self.entries)


class MetricLine(Struct, frozen=True):
    """A query of a metric widget: a metric with its statistic, or an expression."""

    id: str
    label: str = ""
    namespace: str = ""
    name: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()
    expression: str = ""
    stat: str = "Average"
    period: int = 0
    """Seconds; 0 takes the widget's."""
    region: str = ""
    account: str = ""
    visible: bool = True
    right: bool = False
    """Whether it is drawn against the right axis."""


class Axis(Struct, frozen=True):
    """What a body says of a vertical axis."""

    low: float | None = None
    high: float | None = None
    label: str = ""


class Mark(Struct, frozen=True):
    """A horizontal annotation."""

    value: float
    label: str = ""
    right: bool = False


class Moment(Struct, frozen=True):
    """A vertical annotation: a moment, or a stretch of time."""

    at: datetime
    label: str = ""
    until: datetime | None = None
    """The end of a stretch; None for a moment."""


class MetricAsked(Struct, frozen=True):
    """A metric widget."""

    lines: tuple[MetricLine, ...] = ()
    view: str = "timeSeries"
    stacked: bool = False
    region: str = ""
    stat: str = "Average"
    period: int = 300
    left: Axis = Axis()
    right: Axis = Axis()
    marks: tuple[Mark, ...] = ()
    moments: tuple[Moment, ...] = ()
    """Vertical annotations."""
    alarms: tuple[str, ...] = ()
    """ARNs of alarms that are drawn: the first one's metric where there are no lines."""
    sparkline: bool = False
    whole_range: bool = False
    """Whether a number is of the whole time and not of its last period."""


class TextAsked(Struct, frozen=True):
    """A text widget."""

    markdown: str


class LogAsked(Struct, frozen=True):
    """A log widget."""

    query: str
    """Without its sources."""
    groups: tuple[str, ...]
    view: str = "table"
    region: str = ""


class AlarmsAsked(Struct, frozen=True):
    """An alarm status widget."""

    arns: tuple[str, ...]
    states: tuple[str, ...] = ()
    """Only alarms in these; empty takes all."""


class Refused(Struct, frozen=True):
    """A widget that is not drawn, and why."""

    kind: str
    reason: str


Asked = MetricAsked | TextAsked | LogAsked | AlarmsAsked | Refused


class Widget(Struct, frozen=True):
    """A widget, on a grid of 24 columns."""

    number: int
    """Its place in the body."""
    asked: Asked
    title: str = ""
    x: int | None = None
    y: int | None = None
    """None: where there is room."""
    width: int = 6
    height: int = 6


class Body(Struct, frozen=True):
    """A dashboard's body, read."""

    widgets: tuple[Widget, ...] = ()
    span: timedelta | None = None
    """How far back it looks by itself; None says nothing of it."""
    inherit: bool = False
    """Whether each widget keeps its own period whatever the time range."""
    notes: tuple[str, ...] = ()
    """What of it is not drawn as it stands, a sentence each."""
    variables: tuple[Variable, ...] = ()
    chosen: tuple[tuple[str, str], ...] = ()
    """(id, value) of the variables that are at a value."""


class Line(Struct, frozen=True):
    """A time series that was found."""

    label: str
    points: tuple[tuple[float, float], ...] = ()
    """(seconds since 1970, value), oldest first."""
    right: bool = False
    visible: bool = True

    @property
    def last(self) -> float | None:
        """The newest value."""
        return self.points[-1][1] if self.points else None


class AlarmFace(Struct, frozen=True):
    """An alarm as a dashboard shows it."""

    name: str
    state: str
    """Empty: there is no such alarm."""
    reason: str = ""
    since: datetime | None = None


class Found(Struct, frozen=True):
    """What was found for one widget."""

    lines: tuple[Line, ...] = ()
    alarms: tuple[AlarmFace, ...] = ()
    marks: tuple[Mark, ...] = ()
    """Thresholds of its alarms."""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    fault: Fault | None = None
    """Why it has nothing, or not all."""
    notes: tuple[str, ...] = ()


class DashboardState(Struct, frozen=True):
    """A dashboard's text, for whoever changes it."""

    ref: DashboardRef
    text: str
    there: bool = True
    """Whether there is such a dashboard."""


class DashboardView(Struct, frozen=True):
    """A dashboard with everything it shows."""

    ref: DashboardRef
    text: str
    body: Body
    start: datetime
    end: datetime
    found: Mapping[int, Found] = field(default_factory=dict)
    """By the widget's number; a widget without an entry was not read yet."""


def auto_period(period: int, span: timedelta, *, inherit: bool = False) -> int:
    """A period that gives no more points than can be read, at least as long as a widget's own.

    Args:
        period: The widget's, in seconds.
        span: The time that is looked at.
        inherit: Whether the widget's is kept whatever that comes to.
    """
    if inherit:
        return period
    seconds = span.total_seconds()
    # What is older than 15 days is kept by five minutes, what is older than 63 days by the hour.
    least = 3600 if seconds > 63 * 86400 else 300 if seconds > 15 * 86400 else 1
    return max(period, least, next((one for one in PERIODS if seconds / one <= MOST_POINTS), PERIODS[-1]))


def target_of(asked: Asked) -> Ref | None:
    """Where a widget leads: its first alarm, log group or metric."""
    from pointsman.model.refs import AlarmRef, LogGroupRef, MetricRef

    if isinstance(asked, AlarmsAsked) and asked.arns:
        return AlarmRef(alarm_name(asked.arns[0]))
    if isinstance(asked, LogAsked) and asked.groups:
        return LogGroupRef(asked.groups[0])
    if isinstance(asked, MetricAsked):
        for one in asked.lines:
            if one.name:
                return MetricRef(one.namespace, one.name, tuple(sorted(one.dimensions)))
        if asked.alarms:
            return AlarmRef(alarm_name(asked.alarms[0]))
    return None


def alarm_name(arn: str) -> str:
    """An alarm's name from its ARN."""
    return arn.split(":alarm:", 1)[-1]
