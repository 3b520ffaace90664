"""What is known of a span, in tabs: overview, annotations, metadata, exceptions, SQL, its document. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from pointsman.console.dialogs.words import facts, paragraph
from pointsman.console.present.cells import Cell, cell, join
from pointsman.console.present.look import Draw
from pointsman.console.screens import span_words as words
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.trace_operations import Standing
from pointsman.semantics.traces.documents import Piece, exceptions_of, part, text

__all__ = ["TABS", "following", "lines", "strip", "tabs_of"]

_FRAMES = 200
"""Frames of a stack that are shown."""
_LINES = 500
"""Lines of a document that are shown."""


class _Tab(Struct, frozen=True):
    """One tab: how much it has of a span, and what it shows."""

    count: Callable[[Piece], int]
    """0: the tab is not there for this span."""
    lines: Callable[[Piece, Draw, int], Sequence[Cell]]
    counted: bool = True
    """Whether the count is worth saying."""


def tabs_of(piece: Piece) -> tuple[str, ...]:
    """The tabs that have something of a span."""
    return ("overview", *(name for name, tab in _TABS.items() if tab.count(piece)))


def following(piece: Piece, now: str, way: int) -> str:
    """The next (1) or previous (-1) tab that has something."""
    there = tabs_of(piece)
    at = there.index(now) if now in there else 0
    return there[(at + way) % len(there)]


def strip(piece: Piece, now: str) -> str:
    """The tabs in a line, the one that shows in brackets."""
    said: list[str] = []
    for name in tabs_of(piece):
        tab = _TABS.get(name)
        count = f" {tab.count(piece):,}" if tab is not None and tab.counted else ""
        said.append(f"[{name}{count}]" if name == now else f"{name}{count}")
    return "  ".join(said)


def lines(
    opened: OpenedTrace, place: int, now: str, draw: Draw, width: int, standing: Standing | None = None
) -> Sequence[Cell]:
    """A tab of a span; its overview where it has nothing in that tab."""
    piece = opened.trace.pieces[place]
    tab = _TABS.get(now)
    if tab is None or not tab.count(piece):
        return words.span_lines(opened, place, draw, width, standing)
    return tab.lines(piece, draw, width)


# --- the tabs


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _annotations(piece: Piece, draw: Draw, width: int) -> Sequence[Cell]:
    del draw
    return facts([(key, _said(value)) for key, value in part(piece.fields, "annotations").items()], width)


def _metadata(piece: Piece, draw: Draw, width: int) -> Sequence[Cell]:
    del draw, width
    shown: list[Cell] = []
    for namespace, value in part(piece.fields, "metadata").items():
        shown.append(cell(namespace, "strong"))
        shown += [cell(f"  {one}") for one in _dumped(value)]
    return shown


def _dumped(value: Any) -> list[str]:
    found = json.dumps(value, indent=2, ensure_ascii=False, default=str).splitlines()
    if len(found) > _LINES:
        return [*found[:_LINES], f"{len(found) - _LINES:,} more lines: d shows them"]
    return found


def _exceptions(piece: Piece, draw: Draw, width: int) -> Sequence[Cell]:
    shown: list[Cell] = []
    for one in exceptions_of(piece.fields):
        said = ": ".join(part for part in (text(one, "type"), text(one, "message")) if part) or "an exception"
        if shown:
            shown.append(())
        shown += paragraph(f"{draw.glyphs.mark} {said}", width, "fault")
        if one.get("remote") is True:
            shown.append(cell("  raised by the service that was called", "dim"))
        shown += _stack(one)
        if cause := text(one, "cause"):
            shown.append(cell(f"  caused by exception {cause}", "dim"))
    if directory := text(part(piece.fields, "cause"), "working_directory"):
        shown += [(), *facts([("in", directory)], width)]
    return shown


def _stack(exception: Mapping[str, Any]) -> list[Cell]:
    stack = exception.get("stack")
    frames = [frame for frame in stack if isinstance(frame, dict)] if isinstance(stack, list) else []
    shown = [
        join((cell(f"    {text(one, 'label')}"), cell(f"{text(one, 'path')}:{one.get('line', '')}".strip(":"), "dim")))
        for one in frames[:_FRAMES]
    ]
    truncated = exception.get("truncated")
    left = max(0, len(frames) - _FRAMES) + (truncated if type(truncated) is int else 0)
    return [*shown, cell(f"    {left:,} more frames", "dim")] if left > 0 else shown


def _sql(piece: Piece, draw: Draw, width: int) -> Sequence[Cell]:
    del draw
    told = part(piece.fields, "sql")
    query = text(told, "sanitized_query")
    rest = [(key, _said(value)) for key, value in told.items() if key != "sanitized_query" and value not in ("", None)]
    shown = paragraph(query, width, "strong")
    return [*shown, *([()] if shown and rest else []), *facts(rest, width)]


def _document(piece: Piece, draw: Draw, width: int) -> Sequence[Cell]:
    del draw, width
    found = words.document(piece).splitlines()
    shown = [cell(one) for one in found[:_LINES]]
    return [*shown, cell(f"{len(found) - _LINES:,} more lines: d shows them", "dim")] if len(found) > _LINES else shown


_TABS: Mapping[str, _Tab] = {
    "annotations": _Tab(lambda piece: len(part(piece.fields, "annotations")), _annotations),
    "metadata": _Tab(lambda piece: len(part(piece.fields, "metadata")), _metadata, counted=False),
    "exceptions": _Tab(lambda piece: len(exceptions_of(piece.fields)), _exceptions),
    "SQL": _Tab(lambda piece: len(part(piece.fields, "sql")), _sql, counted=False),
    "JSON": _Tab(lambda _: 1, _document, counted=False),
}
TABS = ("overview", *_TABS)
"""Every tab there may be."""
