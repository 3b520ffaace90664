"""A console to live in: it begins where one left, keeps up with ten thousand rows, and is as small after an hour.

The start is that of ``pointsman`` itself against a server on this machine, with and without a kept session, turn and
turn about, beside the stock CLI's ``list-pipelines`` against the same server. The frames are those of the whole console
over a kept board. The hour is a demo's own, at speed, with keys pressed all the time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, alternate, median, spread
from benchmarks.loopback import ACCOUNT, ENVIRONMENT, serving
from benchmarks.terminal import Start, Terminal
from pointsman.aws import profiles
from pointsman.clock import EPOCH, SystemClock
from pointsman.config import paths
from pointsman.model.pipelines import Board, PipelineRow, PipelineState, Stage
from pointsman.model.refs import PipelineRef, StageRef
from pointsman.model.snapshot import Snapshot
from pointsman.model.status import status
from pointsman.model.views import Session
from pointsman.services.last_session import LastSession
from pointsman.services.remembered import Remembered

PIPELINES = 100
CONSOLE = ("-c", "import sys; from pointsman.cli import main; sys.exit(main())")
REGION = ENVIRONMENT["AWS_DEFAULT_REGION"]
KEPT = r"pipeline-000\b.*(Succeeded|Failed)"
"""What the last session knew; or, where a look at the terminal came late, what has taken its place already."""
FRESH = r"pipeline-\d+\b.*Failed"
"""What the server says of the first that is read: it came through ListPipelines and GetPipelineState now."""


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    return [*_starts(runs, small=small), *_frames(runs, small=small), *_hour(small=small)]


# -- where one left ---------------------------------------------------------------------------------------------------


def _starts(runs: int, *, small: bool) -> list[Figure]:
    with serving() as endpoint, _home() as bare, _home(endpoint) as kept:
        takers: dict[str, Callable[[], Start]] = {
            "kept": partial(_started, endpoint, kept, KEPT),
            "fresh": partial(_started, endpoint, kept, FRESH),
            "bare": partial(_started, endpoint, bare, r"pipeline-000\b"),
            "aws": partial(_aws, endpoint),
        }
        if not small:
            alternate(1, takers)  # bytecode and the disk's cache are there from the second start on
        taken = alternate(runs, takers)
    paint = {name: [one.first_paint for one in starts] for name, starts in taken.items()}
    ready = {name: [one.ready for one in starts] for name, starts in taken.items()}
    return [
        _ratio("first paint of a kept session / without one", paint["kept"], paint["bare"], 1.1),
        _ratio("the kept board on the screen / first paint without one", ready["kept"], paint["bare"], None),
        _ratio(f"fresh data of {PIPELINES} pipelines / one `aws codepipeline list-pipelines`",
               ready["fresh"], ready["aws"], 0.9),
    ]  # fmt: skip


def _ratio(what: str, ours: list[float], theirs: list[float], target: float | None) -> Figure:
    of = f"{spread(ours, 1e3, 'ms')} / {spread(theirs, 1e3, 'ms')}"
    return Figure("manners", what, median(ours) / median(theirs), target, of=of)


@contextmanager
def _home(endpoint: str = "") -> Iterator[dict[str, str]]:
    """The environment of somebody with a home of his own; with an endpoint, one who has left a session there."""
    with tempfile.TemporaryDirectory() as folder:
        home = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "POINTSMAN_", "XDG_"))
            },
            **ENVIRONMENT,
            "HOME": folder,
        }
        if endpoint:
            place = ("", REGION, endpoint, profiles.whose("", home))
            left = Snapshot(Board(tuple(_row(number) for number in range(PIPELINES))), SystemClock().now())
            assert Remembered(paths.boards(home), place).keep(left, ACCOUNT, REGION)
            assert LastSession(paths.sessions(home), place).keep(Session("pipelines"))
        yield home


def _row(number: int) -> PipelineRow:
    ref = PipelineRef(f"pipeline-{number:03d}")
    stage = Stage(StageRef(ref.name, "Build"), status("Succeeded"), "e-0")
    state = PipelineState(ref, 1, "V2", stages=(stage,), updated=EPOCH - timedelta(days=1))
    return PipelineRow(ref, "V2", version=1, updated=state.updated, state=state, fetched_at=EPOCH)


def _started(endpoint: str, home: dict[str, str], pattern: str) -> Start:
    command = (sys.executable, *CONSOLE, "--region", REGION, "--endpoint-url", endpoint)
    with Terminal(command, home) as terminal:
        return terminal.start(pattern)


def _aws(endpoint: str) -> Start:
    """The stock CLI's whole command, in the place of both its paint and its readiness."""
    program = Path(sys.executable).with_name("aws")
    command = (str(program), "--endpoint-url", endpoint, "codepipeline", "list-pipelines")
    begun = time.perf_counter()
    subprocess.run(command, env={**os.environ, **ENVIRONMENT}, check=True, capture_output=True, timeout=60)
    taken = time.perf_counter() - begun
    return Start(taken, taken, 0.0, 0.0)


# -- ten thousand rows, and an hour -----------------------------------------------------------------------------------


def _frames(runs: int, *, small: bool) -> list[Figure]:
    count = 200 if small else 10_000
    taken = [_child("rows", count) for _ in range(runs)]
    said = {"theme": "another theme", "screen": "another screen", "filter": "a filter's key", "sort": "another column"}
    return [
        Figure("manners", f"{count:,} rows, {what}: longest frame", median([one[name] * 1e3 for one in taken]), 50,
               "ms", spread([one[name] * 1e3 for one in taken], 1, "ms"))
        for name, what in said.items()
    ]  # fmt: skip


def _hour(*, small: bool) -> list[Figure]:
    speed, seconds = (600, 60) if small else (60, 3600)
    told = _child("hour", speed, seconds)
    figures = []
    for name, what, target, unit in (
        ("memory", "MiB held", 1.1, "MiB"),
        ("objects", "objects", 1.1, ""),
        ("tasks", "tasks", 1.0, ""),
        ("threads", "threads", 1.0, ""),
        ("files", "open files", 1.0, ""),
    ):
        start, end = told[f"{name}_start"], told[f"{name}_end"]
        of = f"{end:,.0f} / {start:,.0f} {unit}".rstrip()
        said = f"a demo's {seconds / 3600:.2g} h at speed {speed}: {what} at the end / at the start"
        figures.append(Figure("manners", said, end / start, target, of=of))
    return figures


def _child(floor: str, *words: object) -> dict[str, float]:
    """What a process of its own says."""
    command = [sys.executable, "-m", f"benchmarks.floors.{floor}", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise RuntimeError(f"{floor} ended with {done.returncode}:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
