"""Pick one of a few lines: what to copy, which profile, which region."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from pointsman.console.dialogs.base import Dialog
from pointsman.console.present.cells import Column, Columns, cell
from pointsman.console.present.look import Look
from pointsman.console.present.text import cells
from pointsman.console.widgets.table import LineTable

__all__ = ["PickDialog"]

Line = tuple[str, str]

_COLUMNS: Columns = (
    Column[Line]("what", "", lambda line, _: cell(line[0], "strong"), least=8, most=40, measure=lambda x: cells(x[0])),
    Column[Line]("text", "", lambda line, _: cell(line[1]), least=20, share=1),
)


class PickDialog(Dialog[Line]):
    """Answers the picked (label, value)."""

    DEFAULT_CSS = """
    PickDialog > #box > #lines { background: $surface; }
    """

    foot = "enter picks   esc close"

    def __init__(self, look: Look, heading: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self.heading = heading
        self._look = look
        self._lines = tuple(lines)

    def body(self) -> ComposeResult:
        """The lines."""
        table: LineTable[Line] = LineTable(
            self._look,
            _COLUMNS,
            key=lambda line: line,
            noun="choices",
            own_columns="there is nothing to hide here",
            id="lines",
        )
        table.show(self._lines)
        table.styles.height = min(20, len(self._lines) + 1)
        yield table

    def on_mount(self) -> None:
        """The first is under the cursor."""
        self.query_one("#lines").focus()

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """That one."""
        event.stop()
        self.dismiss(event.ref)
