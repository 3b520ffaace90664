"""A dialog to read: a description, raw JSON, who one is, the keys. It scrolls, searches and copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from pointsman.console.dialogs.base import Dialog
from pointsman.console.present.cells import Cell, cell, plain
from pointsman.console.present.look import Draw, Look
from pointsman.console.present.text import cells, clean, head, wrap
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.ink import highlight
from pointsman.console.widgets.lines import CellLines

__all__ = ["Reading", "TextDialog", "block"]

Reading = str | Callable[[int], Sequence[Cell]]
"""Text with line ends, or (width) -> lines."""


def block(text: str, width: int) -> list[Cell]:
    """Text as lines of at most ``width`` cells; what is cut off goes on under its own indentation."""
    lines: list[Cell] = []
    for raw in text.split("\n"):
        line = clean(raw.replace("\t", "    "))
        indent = " " * min(len(line) - len(line.lstrip()) + 2, max(0, width // 2))
        if cells(line) > max(4, width):
            first = head(line, width)
            lines.append(cell(first))
            lines += [cell(indent + piece) for piece in wrap(line[len(first) :], max(2, width - len(indent)))]
        else:
            lines.append(cell(line))
    return lines


class TextDialog(Dialog[None]):
    """Something to read. ``/`` searches it, ``n`` and ``N`` go on, ``c`` copies all of it."""

    DEFAULT_CSS = """
    TextDialog > #box > #text { height: auto; max-height: 1fr; background: $surface; }
    TextDialog > #box > FilterBar { dock: bottom; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "close", "close", show=False),
        Binding("slash", "search", "search", show=False),
        Binding("n", "again(1)", "next", show=False),
        Binding("N", "again(-1)", "previous", show=False),
        Binding("c", "copy", "copy", show=False),
    ]

    foot = "esc close   / search   n N next   c copy"

    class Copied(Message):
        """The text was asked for; the app sends it to the terminal."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text = text
            self.what = what

    def __init__(self, look: Look, heading: str, reading: Reading, *, wide: bool = False) -> None:
        super().__init__(classes="wide" if wide else "")
        self.heading = heading
        self._look = look
        self._reading = reading
        self._sought = ""
        self._at = -1

    def body(self) -> ComposeResult:
        """The text, in lines that scroll."""
        yield CellLines(self._look, self._lines, id="text")
        yield FilterBar(prompt="/", placeholder="search")

    def on_mount(self) -> None:
        """The text has the keys."""
        self.query_one("#text").focus()

    def _bare(self, width: int) -> Sequence[Cell]:
        return block(self._reading, width) if isinstance(self._reading, str) else self._reading(width)

    def _lines(self, draw: Draw, width: int) -> Sequence[Cell]:
        del draw
        lines = self._bare(width)
        if not self._sought:
            return lines
        return [highlight(line, self._sought) for line in lines]

    def action_search(self) -> None:
        """Ask what to look for."""
        self.query_one(FilterBar).open(self._sought)

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Mark it at each key."""
        event.stop()
        self._sought, self._at = event.value.lower(), -1
        self.query_one("#text", CellLines).redraw()

    def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Go to the first."""
        event.stop()
        self._sought, self._at = event.value.lower(), -1
        self.query_one("#text").focus()
        self.action_again(1)

    def on_filter_bar_cancelled(self, event: FilterBar.Cancelled) -> None:
        """Forget it."""
        event.stop()
        self._sought, self._at = "", -1
        self.query_one("#text", CellLines).redraw()
        self.query_one("#text").focus()

    def action_again(self, step: int) -> None:
        """To the next or previous line that has what was looked for."""
        view = self.query_one("#text", CellLines)
        lines = self._bare(max(1, view.size.width))
        found = [at for at, line in enumerate(lines) if self._sought and self._sought in plain(line).lower()]
        box = self.query_one("#box")
        if not found:
            said = f"nothing says {self._sought!r}" if self._sought else self.foot
            box.border_subtitle = Text(self.safe(said))
            return
        after = [at for at in found if (at > self._at if step > 0 else at < self._at)]
        self._at = (after[0] if after else found[0]) if step > 0 else (after[-1] if after else found[-1])
        view.redraw()
        view.scroll_to(y=max(0, self._at - 2), animate=False, force=True)
        box.border_subtitle = Text(f"{found.index(self._at) + 1} of {len(found)}   n N next   esc close")

    def action_copy(self) -> None:
        """Send all of it to the clipboard."""
        text = (
            self._reading if isinstance(self._reading, str) else "\n".join(plain(line) for line in self._reading(200))
        )
        self.post_message(self.Copied(text, self.heading))
