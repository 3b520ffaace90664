"""What can be done with the selection: every operation in reach, those that cannot run now greyed with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.dialogs.base import Dialog
from pointsman.console.dialogs.words import paragraph
from pointsman.console.present.cells import Cell, Column, Columns, cell
from pointsman.console.present.look import Draw, Look
from pointsman.console.present.text import cells
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.table import LineTable
from pointsman.model.refs import Ref
from pointsman.operations.declare import Operation

__all__ = ["ActionsMenu", "Choice", "lettered"]


class Choice(Struct, frozen=True):
    """One operation on one target."""

    operation: Operation[Any]
    ref: Ref
    state: Any
    why_not: str | None = None
    letter: str = ""

    @property
    def key(self) -> tuple[str, Ref]:
        """What tells it from the others."""
        return self.operation.id, self.ref


def lettered(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """Give each its letter: its own where that is free, else its capital, else the first free digit, else none."""
    taken: set[str] = set()
    made: list[Choice] = []
    for one in choices:
        key = one.operation.key
        letter = next((this for this in (key, key.upper(), *"123456789") if this and this not in taken), "")
        taken.add(letter)
        made.append(Choice(one.operation, one.ref, one.state, one.why_not, letter))
    return tuple(made)


def _style(choice: Choice) -> str:
    if choice.why_not is not None:
        return "greyed"
    return "fault" if choice.operation.danger else "strong"


def _letter(choice: Choice, draw: Draw) -> Cell:
    del draw
    return cell(choice.letter, "greyed" if choice.why_not is not None else "key")


def _title(choice: Choice, draw: Draw) -> Cell:
    del draw
    return cell(choice.operation.title, _style(choice))


def _target(choice: Choice, draw: Draw) -> Cell:
    del draw
    return cell(str(choice.ref), "greyed" if choice.why_not is not None else "")


def _note(choice: Choice, draw: Draw) -> Cell:
    del draw
    if choice.why_not is not None:
        return cell(f"not now: {choice.why_not}", "greyed")
    return cell(choice.operation.help, "dim")


_COLUMNS: Columns = (
    Column[Choice]("letter", "", _letter, least=1),
    Column[Choice]("title", "action", _title, least=12, most=24, measure=lambda one: cells(one.operation.title)),
    Column[Choice]("target", "on", _target, least=8, most=34, measure=lambda one: cells(str(one.ref))),
    Column[Choice]("note", "", _note, least=16, share=1),
)


class _Menu(LineTable[Choice], inherit_bindings=False):
    """A table whose letters belong to the choices."""

    BINDINGS = [
        Binding("down", "by(1)", show=False),
        Binding("up", "by(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home", "edge(0)", show=False),
        Binding("end", "edge(1)", show=False),
        Binding("enter", "select", show=False),
    ]


class ActionsMenu(Dialog[Choice]):
    """Pick one; a greyed one says why it cannot run, and stays."""

    DEFAULT_CSS = """
    ActionsMenu > #box > #choices { height: auto; min-height: 3; max-height: 20; background: $surface; }
    ActionsMenu > #box > #why { height: auto; background: $surface; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("a,q", "close", "close", show=False)]

    foot = "enter or its letter   esc close"

    def __init__(self, look: Look, heading: str, choices: Iterable[Choice]) -> None:
        super().__init__(classes="wide")
        self.heading = heading
        self._look = look
        self._choices = lettered(choices)

    def body(self) -> ComposeResult:
        """The choices."""
        menu = _Menu(self._look, _COLUMNS, key=lambda one: one.key, noun="actions", id="choices")
        menu.show(self._choices)
        menu.styles.height = min(20, len(self._choices) + 1)
        yield menu
        why = CellLines(self._look, self._said, id="why")
        why.can_focus = False
        yield why

    def _said(self, draw: Draw, width: int) -> Sequence[Cell]:
        """The whole sentence of the choice under the cursor."""
        del draw
        row = self.query_one(_Menu).cursor_row
        if row is None:
            return ()
        words = row.operation.help if row.why_not is None else f"Not now: {row.why_not}"
        return [(), *paragraph(words, width, "dim" if row.why_not is None else "stale")]

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Its sentence."""
        event.stop()
        self.query_one("#why", CellLines).redraw()

    def on_mount(self) -> None:
        """The cursor is on the first that can run."""
        menu = self.query_one(_Menu)
        menu.focus()
        for choice in self._choices:
            if choice.why_not is None:
                menu.move_to(choice.key)
                break

    def on_key(self, event: events.Key) -> None:
        """Its letter picks a choice."""
        for choice in self._choices:
            if event.character and event.character == choice.letter:
                event.stop()
                event.prevent_default()
                self.query_one(_Menu).move_to(choice.key)
                self._pick(choice)
                return

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Enter picks the one under the cursor."""
        event.stop()
        for choice in self._choices:
            if choice.key == event.ref:
                self._pick(choice)
                return

    def _pick(self, choice: Choice) -> None:
        if choice.why_not is not None:
            self.notify(f"{choice.operation.title}: {choice.why_not}", severity="warning", markup=False, timeout=6)
        else:
            self.dismiss(choice)
