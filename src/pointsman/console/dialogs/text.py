"""A dialog to read: a description, raw JSON, who one is, the keys. It scrolls, searches and copies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.dialogs.base import Dialog
from pointsman.console.present.cells import Cell, cell, plain
from pointsman.console.present.look import Draw, Look
from pointsman.console.present.text import cells, clean, head, wrap
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.ink import highlight
from pointsman.console.widgets.lines import CellLines
from pointsman.console.working import begin

__all__ = ["Reading", "TextDialog", "block"]

Reading = str | Callable[[int], Sequence[Cell]]
"""Text with line ends, or (width) -> lines."""
LONG = 100_000
"""Characters of a text that is laid out beside the loop."""


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


class _Pages(CellLines):
    """The lines, with what is looked for marked in those that are drawn."""

    sought = ""

    def decorate(self, y: int, line: Cell) -> Cell:  # noqa: ARG002
        """Mark what is looked for."""
        return highlight(line, self.sought)

    def look_for(self, words: str) -> None:
        """Mark this from now on."""
        self.sought = words
        self.forget()
        self.refresh()


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

    def __init__(self, look: Look, heading: str, reading: Reading, *, wide: bool = False) -> None:
        super().__init__(classes="wide" if wide else "")
        self.heading = heading
        self._look = look
        self._reading = reading
        self._at = -1
        self._laid: tuple[int, Sequence[Cell]] | None = None
        """The lines of a text, and for which width."""
        self._laying = 0
        """The width a long text is being laid out for."""

    def body(self) -> ComposeResult:
        """The text, in lines that scroll."""
        yield _Pages(self._look, self._lines, id="text")
        yield FilterBar(prompt="/", placeholder="search")

    def on_mount(self) -> None:
        """The text has the keys."""
        self.query_one("#text").focus()

    def _lines(self, draw: Draw, width: int) -> Sequence[Cell]:
        reading = self._reading
        if not isinstance(reading, str):
            return reading(width)
        if self._laid is None or self._laid[0] != width:
            if len(reading) > LONG:
                self._lay_out(reading, width)
                waits = f"laying out {len(reading):,} characters{draw.glyphs.ellipsis}"
                return self._laid[1] if self._laid is not None else (cell(waits, "dim"),)
            self._laid = width, block(reading, width)
        return self._laid[1]

    def _lay_out(self, text: str, width: int) -> None:
        if self._laying == width:
            return
        self._laying = width

        async def lay() -> None:
            self._laid = width, await asyncio.to_thread(block, text, width)
            self._laying = 0
            self._pages.redraw()

        begin(self, lay, name="lay out a text", group="layout", exclusive=True)

    @property
    def _pages(self) -> _Pages:
        return self.query_one("#text", _Pages)

    def _look_for(self, words: str) -> None:
        self._at = -1
        self._pages.look_for(words.lower())

    def action_search(self) -> None:
        """Ask what to look for."""
        self.query_one(FilterBar).open(self._pages.sought)

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Mark it at each key."""
        event.stop()
        self._look_for(event.value)

    def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Go to the first."""
        event.stop()
        self._look_for(event.value)
        self._pages.focus()
        self.action_again(1)

    def on_filter_bar_cancelled(self, event: FilterBar.Cancelled) -> None:
        """Forget it."""
        event.stop()
        self._look_for("")
        self._pages.focus()

    def action_again(self, step: int) -> None:
        """To the next or previous line that has what was looked for."""
        view, sought = self._pages, self._pages.sought
        found = [at for at, line in enumerate(view.lines) if sought and sought in plain(line).lower()]
        box = self.query_one("#box")
        if not found:
            said = f"nothing says {sought!r}" if sought else self.foot
            box.border_subtitle = Text(self.safe(said))
            return
        after = [at for at in found if (at > self._at if step > 0 else at < self._at)]
        self._at = (after[0] if after else found[0]) if step > 0 else (after[-1] if after else found[-1])
        view.scroll_to(y=max(0, self._at - 2), animate=False, force=True)
        box.border_subtitle = Text(f"{found.index(self._at) + 1} of {len(found)}   n N next   esc close")

    def action_copy(self) -> None:
        """Send all of it to the clipboard."""
        text = (
            self._reading if isinstance(self._reading, str) else "\n".join(plain(line) for line in self._reading(200))
        )
        self.post_message(self.Copied(text, self.heading))
