"""How soon it is there: first paint, readiness with data that came through boto3, memory; against the bare floors.

F is a Textual application of one label; B one that also imports boto3 and makes the clients the console makes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, alternate, median, spread
from benchmarks.loopback import ENVIRONMENT, serving
from benchmarks.terminal import Start, Terminal

FLOORS = Path(__file__).with_name("floors")
DEMO = ("-c", "import sys; from pointsman.cli import main; sys.exit(main())", "demo")
READY = r"checkout .*Failed"
"""A pipeline's row with a status: it came through ListPipelines and GetPipelineState."""


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    python = sys.executable
    takers: dict[str, Callable[[], Start]] = {
        "F": partial(_started, (python, str(FLOORS / "label.py")), "floor ready"),
        "B": partial(_started, (python, str(FLOORS / "clients.py")), "clients ready"),
        "demo": partial(_started, (python, *DEMO), READY),
    }
    with serving() as endpoint:
        takers["aws"] = partial(_aws, endpoint)
        if not small:
            alternate(1, takers)  # bytecode and the disk's cache are there from the second start on
        taken = alternate(runs, takers)
    paint = {name: [one.first_paint for one in starts] for name, starts in taken.items()}
    ready = {name: [one.ready for one in starts] for name, starts in taken.items()}
    memory = {name: [one.peak_mib for one in starts] for name, starts in taken.items()}
    cpu = {name: [one.cpu for one in starts] for name, starts in taken.items()}
    return [
        _ratio("demo: first paint / a one-label app's", paint, "F", 1.25, 1e3, "ms"),
        _ratio("demo: first paint / `aws codepipeline list-pipelines`", paint, "aws", 0.55, 1e3, "ms"),
        _ratio("demo: ready with data / boto3 and its clients ready", ready, "B", 1.25, 1e3, "ms"),
        _ratio("demo: CPU until ready / the same", cpu, "B", None, 1e3, "ms"),
        _ratio("demo: peak memory / the same", memory, "B", 1.3, 1, "MiB"),
    ]


def _ratio(
    what: str, values: dict[str, list[float]], floor: str, target: float | None, scale: float, unit: str
) -> Figure:
    ours, theirs = values["demo"], values[floor]
    of = f"{spread(ours, scale, unit)} / {spread(theirs, scale, unit)}"
    return Figure("start", what, median(ours) / median(theirs), target, of=of)


def _started(command: tuple[str, ...], pattern: str) -> Start:
    with tempfile.TemporaryDirectory() as home, Terminal(command, {"HOME": home, "XDG_STATE_HOME": home}) as terminal:
        return terminal.start(pattern)  # in a home of its own: a session left here would be gone on with


def _aws(endpoint: str) -> Start:
    """The stock CLI's whole command, in the place of both its paint and its readiness."""
    program = Path(sys.executable).with_name("aws")
    command = (str(program), "--endpoint-url", endpoint, "codepipeline", "list-pipelines")
    begun = time.perf_counter()
    subprocess.run(command, env={**os.environ, **ENVIRONMENT}, check=True, capture_output=True, timeout=60)
    taken = time.perf_counter() - begun
    return Start(taken, taken, 0.0, 0.0)
