"""CloudWatch's alarms for the screens: all of them with what became of them in a day, the history of one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pointsman.clock import Clock
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.alarms import Alarm, AlarmHistory, AlarmList, AlarmState, Change, Mute
from pointsman.model.metrics import MetricQuery, Series, WallQuery
from pointsman.model.refs import AlarmRef, MetricRef
from pointsman.services.ask import Asks, Meter
from pointsman.services.feeds import Report, Source
from pointsman.services.metrics import Metrics
from pointsman.services.pace import Budget
from pointsman.services.reads import alarms as reader

__all__ = ["Alarms"]

SERVICE = "cloudwatch"
PAUSE = 20.0
"""Seconds a list is good for; it costs a call for a hundred alarms."""
FIRING_PAUSE = 10.0
"""The same while something fires."""
DAY = timedelta(days=1)
CHANGES = 5
"""Pages of a day's state updates that are read at most, of 100 each."""
HISTORY = 3
"""Pages of one alarm's history that are read at a time."""
MUTES = 20
"""Mute rules that are looked into in one reading at most; the next one goes on from there."""


class Alarms:
    """Use cases over CloudWatch's alarms.

    Args:
        cloud: What answers.
        clock: The time.
        metrics: Where the values of an alarm's metric are read.
        budget: What limits the calls of feeds; None limits nothing.
    """

    def __init__(self, cloud: Asks, clock: Clock, metrics: Metrics, budget: Budget | None = None) -> None:
        self._meter = Meter(cloud, SERVICE, budget or Budget.unlimited(clock))
        self._clock = clock
        self._metrics = metrics
        self._rules: dict[tuple[str, datetime | None], Mute] = {}
        """Mute rules that were looked into, by name and last change: a call each, so that none is made twice."""

    def listing(self) -> Source[AlarmList]:
        """Every alarm with its state, what mutes it, and the state updates of the last day."""

        async def read(report: Report[AlarmList]) -> AlarmList:
            return await self._list(report)

        def cadence(found: AlarmList) -> float:
            return FIRING_PAUSE if any(one.firing for one in found.alarms) else PAUSE

        return Source(("alarms",), read, cadence, SERVICE, cost=0, partial=_lacking)

    def history(self, ref: AlarmRef) -> Source[AlarmHistory]:
        """What became of one alarm, newest first: its newest pages, and whether there are older ones."""

        async def read(_: Report[AlarmHistory]) -> AlarmHistory:
            return await self._history(AlarmName=ref.name)

        return Source(("alarm-history", ref.name), read, lambda _: PAUSE, SERVICE, cost=0)

    async def older(self, ref: AlarmRef, until: datetime) -> AlarmHistory:
        """What became of an alarm until a moment: as many pages again, and whether there are older ones still.

        Raises:
            CallFailed: It cannot be read.
        """
        return await self._history(AlarmName=ref.name, EndDate=until)

    async def _history(self, **asked: Any) -> AlarmHistory:
        found: list[Change] = []
        more = False
        async for page in self._pages("DescribeAlarmHistory", HISTORY, MaxRecords=100, **asked, **_ALL):
            found += reader.changes(page)
            more = bool(page.get("NextToken"))
        return AlarmHistory(tuple(found), more)

    async def fresh(self, ref: AlarmRef) -> AlarmState:
        """An alarm as it is now, with a day of its metric: what an operation judges.

        Raises:
            CallFailed: It cannot be read.
        """
        page = await self._meter.ask("DescribeAlarms", urgent=True, AlarmNames=[ref.name], **_ALL)
        alarm = next((one for one in reader.alarms(page) if one.ref == ref), None)
        now = self._clock.now()
        series: Series | None = None
        if alarm is not None and alarm.metric is not None:
            series = await self.series(alarm)
        mutes, known = await self._muting(ref)
        return AlarmState(ref, alarm, series, now, mutes, known)

    async def prospect(self, ref: MetricRef) -> AlarmState:
        """A metric that has no such alarm yet, with a day of its values in the usual period."""
        new = Alarm(AlarmRef(""), metric=ref, stat="Average", period=60, comparison="GreaterThanThreshold")
        return AlarmState(new.ref, new, await self.series(new), self._clock.now())

    async def series(self, alarm: Alarm) -> Series | None:
        """The last two days of an alarm's metric, in its own statistic and period; None where it cannot be read.

        Whoever judges the last day looks back further than its beginning.
        """
        if alarm.metric is None:
            return None
        query = WallQuery((MetricQuery(alarm.metric, alarm.stat or "Average"),), 2 * DAY, alarm.period)
        try:
            return (await self._metrics.read(query)).series[0]
        except CallFailed:
            return None  # what it would have come to is not known then; the operation itself can go on

    async def _list(self, report: Report[AlarmList]) -> AlarmList:
        found: list[Alarm] = []
        async for page in self._pages("DescribeAlarms", None, MaxRecords=100, **_ALL):
            found += reader.alarms(page)
            if page.get("NextToken"):
                report(AlarmList(tuple(found), changes_known=False, more=True), f"{len(found):,} alarms so far")
        changes, whole = await self._day() if found else ((), True)
        mutes, mutes_known = await self._muting() if found else ((), True)
        muted = tuple(_muted(one, mutes) for one in found)
        return AlarmList(muted, changes, whole, mutes_known)

    async def _day(self) -> tuple[tuple[Change, ...], bool]:
        now = self._clock.now()
        found: list[Change] = []
        try:
            more = False
            asked = {"HistoryItemType": "StateUpdate", "StartDate": now - DAY, "EndDate": now, "MaxRecords": 100}
            async for page in self._pages("DescribeAlarmHistory", CHANGES, **asked, **_ALL):
                found += reader.changes(page)
                more = bool(page.get("NextToken"))
        except CallFailed as error:
            if error.fault.kind not in (FaultKind.DENIED, FaultKind.NOT_BUILT):
                raise
            return (), False  # the alarms themselves could be read
        return tuple(found), not more

    async def _muting(self, ref: AlarmRef | None = None) -> tuple[tuple[Mute, ...], bool]:
        """The mute rules that hold now, of one alarm or of all, and whether these are all of them."""
        try:
            return await self._mutes(ref)
        except CallFailed as error:
            if error.fault.kind not in (FaultKind.DENIED, FaultKind.NOT_BUILT, FaultKind.UNKNOWN):
                raise
            return (), False

    async def _mutes(self, ref: AlarmRef | None) -> tuple[tuple[Mute, ...], bool]:
        listed: dict[str, datetime | None] = {}
        asked = {"AlarmName": ref.name} if ref is not None else {}
        async for page in self._pages("ListAlarmMuteRules", None, Statuses=["ACTIVE"], **asked):
            listed.update(reader.mute_names(page))
        if ref is None:
            self._rules = {key: rule for key, rule in self._rules.items() if key[0] in listed}
        found: list[Mute] = []
        looked = 0
        for name, changed in listed.items():
            rule = self._rules.get((name, changed)) if changed is not None else None
            if rule is None and looked < MUTES:
                looked += 1
                rule = reader.mute(await self._meter.ask("GetAlarmMuteRule", AlarmMuteRuleName=name))
                if changed is not None:
                    self._rules[name, changed] = rule
            if rule is not None:
                found.append(rule)
        return tuple(found), len(found) == len(listed)

    async def _pages(self, operation: str, most: int | None, **parameters: Any) -> AsyncIterator[dict[str, Any]]:
        token, read = "", 0
        while most is None or read < most:
            page = await self._meter.ask(operation, NextToken=token or None, **parameters)
            yield page
            read += 1
            following = str(page.get("NextToken") or "")
            if not following or following == token:
                return
            token = following


_ALL: dict[str, Any] = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}


def _muted(alarm: Alarm, mutes: tuple[Mute, ...]) -> Alarm:
    found = next((one for one in mutes if alarm.ref.name in one.alarms), None)
    return replace(alarm, muted=found) if found is not None else alarm


def _lacking(found: AlarmList) -> str:
    if found.changes_known and found.mutes_known:
        return ""
    lacks = [word for word, known in (("history", found.changes_known), ("mute rules", found.mutes_known)) if not known]
    return f"not all of the {' and the '.join(lacks)} could be read"
