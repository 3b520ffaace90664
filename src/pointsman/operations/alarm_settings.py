"""An alarm's settings as a form, and a filled form as settings: nothing that the form does not ask for is lost. Pure.

PutMetricAlarm and PutCompositeAlarm replace the whole alarm. So what goes out is always what CloudWatch said the
alarm is, with what a person changed put in.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from pointsman.digits import digits
from pointsman.model.alarms import Alarm
from pointsman.model.refs import MetricRef
from pointsman.operations.declare import Answers, Choice, Field
from pointsman.semantics.metrics.alarm_evaluation import BANDS, OPERATORS, TREATMENTS

__all__ = [
    "band_fields",
    "band_of",
    "changed",
    "common_fields",
    "composite_fields",
    "fields_of",
    "kind",
    "limit_fields",
    "number",
    "settings_of",
    "statistic",
    "whole",
]

PLAIN = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
MOST_ACTIONS = 5
ACTIONS = {
    "alarm_actions": ("AlarmActions", "On ALARM"),
    "ok_actions": ("OKActions", "On OK"),
    "insufficient_actions": ("InsufficientDataActions", "On no data"),
}
"""Field -> AWS's member, and what it is called."""
LONGEST_DESCRIPTION = 1024
TOLD = "Description and actions"
_WORDS = {
    "missing": "no data is no data",
    "ignore": "the state stays",
    "breaching": "counts as breaching",
    "notBreaching": "counts as fine",
}
_BAND = re.compile(r"\s*ANOMALY_DETECTION_BAND\s*\(\s*(\w+)\s*(?:,\s*([0-9.]+)\s*)?\)\s*", re.ASCII)
_WIDTH = 2.0
"""Standard deviations of a band that names none."""


# -- what an alarm is


def settings_of(alarm: Alarm) -> dict[str, Any]:
    """What PutMetricAlarm or PutCompositeAlarm would take to make it as it is."""
    if alarm.settings:
        found: dict[str, Any] = json.loads(alarm.settings)
        return found
    made: dict[str, Any] = {
        "AlarmName": alarm.ref.name,
        "AlarmDescription": alarm.description,
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmActions": list(alarm.alarm_actions),
        "OKActions": list(alarm.ok_actions),
        "InsufficientDataActions": list(alarm.insufficient_actions),
    }
    if alarm.composite:
        return _filled({**made, "AlarmRule": alarm.rule, "ActionsSuppressor": alarm.suppressor})
    if alarm.metric is not None:
        made |= metric_members(alarm.metric)
        made |= _stat(alarm.stat)
    made |= {
        "ComparisonOperator": alarm.comparison,
        "Threshold": alarm.threshold,
        "DatapointsToAlarm": alarm.datapoints,
        "EvaluationPeriods": alarm.periods,
        "Period": alarm.period,
        "TreatMissingData": alarm.missing,
        "Unit": alarm.unit,
        "EvaluateLowSampleCountPercentile": alarm.low_samples,
    }
    return _filled(made)


def _filled(settings: dict[str, Any]) -> dict[str, Any]:
    """Without what is not set: a member that is left out is an empty one."""
    return {name: value for name, value in settings.items() if value is not None and value not in ("", [])}


def metric_members(metric: MetricRef) -> dict[str, Any]:
    """A metric as AWS's members."""
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    return {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}


def kind(settings: dict[str, Any]) -> str:
    """``composite``, ``metric``, ``query`` (one metric as a query), ``math``, ``band``; ``other`` is none of these."""
    if "AlarmRule" in settings:
        return "composite"
    queries = settings.get("Metrics")
    if not queries:
        plain = "MetricName" in settings and settings.get("ComparisonOperator") in OPERATORS and "Threshold" in settings
        return "metric" if plain else "other"
    if "ThresholdMetricId" in settings:
        found = band_of(settings)
        return "band" if found is not None and settings.get("ComparisonOperator") in BANDS else "other"
    if settings.get("ComparisonOperator") not in OPERATORS or "Threshold" not in settings:
        return "other"
    returned = returned_of(queries)
    if returned is None:
        return "other"
    return "query" if "MetricStat" in returned else "math" if "Expression" in returned else "other"


def returned_of(queries: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The query whose values an alarm looks at."""
    return next((one for one in queries if one.get("ReturnData") is not False), None)


def band_of(settings: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], float] | None:
    """The band's query, the query of the metric in it, and how wide it is; None when it is written otherwise."""
    by_id = {one.get("Id"): one for one in settings["Metrics"]}
    band = by_id.get(settings["ThresholdMetricId"])
    match = _BAND.fullmatch(str(band.get("Expression", ""))) if band is not None else None
    if band is None or match is None or "MetricStat" not in by_id.get(match[1], {}):
        return None
    try:
        return band, by_id[match[1]], float(match[2]) if match[2] else _WIDTH
    except ValueError:
        return None


def period_of(queries: list[dict[str, Any]]) -> int | None:
    """The period that every query has; None when they have several."""
    periods = {one["MetricStat"].get("Period") for one in queries if "MetricStat" in one}
    periods |= {one["Period"] for one in queries if "Period" in one}
    found = periods.pop() if len(periods) == 1 else None
    return found if isinstance(found, int) else None


# -- what may be typed


def number(text: str) -> str | None:
    """What is wrong with a number."""
    try:
        return None if math.isfinite(float(text)) else "give a finite number"
    except ValueError:
        return "give a number"


def _count(most: int) -> Callable[[str], str | None]:
    def check(text: str) -> str | None:
        good = digits(text, 8) and 1 <= int(text) <= most
        return None if good else f"a whole number from 1 to {most:,}"

    return check


def _period(text: str) -> str | None:
    size = int(text) if digits(text, 8) else 0
    good = size in (10, 20, 30) or (size > 0 and size % 60 == 0)
    return None if good and size <= 604_800 else "10, 20, 30, or a multiple of 60 seconds"


def statistic(text: str) -> str | None:
    """What is wrong with a statistic."""
    from pointsman.semantics.metrics.statistics import parse  # the grammar of statistics, when a form is filled in

    return None if text in PLAIN or parse(text) is not None else "Average, Sum, Minimum, Maximum, SampleCount, p99 …"


def _width(text: str) -> str | None:
    wrong = number(text)
    return wrong or (None if 0 < float(text) <= 1000 else "more than 0, and at most 1000 standard deviations")


def expression(text: str) -> str | None:
    """What is wrong with metric math, and where."""
    from pointsman.semantics.metrics.math_grammar import read
    from pointsman.semantics.metrics.math_tree import MathError

    try:
        read(text)
    except MathError as error:
        return str(error)
    return None


def rule(text: str) -> str | None:
    """What is wrong with a composite alarm's rule, and where."""
    from pointsman.semantics.metrics.alarm_rules import RuleError, read

    try:
        read(text)
    except RuleError as error:
        return str(error)
    return None


def _seconds(text: str) -> str | None:
    good = digits(text, 8)
    return None if good else "a whole number of seconds"


def actions(text: str) -> str | None:
    """What is wrong with ARNs, one on each line."""
    lines = _lines(text)
    if wrong := next((one for one in lines if not re.fullmatch(r"arn:[^\s:]+:[^\s:]+:\S+", one)), None):
        return f"{wrong[:60]} is not an ARN: one on each line, arn:aws:sns:…"
    return f"at most {MOST_ACTIONS} actions" if len(lines) > MOST_ACTIONS else None


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _description(text: str) -> str | None:
    return None if len(text) <= LONGEST_DESCRIPTION else f"at most {LONGEST_DESCRIPTION:,} characters"


# -- the form


def fields_of(alarm: Alarm) -> tuple[Field, ...]:
    """What a person may change of an alarm that there is."""
    settings = settings_of(alarm)
    what = kind(settings)
    told = common_fields(settings, group="" if what == "other" else TOLD)
    if what == "composite":
        return (*composite_fields(settings), *told)
    if what == "other":
        return told
    queries = settings.get("Metrics", [])
    first: tuple[Field, ...] = ()
    if what == "math":
        text = str((returned_of(queries) or {}).get("Expression", ""))
        first = (Field("expression", "Expression", text, required=True, check=expression, kept=True),)
    elif what == "band":
        found = band_of(settings)
        stat, width = (found[1]["MetricStat"]["Stat"], found[2]) if found is not None else ("", _WIDTH)
        first = (_stat_field(stat), *band_fields(width, settings["ComparisonOperator"]))
    elif what == "query":
        first = (_stat_field((returned_of(queries) or {})["MetricStat"]["Stat"]),)
    else:
        first = (_stat_field(_stat_of(settings) or "Average"),)
    period = settings.get("Period") if what == "metric" else period_of(queries)
    return (*first, *limit_fields(settings, period, band=what == "band"), *told)


def _stat_field(stat: str) -> Field:
    return Field("stat", "Statistic", stat, required=True, check=statistic, placeholder="Sum, p99")


def limit_fields(settings: dict[str, Any], period: int | None, *, band: bool = False) -> tuple[Field, ...]:
    """Threshold, periods and what stands for missing data.

    Args:
        settings: The alarm's.
        period: Seconds; None has no field: there are several.
        band: Whether it is held against a band, which has fields of its own.
    """
    comparisons = tuple(Choice(one, words) for one, words in OPERATORS.items())
    treatments = tuple(Choice(one, f"{one}: {_WORDS[one]}") for one in TREATMENTS)
    compared = settings.get("ComparisonOperator") or "GreaterThanThreshold"
    periods = settings.get("EvaluationPeriods") or 1
    limit = (
        Field("comparison", "Alarm when", compared, choices=comparisons),
        Field("threshold", "Threshold", _plain(settings.get("Threshold")), required=True, check=number),
    )
    asked = (Field("period", "Period, seconds", str(period), required=True, check=_period),) if period else ()
    return (
        *(() if band else limit),
        Field(
            "datapoints",
            "In how many periods",
            str(settings.get("DatapointsToAlarm") or periods),
            required=True,
            check=_count(1440),
        ),
        Field("periods", "Of the last", str(periods), required=True, check=_count(1440)),
        *asked,
        Field("missing", "Missing data", settings.get("TreatMissingData") or "missing", choices=treatments),
    )


def band_fields(width: float, comparison: str) -> tuple[Field, ...]:
    """What an alarm on an anomaly band is held against."""
    choices = tuple(Choice(one, words) for one, words in BANDS.items())
    return (
        Field("comparison", "Alarm when", comparison, choices=choices),
        Field("width", "Band, standard deviations", _plain(width), required=True, check=_width),
    )


def composite_fields(settings: dict[str, Any]) -> tuple[Field, ...]:
    """A rule, and what suppresses its actions."""
    waits = (str(settings.get(name, "")) for name in _WAITS.values())
    return (
        Field("rule", "Rule", settings.get("AlarmRule", ""), required=True, check=rule, multiline=True, kept=True),
        Field("suppressor", "Suppressed by (alarm)", settings.get("ActionsSuppressor", ""), placeholder="none"),
        *(
            Field(name, words, value, check=_seconds)
            for (name, words), value in zip(
                (("wait", "Wait for it, seconds"), ("extension", "Then as long again, seconds")), waits, strict=True
            )
        ),
    )


_WAITS = {"wait": "ActionsSuppressorWaitPeriod", "extension": "ActionsSuppressorExtensionPeriod"}


def common_fields(settings: dict[str, Any], *, group: str) -> tuple[Field, ...]:
    """What it means and whom it tells."""
    description = Field(
        "description",
        "Description",
        str(settings.get("AlarmDescription", "")),
        check=_description,
        multiline=True,
        group=group,
        kept=True,
    )
    told = (
        Field(
            name,
            f"{words}: ARNs, one on each line",
            "\n".join(settings.get(member, [])),
            check=actions,
            multiline=True,
            group=group,
            kept=True,
        )
        for name, (member, words) in ACTIONS.items()
    )
    return (description, *told)


def _plain(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return ""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


# -- the form, filled in


def whole(text: str) -> int:
    """A number while it is being typed: what is none yet is said beside its field."""
    return int(text) if digits(text, 9) else 0


def real(text: str) -> float:
    """The same for a threshold."""
    return float(text) if number(text) is None else math.nan


def changed(settings: dict[str, Any], answers: Answers) -> dict[str, Any]:
    """Settings with a person's answers in them; what is not answered stays as it is. Takes half-typed answers."""
    made: dict[str, Any] = json.loads(json.dumps(settings))  # a copy to its last level
    what = kind(settings)
    for name, member in (
        ("comparison", "ComparisonOperator"),
        ("missing", "TreatMissingData"),
        ("rule", "AlarmRule"),
        ("description", "AlarmDescription"),
    ):
        if name in answers:
            made[member] = answers[name]
    _changed_waits(made, answers)
    if what != "band" and "threshold" in answers:
        made["Threshold"] = real(answers["threshold"])
    for name, member in (("datapoints", "DatapointsToAlarm"), ("periods", "EvaluationPeriods")):
        if name in answers:
            made[member] = whole(answers[name])
    for name, (member, _) in ACTIONS.items():
        if name in answers and answers[name] != "\n".join(made.get(member, [])):
            made[member] = _lines(answers[name])
    _changed_measure(made, what, answers)
    return _filled(made)


def _changed_waits(made: dict[str, Any], answers: Answers) -> None:
    """What suppresses a composite alarm's actions; without that there is nothing to wait for."""
    for name, member in _WAITS.items():
        if name in answers and answers[name] != str(made.get(member, "")):
            made[member] = whole(answers[name]) if answers[name] else None
    if "suppressor" in answers and answers["suppressor"] != made.get("ActionsSuppressor", ""):
        made["ActionsSuppressor"] = answers["suppressor"].strip()
        if not made["ActionsSuppressor"]:
            made |= dict.fromkeys(_WAITS.values())


def _changed_measure(made: dict[str, Any], what: str, answers: Answers) -> None:
    """What is measured: the statistic, the period, the expression, the width of a band."""
    queries = made.get("Metrics", [])
    returned = returned_of(queries) or {}
    if what == "metric":
        if "stat" in answers and answers["stat"] != (_stat_of(made) or "Average"):
            for member in ("Statistic", "ExtendedStatistic"):
                made.pop(member, None)
            made |= _stat(answers["stat"])
            if "Statistic" in made:
                made.pop("EvaluateLowSampleCountPercentile", None)  # CloudWatch takes it with a percentile only
        if "period" in answers:
            made["Period"] = whole(answers["period"])
        return
    if what == "band" and (found := band_of(made)) is not None:
        band, inner, _ = found
        if "width" in answers:
            band["Expression"] = f"ANOMALY_DETECTION_BAND({inner['Id']}, {_plain(real(answers['width'])) or 0})"
        returned = inner
    if what == "math" and "expression" in answers:
        returned["Expression"] = answers["expression"]
    if what in ("query", "band") and "stat" in answers:
        returned["MetricStat"]["Stat"] = answers["stat"]
    if "period" in answers and period_of(queries) is not None:
        for one in queries:
            if "MetricStat" in one:
                one["MetricStat"]["Period"] = whole(answers["period"])
            if "Period" in one:
                one["Period"] = whole(answers["period"])


def _stat_of(settings: dict[str, Any]) -> str:
    return str(settings.get("Statistic") or settings.get("ExtendedStatistic") or "")


def _stat(stat: str) -> dict[str, str]:
    return {"Statistic": stat} if stat in PLAIN else {"ExtendedStatistic": stat}
