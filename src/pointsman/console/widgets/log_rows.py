"""``LogRows``: what stands on each row of a log view: gutter, time, text, and the bar at the right. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from msgspec import Struct, field

from pointsman.console.present import log_json
from pointsman.console.present.cells import Cell, Piece
from pointsman.console.present.glyphs import UNICODE, Glyphs
from pointsman.console.present.logs import SOURCE_STYLES, STAMP_WIDTH, Kind, Stamps, line_cell, stamped
from pointsman.console.present.text import cells, middle, pad, wrap
from pointsman.console.present.zones import UTC_ZONE, Zone
from pointsman.console.widgets.ink import highlight, slice_cells
from pointsman.console.widgets.log_layout import LogLayout
from pointsman.console.widgets.log_store import LogStore

GUTTER = 2
"""Cells at the left: the cursor's marker, and what the line is."""
BAR = 1
"""Cells at the right: where in the log the view is, and where its errors are."""
_WIDEST_SOURCE = 24


class LogRows(Struct):
    """How a store's lines are drawn."""

    store: LogStore
    layout: LogLayout
    glyphs: Glyphs = UNICODE
    marks: set[int] = field(default_factory=set)
    """Lines a person marked."""
    stamps: Stamps = Stamps.OFF
    anchor: int | None = None
    """The moment that relative times are measured from; None is the first line's."""
    sources: tuple[str, ...] = ()
    """What each source is called; none are shown while there is only one."""
    columns: tuple[str, ...] = ()
    """The JSON fields that take the place of a JSON line's text."""
    column_widths: tuple[int, ...] = ()
    matches: Sequence[int] = ()
    """Lines that the search has found, ascending."""
    aside: int = 0
    """Cells of each line that lie to the left of the view."""
    needle: str = ""
    """What is searched."""
    zone: Zone = UTC_ZONE

    def text_width(self, width: int) -> int:
        """How many cells of a view are left for text."""
        beside = GUTTER + BAR + (STAMP_WIDTH if self.timestamps else 0) + self.source_width
        return max(2, width - beside)

    @property
    def timestamps(self) -> bool:
        """Whether each line's time is shown."""
        return self.stamps is not Stamps.OFF

    @property
    def source_width(self) -> int:
        """Cells of the sources' column and the space after it; 0 while there is only one source."""
        if len(self.sources) < 2:
            return 0
        return min(_WIDEST_SOURCE, max(cells(name) for name in self.sources)) + 1

    def cell(self, line: int, part: int, width: int, *, selected: bool = False) -> Cell:
        """A row: part ``part`` of a line."""
        text, kind = self.store.texts[line], self.store.kinds[line]
        unfolded = self.layout.unfolded(line)
        content = self._unfolded_row(text, part) if unfolded else self._columns(text, kind) or line_cell(text, kind)
        if self.layout.wrap_at and not unfolded:
            content = _part(content, text, part, self.layout.wrap_at)
        elif self.aside:
            content = slice_cells(content, self.aside, self.aside + self.text_width(width))[1]
        folded = self._folded_here(line)
        if folded:
            content = (*content, (f"  {self.glyphs.ellipsis} {folded:,} lines", "dim"))
        if self.needle:
            content = highlight(content, self.needle)
        marker: Piece = (self.glyphs.cursor, "cursor") if selected else (" ", "")
        what = self._what(line, kind, part, folded > 0, unfolded > 0)
        beside: tuple[Piece, ...] = ()
        if self.timestamps:
            anchor = self.store.times[0] if self.anchor is None else self.anchor
            time = stamped(self.store.times[line], self.stamps, self.zone, anchor)
            beside = ((time if part == 0 else " " * STAMP_WIDTH, "log.time"),)
        if self.source_width:
            beside = (*beside, self._source(line, part))
        return (marker, what, *beside, *content)

    def _source(self, line: int, part: int) -> Piece:
        """The source's name, in a colour of its own."""
        number = self.store.sources[line] if line < len(self.store.sources) else 0
        room = self.source_width - 1
        if part or number >= len(self.sources):
            return " " * (room + 1), ""
        name = middle(self.sources[number], room, self.glyphs.ellipsis)
        return pad(name, room + 1), SOURCE_STYLES[number % len(SOURCE_STYLES)]

    def _unfolded_row(self, text: str, part: int) -> Cell:
        rows = log_json.unfolded(text)
        return log_json.row_cell(rows[part]) if part < len(rows) else ()

    def _columns(self, text: str, kind: int) -> Cell | None:
        if not self.columns or not log_json.looks_json(text):
            return None
        style = "log.error" if Kind(kind).bad else "log.warning" if kind == Kind.WARNING else ""
        return log_json.columns_cell(text, self.columns, self.column_widths, style, self.glyphs.ellipsis)

    def _folded_here(self, line: int) -> int:
        """How many lines a line's fold hides."""
        if line not in self.layout.folded:
            return 0
        return self.store.section_end(self.store.section_at(line)) - line - 1

    def _what(self, line: int, kind: int, part: int, folded: bool, unfolded: bool) -> Piece:
        """The gutter's mark: a person's mark, the rest of a wrapped line, an error, a phase, a warning."""
        glyphs = self.glyphs
        if line in self.marks:
            return glyphs.mark, "mark"
        if unfolded:
            return (glyphs.unfolded if part == 0 else " "), "log.phase"
        if part:
            return glyphs.newline, "dim"
        if not kind and not folded:
            return " ", ""
        if Kind(kind).bad:
            return glyphs.failed, "log.error"
        if (kind == Kind.PHASE and self.store.phases) or folded:
            return (glyphs.folded if folded else glyphs.unfolded), "log.phase"
        if kind == Kind.WARNING:
            return glyphs.attention, "log.warning"
        return " ", ""

    def bar(self, height: int, top: int, rows: int) -> tuple[Piece, ...]:
        """The bar's cell for each screen line: the thumb, and where there are errors, matches and a person's marks."""
        if rows <= height or height <= 0:
            return ((" ", ""),) * height
        first = top * height // rows
        last = max(first + 1, -(-(top + height) * height // rows))
        drawn: list[Piece] = []
        lines, marks = len(self.store), sorted(self.marks)
        for y in range(height):
            begin, end = lines * y // height, lines * (y + 1) // height
            thumb = first <= y < last
            if _within(self.store.errors, begin, end):
                drawn.append((self.glyphs.failed, "selected log.error" if thumb else "log.error"))
            elif _within(marks, begin, end):
                drawn.append((self.glyphs.mark, "mark"))
            elif _within(self.matches, begin, end):
                drawn.append((self.glyphs.dot, "selected match" if thumb else "match"))
            else:
                drawn.append((self.glyphs.bar, "bar.track") if thumb else (" ", ""))
        return tuple(drawn)


def _within(places: Sequence[int], begin: int, end: int) -> bool:
    """Whether one of some ascending places lies in [begin, end)."""
    at = bisect_left(places, begin)
    return at < len(places) and places[at] < end


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
