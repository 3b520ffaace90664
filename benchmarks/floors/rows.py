"""The whole console over a board of so many pipelines: ``rows.py COUNT``; its longest frames in seconds, as JSON.

The board is the last session's, so that nothing but the console works; no world ever answers.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import samples
from pointsman.clock import EPOCH, ManualClock
from pointsman.config.settings import Settings
from pointsman.console import themes
from pointsman.console.app import ConsoleApp
from pointsman.console.connection import Connection, Keeping
from pointsman.console.widgets.table import LineTable
from pointsman.model.pipelines import Board
from pointsman.model.snapshot import Snapshot

SCREENS = "13245678"
FILTER = "pipeline-01"
BUSY, QUIET = 0.0005, 0.08
"""Seconds of the loop that are work, and seconds without any after which there is none left."""


class Kept:
    """A board of so many pipelines, kept by a session before this one."""

    account = "123456789012"

    def __init__(self, count: int) -> None:
        self._board = Snapshot(Board(tuple(samples.pipelines(count))), EPOCH)

    def recall(self) -> Snapshot[Any]:
        """The board."""
        return self._board

    def keep(self, snapshot: Snapshot[Any], account: str, region: str) -> bool:
        """Not needed."""
        return bool(snapshot and account and region)


class Watch:
    """The longest time in which the event loop could do nothing else: what a key or a frame would have waited."""

    def __init__(self) -> None:
        self.longest = self.busy = 0.0
        """The longest one, in seconds, and when there was the last one worth the name."""

    async def run(self) -> None:
        """Look at the clock all the time."""
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            self.longest = max(self.longest, now - before)
            if now - before > BUSY:
                self.busy = now
            before = now


class Journey:
    """What a person does, each thing watched."""

    def __init__(self, app: ConsoleApp, watch: Watch) -> None:
        self.app, self.watch = app, watch
        self.frames: dict[str, list[float]] = {}

    async def rest(self) -> None:
        """Wait until everything asked for has been done and drawn: nothing has taken a while for a while."""
        while not self._quiet():  # noqa: ASYNC110 - nothing says when the last frame was drawn
            await asyncio.sleep(0.002)

    def _quiet(self) -> bool:
        working = any(one.working for one in self.app.screen.query(LineTable))
        return not working and time.perf_counter() - self.watch.busy >= QUIET

    async def over(self, what: str, work: Callable[[], object]) -> None:
        """The longest frame of one thing done."""
        self.watch.longest, self.watch.busy = 0.0, time.perf_counter()
        work()
        await self.rest()
        self.frames.setdefault(what, []).append(self.watch.longest)

    async def press(self, what: str, keys: Sequence[str]) -> None:
        """The longest frame of each key."""
        for key in keys:
            await self.over(what, lambda key=key: self.app.simulate_key(key))  # type: ignore[misc]


async def journey(count: int) -> dict[str, float]:
    """The longest frame of every kind of thing done."""
    held = threading.Event()

    def never() -> Connection:
        held.wait()
        raise AssertionError("there is no world")

    app = ConsoleApp(never, Settings(), clock=ManualClock(), keeping=lambda: Keeping(Kept(count)))  # type: ignore[arg-type]
    async with app.run_test(size=(120, 40)):
        watch = Watch()
        watching = asyncio.create_task(watch.run())
        person = Journey(app, watch)
        await person.rest()
        await person.press("open", "2")
        for name in [*app.wardrobe.names, themes.DEFAULT]:
            await person.over("theme", lambda name=name: app.wardrobe.wear(name))  # type: ignore[misc]
        await person.press("screen", [key for other in SCREENS for key in (other, "2")])
        columns = len(app.screen.query_one("#board", LineTable).placed)
        await person.press("sort", ["o", "O"] * (columns + 1))
        await person.press("sort", ["o"] * (columns + 1))
        await person.press("filter", ["slash", *FILTER, *["backspace"] * len(FILTER), *FILTER, "enter"])
        watching.cancel()
    held.set()
    if len(sys.argv) > 2:
        print({w: [round(x * 1e3) for x in t] for w, t in person.frames.items()})
    return {what: max(taken) for what, taken in person.frames.items()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(journey(int(sys.argv[1])))))
