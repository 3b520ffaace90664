"""A tail in one process: ``tail.py keys RATE SECONDS`` or ``tail.py lines COUNT``; says what it cost as JSON.

``keys``: events of two sources, JSON among them, arrive ten times a second while a key is pressed again and again; how
long each takes until what it did is drawn. ``lines``: so many lines are taken in and scrolled through; what the whole
process weighs.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from textual.app import App, ComposeResult

from benchmarks import samples
from pointsman.clock import SystemClock
from pointsman.console import themes, toolkit
from pointsman.console.present.look import Look
from pointsman.console.widgets.log_rate import LogRate
from pointsman.console.widgets.log_view import LogView
from pointsman.model.logs import TailEvent

PAGE = 5_000
LOST = 20.0
"""Seconds after which a key has done nothing."""
KEYS = ("k", "k", "pageup", "k", "j", "j", "pagedown", "j")
"""Each of them moves the cursor, and all of them lead back."""


def events(first: int, count: int) -> list[TailEvent]:
    """Events of two groups; each eighth is JSON."""
    found = []
    for number in range(first, first + count):
        text = samples.text(number)
        if number % 8 == 0:
            text = json.dumps({"level": "info", "msg": text, "http": {"status": 200}, "ms": number % 900})
        group = "/shop/api" if number % 2 else "/shop/worker"
        found.append(TailEvent(1_767_603_600_000 + number, text, group, "one"))
    return found


class Show(App[None]):
    """The rate and the log."""

    CSS = "LogView { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        toolkit.quiet(self)
        themes.register(self)
        self.theme = themes.DEFAULT
        self.look = Look(SystemClock().now)
        self.counted = 0

    def compose(self) -> ComposeResult:
        yield LogRate(self.look, id="rate")
        view = LogView(self.look, phases=False)
        view.grown = self.grown
        yield view

    def grown(self) -> None:
        """As the tail's screen counts."""
        store, rate = self.query_one(LogView).store, self.query_one(LogRate)
        rate.rates.add(store.times[self.counted :])
        self.counted = len(store)
        rate.redraw()


def take(view: LogView, batch: list[TailEvent]) -> None:
    """Hand events to the view, as the tail's screen does."""
    view.append(batch, [one.group == "/shop/api" for one in batch])


async def moved(app: Show, view: LogView, key: str) -> float:
    """Seconds from a key to the frame that shows what it did."""
    before = view.current_index
    began = time.perf_counter()
    app.simulate_key(key)
    while view.current_index == before:  # nothing says when it has moved
        if time.perf_counter() - began > LOST:
            raise TimeoutError(f"{key} moved nothing in {LOST} seconds")
        await asyncio.sleep(0)
    drawn = asyncio.Event()
    app.screen.call_after_refresh(drawn.set)
    await drawn.wait()
    return time.perf_counter() - began


async def keys(rate: int, seconds: int) -> dict[str, float]:
    """Seconds per key, at the 95th of a hundred, while lines come."""
    app = Show()
    taken: list[float] = []
    async with app.run_test(size=(120, 40)) as pilot:
        view = app.query_one(LogView)
        view.name_sources(("worker", "api"))
        take(view, events(0, 20_000))
        await toolkit.settle(pilot)
        view.focus()
        view.search("needle")
        batches = [events(20_000 + at, rate // 10) for at in range(0, rate * seconds, rate // 10)]

        async def come() -> None:
            for batch in batches:
                take(view, batch)
                await asyncio.sleep(0.1)

        coming = asyncio.create_task(come())
        number = 0
        while not coming.done():
            taken.append(await moved(app, view, KEYS[number % len(KEYS)]))
            number += 1
            await asyncio.sleep(0.03)
    taken.sort()
    return {"p95": taken[min(len(taken) - 1, len(taken) * 95 // 100)], "keys": float(len(taken))}


async def lines(count: int) -> dict[str, float]:
    """Megabytes of the process with so many lines, after they have been scrolled through; the slowest jump."""
    app = Show()
    slowest = 0.0
    async with app.run_test(size=(120, 40)) as pilot:
        view = app.query_one(LogView)
        view.name_sources(("worker", "api"))
        for first in range(0, count, PAGE):
            take(view, events(first, min(PAGE, count - first)))
            await asyncio.sleep(0)
        while view.working:  # noqa: ASYNC110 - the widget has no event for it
            await asyncio.sleep(0.01)
        view.focus()
        for key in ("g", "G", "pageup", "g", "pagedown", "G"):
            began = time.perf_counter()
            await pilot.press(key)
            slowest = max(slowest, time.perf_counter() - began)
        assert view.line_count == count
    return {"megabytes": resident(), "slowest": slowest}


def resident() -> float:
    """What this process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    numbers = [int(one) for one in rest]
    print(json.dumps(asyncio.run(keys(*numbers) if kind == "keys" else lines(*numbers))))
