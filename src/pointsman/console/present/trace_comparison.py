"""Two traces compared, as a list: a line for each operation. Pure."""

from __future__ import annotations

from pointsman.console.present.cells import Cell, Column, Columns, cell, join
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean
from pointsman.console.present.traces import seconds
from pointsman.model.trace_comparison import Change, Operation, Side, TraceComparison

__all__ = ["LIST", "causes", "headline"]

_STYLES = {
    Change.SLOWER: "tone.failed",
    Change.FASTER: "tone.ok",
    Change.NEW: "tone.waiting",
    Change.GONE: "tone.stopped",
    Change.SAME: "dim",
}
_DEEPEST = 20


def _mark(row: Operation, draw: Draw) -> Cell:
    glyphs = draw.glyphs
    if row.failing:
        return ((glyphs.failed if row.failing > 0 else glyphs.ok, "tone.failed" if row.failing > 0 else "tone.ok"),)
    mark = {
        Change.SLOWER: glyphs.ascending,
        Change.FASTER: glyphs.descending,
        Change.NEW: "+",
        Change.GONE: "-",
        Change.SAME: " ",
    }[row.change]
    return ((mark, _STYLES[row.change]),)


def _name(row: Operation, draw: Draw) -> Cell:
    indent = " " * row.depth if row.depth <= _DEEPEST else draw.glyphs.ellipsis.ljust(_DEEPEST)
    return ((indent, ""), *cell(row.name, "" if row.differs else "dim"))


def _took(side: Side | None, draw: Draw) -> Cell:
    if side is None:
        return ()
    return cell(draw.glyphs.ellipsis if side.moving else seconds(side.seconds))


def _by(value: float, row: Operation) -> Cell:
    return cell(seconds(abs(value)), _STYLES[row.change]) if row.change is not Change.SAME else ()


def _own(row: Operation) -> Cell:
    if abs(row.own_by) < 0.001:
        return ()
    return cell(
        f"{'+' if row.own_by > 0 else '-'}{seconds(abs(row.own_by))}", "tone.failed" if row.own_by > 0 else "tone.ok"
    )


def _calls(row: Operation, draw: Draw) -> Cell:
    before, after = (side.calls if side else 0 for side in (row.before, row.after))
    if before == after:
        return cell(f"{before:,}", "dim") if before > 1 else ()
    return cell(f"{before:,}{draw.glyphs.arrow}{after:,}", "tone.waiting")


def _note(row: Operation) -> Cell:
    if not row.failing:
        return ()
    return cell(
        f"{abs(row.failing):,} {'more went' if row.failing > 0 else 'fewer went'} wrong",
        "tone.failed" if row.failing > 0 else "tone.ok",
    )


LIST: Columns = (
    Column[Operation]("mark", "", _mark, least=1),
    Column[Operation](
        "name",
        "Operation",
        _name,
        least=16,
        most=70,
        share=3,
        measure=lambda row: min(row.depth, _DEEPEST) + cells(clean(row.name)),
        names=True,
    ),
    Column[Operation]("before", "Before", lambda row, draw: _took(row.before, draw), least=6, align="right"),
    Column[Operation]("after", "After", lambda row, draw: _took(row.after, draw), least=6, align="right"),
    Column[Operation](
        "change", "Change", lambda row, _: cell(row.change.value, _STYLES[row.change]), least=6, priority=1
    ),
    Column[Operation]("by", "By", lambda row, _: _by(row.slower_by, row), least=6, align="right"),
    Column[Operation]("own", "Itself", lambda row, _: _own(row), least=7, align="right", priority=2),
    Column[Operation]("calls", "Calls", _calls, least=6, align="right", priority=3),
    Column[Operation]("note", "", lambda row, _: _note(row), least=20, priority=4),
)
"""Every operation of two traces."""


def headline(found: TraceComparison, draw: Draw) -> Cell:
    """What became of the whole."""
    before, after = found.seconds
    by = after - before
    style = "tone.failed" if by > 0.001 else "tone.ok" if by < -0.001 else "dim"
    said = f"{'+' if by >= 0 else '-'}{seconds(abs(by))}"
    parts = [(*cell(f"{seconds(before)} {draw.glyphs.arrow} {seconds(after)} ", "strong"), *cell(said, style))]
    parts += [
        cell(f"{count:,} {change.value}", _STYLES[change])
        for change in (Change.SLOWER, Change.FASTER, Change.NEW, Change.GONE)
        if (count := found.count(change))
    ]
    worse = sum(one.failing > 0 for one in found.operations)
    parts += [cell(f"{worse:,} went wrong that did not before", "tone.failed")] if worse else []
    return join(parts)


def causes(found: TraceComparison, most: int = 3) -> Cell:
    """Where the difference comes from, by self time."""
    listed = [
        (
            *cell(
                f"{'+' if one.own_by > 0 else '-'}{seconds(abs(one.own_by))} ",
                "tone.failed" if one.own_by > 0 else "tone.ok",
            ),
            *cell(one.name),
        )
        for one in found.causes[:most]
    ]
    return join((cell("of that", "dim"), *listed)) if listed else cell("nothing in it changed by a millisecond", "dim")
