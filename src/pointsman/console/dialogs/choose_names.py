"""Choose some of many names, by typing a part of each: log groups, say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from pointsman.console import toolkit
from pointsman.console.dialogs.base import Dialog
from pointsman.console.present.cells import Column, Columns, cell
from pointsman.console.present.look import Look
from pointsman.console.troubles import fault_of
from pointsman.console.widgets.table import LineTable
from pointsman.console.working import begin

__all__ = ["AskNames", "ChooseNames", "narrowed"]

AskNames = Callable[[str], Awaitable[tuple[tuple[str, ...], bool]]]
"""A part of a name, or nothing -> names, and whether there are more than these."""
PAUSE = 0.25
"""Seconds after a key before more names are asked for."""


def _columns(chosen: frozenset[str]) -> Columns:
    return (
        Column[str]("mark", "", lambda name, draw: cell(draw.glyphs.mark if name in chosen else "", "mark"), least=1),
        Column[str]("name", "", lambda name, _: cell(name), least=20, share=1),
    )


def narrowed(names: tuple[str, ...], words: str) -> list[str]:
    """The names that hold every word, whatever its case."""
    wanted = words.lower().split()
    return [name for name in names if all(word in name.lower() for word in wanted)]


class _Words(Input):
    """Parts of a name; no name has a space, so that key is free to mark."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Every printable key but the space."""
        return key != "space" and super().check_consume_key(key, character)


class ChooseNames(Dialog[tuple[str, ...]]):
    """Answers the chosen names: those that are marked, or the one under the cursor where none is.

    Args:
        look: What to draw with.
        heading: What is chosen.
        chosen: What is marked at first.
        ask: Where the names come from.
        most: How many may be chosen.
    """

    DEFAULT_CSS = """
    ChooseNames > #box > #words { height: 1; border: none; padding: 0; background: $surface; }
    ChooseNames > #box > #words:focus { border: none; background: $surface; }
    ChooseNames > #box > #names { background: $surface; height: 14; }
    ChooseNames > #box > #said { height: auto; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "down", show=False, priority=True),
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("pagedown", "move(10)", "page down", show=False, priority=True),
        Binding("pageup", "move(-10)", "page up", show=False, priority=True),
        Binding("space,tab", "mark", "mark", show=False, priority=True),
        Binding("enter", "answer", "choose", show=False, priority=True),
    ]
    foot = "type to narrow   space marks   enter chooses   esc close"

    def __init__(self, look: Look, heading: str, chosen: tuple[str, ...], ask: AskNames, most: int) -> None:
        super().__init__()
        self.heading = heading
        self._look = look
        self._chosen = dict.fromkeys(chosen)
        self._ask = ask
        self._most = most
        self._names: tuple[str, ...] = tuple(chosen)
        self._more = False
        self._wrong = ""

    def body(self) -> ComposeResult:
        """The words, the names, how many."""
        words = _Words(placeholder="a part of a name", id="words", compact=True)
        toolkit.no_blink(words)
        yield words
        table: LineTable[str] = LineTable(
            self._look,
            _columns(frozenset()),
            key=lambda name: name,
            noun="names",
            own_columns="there is nothing to hide here",
            id="names",
        )
        table.can_focus = False
        yield table
        yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        """Read the names."""
        self.query_one("#words").focus()
        self._show()
        self._read("")

    def _read(self, words: str) -> None:
        async def read() -> None:
            if words:
                await asyncio.sleep(PAUSE)
            try:
                found, more = await self._ask(words)
            except Exception as error:  # a worker's boundary: what went wrong is said in the dialog
                self._wrong = fault_of(error).sentence
            else:
                self._wrong = ""
                self._names = tuple(dict.fromkeys((*self._chosen, *self._names, *found)))
                self._more = more if not words else self._more
            self._show()

        begin(self, read, name="read names", group="names", exclusive=True)

    def _show(self) -> None:
        table = self.query_one("#names", LineTable)
        words = self.query_one("#words", Input).value
        shown = narrowed(self._names, words)
        table.show(shown, _columns(frozenset(self._chosen)), snapshot=None)
        count = len(self._chosen)
        parts = [f"{count} chosen" if count else "none chosen: enter takes the one under the cursor"]
        parts += [f"{len(shown):,} of {len(self._names):,}{' and more: type a part of the name' * self._more}"]
        self.query_one("#said", Static).update(self.safe(self._wrong or "   ".join(parts)))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow; ask for more where not all are known."""
        event.stop()
        self._show()
        if self._more and event.value.strip():
            self._read(event.value.strip())

    def action_move(self, by: int) -> None:
        """The cursor."""
        self.query_one("#names", LineTable).move_by(by)

    def action_mark(self) -> None:
        """Choose the one under the cursor, or no longer."""
        name = self.query_one("#names", LineTable).cursor_ref
        if name is None:
            return
        if name in self._chosen:
            del self._chosen[name]
        elif len(self._chosen) < self._most:
            self._chosen[name] = None
        else:
            self._wrong = f"at most {self._most}"
        self._show()
        self._wrong = ""
        self.query_one("#names", LineTable).move_by(1)

    def action_answer(self) -> None:
        """These."""
        under = self.query_one("#names", LineTable).cursor_ref
        if self._chosen or under is not None:
            self.dismiss(tuple(self._chosen) or (under,))
