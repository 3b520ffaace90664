"""A trace's waterfall: its first frame, its keys, its bytes, and what a large trace costs; against a stock Tree.

What is compared is CPU time: a machine that others use changes it little.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks import segments
from benchmarks.figures import Figure, alternate, median, spread
from benchmarks.floors.waterfall import Waterfalls, made
from benchmarks.terminal import module
from pointsman.clock import EPOCH
from pointsman.console import toolkit
from pointsman.console.widgets.waterfall import Waterfall
from pointsman.model import critical_path
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import TraceRef
from pointsman.services.reads.traces import opened

SIZE = (120, 40)
PRESSES = 40
DOWN = b"\x1b[B"


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    few, many, most = (10, 100, 400) if small else (1000, 10_000, 100_000)
    traces = {count: made(count) for count in (10, few, many, most)}
    return [
        *_opened(runs, traces, few, many, most),
        *_keys(runs, traces, many),
        _bytes(many, 4 if small else PRESSES),
        *_read(runs, many),
        _memory(runs, many),
    ]


# -- the first frame --------------------------------------------------------------------------------------------------


def _opened(runs: int, traces: dict[int, OpenedTrace], few: int, many: int, most: int) -> list[Figure]:
    kinds = {
        **{("ours", count): partial(_frame, "ours", traces[count]) for count in (few, many, most)},
        **{("tree", count): partial(_frame, "tree", traces[count]) for count in (many, most)},
    }
    taken = alternate(runs, {f"{kind} {count}": take for (kind, count), take in kinds.items()})

    def ratio(what: str, ours: str, theirs: str, target: float) -> Figure:
        of = f"{spread(taken[ours], 1e3, 'ms')} / {spread(taken[theirs], 1e3, 'ms')} of CPU"
        return Figure("waterfall", what, median(taken[ours]) / median(taken[theirs]), target, of=of)

    return [
        ratio(f"{many:,} spans to the first frame / in a stock Tree", f"ours {many}", f"tree {many}", 0.12),
        ratio(f"{many:,} spans to the first frame / {few:,} spans", f"ours {many}", f"ours {few}", 2.5),
        ratio(f"{most:,} spans to the first frame / in a stock Tree", f"ours {most}", f"tree {most}", 0.05),
    ]


def _frame(kind: str, trace: OpenedTrace) -> float:
    """CPU seconds from the data in memory to its first frame."""

    async def run() -> float:
        app = Waterfalls(trace)
        async with app.run_test(size=SIZE) as pilot:
            await toolkit.settle(pilot)
            begun = time.process_time()
            await app.show(kind)
            await toolkit.settle(pilot)
            taken = time.process_time() - begun
            assert trace.trace.spans[0].name in "\n".join(toolkit.screen_lines(app))
            return taken

    return asyncio.run(run())


# -- keys -------------------------------------------------------------------------------------------------------------


def _keys(runs: int, traces: dict[int, OpenedTrace], many: int) -> list[Figure]:
    taken = alternate(runs, {str(count): partial(_pressed, traces[count]) for count in (10, many)})
    found = []
    for index, what in enumerate(("a zoom key", "a search")):
        ours, few = ([one[index] for one in taken[str(count)]] for count in (many, 10))
        of = f"{spread(ours, 1e3, 'ms')} / {spread(few, 1e3, 'ms')} of CPU"
        found.append(
            Figure("waterfall", f"{what} in {many:,} spans - in 10", (median(ours) - median(few)) * 1e3, 5, "ms", of)
        )
    return found


def _pressed(trace: OpenedTrace) -> tuple[float, float]:
    """CPU seconds of a zoom key, and of a search and its next match."""

    async def run() -> tuple[float, float]:
        app = Waterfalls(trace)
        async with app.run_test(size=SIZE) as pilot:
            view = await app.show("ours")
            assert isinstance(view, Waterfall)
            await toolkit.settle(pilot)
            begun = time.process_time()
            for turn in range(PRESSES):
                await pilot.press("plus" if turn % 4 < 2 else "underscore")
            zoomed = (time.process_time() - begun) / PRESSES
            begun = time.process_time()
            for turn in range(PRESSES):
                view.search("call" if turn % 2 else "aws -worker")
                view.to_match(1)
                await pilot.pause()
            return zoomed, (time.process_time() - begun) / PRESSES

    return asyncio.run(run())


def _bytes(many: int, presses: int) -> Figure:
    """Bytes of a cursor key at the lower edge: everything moves up by a line."""
    with module("benchmarks.floors.waterfall", "lean", str(many)) as terminal:
        terminal.wait_for("worker")
        terminal.drain(0.3)
        for _ in range(40):
            terminal.press(DOWN)
        terminal.drain(0.3)
        sent = []
        for _ in range(presses):
            before = terminal.bytes_read
            terminal.press(DOWN)
            terminal.drain(0.1)
            sent.append(terminal.bytes_read - before)
    return Figure("waterfall", f"a scrolled line of {many:,} spans", median(sent), 620, "bytes", spread(sent))


# -- what a large trace costs -----------------------------------------------------------------------------------------


def _texts(count: int) -> list[str]:
    return [text.decode() for text in segments.wide(count, EPOCH.timestamp())]


def _read(runs: int, many: int) -> list[Figure]:
    texts = _texts(many)
    ref = TraceRef("trace")
    whole, path = [], []
    for _ in range(runs):
        begun = time.process_time()
        trace = opened(ref, texts, limit_exceeded=False, settled=True).trace
        whole.append(time.process_time() - begun)
        begun = time.process_time()
        critical_path.timing(trace)
        path.append(time.process_time() - begun)
    return [
        Figure(
            "waterfall", f"{many:,} spans from raw documents to what is shown, CPU, off the loop", median(whole), 1.0,
            "s", spread(whole, 1, "s"),
        ),
        Figure(
            "waterfall", f"the critical path of {many:,} spans, CPU, off the loop", median(path) * 1e3, 100,
            "ms", spread(path, 1e3, "ms"),
        ),
    ]  # fmt: skip


def _memory(runs: int, many: int) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "documents.jsonl"
        file.write_text("\n".join(json.dumps(text) for text in _texts(many)), encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks.floors.waterfall", "memory", str(file)]
        taken = [float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(runs)]
    return Figure("waterfall", f"an open trace of {many:,} spans, RSS", median(taken), 6, "MiB", spread(taken))
