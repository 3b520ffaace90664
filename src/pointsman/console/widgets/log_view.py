"""``LogView``: a log that follows, stands still when it is told to, folds, searches and never loses a line."""

from __future__ import annotations

import time

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.timer import Timer

from pointsman.console.present.logs import Kind
from pointsman.console.widgets.log_folds import LogFolds
from pointsman.console.widgets.log_search import LogSearch

_SCAN = 0.004
"""Seconds a slice of searching takes at most."""


class LogView(LogFolds):
    """A log under a person's hands."""

    BINDINGS = [
        Binding("space", "pause", "Follow or pause", show=False, id="log-pause"),
        Binding("down,j", "by(1)", "Down", show=False, id="down"),
        Binding("up,k", "by(-1)", "Up", show=False, id="up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="page-up"),
        Binding("g,home", "top", "Top", show=False, id="first"),
        Binding("G,end", "bottom", "Bottom, and follow", show=False, id="last"),
        Binding("right", "aside(8)", "Right", show=False, id="right"),
        Binding("left", "aside(-8)", "Left", show=False, id="left"),
        Binding("e", "error(1)", "Next error", show=False, id="log-error"),
        Binding("E", "error(-1)", "Previous error", show=False, id="log-error-back"),
        Binding("n", "match(1)", "Next match", show=False, id="next"),
        Binding("N", "match(-1)", "Previous match", show=False, id="previous"),
        Binding("slash", "ask", "Search", show=False, id="filter"),
    ]

    class FollowChanged(Message):
        """The view follows the end, or stands still."""

        def __init__(self, view: LogView, following: bool) -> None:
            super().__init__()
            self.view = view
            self.following = following

        @property
        def control(self) -> LogView:
            """The view it came from."""
            return self.view

    class Moved(Message):
        """The cursor is on another line."""

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, LogView.Moved)

    class ErrorReached(Message):
        """A person went to a line that looks like an error."""

    class SearchChanged(Message):
        """The search found more, or went on to another match."""

        def __init__(self, view: LogView, needle: str, count: int, index: int, complete: bool) -> None:
            super().__init__()
            self.view = view
            self.needle = needle
            self.count = count
            """Lines that match, so far."""
            self.index = index
            """Which of them the cursor is on, from 1; 0 when on none."""
            self.complete = complete

        @property
        def control(self) -> LogView:
            """The view it came from."""
            return self.view

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, LogView.SearchChanged) and message.view is self.view

    class SearchAsked(Message):
        """A person wants to search: show a field and call ``search``."""

    _search: LogSearch | None = None

    _jump_from: int | None = None
    """While a search has not gone to its first match: the line before the first one it may go to."""
    _told: tuple[int, int, bool] | None = None
    _scanner: Timer | None = None

    @property
    def working(self) -> bool:
        """Whether lines are still to be painted or searched."""
        return super().working or self._scanner is not None

    def clear(self) -> None:
        """Forget every line, and the search."""
        self._search = self._jump_from = self._told = None
        super().clear()

    def taken_in(self) -> None:
        """New lines are searched too."""
        if self._search is not None:
            self._scan_soon()

    # --- following -----------------------------------------------------------------------------------------------

    def follow(self, on: bool) -> None:
        """Keep the end in sight, or stand still exactly where the view is."""
        if on == self.following:
            return
        if on:
            self.following = True
            self._catch_up()
            self._place(None)
        else:
            # Lines that came but are not painted yet lie below: nothing in sight moves.
            self._cursor = self._last_in_sight()
            self.following = False
        self._drawn.clear()
        self.refresh()
        self.post_message(self.FollowChanged(self, on))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The wheel scrolled: back stops following, and the cursor goes along."""
        super().watch_scroll_y(old_value, new_value)
        if not self.is_attached:
            return
        self._update_bar()
        # A view that becomes taller is put back as well, but stays at its end.
        if self.following and round(new_value) < round(old_value) and round(new_value) < self.max_scroll_y:
            self.follow(False)

    # --- moving --------------------------------------------------------------------------------------------------

    def go_to(self, line: int) -> None:
        """Put the cursor on a line, unfolding what hides it."""
        if not self.store:
            return
        self._catch_up()
        line = max(0, min(len(self.store) - 1, line))
        if self.layout_of_lines.hidden(line):
            self.layout_of_lines.fold(self.store.section_at(line), False)
            self._drawn.clear()
            self._place(None)
            self.refresh()
        self._put_cursor(line)

    def at_time(self, milliseconds: int) -> None:
        """Put the cursor on the first line at or after a moment."""
        self.go_to(self.store.at_time(milliseconds))

    def _put_cursor(self, line: int, *, middle: bool = True) -> None:
        if self.following:
            self.follow(False)
        old, self._cursor = self._cursor, line
        row = self.layout_of_lines.row_of(line)
        height = max(1, self.size.height)
        top = self.scroll_offset.y
        last = row + min(height, max(1, self.layout_of_lines.height_of(line))) - 1
        target = top
        if row < top:
            target = row - height // 3 if middle and top - row > 1 else row
        elif last >= top + height:
            target = row - height // 3 if middle and last - top - height > 1 else last - height + 1
        if self._place(target):
            self.refresh()
        self._refresh_line(old)
        self._refresh_line(line)
        self._tell_search()
        if line != old:
            self.post_message(self.Moved())

    def _move(self, rows: int) -> None:
        if not self.store:
            return
        self._catch_up()
        layout = self.layout_of_lines
        here = self._last_in_sight() if self.following else self._cursor
        step = layout.height_of(here) if rows > 0 else 1
        row = layout.row_of(here) + (max(rows, step) if rows > 0 else rows)
        line, _ = layout.line_at(max(0, min(layout.rows - 1, row)))
        self._put_cursor(min(line, len(self.store) - 1), middle=False)

    def action_by(self, rows: int) -> None:
        """Move the cursor by lines."""
        self._move(rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        self._move(pages * max(1, self.size.height - 1))

    def action_top(self) -> None:
        """The first line."""
        if self.store:
            self._catch_up()
            self._put_cursor(0, middle=False)

    def action_bottom(self) -> None:
        """The last line, and go on following."""
        self.follow(True)

    def action_pause(self) -> None:
        """Follow, or stand still."""
        self.follow(not self.following)

    def action_aside(self, columns: int) -> None:
        """Look further to the right or left, where lines are not wrapped."""
        if self.wrapped:
            return
        aside = max(0, min(max(0, self.store.widest - self._text_width), self.ink.aside + columns))
        if aside != self.ink.aside:
            self.ink.aside = aside
            self._redraw()

    # --- errors --------------------------------------------------------------------------------------------------

    def next_error(self) -> bool:
        """Go to the next error; False when there is none."""
        return self._go_to_error(self.store.next_error(self._here()))

    def previous_error(self) -> bool:
        """Go to the error before, from the end while following; False when there is none."""
        before = len(self.store) if self.following else self._cursor
        return self._go_to_error(self.store.previous_error(before))

    def first_error(self) -> bool:
        """Go to the first error; False when there is none."""
        return self._go_to_error(self.store.next_error(-1))

    def _here(self) -> int:
        # While following, the first jump forward goes to the first error, not past the end.
        if self.following:
            return -1 if not self.store.errors else self.store.errors[0] - 1
        return self._cursor

    def _go_to_error(self, line: int | None) -> bool:
        if line is None:
            self.app.bell()
            return False
        self.go_to(line)
        self.post_message(self.ErrorReached())
        return True

    def action_error(self, direction: int) -> None:
        """The next or the previous error; backwards from the end while following."""
        if direction > 0:
            self.next_error()
        else:
            self.previous_error()

    # --- searching -----------------------------------------------------------------------------------------------

    def search(self, needle: str) -> None:
        """Look for a text, whatever its case, from the first line in sight on; an empty one ends the search."""
        self._drawn.clear()
        self.refresh()
        self._told = None
        if not needle:
            self._search = self._jump_from = None
            self.ink.needle = ""
            self.ink.matches = ()
            self._update_bar()
            self.post_message(self.SearchChanged(self, "", 0, 0, True))
            return
        self._search = LogSearch(self.store, needle)
        self.ink.needle = needle
        self.ink.matches = self._search.matches
        self._jump_from = self.layout_of_lines.line_at(self.scroll_offset.y)[0] - 1 if self.store else -1
        self._scan_soon()

    def next_match(self) -> None:
        """Go to the next match, from the top again after the last."""
        self._go_to_match(1)

    def previous_match(self) -> None:
        """Go to the match before, from the bottom again before the first."""
        self._go_to_match(-1)

    def action_match(self, direction: int) -> None:
        """The next or the previous match."""
        self._go_to_match(direction)

    def action_ask(self) -> None:
        """Let a person type what to search."""
        self.post_message(self.SearchAsked())

    def _go_to_match(self, direction: int) -> None:
        search = self._search
        if search is None:
            return
        here = self.current_index
        at = -1 if here is None else here
        line = search.after(at) if direction > 0 else search.before(at)
        if line is not None:
            self._jump_from = None
            self.go_to(line)

    def _scan_soon(self) -> None:
        if self._scanner is None and self.is_attached:
            self._scanner = self.set_timer(0.001, self._scan)

    def _scan(self) -> None:
        self._scanner = None
        search = self._search
        if search is None:
            return
        search.scan(_SCAN, time.perf_counter)
        if self._jump_from is not None and search.matches:
            line = search.after(self._jump_from)
            assert line is not None
            if line > self._jump_from or search.complete:
                self._jump_from = None
                self.go_to(line)
        if not search.complete:
            self._scan_soon()
        else:
            self._jump_from = None
            self._update_bar()
        self._tell_search()

    def _tell_search(self) -> None:
        search = self._search
        if search is None:
            return
        told = (len(search.matches), search.index_of(self.current_index), search.complete)
        if told != self._told:
            self._told = told
            self.post_message(self.SearchChanged(self, search.needle, *told))

    def let_go(self, count: int) -> None:
        """A search has numbers of lines too."""
        super().let_go(count)
        if self._search is not None:
            self._search.let_go(count)
            self.ink.matches = self._search.matches

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a line; a double click on a phase folds it."""
        row = event.y + self.scroll_offset.y
        if row >= self.layout_of_lines.rows:
            return
        event.stop()
        line, _ = self.layout_of_lines.line_at(row)
        self._put_cursor(line)
        if event.chain > 1 and self.store.kinds[line] == Kind.PHASE:
            self.fold()
