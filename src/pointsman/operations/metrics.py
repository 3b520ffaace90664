"""What a person may do about metrics: put a value by hand, to try what follows from it."""

from __future__ import annotations

import math
from typing import Any

from pointsman.model.alarms import AlarmState
from pointsman.model.refs import MetricRef, Ref
from pointsman.operations.declare import Answers, Field, Operation, WriteCall
from pointsman.operations.ports import ServicesLike


def _metric(ref: Ref) -> MetricRef:
    if not isinstance(ref, MetricRef):
        raise TypeError(f"{ref!r} is not a metric")
    return ref


async def _read(services: ServicesLike, ref: Ref) -> AlarmState:
    # What every operation on a metric judges: the menu reads a target once for all of them.
    return await services.alarms.prospect(_metric(ref))


def _value(text: str) -> str | None:
    try:
        return None if math.isfinite(float(text)) and abs(float(text)) <= 2.0**360 else "give a number CloudWatch takes"
    except ValueError:
        return "give a number"


def _plan(_state: AlarmState, ref: Ref, answers: Answers) -> WriteCall:
    metric = _metric(ref)
    datum: dict[str, Any] = {
        "MetricName": metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
        "Value": float(answers["value"]) if _value(answers.get("value", "")) is None else math.nan,
    }
    if answers.get("unit"):
        datum["Unit"] = answers["unit"]
    return WriteCall("cloudwatch", "PutMetricData", {"Namespace": metric.namespace, "MetricData": [datum]})


PUT: Operation[AlarmState] = Operation(
    id="metric.put",
    title="Put a value",
    past="put a value into",
    key="p",
    target=MetricRef,
    help="Puts one value, now, as a program would: to try an alarm, say.",
    calls=("cloudwatch:PutMetricData",),
    read=_read,
    plan=_plan,
    refuse=lambda _state, ref: (
        "only AWS itself puts values into AWS/..." if _metric(ref).namespace.startswith("AWS/") else None
    ),
    consequences=lambda _state, _ref, _answers: (
        "It cannot be taken back: a datapoint stays for 15 months.",
        "Alarms on the metric are evaluated with it.",
    ),
    fields=lambda _state, _ref: (
        Field("value", "Value", required=True, check=_value),
        Field("unit", "Unit", placeholder="Count, Seconds, Percent …: as the metric's own"),
    ),
    touches=lambda _ref: (("thresholds",), ("alarms",)),
)

OPERATIONS = (PUT,)
