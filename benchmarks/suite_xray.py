"""Traces: from documents to a tree, a filter over a hundred thousand of them, and what is lost of a flood."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import segments
from benchmarks.figures import Figure, alternate, median, spread
from pointsman.clock import ManualClock
from pointsman.local import Backend
from pointsman.local.ports import bind_xray
from pointsman.local.xray.daemon import Daemon
from pointsman.semantics.traces import assembly, documents

REGION = "us-east-1"
RATE = 5000
_EXPRESSIONS = {
    "one that most traces fail": 'service("cart") { fault AND responsetime > 99 }',
    "one over annotations and edges": 'annotation[tenant] = "none" OR edge("shop", "cart") { duration > 99 }',
    "one over root causes": 'rootcause.responsetime.entity { last and name = "nobody" }',
}


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    return [*_assembled(runs, 500 if small else 10_000), *_searched(runs, small=small), _flooded(small=small)]


def _assembled(runs: int, spans: int) -> list[Figure]:
    texts = segments.wide(spans, 1_767_603_600.0)

    def take() -> float:
        begun = time.process_time()
        pieces = [piece for text in texts for one in documents.read(text) for piece in one.pieces]
        assert len(assembly.assemble(pieces, infer=False).spans) == spans
        return time.process_time() - begun

    taken = [take() for _ in range(runs)]
    what = f"{spans:,} spans from raw documents to a tree, CPU"
    return [Figure("xray", what, median(taken), 1.0, "s", spread(taken, 1, "s"))]


def _searched(runs: int, *, small: bool) -> list[Figure]:
    many, few = (400, 200) if small else (100_000, 2_000)
    with _stored(many) as large, _stored(few) as little:
        takers = {name: lambda asked=asked: _search(large, asked) for name, asked in _EXPRESSIONS.items()}
        found = [
            Figure(
                "xray", f"a filter expression over {many:,} traces: {name}", median(values), 1.0, "s", spread(values)
            )
            for name, values in alternate(runs, takers).items()
        ]
        pages = alternate(runs, {"large": lambda: _search(large, ""), "little": lambda: _search(little, "")})
        ratio = median(pages["large"]) / median(pages["little"])
        made = f"{spread(pages['large'], 1e3, 'ms')} of {many:,}, {spread(pages['little'], 1e3, 'ms')} of {few:,}"
        found.append(Figure("xray", "a page of summaries: of many traces to of few", ratio, 2.0, "x", made))
    return found


@contextmanager
def _stored(count: int) -> Iterator[Backend]:
    clock = ManualClock()
    at = clock.now().timestamp()
    with tempfile.TemporaryDirectory() as folder, Backend(state=Path(folder) / "state", clock=clock) as backend:
        for first in range(0, count, 50):
            texts = [text for n in range(first, first + 50) for text in segments.purchase(n, at + n * 0.5)]
            backend.ask(REGION, "xray", "PutTraceSegments", {"TraceSegmentDocuments": texts})
        clock.advance(60)
        yield backend


def _search(backend: Backend, expression: str) -> float:
    start = backend.clock.now() - timedelta(minutes=5)
    asked: dict[str, Any] = {"StartTime": start, "EndTime": start + timedelta(hours=24)}
    if expression:
        asked["FilterExpression"] = expression
    begun = time.perf_counter()
    answer, _ = backend.ask(REGION, "xray", "GetTraceSummaries", asked)
    taken = time.perf_counter() - begun
    assert bool(answer["TraceSummaries"]) is not bool(expression)
    return taken


def _flooded(*, small: bool) -> Figure:
    """Segments that are lost of those sent, while a build runs on the same backend."""
    seconds = 1 if small else 60
    with tempfile.TemporaryDirectory() as folder, Backend(state=Path(folder) / "state") as backend:
        daemon = _daemon(backend)
        try:
            _build(backend, seconds + 2)
            command = [sys.executable, "-m", "benchmarks.segments", str(daemon.port), str(RATE), str(seconds)]
            sent = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            told = _settled(daemon, sent)
            first = _first_answer(backend)
        finally:
            daemon.close()
    lost = 100 * (sent - told["kept"]) / sent
    made = f"{sent:,} sent, {told['kept']:,} kept, {told['dropped']} dropped by the kernel, {told['spilled']} spilled;"
    return Figure(
        "xray", f"segments lost of {RATE:,} a second for {seconds} s while a build runs", lost, 0.1, "%", made + first
    )


def _daemon(backend: Backend) -> Daemon:
    port = bind_xray(0)
    daemon = Daemon(backend, port.udp, port.tcp, region=REGION)
    daemon.start()
    return daemon


def _build(backend: Backend, seconds: int) -> None:
    busy = f"timeout {seconds} sh -c 'while :; do :; done' || true"
    spec = f'version: 0.2\nphases:\n  build:\n    commands:\n      - "{busy}"\n'
    client = backend.session(REGION).client("codebuild")
    client.create_project(
        name="busy",
        source={"type": "NO_SOURCE", "buildspec": spec},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "none", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/build",
    )
    started = client.start_build(projectName="busy")["build"]["id"]
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if client.batch_get_builds(ids=[started])["builds"][0]["currentPhase"] == "BUILD":
            return
        time.sleep(0.05)
    raise TimeoutError("the build never began")


def _settled(daemon: Daemon, sent: int) -> dict[str, Any]:
    """The counts, once everything that came is where it belongs."""
    deadline = time.monotonic() + 60
    while True:
        told: dict[str, Any] = daemon.about()["xray"]
        done = told["kept"] + told["refused"] + told["dropped"] + told["spilled"] + told["malformed"] >= sent
        if done or time.monotonic() > deadline:
            return told
        time.sleep(0.1)


def _first_answer(backend: Backend) -> str:
    """How long whoever asks now waits for an answer."""
    end = datetime.now(UTC) + timedelta(minutes=1)
    begun = time.perf_counter()
    backend.ask(REGION, "xray", "GetTraceSummaries", {"StartTime": end - timedelta(minutes=10), "EndTime": end})
    return f" a page of summaries right behind it takes {time.perf_counter() - begun:.2g} s"
