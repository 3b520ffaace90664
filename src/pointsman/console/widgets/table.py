"""``LineTable``: every list. One widget, one line of cells per row, nothing rendered that is not seen."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

from textual import events
from textual.binding import Binding
from textual.cache import LRUCache
from textual.geometry import Size
from textual.strip import Strip

from pointsman.console import toolkit
from pointsman.console.present import keyed
from pointsman.console.present.cells import EMPTY, Cell, Columns, Placed, fit, place, plain
from pointsman.console.present.chosen_columns import choices, showing
from pointsman.console.present.faults import table_status
from pointsman.console.present.look import Draw, Look
from pointsman.console.present.order import RowOrder
from pointsman.console.widgets import table_events
from pointsman.console.widgets.ink import highlight, strip_of
from pointsman.console.widgets.line_view import LineView
from pointsman.console.widgets.palette import Palette
from pointsman.console.widgets.table_order import Drawn, Sorting
from pointsman.model.snapshot import Snapshot

R = TypeVar("R")

_MARGIN = 2
"""Cells at the left for the cursor's marker and a person's mark."""


class LineTable(LineView, Generic[R], can_focus=True):
    """Rows keyed by ref; the caller sorts and filters, the table keeps its place.

    The header stays in sight, as does a last line that says why the data is old or what is missing. When there is
    nothing to show, that line stands in place of the rows.
    """

    DEFAULT_CSS = """
    LineTable {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    """
    BINDINGS = [
        Binding("down,j", "by(1)", "Down", show=False, id="down"),
        Binding("up,k", "by(-1)", "Up", show=False, id="up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="page-up"),
        Binding("g,home", "edge(0)", "First", show=False, id="first"),
        Binding("G,end", "edge(1)", "Last", show=False, id="last"),
        Binding("enter", "select", "Open", show=False, id="open"),
        Binding("space", "mark", "Mark", show=False, id="mark"),
        Binding("o", "order", "Sort by the next column", show=False, id="sort"),
        Binding("O", "reverse", "Sort the other way round", show=False, id="sort-back"),
        Binding("V", "columns", "Columns: hide and show", show=False, id="columns"),
    ]

    Selected: TypeAlias = table_events.Selected
    Highlighted: TypeAlias = table_events.Highlighted
    Marked: TypeAlias = table_events.Marked
    Ordered: TypeAlias = table_events.Ordered
    ColumnsAsked: TypeAlias = table_events.ColumnsAsked

    def __init__(
        self,
        look: Look,
        columns: Columns,
        *,
        key: Callable[[R], Hashable],
        noun: str = "rows",
        own_columns: str = "",
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(look, name=name, id=id, classes=classes)
        self.columns: Columns = columns
        self.noun = noun
        self.own_columns = own_columns
        """Why a person does not choose here which columns show; empty where he does."""
        self._hidden: frozenset[str] = frozenset()
        self._key = key
        self._given: Sequence[R] = ()
        """The rows in the caller's order."""
        self._given_keys: list[Hashable] = []
        self._sorting: Sorting[R] = Sorting()
        self._looking_on = False
        self._whole: bool | None = None
        """Whether the first rows have all been read, as the caller said."""
        self._rows: Sequence[R] = ()
        self._keys: list[Hashable] = []
        self._index: dict[Hashable, int] = {}
        self._cursor = 0
        self._marked: set[Hashable] = set()
        self._needle = ""
        self._snapshot: Snapshot[Any] | None = Snapshot()
        self._placed: tuple[Placed[R], ...] = ()
        self._placed_for: tuple[int, int, tuple[str, ...]] | None = None
        self._fitted = Size(0, 0)
        """The size the columns are placed for."""
        self._drawn: LRUCache[Hashable, Drawn[R]] = LRUCache(1024)
        self._status: Cell = EMPTY
        self._status_due: datetime | None = None
        self._notice: list[Cell] = []
        """The status in full, for a table without rows."""
        self._announced: Hashable | None = None
        self._settled = False
        """Whether the cursor belongs to its key: a person has moved it, or the rows were whole once."""
        self._wished = ""
        """The name of the row to begin at, once it comes."""

    # --- what the outside asks and tells -------------------------------------------------------------------------

    @property
    def rows(self) -> Sequence[R]:
        """The rows, in the order shown."""
        return self._rows

    @property
    def placed(self) -> tuple[Placed[R], ...]:
        """The columns that show, with their widths."""
        return self._placed

    @property
    def cursor_ref(self) -> Any:
        """The selected row's key; None when there are no rows."""
        return self._keys[self._cursor] if self._keys else None

    @property
    def cursor_row(self) -> R | None:
        """The selected row; None when there are no rows."""
        return self._rows[self._cursor] if self._keys else None

    @property
    def cursor_index(self) -> int:
        """Where the cursor is."""
        return self._cursor

    @property
    def marked(self) -> frozenset[Any]:
        """The keys of marked rows; those that vanished are forgotten."""
        return frozenset(self._marked)

    def row(self, ref: Hashable) -> R | None:
        """The row of a key."""
        found = self._index.get(ref)
        return None if found is None else self._rows[found]

    def show(
        self,
        rows: Sequence[R],
        columns: Columns | None = None,
        *,
        snapshot: Snapshot[Any] | None = None,
        whole: bool | None = None,
    ) -> None:
        """Show these rows, in this order; cursor and scroll stay on the same key.

        While the first rows are still being read and nobody has moved the cursor, it stays on the first row.

        Args:
            rows: Sorted and filtered by the caller.
            columns: Other columns from now on.
            snapshot: What the rows were made of, for the line about its state; None when there is nothing to say.
            whole: Whether the first rows have all been read; None when the snapshot says so itself.
        """
        if columns is not None and columns is not self.columns:
            self.columns = columns
            self._drawn.clear()
            self._sorting.forget()
            self._placed_for = None
        self._given, self._whole = rows, whole
        self._given_keys = keys = [self._key(row) for row in rows]
        rows = self._sorting.sorted(rows, keys, self.columns, self.look.draw())
        if not self._sorting.whole:
            self._look_on_soon()
        if rows is not self._given:
            keys = [self._key(row) for row in rows]
        index = {key: at for at, key in enumerate(keys)}
        before = self._shown()
        kept = keyed.keep(
            self._keys, keys, index, keyed.Place(self._cursor, self.scroll_offset.y), self._height_for_rows()
        )
        if not self._settled:
            if whole is None:
                whole = snapshot is None or not snapshot.partial
            kept = self._first_place(keys)
            self._settled = bool(keys) and whole and self._sorting.whole
        self._rows, self._keys, self._index = rows, keys, index
        self._cursor = kept.cursor
        self._snapshot = snapshot
        gone = self._marked - index.keys()
        if gone:
            self._marked -= gone
            self.post_message(self.Marked(self, self.marked))
        self._update_status()
        self._measure()
        if self.is_attached:
            toolkit.resize_content(self, self._content_size())
            if kept.top != self.scroll_offset.y:
                toolkit.jump_to(self, y=kept.top)
            self._repaint_changes(before)
            self._schedule()
        self._announce()

    def begin_at(self, name: str) -> None:
        """Begin at the row of this name (``key_name``) once it comes, unless a person has moved the cursor by then."""
        self._wished = name

    def _first_place(self, keys: Sequence[Hashable]) -> keyed.Place:
        """Where the cursor is while it belongs to no key yet."""
        if self._wished:
            at = next((at for at, key in enumerate(keys) if keyed.key_name(key) == self._wished), 0)
            return keyed.reveal(keyed.Place(at, 0), self._height_for_rows())
        return keyed.Place()

    @property
    def order(self) -> RowOrder:
        """By what the rows are sorted."""
        return self._sorting.order

    @property
    def working(self) -> bool:
        """Whether rows are still to be looked at before they can be sorted."""
        return not self._sorting.whole

    def order_by(self, order: RowOrder) -> None:
        """Sort until told otherwise; by a column there is not is the caller's order.

        The header says so at once; ten thousand rows follow when what they show has been found, frame by frame.
        """
        self._sorting.order = order.known(self.columns)
        self._sort_on()
        if self.is_attached:
            self.repaint_lines((0,))

    def _look_on_soon(self) -> None:
        """Look at more rows in the next frame; there is one round of that at a time."""
        if not self._looking_on and self.is_attached:
            self._looking_on = True
            self.set_timer(0.001, self._look_on)  # a timer: messages in a queue are handled in one frame

    def _look_on(self) -> None:
        self._looking_on = False
        if not self._sorting.whole:
            self._sort_on()

    def _sort_on(self) -> None:
        """Look at more rows; once all are known, show them in their order."""
        if self._sorting.learn(self._given, self._given_keys, self.columns, self.look.draw()):
            self.show(self._given, snapshot=self._snapshot, whole=self._whole)
        else:
            self._look_on_soon()

    @property
    def hidden(self) -> frozenset[str]:
        """The keys of the columns that a person hid; one that says which row is which shows all the same."""
        return self._hidden

    def hide(self, keys: Iterable[str]) -> None:
        """Show every column but these. Rows that are sorted by a hidden one stay so: ``o`` begins at the first."""
        self._hidden = frozenset(keys)
        self._measure()
        if self.is_attached:
            self.refresh()

    def action_columns(self) -> None:
        """Ask which columns show."""
        if self.own_columns:
            self.notify(self.own_columns, markup=False, severity="warning", timeout=4)
        else:
            placed = {one.column.key for one in self._placed}
            self.post_message(self.ColumnsAsked(self, choices(self.columns, self._hidden, placed, self.order.column)))

    def action_order(self) -> None:
        """Sort by the next column that shows, and after the last one not at all."""
        self.order_by(self.order.following(self._placed))
        self.post_message(self.Ordered(self, self.order))

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self.order_by(self.order.flipped(self._placed))
        self.post_message(self.Ordered(self, self.order))

    def move_to(self, ref: Hashable) -> bool:
        """Put the cursor on a row; False when there is no such row."""
        found = self._index.get(ref)
        if found is None:
            return False
        self._go(found)
        return True

    def move_by(self, rows: int) -> None:
        """Move the cursor."""
        self._go(self._cursor + rows)

    def clear_marks(self) -> None:
        """Forget every mark."""
        if self._marked:
            marked, self._marked = self._marked, set()
            for key in marked:
                self._forget(key)
            self.refresh()
            self.post_message(self.Marked(self, frozenset()))

    def highlight(self, needle: str) -> None:
        """Underline a text wherever it shows."""
        if needle != self._needle:
            self._needle = needle
            self._drawn.clear()
            self.refresh()

    def text(self) -> str:
        """Header and rows as plain text, for copies and tests."""
        draw = self.look.draw()
        lines = [plain(self._header())]
        lines += [plain(self._compose_row(row, draw, key)) for row, key in zip(self._rows, self._keys, strict=True)]
        if self._status:
            lines.append(plain(self._status))
        return "\n".join(line.rstrip() for line in lines)

    # --- geometry ------------------------------------------------------------------------------------------------

    @property
    def _status_line(self) -> int:
        """The screen line of the status: the last one, or the first under the header when there are no rows."""
        if not self._status:
            return -1
        return self.size.height - 1 if self._rows else 1

    def _height_for_rows(self) -> int:
        return max(1, self.size.height - 1 - bool(self._status))

    def _content_size(self) -> Size:
        return Size(self.size.width, 1 + len(self._rows) + bool(self._status))

    def _measure(self) -> None:
        # ``size`` counts the scroll bar's column in: what stands there, an ellipsis at worst, would be covered.
        scrolls = 0 < self.size.height < self._content_size().height
        room = max(1, self.size.width - _MARGIN - scrolls)
        columns = showing(self.columns, self._hidden)
        wanted = (room, len(self._rows), tuple(column.key for column in columns))
        if wanted == self._placed_for and not any(column.measure for column in columns):
            return
        placed = place(columns, room, self._rows)
        self._placed_for = wanted
        if placed != self._placed:
            self._placed = placed
            self._drawn.clear()

    def _fit(self) -> None:
        """Place the columns for the size there is.

        The first frame in another size is drawn before its Resize event is handled; it must not show the old columns.
        """
        if self.size.width != self._fitted.width:
            self._drawn.clear()
        self._fitted = self.size
        self._placed_for = None
        self._update_status()
        self._measure()

    def _shown(self) -> list[Strip]:
        size = self.size
        return [self._line(y, size) for y in range(size.height)] if self.is_attached else []

    def _repaint_changes(self, before: list[Strip]) -> None:
        after = self._shown()
        if len(before) != len(after):
            self.refresh()
            return
        self.repaint_lines(y for y, (old, new) in enumerate(zip(before, after, strict=True)) if old != new)

    # --- rendering -----------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One line of the screen: header, rows, and the line about the data's state."""
        return self._line(y, self.size)

    def _line(self, y: int, size: Size) -> Strip:
        if size != self._fitted:
            self._fit()
        width = size.width
        colours = self.colours
        if y == 0:
            return strip_of(self._header(), width, colours, glyphs=self.look.glyphs)
        if not self._rows and 1 <= y <= len(self._notice):
            return strip_of(((" " * _MARGIN, ""), *self._notice[y - 1]), width, colours, glyphs=self.look.glyphs)
        if y == self._status_line:
            return strip_of(((" " * _MARGIN, ""), *self._status), width, colours, glyphs=self.look.glyphs)
        index = y - 1 + self.scroll_offset.y
        if index >= len(self._rows):
            return Strip.blank(width, colours.base)
        return self._row_strip(index, width, colours)

    def _header(self) -> Cell:
        line: list[tuple[str, str]] = [(" " * _MARGIN, "")]
        draw = self.look.draw()
        for at, placed in enumerate(self._placed):
            if at:
                line.append((" ", ""))
            line.extend(
                fit(self.order.heading(placed, draw), placed.width, placed.column.align, self.look.glyphs.ellipsis)
            )
        return tuple(line)

    def _compose_row(self, row: R, draw: Draw, key: Hashable) -> Cell:
        glyphs = draw.glyphs
        selected = bool(self._keys) and key == self._keys[self._cursor]
        line: list[tuple[str, str]] = [
            (glyphs.cursor if selected else " ", "cursor"),
            (glyphs.mark if key in self._marked else " ", "mark"),
        ]
        for at, placed in enumerate(self._placed):
            if at:
                line.append((" ", ""))
            content = placed.column.drawn(row, draw, placed.width)
            line.extend(highlight(content, self._needle) if self._needle else content)
        return tuple(line)

    def _row_strip(self, index: int, width: int, colours: Palette) -> Strip:
        key = self._keys[index]
        row = self._rows[index]
        selected = index == self._cursor
        slot = (key, selected, selected and self.has_focus)
        drawn = self._drawn.get(slot)
        if drawn is not None and drawn.strip.cell_length == width:
            if drawn.row is row and (drawn.due is None or drawn.due > self.look.now()):
                return drawn.strip
            if drawn.row == row and drawn.due is None:
                drawn.row = row
                return drawn.strip
        draw = self.look.draw()
        content = self._compose_row(row, draw, key)
        if drawn is not None and drawn.content == content and drawn.strip.cell_length == width:
            drawn.row, drawn.due = row, draw.due
            return drawn.strip
        strip = strip_of(content, width, colours, glyphs=draw.glyphs, selected=selected, focused=self.has_focus)
        self._drawn.discard(slot)  # Textual's cache keeps the first value of a key
        self._drawn[slot] = Drawn(row, content, strip, draw.due)
        return strip

    def _forget(self, key: Hashable) -> None:
        for slot in ((key, False, False), (key, True, False), (key, True, True)):
            self._drawn.discard(slot)

    def _update_status(self) -> None:
        draw = self.look.draw()
        room = self.size.width - _MARGIN
        self._status, self._notice = table_status(self._snapshot, draw, self.noun, bool(self._rows), room)
        self._status_due = draw.due

    def _schedule(self) -> None:
        due = self._status_due
        for y in range(1, self.size.height):
            drawn = self._kept(y)
            if drawn is not None and drawn.due is not None and (due is None or drawn.due < due):
                due = drawn.due
        toolkit.ages(self, self.look.now).wake(self, due, self._tick)

    def _tick(self) -> None:
        """Some shown text is due to change: repaint those lines."""
        size = self.size
        if not self.is_attached or size.height == 0:
            return
        had_status, now = self._status, self.look.now()
        self._update_status()
        changed = []
        for y in range(1, size.height):
            drawn = self._kept(y)
            if drawn is not None and drawn.due is not None and drawn.due <= now:
                old = drawn.strip
                if self._line(y, size) is not old:
                    changed.append(y)
        if self._status != had_status:
            changed += range(self.size.height - 1 if self._rows else 1, self.size.height)
            if bool(self._status) != bool(had_status):
                toolkit.resize_content(self, self._content_size())
        self.repaint_lines(changed)
        self._schedule()

    def _kept(self, y: int) -> Drawn[R] | None:
        """What was last drawn on a line of rows."""
        index = y - 1 + self.scroll_offset.y
        if index >= len(self._keys) or y == self._status_line:
            return None
        selected = index == self._cursor
        return self._drawn.get((self._keys[index], selected, selected and self.has_focus))

    # --- moving --------------------------------------------------------------------------------------------------

    def _go(self, index: int) -> None:
        if not self._keys:
            return
        self._settled = True
        old, self._cursor = self._cursor, max(0, min(len(self._keys) - 1, index))
        now = keyed.reveal(keyed.Place(self._cursor, self.scroll_offset.y), self._height_for_rows())
        if now.top != self.scroll_offset.y:
            toolkit.jump_to(self, y=now.top)
            self._schedule_soon()
        if old != self._cursor:
            self._refresh_rows(old, self._cursor)
            self._announce()

    def _refresh_rows(self, *indexes: int) -> None:
        top, last = self.scroll_offset.y, self.size.height - bool(self._status)
        lines = {index - top + 1 for index in indexes}
        self.repaint_lines(y for y in sorted(lines) if 1 <= y < last)

    def _announce(self) -> None:
        ref = self.cursor_ref
        if ref != self._announced:
            self._announced = ref
            self.post_message(self.Highlighted(self, ref))

    def _schedule_soon(self) -> None:
        self.call_after_refresh(self._schedule)

    def action_by(self, rows: int) -> None:
        """Move the cursor by rows."""
        self.move_by(rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        self.move_by(pages * max(1, self._height_for_rows() - 1))

    def action_edge(self, edge: int) -> None:
        """Move the cursor to the first or the last row."""
        self._go(len(self._keys) - 1 if edge else 0)

    def action_select(self) -> None:
        """Open the selected row."""
        if self._keys:
            self.post_message(self.Selected(self, self.cursor_ref))

    def action_mark(self) -> None:
        """Mark the selected row, or take its mark away, and move on."""
        if not self._keys:
            return
        key = self._keys[self._cursor]
        self._marked ^= {key}
        self._forget(key)
        self._refresh_rows(self._cursor)
        self.post_message(self.Marked(self, self.marked))
        self.move_by(1)

    # --- events --------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Start from what was shown before there was a size."""
        self.plain_bars()
        self._update_status()
        if self.working:
            self._look_on_soon()
        self.call_after_refresh(self._schedule)

    def on_resize(self) -> None:
        """Columns come and go with the width."""
        self._fit()
        toolkit.resize_content(self, self._content_size())
        place_now = keyed.reveal(keyed.Place(self._cursor, self.scroll_offset.y), self._height_for_rows())
        if place_now.top != self.scroll_offset.y:
            toolkit.jump_to(self, y=place_now.top)
        self.refresh()
        self._schedule_soon()

    def forget(self) -> None:
        """Drop the strips of every row."""
        self._drawn.clear()

    def on_focus(self) -> None:
        """The selected line is drawn by focus."""
        self._refresh_rows(self._cursor)

    def on_blur(self) -> None:
        """The selected line is drawn by focus."""
        self._refresh_rows(self._cursor)

    def on_click(self, event: events.Click) -> None:
        """A click selects; a click on the selected row, or a double click, opens."""
        event.stop()
        index = event.y - 1 + self.scroll_offset.y
        if event.y < 1 or not 0 <= index < len(self._keys) or event.y == self._status_line:
            return
        again = index == self._cursor and event.chain > 1
        self._go(index)
        if again:
            self.action_select()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows came into sight: their ages count too."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value) and self.is_attached:
            self._schedule_soon()
