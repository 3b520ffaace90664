"""New alarms: on a metric, on metric math over it, on its anomaly band, and on other alarms."""

from __future__ import annotations

import math
import re
from typing import Any

from pointsman.model.alarms import AlarmState
from pointsman.model.refs import AlarmRef, MetricRef, Ref
from pointsman.operations.alarm_preview import looked_up, preview, question
from pointsman.operations.alarm_settings import (
    band_fields,
    changed,
    common_fields,
    composite_fields,
    expression,
    limit_fields,
    metric_members,
    statistic,
)
from pointsman.operations.declare import Answers, Field, Operation, WriteCall
from pointsman.operations.ports import ServicesLike

TOLD = "Description and actions"
_MORE = re.compile(r"\s*([a-z][A-Za-z0-9_]*)\s*=\s*(.+)")


def _metric(ref: Ref) -> MetricRef:
    if not isinstance(ref, MetricRef):
        raise TypeError(f"{ref!r} is not a metric")
    return ref


async def _prospect(services: ServicesLike, ref: Ref) -> AlarmState:
    return await services.alarms.prospect(_metric(ref))


def _known(state: AlarmState, _ref: Ref) -> str | None:
    return None if state.alarm is not None else "the metric is not known"


# -- what is new


_FRESH: dict[str, Any] = {
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": math.nan,
    "EvaluationPeriods": 1,
    "DatapointsToAlarm": 1,
    "TreatMissingData": "missing",
}


def _measured(metric: MetricRef, answers: Answers, name: str = "m1", *, returned: bool) -> dict[str, Any]:
    stat = {"Metric": metric_members(metric), "Period": 60, "Stat": answers.get("stat") or "Average"}
    return {"Id": name, "MetricStat": stat, "ReturnData": returned}


def _on_metric(ref: Ref, _answers: Answers) -> dict[str, Any]:
    return {**metric_members(_metric(ref)), **_FRESH, "Statistic": "Average", "Period": 60}


def _on_math(ref: Ref, answers: Answers) -> dict[str, Any]:
    queries = [{"Id": "e1", "Expression": "m1", "ReturnData": True}]
    queries.append(_measured(_metric(ref), answers, returned=False))
    queries += [_measured(metric, answers, name, returned=False) for name, metric in _others(answers.get("more", ""))]
    return {"Metrics": queries, **_FRESH}


def _on_band(ref: Ref, answers: Answers) -> dict[str, Any]:
    band = {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True}
    fresh = {name: value for name, value in _FRESH.items() if name != "Threshold"}
    fresh["ComparisonOperator"] = "LessThanLowerOrGreaterThanUpperThreshold"
    return {"Metrics": [_measured(_metric(ref), answers, returned=True), band], "ThresholdMetricId": "ad1", **fresh}


def _on_alarms(ref: Ref, _answers: Answers) -> dict[str, Any]:
    return {"AlarmRule": f'ALARM("{_quoted(str(ref))}")'}


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _others(text: str) -> list[tuple[str, MetricRef]]:
    """``m2 = Namespace | Metric | Dimension=Value | ...`` on each line; what is not so is left out."""
    found = []
    for line in text.splitlines():
        match = _MORE.fullmatch(line)
        parts = [one.strip() for one in match[2].split("|")] if match is not None else []
        pairs = [tuple(one.partition("=")[::2]) for one in parts[2:]]
        if match is not None and len(parts) >= 2 and all(parts) and all(one and other for one, other in pairs):
            dimensions = tuple(sorted((one.strip(), other.strip()) for one, other in pairs))
            found.append((match[1], MetricRef(parts[0], parts[1], dimensions)))
    return found


def _more(text: str) -> str | None:
    lines = [line for line in text.splitlines() if line.strip()]
    wrong = next((line for line in lines if not _others(line)), None)
    if wrong is not None:
        return f"{wrong.strip()[:60]} is not NAME = NAMESPACE | METRIC | DIMENSION=VALUE | ..."
    names = ["m1", "e1", *(name for name, _ in _others(text))]
    double = next((name for name in names if names.count(name) > 1), None)
    return f"{double} stands for something else already" if double else None


# -- the forms


def _name(text: str) -> str | None:
    return None if len(text.strip()) <= 255 and text.isprintable() else "at most 255 characters on one line"


def _named(ref: Ref, suffix: str = "") -> Field:
    about = str(ref)
    if isinstance(ref, MetricRef):
        about = "-".join([*(value for _, value in ref.dimensions), ref.name])
    return Field("name", "Name", f"{about[:240]}{suffix}", required=True, check=_name)


_STAT = Field("stat", "Statistic", "Average", required=True, check=statistic, placeholder="Sum, p99")


def _told() -> tuple[Field, ...]:
    return (*_heard(), *(one for one in common_fields({}, group=TOLD) if one.name != "alarm_actions"))


def _heard() -> tuple[Field, ...]:
    return tuple(one for one in common_fields({}, group="") if one.name == "alarm_actions")


def _metric_fields(_state: AlarmState, ref: Ref) -> tuple[Field, ...]:
    return (_named(ref), _STAT, *limit_fields(_FRESH, 60), *_told())


def _math_fields(_state: AlarmState, ref: Ref) -> tuple[Field, ...]:
    return (
        _named(ref, "-math"),
        Field("expression", "Expression: m1 is this metric", "m1", required=True, check=expression),
        Field("more", "More metrics", placeholder="m2 = Shop | Orders | Region=eu", multiline=True, check=_more),
        _STAT,
        *limit_fields(_FRESH, 60),
        *_told(),
    )


def _band_fields(_state: AlarmState, ref: Ref) -> tuple[Field, ...]:
    compared = "LessThanLowerOrGreaterThanUpperThreshold"
    return (_named(ref, "-band"), _STAT, *band_fields(2.0, compared), *limit_fields(_FRESH, 60, band=True), *_told())


def _composite_fields(_state: AlarmState, ref: Ref) -> tuple[Field, ...]:
    return (_named(ref, "-and-others"), *composite_fields(_on_alarms(ref, {})), *_told())


# -- the operations


def _consequences(state: AlarmState, parameters: dict[str, Any]) -> tuple[str, ...]:
    lines = list(preview(state, parameters))
    if parameters["AlarmName"] in dict(state.others or ()):
        lines.append("An alarm of this name is there already and will be replaced, with all that it was.")
    if not parameters.get("AlarmActions"):
        lines.append("Nobody will hear of it: it has no action.")
    return tuple(lines)


def _making(
    operation: str, base: Any, *, name: str, title: str, past: str, key: str, fields: Any, explained: str
) -> Operation[AlarmState]:
    def plan(_state: AlarmState, ref: Ref, answers: Answers) -> WriteCall:
        settings = changed(base(ref, answers), answers)
        return WriteCall("cloudwatch", operation, {"AlarmName": answers.get("name", "").strip(), **settings})

    async def look(services: ServicesLike, ref: Ref, state: AlarmState, answers: Answers) -> AlarmState:
        parameters = plan(state, ref, answers).parameters
        state = await services.alarms.look(state, question(parameters))
        return await services.alarms.look_up(state, [parameters["AlarmName"], *looked_up(parameters)])

    composite = operation == "PutCompositeAlarm"
    return Operation(
        id=name,
        title=title,
        past=past,
        key=key,
        target=AlarmRef if composite else MetricRef,
        help=explained,
        calls=(f"cloudwatch:{operation}",),
        read=_standing if composite else _prospect,
        plan=plan,
        refuse=_known,
        consequences=lambda state, ref, answers: _consequences(state, plan(state, ref, answers).parameters),
        fields=fields,
        look=look,
        touches=lambda _ref: (("alarms",), ("thresholds",)),
    )


async def _standing(services: ServicesLike, ref: Ref) -> AlarmState:
    if not isinstance(ref, AlarmRef):
        raise TypeError(f"{ref!r} is not an alarm")
    return await services.alarms.fresh(ref)


CREATE = _making(
    "PutMetricAlarm",
    _on_metric,
    name="alarm.create",
    title="Create alarm",
    past="created an alarm on",
    key="n",
    fields=_metric_fields,
    explained="Makes an alarm on a metric, and shows when it would have fired.",
)
CREATE_MATH = _making(
    "PutMetricAlarm",
    _on_math,
    name="alarm.create-math",
    title="Create math alarm",
    past="created a math alarm on",
    key="N",
    fields=_math_fields,
    explained="Makes an alarm on metric math over a metric and others, and shows when it would have fired.",
)
CREATE_BAND = _making(
    "PutMetricAlarm",
    _on_band,
    name="alarm.create-band",
    title="Create band alarm",
    past="created a band alarm on",
    key="b",
    fields=_band_fields,
    explained="Makes an alarm that fires when a metric leaves the band that CloudWatch expects it in.",
)
CREATE_COMPOSITE = _making(
    "PutCompositeAlarm",
    _on_alarms,
    name="alarm.create-composite",
    title="Create composite alarm",
    past="created a composite alarm on",
    key="C",
    fields=_composite_fields,
    explained="Makes an alarm that fires by a rule over this alarm and others, and shows how it would stand now.",
)

OPERATIONS = (CREATE, CREATE_MATH, CREATE_BAND, CREATE_COMPOSITE)
