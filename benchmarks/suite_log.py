"""A log at 5,000 lines a second, with 200,000 and with a million: CPU against RichLog's, frames, keys, memory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from functools import partial

from textual.app import App, ComposeResult

from benchmarks import samples
from benchmarks.figures import Figure, alternate, median, spread
from benchmarks.terminal import children, cpu_of, module
from pointsman.clock import SystemClock
from pointsman.console import themes, toolkit
from pointsman.console.present.look import Look
from pointsman.console.widgets.log_view import LogView

PAGE = 10_000
"""Lines that one GetLogEvents brings at most."""


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    rate, seconds = (200, 1) if small else (5000, 5)
    count = 5_000 if small else 200_000
    taken = alternate(runs, {kind: partial(_cpu, kind, rate, seconds) for kind in ("stock", "ours", "whole")})
    frames = [asyncio.run(_longest(count)) for _ in range(runs)]
    stock = taken["stock"]
    figures = [
        Figure("log", f"{rate:,} lines/s: {what}", median(ours) / median(stock), target,
               of=f"{spread(ours, 1, 's')} / {spread(stock, 1, 's')} of CPU for {seconds} s")
        for what, ours, target in (
            ("LogView's CPU / RichLog's", taken["ours"], 0.05),
            ("from pipe to screen / RichLog's CPU", taken["whole"], 0.12),
        )
    ]  # fmt: skip
    for index, what in enumerate(("open", "follow", "search")):
        values = [one[index] * 1e3 for one in frames]
        figures.append(Figure("log", f"{count:,} lines, {what}: longest frame", median(values), 100, "ms",
                              spread(values, 1, "ms")))  # fmt: skip
    return [*figures, *_tail(runs, rate, seconds, small=small)]


def _tail(runs: int, rate: int, seconds: int, *, small: bool) -> list[Figure]:
    """A tail: what a key takes while lines come, and what a million lines weigh."""
    many = 20_000 if small else 1_000_000
    keys = [_child("keys", rate, seconds) for _ in range(runs)]
    held = [_child("lines", many) for _ in range(max(1, runs // 2))]
    latencies = [one["p95"] * 1e3 for one in keys]
    jumps = [one["slowest"] * 1e3 for one in held]
    weights = [one["megabytes"] for one in held]
    return [
        Figure("log", f"tail, {rate:,} lines/s: a key until it is drawn, p95", median(latencies), 50, "ms",
               spread(latencies, 1, "ms")),
        Figure("log", f"{many:,} lines held: the whole process", median(weights), 400, "MB", spread(weights, 1, "MB")),
        Figure("log", f"{many:,} lines held: slowest jump", median(jumps), 100, "ms", spread(jumps, 1, "ms")),
    ]  # fmt: skip


def _child(*words: object) -> dict[str, float]:
    """What a process of its own says."""
    command = [sys.executable, "-m", "benchmarks.floors.tail", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _cpu(kind: str, rate: int, seconds: int) -> float:
    """CPU seconds of the program, and of what it runs but the printing process itself, for all the lines."""
    with module("benchmarks.floors.logs", kind, str(rate), str(seconds)) as terminal:
        terminal.wait_for("log closed")
        terminal.drain(0.5)
        before = terminal.cpu()
        terminal.type(b"o")
        beside = 0.0
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            terminal.drain(0.2)
            beside = max(beside, _beside(terminal.pid))
            if "the last line" in terminal.text():
                return terminal.cpu() - before + beside
        raise TimeoutError(f"the last line never came; the screen was:\n{terminal.text()}")


def _beside(pid: int) -> float:
    """CPU seconds of the supervisor of a build: what stands between the printing process and this program."""
    total = 0.0
    for child in children(pid):
        with contextlib.suppress(OSError):
            total += cpu_of(child)
    return total


class _Show(App[None]):
    """A log and nothing else."""

    CSS = "LogView { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        toolkit.quiet(self)
        themes.register(self)
        self.theme = themes.DEFAULT

    def compose(self) -> ComposeResult:
        yield LogView(Look(SystemClock().now))


class _Watch:
    """The longest time in which the event loop could do nothing else: what a key or a frame would have waited."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        """Look at the clock all the time."""
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            self.longest = max(self.longest, now - before)
            before = now

    async def over(self, work: asyncio.Future[None] | asyncio.Task[None]) -> float:
        """The longest frame while ``work`` is done."""
        self.longest = 0.0
        await work
        return self.longest


async def _longest(count: int) -> tuple[float, float, float]:
    pages = [samples.lines(first, min(PAGE, count - first)) for first in range(0, count, PAGE)]
    tail = [samples.lines(count + first, 500) for first in range(0, 10_000, 500)]
    app = _Show()
    async with app.run_test(size=(120, 40)) as pilot:
        view = app.query_one(LogView)
        await toolkit.settle(pilot)
        watch = _Watch()
        watching = asyncio.create_task(watch.run())

        async def done() -> None:
            await asyncio.sleep(0.05)
            while view.working:  # noqa: ASYNC110 - the widget has no event for it
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)

        async def opening() -> None:
            for page in pages:
                view.append(page)
                await asyncio.sleep(0)
            await done()

        async def following() -> None:
            view.follow(True)
            for page in tail:
                view.append(page)
                await asyncio.sleep(0.05)
            await done()

        async def searching() -> None:
            view.search("needle")
            await done()
            for _ in range(5):
                view.next_match()
                await asyncio.sleep(0.02)

        found = [await watch.over(asyncio.create_task(work())) for work in (opening, following, searching)]
        watching.cancel()
    return found[0], found[1], found[2]
