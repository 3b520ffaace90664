"""What an alarm's settings would have come to: when it would have fired, or how it would stand now. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from msgspec.structs import replace

from pointsman.model.alarms import AlarmState, Firing, Question, bounds_of, firings, standings
from pointsman.operations.alarm_settings import band_of, kind, returned_of
from pointsman.semantics.metrics.alarm_evaluation import EXTRA, Rule
from pointsman.semantics.metrics.alarm_rules import RuleError, children, holds, read

__all__ = ["looked_up", "preview", "question"]

DAY = timedelta(days=1)
STEPS = 200_000
"""Datapoints that a preview looks at, at most: a tenth of a second of the event loop."""
MANY = 4
"""Times that are told, the last ones."""


def question(settings: dict[str, Any]) -> Question | None:
    """What has to be asked to know what settings would have come to; None where no values tell that."""
    what = kind(settings)
    if what == "metric":
        metric = {name: settings.get(name, []) for name in ("Namespace", "MetricName", "Dimensions")}
        stat = settings.get("Statistic") or settings.get("ExtendedStatistic")
        measured = {"Metric": metric, "Period": settings.get("Period", 60), "Stat": stat}
        if settings.get("Unit"):
            measured["Unit"] = settings["Unit"]
        queries: list[dict[str, Any]] = [{"Id": "m1", "MetricStat": measured}]
        found = "m1"
    elif what in ("query", "math"):
        queries = settings["Metrics"]
        found = str((returned_of(queries) or {}).get("Id", ""))
    elif (parts := band_of(settings) if what == "band" else None) is not None:
        band, inner, _ = parts
        queries, found = [{**inner, "ReturnData": True}, {**band, "ReturnData": True}], str(inner["Id"])
    else:
        return None
    period = _period(queries)
    if period < 1:
        return None
    metrics = sum("MetricStat" in one for one in queries)
    band_id = str(settings["ThresholdMetricId"]) if what == "band" else ""
    return Question(json.dumps(queries, sort_keys=True), found, period, metrics, band_id)


def _period(queries: list[dict[str, Any]]) -> int:
    returned = returned_of(queries) or {}
    asked = [returned.get("Period"), *(one.get("MetricStat", {}).get("Period") for one in (returned, *queries))]
    return next((one for one in asked if isinstance(one, int)), 0)


def looked_up(settings: dict[str, Any]) -> list[str]:
    """The names of the alarms that have to be looked up to know how a composite one would stand."""
    try:
        return children(read(settings.get("AlarmRule", "")))
    except RuleError:
        return []


def preview(state: AlarmState, settings: dict[str, Any]) -> tuple[str, ...]:
    """What these settings would have come to in the last day, or would come to now, as far as that is known."""
    what = kind(settings)
    if what == "composite":
        return _standing(state, settings)
    if what == "other":
        return ()
    periods, datapoints = (
        settings["EvaluationPeriods"],
        settings.get("DatapointsToAlarm", settings["EvaluationPeriods"]),
    )
    asked = question(settings)
    threshold = settings.get("Threshold", 0.0)
    if asked is None or not periods or not datapoints or threshold != threshold:
        return ("Fill in every setting to see when it would have fired.",)
    if datapoints > periods:
        return (f"{datapoints} of {periods} periods cannot be: the first number is the smaller one.",)
    if "EvaluationWindow" in settings or "EvaluationInterval" in settings:
        return ("When it would have fired is not worked out for an alarm with an evaluation window of its own.",)
    if state.looked != asked.text:
        return ("When it would have fired is being looked at: one GetMetricData over two days.",)
    if state.series is None or state.end is None:
        return (f"When it would have fired is not known: {state.problem or 'its values could not be read'}.",)
    bounds = bounds_of(state.band) if asked.band else threshold
    if asked.band and not bounds:
        return ("When it would have fired is not known: CloudWatch has no band yet, it learns the metric first.",)
    rule = Rule(periods, datapoints, settings["ComparisonOperator"], settings.get("TreatMissingData", "missing"))
    # The first periods that are judged need the values before them, and those are known for two days.
    looks_back = timedelta(seconds=(rule.periods + EXTRA) * asked.period)
    if looks_back > DAY or (DAY.total_seconds() / asked.period) * rule.periods > STEPS:
        return ("When it would have fired is not worked out for as many periods.",)
    found = firings(rule, bounds, state.series, asked.period, (state.end - DAY).timestamp(), state.end.timestamp())
    return (_said(found, state), *_doubts(state, settings))


def _said(found: tuple[Firing, ...], state: AlarmState) -> str:
    read = f" (read with {state.cost})" if state.cost else ""
    if not found:
        return f"It would not have fired in the last 24 hours{read}."
    told = ", ".join(_firing(one, state.zone) for one in found[-MANY:])
    times = f"{len(found)} times" if len(found) > 1 else "once"
    before = f", the last of them {told}" if len(found) > MANY else f": {told}"
    return f"It would have fired {times} in the last 24 hours{before}{read}."


def _doubts(state: AlarmState, settings: dict[str, Any]) -> list[str]:
    lines = []
    if state.series is not None and state.series.partial:
        lines.append("Not all of its values were read: it may have fired earlier, too.")
    if state.series is not None and not state.series.values:
        lines.append("There were no values at all in the last two days.")
    if state.band:
        lines.append("By the band as CloudWatch draws it now: what it has learned since may have changed it.")
    if settings.get("EvaluateLowSampleCountPercentile") == "ignore":
        lines.append("Percentiles of few samples are not left out here, as CloudWatch would.")
    return lines


def _firing(one: Firing, zone: tzinfo | None) -> str:
    start = datetime.fromtimestamp(one.start, UTC).astimezone(zone)
    if one.end is None:
        return f"{start:%H:%M}{_mark(start, zone)} until now"
    end = datetime.fromtimestamp(one.end, UTC).astimezone(zone)
    return f"{start:%H:%M}-{end:%H:%M}{_mark(end, zone)}"


def _mark(moment: datetime, zone: tzinfo | None) -> str:
    if zone is UTC:
        return "Z"
    name = moment.tzname() or ""
    return f" {name if name.isalpha() else moment.strftime('%z')}"


def _standing(state: AlarmState, settings: dict[str, Any]) -> tuple[str, ...]:
    """How a composite alarm would stand now."""
    try:
        rule = read(settings.get("AlarmRule", ""))
    except RuleError:
        return ("Fill in a rule to see how it would stand.",)
    names = children(rule)
    if names and (state.others is None or not set(names) <= set(state.named)):
        return ("How it would stand now is not known: the states of its alarms are not read.",)
    states = dict(state.others or ())
    lines = [f"With its alarms as they are now it would be {'in ALARM' if _holds(rule, states) else 'OK'}."]
    if firing := [one for one in names if states.get(one) == "ALARM"]:
        lines.append(f"In ALARM now: {', '.join(firing)[:200]}.")
    if missing := [one for one in names if one not in states]:
        lines.append(f"There is no alarm {', '.join(missing)[:200]}: CloudWatch refuses such a rule.")
    return (*lines, *_stood(rule, state, states))


def _stood(rule: Any, state: AlarmState, states: dict[str, str]) -> tuple[str, ...]:
    """When a composite alarm would have fired in the last day, by the histories of its alarms."""
    if state.past is None or state.end is None or state.since is None:
        return ("When it would have fired in the past is not known: the histories of its alarms could not be read.",)
    start, end = state.since.timestamp(), state.end.timestamp()
    found = standings(lambda at: _holds(rule, dict(at)), states, state.past, start, end)
    said = _said(found, replace(state, cost=""))
    if state.since > state.end - DAY + timedelta(minutes=1):
        since = state.since.astimezone(state.zone)
        said += f" Their histories were read back to {since:%H:%M}{_mark(since, state.zone)} only."
    return (said,)


def _holds(rule: Any, states: dict[str, str]) -> bool:
    return holds(rule, lambda name: states.get(name, ""))
