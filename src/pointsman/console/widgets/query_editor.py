"""``QueryEditor``: a few lines of Logs Insights QL in colour, with what the word at the cursor could become."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from pointsman.console import toolkit
from pointsman.console.present.insights import INK
from pointsman.console.present.text import clean_block
from pointsman.console.widgets.palette import palette
from pointsman.model.insights_words import Offers
from pointsman.semantics.logs.insights.tokens import tokens

__all__ = ["QueryEditor"]

LONGEST = 12_000
"""Characters that are coloured; a query has at most 10,000."""
Guess = Callable[[str, int], Offers]
"""(text, place of the cursor) -> what the word there could become."""


class QueryEditor(TextArea):
    """An editor that knows the language's words.

    ``tab`` takes what is offered, up and down choose among it, escape puts it away; without offers ``tab`` goes on to
    the next widget, and escape is somebody else's.

    Args:
        guess: What a word could become.
    """

    DEFAULT_CSS = """
    QueryEditor { height: 6; border: none; padding: 0 1; background: $background; }
    QueryEditor:focus { border: none; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+space,ctrl+n", "offer", "What could stand here", show=False, id="offer"),
    ]

    class Offered(Message):
        """What is offered, or which of it is chosen, has changed."""

        def __init__(self, editor: QueryEditor) -> None:
            super().__init__()
            self.editor = editor

        @property
        def control(self) -> QueryEditor:
            """The editor it came from."""
            return self.editor

    def __init__(self, text: str, guess: Guess, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(clean_block(text), id=id, compact=True, tab_behavior="focus", soft_wrap=True)
        toolkit.no_blink(self)
        self._guess = guess
        self._inks: dict[int, list[tuple[int, int, str]]] = {}
        self._inked = ""
        self._wrong: tuple[int, int, int] | None = None
        self.offers = Offers(0, 0)
        self.chosen = 0
        self._own = ""
        """The text as it was put here, not typed."""

    # --- colours

    def get_line(self, line_index: int) -> Text:
        """A line with its words in their colours, and a mistake marked."""
        line = super().get_line(line_index)
        if self.app.has_class("ascii"):
            line = Text("".join(one if one.isascii() else "?" for one in line.plain), end="", no_wrap=True)
        if self._inked != self.text:
            self._ink()
        colours = palette(self)
        for start, end, name in self._inks.get(line_index, ()):
            line.stylize(colours.partial(name), start, end)
        if self._wrong is not None and self._wrong[0] == line_index:
            line.stylize(colours.partial("fault") + Style(underline=True, bold=True), self._wrong[1], self._wrong[2])
        return line

    def _ink(self) -> None:
        """Find the words; a word over several lines is one on each."""
        self._inked = self.text
        found: dict[int, list[tuple[int, int, str]]] = {}
        row, begin = 0, 0
        text = self.text[:LONGEST]
        for word in tokens(text):
            while (newline := text.find("\n", begin, word.start)) >= 0:
                row, begin = row + 1, newline + 1
            name = INK.get(word.kind)
            at = word.start
            for part in word.text.split("\n"):
                if name:
                    found.setdefault(row, []).append((at - begin, at - begin + len(part), name))
                at += len(part) + 1
                if at <= word.end:
                    row, begin = row + 1, at
        self._inks = found

    def mark(self, line: int, column: int, length: int = 1) -> None:
        """Show where a mistake is, both from 1, and put the cursor there."""
        row = max(0, min(line - 1, self.document.line_count - 1))
        text = self.document.get_line(row)
        at = max(0, min(column - 1, len(text)))
        if at == len(text) and text:
            self._wrong = (row, len(text) - 1, len(text))
        else:
            self._wrong = (row, at, min(len(text), at + max(1, length)))
        self.move_cursor((row, at))
        self._redraw()

    def forgive(self) -> None:
        """No mistake is shown any more."""
        if self._wrong is not None:
            self._wrong = None
            self._redraw()

    def _redraw(self) -> None:
        self._line_cache.clear()
        self.refresh()

    # --- text

    def use(self, text: str) -> None:
        """Another query, the cursor behind it."""
        self._wrong = None
        self._own = clean_block(text)
        self.load_text(self._own)
        self.move_cursor(self.document.end)
        self.close()

    @property
    def place(self) -> int:
        """Where the cursor is, in characters from the beginning."""
        row, column = self.cursor_location
        return sum(len(self.document.get_line(at)) + 1 for at in range(row)) + column

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """A mistake is where it was no longer; something else could follow now."""
        del event
        self.forgive()
        if self.text != self._own:
            self._own = ""
            self._offer(typed=True)

    def on_paste(self, event: events.Paste) -> None:
        """Nothing that is no text comes in."""
        event.text = clean_block(event.text)

    # --- what is offered

    def _offer(self, *, typed: bool) -> None:
        place = self.place
        if typed and (place == 0 or not _wordlike(self.text[place - 1])):
            self.close()
            return
        self.offers, self.chosen = self._guess(self.text, place), 0
        self.post_message(self.Offered(self))

    def action_offer(self) -> None:
        """Show what could stand here, whatever was typed; or the next of what is shown."""
        if self.offers:
            self._choose(1)
        else:
            self._offer(typed=False)

    def close(self) -> None:
        """Offer nothing."""
        if self.offers:
            self.offers, self.chosen = Offers(0, 0), 0
            self.post_message(self.Offered(self))

    def _choose(self, by: int) -> None:
        self.chosen = (self.chosen + by) % len(self.offers.items)
        self.post_message(self.Offered(self))

    def take(self) -> None:
        """Put what is chosen in the word's place."""
        offers, chosen = self.offers, self.offers.items[self.chosen]
        self.close()
        start, end = self._location(offers.start), self._location(offers.end)
        self._own = self.text[: offers.start] + chosen.text + self.text[offers.end :]
        self.replace(chosen.text, start, end, maintain_selection_offset=False)
        self.move_cursor(self._location(offers.start + len(chosen.text)))

    def _location(self, place: int) -> tuple[int, int]:
        before = self.text[:place]
        return before.count("\n"), place - (before.rfind("\n") + 1)

    def on_key(self, event: events.Key) -> None:
        """Offers have their keys while there are some."""
        if self.offers:
            act = {
                "tab": self.take,
                "down": lambda: self._choose(1),
                "up": lambda: self._choose(-1),
                "escape": self.close,
            }.get(event.key)
            if act is not None:
                event.stop()
                event.prevent_default()
                act()
                return
            if event.key in ("left", "right", "home", "end", "enter"):
                self.close()

    def on_blur(self) -> None:
        """Nobody writes any more."""
        self.close()


def _wordlike(character: str) -> bool:
    return character.isalnum() or character in "@_`"
