"""Which columns of a table show: space hides and shows one, enter takes it over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from pointsman.console.dialogs.base import Dialog
from pointsman.console.present.chosen_columns import LIST, Choice
from pointsman.console.present.look import Look
from pointsman.console.widgets.table import LineTable

__all__ = ["ColumnsDialog"]

TALLEST = 16


class ColumnsDialog(Dialog[frozenset[str]]):
    """Answers the keys of the columns that are to be hidden.

    Args:
        look: What to draw with.
        choices: The columns, as they show now.
    """

    DEFAULT_CSS = """
    ColumnsDialog > #box { max-width: 64; }
    ColumnsDialog > #box > #columns { background: $surface; }
    ColumnsDialog > #box > #said { height: 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "hide or show", show=False, priority=True),
        Binding("enter", "answer", "take over", show=False, priority=True),
    ]
    heading = "Columns"
    foot = "space hides or shows   enter takes it over   esc does not"

    def __init__(self, look: Look, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._look = look
        self._choices = list(choices)

    def body(self) -> ComposeResult:
        """The columns, and how many are hidden."""
        table: LineTable[Choice] = LineTable(
            self._look, LIST, key=lambda one: one.key, noun="columns", own_columns="this is where they are chosen",
            id="columns",
        )  # fmt: skip
        table.show(self._choices, snapshot=None)
        table.styles.height = min(TALLEST, len(self._choices) + 1)
        yield table
        yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        """The first is under the cursor."""
        self.query_one("#columns").focus()
        self._say()

    def _say(self, wrong: str = "") -> None:
        hidden = sum(not one.shown for one in self._choices)
        self.query_one("#said", Static).update(wrong or (f"{hidden} hidden" if hidden else "none hidden"))

    def action_turn(self) -> None:
        """Hide the column under the cursor, or show it again."""
        table = self.query_one("#columns", LineTable)
        at = table.cursor_index
        chosen = self._choices[at]
        if chosen.fixed:
            self._say(self.safe(f"{chosen.title} says which row is which: it always shows"))
            return
        self._choices[at] = replace(chosen, shown=not chosen.shown)
        table.show(list(self._choices), snapshot=None)
        table.move_by(1)
        self._say()

    def action_answer(self) -> None:
        """So."""
        self.dismiss(frozenset(one.key for one in self._choices if not one.shown))
