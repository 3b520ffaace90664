"""What a screen costs on the wire, and on a slow one: bytes, latency and backlog against lnav, htop and harlequin.

The references are measured where they are installed (``lnav`` and ``htop`` are Debian packages; ``harlequin`` is looked
for on the path, or where ``HARLEQUIN`` says); what is not is told as not measured, and its figures have no verdict.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from textual.app import App, ComposeResult

from benchmarks import samples
from benchmarks.figures import Figure, alternate, median, spread
from benchmarks.link import SlowTerminal
from benchmarks.terminal import Terminal, running_time
from pointsman.clock import EPOCH
from pointsman.console import themes, toolkit
from pointsman.console.output.stage import Stage
from pointsman.console.output.terminals import Abilities
from pointsman.console.present.look import Look
from pointsman.console.widgets.log_view import LogView

ROOT = Path(__file__).resolve().parents[1]
RATE, TRIP = 115_000 / 8, 0.1
"""115 kbit/s, and 100 ms there and back."""
LINES = 100_000
"""Of the log that lnav shows; ours has as many."""
DOWN, PAGE = b"\x1b[B", b"\x1b[6~"
DEMO = (sys.executable, "-c", "import sys; from pointsman.cli import main; sys.exit(main())", "demo")
QUERY = b"\x1b[200~select i, i * 7 as seven, 'a text of row ' || i as words from range(500) t(i)\x1b[201~"
_NONE = "{} is not measured: not installed, or left out of a small run"


@dataclass(frozen=True, slots=True)
class Keys:
    """What keys cost: seconds to the last byte of each response and its bytes; the backlog of a burst."""

    seconds: tuple[float, ...]
    bytes: float
    backlog: float = 0.0
    page: float = 0.0
    """The backlog of a burst of pages."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to measure.

    ``keys`` are pressed first, one after the other; then ``key`` is what is measured, and ``page`` where it has one.
    """

    command: tuple[str, ...]
    keys: tuple[bytes, ...] = ()
    key: bytes = DOWN
    page: bytes = b""
    ready: str = ""
    quiet: float = 0.1
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rest:
    """Nobody touches it: bytes a second, and CPU seconds a second."""

    rate: float
    cpu: float


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    presses = 4 if small else 30
    with tempfile.TemporaryDirectory() as folder:
        programs = _programs(Path(folder), references=not small)
        fast: dict[str, Callable[[], Keys]] = {
            name: partial(_fast, program, presses) for name, program in programs.items()
        }
        slow: dict[str, Callable[[], Keys]] = {
            name: partial(_slow, programs[name], presses // 2, 4 if small else 30)
            for name in ("log", "lnav")
            if name in programs
        }
        at_rest: dict[str, Callable[[], Rest]] = {
            name: partial(_rest, command, *((0.5, 0.5) if small else (8.0, 20.0)))
            for name, command in _resting(small).items()
        }
        quick = alternate(runs, fast)
        slowly = alternate(runs, slow)
        resting = alternate(runs, at_rest)
    figures = [*_bytes(quick), *_link(slowly), *_at_rest(resting)]
    taken = [asyncio.run(_cost(size, 10 if small else 150)) for _ in range(runs) for size in ((120, 40), (200, 50))]
    scroll, whole = [one[0] * 1e3 for one in taken[::2]], [one[1] * 1e3 for one in taken[1::2]]
    return [
        *figures,
        Figure("output", "cost of a scrolled line at 120x40", median(scroll), 1, "ms", spread(scroll, 1, "ms")),
        Figure("output", "cost of a full frame at 200x50", median(whole), 4, "ms", spread(whole, 1, "ms")),
    ]


# -- the programs ----------------------------------------------------------------------------------------------------


def _programs(folder: Path, *, references: bool) -> dict[str, Program]:
    ours = (sys.executable, str(ROOT / "benchmarks" / "floors" / "output.py"))
    env = {"PYTHONPATH": str(ROOT)}
    to_edge = (b"g", DOWN * 45)  # where the next line scrolls
    found = {
        "log": Program((*ours, "log", "lean"), to_edge, page=PAGE, ready=r"line \d+", env=env),
        "stock": Program((*ours, "log", "plain"), to_edge, ready=r"line \d+", env=env),
        "table": Program((*ours, "table", "lean"), (DOWN,), ready=r"pipeline-0001", env=env),
    }
    if not references:
        return found
    if shutil.which("lnav"):
        log = folder / "build.log"
        begun = datetime(2026, 1, 1, tzinfo=UTC)
        with log.open("w", encoding="utf-8") as file:
            for number in range(LINES):
                at = begun + timedelta(milliseconds=10 * number)
                file.write(f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03} {samples.text(number)}\n")
        home = {"HOME": str(folder)}
        found["lnav"] = Program(("lnav", str(log)), (b"g",), key=b"j", page=b" ", ready=r"compiling", env=home)
    harlequin = os.environ.get("HARLEQUIN") or shutil.which("harlequin")
    if harlequin:
        # The query is pasted into its editor, run, and the cursor goes to the result.
        keys = (QUERY, b"\x0a", b"\x1b[15~")
        home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        found["harlequin"] = Program((harlequin, "-P", "None"), keys, ready="Query", quiet=0.3, env=home)
    return found


def _resting(small: bool) -> dict[str, tuple[str, ...]]:
    ours = (sys.executable, str(ROOT / "benchmarks" / "floors" / "output.py"))
    found = {
        "empty": (*ours, "empty", "plain"),
        "still": (*DEMO, "--paused"),
        "live": DEMO,
    }
    if shutil.which("htop") and not small:
        found["htop"] = ("htop",)
    return found


# -- taking ----------------------------------------------------------------------------------------------------------


def _prepare(terminal: Terminal, program: Program) -> None:
    if program.ready:
        terminal.wait_for(program.ready)
    _calm(terminal, 0.4)
    for key in program.keys:
        terminal.type(key)
        _calm(terminal, program.quiet + 0.2)


def _calm(terminal: Terminal, quiet: float) -> None:
    """Read until nothing comes, but not for ever: some programs show a clock."""
    deadline = time.perf_counter() + 3
    while time.perf_counter() < deadline and terminal.read(quiet) is not None:
        pass
    terminal.drain(0.0)


def _fast(program: Program, presses: int) -> Keys:
    with Terminal(program.command, program.env) as terminal:
        _prepare(terminal, program)
        taken = [terminal.respond(program.key, program.quiet) for _ in range(presses)]
    return _keys(taken)


def _slow(program: Program, presses: int, burst: int) -> Keys:
    with SlowTerminal(program.command, RATE, TRIP, program.env) as terminal:
        _prepare(terminal, program)
        quiet = program.quiet + TRIP + 0.1
        taken = [terminal.respond(program.key, quiet) for _ in range(presses)]
        _calm(terminal, quiet)
        backlog = terminal.burst(program.key, burst, 30, quiet)
        _calm(terminal, quiet)
        page = terminal.burst(program.page, burst, 30, quiet) if program.page else 0.0
    return _keys(taken, backlog, page)


def _keys(taken: Sequence[tuple[float, int]], backlog: float = 0.0, page: float = 0.0) -> Keys:
    answered = [(seconds, count) for seconds, count in taken if count]
    if not answered:
        raise RuntimeError("no key changed anything")
    return Keys(tuple(one for one, _ in answered), median([count for _, count in answered]), backlog, page)


def _rest(command: tuple[str, ...], calm: float, seconds: float) -> Rest:
    env = {"PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as home, Terminal(command, {**env, "HOME": home}) as terminal:
        if command[: len(DEMO)] == DEMO:
            terminal.wait_for("checkout")
        until = time.perf_counter() + calm
        while time.perf_counter() < until:
            terminal.read(0.2)
        before, cpu = terminal.bytes_read, running_time(terminal.pid)
        begun = time.perf_counter()
        while time.perf_counter() < begun + seconds:
            terminal.read(0.2)
        return Rest((terminal.bytes_read - before) / seconds, (running_time(terminal.pid) - cpu) / seconds)


class _Show(App[None]):
    """A log and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        toolkit.quiet(self)
        themes.register(self)
        self.theme = themes.DEFAULT
        self.view = LogView(Look(lambda: EPOCH))

    def compose(self) -> ComposeResult:
        yield self.view


async def _cost(size: tuple[int, int], times: int) -> tuple[float, float]:
    """Seconds that the output stage takes for a scrolled line, and for a frame in which every line is another."""
    app = _Show()
    async with app.run_test(size=size) as pilot:
        app.view.append(samples.lines(0, 10_000))
        await toolkit.settle(pilot)
        app.view.follow(False)
        scrolling = [_frame(app, row) for row in range(100, 101 + times)]
        jumping = [_frame(app, row) for row in range(200, 200 + 45 * (times + 1), 45)]
    gc.collect()
    gc.freeze()  # as the console does once it stands
    return _median_cost(scrolling, size), _median_cost(jumping, size)


def _frame(app: _Show, row: int) -> str:
    """What Textual writes with the log at a row; as it would be written the first time."""
    toolkit.move_content(app.view, app.view.virtual_size, row)
    app.view.refresh()
    return toolkit.whole_frame(app)


def _median_cost(frames: list[str], size: tuple[int, int]) -> float:
    """Seconds that one frame after the other takes."""
    taken: list[float] = []
    stage = Stage(Abilities(scrolls=True, erases=True))
    for frame in frames:
        begun = time.perf_counter()
        if not stage.take(frame, *size) or not stage.give():
            raise RuntimeError("a frame was not understood, or changed nothing")
        taken.append(time.perf_counter() - begun)
    return median(taken[1:])


# -- telling ---------------------------------------------------------------------------------------------------------


def _pooled(taken: Sequence[Keys]) -> list[float]:
    return [one for keys in taken for one in keys.seconds]


def _p95(taken: Sequence[Keys]) -> float:
    pooled = sorted(_pooled(taken))
    return pooled[min(len(pooled) - 1, round(0.95 * (len(pooled) - 1)))]


def _against(
    what: str, ours: Sequence[float], theirs: Sequence[float] | None, target: float, unit: str, scale: float, name: str
) -> Figure:
    if not theirs:
        return Figure(
            "output", what, median(ours) * scale, None, unit, f"{spread(ours, scale, unit)}; {_NONE.format(name)}"
        )
    of = f"{spread(ours, scale, unit)} / {spread(theirs, scale, unit)}"
    return Figure("output", what, median(ours) / median(theirs), target, of=of)


def _bytes(taken: dict[str, list[Keys]]) -> list[Figure]:
    log, stock, table = ([one.bytes for one in taken[name]] for name in ("log", "stock", "table"))
    lnav = [one.bytes for one in taken.get("lnav", [])]
    return [
        _against("a scrolled line: bytes / lnav's", log, lnav, 2, "B", 1, "lnav"),
        _against("a scrolled line: bytes / Textual's own", log, stock, 0.04, "B", 1, "Textual"),
        Figure("output", "a cursor key: bytes", median(table), 900, "B", spread(table, 1, "B")),
        _against(
            "a cursor key: to the last byte / harlequin's",
            _pooled(taken["table"]),
            _pooled(taken.get("harlequin", [])),
            0.7,
            "ms",
            1e3,
            "harlequin",
        ),
    ]


def _link(taken: dict[str, list[Keys]]) -> list[Figure]:
    ours, lnav = taken["log"], taken.get("lnav", [])
    tail = [_p95(ours)], [_p95(lnav)] if lnav else None
    pages = [one.page * 1e3 for one in ours]
    link = "115 kbit/s, 100 ms"
    return [
        _against(f"{link}: a key's p95 / lnav's", *tail, 1.35, "ms", 1e3, "lnav"),
        _against(
            f"{link}: backlog after 30 keys at 30 Hz / lnav's",
            [one.backlog for one in ours],
            [one.backlog for one in lnav],
            1.5,
            "ms",
            1e3,
            "lnav",
        ),
        Figure("output", f"{link}: backlog of page jumps", median(pages), 500, "ms", spread(pages, 1, "ms")),
    ]


def _at_rest(taken: dict[str, list[Rest]]) -> list[Figure]:
    still, live = taken["still"], taken["live"]
    rate = [one.rate for one in still]
    cpu = [one.cpu * 100 for one in live]
    return [
        Figure("output", "nothing changes: bytes a second", median(rate), 0, "B/s", spread(rate, 1, "B/s")),
        _against(
            "nothing changes: CPU / an empty Textual app's",
            [one.cpu for one in still],
            [max(one.cpu, 0.001) for one in taken["empty"]],
            2,
            "%",
            100,
            "Textual",
        ),
        _against(
            "the live demo: bytes a second / htop's",
            [one.rate for one in live],
            [one.rate for one in taken.get("htop", [])],
            1,
            "B/s",
            1,
            "htop",
        ),
        Figure("output", "the live demo: CPU of a core", median(cpu), 1, "%", spread(cpu, 1, "%")),
    ]
