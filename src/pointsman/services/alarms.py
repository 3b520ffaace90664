"""CloudWatch's alarms for the screens: all of them with what became of them in a day, the history of one."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from msgspec.structs import replace

from pointsman.clock import Clock
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.alarms import Alarm, AlarmHistory, AlarmList, AlarmState, Change, Mute, Question
from pointsman.model.refs import AlarmRef, MetricRef
from pointsman.services.ask import Asks, Meter
from pointsman.services.feeds import Report, Source
from pointsman.services.metrics import Metrics
from pointsman.services.pace import Budget
from pointsman.services.reads import alarms as reader
from pointsman.services.reads import metrics as values

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


NAMES = 100
"""Alarms that one DescribeAlarms looks up by name."""
PRICE = 0.00001
"""US dollars for each metric of a GetMetricData, as CloudWatch lists it for its first tiers."""


class Alarms:
    """Use cases over CloudWatch's alarms.

    Args:
        cloud: What answers.
        clock: The time.
        metrics: Where the values of an alarm's metric are read.
        budget: What limits the calls of feeds; None limits nothing.
        zone: In which operations say times; None is this machine's.
    """

    def __init__(
        self, cloud: Asks, clock: Clock, metrics: Metrics, budget: Budget | None = None, *, zone: tzinfo | None = UTC
    ) -> None:
        self._meter = Meter(cloud, SERVICE, budget or Budget.unlimited(clock))
        self._clock = clock
        self._metrics = metrics
        self._zone = zone
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
        """An alarm as it is now: what an operation judges.

        Raises:
            CallFailed: It cannot be read.
        """
        page = await self._meter.ask("DescribeAlarms", urgent=True, AlarmNames=[ref.name], **_ALL)
        alarm = next((one for one in reader.alarms(page) if one.ref == ref), None)
        mutes, known = await self._muting(ref)
        return AlarmState(ref, alarm, None, self._clock.now(), mutes, known, self._zone)

    async def prospect(self, ref: MetricRef) -> AlarmState:
        """A metric that has no such alarm yet."""
        new = Alarm(AlarmRef(""), metric=ref, stat="Average", period=60, comparison="GreaterThanThreshold")
        return AlarmState(new.ref, new, None, self._clock.now(), zone=self._zone)

    async def look(self, state: AlarmState, question: Question | None) -> AlarmState:
        """A state with two days of what some settings look at: one call, and one page of its answer. Billed.

        Whoever judges the last day looks back further than its beginning.

        Args:
            state: What is known; it comes back as it is when it has the answer already.
            question: What to ask; None asks nothing.
        """
        if question is None or state.looked == question.text:
            return state
        end = self._clock.now()
        until = math.ceil(end.timestamp() / question.period) * question.period
        since = math.floor((end - 2 * DAY).timestamp() / question.period) * question.period
        try:
            answer = await self._meter.ask(
                "GetMetricData",
                urgent=True,
                MetricDataQueries=json.loads(question.text),
                StartTime=datetime.fromtimestamp(since, UTC),
                EndTime=datetime.fromtimestamp(until, UTC),
                ScanBy="TimestampDescending",
            )
        except CallFailed as error:
            # The operation itself can go on; what it would have come to is not known then.
            return replace(state, series=None, end=end, looked=question.text, problem=error.fault.sentence, cost="")
        came = values.results(answer)
        found = next((one for name, one in came if name == question.id), None)
        band = tuple(one for name, one in came if question.band and name == question.band)
        cost = f"1 GetMetricData over {question.metrics} metric{'' if question.metrics == 1 else 's'}"
        if not self._metrics.free:
            cost += f", ${question.metrics * PRICE:.5f}"
        if found is None or found.problem:
            problem = found.problem if found is not None and found.problem else "CloudWatch gave no values"
            return replace(state, series=None, band=(), end=end, looked=question.text, problem=problem, cost=cost)
        cut = found.partial or bool(answer.get("NextToken"))
        series = replace(found, partial=cut)
        return replace(state, series=series, band=band, end=end, looked=question.text, problem="", cost=cost)

    async def look_up(self, state: AlarmState, names: Sequence[str]) -> AlarmState:
        """A state with the states of other alarms, by their names: one call for a hundred of them."""
        wanted = tuple(dict.fromkeys(one for one in names if one))[:NAMES]
        if not wanted or (state.others is not None and state.named == wanted):
            return state
        try:
            page = await self._meter.ask(
                "DescribeAlarms", urgent=True, AlarmNames=list(wanted), MaxRecords=NAMES, **_ALL
            )
        except CallFailed:
            return state if state.others is None else replace(state, others=None, named=())
        states = tuple((one.ref.name, one.state) for one in reader.alarms(page))
        now = self._clock.now()
        past: tuple[Change, ...] | None = None
        since = now - DAY
        try:
            changes, whole = await self._changes(now - DAY, now)
            past = tuple(one for one in changes if one.ref.name in wanted)
            if not whole:
                since = min((one.at for one in changes if one.at is not None), default=now)
        except CallFailed:
            pass  # how it would stand now is known all the same
        return replace(state, others=states, named=wanted, past=past, since=since, end=now)

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

    async def changes(self, start: datetime, end: datetime) -> tuple[Change, ...]:
        """State updates of all alarms in a range, newest first: a few pages of them at most.

        Raises:
            CallFailed: They cannot be read.
        """
        return (await self._changes(start, end))[0]

    async def _changes(self, start: datetime, end: datetime) -> tuple[tuple[Change, ...], bool]:
        found: list[Change] = []
        more = False
        asked = {"HistoryItemType": "StateUpdate", "StartDate": start, "EndDate": end, "MaxRecords": 100}
        async for page in self._pages("DescribeAlarmHistory", CHANGES, **asked, **_ALL):
            found += reader.changes(page)
            more = bool(page.get("NextToken"))
        return tuple(found), not more

    async def _day(self) -> tuple[tuple[Change, ...], bool]:
        now = self._clock.now()
        try:
            return await self._changes(now - DAY, now)
        except CallFailed as error:
            if error.fault.kind not in (FaultKind.DENIED, FaultKind.NOT_BUILT):
                raise
            return (), False  # the alarms themselves could be read

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
