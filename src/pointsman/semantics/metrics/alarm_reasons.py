"""What CloudWatch says about why an alarm changed: the sentence, and the JSON beside it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from pointsman.semantics.metrics.alarm_evaluation import BANDS, OPERATORS, Datapoint, Rule, Verdict, breaches

_WORDS = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


def number(value: float) -> str:
    """A number in Java's notation, as the service writes it: ``21.5``, ``5.0``, ``1.0E10``."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(float(value)) if "e" not in repr(float(value)) else f"{value:f}"
    mantissa, _, exponent = f"{value:.16e}".partition("e")
    shortest = next(
        (short for digits in range(1, 17) if float(short := f"{value:.{digits}e}") == value), f"{mantissa}e{exponent}"
    )
    mantissa, _, exponent = shortest.partition("e")
    return f"{mantissa}E{int(exponent)}"


def moment(time: float) -> str:
    """A time as the JSON has it: ``2026-01-02T03:04:05.000+0000``."""
    at = datetime.fromtimestamp(time, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def sentence(rule: Rule, verdict: Verdict, before: str) -> str:
    """The reason of a state.

    Args:
        rule: The alarm's settings.
        verdict: What its evaluation came to.
        before: The state it had.
    """
    if verdict.state == "INSUFFICIENT_DATA" or verdict.state is None:
        count = verdict.filled
        return f"Insufficient Data: {count} datapoint{'s were' if count != 1 else ' was'} unknown."
    treated = _WORDS.get(rule.treatment, "Missing")
    filled = verdict.filled
    plural = f"{filled} missing datapoint{'s were' if filled != 1 else ' was'} treated as [{treated}]"
    if not verdict.evaluated:
        periods = f"{filled} period{'s' if filled != 1 else ''}"
        return f"Threshold Crossed: no datapoints were received for {periods} and {plural}."
    return f"Threshold Crossed: {_crossed(rule, verdict)}{_needed(rule, verdict, before)}."


def _crossed(rule: Rule, verdict: Verdict) -> str:
    alarming = verdict.state == "ALARM"
    # Breaching ones tell why it alarms, the others why it does not; one of its kind is always there.
    shown = [one for one in verdict.evaluated if _breaches(rule, one) == alarming] or list(verdict.evaluated)
    if rule.datapoints == rule.periods and not alarming:
        shown = shown[:1]
    many = len(shown) > 1
    places = "[" + ", ".join(_point(one) for one in shown) + "]"
    if rule.periods == 1 or (len(shown) == 1 and rule.datapoints == rule.periods):
        start = f"{len(shown)} datapoint{'s' if many else ''} {places}"
    else:
        start = f"{len(shown)} out of the last {rule.periods} datapoints {places}"
    verb = ("were" if many else "was") + ("" if _breaches(rule, shown[0]) else " not")
    if rule.operator in BANDS:
        low, high = shown[0].bounds
        return f"{start} {verb} {BANDS[rule.operator]} (lower {number(low)}, upper {number(high)})"
    return f"{start} {verb} {OPERATORS[rule.operator]} the threshold ({number(shown[0].bounds[0])})"


def _breaches(rule: Rule, point: Datapoint) -> bool:
    return breaches(rule.operator, point.value, point.bounds)


def _point(point: Datapoint) -> str:
    return f"{number(point.value)} ({datetime.fromtimestamp(point.time, UTC):%d/%m/%y %H:%M:%S})"


def _needed(rule: Rule, verdict: Verdict, before: str) -> str:
    if rule.periods == 1 or before == verdict.state or before not in ("OK", "ALARM"):
        return ""
    needed = rule.datapoints if verdict.state == "ALARM" else rule.periods - rule.datapoints + 1
    return f" (minimum {needed} datapoint{'s' if needed != 1 else ''} for {before} -> {verdict.state} transition)"


def data(
    verdict: Verdict, *, queried: float, start: int | None, period: int, statistic: str = "", unit: str = ""
) -> dict[str, Any]:
    """StateReasonData as a value.

    Args:
        verdict: What the evaluation came to.
        queried: When it was made, seconds since 1970.
        start: When the oldest period that was looked at begins.
        period: Seconds.
        statistic: The alarm's statistic, when it watches a metric.
        unit: The alarm's unit, when it has one.
    """
    oldest_first = list(reversed(verdict.evaluated))
    made: dict[str, Any] = {"version": "1.0", "queryDate": moment(queried)}
    if oldest_first and start is not None:
        made["startDate"] = moment(oldest_first[0].time)
    if unit:
        made["unit"] = unit
    if statistic:
        made["statistic"] = statistic
    made["period"] = period
    made["recentDatapoints"] = [one.value for one in oldest_first]
    if oldest_first:
        low, high = oldest_first[-1].bounds
        if low == high:
            made["threshold"] = low
        else:
            made["recentLowerThresholds"] = [one.bounds[0] for one in oldest_first]
            made["recentUpperThresholds"] = [one.bounds[1] for one in oldest_first]
    made["evaluatedDatapoints"] = [_evaluated(one) for one in verdict.evaluated]
    return made


def _evaluated(point: Datapoint) -> dict[str, Any]:
    made: dict[str, Any] = {"timestamp": moment(point.time)}
    if point.samples:
        made["sampleCount"] = point.samples
    return made | {"value": point.value}


def encoded(value: dict[str, Any]) -> str:
    """JSON without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
