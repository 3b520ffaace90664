"""Expressions made callable: a row in, a value out. Also what can be asked of the bare event, before there is a row."""

from __future__ import annotations

import operator
from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final

from pointsman.semantics.logs import regexes
from pointsman.semantics.logs.insights import catalogue, syntax
from pointsman.semantics.logs.insights.functions import PLAIN, power, tamed
from pointsman.semantics.logs.insights.rows import Row
from pointsman.semantics.logs.insights.syntax import Expression
from pointsman.semantics.logs.insights.values import Value, equal, month_end, month_start, number, ordered, text, truth

Reader = Callable[[Any], Value]
"""What gives an expression's value of a row (or of a bare event)."""
FieldReader = Callable[[syntax.Field], Reader | None]

_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "^": power,
}
_RAW: Final = {"@timestamp": 0, "@ingestionTime": 2, "@message": 3}
_EVENT_TIME: Final[Reader] = itemgetter(0)
_MESSAGE: Final = syntax.Field("@message", ("@message",))
_TIMESTAMP: Final = syntax.Field("@timestamp", ("@timestamp",))


class _NotRaw(Exception):
    """An expression asks for what a bare event does not have."""


def _of_row(field: syntax.Field) -> Reader:
    name, parts = field.name, field.parts
    if not name:
        return lambda _: None

    def read(row: Row) -> Value:
        return row.get(name, parts)

    return read


def _of_event(field: syntax.Field) -> Reader:
    if field.name not in _RAW:
        raise _NotRaw
    return _EVENT_TIME if field.name == "@timestamp" else itemgetter(_RAW[field.name])


class Compiler:
    """Makes expressions callable.

    Args:
        now: The time of the query in seconds since 1970, for ``now()``.
        read: What reads a field.
    """

    def __init__(self, now: int, read: Callable[[syntax.Field], Reader] = _of_row) -> None:
        self._now = now
        self._field = read

    def value(self, expression: Expression) -> Reader:
        """What gives the expression's value."""
        match expression:
            case syntax.Field():
                return self._field(expression)
            case syntax.Literal(value):
                return lambda _: value
            case syntax.Period(millis, months):
                length = millis or months * 30 * 86_400_000
                return lambda _: length
            case syntax.Call():
                return self._call(expression)
            case syntax.Binary("and" | "or" | "=" | "!=" | "<" | "<=" | ">" | ">="):
                test = self.test(expression)
                return lambda row: int(test(row))
            case syntax.Binary(symbol, left, right):
                return _arithmetic(_ARITHMETIC[symbol], self.value(left), self.value(right))
            case syntax.Unary("-", operand):
                inner = self.value(operand)
                return _arithmetic(operator.sub, lambda _: 0, inner)
        test = self.test(expression)
        return lambda row: int(test(row))

    def test(self, expression: Expression) -> Callable[[Any], bool]:
        """What tells whether the expression holds."""
        match expression:
            case syntax.Binary("and", left, right):
                one, other = self.test(left), self.test(right)
                return lambda row: one(row) and other(row)
            case syntax.Binary("or", left, right):
                one, other = self.test(left), self.test(right)
                return lambda row: one(row) or other(row)
            case syntax.Binary("=", left, right):
                return _equality(self.value(left), self.value(right))
            case syntax.Binary("!=", left, right):
                same = _equality(self.value(left), self.value(right))
                return lambda row: not same(row)
            case syntax.Binary("<" | "<=" | ">" | ">=" as symbol, left, right):
                compare, mine, others = ordered(symbol), self.value(left), self.value(right)
                return lambda row: compare(mine(row), others(row))
            case syntax.Unary("not", operand):
                inner = self.test(operand)
                return lambda row: not inner(row)
            case syntax.Like():
                return self._like(expression)
            case syntax.In(operand, items):
                mine, readers = self.value(operand), [self.value(item) for item in items]
                return lambda row: (found := mine(row)) is not None and any(equal(found, one(row)) for one in readers)
        value = self.value(expression)
        return lambda row: truth(value(row))

    def _like(self, like: syntax.Like) -> Callable[[Any], bool]:
        read = self.value(like.operand)
        if not like.regex:
            wanted = like.text
            return lambda row: (found := text(read(row))) is not None and wanted in found
        search = regexes.compiled(like.text).search

        def ask(row: Any) -> bool:
            found = text(read(row))
            return found is not None and search(found) is not None

        return ask

    def _call(self, call: syntax.Call) -> Reader:
        name, arguments = call.name, call.arguments
        if name == "now":
            now = self._now
            return lambda _: now
        if name == "bin":
            return _floor(self._field(_TIMESTAMP), arguments[0])
        if name == "datefloor":
            return _floor(self.value(arguments[0]), arguments[1])
        if name == "dateceil":
            return _ceil(self.value(arguments[0]), arguments[1])
        if name == "if":
            condition, then, otherwise = self.test(arguments[0]), self.value(arguments[1]), self.value(arguments[2])
            return lambda row: then(row) if condition(row) else otherwise(row)
        if name == "case":
            return self._case(arguments)
        function, readers = PLAIN[name], [self.value(argument) for argument in arguments]
        if len(readers) == 1:
            (only,) = readers
            return lambda row: function(only(row))
        return lambda row: function(*[read(row) for read in readers])

    def _case(self, arguments: tuple[Expression, ...]) -> Reader:
        pairs = [
            (self.test(condition), self.value(value))
            for condition, value in zip(arguments[::2], arguments[1::2], strict=False)
        ]
        otherwise: Reader = self.value(arguments[-1]) if len(arguments) % 2 else (lambda _: None)

        def ask(row: Any) -> Value:
            for condition, value in pairs:
                if condition(row):
                    return value(row)
            return otherwise(row)

        return ask


def raw_test(expression: Expression, now: int) -> Callable[[Any], bool] | None:
    """The expression as a question to the bare event; None when it asks for more than the event has."""
    if isinstance(expression, syntax.Like) and expression.regex and expression.operand == _MESSAGE:
        found = regexes.compiled(expression.text)
        search, fast, safe = found.search, found.fast, found.safe
        return lambda event: (fast(event[3]) if len(event[3]) <= safe else search(event[3])) is not None
    try:
        return Compiler(now, _of_event).test(expression)
    except _NotRaw:
        return None


def raw_value(expression: Expression, now: int) -> Reader | None:
    """The expression's value of the bare event; None when it asks for more than the event has."""
    try:
        return Compiler(now, _of_event).value(expression)
    except _NotRaw:
        return None


def is_time(expression: Expression, times: frozenset[str] | set[str]) -> bool:
    """Whether an expression's value is a time stamp, given the names that hold one."""
    match expression:
        case syntax.Field(name):
            return name in times
        case syntax.Call(name, arguments):
            if name in catalogue.TIMES:
                return True
            if name in ("max", "min", "earliest", "latest", "sortsfirst", "sortslast", "coalesce", "greatest", "least"):
                return bool(arguments) and all(is_time(one, times) for one in arguments)
    return False


def _arithmetic(compute: Callable[[Any, Any], Any], left: Reader, right: Reader) -> Reader:
    def ask(row: Any) -> Value:
        mine, other = number(left(row)), number(right(row))
        if mine is None or other is None:
            return None
        return tamed(lambda: compute(mine, other))

    return ask


def _equality(left: Reader, right: Reader) -> Callable[[Any], bool]:
    return lambda row: equal(left(row), right(row))


def _floor(read: Reader, period: Expression) -> Reader:
    assert isinstance(period, syntax.Period)
    millis, months = period.millis, period.months
    if not millis:
        return _at(read, lambda moment: month_start(moment, months))
    if read is _EVENT_TIME:
        return lambda event: event[0] - event[0] % millis
    return _at(read, lambda moment: moment - moment % millis)


def _ceil(read: Reader, period: Expression) -> Reader:
    assert isinstance(period, syntax.Period)
    millis, months = period.millis, period.months
    if not millis:
        return _at(read, lambda moment: month_end(moment, months))
    return _at(read, lambda moment: -(-moment // millis) * millis)


def _at(read: Reader, compute: Callable[[int], int]) -> Reader:
    """A computation on a time."""

    def ask(row: Any) -> Value:
        found = number(read(row))
        return None if found is None else tamed(lambda: compute(int(found)))

    return ask
