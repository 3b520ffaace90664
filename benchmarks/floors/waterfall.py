"""A trace in a waterfall of ours or in a stock Tree.

::

    python -m benchmarks.floors.waterfall lean SPANS      # ours, with lean output, for its bytes
    python -m benchmarks.floors.waterfall memory FILE     # prints what a trace costs: MiB of RSS over a small one

"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.widget import Widget
from textual.widgets import Label, Tree

from benchmarks import segments
from pointsman.clock import EPOCH
from pointsman.console import themes, toolkit
from pointsman.console.output.choice import lean
from pointsman.console.present.look import Look
from pointsman.console.present.traces import seconds
from pointsman.console.widgets.waterfall import Waterfall
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import TraceRef
from pointsman.model.snapshot import Snapshot
from pointsman.services.reads.traces import drained, opened


def made(spans: int) -> OpenedTrace:
    """A trace of so many spans, put together."""
    texts = [text.decode() for text in segments.wide(spans, EPOCH.timestamp())]
    return opened(TraceRef(segments.trace_id(1, EPOCH.timestamp())), texts, limit_exceeded=False, settled=True)


class Waterfalls(App[None]):
    """Empty until it is told to show a trace."""

    CSS = "Waterfall, Tree { height: 1fr; }"

    def __init__(self, trace: OpenedTrace, *, at_once: bool = False) -> None:
        self.at_once = at_once
        super().__init__()
        toolkit.quiet(self)
        themes.register(self)
        self.theme = themes.DEFAULT
        self.look = Look(lambda: EPOCH)
        self.trace = trace
        self.labels = [
            f"{span.name} {seconds(span.duration)}" if span.end is not None else span.name for span in trace.trace.spans
        ]

    def get_driver_class(self) -> type[Driver]:
        return lean(super().get_driver_class()) if self.at_once else super().get_driver_class()

    def compose(self) -> ComposeResult:
        yield Label("trace closed")

    async def on_ready(self) -> None:
        if self.at_once:
            await self.show("ours")

    async def show(self, kind: str) -> Widget:
        """Show the trace, and give it the keys."""
        widget: Widget
        if kind == "ours":
            ours = widget = Waterfall(self.look)
            await self.mount(widget)
            ours.show(Snapshot(value=self.trace, fetched_at=EPOCH))
        else:
            tree: Tree[int] = Tree("trace")
            widget = tree
            await self.mount(tree)
            tree.root.expand()
            nodes: list[Any] = []
            for place, span in enumerate(self.trace.trace.spans):
                above = nodes[span.parent] if span.parent >= 0 else tree.root
                if span.last > place + 1:
                    nodes.append(above.add(self.labels[place], data=place, expand=True))
                else:
                    nodes.append(above.add_leaf(self.labels[place], data=place))
        widget.focus()
        return widget


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def _memory(file: Path) -> float:
    """MiB that the trace in a file costs over a small one, once it is open."""
    small = made(10)
    gc.collect()
    before = _resident()
    with file.open(encoding="utf-8") as lines:
        texts = [json.loads(line) for line in lines]
    trace = opened(TraceRef("large"), drained(texts), limit_exceeded=False, settled=True)
    gc.collect()
    assert len(trace.trace.spans) > len(small.trace.spans)
    return _resident() - before


if __name__ == "__main__":
    if sys.argv[1] == "memory":
        print(_memory(Path(sys.argv[2])))
    else:
        Waterfalls(made(int(sys.argv[2])), at_once=True).run()
