"""What becomes of events as they come in: metric filters, subscription filters, and metrics embedded in the events.

Metrics leave as events of the world under ``cloudwatch.datum``: namespace, name, value, unit, dimensions (name ->
value) and time in milliseconds. Whoever keeps metrics listens.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence

import msgspec

from pointsman.local.logs import delivery, embedded, filters
from pointsman.local.logs.livetail import LiveTails
from pointsman.local.logs.names import millis
from pointsman.local.world import Payload, Scope
from pointsman.semantics.logs.filter_patterns import parse
from pointsman.semantics.logs.insights.values import number
from pointsman.semantics.logs.regexes import TooSlow

log = logging.getLogger("pointsman.local")

DATUM = "cloudwatch.datum"
PATIENCE = 1.0
"""Seconds that a pattern with regular expressions may take over the events of one call."""
DEFAULT = "logs.default"
_MINUTE = 60_000


class FilterMinute(msgspec.Struct, frozen=True):
    """A minute in which events came in for a filter with a default value; key: ``group:name/minute``."""

    matched: bool


def taken(scope: Scope, group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
    """Do what the group's filters ask for with (time, message) events that were just stored."""
    if not events:
        return
    if tails := scope.world.tool(LiveTails):
        tails.taken(scope, group, stream, events)
    metrics = list(filters.of_group(scope, filters.MetricFilter, group))
    subscriptions = list(filters.of_group(scope, filters.SubscriptionFilter, group))
    carriers = [event for event in events if embedded.MARK in event[1]]
    if not (metrics or subscriptions or carriers):
        return
    with scope.world.transaction():
        for metric in metrics:
            _extract(scope, metric, events)
        for subscription in subscriptions:
            matching = list(matches(subscription.pattern, events))
            if matching:
                delivery.deliver(scope, subscription, stream, matching)
        for moment, message in carriers:
            for datum in embedded.metrics(message, moment):
                scope.emit(DATUM, datum)


def matches(pattern: str, events: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The events that match; what takes the pattern too long, alone or together, is passed over."""
    asked = parse(pattern)
    deadline = time.monotonic() + PATIENCE
    for place, event in enumerate(events):
        if asked.regexes and time.monotonic() > deadline:
            log.warning(
                "the filter pattern %s takes too long: %d events were passed over", pattern, len(events) - place
            )
            return
        try:
            found = asked.matches(event[1])
        except TooSlow as error:
            log.warning("an event was passed over: %s", error)
            continue
        if found:
            yield event


def _extract(scope: Scope, metric: filters.MetricFilter, events: Sequence[tuple[int, str]]) -> None:
    pattern = parse(metric.pattern)
    made = metric.transformation
    constant = number(made.value)
    matched = False
    for moment, message in matches(metric.pattern, events):
        matched = True
        value = constant if constant is not None else number(pattern.select(message, made.value))
        dimensions = {name: pattern.select(message, selector) for name, selector in made.dimensions.items()}
        if value is not None and None not in dimensions.values():
            scope.emit(
                DATUM, _datum(made, float(value), moment, {k: v for k, v in dimensions.items() if v is not None})
            )
    if made.default is not None:
        _note(scope, metric, matched=matched)


def _datum(made: filters.Transformation, value: float, moment: int, dimensions: dict[str, str]) -> Payload:
    return {
        "namespace": made.namespace,
        "name": made.name,
        "value": value,
        "unit": made.unit or "None",
        "dimensions": dimensions,
        "timestamp": moment,
    }


def _note(scope: Scope, metric: filters.MetricFilter, *, matched: bool) -> None:
    """Remember that events came in this minute, and have the default value given at its end where none matched."""
    minute = millis(scope) // _MINUTE
    place = f"{filters.key(metric.group, metric.name)}/{minute}"
    known = scope.get(FilterMinute, place)
    if known is None:
        left = (minute + 1) * _MINUTE - millis(scope)
        payload = {"group": metric.group, "name": metric.name, "minute": minute}
        scope.after(left / 1000, DEFAULT, payload, key=f"{DEFAULT}/{place}")
    if known is None or (matched and not known.matched):
        scope.put(place, FilterMinute(matched))


def minute_over(scope: Scope, payload: Payload) -> None:
    """Give a filter's default value for a minute in which events came in and none matched."""
    key = filters.key(payload["group"], payload["name"])
    place = f"{key}/{payload['minute']}"
    known, metric = scope.get(FilterMinute, place), scope.get(filters.MetricFilter, key)
    scope.delete(FilterMinute, place)
    if known is None or known.matched or metric is None or metric.transformation.default is None:
        return
    made = metric.transformation
    scope.emit(DATUM, _datum(made, float(made.default or 0.0), payload["minute"] * _MINUTE, {}))
