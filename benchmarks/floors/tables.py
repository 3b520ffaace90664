"""Pipelines in a table of ours or in a stock DataTable: ``tables.py ours|stock ROWS``; ``o`` opens it.

Rows and, for the stock table, its cells as rich texts are made before the key is pressed: what is measured is the
table alone.
"""

from __future__ import annotations

import sys
from typing import Any

from rich.text import Text
from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.widgets import DataTable, Label

from benchmarks import samples
from pointsman.clock import EPOCH
from pointsman.console import themes, toolkit
from pointsman.console.present.cells import as_text
from pointsman.console.present.look import Look
from pointsman.console.present.pipelines import BOARD
from pointsman.console.widgets.table import LineTable

COLUMNS = BOARD


class Tables(App[None]):
    """Empty until ``o`` is pressed."""

    CSS = "DataTable, LineTable { height: 1fr; }"
    BINDINGS = [("o", "open", "open")]

    def __init__(self, kind: str, count: int) -> None:
        super().__init__()
        toolkit.quiet(self)
        themes.register(self)
        self.theme = themes.DEFAULT
        self.look = Look(lambda: EPOCH)
        self.kind = kind
        self.rows = samples.pipelines(count)
        draw = self.look.draw()
        self.cells: list[list[Text]] = []
        if kind == "stock":
            self.cells = [[as_text(column.cell(row, draw)) for column in COLUMNS] for row in self.rows]

    def compose(self) -> ComposeResult:
        yield Label("table closed")

    async def action_open(self) -> None:
        table: Widget
        if self.kind == "stock":
            stock: DataTable[Any] = DataTable(cursor_type="row")
            await self.mount(stock)
            stock.add_columns(*(column.header for column in COLUMNS))
            stock.add_rows(self.cells)
            table = stock
        else:
            ours: LineTable[Any] = LineTable(self.look, COLUMNS, key=lambda row: row.ref)
            await self.mount(ours)
            ours.show(self.rows)
            table = ours
        table.focus()


if __name__ == "__main__":
    Tables(sys.argv[1], int(sys.argv[2])).run()
