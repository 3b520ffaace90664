"""Whatever a name, a message or a log line says, nothing but text reaches the terminal."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console
from textual.geometry import Size

from console import samples, tracing
from console.driving import Driver, console, full
from console.fakes import World, world
from console.hostile import HOSTILE, poison, poisoned
from pointsman.config.settings import Settings
from pointsman.errors import Fault, FaultKind
from pointsman.model.logs import LogChunk, LogLine
from pointsman.model.pipelines import Board, PipelineRow
from pointsman.model.refs import ActionRef, BuildRef, CommitRef, DashboardRef, ExecutionRef, PipelineRef, Ref, TraceRef
from pointsman.model.snapshot import Snapshot

_SGR = re.compile(r"\x1b\[[0-9;:]*m")
_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)

Way = tuple[Callable[[str], Ref | None], tuple[str, ...]]
"""(hostile word -> what to open, None for nothing; the keys to press then)."""


def _nowhere(_: str) -> None:
    return None


def _pipeline(name: str) -> Callable[[str], Ref]:
    return lambda word: PipelineRef(name + word)


def _build(word: str) -> Ref:
    return BuildRef(samples.failed_build().ref.id + word)


def _run(word: str) -> Ref:
    return ExecutionRef("checkout" + word, samples.checkout().executions[0].id + word)


WAYS: dict[str, Way] = {
    "overview": (_nowhere, ()),
    "board": (_nowhere, ("2",)),
    "menu": (_nowhere, ("2", "a")),
    "dialog": (_nowhere, ("2", "a", "s")),
    "several": (_nowhere, ("2", "space", "space", "a")),
    "copy": (_nowhere, ("2", "C")),
    "failed": (_pipeline("checkout"), ("x",)),
    "waiting": (_pipeline("billing"), ()),
    "answer": (_pipeline("billing"), ("enter", "y")),
    "raw": (_pipeline("billing"), ("d",)),
    "conditions": (_pipeline("orders"), ()),
    "variables": (_pipeline("orders"), ("v",)),
    "override": (_pipeline("orders"), ("a",)),
    "apart": (_pipeline("matrix"), ("tab",)),
    "where": (_pipeline("matrix"), ("w",)),
    "run": (_run, ("d",)),
    "approvals": (_nowhere, ("A",)),
    "approval": (_nowhere, ("A", "d")),
    "builds": (_nowhere, ("3",)),
    "compare": (_nowhere, ("3", "tab", "space", "space", "x")),
    "build": (_build, ()),
    "environment": (_build, ("d",)),
    "reports": (_build, ("r",)),
    "case": (_build, ("r", "enter")),
    "coverage": (_build, ("r", "shift+tab", "down")),
    "batch": (_build, ("b",)),
    "commit": (lambda word: CommitRef((samples.A41.id + word).lower()), ()),
    "traces": (_nowhere, ("5",)),
    "trace": (lambda word: TraceRef(tracing.CHECKOUT.id + word), ("e",)),
    "trace-map": (lambda word: TraceRef(tracing.CHECKOUT.id + word), ("v", "v", "right")),
    "trace-partner": (lambda word: TraceRef(tracing.CHECKOUT.id + word), ("x",)),
    "dashboards": (_nowhere, ("colon", *"dashboards", "enter")),
    "dashboard": (lambda word: DashboardRef("mixed" + word), ("tab", "d")),
    "metrics": (_nowhere, ("6",)),
    "metrics-grouped": (_nowhere, ("6", "w")),
    "metric": (_nowhere, ("6", "space", "down", "space", "enter", "y", "right")),
    "browse": (_nowhere, ("6", "N")),
    "browse-names": (_nowhere, ("6", "N", "enter")),
    "browse-metrics": (_nowhere, ("6", "N", "enter", "enter", "p")),
    "browse-searched": (_nowhere, ("6", "N", "slash", *"[red]", "enter")),
    "alarms": (_nowhere, ("6", "m")),
    "alarm": (_nowhere, ("6", "m", "enter")),
    "alarm-menu": (_nowhere, ("6", "m", "enter", "a")),
    "variables-set": (lambda word: DashboardRef("mixed" + word), ("V",)),
    "activity": (_nowhere, ("8",)),
    "deed": (_nowhere, ("8", "d")),
    "help": (_pipeline("checkout"), ("question_mark",)),
    "error-log": (_nowhere, ("exclamation_mark",)),
}


def rendered(user: Driver) -> str:
    """The screen as it is written to a terminal; fails on anything that is no plain text in a plain style."""
    width, height = user.app.size
    terminal = Console(width=width, force_terminal=True, color_system="truecolor", legacy_windows=False)
    lines = []
    for strip in user.app.screen._compositor.render_strips(Size(width, height)):
        for segment in strip:
            assert segment.control is None
            if segment.style is not None:
                assert segment.style.link is None
                assert "@click" not in segment.style.meta
        written = _SGR.sub("", strip.render(terminal))
        assert not _FORBIDDEN.search(written), repr(written)
        lines.append(written)
    return "\n".join(lines)


async def _go(user: Driver, way: str, word: str) -> None:
    opens, keys = WAYS[way]
    ref = opens(word)
    if ref is not None:
        user.app.router.open(ref)
        await user.settle()
    await user.press(*keys)


def hostile_world(word: str) -> World:
    made = poison(full(world()), word)
    made.services.traces.loaded.add(poisoned(one, word) for one in tracing.listed().traces)
    fault = Fault(FaultKind.DENIED, f"not authorized{word}", f"ask{word}", f"Denied{word}")
    board: Board = made.feeds.snapshots[("board",)].value  # type: ignore[assignment]
    rows = board.rows
    made.feeds.snapshots[("board",)] = Snapshot(
        Board((*rows, PipelineRow(PipelineRef(f"zzz{word}"), fault=fault))), samples.NOW, fault, 1
    )
    return made


@pytest.mark.parametrize("name", HOSTILE)
async def test_nothing_but_text_reaches_the_terminal(name: str) -> None:
    """One console, every screen and dialog of it, one after the other."""
    word = HOSTILE[name]
    async with console(hostile_world(word), size=(120, 40)) as user:
        for way in WAYS:
            await _go(user, way, word)
            rendered(user)
            assert user.app.is_running
            while len(user.app.screen_stack) > 1:
                user.app.pop_screen()
            await user.settle()
        kinds = [entry.fault.kind for entry in user.app.desk.troubles.entries]
        assert FaultKind.UNKNOWN not in kinds, "nothing broke on the way"


@pytest.mark.parametrize("way", ["board", "approvals", "conditions", "reports", "batch"])
async def test_markup_is_shown_as_it_is(way: str) -> None:
    word = HOSTILE["markup"]
    async with console(hostile_world(word), size=(200, 50)) as user:
        await _go(user, way, word)
        assert "[@click=app.quit]x[/]" in rendered(user)


@pytest.mark.parametrize("name", ["unicode", "sequences"])
async def test_an_ascii_terminal_gets_ascii(name: str) -> None:
    word = HOSTILE[name]
    async with console(hostile_world(word), size=(80, 24), settings=Settings(ascii=True)) as user:
        for way in ("board", "approvals", "conditions", "build", "case", "batch"):
            await _go(user, way, word)
            assert rendered(user).isascii()
            await user.press("escape", "escape")


async def test_what_is_said_in_a_toast_is_text() -> None:
    word = HOSTILE["markup"] + HOSTILE["sequences"] + HOSTILE["unicode"]
    async with console(hostile_world(word), size=(120, 40)) as user:
        user.app.warn(f"cannot {word}")
        user.app.mishap(f"read {word}", RuntimeError(word))
        await user.settle()
        assert "[@click=app.quit]x[/]" in rendered(user)


async def test_a_line_without_end_keeps_the_screen_usable() -> None:
    """Ten megabytes in a name's place, a message's, a test's output, a log line."""
    long = "\u202e[red]x[/]\x1b[31m " * 700_000
    assert len(long) > 10_000_000
    made = full(world())
    state = samples.billing()
    run = replace(state.executions[0], revisions=(replace(samples.BB7, summary=long),))
    release = state.stages[2]
    asks = replace(release.actions[0], configuration=(("CustomData", long),), summary=long)
    state = replace(
        state,
        executions=(run, *state.executions[1:]),
        stages=(*state.stages[:2], replace(release, actions=(asks,)), *state.stages[3:]),
    )
    made.services.pipelines.states["billing"] = state
    made.fresh("pipeline", "billing", value=state)
    made.fresh("board", value=Board((PipelineRow(state.ref, state=state),)))
    case = replace(samples.findings().cases[0], message=long)
    made.fresh("findings", samples.TESTS.arn, value=replace(samples.findings(), cases=(case,)))
    build = replace(samples.failed_build(), exported=(("NOTES", long),))
    made.fresh("build", build.ref.id, value=build)
    assert build.log is not None
    made.services.logs.chunks[build.log] = [LogChunk((LogLine(0, long), LogLine(1, "after")), "f", ended=True)]
    begun = time.perf_counter()
    async with console(made, size=(120, 40)) as user:
        for keys in (("2",), ("enter",), ("escape", "A"), ("escape",)):
            await user.press(*keys)
            rendered(user)
        user.app.router.open(build.ref)
        await user.settle()
        await user.press("j", "k", "G", "r")
        rendered(user)
        await user.press("escape")
        rendered(user)
    assert time.perf_counter() - begun < 60, "each screen repaints in a moment, whatever it is given"


def test_poison_reaches_every_string() -> None:
    before = samples.checkout()
    after: Any = poisoned(before, "!")
    assert after.name == "checkout!"
    names = [(stage.name, *(action.ref for action in stage.actions)) for stage in before.stages]
    assert [(stage.name, *(action.ref for action in stage.actions)) for stage in after.stages] == poisoned(names, "!")
    assert after.stages[1].actions[0].ref == ActionRef("checkout!", "Test!", "Unit!")
    assert after.execution(before.executions[0].id + "!") is not None
