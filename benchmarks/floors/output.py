"""Pipelines or a log, with lean output or Textual's own: ``output.py table|log|empty lean|plain``."""

from __future__ import annotations

import sys
from typing import Any

from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.widget import Widget

from benchmarks import samples
from pointsman.clock import EPOCH
from pointsman.console import themes, toolkit
from pointsman.console.output.choice import lean
from pointsman.console.present.look import Look
from pointsman.console.present.pipelines import BOARD
from pointsman.console.widgets.log_view import LogView
from pointsman.console.widgets.table import LineTable

LINES, ROWS = 100_000, 1000


class Output(App[None]):
    """One widget."""

    CSS = "LineTable, LogView { height: 1fr; }"

    def __init__(self, kind: str, mode: str) -> None:
        self.mode = mode
        super().__init__()
        toolkit.quiet(self)
        themes.register(self)
        self.theme = themes.DEFAULT
        look = Look(lambda: EPOCH)
        self.main: Widget = LogView(look) if kind == "log" else LineTable(look, BOARD, key=lambda row: row.ref)
        self.kind = kind

    def get_driver_class(self) -> type[Driver]:
        chosen = super().get_driver_class()
        return lean(chosen) if self.mode == "lean" else chosen

    def compose(self) -> ComposeResult:
        if self.kind != "empty":
            yield self.main

    def on_ready(self) -> None:
        main: Any = self.main
        if self.kind == "empty":
            return
        main.focus()
        if self.kind == "table":
            main.show(samples.pipelines(ROWS))
        else:
            for first in range(0, LINES, 10_000):
                main.append(samples.lines(first, 10_000))


if __name__ == "__main__":
    Output(sys.argv[1], sys.argv[2]).run()
