"""A demo's time at speed with keys pressed all the while: ``hour.py SPEED SECONDS``; what it holds, as JSON.

The first round through every screen comes before the first count: what is loaded once is no growth.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import threading
import time
from pathlib import Path

from msgspec.structs import replace

from benchmarks.floors.tail import resident
from pointsman import bootstrap
from pointsman.aws.guard import Guard
from pointsman.config.launch import World
from pointsman.config.settings import Settings
from pointsman.console.app import ConsoleApp
from pointsman.console.connection import Connection
from pointsman.local.scenarios import Demo, open_demo
from pointsman.operations.audit import MemoryAudit

ROUND = ("2", "j", "j", "enter", "escape", "3", "enter", "escape", "4", "enter", "escape", "5", "6", "7", "8", "1",
         "question_mark", "escape", "o", "O", "O")  # fmt: skip
"""Every screen behind a digit, what is behind their first rows, help and sorting; it ends where it began."""


async def count() -> dict[str, float]:
    """What this process holds when what was under way has come to its end; of tasks, those that are always there."""
    tasks = []
    for _ in range(10):
        await asyncio.sleep(0.3)
        tasks.append(len(asyncio.all_tasks()))
    gc.collect()
    return {
        "tasks": min(tasks),
        "memory": resident() * 1e6 / (1 << 20),
        "objects": len(gc.get_objects()),
        "threads": threading.active_count(),
        "files": len(list(Path("/proc/self/fd").iterdir())),
    }


async def hour(speed: float, seconds: float) -> dict[str, float]:
    """What it holds before and after."""
    demos: list[Demo] = []

    def connect() -> Connection:
        demo = open_demo(speed=speed)
        demos.append(demo)
        cloud = bootstrap._cloud(demo.session_factory, demo.clock, Guard(read_only=False, clock=demo.clock))  # noqa: SLF001
        made = bootstrap._connection(cloud, Settings(), World.DEMO, MemoryAudit(), dict(os.environ))  # noqa: SLF001
        return replace(made, time=demo.pace)

    app = ConsoleApp(connect, Settings(), "demo")
    async with app.run_test(size=(120, 40)):
        while app.desk.connection is None:  # noqa: ASYNC110 - a thread makes it
            await asyncio.sleep(0.02)

        async def around() -> None:
            for key in ROUND:
                app.simulate_key(key)
                await asyncio.sleep(0.1)

        for _ in range(3):
            await around()
        before = await count()
        until = time.monotonic() + seconds / speed
        while time.monotonic() < until:
            await around()
        after = await count()
    for demo in demos:
        demo.close()
    return {f"{name}_{when}": held[name] for when, held in (("start", before), ("end", after)) for name in held}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(hour(float(sys.argv[1]), float(sys.argv[2])))))
