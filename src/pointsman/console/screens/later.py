"""The screens and panes whose services belong to a later release: one honest sentence, no made-up data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult

from pointsman.console.desk import Desk
from pointsman.console.dialogs.words import paragraph
from pointsman.console.present.cells import Cell, cell
from pointsman.console.present.look import Draw
from pointsman.console.screens.base import Place
from pointsman.console.widgets.lines import CellLines

__all__ = ["LATER", "Later", "unbuilt", "unbuilt_line"]

LATER: dict[str, str] = {
    "metrics": "Metrics and alarms are not built yet: CloudWatch comes in a later release.",
}
"""The sentence of each place, by its name."""


def unbuilt(sentence: str) -> Callable[[Draw, int], Sequence[Cell]]:
    """A sentence as lines of at most some width, dim."""
    return lambda _draw, width: paragraph(sentence, width, "dim")


def unbuilt_line(draw: Draw, width: int) -> Sequence[Cell]:
    """What is not built yet, in one line."""
    del draw, width
    return ((*cell("6", "key"), (" ", ""), *cell("Metrics and alarms: not built yet", "dim")),)


class Later(Place):
    """A screen that is not built yet, and says so."""

    DEFAULT_CSS = """
    Later CellLines { padding: 1 2; }
    """

    slots: ClassVar[tuple[str, ...]] = ()
    enters = ""

    def __init__(self, desk: Desk, name: str, title: str) -> None:
        super().__init__(desk)
        self.called = name
        self._sentence = LATER[name]
        self.heading = title

    def body(self) -> ComposeResult:
        """The sentence."""
        yield CellLines(self.look, id="sentence")

    def on_mount(self) -> None:
        """Say it."""
        super().on_mount()
        words = unbuilt(self._sentence)
        self.query_one("#sentence", CellLines).show(
            lambda draw, width: (cell(self.heading, "strong"), (), *words(draw, width))
        )
