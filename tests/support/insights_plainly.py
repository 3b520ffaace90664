"""A slow, obviously right way to run a query: every command over the whole list of events as plain dictionaries.

It shares the grammar, the meaning of values and of functions with the real thing (those have tests of their own), and
nothing else: no batches, no bare events, no bounded sorts, no early end, no texts told to the store.
"""

from __future__ import annotations

import json
import statistics
from typing import Any

import regex

from pointsman.semantics.logs.insights import syntax, values
from pointsman.semantics.logs.insights.functions import PLAIN
from pointsman.semantics.logs.insights.grammar import read

Record = dict[str, Any]


def run(query: str, events: list[tuple[int, int, str]], limit: int = 10_000) -> list[dict[str, Any]]:
    """The rows of a query over (time, number, message) of one stream."""
    rows: list[Record] = [
        {"@timestamp": time, "@message": message, "#number": number, **_json(message)}
        for time, number, message in sorted(events, reverse=True)
    ]
    shown: list[str] = []
    times = {"@timestamp"}
    last = None
    for command in read(query).commands:
        match command:
            case syntax.Fields(items) | syntax.Display(items):
                if isinstance(command, syntax.Display):
                    shown = []
                for item in items:
                    if isinstance(item.expression, syntax.Call) and item.expression.name == "bin":
                        times.add(item.name)
                    for row in rows:
                        row[item.name] = value(item.expression, row)
                    shown = [*(name for name in shown if name != item.name), item.name]
            case syntax.Filter(condition):
                rows = [row for row in rows if values.truth(value(condition, row))]
            case syntax.Sort(keys):
                for expression, descending in reversed(keys):
                    rows = _sorted(rows, [values.sort_key(value(expression, row)) for row in rows], descending)
            case syntax.Limit(count):
                rows, last = rows[:count], count
            case syntax.Dedup(fields):
                kept: list[Record] = []
                seen: list[Any] = []
                for row in rows:
                    mine = [values.identity(value(one, row)) for one in fields]
                    if None in mine or mine not in seen:
                        seen.append(mine)
                        kept.append(row)
                rows = kept
            case syntax.Stats(items, by):
                rows = _grouped(rows, items, by)
                times = {one.name for one in by if isinstance(one.expression, syntax.Call)} & {
                    one.name for one in by if getattr(one.expression, "name", "") == "bin"
                }
                shown = list(dict.fromkeys(one.name for one in (*by, *items)))
    rows = rows[: last or limit]
    return [
        {
            name: values.moment(row[name]) if name in times else values.text(row[name])
            for name in shown or ["@timestamp", "@message"]
            if row.get(name) is not None
        }
        for row in rows
    ]


def _sorted(things: list[Any], keys: list[Any], descending: bool) -> list[Any]:
    """Equal ones stay in order, whichever way it goes."""
    places = sorted(range(len(things)), key=lambda place: keys[place])
    if descending:
        runs: dict[Any, list[int]] = {}
        for place in places:
            runs.setdefault(keys[place], []).append(place)
        places = [place for key in reversed(list(runs)) for place in runs[key]]
    return [things[place] for place in places]


def _json(message: str) -> Record:
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    flat = {key: values.plain(one) for key, one in found.items() if not isinstance(one, dict | list)}
    for key, one in found.items():
        if isinstance(one, dict):
            flat.update({f"{key}.{inner}": values.plain(item) for inner, item in one.items()})
    return flat


def _grouped(rows: list[Record], items: Any, by: Any) -> list[Record]:
    groups: dict[Any, list[Record]] = {}
    for row in rows:
        groups.setdefault(tuple(values.identity(value(one.expression, row)) for one in by), []).append(row)
    if not by and not groups:
        groups[()] = []
    order = list(groups)
    for index in reversed(range(len(by))):
        newest_first = getattr(by[index].expression, "name", "") == "bin"
        places = [(*values.sort_key(key[index]), key[index] or "") for key in order]
        order = _sorted(order, places, descending=newest_first)
    made: list[Record] = []
    for key in order:
        made_row: Record = {one.name: part for one, part in zip(by, key, strict=True)}
        for item in items:
            made_row[item.name] = _aggregated(item.expression, groups[key])
        made.append(made_row)
    return made


def _aggregated(call: Any, rows: list[Record]) -> Any:
    name = call.name
    if not call.arguments:
        return len(rows)
    found = [(row, one) for row in rows if (one := value(call.arguments[0], row)) is not None]
    numbers = [one for _, raw in found if (one := values.number(raw)) is not None]
    if name == "count":
        return len(found)
    if name == "count_distinct":
        return len({values.identity(one) for _, one in found})
    if name in ("sum", "avg", "stddev", "median"):
        if not numbers:
            return None
        if name == "sum":
            return sum(numbers)
        if name == "avg":
            return sum(numbers) / len(numbers)
        return statistics.pstdev(numbers) if name == "stddev" else sorted(numbers)[(len(numbers) + 1) // 2 - 1]
    if not found:
        return None
    if name in ("max", "min"):
        return (max if name == "max" else min)((one for _, one in found), key=values.sort_key)
    moments = [((row["@timestamp"], row["#number"]), one) for row, one in found]
    return (max if name == "latest" else min)(moments, key=lambda pair: pair[0])[1]


def value(expression: Any, row: Record) -> Any:
    """An expression's value."""
    match expression:
        case syntax.Field(name):
            return row.get(name)
        case syntax.Literal(one):
            return one
        case syntax.Call("bin", (syntax.Period(millis, _),)):
            return row["@timestamp"] // millis * millis
        case syntax.Call(name, arguments):
            return PLAIN[name](*[value(one, row) for one in arguments])
        case syntax.Unary("not", operand):
            return int(not values.truth(value(operand, row)))
        case syntax.Like(operand, text, is_regex):
            found = values.text(value(operand, row))
            return int(found is not None and bool(regex.search(text, found) if is_regex else text in found))
        case syntax.In(operand, items):
            return int(any(values.equal(value(operand, row), value(one, row)) for one in items))
        case syntax.Binary(symbol, left, right):
            mine, other = value(left, row), value(right, row)
            if symbol == "and":
                return int(values.truth(mine) and values.truth(other))
            if symbol == "or":
                return int(values.truth(mine) or values.truth(other))
            if symbol in ("=", "!="):
                return int(values.equal(mine, other) is (symbol == "="))
            if symbol in ("<", "<=", ">", ">="):
                return int(values.ordered(symbol)(mine, other))
            first, second = values.number(mine), values.number(other)
            if first is None or second is None:
                return None
            return first + second if symbol == "+" else first * second if symbol == "*" else first - second
    raise TypeError(expression)
