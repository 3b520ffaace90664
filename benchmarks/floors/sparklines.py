"""Many live sparklines, each changing every so many seconds: ``sparklines.py ours|stock COUNT CHANGES [EVERY]``.

Ours is the board of metrics with lean output, stock is a Sparkline widget for each with a label, in a scrolled list.
The values of every change are made before the first one: what is measured is showing them. ``x`` begins; without
``EVERY`` they change once a second.
"""

from __future__ import annotations

import math
import sys
from datetime import timedelta
from typing import Any

from textual.app import App, ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.driver import Driver
from textual.widget import Widget
from textual.widgets import Label, Sparkline

from pointsman.clock import EPOCH
from pointsman.console import themes, toolkit
from pointsman.console.output.choice import lean
from pointsman.console.present.look import Look
from pointsman.console.present.metrics import METRICS, MetricRow, row_key
from pointsman.console.widgets.table import LineTable
from pointsman.model.metrics import MetricQuery, Series
from pointsman.model.refs import MetricRef

POINTS = 180
START = EPOCH - timedelta(minutes=POINTS)


def values(at: int, second: int) -> tuple[float, ...]:
    """A series' values as they are in one second: a wave that moves on."""
    return tuple(50 + 40 * math.sin((one + second * 3 + at * 7) / 9) for one in range(POINTS))


class Sparklines(App[None]):
    """Nothing moves until ``x`` is pressed."""

    CSS = """
    LineTable, VerticalScroll { height: 1fr; }
    Horizontal { height: 1; }
    Label { width: 30; }
    Sparkline { width: 1fr; height: 1; }
    """
    BINDINGS = [("x", "begin", "begin")]

    def __init__(self, kind: str, count: int, seconds: int, every: float = 1.0) -> None:
        self.kind, self.every = kind, every
        super().__init__()
        toolkit.quiet(self)
        themes.register(self)
        self.theme = themes.DEFAULT
        self.count, self.seconds, self.second = count, seconds, 0
        names = [MetricRef("Shop", f"requests-{at:03d}", (("Service", f"s{at % 7}"),)) for at in range(count)]
        times = tuple(START.timestamp() + 60 * one for one in range(POINTS))
        self.frames: list[Any] = []
        for second in range(seconds + 1):
            wave = [values(at, second) for at in range(count)]
            if kind == "stock":
                self.frames.append([list(one) for one in wave])
            else:
                self.frames.append(
                    [
                        MetricRow(ref, START, EPOCH, series=Series(MetricQuery(ref), "", times, one))
                        for ref, one in zip(names, wave, strict=True)
                    ]
                )
        self.names = names
        self.table: LineTable[Any] = LineTable(Look(lambda: EPOCH), METRICS, key=row_key)

    def get_driver_class(self) -> type[Driver]:
        chosen = super().get_driver_class()
        return lean(chosen) if self.kind == "ours" else chosen

    def compose(self) -> ComposeResult:
        if self.kind == "ours":
            yield self.table
            return
        with VerticalScroll():
            for ref, one in zip(self.names, self.frames[0], strict=True):
                yield Horizontal(Label(f"{ref.name} {ref.dimensions[0][1]}"), Sparkline(one))

    def on_ready(self) -> None:
        if self.kind == "ours":
            self.table.show(self.frames[0])
            self.table.focus()

    def action_begin(self) -> None:
        self.set_interval(self.every, self.tick)

    def tick(self) -> None:
        self.second += 1
        if self.second > self.seconds:
            return
        if self.kind == "ours":
            self.table.show(self.frames[self.second])
            return
        shown: list[Widget] = list(self.query(Sparkline))
        for widget, one in zip(shown, self.frames[self.second], strict=True):
            widget.data = one  # type: ignore[attr-defined]


if __name__ == "__main__":
    Sparklines(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *map(float, sys.argv[4:5])).run()
