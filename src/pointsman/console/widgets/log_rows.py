"""``LogRows``: what stands on each row of a log view: gutter, time, text, and the bar at the right. Pure."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from pointsman.console.present.cells import Cell, Piece
from pointsman.console.present.glyphs import UNICODE, Glyphs
from pointsman.console.present.logs import STAMP_WIDTH, Kind, line_cell, stamp
from pointsman.console.present.text import wrap
from pointsman.console.present.zones import UTC_ZONE, Zone
from pointsman.console.widgets.ink import highlight, slice_cells
from pointsman.console.widgets.log_layout import LogLayout
from pointsman.console.widgets.log_store import LogStore

GUTTER = 2
"""Cells at the left: the cursor's marker, and what the line is."""
BAR = 1
"""Cells at the right: where in the log the view is, and where its errors are."""


@dataclass(slots=True)
class LogRows:
    """How a store's lines are drawn."""

    store: LogStore
    layout: LogLayout
    glyphs: Glyphs = UNICODE
    marks: set[int] = field(default_factory=set)
    """Lines a person marked."""
    timestamps: bool = False
    aside: int = 0
    """Cells of each line that lie to the left of the view."""
    needle: str = ""
    """What is searched."""
    zone: Zone = UTC_ZONE

    def text_width(self, width: int) -> int:
        """How many cells of a view are left for text."""
        return max(2, width - GUTTER - BAR - (STAMP_WIDTH if self.timestamps else 0))

    def cell(self, line: int, part: int, width: int, *, selected: bool = False) -> Cell:
        """A row: part ``part`` of a line."""
        text, kind = self.store.texts[line], self.store.kinds[line]
        content = line_cell(text, kind)
        if self.layout.wrap_at:
            content = _part(content, text, part, self.layout.wrap_at)
        elif self.aside:
            content = slice_cells(content, self.aside, self.aside + self.text_width(width))[1]
        folded = self._folded_here(line)
        if folded:
            content = (*content, (f"  {self.glyphs.ellipsis} {folded:,} lines", "dim"))
        if self.needle:
            content = highlight(content, self.needle)
        marker: Piece = (self.glyphs.cursor, "cursor") if selected else (" ", "")
        what = self._what(line, kind, part, folded > 0)
        if not self.timestamps:
            return (marker, what, *content)
        time: Piece = (f"{stamp(self.store.times[line], self.zone)} " if part == 0 else " " * STAMP_WIDTH, "log.time")
        return (marker, what, time, *content)

    def _folded_here(self, line: int) -> int:
        """How many lines a line's fold hides."""
        if line not in self.layout.folded:
            return 0
        return self.store.section_end(self.store.section_at(line)) - line - 1

    def _what(self, line: int, kind: int, part: int, folded: bool) -> Piece:
        """The gutter's mark: a person's mark, the rest of a wrapped line, an error, a phase, a warning."""
        glyphs = self.glyphs
        if line in self.marks:
            return glyphs.mark, "mark"
        if part:
            return glyphs.newline, "dim"
        if not kind and not folded:
            return " ", ""
        if Kind(kind).bad:
            return glyphs.failed, "log.error"
        if kind == Kind.PHASE or folded:
            return (glyphs.folded if folded else glyphs.unfolded), "log.phase"
        if kind == Kind.WARNING:
            return glyphs.attention, "log.warning"
        return " ", ""

    def bar(self, height: int, top: int, rows: int) -> tuple[Piece, ...]:
        """The bar's cell for each screen line: the thumb, and a mark where there are errors."""
        if rows <= height or height <= 0:
            return ((" ", ""),) * height
        first = top * height // rows
        last = max(first + 1, -(-(top + height) * height // rows))
        cells: list[Piece] = []
        errors, lines = self.store.errors, len(self.store)
        for y in range(height):
            begin, end = lines * y // height, lines * (y + 1) // height
            at = bisect_left(errors, begin)
            thumb = first <= y < last
            if at < len(errors) and errors[at] < end:
                cells.append((self.glyphs.failed, "selected log.error" if thumb else "log.error"))
            else:
                cells.append((self.glyphs.bar, "bar.track") if thumb else (" ", ""))
        return tuple(cells)


def _part(content: Cell, text: str, part: int, width: int) -> Cell:
    """One row of a wrapped line."""
    if text.isascii():
        return slice_cells(content, part * width, (part + 1) * width)[1]
    pieces = wrap(text, width)
    start = sum(len(piece) for piece in pieces[:part])
    stop = start + len(pieces[part])
    parts: list[Piece] = []
    at = 0
    for piece, style in content:
        shown = piece[max(0, start - at) : max(0, stop - at)]
        if shown:
            parts.append((shown, style))
        at += len(piece)
    return tuple(parts)
