"""The stages of a query: each takes rows in batches and gives rows on, at once or at the end."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from pointsman.semantics.logs import regexes
from pointsman.semantics.logs.insights import aggregations, syntax
from pointsman.semantics.logs.insights.aggregations import Aggregation, Place
from pointsman.semantics.logs.insights.clustering import Clustering
from pointsman.semantics.logs.insights.expressions import Compiler, Reader
from pointsman.semantics.logs.insights.rows import Row
from pointsman.semantics.logs.insights.syntax import Expression
from pointsman.semantics.logs.insights.values import Value, identity, number, sort_key, text

NOWHERE: Place = (0, 0, 0)


class Stage(ABC):
    """One command at work."""

    full = False
    """Whether it takes no more rows."""

    @abstractmethod
    def feed(self, rows: list[Row]) -> list[Row]:
        """Take rows; give on what can be given on at once."""

    def finish(self) -> list[Row]:
        """Give on the rest."""
        return []


class Choose(Stage):
    """filter."""

    def __init__(self, test: Callable[[Any], bool]) -> None:
        self._test = test

    def feed(self, rows: list[Row]) -> list[Row]:
        """The rows that meet the condition."""
        test = self._test
        return [row for row in rows if test(row)]


class Make(Stage):
    """fields and display with computed values."""

    def __init__(self, made: list[tuple[str, Reader]]) -> None:
        self._made = made

    def feed(self, rows: list[Row]) -> list[Row]:
        """The rows with further fields; a value may use those made before it."""
        for row in rows:
            for name, read in self._made:
                row.with_made(name, read(row))
        return rows


class Extract(Stage):
    """parse."""

    def __init__(self, command: syntax.Parse, read: Reader) -> None:
        self._read = read
        self._expression = regexes.compiled(command.expression)
        groups = self._expression.groups
        order = sorted(groups.values()) if groups else list(range(1, len(command.names) + 1))
        self._named = list(zip(order, command.names, strict=True))

    def feed(self, rows: list[Row]) -> list[Row]:
        """The rows, those that match with further fields."""
        for row in rows:
            source = text(self._read(row))
            match = None if source is None else self._expression.search(source)
            if match is not None:
                for group, name in self._named:
                    row.with_made(name, match[group])
        return rows


class Spread(Stage):
    """unnest."""

    def __init__(self, name: str, read: Reader) -> None:
        self._name = name
        self._read = read

    def feed(self, rows: list[Row]) -> list[Row]:
        """A row for each element; what is no list is a list of one."""
        found: list[Row] = []
        for row in rows:
            value = self._read(row)
            for one in value if isinstance(value, list) else [] if value is None else [value]:
                made = row.copy()
                made.with_made(self._name, one)
                found.append(made)
        return found


class Cut(Stage):
    """limit."""

    def __init__(self, count: int) -> None:
        self._left = count

    def feed(self, rows: list[Row]) -> list[Row]:
        """The rows, until there are enough."""
        taken = rows[: self._left]
        self._left -= len(taken)
        self.full = self._left == 0
        return taken


class Unique(Stage):
    """dedup."""

    def __init__(self, readers: list[Reader]) -> None:
        self._readers = readers
        self._seen: set[Any] = set()

    def feed(self, rows: list[Row]) -> list[Row]:
        """The first row of each combination; a row that lacks a value is its own."""
        found: list[Row] = []
        for row in rows:
            values = tuple(identity(read(row)) for read in self._readers)
            if None in values:
                found.append(row)
            elif values not in self._seen:
                self._seen.add(values)
                found.append(row)
        return found


class _Backwards:
    """A key that sorts the other way round."""

    __slots__ = ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key

    def __lt__(self, other: _Backwards) -> bool:
        return bool(other.key < self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Backwards) and bool(self.key == other.key)

    __hash__ = None  # type: ignore[assignment]


class Order(Stage):
    """sort; keeps no more rows than will be asked for.

    Args:
        keys: (reader, whether descending).
        keep: How many rows the query can use; None is all.
    """

    def __init__(self, keys: list[tuple[Reader, bool]], keep: int | None) -> None:
        self._keys = keys
        self._keep = keep
        self._rows: list[tuple[Any, int, Row]] = []
        self._count = 0

    def feed(self, rows: list[Row]) -> list[Row]:
        """Keep the rows."""
        for row in rows:
            self._count += 1
            self._rows.append((self._key(row), self._count, row))
        if self._keep is not None and len(self._rows) > 4 * self._keep + 10_000:
            self._rows = heapq.nsmallest(self._keep, self._rows)
        return []

    def _key(self, row: Row) -> Any:
        return [
            _Backwards(sort_key(read(row))) if descending else sort_key(read(row)) for read, descending in self._keys
        ]

    def finish(self) -> list[Row]:
        """The rows in order; those with equal keys as they came."""
        self._rows.sort()
        return [row for _, _, row in self._rows]


class Group(Stage):
    """stats.

    Args:
        command: The command.
        compiler: Makes its expressions callable.
        backwards: Which of the ``by`` expressions are time stamps: they come newest first.
    """

    def __init__(self, command: syntax.Stats, compiler: Compiler, backwards: tuple[bool, ...]) -> None:
        self._by = [(item.name, compiler.value(item.expression)) for item in command.by]
        self._backwards = backwards
        self._parts: list[tuple[str, Callable[[], Aggregation], Reader | None]] = []
        self._items = [
            (item.name, compiler.value(self._taken_apart(item.expression, compiler))) for item in command.items
        ]
        self._groups: dict[Any, list[Aggregation]] = {}
        self._values: dict[Any, tuple[Value, ...]] = {}
        self._counted: Counter[Any] = Counter()
        self.only_counts = all(read is None for _, _, read in self._parts)

    def _taken_apart(self, expression: Expression, compiler: Compiler) -> Expression:
        """The expression with a name in the place of each aggregation."""
        match expression:
            case syntax.Call(name, arguments) if name in aggregations.MAKERS or name in ("pct", "percentile"):
                slot = f"\0{len(self._parts)}"
                maker = aggregations.MAKERS.get(name) or _percentile(arguments)
                if not arguments:
                    self._parts.append((slot, aggregations.Rows, None))
                else:
                    self._parts.append((slot, maker, compiler.value(arguments[0])))
                return syntax.Field(slot, (slot,))
            case syntax.Call(name, arguments, place):
                return syntax.Call(name, tuple(self._taken_apart(one, compiler) for one in arguments), place)
            case syntax.Binary(symbol, left, right):
                return syntax.Binary(symbol, self._taken_apart(left, compiler), self._taken_apart(right, compiler))
            case syntax.Unary(symbol, operand):
                return syntax.Unary(symbol, self._taken_apart(operand, compiler))
        return expression

    def count(self, keys: Iterable[Any]) -> None:
        """Take bare keys (of one ``by`` expression), where nothing but rows is counted."""
        self._counted.update(keys)

    def count_more(self, key: Any, count: int) -> None:
        """Take a bare key a number of times."""
        self._counted[key] += count

    def feed(self, rows: list[Row]) -> list[Row]:
        """Take the rows into their groups."""
        by = [read for _, read in self._by]
        parts = self._parts
        for row in rows:
            values = tuple(read(row) for read in by)
            key = tuple(map(identity, values))
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = [maker() for _, maker, _ in parts]
                self._values[key] = values
            event, stream = row.event, row.stream
            place = NOWHERE if event is None else (event[0], 0 if stream is None else stream.id, event[1])
            for aggregation, (_, _, read) in zip(group, parts, strict=True):
                aggregation.add(None if read is None else read(row), place)
        return []

    def finish(self) -> list[Row]:
        """A row for each group: by time newest first, by other values smallest first."""
        for value, count in self._counted.items():
            key = (identity(value),)
            group = self._groups.setdefault(key, [maker() for _, maker, _ in self._parts])
            self._values.setdefault(key, (value,))
            for aggregation in group:
                assert isinstance(aggregation, aggregations.Rows)
                aggregation.count += count
        if not self._by and not self._groups:
            self._groups[()] = [maker() for _, maker, _ in self._parts]
            self._values[()] = ()
        return [self._row(self._values[key], self._groups[key]) for key in sorted(self._groups, key=self._place)]

    def _place(self, key: Any) -> Any:
        keys = [(*sort_key(value), read or "") for value, read in zip(self._values[key], key, strict=True)]
        return [_Backwards(one) if back else one for one, back in zip(keys, self._backwards, strict=True)]

    def _row(self, values: tuple[Value, ...], group: list[Aggregation]) -> Row:
        made = {name: value for (name, _), value in zip(self._by, values, strict=True) if value is not None}
        row = Row(None, None, made)
        slots = [slot for slot, _, _ in self._parts]
        made.update((slot, one.result()) for slot, one in zip(slots, group, strict=True))
        for name, read in self._items:
            row.with_made(name, read(row))
        for slot in slots:
            del made[slot]
        return row


def _percentile(arguments: tuple[Expression, ...]) -> Callable[[], Aggregation]:
    share = arguments[1]
    assert isinstance(share, syntax.Literal)
    return lambda: aggregations.Numbers(aggregations.percentile(float(share.value)))


class Cluster(Stage):
    """pattern, and diff behind it.

    Args:
        read: What gives the texts.
        boundary: With diff: (from, to) in milliseconds of the time that was asked for; events outside it are of the
            earlier one.
    """

    def __init__(self, read: Reader, boundary: tuple[int, int] | None) -> None:
        self._read = read
        self._boundary = boundary
        self._clustering = Clustering()

    def feed(self, rows: list[Row]) -> list[Row]:
        """Take the rows' texts."""
        for row in rows:
            line = text(self._read(row))
            if line is not None:
                earlier = (
                    self._boundary is not None
                    and row.event is not None
                    and not self._boundary[0] <= row.event[0] <= self._boundary[1]
                )
                self._clustering.add(line, earlier=earlier)
        return []

    def finish(self) -> list[Row]:
        """A row for each cluster."""
        clusters = self._clustering.clusters
        total = sum(cluster.counts[0] for cluster in clusters)
        rows: list[Row] = []
        for cluster in clusters:
            now, before = cluster.counts
            made: dict[str, Value] = {"@pattern": cluster.pattern, "@sampleCount": now}
            if self._boundary is None:
                made["@ratio"] = round(now / total, 4)
            else:
                made["@previousCount"] = before
                made["@differenceCount"] = now - before
                made["@differenceDescription"] = difference(now, before)
            made["@severityLabel"] = cluster.severity
            rows.append(Row(None, None, made))
        if self._boundary is not None:
            rows.sort(key=lambda row: -abs(number((row.made or {})["@differenceCount"]) or 0))
        return rows


def difference(now: int, before: int) -> str:
    """What became of a pattern, in words."""
    if not before:
        return "New"
    if not now:
        return "Gone"
    if now == before:
        return "Unchanged"
    share = abs(now - before) / before * 100
    return f"{share:.0f}% {'more' if now > before else 'fewer'}"
