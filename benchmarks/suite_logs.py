"""Logs: queries over a million stored events beside the tools a shell has, and how fast events come in.

Queries and tools are told in CPU seconds: what they take on a machine that has nothing else to do.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, alternate, median, spread
from pointsman.clock import ManualClock
from pointsman.local import Backend

REGION = "us-east-1"
_BATCH = 5_000
_LEVELS = ("INFO", "INFO", "INFO", "DEBUG", "INFO", "WARN", "INFO", "ERROR")
_STREAMS = 4
_STEP = 60
"""Milliseconds between two events."""


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    count = 8_000 if small else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "lines"
        with _stored(Path(folder) / "state", count, lines) as (backend, taken):
            per = taken / count * 20_000
            made = f"{count:,} in {taken:.1f} s, {count / taken:,.0f} a second"
            came = Figure("logs", "20,000 events put", per, 1.0, "s", made)
            return [came, *_queried(runs, backend, count, lines), *_bounded(runs, backend, count)]


def _line(number: int) -> str:
    level = _LEVELS[number % len(_LEVELS)]
    return (
        f'{{"level":"{level}","status":{200 + number % 7 * 50},"path":"/api/v1/item/{number % 997}",'
        f'"user":"u{number % 1009}","ms":{number % 500},"message":"request {number} handled"}}'
    )


@contextmanager
def _stored(folder: Path, count: int, lines: Path) -> Iterator[tuple[Backend, float]]:
    clock = ManualClock()
    now = int(clock.now().timestamp() * 1000)
    with Backend(state=folder, clock=clock) as backend, lines.open("w") as plain:
        backend.ask(REGION, "logs", "CreateLogGroup", {"logGroupName": "g"})
        for stream in range(_STREAMS):
            backend.ask(REGION, "logs", "CreateLogStream", {"logGroupName": "g", "logStreamName": f"s{stream}"})
        taken = 0.0
        for first in range(0, count, _BATCH):
            texts = [_line(number) for number in range(first, min(first + _BATCH, count))]
            plain.writelines(f"{now - (count - first - n) * _STEP} {text}\n" for n, text in enumerate(texts))
            events = [{"timestamp": now - (count - first - n) * _STEP, "message": text} for n, text in enumerate(texts)]
            where = {"logGroupName": "g", "logStreamName": f"s{first // _BATCH % _STREAMS}"}
            begun = time.perf_counter()
            backend.ask(REGION, "logs", "PutLogEvents", {**where, "logEvents": events})
            taken += time.perf_counter() - begun
        yield backend, taken


def _ask(backend: Backend, query: str, *, seconds: int | None = None) -> float:
    """CPU seconds of a query, from its start to its results."""
    end = int(backend.clock.now().timestamp())
    asked: dict[str, Any] = {
        "logGroupName": "g",
        "startTime": 0 if seconds is None else end - seconds,
        "endTime": end,
        "queryString": query,
    }
    begun = time.process_time()
    number = backend.ask(REGION, "logs", "StartQuery", asked)[0]["queryId"]
    backend.settle()
    taken = time.process_time() - begun
    answer = backend.ask(REGION, "logs", "GetQueryResults", {"queryId": number})[0]
    assert answer["status"] == "Complete", answer
    assert answer["results"]
    return taken


def _run(command: str) -> float:
    """CPU seconds of a line of the shell."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["sh", "-c", command], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _queried(runs: int, backend: Backend, count: int, lines: Path) -> list[Figure]:
    by = "| stats count(*) by bin(5m)"
    bins = "awk '{c[int($1/300000)]++} END {for (b in c) print b, c[b]}'"
    takers: dict[str, Callable[[], float]] = {
        "literal": lambda: _ask(backend, f'filter @message like "ERROR" {by}'),
        "grep": lambda: _run(f"LC_ALL=C grep -F ERROR {lines} | {bins}"),
        "expression": lambda: _ask(backend, f"filter @message like /(WARN|ERROR).*item.[0-4]/ {by}"),
        "JSON": lambda: _ask(backend, f"filter status >= 500 and ms < 250 {by}"),
    }
    jq = shutil.which("jq")
    if jq:
        takers["jq"] = lambda: _run(f"cut -d' ' -f2- {lines} | {jq} -c 'select(.status >= 500 and .ms < 250)'")
    found = alternate(runs, takers)
    beside = f"grep -F | awk: {spread(found['grep'])}"
    figures = [
        Figure(
            "logs",
            f"filter a literal, count by bin(5m), {count:,} events, CPU",
            median(found["literal"]),
            0.3,
            "s",
            f"{spread(found['literal'])}; {beside}",
        ),
        Figure(
            "logs",
            f"filter an expression, count by bin(5m), {count:,} events, CPU",
            median(found["expression"]),
            1.5,
            "s",
            spread(found["expression"]),
        ),
    ]
    if jq:
        ratio = median(found["JSON"]) / median(found["jq"])
        made = f"{spread(found['JSON'])}; jq -c select: {spread(found['jq'])}"
        figures.append(Figure("logs", f"filter JSON fields of {count:,} events: to jq", ratio, 1.5, "x", made))
    return figures


def _bounded(runs: int, backend: Backend, count: int) -> list[Figure]:
    """A hundredth of the time costs about a hundredth, whatever else is stored."""
    whole = count * _STEP // 1000
    query = "filter status >= 500 | stats count(*) by path"
    found = alternate(
        runs,
        {
            "whole": lambda: _ask(backend, query),
            "part": lambda: _ask(backend, query, seconds=max(whole // 100, 60)),
        },
    )
    ratio = median(found["part"]) / median(found["whole"])
    made = f"{spread(found['part'], 1e3, 'ms')} of {spread(found['whole'], 1e3, 'ms')}"
    return [Figure("logs", "a hundredth of the time: to the whole", ratio, 0.05, "x", made)]
