"""Dashboards for the screens: their list, and each with everything it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from pointsman.aws.threads import Daemons
from pointsman.clock import Clock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.dashboard_variables import FIRST, Variable
from pointsman.model.dashboards import (
    AlarmFace,
    AlarmsAsked,
    DashboardEntry,
    DashboardList,
    DashboardState,
    DashboardView,
    Found,
    Line,
    LogAsked,
    Mark,
    MetricAsked,
    MetricLine,
    Widget,
    alarm_name,
    auto_period,
)
from pointsman.model.refs import DashboardRef
from pointsman.services.ask import Asks, Meter
from pointsman.services.feeds import BILLED, Report, Source
from pointsman.services.pace import Budget
from pointsman.services.reads import dashboards as reader
from pointsman.services.reads.metrics import listed
from pointsman.services.reads.values import text as text_of

__all__ = ["Dashboards"]

SERVICE: Final = "cloudwatch"
SPAN: Final = timedelta(hours=3)
"""How far back a dashboard looks that does not say so."""
LIST_PAGES: Final = 20
DATA_PAGES: Final = 20
"""Pages of one widget's data that are read at most."""
LOG_ROWS: Final = 100
LOGS_GOOD_FOR: Final = timedelta(minutes=5)
"""How long the answer of a log widget is shown before its query runs again: what it scans costs money."""
_LOOKS: Final = 40
_PAUSE: Final = 0.5
"""Seconds between two looks at a query that runs, and how many there are."""
_ALARMS: Final = 100
_RUNNING: Final = ("Scheduled", "Running", "Unknown", "")

Sleep = Callable[[float], Awaitable[None]]


class Dashboards:
    """Use cases over CloudWatch's dashboards.

    Args:
        cloud: What answers.
        clock: The time.
        budget: What limits the calls of feeds; None limits nothing.
        region: The region that is looked at.
        sleep: How to wait between two looks at a query of logs.
    """

    def __init__(
        self,
        cloud: Asks,
        clock: Clock,
        budget: Budget | None = None,
        *,
        region: Callable[[], str] = lambda: "",
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        budget = budget or Budget.unlimited(clock)
        self._meter = Meter(cloud, SERVICE, budget)
        self._logs = Meter(cloud, "logs", budget)
        self._clock = clock
        self._region = region
        self._sleep = sleep
        self._threads = Daemons("dashboards", 1)
        self._known: dict[tuple[Any, ...], tuple[datetime, Found]] = {}

    def listed(self) -> Source[DashboardList]:
        """Every dashboard, by name."""

        async def read(_: Report[DashboardList]) -> DashboardList:
            return await self._list()

        return Source(("dashboards",), read, lambda _: BILLED, SERVICE, cost=0)

    def view(
        self,
        ref: DashboardRef,
        span: timedelta | None = None,
        period: int | None = None,
        chosen: tuple[tuple[str, str], ...] = (),
    ) -> Source[DashboardView]:
        """A dashboard with what its widgets show, read a widget at a time. Billed by the metrics it has.

        Args:
            ref: Which.
            span: How far back; None as the dashboard says.
            period: Seconds of a point; None as its widgets say.
            chosen: (id, value) of variables that are not at their defaults.
        """

        async def read(report: Report[DashboardView]) -> DashboardView:
            return await self._view(ref, span, period, dict(chosen), report)

        key = ("dashboard", ref.name, span, period, *chosen)
        return Source(key, read, lambda _: BILLED, SERVICE, cost=0, billed=True)

    async def fresh(self, ref: DashboardRef) -> DashboardState:
        """A dashboard's text as it is now; one that is not there has none."""
        try:
            answer = await self._meter.ask("GetDashboard", urgent=True, DashboardName=ref.name)
        except CallFailed as error:
            if error.fault.kind is FaultKind.NOT_FOUND:
                return DashboardState(ref, "", there=False)
            raise
        return DashboardState(ref, text_of(answer, "DashboardBody"))

    async def _list(self) -> DashboardList:
        found: list[DashboardEntry] = []
        token = ""
        for _ in range(LIST_PAGES):
            answer = await self._meter.ask("ListDashboards", NextToken=token or None)
            found += reader.entries(answer)
            following = text_of(answer, "NextToken")
            if not following or following == token:
                return DashboardList(tuple(found))
            token = following
        return DashboardList(tuple(found), more=True)

    async def _view(
        self,
        ref: DashboardRef,
        span: timedelta | None,
        period: int | None,
        chosen: Mapping[str, str],
        report: Report[DashboardView],
    ) -> DashboardView:
        answer = await self._meter.ask("GetDashboard", DashboardName=ref.name)
        text = text_of(answer, "DashboardBody")
        body = await self._threads.run(lambda: reader.body(text, chosen))
        firsts = {one.id: "" for one in body.variables if one.default == FIRST and one.search and one.id not in chosen}
        for one in body.variables:
            if one.id in firsts:
                firsts[one.id] = next((value for _, value in await self.values(one)), "")
        if any(firsts.values()):
            body = await self._threads.run(lambda: reader.body(text, {**firsts, **chosen}))
        end = self._clock.now()
        lasts = span or body.span or SPAN
        view = DashboardView(ref, text, body, end - lasts, end)
        wanted = [one for one in body.widgets if isinstance(one.asked, MetricAsked | AlarmsAsked | LogAsked)]
        if not wanted:
            return view
        report(view, f"0 of {len(wanted):,} widgets read")
        alarms = await self._alarms(wanted)
        found: dict[int, Found] = {}
        for number, widget in enumerate(wanted, 1):
            found[widget.number] = await self._found(ref, widget, view, period, alarms)
            view = replace(view, found=dict(found))
            if number < len(wanted):
                report(view, f"{number:,} of {len(wanted):,} widgets read")
        return view

    async def _found(
        self, ref: DashboardRef, widget: Widget, view: DashboardView, period: int | None, alarms: _Alarms
    ) -> Found:
        asked = widget.asked
        try:
            if isinstance(asked, MetricAsked):
                return await self._metrics(asked, view, period, alarms)
            if isinstance(asked, LogAsked):
                return await self._rows(asked, view, (ref.name, widget.number))
        except CallFailed as error:
            return Found(fault=error.fault)
        if isinstance(asked, AlarmsAsked):
            faces = tuple(alarms.face(arn) for arn in asked.arns)
            if asked.states:
                faces = tuple(one for one in faces if one.state in asked.states)
            return Found(alarms=faces, fault=alarms.fault)
        return Found()

    # --- variables

    async def values(self, variable: Variable) -> tuple[tuple[str, str], ...]:
        """(label, value) of what a variable can be: what its body names, or what the metrics of its search have."""
        if variable.values or not variable.search:
            return variable.values
        from pointsman.semantics.metrics.math_tree import MathError
        from pointsman.semantics.metrics.search import Metric, read

        try:
            search = await self._threads.run(lambda: read(variable.search))
        except MathError:
            return ()
        found: set[str] = set()
        token = ""
        for _ in range(LIST_PAGES):
            answer = await self._meter.ask("ListMetrics", Namespace=search.namespace or None, NextToken=token or None)
            for ref in listed(answer):
                own = dict(ref.dimensions)
                if variable.populate in own and search.finds(Metric(ref.namespace, ref.name, ref.dimensions)):
                    found.add(own[variable.populate])
            following = text_of(answer, "NextToken")
            if not following or following == token:
                break
            token = following
        return tuple((one, one) for one in sorted(found))

    # --- alarms

    async def _alarms(self, widgets: Sequence[Widget]) -> _Alarms:
        arns: dict[str, None] = {}
        for widget in widgets:
            if isinstance(widget.asked, AlarmsAsked):
                arns.update(dict.fromkeys(widget.asked.arns))
            elif isinstance(widget.asked, MetricAsked):
                arns.update(dict.fromkeys(widget.asked.alarms))
        found = _Alarms(self._region())
        names = [alarm_name(arn) for arn in arns if found.here(arn)]
        for first in range(0, len(names), _ALARMS):
            try:
                answer = await self._meter.ask(
                    "DescribeAlarms",
                    AlarmNames=names[first : first + _ALARMS],
                    AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                    MaxRecords=_ALARMS,
                )
            except CallFailed as error:
                found.fault = error.fault
                break
            found.answers.append(answer)
            found.faces.update({one.name: one for one in reader.faces(answer)})
        return found

    # --- metrics

    async def _metrics(self, asked: MetricAsked, view: DashboardView, period: int | None, alarms: _Alarms) -> Found:
        notes: list[str] = []
        lines = asked.lines
        marks: tuple[Mark, ...] = ()
        faces = tuple(alarms.face(arn) for arn in asked.alarms)
        if not lines and asked.alarms:
            watched = alarms.watched(asked.alarms[0])
            if watched is not None:
                lines = (watched[0],)
                marks = (watched[1],) if watched[1] is not None else ()
        here = self._region()
        if here:
            home = [one for one in lines if (one.region or asked.region or here) == here]
            away = sorted({one.region or asked.region for one in lines} - {"", here})
            if away:
                notes.append(f"it looks at {', '.join(away)}; this console looks at {here}")
            lines = tuple(home)
        if not any(one.visible for one in lines):
            return Found(alarms=faces, marks=marks, notes=tuple(notes))
        wanted = [_query(one, _period(one, asked, view, period)) for one in lines]
        found, said = await self._data(wanted, {one.id: one for one in lines}, view)
        notes += dict.fromkeys(said)
        return Found(tuple(found), faces, marks, fault=alarms.fault if asked.alarms else None, notes=tuple(notes))

    async def _data(
        self, queries: list[dict[str, Any]], asked: Mapping[str, MetricLine], view: DashboardView
    ) -> tuple[list[Line], list[str]]:
        made: dict[tuple[str, str, int], Line] = {}
        said: list[str] = []
        open_: tuple[str, str, int] | None = None
        token = ""
        for _ in range(DATA_PAGES):
            answer = await self._meter.ask(
                "GetMetricData",
                MetricDataQueries=queries,
                StartTime=view.start,
                EndTime=view.end,
                ScanBy="TimestampDescending",
                NextToken=token or None,
            )
            for id_, line, words, partial in reader.lines(answer, asked):
                said += words
                key = open_
                if key is None or key[:2] != (id_, line.label):
                    key = (id_, line.label, sum(one[:2] == (id_, line.label) for one in made))
                before = made.get(key)
                made[key] = replace(line, points=line.points + before.points) if before is not None else line
                open_ = key if partial else None
            following = text_of(answer, "NextToken")
            if not following or following == token:
                return list(made.values()), said
            token = following
        said.append(f"only the first {DATA_PAGES} pages were read")
        return list(made.values()), said

    # --- logs

    async def _rows(self, asked: LogAsked, view: DashboardView, place: tuple[str, int]) -> Found:
        if not asked.groups:
            return Found(notes=("its query names no log group: SOURCE 'group' | …",))
        here = self._region()
        if here and asked.region and asked.region != here:
            return Found(notes=(f"it looks at {asked.region}; this console looks at {here}",))
        key = (*place, asked, view.end - view.start, here)
        known = self._known.get(key)
        if known is not None and self._clock.now() - known[0] < LOGS_GOOD_FOR:
            return known[1]
        started = await self._logs.ask(
            "StartQuery",
            logGroupNames=list(asked.groups[:50]),
            startTime=int(view.start.timestamp()),
            endTime=int(view.end.timestamp()),
            queryString=asked.query,
            limit=LOG_ROWS,
        )
        found = await self._answer(text_of(started, "queryId"))
        if len(self._known) > _ALARMS:
            self._known.clear()
        self._known[key] = (self._clock.now(), found)
        return found

    async def _answer(self, query: str) -> Found:
        for _ in range(_LOOKS):
            answer = await self._logs.ask("GetQueryResults", queryId=query)
            status, columns, rows = reader.rows(answer)
            if status not in _RUNNING:
                fault = None
                if status != "Complete":
                    fault = Fault(FaultKind.UNKNOWN, f"its query ended {status}", call="logs:GetQueryResults")
                return Found(columns=columns, rows=rows, fault=fault)
            await self._sleep(_PAUSE)
        return Found(columns=columns, rows=rows, notes=("its query still runs",))


class _Alarms:
    """What was found of the alarms a dashboard names."""

    def __init__(self, region: str) -> None:
        self._region = region
        self.faces: dict[str, AlarmFace] = {}
        self.answers: list[dict[str, Any]] = []
        self.fault: Fault | None = None

    def here(self, arn: str) -> bool:
        """Whether an alarm is of the region that is looked at."""
        parts = arn.split(":")
        return len(parts) < 4 or not self._region or parts[3] == self._region

    def face(self, arn: str) -> AlarmFace:
        """An alarm as it is shown."""
        name = alarm_name(arn)
        if not self.here(arn):
            return AlarmFace(name, "", f"in {arn.split(':')[3]}")
        return self.faces.get(name, AlarmFace(name, "", "" if self.fault is not None else "there is no such alarm"))

    def watched(self, arn: str) -> Any:
        """What an alarm looks at, where it is one metric."""
        found = (reader.watched(answer, arn) for answer in self.answers)
        return next((one for one in found if one is not None), None)


def _period(line: MetricLine, asked: MetricAsked, view: DashboardView, chosen: int | None) -> int:
    span = view.end - view.start
    if asked.whole_range and asked.view != "timeSeries":
        return max(60, int(span.total_seconds()) // 60 * 60)
    if chosen is not None:
        return auto_period(chosen, span)
    return auto_period(line.period or asked.period, span, inherit=view.body.inherit)


def _query(line: MetricLine, period: int) -> dict[str, Any]:
    query: dict[str, Any] = {"Id": line.id, "ReturnData": line.visible}
    if line.label:
        query["Label"] = line.label
    if line.account:
        query["AccountId"] = line.account
    if line.expression:
        return {**query, "Expression": line.expression, "Period": period}
    dimensions = [{"Name": name, "Value": value} for name, value in line.dimensions]
    metric = {"Namespace": line.namespace, "MetricName": line.name, "Dimensions": dimensions}
    return {**query, "MetricStat": {"Metric": metric, "Period": period, "Stat": line.stat}}
