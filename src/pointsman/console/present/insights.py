"""Logs Insights' queries and rows: columns, how far a query has come, what it cost, colours of its words. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from pointsman.console.present.ages import duration
from pointsman.console.present.cells import Cell, Column, Columns, cell, join
from pointsman.console.present.faults import fault_cell
from pointsman.console.present.look import Draw
from pointsman.console.present.output import size_word
from pointsman.console.present.text import brief, cells, clean
from pointsman.console.present.traces import range_words
from pointsman.model.insights import POINTER, QueryRun, Results, Span, cost, trace_in
from pointsman.semantics.logs.insights.tokens import Kind

__all__ = [
    "INK",
    "ResultRow",
    "Shape",
    "progress",
    "result_columns",
    "result_rows",
    "row_details",
    "row_key",
    "span_words",
]

INK: Mapping[Kind, str] = {
    Kind.COMMAND: "log.phase",
    Kind.KEYWORD: "key",
    Kind.FUNCTION: "log.command",
    Kind.AGGREGATION: "log.command",
    Kind.STRING: "tone.ok",
    Kind.REGEX: "tone.ok",
    Kind.NUMBER: "log.warning",
    Kind.PIPE: "key",
    Kind.COMMENT: "dim",
    Kind.OTHER: "log.error",
}
"""The style of each kind of word; what is not here is plain."""

_WIDEST = 400
_MEASURED = 500
_NARROW = 14
STEP = 8
"""Cells that a column grows or shrinks by."""


class ResultRow(NamedTuple):
    """A row of results, by its number."""

    number: int
    values: tuple[str, ...]
    pointer: str


class Shape(Struct, frozen=True):
    """What a person has made of the columns."""

    chosen: str = ""
    """The column that keys act on; it always shows."""
    widths: tuple[tuple[str, int], ...] = ()
    hidden: frozenset[str] = frozenset()

    def shown(self, names: Sequence[str]) -> list[str]:
        """The columns that are not hidden."""
        return [name for name in names if name not in self.hidden]

    def moved(self, names: Sequence[str], by: int) -> Shape:
        """With the column beside the chosen one chosen."""
        shown = self.shown(names)
        if not shown:
            return self
        at = shown.index(self.chosen) + by if self.chosen in shown else (0 if by > 0 else len(shown) - 1)
        return replace(self, chosen=shown[max(0, min(len(shown) - 1, at))])

    def resized(self, name: str, width: int) -> Shape:
        """With a column so wide."""
        kept = tuple(one for one in self.widths if one[0] != name)
        return replace(self, widths=(*kept, (name, max(4, min(_WIDEST, width)))))

    def without(self, names: Sequence[str]) -> Shape:
        """With the chosen column hidden, the one beside it chosen; the last one stays."""
        shown = self.shown(names)
        if self.chosen not in shown or len(shown) < 2:
            return self
        at = shown.index(self.chosen)
        following = shown[at + 1] if at + 1 < len(shown) else shown[at - 1]
        return replace(self, chosen=following, hidden=self.hidden | {self.chosen})


def row_key(row: ResultRow) -> object:
    """What keeps its place."""
    return row.number


def result_rows(results: Results) -> tuple[ResultRow, ...]:
    """The rows for a table."""
    return tuple(
        ResultRow(at, values, pointer)
        for at, (values, pointer) in enumerate(zip(results.rows, results.pointers, strict=True))
    )


def result_columns(results: Results, shape: Shape) -> Columns:
    """The columns for a table: those beside the chosen one stay longest where there is no room for all."""
    names = shape.shown(results.columns)
    chosen = names.index(shape.chosen) if shape.chosen in names else -1
    given = dict(shape.widths)
    found: list[Column[ResultRow]] = []
    for at, name in enumerate(names):
        place = results.columns.index(name)
        wanted = _wanted(results, place, name)
        fixed = given.get(name)
        header = f"[{clean(name)}]" if at == chosen else clean(name)
        found.append(
            Column[ResultRow](
                name,
                header,
                _value(place),
                least=fixed or max(4, min(wanted, _NARROW)),
                most=fixed or wanted,
                share=0 if fixed else 4 if name == "@message" else 1,
                align="right" if _numeric(results, place) else "left",
                priority=0 if at == max(chosen, 0) else 1 + abs(at - max(chosen, 0)),
                firm=bool(fixed) or name == "@timestamp",
            )
        )
    return tuple(found)


def _value(place: int) -> Callable[[ResultRow, Draw], Cell]:
    return lambda row, _: cell(row.values[place])


def _wanted(results: Results, place: int, name: str) -> int:
    widest = max((cells(clean(brief(row[place])[:_WIDEST])) for row in results.rows[:_MEASURED]), default=0)
    return min(_WIDEST, max(widest, cells(clean(name)) + 2, 4))


def _numeric(results: Results, place: int) -> bool:
    given = [row[place] for row in results.rows[:50] if row[place]]
    return bool(given) and all(one.replace(".", "", 1).lstrip("-").isdigit() for one in given)


# --- where and how far


def span_words(span: Span, draw: Draw) -> str:
    """``last 1h``, or from when to when."""
    if span.end is None:
        return f"last {range_words(span.length) if span.length < timedelta(days=3) else f'{span.length.days}d'}"
    start = span.end - span.length
    far = draw.zone.of(start).date() != draw.zone.of(draw.now).date()
    form = "%Y-%m-%d %H:%M" if far else "%H:%M"
    return f"{draw.zone.of(start).strftime(form)} to {draw.zone.marked(span.end, '%H:%M')}"


def _size(count: int) -> str:
    """``313 B``, ``4.2 kB``, ``1.3 MB``, ``12.0 GB``."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return size_word(count)


def money(dollars: float) -> str:
    """``$0.0042``, ``$1.20``."""
    return f"${dollars:.2f}" if dollars >= 1 else f"${dollars:.4f}" if dollars >= 0.00005 or not dollars else "<$0.0001"


def progress(run: QueryRun, draw: Draw, price: float, *, billed: bool) -> Cell:
    """A run in a line: its status, how long, what it has looked at, what that costs."""
    stats = run.stats
    tone, mark = _tone(run, draw)
    took = duration(run.took) if run.took is not None else draw.age(run.began)
    parts = [cell(f"{mark} {run.status}", tone), cell(took.replace("now", "0s"), "dim")]
    if stats.scanned or stats.bytes or run.over:
        parts.append(cell(f"{stats.scanned:,} records, {_size(stats.bytes)} scanned"))
        parts.append(cell(f"{stats.matched:,} matched"))
    if stats.skipped_bytes:
        parts.append(cell(f"about {_size(stats.skipped_bytes)} skipped", "dim"))
    if billed and (stats.bytes or run.over):
        parts.append(cell(f"about {money(cost(stats.bytes, price))} at ${price:g} a GB"))
    if run.note:
        parts.append(cell(run.note, "stale"))
    if run.fault is not None:
        parts.append(fault_cell(run.fault, draw))
    return join(parts)


def _tone(run: QueryRun, draw: Draw) -> tuple[str, str]:
    glyphs = draw.glyphs
    if not run.over:
        return "tone.moving", glyphs.moving
    if run.status == "Complete":
        return "tone.ok", glyphs.ok
    return ("tone.stopped", glyphs.stopped) if run.status == "Cancelled" else ("tone.failed", glyphs.failed)


# --- one row in full


def row_details(results: Results, number: int, record: Sequence[tuple[str, str]] = ()) -> str:
    """A row as text: every field on its own line, JSON unfolded; then what else is known of the event."""
    own = [(name, value) for name, value in zip(results.columns, results.rows[number], strict=True) if value]
    known = {name for name, _ in own}
    more = [(name, value) for name, value in record if name not in known and name != POINTER]
    lines = _fields(own)
    if more:
        lines += ["", "also known of this event", *_fields(sorted(more))]
    trace = trace_in(value for _, value in (*own, *more))
    if trace:
        lines += ["", f"trace {trace}"]
    return "\n".join(lines)


def _fields(pairs: Sequence[tuple[str, str]]) -> list[str]:
    wide = max((len(name) for name, _ in pairs), default=0)
    lines: list[str] = []
    for name, value in pairs:
        first, *rest = _unfolded(value).split("\n")
        lines.append(f"{name:<{min(wide, 32)}}  {first}")
        lines += [f"{'':<{min(wide, 32)}}  {line}" for line in rest]
    return lines


def _unfolded(value: str) -> str:
    """JSON over several lines; anything else as it is."""
    if value[:1] not in "{[" or len(value) > 200_000:
        return value.rstrip("\n")
    try:
        return json.dumps(json.loads(value), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return value.rstrip("\n")
