"""The five states of a snapshot in one line, and a fault in a few: loading, fresh, stale, empty, denied."""

from __future__ import annotations

import textwrap
from typing import Any

from msgspec.structs import replace

from pointsman.console.present.cells import EMPTY, Cell, cell, join, plain, width
from pointsman.console.present.look import Draw
from pointsman.console.present.text import clean
from pointsman.errors import Fault, FaultKind
from pointsman.model.snapshot import Freshness, Snapshot


def freshness(snapshot: Snapshot[Any], draw: Draw, noun: str = "") -> Cell:
    """One line that says what is wrong with a snapshot, or missing from it; empty when it is whole and fresh."""
    match snapshot.freshness:
        case Freshness.LOADING:
            what = f"loading {noun}".rstrip() + draw.glyphs.ellipsis
            return join((cell(what, "dim"), cell(snapshot.partial, "dim")))
        case Freshness.EMPTY:
            return join((cell(f"no {noun}" if noun else "nothing here", "dim"), cell(snapshot.partial, "dim")))
        case Freshness.DENIED:
            assert snapshot.fault is not None
            return join((fault_cell(snapshot.fault, draw), next_try(snapshot, draw)))
        case Freshness.STALE:
            assert snapshot.fault is not None
            how_old = f"as of {draw.age(snapshot.fetched_at)} ago" if snapshot.fetched_at else "not current"
            since = how_old.replace("now ago", "just now")
            return join((cell(since, "stale"), fault_cell(snapshot.fault, draw), next_try(snapshot, draw)))
        case Freshness.FRESH:
            return cell(snapshot.partial, "dim")


def freshness_lines(snapshot: Snapshot[Any], draw: Draw, noun: str, room: int) -> list[Cell]:
    """The same in as many lines as it takes, for a pane that has nothing else to show: what to do is never cut off."""
    line = freshness(snapshot, draw, noun)
    if snapshot.fault is None or width(line) <= room:
        return [line]
    fault = snapshot.fault
    said = plain(fault_cell(replace(fault, hint=""), draw))
    style = "stale" if fault.kind in _SOFT else "fault"
    lines = [cell(part, style) for part in textwrap.wrap(said, max(10, room))]
    hint = f"{draw.glyphs.arrow} {fault.hint}" if fault.hint else ""
    lines.extend(cell(part, "hint") for part in textwrap.wrap(hint, max(10, room)))
    return [one for one in (*lines, next_try(snapshot, draw)) if one]


def next_try(snapshot: Snapshot[Any], draw: Draw) -> Cell:
    """When the next attempt is due; empty when nothing is scheduled."""
    if snapshot.next_try is None:
        return EMPTY
    if snapshot.next_try <= draw.now:
        return cell("trying again", "dim")
    return cell(f"next try in {draw.countdown(snapshot.next_try)}", "dim")


def corner(snapshot: Snapshot[Any], draw: Draw) -> Cell:
    """A pane's right-hand corner: its data's age, or in a word what is wrong."""
    match snapshot.freshness:
        case Freshness.LOADING:
            return cell(snapshot.partial or "loading", "dim")
        case Freshness.DENIED:
            assert snapshot.fault is not None
            return cell(f"{draw.glyphs.failed} {snapshot.fault.kind.value}", "fault")
        case Freshness.STALE:
            assert snapshot.fault is not None
            age = draw.age(snapshot.fetched_at)
            stale = cell(f"{draw.glyphs.attention} stale {age}: {snapshot.fault.kind.value}", "stale")
            return join((cell(snapshot.partial, "dim"), stale))
        case Freshness.FRESH | Freshness.EMPTY:
            return join((cell(snapshot.partial, "dim"), cell(draw.age(snapshot.fetched_at), "dim")))


_SOFT = frozenset(
    {FaultKind.REMEMBERED, FaultKind.THROTTLED, FaultKind.TIMEOUT, FaultKind.NOT_BUILT, FaultKind.READ_ONLY}
)


def fault_cell(fault: Fault, draw: Draw) -> Cell:
    """A fault in one line: what class of trouble, in whose words, and what to do."""
    style = "stale" if fault.kind in _SOFT else "fault"
    sentence = clean(fault.sentence)
    kind = fault.kind.value
    said = sentence if sentence.lower().startswith(kind) else f"{kind}: {sentence}" if sentence else kind
    hint = cell(f"{draw.glyphs.arrow} {fault.hint}", "hint") if fault.hint else EMPTY
    mark = draw.glyphs.idle if fault.kind is FaultKind.REMEMBERED else draw.glyphs.failed
    return join((cell(f"{mark} {said}", style), hint))


def fault_lines(fault: Fault, draw: Draw) -> list[Cell]:
    """A fault in full, a line per fact."""
    lines = [cell(f"{draw.glyphs.failed} {fault.kind.value}", "fault"), cell(fault.sentence)]
    if fault.hint:
        lines.append(cell(f"{draw.glyphs.arrow} {fault.hint}", "hint"))
    facts = (("call", fault.call), ("code", fault.code), ("request id", fault.request_id))
    lines.extend(join((cell(name, "dim"), cell(value))) for name, value in facts if value)
    if fault.sent:
        lines.append(cell("the request had left this machine: its outcome is not known", "stale"))
    return lines


def table_status(
    snapshot: Snapshot[Any] | None, draw: Draw, noun: str, filled: bool, room: int
) -> tuple[Cell, list[Cell]]:
    """The line about a table's state, and, in full, what stands in place of its rows.

    Args:
        snapshot: What the rows were made of; None when there is nothing to say.
        draw: The rendering.
        noun: What the rows are.
        filled: Whether there are rows.
        room: The cells of a line.
    """
    if snapshot is None:
        return EMPTY, []
    status = freshness(snapshot, draw, noun)
    if not filled and not status:
        status = ((f"no {noun}", "dim"),)
    if snapshot.freshness is Freshness.EMPTY and filled:
        status = EMPTY
    if snapshot.fault is not None and not filled:
        return status, freshness_lines(snapshot, draw, noun, room)
    return status, [status] if status else []
