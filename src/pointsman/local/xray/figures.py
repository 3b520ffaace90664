"""The metrics of services and groups: ``AWS/X-Ray``, counted from the segments of each minute once it is over.

A service's have the dimensions of AWS's service map, ``GroupName`` (``Default``), ``ServiceName`` and ``ServiceType``:
``TracedRequestsCount``, ``FaultRate``, ``ErrorRate``, ``ThrottleRate``, ``OkRate`` and ``ResponseTime``; a group's is
``ApproximateTraceCount``. A rate is one value for each request, 100 or 0, so that its average over any period is the
rate of that period. What comes later than ``LAG`` after its minute is not counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pointsman.local.answers import AwsError
from pointsman.local.cloudwatch import intake
from pointsman.local.world import Payload, Scope
from pointsman.local.xray import groups, indexing, search, table
from pointsman.semantics.traces.assembly import ERROR, FAULT, IN_PROGRESS, THROTTLE
from pointsman.semantics.traces.facts import Service

DUE: Final = "xray.figures"
NAMESPACE: Final = "AWS/X-Ray"
MINUTE: Final = 60
LAG: Final = 10
"""Seconds behind a minute's end that its last segments have to arrive in."""
_SLICE: Final = 10
"""Seconds of a minute that are counted at one go, so that whoever waits for the backend gets his turn."""
_BREATH: Final = 0.002
_MOST_MISSED: Final = 15
"""Minutes that are made up for when nobody was there."""
_DIGITS: Final = 3
"""Of a response time: as many are told apart."""
_RATES: Final = (("FaultRate", FAULT), ("ErrorRate", ERROR), ("ThrottleRate", THROTTLE), ("OkRate", 0))


def arm(scope: Scope) -> None:
    """See to it that the minute before this one and those that follow are counted, while there are traces."""
    row = scope.world.database.execute(
        "SELECT 1 FROM timers WHERE account = ? AND region = ? AND key = ?", (scope.account, scope.region, DUE)
    ).fetchone()
    if row is None:
        _plan(scope, int(scope.now.timestamp()) // MINUTE * MINUTE - MINUTE)


def _plan(scope: Scope, minute: int) -> None:
    """Have a minute counted when it is over."""
    when = datetime.fromtimestamp(minute + MINUTE + LAG, UTC)
    scope.at(max(when, scope.now), DUE, {"minute": minute, "at": 0, "any": False}, key=DUE)


def due(scope: Scope, payload: Payload) -> None:
    """Count a part of a minute, and come back for the rest of it, or for the next minute."""
    if scope.world.closing:
        return
    minute, at, found = payload["minute"], payload["at"], payload["any"]
    if not at:
        indexing.prompt(scope)
        found = _traces(scope, minute)
    found |= _services(scope, minute, at)
    if at + _SLICE < MINUTE:
        scope.after(_BREATH, DUE, {**payload, "at": at + _SLICE, "any": found}, key=DUE)
        return
    if found or _later(scope, minute + MINUTE):
        earliest = int(scope.now.timestamp()) // MINUTE * MINUTE - _MOST_MISSED * MINUTE
        _plan(scope, max(minute + MINUTE, earliest))


def _later(scope: Scope, minute: int) -> bool:
    """Whether there are traces from a time on."""
    row = scope.world.database.execute(
        "SELECT 1 FROM xray_traces WHERE account = ? AND region = ? AND last >= ? LIMIT 1",
        (scope.account, scope.region, minute),
    ).fetchone()
    return row is not None


def _traces(scope: Scope, minute: int) -> bool:
    """How many traces of a minute each group has."""
    where = "t.account = ? AND t.region = ? AND t.epoch >= ? AND t.epoch < ? AND t.first IS NOT NULL"
    values = (scope.account, scope.region, minute, minute + MINUTE)
    counts: dict[str, int] = {}
    for name, expression in [("Default", ""), *((one.name, one.expression) for _, one in scope.scan(groups.Group))]:
        try:
            sql, more = search.condition(scope.world.database, groups.parse(scope, expression))
        except AwsError:
            continue  # it speaks of a group that is no more
        row = scope.world.database.execute(
            f"SELECT count(*) FROM xray_traces t WHERE {where} AND {sql}", (*values, *more)
        ).fetchone()
        counts[name] = row[0]
    data = [
        _datum("ApproximateTraceCount", "Count", minute, {"GroupName": name}, {float(count): 1})
        for name, count in counts.items()
        if count
    ]
    if data:
        intake.keep(scope, NAMESPACE, data)
    return bool(data)


def _services(scope: Scope, minute: int, at: int) -> bool:
    """What the services did in a part of a minute: requests that have ended."""
    start = minute + at
    database = scope.world.database
    rows = database.execute(
        "SELECT v.service, v.flags, v.response, count(*) FROM xray_traces t JOIN xray_visits v ON v.trace = t.id"
        " WHERE t.account = ? AND t.region = ? AND t.last >= ? AND v.start >= ? AND v.start < ? AND v.end IS NOT NULL"
        " GROUP BY 1, 2, 3",
        (scope.account, scope.region, start, start, start + _SLICE),
    ).fetchall()
    counted: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    times: dict[int, dict[float, int]] = defaultdict(lambda: defaultdict(int))
    for service, flags, response, count in rows:
        if not flags & IN_PROGRESS:
            counted[service][flags & (FAULT | ERROR | THROTTLE)] += count
            times[service][float(f"{response or 0.0:.{_DIGITS}g}")] += count
    known = table.service_rows(database) if counted else {}
    data = [datum for one, by in counted.items() for datum in _service(known[one], by, times[one], minute)]
    for first in range(0, len(data), 1000):
        intake.keep(scope, NAMESPACE, data[first : first + 1000])
    return bool(data)


def _service(
    service: Service, flags: Mapping[int, int], times: Mapping[float, int], minute: int
) -> Iterator[dict[str, Any]]:
    dimensions = {"GroupName": "Default", "ServiceName": service.name[:1024]}
    if service.type:
        dimensions["ServiceType"] = service.type[:1024]
    total = sum(flags.values())
    yield _datum("TracedRequestsCount", "Count", minute, dimensions, {float(total): 1})
    for name, flag in _RATES:
        those = sum(count for found, count in flags.items() if (found & flag if flag else not found))
        spread = {100.0: those, 0.0: total - those}
        yield _datum(name, "Percent", minute, dimensions, {value: count for value, count in spread.items() if count})
    items = sorted(times.items())
    for first in range(0, len(items), intake.MOST_VALUES):
        part = dict(items[first : first + intake.MOST_VALUES])
        yield _datum("ResponseTime", "Seconds", minute, dimensions, part)


def _datum(
    name: str, unit: str, minute: int, dimensions: Mapping[str, str], spread: Mapping[float, int]
) -> dict[str, Any]:
    return {
        "MetricName": name,
        "Unit": unit,
        "Timestamp": datetime.fromtimestamp(minute, UTC),
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "Values": list(spread),
        "Counts": [float(count) for count in spread.values()],
    }
