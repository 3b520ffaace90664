"""Metric math evaluated: scalars, time series and arrays of time series.

Where two series meet, a time at which only one of them has a value takes the other's as 0; with a scalar, a time
without a value stays without. What divides by zero, or is not a finite real number, is dropped.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Final, Protocol

from msgspec.structs import replace

from pointsman.semantics.metrics import math_functions
from pointsman.semantics.metrics.math_tree import (
    Array,
    Call,
    Chain,
    MathError,
    Name,
    Negation,
    Node,
    Number,
    Selection,
    Text,
)
from pointsman.semantics.metrics.series import Series, Window

Value = float | Series | list[Series]
"""S, TS or TS[]."""


class Request(Protocol):
    """What an expression is evaluated within."""

    @property
    def window(self) -> Window:
        """The time asked for, and the period of what has none of its own."""
        ...

    def metrics(self) -> list[Series]:
        """Every metric of the request, by the order of its queries."""
        ...

    def named(self, name: str) -> Value:
        """The value of the query of this id; MathError when there is none."""
        ...

    def search(self, expression: str, statistic: str, period: int) -> list[Series]:
        """The series that a SEARCH finds."""
        ...

    def select(self, query: str) -> list[Series]:
        """The series that a query of Metrics Insights comes to."""
        ...

    def band(self, node: Node, series: Series, deviations: float) -> list[Series]:
        """The upper and the lower bound of what is expected of a series, and of the expression that it came of."""
        ...


def _truth(test: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    return lambda left, right: 1.0 if test(left, right) else 0.0


_OPERATORS: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "==": _truth(operator.eq),
    "!=": _truth(operator.ne),
    "<": _truth(operator.lt),
    "<=": _truth(operator.le),
    ">": _truth(operator.gt),
    ">=": _truth(operator.ge),
    "AND": _truth(lambda left, right: bool(left) and bool(right)),
    "OR": _truth(lambda left, right: bool(left) or bool(right)),
}


def evaluate(node: Node, request: Request) -> Value:
    """What an expression comes to.

    Raises:
        MathError: It names what is not there, or gives a function what it does not take.
    """
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        return request.named(node.name)
    if isinstance(node, Negation):
        return _mapped(evaluate(node.operand, request), operator.neg)
    if isinstance(node, Array):
        return [series for item in node.items for series in _listed(evaluate(item, request))]
    if isinstance(node, Chain):
        value = evaluate(node.first, request)
        for sign, operand in node.rest:
            value = combined(sign, value, evaluate(operand, request))
        return value
    if isinstance(node, Call):
        return _called(node, request)
    if isinstance(node, Selection):
        return request.select(node.text)
    raise MathError(f"The text {node.value!r} does not belong here")


def _listed(value: Value) -> list[Series]:
    if isinstance(value, list):
        return value
    if isinstance(value, Series):
        return [value]
    raise MathError("An array holds time series, not numbers")


def _mapped(value: Value, change: Callable[[float], float | None]) -> Value:
    if isinstance(value, list):
        return [series.mapped(change) for series in value]
    return value.mapped(change) if isinstance(value, Series) else _finite(change(value))


def _finite(value: float | None) -> float:
    if value is None:
        raise MathError("A number of the expression is not finite")
    return value


def combined(sign: str, left: Value, right: Value) -> Value:
    """Two values under an operator."""
    apply = _safe(_OPERATORS[sign])
    if isinstance(left, list) and isinstance(right, list):
        raise MathError(f"{sign} takes two time series, or an array and a time series, not two arrays")
    if isinstance(left, list):
        return [_pair(apply, series, right) for series in left]  # type: ignore[arg-type]
    if isinstance(right, list):
        return [_pair(apply, left, series) for series in right]
    if isinstance(left, Series) or isinstance(right, Series):
        return _pair(apply, left, right)
    return _finite(apply(left, right))


def _safe(apply: Callable[[float, float], float]) -> Callable[[float, float], float | None]:
    def safe(left: float, right: float) -> float | None:
        try:
            value = apply(left, right)
        except (ZeroDivisionError, OverflowError):
            return None
        return value if not isinstance(value, complex) and math.isfinite(value) else None

    return safe


def _pair(apply: Callable[[float, float], float | None], left: Series | float, right: Series | float) -> Series:
    if isinstance(left, Series) and isinstance(right, Series):
        times = sorted(left.points.keys() | right.points.keys())
        a, b = left.points.get, right.points.get
        made = left.of((time, apply(a(time, 0.0), b(time, 0.0))) for time in times)
        return replace(made, period=max(left.period, right.period))
    if isinstance(left, Series):
        return left.mapped(lambda value: apply(value, right))  # type: ignore[arg-type]
    assert isinstance(right, Series)
    return right.mapped(lambda value: apply(left, value))


def _called(call: Call, request: Request) -> Value:
    name = call.name
    if name in math_functions.MISSING:
        raise math_functions.not_built(name)
    if name in ("METRICS", "SEARCH"):
        return _found(call, request)
    if name == "IF":
        return _chosen(call, request)
    function = math_functions.FUNCTIONS.get(name)
    if function is None:
        raise MathError(f"There is no function {name}; functions are written in upper case")
    least, most = function.arity
    if not least <= len(call.arguments) <= most:
        raise MathError(f"{name} takes {least if least == most else f'{least} to {most}'} arguments")
    arguments = [
        argument.name if isinstance(argument, Name) and argument.name in function.words else evaluate(argument, request)
        for argument in call.arguments
    ]
    if name == "ANOMALY_DETECTION_BAND":
        series, *rest = arguments
        if not isinstance(series, Series) or (rest and not isinstance(rest[0], float)):
            raise MathError("ANOMALY_DETECTION_BAND takes a time series and a number")
        return request.band(call.arguments[0], series, float(rest[0]) if rest else 2.0)  # type: ignore[arg-type]
    value: Value = function.work(arguments, request.window)
    return value


def _found(call: Call, request: Request) -> list[Series]:
    texts = [argument.value if isinstance(argument, Text) else None for argument in call.arguments]
    if call.name == "METRICS":
        if len(texts) > 1 or None in texts:
            raise MathError('METRICS takes nothing, or a text in quotes: METRICS("errors")')
        return [one for one in request.metrics() if not texts or (texts[0] or "") in one.id]
    if len(texts) not in (2, 3) or texts[0] is None or texts[1] is None:
        raise MathError("SEARCH takes an expression and a statistic in quotes, and a period")
    period: Value = float(request.window.period)
    if len(texts) == 3:
        period = evaluate(call.arguments[2], request)
    if not isinstance(period, float):
        raise MathError("The period of SEARCH is a number of seconds")
    return request.search(texts[0], texts[1], int(period))


def _chosen(call: Call, request: Request) -> Value:
    if len(call.arguments) not in (2, 3):
        raise MathError("IF takes a condition, a value, and a value for when it is not met")
    condition, then, *rest = (evaluate(argument, request) for argument in call.arguments)
    other = rest[0] if rest else None
    if isinstance(condition, list) or isinstance(then, list) or isinstance(other, list):
        raise MathError("IF takes time series and numbers, not arrays")
    if isinstance(condition, float):
        if condition:
            return then
        if other is not None:
            return other
        return then.of(()) if isinstance(then, Series) else Series({}, request.window.period)

    def pick(time: int, test: float) -> float | None:
        if test:
            return then.points.get(time, 0.0) if isinstance(then, Series) else then
        return other.points.get(time) if isinstance(other, Series) else other

    return condition.of((time, pick(time, test)) for time, test in condition.points.items())
