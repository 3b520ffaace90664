"""``LogFolds``: what a person does to the lines of a log: folds, unfolds, wraps, times, marks, columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.binding import Binding
from textual.message import Message

from pointsman.console.present import log_json
from pointsman.console.present.logs import Stamps
from pointsman.console.widgets.log_canvas import LogCanvas


class LogFolds(LogCanvas):
    """A log whose lines can be folded, marked and shown otherwise; ``LogView`` moves and searches in it."""

    BINDINGS = [
        Binding("w", "wrap", "Wrap", show=False, id="log-wrap"),
        Binding("t", "timestamps", "Times", show=False, id="log-times"),
        Binding("f", "fold", "Fold phase, unfold JSON", show=False, id="log-fold"),
        Binding("F", "fold_all", "Fold all", show=False, id="log-fold-all"),
        Binding("m", "mark", "Mark line", show=False, id="log-mark"),
        Binding("M", "mark_to", "Mark up to here", show=False, id="log-mark-to"),
        Binding("quotation_mark", "marked(1)", "Next mark", key_display='"', show=False, id="log-marked"),
    ]

    class StampsChanged(Message, namespace="log_view"):
        """Times are shown another way."""

        def __init__(self, view: LogFolds, stamps: Stamps) -> None:
            super().__init__()
            self.view = view
            self.stamps = stamps

    class MarksChanged(Message, namespace="log_view"):
        """A line was marked, or no longer is."""

    _marked_last: int | None = None
    """The line that was marked last."""

    def follow(self, on: bool) -> None:
        """Keep the end in sight, or stand still."""
        raise NotImplementedError

    def go_to(self, line: int) -> None:
        """Put the cursor on a line."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget every line, and what was marked last."""
        self._marked_last = None
        super().clear()

    def let_go(self, count: int) -> None:
        """The line marked last has another number now."""
        if self._marked_last is not None:
            self._marked_last = self._marked_last - count if self._marked_last >= count else None

    # --- folding, wrapping, times, marks -------------------------------------------------------------------------

    def fold(self) -> None:
        """Fold the phase the cursor is in, or unfold it."""
        if not self.store:
            return
        self._catch_up()
        if self._fold_json():
            return
        if not self.store.phases:
            self.app.bell()
            return
        section = self.store.section_at(self.current_index or 0)
        start = self.store.sections[section].start
        self._refold(lambda: self.layout_of_lines.fold(section, start not in self.layout_of_lines.folded), start)

    def _fold_json(self) -> bool:
        """Unfold the line under the cursor, or fold it again; False when it is no JSON."""
        line = self.current_index or 0
        layout = self.layout_of_lines
        rows = 0 if layout.unfolded(line) else len(log_json.unfolded(self.store.texts[line])) - 1
        if rows < 1 and not layout.unfolded(line):
            return False
        if self.following:
            self.follow(False)
            self._cursor = line
        self._refold(lambda: layout.unfold(line, max(0, rows)), line)
        return True

    def _fold_all_json(self) -> bool:
        """Unfold every JSON line in sight, or fold what is unfolded; False when there is none of either."""
        layout = self.layout_of_lines
        if layout.unfolded_lines:
            self._refold(lambda: layout.unfold_only({}), self.current_index or 0)
            return True
        first = layout.line_at(self.scroll_offset.y)[0] if layout.rows else 0
        found: dict[int, int] = {}
        for line in range(first, min(len(self.store), self._last_in_sight() + 1)):
            if (rows := len(log_json.unfolded(self.store.texts[line])) - 1) > 0:
                found[line] = rows
        if not found:
            return False
        if self.following:
            self.follow(False)
        self._refold(lambda: layout.unfold_only(found), self.current_index or 0)
        return True

    def fold_all(self) -> None:
        """Fold every phase."""
        self._catch_up()
        at = self.store.sections[self.store.section_at(self.current_index or 0)].start
        self._refold(lambda: self.layout_of_lines.fold_all(True), at)

    def unfold_all(self) -> None:
        """Unfold every phase."""
        self._catch_up()
        self._refold(lambda: self.layout_of_lines.fold_all(False), self.current_index or 0)

    def _refold(self, change: Callable[[], None], line: int) -> None:
        on_screen = self.layout_of_lines.row_of(line) - self.scroll_offset.y
        change()
        self._after_layout(line, max(0, min(self.size.height - 1, on_screen)))

    def action_fold(self) -> None:
        """Fold or unfold the phase the cursor is in."""
        self.fold()

    def action_fold_all(self) -> None:
        """Fold everything, or unfold everything when something is folded; of JSON, what is in sight."""
        if not self.store:
            return
        self._catch_up()
        if self._fold_all_json() or not self.store.phases:
            return
        if self.layout_of_lines.folded:
            self.unfold_all()
        else:
            self.fold_all()

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them off."""
        self.wrapped = not self.wrapped
        self.ink.aside = 0
        self._lay_out_again()

    def action_timestamps(self) -> None:
        """Show each line's time: in the console's zone, in UTC, in the machine's, from a mark on, or not at all."""
        self.ink.stamps = self.ink.stamps.after(self.ink.zone)
        self._lay_out_again()
        self.post_message(self.StampsChanged(self, self.ink.stamps))

    def action_mark(self) -> None:
        """Mark the line under the cursor, or take its mark away; relative times are measured from it."""
        index = self.current_index
        if index is None:
            return
        self.ink.marks ^= {index}
        self._marked_last = index if index in self.ink.marks else None
        self.ink.anchor = self.store.times[max(self.ink.marks)] if self.ink.marks else None
        if self._marked_last is not None:
            self.ink.anchor = self.store.times[index]
        self._update_bar()
        self._redraw()
        self.post_message(self.MarksChanged())

    def action_mark_to(self) -> None:
        """Mark every line from the one marked last up to the cursor."""
        index = self.current_index
        if index is None or self._marked_last is None:
            self.app.bell()
            return
        low, high = sorted((index, self._marked_last))
        self.ink.marks |= set(range(low, high + 1))
        self._update_bar()
        self._redraw()
        self.post_message(self.MarksChanged())

    def action_marked(self, direction: int) -> None:
        """To the next mark, from the top again after the last."""
        marks = sorted(self.ink.marks)
        if not marks:
            self.app.bell()
            return
        here = self.current_index or 0
        following = [line for line in marks if line > here] if direction > 0 else [one for one in marks if one < here]
        self.go_to((following or marks)[0 if direction > 0 else -1])

    def marked_text(self) -> str:
        """The marked lines, a line each."""
        return "".join(f"{self.store.texts[line]}\n" for line in sorted(self.ink.marks))

    # --- JSON as columns, and what goes with a growing log -------------------------------------------------------

    def show_columns(self, columns: Sequence[str]) -> None:
        """Show these fields of JSON lines in place of their text; none shows the text again."""
        self.ink.columns = tuple(columns)
        self.ink.column_widths = log_json.column_widths(self.sample(), self.ink.columns)
        if columns and self.wrapped:
            self.wrapped = False
        self._lay_out_again()

    def sample(self, most: int = 300) -> list[str]:
        """Some JSON lines: those around the cursor."""
        if not self.store:
            return []
        here = self.current_index or 0
        around = self.store.texts[max(0, here - most) : here + most]
        return [text for text in around if log_json.looks_json(text)]

    def name_sources(self, labels: Sequence[str]) -> None:
        """What each source is called."""
        if tuple(labels) != self.ink.sources:
            before = self.ink.source_width
            self.ink.sources = tuple(labels)
            if self.ink.source_width != before:
                self._lay_out_again()
            else:
                self._redraw()
