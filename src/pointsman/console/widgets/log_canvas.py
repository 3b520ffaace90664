"""``LogCanvas``: a growing log on the screen, at its end or where it was put; ``LogView`` adds a person's keys.

Lines are taken in as they come and painted a few times a second. The canvas draws its own bar: Textual's costs as much
as the lines do.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace
from rich.segment import Segment
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.timer import Timer

from pointsman.console import toolkit
from pointsman.console.present.cells import Piece, cell
from pointsman.console.present.look import Look
from pointsman.console.widgets.ink import segments_of
from pointsman.console.widgets.line_view import LineView
from pointsman.console.widgets.log_layout import LogLayout
from pointsman.console.widgets.log_rows import BAR, GUTTER, LogRows
from pointsman.console.widgets.log_store import LogStore
from pointsman.console.widgets.palette import Palette, palette
from pointsman.model.logs import LogLine, TailEvent

_FRAME = 0.125
"""Seconds between frames while lines arrive: eight a second."""
MOST = 1_000_000
"""Lines that are held; when more come, the oldest tenth is let go and counted."""
_SLICE = 10_000
"""Lines taken in at once; more wait for their turn, so that no frame waits for them."""


class LogCanvas(LineView, can_focus=True):
    """Lines of one log stream."""

    DEFAULT_CSS = """
    LogCanvas {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 0;
    }
    """

    def __init__(
        self,
        look: Look,
        *,
        note: str = "",
        phases: bool = True,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(look, name=name, id=id, classes=classes)
        self.store = LogStore(phases=phases)
        self.layout_of_lines = LogLayout(self.store)
        self.ink = LogRows(self.store, self.layout_of_lines, look.glyphs, zone=look.zone)
        self.following = True
        """Whether the end is kept in sight."""
        self.wrapped = False
        self._note = note
        self._cursor = 0
        self.dropped = 0
        """Lines that were let go because there were too many."""
        self.grown: Callable[[], None] | None = None
        """Is called with each frame of new lines."""
        self._waiting: deque[tuple[Sequence[LogLine | TailEvent], Sequence[int]]] = deque()
        self._intake: Timer | None = None
        self._drawn: LRUCache[tuple[int, int, bool], list[Segment]] = LRUCache(2048)
        self._timer: Timer | None = None
        self._last_frame = 0.0
        self._bar: tuple[Piece, ...] = ()
        self._colours: Palette | None = None
        self._width = self._height = 0

    # --- lines ---------------------------------------------------------------------------------------------------

    def append(self, lines: Iterable[LogLine | TailEvent], sources: Sequence[int] = ()) -> None:
        """Add lines at the end; they are painted with the next frame.

        Args:
            lines: The lines.
            sources: The number of each line's source, where there are several.
        """
        batch = lines if isinstance(lines, (list, tuple)) else list(lines)
        if not self.is_attached or (len(batch) <= _SLICE and not self._waiting):
            self.store.append(batch, sources)
        else:
            self._waiting.extend(
                (batch[at : at + _SLICE], sources[at : at + _SLICE]) for at in range(0, len(batch), _SLICE)
            )
            self._take_in_soon()
        if batch:
            self._ask_for_frame()

    def clear(self) -> None:
        """Forget every line."""
        self.store = LogStore(phases=self.store.phases)
        self.layout_of_lines = LogLayout(self.store)
        self.layout_of_lines.wrap_at = self._text_width if self.wrapped else 0
        self.ink = replace(
            self.ink, store=self.store, layout=self.layout_of_lines, marks=set(), aside=0, needle="", matches=()
        )
        self.ink.anchor = None
        self.dropped = 0
        self._cursor = 0
        self._waiting.clear()
        self._drawn.clear()
        self._place(0)
        self.refresh()

    def note(self, text: str) -> None:
        """A line under the log that is none of its lines: what it waits for, how it ended; empty for none."""
        if text != self._note:
            self._note = text
            if self.is_attached:
                self._place(None)
                self.refresh()

    def text(self) -> str:
        """The whole log, folded or not, a line per line, without control sequences."""
        waiting = LogStore()
        for batch, _ in self._waiting:
            waiting.append(batch)
        return self.store.text() + waiting.text()

    @property
    def line_count(self) -> int:
        """How many lines there are."""
        return len(self.store) + sum(len(batch) for batch, _ in self._waiting)

    @property
    def timestamps(self) -> bool:
        """Whether each line's time is shown."""
        return self.ink.timestamps

    @property
    def marks(self) -> frozenset[int]:
        """The numbers of the lines a person marked."""
        return frozenset(self.ink.marks)

    @property
    def errors(self) -> int:
        """How many of them are errors."""
        return len(self.store.errors)

    @property
    def current_index(self) -> int | None:
        """The number of the line the cursor is on, the last one while following; None when there are none."""
        if not self.store:
            return None
        return len(self.store) - 1 if self.following else min(self._cursor, len(self.store) - 1)

    @property
    def current_line(self) -> LogLine | None:
        """The line the cursor is on."""
        index = self.current_index
        return None if index is None else self.store.line(index)

    @property
    def below(self) -> int:
        """How many rows lie under the last one in sight."""
        return max(0, self._rows - self.scroll_offset.y - self.size.height)

    @property
    def working(self) -> bool:
        """Whether lines are still to be taken in or painted."""
        return self._timer is not None or self._intake is not None

    # --- frames --------------------------------------------------------------------------------------------------

    def _ask_for_frame(self) -> None:
        if self._timer is not None or not self.is_attached:
            return
        wait = self._last_frame + _FRAME - asyncio.get_running_loop().time()
        self._timer = self.set_timer(max(0.001, wait), self._frame)

    def _take_in_soon(self) -> None:
        if self._intake is None:
            self._intake = self.set_timer(0.001, self._take_in)

    def _take_in(self) -> None:
        """Take in one slice of a batch too large for one frame."""
        self._intake = None
        if self._waiting:
            self.store.append(*self._waiting.popleft())
            self._ask_for_frame()
        if self._waiting:
            self._take_in_soon()

    def taken_in(self) -> None:
        """A frame's lines have been laid out; for what counts lines."""

    def _frame(self) -> None:
        """Take in what arrived since the last frame."""
        self._timer = None
        self._last_frame = asyncio.get_running_loop().time()
        if len(self.store) > MOST:
            self._let_go(len(self.store) - MOST + MOST // 10)
        end = self._rows - bool(self._note) - self.scroll_offset.y
        self.layout_of_lines.extend()
        if self._place(None):
            self.refresh()
        elif end < self.size.height:
            # Only the free lines under the old end are painted; what stood above stays as it is.
            end = max(0, end)
            self.refresh(Region(0, end, self.size.width, self.size.height - end))
        if self.layout_of_lines.folded:
            # The last phase may be folded: its heading counts the lines behind it.
            self._refresh_line(self.store.sections[-1].start)
        self.taken_in()
        if self.grown is not None:
            self.grown()

    def _let_go(self, count: int) -> None:
        """Let go of the oldest lines; what is in sight stays where it is, unless it is among them."""
        top, within = self.layout_of_lines.line_at(self.scroll_offset.y) if self.layout_of_lines.rows else (0, 0)
        opened = {
            line - count: self.layout_of_lines.unfolded(line)
            for line in self.layout_of_lines.unfolded_lines
            if line >= count
        }
        folded = {start - count for start in self.layout_of_lines.folded if start >= count}
        self.store.trim(count)
        self.dropped += count
        self.layout_of_lines.folded = folded & {section.start for section in self.store.sections}
        self.layout_of_lines.rebuild()
        self.layout_of_lines.unfold_only(opened)
        self.ink.marks = {line - count for line in self.ink.marks if line >= count}
        self._cursor = max(0, self._cursor - count)
        self.let_go(count)
        self._drawn.clear()
        self._place(None if self.following else self.layout_of_lines.row_of(max(0, top - count)) + within)
        self.refresh()

    def let_go(self, count: int) -> None:
        """So many of the first lines are gone; for what has line numbers of its own."""

    @property
    def _rows(self) -> int:
        return self.layout_of_lines.rows + bool(self._note)

    def _place(self, row: int | None) -> bool:
        """Scroll to a row; None: to the end while following, else stay. Says whether other rows are shown."""
        if row is None:
            row = self._rows if self.following else self.scroll_offset.y
        moved = toolkit.move_content(self, Size(self.size.width, self._rows), row)
        self._update_bar()
        return moved

    def _update_bar(self) -> None:
        bar = self.ink.bar(self.size.height, self.scroll_offset.y, self._rows)
        old, self._bar = self._bar, bar
        if len(old) == len(bar):
            x = self.size.width - BAR
            changed = [Region(x, y, BAR, 1) for y, (was, now) in enumerate(zip(old, bar, strict=True)) if was != now]
            if changed:
                self.refresh(*changed)

    def _last_in_sight(self) -> int:
        row = min(self.scroll_offset.y + self.size.height, self.layout_of_lines.rows) - 1
        return self.layout_of_lines.line_at(row)[0] if row >= 0 else 0

    def _catch_up(self) -> None:
        """Lay out what has arrived, without waiting for the frame."""
        if self.layout_of_lines.lines < len(self.store):
            self.layout_of_lines.extend()
            self._place(self.scroll_offset.y)

    def _refresh_line(self, line: int) -> None:
        if not 0 <= line < self.layout_of_lines.lines:
            return
        row = self.layout_of_lines.row_of(line) - self.scroll_offset.y
        height = self.layout_of_lines.height_of(line)
        self.repaint_lines(range(max(0, row), min(self.size.height, row + height)))

    def _after_layout(self, line: int, on_screen: int) -> None:
        """Heights changed: keep a line where it was on the screen."""
        self._drawn.clear()
        if self.following:
            self._place(None)
        else:
            if self.store and self.layout_of_lines.hidden(self._cursor):
                self._cursor = self.store.sections[self.store.section_at(self._cursor)].start
            self._place(self.layout_of_lines.row_of(line) - on_screen)
        self.refresh()

    @property
    def _text_width(self) -> int:
        return self.ink.text_width(self.size.width)

    def _lay_out_again(self, height: int | None = None) -> None:
        """Lay the lines out for the width there is now.

        The cursor's line stays where it is on the screen if it was in sight, else the row at the top does: of a line
        that is wrapped over many rows, too.

        Args:
            height: How many rows were in sight, where that was another number than now.
        """
        self._catch_up()
        layout, row = self.layout_of_lines, self.scroll_offset.y
        line, part = layout.line_at(row) if layout.rows else (0, 0)
        on_screen = -part
        if layout.rows and not self.following:
            below = layout.row_of(self._cursor) - row
            if 0 <= below < (self.size.height if height is None else height):
                line, on_screen = self._cursor, below
        width = self._text_width if self.wrapped else 0
        if width != layout.wrap_at:
            layout.wrap_at = width
            layout.rebuild()
        line = min(line, max(0, len(self.store) - 1))
        if on_screen < 0:
            on_screen = -min(-on_screen, max(0, layout.height_of(line) - 1))
        self._after_layout(line, min(on_screen, max(0, self.size.height - 1)))

    def _redraw(self) -> None:
        self._drawn.clear()
        self.refresh()

    # --- rendering -----------------------------------------------------------------------------------------------

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of a region: with nothing around them or over them, they are what ``render_line`` makes."""
        if self._width != self.size.width or not toolkit.is_bare(self):
            return super().render_lines(crop)
        strips = list(map(self.render_line, crop.line_range))
        background = self.background_colors[1]
        for one in self.get_line_filters():
            strips = [strip.apply_filter(one, background) for strip in strips]
        left, right = crop.column_span
        return strips if (left, right) == (0, self._width) else [strip.crop(left, right) for strip in strips]

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        if self._colours is None:
            self._colours = palette(self)
        # ``size`` is worth a dozen property look-ups; this runs for every line of every frame.
        width = self._width
        if width <= BAR:  # before the first size is known
            return Strip.blank(self.size.width, self._colours.base)
        text, style = self._bar[y] if y < len(self._bar) else (" ", "")
        segments = self._segments(y + round(self.scroll_y), width - BAR, self._colours)
        return Strip([*segments, Segment(text, self._colours[style])], width)

    def _segments(self, row: int, width: int, colours: Palette) -> list[Segment]:
        layout = self.layout_of_lines
        if row >= layout.rows:
            note = self._note if row == layout.rows else ""
            return segments_of(((" " * GUTTER, ""), *cell(note, "dim")), width, colours, glyphs=self.ink.glyphs)
        line, part = layout.line_at(row)
        selected = not self.following and line == self._cursor
        key = (line, part, selected)
        segments = self._drawn.get(key)
        if segments is None:
            content = self.ink.cell(line, part, width + BAR, selected=selected)
            segments = segments_of(
                content, width, colours, glyphs=self.ink.glyphs, selected=selected, focused=self.has_focus
            )
            # A folded phase's heading counts the lines behind it, which may still grow.
            if not layout.folded:
                self._drawn[key] = segments
        return segments

    # --- events --------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Lines may have come before."""
        self._ask_for_frame()

    def on_resize(self) -> None:
        """Another width wraps anew."""
        height, self._height = self._height, self.size.height
        self._width = self.size.width
        self._lay_out_again(height)

    def forget(self) -> None:
        """Drop the segments of every row."""
        self._drawn.clear()
        self._colours = None

    def on_focus(self) -> None:
        """The cursor's line is drawn by focus."""
        self._redraw_cursor()

    def on_blur(self) -> None:
        """The cursor's line is drawn by focus."""
        self._redraw_cursor()

    def _redraw_cursor(self) -> None:
        if not self.following:
            self._drawn.clear()
            self._refresh_line(self._cursor)
