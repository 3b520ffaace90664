"""Live sparklines: what showing many costs, beside as many of Textual's own widgets; and what reading them does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.figures import Figure, alternate, median, spread
from benchmarks.terminal import module
from pointsman.clock import ManualClock
from pointsman.model.metrics import MetricQuery, WallQuery
from pointsman.model.refs import MetricRef
from pointsman.services.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Shown:
    """What so many seconds of live sparklines cost."""

    cpu: float
    sent: float
    key: float


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    count, seconds, every, turns = (20, 2, 1.0, 2) if small else (500, 8, 10.0, 3)
    taken = alternate(
        runs,
        {
            "ours": partial(_live, "ours", count, seconds),
            "stock": partial(_live, "stock", count, seconds),
            "few": partial(_live, "ours", 10, seconds),
        },
    )
    cpu = {name: [one.cpu for one in shown] for name, shown in taken.items()}
    sent = {name: [one.sent for one in shown] for name, shown in taken.items()}
    key = {name: [one.key for one in shown] for name, shown in taken.items()}
    calls = asyncio.run(_calls(count))
    rates = [_refreshed(count, every, turns) for _ in range(runs)]
    return [
        _ratio(f"{count} live sparklines: CPU / Sparkline widgets'", cpu["ours"], cpu["stock"], 0.12, 1e3, "ms/s"),
        _ratio(f"{count} live sparklines: bytes / Sparkline widgets'", sent["ours"], sent["stock"], 0.06, 1, "B/s"),
        _ratio(f"a key beside {count} live sparklines / beside 10", key["ours"], key["few"], 1.5, 1e3, "ms"),
        Figure("sparklines", f"GetMetricData calls for {count} series", calls, 1, of="one refresh"),
        Figure(
            "sparklines",
            f"{count} series refreshed every {every:g} s: to the terminal",
            median(rates),
            1024,
            "B/s",
            spread(rates, 1, "B/s"),
        ),
    ]


def _ratio(what: str, ours: list[float], theirs: list[float], target: float, scale: float, unit: str) -> Figure:
    of = f"{spread(ours, scale, unit)} / {spread(theirs, scale, unit)}"
    return Figure("sparklines", what, median(ours) / median(theirs), target, of=of)


def _live(kind: str, count: int, seconds: int) -> Shown:
    with module("benchmarks.floors.sparklines", kind, str(count), str(seconds + 4)) as terminal:
        terminal.wait_for("requests-000", timeout=120)
        terminal.drain(0.5)
        terminal.type(b"x")
        terminal.collect(1.5)
        cpu, sent = terminal.cpu(), terminal.bytes_read
        terminal.collect(seconds)
        used, came = (terminal.cpu() - cpu) / seconds, (terminal.bytes_read - sent) / seconds
        keys = [terminal.press(b"\x1b[A" if turn % 2 else b"\x1b[B") for turn in range(6)] if kind == "ours" else [1.0]
        return Shown(used, came, median(keys))


def _refreshed(count: int, every: float, turns: int) -> float:
    """Bytes a second to the terminal over so many refreshes, at each of which every line changes."""
    with module("benchmarks.floors.sparklines", "ours", str(count), str(turns + 1), str(every)) as terminal:
        terminal.wait_for("requests-000", timeout=120)
        terminal.drain(0.5)
        terminal.type(b"x")
        terminal.collect(every / 2)
        sent = terminal.bytes_read
        terminal.collect(every * turns)
        came = terminal.bytes_read - sent
    if not came:
        raise RuntimeError("nothing was drawn")
    return came / (every * turns)


async def _calls(count: int) -> float:
    asked: list[str] = []

    class Echo:
        async def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
            asked.append(f"{service}:{operation}")
            return {"MetricDataResults": [{"Id": one["Id"]} for one in parameters["MetricDataQueries"]]}

    queries = tuple(MetricQuery(MetricRef("Shop", f"m{at}")) for at in range(count))
    await Metrics(Echo(), ManualClock(), free=True).read(WallQuery(queries))
    return float(len(asked))
