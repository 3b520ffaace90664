"""Metric alarms evaluated: on the clock, and soon after a datapoint of theirs came in.

The clock ticks at every minute, and every ten seconds where alarms of high resolution are; a tick works through its
alarms a few at a time. A window of periods ends at the last whole minute, or, when the minute that is under way has
data that more of its samples cannot talk out of its verdict, at the end of that.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from pointsman.local.answers import AwsError
from pointsman.local.cloudwatch import alarms, history, queries, reading, table
from pointsman.local.cloudwatch.alarms import MetricAlarm
from pointsman.local.cloudwatch.queries import Evaluation
from pointsman.local.cloudwatch.watched import Watched, metric_in
from pointsman.local.world import Payload, Scope
from pointsman.semantics.metrics import alarm_evaluation, alarm_reasons, periods, statistics
from pointsman.semantics.metrics.alarm_evaluation import EXTRA, Datapoint, Rule, Verdict
from pointsman.semantics.metrics.series import Window
from pointsman.semantics.metrics.statistics import Statistic

TICK: Final = "cloudwatch.tick"
TOUCHED: Final = "cloudwatch.touched"
SOON: Final = 0.2
"""Seconds that an evaluation waits for more datapoints to come in."""
AT_ONCE: Final = 20
"""Alarms that are evaluated in one transaction."""

Range = list[Datapoint | None]


def schedule(scope: Scope) -> None:
    """Have the clock tick for an account and region while there is a metric alarm."""
    watched = scope.world.tool(Watched)
    if not watched.any(scope):
        scope.cancel(TICK)
        return
    grid = 10 if watched.fine(scope) else 60
    now = scope.now.timestamp()
    due = (now // grid + 1) * grid
    scope.at(datetime.fromtimestamp(due, UTC), TICK, {"fine": due % 60 != 0}, key=TICK)


def tick(scope: Scope, payload: Payload) -> None:
    """Evaluate the next few alarms of a tick."""
    after = payload.get("after")
    fine_only = payload["fine"]
    found = list(scope.scan(MetricAlarm, after=after, limit=AT_ONCE))
    for _, alarm in found:
        if not fine_only or period_of(alarm) < 60:
            evaluate(scope, alarm)
    if len(found) == AT_ONCE:
        scope.at(scope.now, TICK, {"after": found[-1][0], "fine": fine_only}, key=TICK)
        return
    if periods.seconds(scope.now) % 3600 < 60:
        history.prune(scope)
    schedule(scope)


def data_came(scope: Scope, payload: Payload) -> None:
    """Have the alarms on metrics evaluated soon."""
    watched = scope.world.tool(Watched)
    if watched.touch(scope, payload["metrics"]):
        scope.after(SOON, TOUCHED, {}, key=TOUCHED)


def touched(scope: Scope, _: Payload) -> None:
    """Evaluate some of the alarms whose metrics have new datapoints."""
    watched = scope.world.tool(Watched)
    for name in watched.take(scope, AT_ONCE):
        alarm = scope.get(MetricAlarm, name)
        if alarm is not None:
            evaluate(scope, alarm)
    if watched.waiting(scope):
        scope.at(scope.now, TOUCHED, {}, key=TOUCHED)


def period_of(alarm: MetricAlarm) -> int:
    """The seconds of an alarm's period."""
    settings = alarm.settings
    if "Metrics" not in settings:
        return int(settings["Period"])
    return max((int(one["MetricStat"]["Period"]) for one in settings["Metrics"] if "MetricStat" in one), default=60)


def evaluate(scope: Scope, alarm: MetricAlarm) -> None:
    """Give an alarm the state that its datapoints call for."""
    settings = alarm.settings
    rule = rule_of(alarm)
    period = period_of(alarm)
    points = _math_range(scope, alarm, rule, period) if "Metrics" in settings else _range(scope, alarm, rule, period)
    if points is None:
        return
    verdict = alarm_evaluation.evaluate(rule, points)
    if verdict.state is None or verdict.state == alarm.state:
        return
    _change(scope, alarm, rule, verdict, period)


def rule_of(alarm: MetricAlarm) -> Rule:
    """What an alarm is evaluated by."""
    settings = alarm.settings
    count = settings["EvaluationPeriods"]
    treatment = settings.get("TreatMissingData", "missing")
    if settings.get("Namespace") == "AWS/DynamoDB":  # whatever the alarm says: AWS does so
        treatment = "ignore"
    return Rule(count, settings.get("DatapointsToAlarm", count), settings["ComparisonOperator"], treatment)


def _change(scope: Scope, alarm: MetricAlarm, rule: Rule, verdict: Verdict, period: int) -> None:
    assert verdict.state is not None
    settings = alarm.settings
    start = verdict.evaluated[-1].time if verdict.evaluated else None
    data = alarm_reasons.data(
        verdict,
        queried=scope.now.timestamp(),
        start=start,
        period=period,
        statistic=settings.get("Statistic", settings.get("ExtendedStatistic", "")),
        unit=settings.get("Unit", ""),
    )
    if "Threshold" in settings:
        data["threshold"] = settings["Threshold"]
    sentence = alarm_reasons.sentence(rule, verdict, alarm.state)
    alarms.set_state(scope, alarm, verdict.state, sentence, alarm_reasons.encoded(data))


def _grid(period: int) -> int:
    return 10 if period < 60 else 60


def _range(scope: Scope, alarm: MetricAlarm, rule: Rule, period: int) -> Range | None:
    """The evaluation range of an alarm on a metric; None when a percentile has too few samples to judge by."""
    settings = alarm.settings
    statistic = statistic_of(settings)
    metric = metric_in(settings)
    anchor = periods.floor(periods.seconds(scope.now), _grid(period))
    count = rule.periods + EXTRA
    partial_end = anchor + _grid(period)
    unit = settings.get("Unit")
    bounds = (settings["Threshold"], settings["Threshold"])
    ends = [partial_end, anchor]
    rows: list[table.Point] = []
    for id_, _ in table.series(scope, metric, unit):
        rows = table.points(scope, id_, anchor - count * period, partial_end, period)
        if rows:
            break
    if not rows:
        return [None] * count
    if rows[-1][0] < anchor:
        ends = [anchor]
    for end in ends:
        start = end - count * period
        counted = reading.aggregates([row for row in rows if start <= row[0] < end], start, period)
        if statistic.simple:
            values = {time: one.value(statistic.kind) for time, one in counted.items()}
        else:
            values = reading.read(scope, metric, statistic, Window(start, end, period), unit).points
        newest = values.get(end - period)
        if end > anchor and (
            newest is None or alarm_evaluation.undecided(rule.operator, statistic.kind, newest, bounds)
        ):
            continue
        if settings.get("EvaluateLowSampleCountPercentile") == "ignore":
            needed = statistics.samples_needed(statistic)
            if any(one.count < needed for one in counted.values()):
                return None
        return [
            Datapoint(time, values[time], bounds, counted[time].count) if time in values else None
            for time in range(start, end, period)
        ]
    return [None] * count


def _math_range(scope: Scope, alarm: MetricAlarm, rule: Rule, period: int) -> Range | None:
    """The evaluation range of an alarm on an expression or a band."""
    anchor = periods.floor(periods.seconds(scope.now), _grid(period))
    count = rule.periods + EXTRA
    judged = queries.judge(scope, alarm.settings["Metrics"])
    band_id = alarm.settings.get("ThresholdMetricId")
    watched = next(query for query in judged if query.returned and query.id != band_id)
    band = next((query for query in judged if query.id == band_id), None)
    threshold = alarm.settings.get("Threshold", 0.0)
    for end in (anchor + _grid(period), anchor):
        start = end - count * period
        evaluation = Evaluation(scope, judged, start, end, origin=start)
        try:
            values = evaluation.series(watched)[0].points
            bounds: dict[int, tuple[float, float]] = {}
            if band is not None:
                upper, lower = (one.points for one in evaluation.series(band)[:2])
                bounds = {time: (lower[time], upper[time]) for time in lower}
        except (AwsError, IndexError):
            return [None] * count  # an expression that came to nothing has no datapoints
        if end > anchor and end - period not in values:
            continue
        if band is not None:
            values = {time: value for time, value in values.items() if time in bounds}
        return [
            Datapoint(time, values[time], bounds.get(time, (threshold, threshold))) if time in values else None
            for time in range(start, end, period)
        ]
    return [None] * count


def statistic_of(settings: dict[str, Any]) -> Statistic:
    """The statistic of an alarm on a metric."""
    found = statistics.parse(settings.get("Statistic") or settings["ExtendedStatistic"])
    assert found is not None  # judged when the alarm was put
    return found
