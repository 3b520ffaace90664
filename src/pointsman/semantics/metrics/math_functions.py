"""The functions of metric math that need nothing but their arguments and the time asked for."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from pointsman.semantics.metrics import periods
from pointsman.semantics.metrics.math_tree import MathError, NotBuilt
from pointsman.semantics.metrics.series import Series, Window

MISSING: Final = ("INSIGHT_RULE_METRIC", "SERVICE_QUOTA", "LAMBDA", "DB_PERF_INSIGHTS")
"""Functions of AWS that are not built."""


def not_built(name: str) -> NotBuilt:
    """The sentence for one of ``MISSING``."""
    return NotBuilt(f"The function {name} of metric math is not built in this backend")


class Function(Struct, frozen=True):
    """One function: how many arguments it takes, which words it understands, and what it does."""

    arity: tuple[int, int]
    work: Callable[[list[Any], Window], Any]
    words: tuple[str, ...] = ()


def _each(change: Callable[[Series, Window], Series], name: str) -> Function:
    """A function of a series, or of every series of an array."""

    def work(arguments: list[Any], window: Window) -> Any:
        (value,) = arguments
        if isinstance(value, list):
            return [change(one, window) for one in value]
        if not isinstance(value, Series):
            raise MathError(f"{name} takes a time series")
        return change(value, window)

    return Function((1, 1), work)


def _valued(change: Callable[[float], float | None], name: str) -> Function:
    return _each(lambda series, _: series.mapped(change), name)


def _logarithm(log: Callable[[float], float]) -> Callable[[float], float | None]:
    return lambda value: log(value) if value > 0 else None


def _reduced(name: str, of: Callable[[list[float]], float], *, zeros: bool = False) -> Function:
    """A function that makes a number of a series and a series of an array.

    Args:
        name: Its name.
        of: What it makes of values, of which there is at least one.
        zeros: Whether a series of an array that has no value at a time counts as 0 there.
    """

    def work(arguments: list[Any], window: Window) -> Any:
        (value,) = arguments
        if isinstance(value, Series):
            if not value.points and name != "DATAPOINT_COUNT":
                return 0.0 if name == "SUM" else Series({}, value.period)
            if not math.isfinite(number := _within(of, list(value.points.values()))):
                raise MathError(f"{name} comes to more than a number can be")
            return number
        if not isinstance(value, list):
            raise MathError(f"{name} takes a time series or an array of them")
        if not value:
            return Series({}, window.period)
        points = {}
        for time in sorted({time for one in value for time in one.points}):
            there = [one.points[time] for one in value if time in one.points]
            points[time] = _within(of, there + [0.0] * (len(value) - len(there)) if zeros else there)
        kept = {time: one for time, one in points.items() if math.isfinite(one)}
        return Series(kept, max(one.period for one in value))

    return Function((1, 1), work)


def _within(of: Callable[[list[float]], float], values: list[float]) -> float:
    """What comes of values; infinity where that is more than a number can be."""
    try:
        return float(of(values))
    except OverflowError:
        return math.inf


def _differences(series: Series, change: Callable[[int, float], float]) -> Series:
    def made() -> Iterator[tuple[int, float]]:
        items = iter(series.points.items())
        before = next(items, None)
        for time, value in items:
            assert before is not None
            difference = change(time - before[0], value - before[1])
            if math.isfinite(difference):
                yield time, difference
            before = (time, value)

    return series.of(made())


def _running(series: Series, _: Window) -> Series:
    total = 0.0

    def made() -> Iterator[tuple[int, float | None]]:
        nonlocal total
        for time, value in series.points.items():
            total += value
            yield time, total if math.isfinite(total) else None

    return series.of(made())


def _times(series: Series, window: Window) -> range:
    step = series.period or window.period
    start = periods.floor(window.start, step, next(iter(series.points), 0))
    return range(start, window.end, step)


def _moment(read: Callable[[datetime], float], name: str) -> Function:
    def change(series: Series, window: Window) -> Series:
        return series.of((time, float(read(datetime.fromtimestamp(time, UTC)))) for time in _times(series, window))

    return _each(change, name)


def _fill(arguments: list[Any], window: Window) -> Any:
    value, filler = arguments
    if isinstance(value, list):
        return [_filled(one, filler, window) for one in value]
    if not isinstance(value, Series):
        raise MathError("FILL takes a time series")
    return _filled(value, filler, window)


def _filled(series: Series, filler: Any, window: Window) -> Series:
    times = list(_times(series, window))
    points = series.points
    if filler == "LINEAR":
        return series.of(_linear(points, times))
    if isinstance(filler, list):
        raise MathError("FILL takes a number, a time series, REPEAT or LINEAR")

    def made() -> Iterator[tuple[int, float | None]]:
        last = None
        for time in times:
            last = points.get(time, last)
            if filler == "REPEAT":
                yield time, last
            elif isinstance(filler, Series):
                yield time, points.get(time, filler.points.get(time))
            else:
                yield time, points.get(time, filler)

    return series.of(made())


def _linear(points: dict[int, float], times: list[int]) -> Iterator[tuple[int, float | None]]:
    known = list(points)
    place = 0
    for time in times:
        while place < len(known) and known[place] < time:
            place += 1
        if time in points:
            yield time, points[time]
        elif 0 < place < len(known):
            before, after = known[place - 1], known[place]
            share = (time - before) / (after - before)
            yield time, points[before] * (1 - share) + points[after] * share


_ORDERS: Final[dict[str, Callable[[list[float]], float]]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
    "SUM": sum,
}


def _sort(arguments: list[Any], _: Window) -> list[Series]:
    array, function, order, *rest = arguments
    if not isinstance(array, list) or function not in _ORDERS or order not in ("ASC", "DESC"):
        raise MathError("SORT takes an array, one of AVG, MIN, MAX or SUM, ASC or DESC, and a limit")
    measure = _ORDERS[function]
    full = [one for one in array if one.points]
    made = sorted(full, key=lambda one: measure(list(one.points.values())), reverse=order == "DESC")
    made += [one for one in array if not one.points]
    return made[: _whole(rest[0], "SORT")] if rest else made


def _slice(arguments: list[Any], _: Window) -> Any:
    array, start, *rest = arguments
    if not isinstance(array, list):
        raise MathError("SLICE takes an array of time series")
    return array[_whole(start, "SLICE") : _whole(rest[0], "SLICE") if rest else None]


def _whole(value: Any, name: str) -> int:
    if not isinstance(value, float) or value < 0 or value != int(value):
        raise MathError(f"{name} counts in whole numbers from 0")
    return int(value)


def _array(arguments: list[Any], name: str) -> list[Series]:
    (array,) = arguments
    if not isinstance(array, list):
        raise MathError(f"{name} takes an array of time series")
    return array


def _end(place: int, name: str) -> Function:
    def work(arguments: list[Any], window: Window) -> Series:
        array = _array(arguments, name)
        return array[place] if array else Series({}, window.period)

    return Function((1, 1), work)


def _period(arguments: list[Any], _: Window) -> float:
    (series,) = arguments
    if not isinstance(series, Series) or not series.metric:
        raise MathError("PERIOD takes a metric, not what an expression comes to")
    return float(series.period)


def _time_series(arguments: list[Any], window: Window) -> Series:
    (value,) = arguments
    if not isinstance(value, float):
        raise MathError("TIME_SERIES takes a number")
    return Series(dict.fromkeys(window.times(), value), window.period)


def _rate(passed: int, difference: float) -> float:
    return difference / passed


FUNCTIONS: Final[dict[str, Function]] = {
    "ABS": _valued(abs, "ABS"),
    "CEIL": _valued(lambda value: float(math.ceil(value)), "CEIL"),
    "FLOOR": _valued(lambda value: float(math.floor(value)), "FLOOR"),
    "LOG": _valued(_logarithm(math.log), "LOG"),
    "LOG10": _valued(_logarithm(math.log10), "LOG10"),
    "SUM": _reduced("SUM", sum),
    "AVG": _reduced("AVG", _ORDERS["AVG"], zeros=True),
    "MIN": _reduced("MIN", min),
    "MAX": _reduced("MAX", max),
    "STDDEV": _reduced("STDDEV", statistics.pstdev),
    "DATAPOINT_COUNT": _reduced("DATAPOINT_COUNT", lambda values: float(len(values))),
    "METRIC_COUNT": Function((1, 1), lambda arguments, _: float(len(_array(arguments, "METRIC_COUNT")))),
    "DIFF": _each(lambda series, _: _differences(series, lambda _, difference: difference), "DIFF"),
    "DIFF_TIME": _each(lambda series, _: _differences(series, lambda passed, _: float(passed)), "DIFF_TIME"),
    "RATE": _each(lambda series, _: _differences(series, _rate), "RATE"),
    "RUNNING_SUM": _each(_running, "RUNNING_SUM"),
    "FILL": Function((2, 2), _fill, ("REPEAT", "LINEAR")),
    "FIRST": _end(0, "FIRST"),
    "LAST": _end(-1, "LAST"),
    "SORT": Function((3, 4), _sort, ("AVG", "MIN", "MAX", "SUM", "ASC", "DESC")),
    "SLICE": Function((2, 3), _slice),
    "REMOVE_EMPTY": Function((1, 1), lambda given, _: [one for one in _array(given, "REMOVE_EMPTY") if one.points]),
    "TIME_SERIES": Function((1, 1), _time_series),
    "PERIOD": Function((1, 1), _period),
    "MINUTE": _moment(lambda moment: moment.minute, "MINUTE"),
    "HOUR": _moment(lambda moment: moment.hour, "HOUR"),
    "DAY": _moment(lambda moment: moment.isoweekday(), "DAY"),
    "DATE": _moment(lambda moment: moment.day, "DATE"),
    "MONTH": _moment(lambda moment: moment.month, "MONTH"),
    "YEAR": _moment(lambda moment: moment.year, "YEAR"),
    "EPOCH": _moment(lambda moment: moment.timestamp(), "EPOCH"),
    "ANOMALY_DETECTION_BAND": Function((1, 2), lambda *_: None),
}
