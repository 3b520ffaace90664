"""CloudWatch's alarms: what they look at, what state they are in and why, what became of them in time. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from msgspec import Struct, field

from pointsman.model.metrics import Series
from pointsman.model.refs import AlarmRef, MetricRef
from pointsman.semantics.metrics.alarm_evaluation import EXTRA, Datapoint, Rule, breaches, evaluate
from pointsman.semantics.metrics.alarm_rules import RuleError, children, read

__all__ = [
    "Alarm",
    "AlarmHistory",
    "AlarmList",
    "Change",
    "Firing",
    "Mute",
    "Question",
    "bounds_of",
    "firings",
    "heard",
    "named",
    "newly",
    "severity",
    "timeline",
    "worst_first",
]

STATES = ("ALARM", "INSUFFICIENT_DATA", "OK")
"""Worst first."""


class Mute(Struct, frozen=True):
    """A rule that keeps alarms from acting for a time."""

    name: str
    alarms: frozenset[str] = frozenset()
    until: datetime | None = None


class Alarm(Struct, frozen=True):
    """One alarm."""

    ref: AlarmRef
    composite: bool = False
    arn: str = ""
    description: str = ""
    state: str = ""
    """AWS's word: ``OK``, ``ALARM``, ``INSUFFICIENT_DATA``."""
    reason: str = ""
    data: str = ""
    """StateReasonData: JSON, as CloudWatch wrote it."""
    since: datetime | None = None
    """When it came into its state."""
    actions_enabled: bool = True
    alarm_actions: tuple[str, ...] = ()
    ok_actions: tuple[str, ...] = ()
    insufficient_actions: tuple[str, ...] = ()
    metric: MetricRef | None = None
    """None for a composite one, and for one over several metrics."""
    expression: str = ""
    """The expression of an alarm on metric math."""
    queried: bool = False
    """Whether it is written as metric queries, which may name other accounts."""
    stat: str = ""
    period: int = 60
    periods: int = 1
    datapoints: int = 1
    threshold: float | None = None
    comparison: str = ""
    missing: str = "missing"
    """What stands for a datapoint that lacks: ``missing``, ``ignore``, ``breaching``, ``notBreaching``."""
    unit: str = ""
    low_samples: str = ""
    """EvaluateLowSampleCountPercentile; empty where it is not set."""
    rule: str = ""
    """A composite alarm's rule."""
    suppressor: str = ""
    suppressed_by: str = ""
    """AWS's word for why its actions wait: ``Alarm``, ``WaitPeriod``, ``ExtensionPeriod``."""
    muted: Mute | None = None
    settings: str = ""
    """Everything that it was made with, as JSON: what PutMetricAlarm or PutCompositeAlarm would take. Empty where
    it was not read."""

    @property
    def firing(self) -> bool:
        """Whether it is in ALARM."""
        return self.state == "ALARM"

    @property
    def nowhere(self) -> bool:
        """Whether nobody would hear of it."""
        return not self.actions_enabled or not self.alarm_actions

    @property
    def recent(self) -> tuple[float, ...]:
        """The datapoints that its state rests on, oldest first, as far as CloudWatch says."""
        found = self.evidence.get("recentDatapoints")
        if not isinstance(found, list):
            return ()
        return tuple(_float(one) for one in found if isinstance(one, int | float) and not isinstance(one, bool))

    @property
    def evidence(self) -> Mapping[str, Any]:
        """What its state rests on; empty when CloudWatch does not say."""
        try:
            found = json.loads(self.data) if self.data else {}
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def evaluated(self) -> Rule | None:
        """What it is evaluated by; None where that is not a number."""
        if self.threshold is None or not self.comparison or self.composite:
            return None
        return Rule(self.periods, self.datapoints or self.periods, self.comparison, self.missing or "missing")

    def breached_by(self, value: float) -> bool:
        """Whether a value breaches its threshold."""
        if self.threshold is None or self.evaluated is None:
            return False
        try:
            return breaches(self.comparison, value, (self.threshold, self.threshold))
        except KeyError:
            return False  # a comparison of a later CloudWatch


class Change(Struct, frozen=True):
    """An item of an alarm's history."""

    ref: AlarmRef
    at: datetime | None
    kind: str
    """AWS's word: ``StateUpdate``, ``Action``, ``ConfigurationUpdate``."""
    summary: str
    before: str = ""
    after: str = ""
    """The states that a StateUpdate led from and to."""
    action: str = ""
    """What an Action was to do: an ARN."""
    result: str = ""
    """What became of an Action, in AWS's word: ``Succeeded``, ``Failed``, ``InProgress``."""
    error: str = ""
    """Why an Action failed."""

    @property
    def failed(self) -> bool:
        """Whether it is an action that was not carried out."""
        return self.result == "Failed" or bool(self.error)


class AlarmHistory(Struct, frozen=True):
    """What became of one alarm, as far as it was read."""

    changes: tuple[Change, ...] = ()
    """Newest first."""
    more: bool = False
    """Whether there is older history than this."""

    @property
    def oldest(self) -> datetime | None:
        """When the oldest of it was."""
        return next((one.at for one in reversed(self.changes) if one.at is not None), None)

    def joined(self, other: AlarmHistory) -> AlarmHistory:
        """With what another reading found; the one that reaches further back says whether there is more."""
        known = set(self.changes)
        added = tuple(one for one in other.changes if one not in known)
        both = sorted((*self.changes, *added), key=lambda one: one.at.timestamp() if one.at else 0.0, reverse=True)
        mine, its = self.oldest, other.oldest
        further = mine is None or (its is not None and its <= mine)
        return AlarmHistory(tuple(both), other.more if further else self.more)


class AlarmList(Struct, frozen=True):
    """The alarms there are, and what became of them in the last day."""

    alarms: tuple[Alarm, ...]
    changes: tuple[Change, ...] = ()
    """State updates of the last day, newest first."""
    changes_known: bool = True
    """Whether these could be read to their end."""
    mutes_known: bool = True
    more: bool = False
    """Whether this is a list on its way, which does not have every alarm yet."""

    def get(self, ref: AlarmRef) -> Alarm | None:
        """The alarm of this name."""
        return next((one for one in self.alarms if one.ref == ref), None)


def heard(found: AlarmList) -> tuple[Alarm, ...]:
    """Those in ALARM that nothing keeps quiet, worst first."""
    return tuple(one for one in worst_first(found.alarms) if one.firing and one.muted is None and not one.suppressed_by)


def newly(before: AlarmList | None, now: AlarmList) -> tuple[Alarm, ...]:
    """Those heard now that were not in ALARM before, worst first; none at the first reading.

    What fired while it was muted is not new when its mute ends.

    Args:
        before: The last whole list; None when there was none.
        now: A whole list.
    """
    if before is None:
        return ()
    fired = {one.ref for one in before.alarms if one.firing}
    return tuple(one for one in heard(now) if one.ref not in fired)


def severity(alarm: Alarm) -> int:
    """0 is worst: in ALARM and heard of; then muted ones, no data, the others."""
    if alarm.firing:
        return 1 if alarm.muted is not None else 0
    return 2 if alarm.state == "INSUFFICIENT_DATA" else 3


def worst_first(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Sorted by what a person should see first: among equals the newest change."""
    return sorted(alarms, key=lambda one: (severity(one), -(one.since.timestamp() if one.since else 0.0), one.ref.name))


def timeline(alarm: Alarm, changes: Sequence[Change], end: datetime, span: timedelta, count: int) -> list[str]:
    """The worst state in each of ``count`` equal parts of a range that ends at ``end``; empty where it is not known.

    Args:
        alarm: In its state now.
        changes: Its state updates in the range, newest first.
        end: When the range ends.
        span: How long it is.
        count: Its parts.
    """
    parts = [""] * count
    until, state = end, alarm.state
    begin = end - span
    for change in changes:
        if change.at is None or change.at > end:
            continue
        _hold(parts, state, change.at, until, begin, span)
        until, state = change.at, change.before
    started = alarm.since if not changes and alarm.since is not None else begin
    _hold(parts, state, max(begin, min(started, until)), until, begin, span)
    return parts


def _hold(parts: list[str], state: str, since: datetime, until: datetime, begin: datetime, span: timedelta) -> None:
    if not state or not parts or until <= begin:
        return
    share = len(parts) / span.total_seconds()
    first = max(0, int((since - begin).total_seconds() * share))
    last = min(len(parts) - 1, max(first, int((until - begin).total_seconds() * share - 1e-9)))
    for at in range(first, last + 1):
        held = parts[at]
        if not held or _rank(state) < _rank(held):
            parts[at] = state


def named(rule: str) -> frozenset[str]:
    """The names of the alarms that a composite alarm's rule looks at; none of a rule that cannot be read."""
    try:
        return frozenset(one.rpartition(":alarm:")[2] for one in children(read(rule)))
    except RuleError:
        return frozenset()


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # an integer beyond every float
        return math.inf if number > 0 else -math.inf


def _rank(state: str) -> int:
    return STATES.index(state) if state in STATES else len(STATES)


class Firing(Struct, frozen=True):
    """A time for which an alarm with some settings would have been in ALARM."""

    start: float
    """Seconds since the epoch: the end of the period that decided it."""
    end: float | None
    """None: it still is."""


def standings(
    holds: Callable[[Mapping[str, str]], bool], now: Mapping[str, str], past: Sequence[Change], start: float, end: float
) -> tuple[Firing, ...]:
    """When a rule over other alarms would have held in a range, from their states now and how these came about.

    Args:
        holds: Whether it holds where the alarms are in some states.
        now: The states at the end of the range.
        past: The state updates in it, newest first.
        start: Its beginning, in seconds since the epoch.
        end: Its end.
    """
    updates = sorted(
        (
            one
            for one in reversed(past)
            if one.at is not None and start <= one.at.timestamp() <= end and one.ref.name in now
        ),
        key=lambda one: one.at.timestamp() if one.at is not None else 0.0,
    )
    states = dict(now)
    for one in reversed(updates):
        states[one.ref.name] = one.before or states[one.ref.name]
    found: list[Firing] = []
    began = start if holds(states) else None
    for one in updates:
        at = one.at.timestamp() if one.at is not None else start
        states[one.ref.name] = one.after or states[one.ref.name]
        if began is None and holds(states):
            began = at
        elif began is not None and not holds(states):
            found += [Firing(began, at)] if at > began else []
            began = None
    return (*found, Firing(began, None)) if began is not None else tuple(found)


def bounds_of(series: Sequence[Series]) -> dict[int, tuple[float, float]]:
    """The lower and the upper bound of a band at each time at which both are known, whichever comes first."""
    found: dict[int, list[float]] = {}
    for one in series:
        for time, value in zip(one.times, one.values, strict=True):
            found.setdefault(int(time), []).append(value)
    return {time: (min(both), max(both)) for time, both in found.items() if len(both) == 2}


def firings(
    rule: Rule,
    threshold: float | Mapping[int, tuple[float, float]],
    series: Series,
    period: int,
    start: float,
    end: float,
) -> tuple[Firing, ...]:
    """When an alarm would have fired on values that are known.

    Every period is judged once, when it is over, by what CloudWatch judges by: the newest periods, gaps included.

    Args:
        rule: Its settings.
        threshold: What values are compared with; of a band its lower and upper bound by time: a value without them
            counts as none.
        series: The values, of the alarm's own period.
        period: Seconds.
        start: When the judging begins.
        end: When it ends.
    """
    values = ((int(time), value) for time, value in zip(series.times, series.values, strict=True))
    if isinstance(threshold, Mapping):
        known = {time: Datapoint(time, value, threshold[time]) for time, value in values if time in threshold}
    else:
        known = {time: Datapoint(time, value, (threshold, threshold)) for time, value in values}
    first, last = int(start // period * period), int(end // period * period)
    window = rule.periods + EXTRA
    found: list[Firing] = []
    state, since = "", 0.0
    for time in range(first, last, period):
        points = [known.get(at) for at in range(time - (window - 1) * period, time + period, period)]
        verdict = evaluate(rule, points).state or state
        if verdict == "ALARM" != state:
            since = float(time + period)
        elif state == "ALARM" != verdict:
            found.append(Firing(since, float(time + period)))
        state = verdict
    if state == "ALARM":
        found.append(Firing(since, None))
    return tuple(found)


class AlarmState(Struct, frozen=True):
    """What an operation on an alarm judges."""

    ref: AlarmRef
    alarm: Alarm | None
    """None when there is no such alarm."""
    series: Series | None = None
    """Two days of what ``looked`` asks for; None where that is not known."""
    end: datetime | None = None
    """When it was read."""
    mutes: tuple[Mute, ...] = field(default_factory=tuple)
    """The mute rules that hold it now."""
    mutes_known: bool = True
    zone: tzinfo | None = UTC
    """In which times are said; None is this machine's."""
    looked: str = ""
    """What ``series`` is the answer to: ``Question.text``."""
    band: tuple[Series, ...] = ()
    """The bounds of the band that was asked for."""
    cost: str = ""
    """What reading it has cost."""
    problem: str = ""
    """Why it could not be read."""
    others: tuple[tuple[str, str], ...] | None = None
    """The states of the alarms that were looked up by name; None when none were. A name that lacks has no alarm."""
    named: tuple[str, ...] = ()
    """The names that were looked up."""
    past: tuple[Change, ...] | None = None
    """Their state updates of the last day, newest first; None where these could not be read."""
    since: datetime | None = None
    """From when on these are all there are."""


class Question(Struct, frozen=True):
    """What an alarm's settings would have looked at: the values that one GetMetricData answers with."""

    text: str
    """Its MetricDataQueries, as JSON."""
    id: str
    """The query whose values are looked at."""
    period: int
    """Seconds."""
    metrics: int
    """How many metrics it reads: what is billed."""
    band: str = ""
    """The query whose values are the bounds; empty where these are a number."""
