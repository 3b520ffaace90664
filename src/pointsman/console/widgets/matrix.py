"""``Matrix``: rows by columns with a cursor that moves both ways; a thousand rows cost what ten do.

The first column and the header stay in sight. Lines are cached as strips; a line is drawn again only when its row, the
columns in sight or the cursor on it have changed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct
from textual import events
from textual.binding import Binding
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pointsman.console import toolkit
from pointsman.console.present import keyed
from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, fit
from pointsman.console.present.faults import freshness, freshness_lines
from pointsman.console.present.glyphs import ASCII
from pointsman.console.present.look import Look
from pointsman.console.widgets.ink import restyle, strip_of
from pointsman.console.widgets.palette import palette
from pointsman.model.snapshot import Snapshot

R = TypeVar("R")

_GAP = 1
_MARGIN = 1
"""Cells at the left for the cursor's marker."""


class _Drawn(Struct, Generic[R]):
    """A rendered row and what it was rendered from."""

    row: R
    strip: Strip
    due: datetime | None


class Matrix(ScrollView, Generic[R], can_focus=True):
    """Rows keyed by ref, columns as data; the caller sorts, the matrix keeps its place."""

    DEFAULT_CSS = """
    Matrix {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    """
    BINDINGS = [
        Binding("down,j", "by(1)", "Down", show=False, id="down"),
        Binding("up,k", "by(-1)", "Up", show=False, id="up"),
        Binding("right", "across(1)", "Next column", show=False, id="right"),
        Binding("left", "across(-1)", "Previous column", show=False, id="left"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="page-up"),
        Binding("g", "edge(0)", "First", show=False, id="first"),
        Binding("G", "edge(1)", "Last", show=False, id="last"),
        Binding("home", "side(0)", "First column", show=False, id="first-column"),
        Binding("end", "side(1)", "Last column", show=False, id="last-column"),
        Binding("enter", "select", "Open", show=False, id="open"),
    ]

    class Selected(Message):
        """Enter, or a double click, on a cell."""

        def __init__(self, matrix: Matrix[Any], ref: Any, column: str) -> None:
            super().__init__()
            self.matrix = matrix
            self.ref = ref
            self.column = column

        @property
        def control(self) -> Matrix[Any]:
            """The matrix it came from."""
            return self.matrix

    class Highlighted(Message):
        """The cursor came to another cell; ``ref`` is None when there are no rows."""

        def __init__(self, matrix: Matrix[Any], ref: Any, column: str) -> None:
            super().__init__()
            self.matrix = matrix
            self.ref = ref
            self.column = column

        @property
        def control(self) -> Matrix[Any]:
            """The matrix it came from."""
            return self.matrix

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, Matrix.Highlighted) and message.matrix is self.matrix

    def __init__(
        self,
        look: Look,
        *,
        key: Callable[[R], Hashable],
        noun: str = "rows",
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.look = look
        self.noun = noun
        self._key = key
        self._columns: Columns = ()
        self._columns_are: tuple[tuple[str, str, int], ...] = ()
        self._rows: Sequence[R] = ()
        self._keys: list[Hashable] = []
        self._index: dict[Hashable, int] = {}
        self._cursor = 0
        self._at = 0
        """The column the cursor is in; 0 is the row as a whole."""
        self._left = 1
        """The first column shown beside the one that stays."""
        self._snapshot: Snapshot[Any] = Snapshot()
        self._status: Cell = EMPTY
        self._notice: list[Cell] = []
        self._drawn: LRUCache[Hashable, _Drawn[R]] = LRUCache(512)
        self._announced: tuple[Hashable, str] | None = None
        self._moved = False
        self._fitted = Size(0, 0)
        """The size the lines are drawn for."""

    # --- what the outside asks and tells -------------------------------------------------------------------------

    @property
    def rows(self) -> Sequence[R]:
        """The rows, in the order shown."""
        return self._rows

    @property
    def cursor_row(self) -> R | None:
        """The selected row; None when there are none."""
        return self._rows[self._cursor] if self._keys else None

    @property
    def cursor_ref(self) -> Any:
        """The selected row's key; None when there are none."""
        return self._keys[self._cursor] if self._keys else None

    @property
    def cursor_column(self) -> str:
        """The key of the selected column."""
        return self._columns[self._at].key if self._at < len(self._columns) else ""

    def show(self, rows: Sequence[R], columns: Columns, snapshot: Snapshot[Any]) -> None:
        """Show these rows; cursor and scroll stay on the same key and column.

        Args:
            rows: Sorted and filtered by the caller.
            columns: The first one stays in sight; each is as wide as its ``least``, one with a share takes the rest.
            snapshot: What the rows were made of, for the line about its state.
        """
        keys = [self._key(row) for row in rows]
        before = self._shown()
        index = {key: at for at, key in enumerate(keys)}
        place = keyed.Place(self._cursor, self.scroll_offset.y)
        kept = keyed.keep(self._keys, keys, index, place, self._height()) if self._moved else keyed.Place()
        column = self.cursor_column
        self._rows, self._keys, self._index, self._cursor = rows, keys, index, kept.cursor
        self._snapshot = snapshot
        are = tuple((one.key, one.header, one.least) for one in columns)
        if are != self._columns_are:
            self._columns, self._columns_are = columns, are
            self._drawn.clear()
            known = [one.key for one in columns]
            self._at = known.index(column) if column in known else 0
            self._left = self._reveal(min(self._left, max(1, len(columns) - 1)))
        self._update_status()
        if self.is_attached:
            toolkit.resize_content(self, self._content_size())
            if kept.top != self.scroll_offset.y:
                toolkit.jump_to(self, y=kept.top)
            self._repaint_changes(before)
            self._schedule()
        self._announce()

    def move_to(self, ref: Hashable, column: str = "") -> bool:
        """Put the cursor on a cell; False when there is no such row."""
        found = self._index.get(ref)
        if found is None:
            return False
        at = next((at for at, one in enumerate(self._columns) if one.key == column), self._at)
        self._go(found, at)
        return True

    # --- geometry ------------------------------------------------------------------------------------------------

    def _height(self) -> int:
        return max(1, self.size.height - 1 - bool(self._status))

    def _content_size(self) -> Size:
        return Size(self.size.width, 1 + len(self._rows) + bool(self._status))

    def _room(self) -> int:
        """The cells beside the column that stays."""
        scrolls = 0 < self.size.height < self._content_size().height
        first = self._columns[0].least if self._columns else 0
        # The last cell says that there are more columns.
        return max(1, self.size.width - _MARGIN - scrolls - first - _GAP - 1)

    def _in_sight(self, left: int) -> list[tuple[int, Column[R], int]]:
        """The columns shown from one on: (where it is in the list, the column, its width)."""
        room = self._room()
        found: list[tuple[int, Column[R], int]] = []
        for at in range(left, len(self._columns)):
            column = self._columns[at]
            width = max(column.least, room) if column.share and at == len(self._columns) - 1 else column.least
            if found and min(width, column.least) > room:
                break
            found.append((at, column, min(width, room)))
            room -= width + _GAP
            if room <= 0:
                break
        return found

    def _fit(self) -> None:
        """Draw for the size there is: the first frame in another one comes before its Resize event."""
        if self.size.width != self._fitted.width:
            self._drawn.clear()
        self._fitted = self.size
        self._update_status()
        self._left = self._reveal(self._left)

    def _reveal(self, left: int) -> int:
        """The first column to show, so that the cursor's is in sight."""
        if self._at == 0:
            return 1
        left = min(left, self._at)
        while left < self._at and not any(at == self._at for at, _, _ in self._in_sight(left)):
            left += 1
        return left

    # --- rendering -----------------------------------------------------------------------------------------------

    @property
    def _status_line(self) -> int:
        return self.size.height - 1 if self._status and self._rows else -1

    def render_line(self, y: int) -> Strip:
        """One line of the screen: header, rows, and the line about the data's state."""
        if self.size != self._fitted:
            self._fit()
        width, colours = self.size.width, palette(self)
        if not self._rows:
            if 1 <= y <= len(self._notice):
                return strip_of(((" " * 2, ""), *self._notice[y - 1]), width, colours, glyphs=self.look.glyphs)
            return Strip.blank(width, colours.base)
        if y == 0:
            return strip_of(self._header(), width, colours, glyphs=self.look.glyphs)
        if y == self._status_line:
            return strip_of(((" " * 2, ""), *self._status), width, colours, glyphs=self.look.glyphs)
        index = y - 1 + self.scroll_offset.y
        if index >= len(self._rows):
            return Strip.blank(width, colours.base)
        return self._row_strip(index)

    def _header(self) -> Cell:
        glyphs = self.look.glyphs
        more_left = glyphs.ellipsis if self._left > 1 else " "
        line: list[tuple[str, str]] = [(" " * _MARGIN, "")]
        line.extend(fit(((self._columns[0].header, "header"),), self._columns[0].least, ellipsis=glyphs.ellipsis))
        shown = self._in_sight(self._left)
        for at, column, width in shown:
            line.append((more_left if at == self._left else " ", "dim"))
            style = "title" if at == self._at else "header"
            line.extend(fit(((column.header, style),), width, column.align, glyphs.ellipsis))
        if shown and shown[-1][0] < len(self._columns) - 1:
            line.append((glyphs.ellipsis, "dim"))
        return tuple(line)

    def _slot(self, index: int) -> Hashable:
        selected = index == self._cursor
        return (self._keys[index], self._left, self._at if selected else -1, selected and self.has_focus)

    def _row_strip(self, index: int) -> Strip:
        row, slot, width = self._rows[index], self._slot(index), self.size.width
        drawn = self._drawn.get(slot)
        if drawn is not None and drawn.strip.cell_length == width:
            fresh = drawn.due is None or drawn.due > self.look.now()
            if fresh and (drawn.row is row or drawn.row == row):
                drawn.row = row
                return drawn.strip
        draw = self.look.draw()
        glyphs, selected = draw.glyphs, index == self._cursor
        line: list[tuple[str, str]] = [(glyphs.cursor if selected else " ", "cursor")]
        first = self._columns[0]
        line.extend(self._marked(first.drawn(row, draw, first.least), selected and self._at == 0))
        for at, column, room in self._in_sight(self._left):
            line.append((" ", ""))
            line.extend(self._marked(column.drawn(row, draw, room), selected and at == self._at))
        strip = strip_of(tuple(line), width, palette(self), glyphs=glyphs)
        # Textual's cache keeps the first value of a key: one that is there already is changed.
        if drawn is None:
            self._drawn[slot] = _Drawn(row, strip, draw.due)
        else:
            drawn.row, drawn.strip, drawn.due = row, strip, draw.due
        return strip

    def _marked(self, content: Cell, selected: bool) -> Cell:
        if not selected:
            return content
        return restyle(content, "selected" if self.has_focus else "strong")

    def _shown(self) -> list[Strip]:
        if not self.is_attached or self.size.height == 0:
            return []
        return [self.render_line(y) for y in range(self.size.height)]

    def _repaint_changes(self, before: list[Strip]) -> None:
        after = self._shown()
        if len(before) != len(after):
            self.refresh()
            return
        width = self.size.width
        changed = [
            Region(0, y, width, 1)
            for y, (old, new) in enumerate(zip(before, after, strict=True))
            if old is not new and old != new
        ]
        if changed:
            self.refresh(*changed)

    def _update_status(self) -> None:
        draw = self.look.draw()
        self._status = freshness(self._snapshot, draw, self.noun)
        self._notice = [self._status or ((f"no {self.noun}", "dim"),)]
        if self._snapshot.fault is not None and not self._rows:
            self._notice = freshness_lines(self._snapshot, draw, self.noun, max(10, self.size.width - 2))

    def _schedule(self) -> None:
        due: datetime | None = None
        for index in self._visible():
            drawn = self._drawn.get(self._slot(index))
            if drawn is not None and drawn.due is not None and (due is None or drawn.due < due):
                due = drawn.due
        toolkit.ages(self, self.look.now).wake(self, due, self._tick)

    def _visible(self) -> range:
        top = self.scroll_offset.y
        return range(top, min(len(self._keys), top + self.size.height))

    def _tick(self) -> None:
        """Some shown time is due to change: draw those lines again."""
        before = [known.strip if (known := self._drawn.get(self._slot(at))) else None for at in self._visible()]
        width = self.size.width
        changed = [
            Region(0, y + 1, width, 1)
            for y, (at, old) in enumerate(zip(self._visible(), before, strict=True))
            if self._row_strip(at) is not old
        ]
        if changed:
            self.refresh(*changed)
        self._schedule()

    # --- moving --------------------------------------------------------------------------------------------------

    def _go(self, row: int, column: int) -> None:
        if not self._keys:
            return
        self._moved = True
        old, left = self._cursor, self._left
        self._cursor = max(0, min(len(self._keys) - 1, row))
        self._at = max(0, min(len(self._columns) - 1, column))
        self._left = self._reveal(left)
        now = keyed.reveal(keyed.Place(self._cursor, self.scroll_offset.y), self._height())
        if self._left != left:
            self.refresh()
        else:
            self._refresh_rows(old, self._cursor)
            self.refresh(Region(0, 0, self.size.width, 1))
        if now.top != self.scroll_offset.y:
            toolkit.jump_to(self, y=now.top)
        self.call_after_refresh(self._schedule)
        self._announce()

    def _refresh_rows(self, *indexes: int) -> None:
        top, width = self.scroll_offset.y, self.size.width
        shown = [Region(0, y, width, 1) for y in {index - top + 1 for index in indexes} if 1 <= y < self.size.height]
        if shown:
            self.refresh(*shown)

    def _announce(self) -> None:
        spot = (self.cursor_ref, self.cursor_column)
        if spot != self._announced:
            self._announced = spot
            self.post_message(self.Highlighted(self, *spot))

    def action_by(self, rows: int) -> None:
        """Move by rows."""
        self._go(self._cursor + rows, self._at)

    def action_across(self, columns: int) -> None:
        """Move by columns."""
        self._go(self._cursor, self._at + columns)

    def action_page(self, pages: int) -> None:
        """Move by pages."""
        self._go(self._cursor + pages * max(1, self._height() - 1), self._at)

    def action_edge(self, edge: int) -> None:
        """Move to the first or the last row."""
        self._go(len(self._keys) - 1 if edge else 0, self._at)

    def action_side(self, side: int) -> None:
        """Move to the first or the last column."""
        self._go(self._cursor, len(self._columns) - 1 if side else 0)

    def action_select(self) -> None:
        """Open the selected cell."""
        if self._keys:
            self.post_message(self.Selected(self, self.cursor_ref, self.cursor_column))

    # --- events --------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Start from what was shown before there was a size."""
        if self.look.glyphs is ASCII:
            toolkit.plain_bars(self)
        self.call_after_refresh(self._schedule)

    def on_resize(self) -> None:
        """Another width shows other columns."""
        self._fit()
        toolkit.resize_content(self, self._content_size())
        now = keyed.reveal(keyed.Place(self._cursor, self.scroll_offset.y), self._height())
        if now.top != self.scroll_offset.y:
            toolkit.jump_to(self, y=now.top)
        self.refresh()

    def notify_style_update(self) -> None:
        """The theme changed: strips carry its colours."""
        super().notify_style_update()
        self._drawn.clear()

    def on_focus(self) -> None:
        """The selected cell is drawn by focus."""
        self._refresh_rows(self._cursor)

    def on_blur(self) -> None:
        """The selected cell is drawn by focus."""
        self._refresh_rows(self._cursor)

    def on_click(self, event: events.Click) -> None:
        """A click selects, a double click opens."""
        index = event.y - 1 + self.scroll_offset.y
        if event.y < 1 or not 0 <= index < len(self._keys) or event.y == self._status_line:
            return
        event.stop()
        at, start = 0, _MARGIN + (self._columns[0].least + _GAP if self._columns else 0)
        for shown, _, width in self._in_sight(self._left):
            if start <= event.x < start + width + _GAP:
                at = shown
            start += width + _GAP
        self._go(index, at)
        if event.chain > 1:
            self.action_select()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows came into sight: their times count too."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value) and self.is_attached:
            self.call_after_refresh(self._schedule)
