"""Running a query: events go in by batches, rows come out at the end.

The filters a query begins with are asked of the bare events where they only need the message or the time; a literal
text they need is told to the store (``needed``), which then does not even hand out the others. Events become rows
behind that. A query whose first word on order is a ``stats`` or ``pattern`` takes them in any order; every other one
wants the newest first (``ordered``), and is often ``finished`` long before the store is read through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec import Struct

from pointsman.semantics.logs.insights import stages, syntax
from pointsman.semantics.logs.insights.expressions import Compiler, is_time, raw_test, raw_value
from pointsman.semantics.logs.insights.pushdown import Contained, needed
from pointsman.semantics.logs.insights.rows import Event, Row, Stream, pointer
from pointsman.semantics.logs.insights.stages import Stage
from pointsman.semantics.logs.insights.values import moment, text

MOST_ROWS: Final = 100_000
"""Rows that a query may ask for."""
ROWS: Final = 10_000
"""Rows of a query that says nothing."""

ResultRow = list[tuple[str, str]]
_DAY = 86_400_000
_MONTH = 30 * _DAY


class Column(Struct, frozen=True):
    """A column of the result."""

    name: str
    field: syntax.Field
    time: bool


class Execution:
    """One run of one query.

    Args:
        query: Which.
        start: From when on, in milliseconds, itself included.
        end: Up to when, itself included.
        now: The time of the query in seconds since 1970.
        limit: Rows at most, where the query has no limit of its own.
    """

    def __init__(self, query: syntax.Query, *, start: int, end: int, now: int, limit: int = ROWS) -> None:
        self.matched = 0
        """Events that met the filters the query begins with."""
        self._now = now
        self._compiler = Compiler(now)
        self._times = {"@timestamp", "@ingestionTime"}
        self._columns: list[Column] | None = None
        self._pointers = True
        self._raw: list[Callable[[Any], bool]] = []
        self._stages: list[Stage] = []
        self._out: list[Row] = []
        self._range = (start, end)
        self._earlier: tuple[int, int] | None = None
        self.needed: tuple[Contained, ...] = ()
        """What every event's message has to contain: whoever feeds this has to see to it."""
        self._limit = min(limit, MOST_ROWS)
        commands = self._begin(list(query.commands))
        self.ordered = self._wants_order(commands)
        """Whether events have to come newest first."""
        self._first_group: stages.Group | None = None
        self._bare_key: Callable[[Any], Any] | None = None
        self._bins: int | None = None
        self._build(commands)

    # -- putting it together

    def _begin(self, commands: list[syntax.Command]) -> list[syntax.Command]:
        """Take off the filters that the bare event can be asked; returns what is left."""
        shown: list[syntax.Command] = []
        while commands:
            command = commands[0]
            if isinstance(command, syntax.Fields) and all(_is_plain(item) for item in command.items):
                shown.append(commands.pop(0))
                continue
            if not isinstance(command, syntax.Filter):
                break
            asked = needed(command.condition)
            self.needed += asked.contained
            test = raw_test(command.condition, self._now)
            if test is None:
                break
            commands.pop(0)
            if not asked.exact:
                self._raw.append(test)
        return shown + commands

    def _wants_order(self, commands: list[syntax.Command]) -> bool:
        for command in commands:
            if isinstance(command, syntax.Stats | syntax.Patterns):
                return False
            if isinstance(command, syntax.Sort | syntax.Limit | syntax.Dedup):
                return True
        return True

    def _build(self, commands: list[syntax.Command]) -> None:
        for index, command in enumerate(commands):
            match command:
                case syntax.Fields(items):
                    self._show(items, replace=False)
                case syntax.Display(items):
                    self._show(items, replace=True)
                case syntax.Filter(condition):
                    self._stages.append(stages.Choose(self._compiler.test(condition)))
                case syntax.Parse():
                    self._stages.append(stages.Extract(command, self._compiler.value(command.source)))
                    self._also(command.names)
                case syntax.Unnest(source, name):
                    self._stages.append(stages.Spread(name, self._compiler.value(source)))
                    self._also((name,))
                case syntax.Limit(count):
                    self._stages.append(stages.Cut(count))
                case syntax.Dedup(fields):
                    self._stages.append(stages.Unique([self._compiler.value(one) for one in fields]))
                case syntax.Sort(keys):
                    self._sort(keys, commands[index + 1 :])
                case syntax.Stats():
                    self._group(command)
                case syntax.Patterns(source):
                    self._cluster(source, commands[index + 1 :])
        own = next((one.count for one in reversed(commands) if isinstance(one, syntax.Limit)), None)
        self._stages.append(stages.Cut(min(own or self._limit, MOST_ROWS)))

    def _show(self, items: tuple[syntax.Item, ...], *, replace: bool) -> None:
        made = [(item.name, self._compiler.value(item.expression)) for item in items if not _is_plain(item)]
        for item in items:
            if not _is_plain(item):
                self._mark(item.name, is_time(item.expression, self._times))
        if made:
            self._stages.append(stages.Make(made))
        columns = [self._column(item) for item in items]
        kept = [] if replace else self._columns or []
        names = {column.name for column in columns}
        self._columns = [column for column in kept if column.name not in names] + columns

    def _also(self, names: tuple[str, ...]) -> None:
        """Show what a command made, beside the rest."""
        for name in names:
            self._mark(name, time=False)
        columns = self._columns
        if columns is None:
            columns = [self._named("@timestamp"), self._named("@message")]
        self._columns = [column for column in columns if column.name not in names] + [self._named(n) for n in names]

    def _column(self, item: syntax.Item) -> Column:
        if _is_plain(item):
            assert isinstance(item.expression, syntax.Field)
            return Column(item.name, item.expression, item.name in self._times)
        return self._named(item.name)

    def _named(self, name: str) -> Column:
        return Column(name, syntax.Field(name, (name,)), name in self._times)

    def _mark(self, name: str, time: bool) -> None:
        (self._times.add if time else self._times.discard)(name)

    def _sort(self, keys: tuple[tuple[syntax.Expression, bool], ...], following: list[syntax.Command]) -> None:
        untouched = not any(isinstance(stage, stages.Make | stages.Extract | stages.Order) for stage in self._stages)
        if self._pointers and untouched and len(keys) == 1 and keys[0] == (_TIMESTAMP, True):
            return  # so they come
        readers = [(self._compiler.value(expression), descending) for expression, descending in keys]
        self._stages.append(stages.Order(readers, self._usable(following)))

    def _usable(self, following: list[syntax.Command]) -> int | None:
        """How many rows the commands behind can use; None when that cannot be said."""
        for command in following:
            if isinstance(command, syntax.Limit):
                return command.count
            if not isinstance(command, syntax.Fields | syntax.Display | syntax.Parse):
                return None
        return self._limit

    def _group(self, command: syntax.Stats) -> None:
        backwards = tuple(is_time(item.expression, self._times) for item in command.by)
        group = stages.Group(command, self._compiler, backwards)
        if not self._stages and group.only_counts and len(command.by) == 1:
            key = command.by[0].expression
            self._first_group, self._bare_key = group, raw_value(key, self._now)
            if isinstance(key, syntax.Call) and key.name == "bin" and isinstance(key.arguments[0], syntax.Period):
                self._bins = key.arguments[0].millis or None
        self._stages.append(group)
        times = {item.name for item, time in zip(command.by, backwards, strict=True) if time}
        for item in command.items:
            if is_time(item.expression, self._times | times):
                times.add(item.name)
        self._times = times
        names = [item.name for item in (*command.by, *command.items)]
        self._columns = [self._named(name) for name in dict.fromkeys(names)]
        self._pointers = False

    def _cluster(self, source: syntax.Expression, following: list[syntax.Command]) -> None:
        diff = following[0] if following and isinstance(following[0], syntax.Diff) else None
        if diff is not None:
            start, end = self._range
            length = end - start + 1
            back = length if not diff.days else _MONTH if diff.days < 0 else diff.days * _DAY
            self._earlier = (start - back, end - back)
        self._stages.append(stages.Cluster(self._compiler.value(source), None if diff is None else self._range))
        names = ["@pattern", "@sampleCount", "@ratio", "@severityLabel"]
        if diff is not None:
            names[2:3] = ["@previousCount", "@differenceCount", "@differenceDescription"]
        self._times = set()
        self._columns = [self._named(name) for name in names]
        self._pointers = False

    # -- running it

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """The times whose events it wants, in milliseconds, both ends included; they do not overlap."""
        if self._earlier is None:
            return [self._range]
        earlier = (self._earlier[0], min(self._earlier[1], self._range[0] - 1))
        return [self._range, earlier]

    @property
    def bins(self) -> int | None:
        """Milliseconds of a bin, where nothing but events in bins of time is counted: ``feed_counts`` takes those."""
        return self._bins if self._bare_key is not None and not self._raw else None

    def feed_counts(self, counts: Iterable[tuple[int, int]]) -> None:
        """Take (start of a bin, how many events) pairs, of what contains the texts that are needed."""
        assert self._first_group is not None  # there are bins
        for start, count in counts:
            self.matched += count
            self._first_group.count_more(start, count)

    @property
    def finished(self) -> bool:
        """Whether no further event makes a difference."""
        for stage in self._stages:
            if isinstance(stage, stages.Group | stages.Cluster | stages.Order):
                return False
            if stage.full:
                return True
        return False

    def feed(self, stream: Stream, events: list[Event]) -> None:
        """Take events of one stream.

        Raises:
            TooSlow: A regular expression takes too long over one of them.
        """
        for test in self._raw:
            events = [event for event in events if test(event)]
        if self._bare_key is not None and self._first_group is not None:
            self.matched += len(events)
            self._first_group.count(map(self._bare_key, events))
            return
        rows = [Row(event, stream) for event in events]
        self._pass(rows)

    def feed_rows(self, rows: list[tuple[Stream, Event]]) -> None:
        """Take events of several streams, in order."""
        tests = self._raw
        self._pass([Row(event, stream) for stream, event in rows if all(test(event) for test in tests)])

    def _pass(self, rows: list[Row]) -> None:
        counting = True
        for stage in self._stages:
            if counting and not isinstance(stage, stages.Choose | stages.Make | stages.Extract):
                self.matched += len(rows)
                counting = False
            rows = stage.feed(rows)
            if not rows:
                break
        if counting:
            self.matched += len(rows)
        self._out.extend(rows)

    def results(self) -> list[ResultRow]:
        """End it: the rows of the result, every value a text; those that stand for an event end with ``@ptr``."""
        for index, stage in enumerate(self._stages):
            rows = stage.finish()
            if rows:
                self._pass_on(rows, index + 1)
        return [self._shown(row) for row in self._out]

    def _pass_on(self, rows: list[Row], place: int) -> None:
        for stage in self._stages[place:]:
            rows = stage.feed(rows)
            if not rows:
                return
        self._out.extend(rows)

    def _shown(self, row: Row) -> ResultRow:
        columns = self._columns
        if columns is None:
            columns = [self._named("@timestamp"), self._named("@message")]
        found: ResultRow = []
        for column in columns:
            value = row.get(column.field.name, column.field.parts)
            shown = moment(value) if column.time and value is not None else text(value)
            if shown is not None:
                found.append((column.name, shown))
        place = pointer(row) if self._pointers else None
        if place is not None:
            found.append(("@ptr", place))
        return found


_TIMESTAMP: Final = syntax.Field("@timestamp", ("@timestamp",))


def _is_plain(item: syntax.Item) -> bool:
    return isinstance(item.expression, syntax.Field) and item.expression.name == item.name
