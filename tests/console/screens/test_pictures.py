"""What the screens look like: every screen at three sizes, then without colour, in ASCII, empty, denied and stale."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from console import asking, dashing, doctoring, logbook, logins, mapped, samples, tracing
from console.driving import Driver, full, refusing
from console.fakes import World, world
from pointsman.config.settings import Settings
from pointsman.console.app import ConsoleApp
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.alarms import AlarmList
from pointsman.model.batches import BatchList
from pointsman.model.builds import BuildList
from pointsman.model.dashboards import DashboardList
from pointsman.model.deployments import DeploymentList
from pointsman.model.doctor import Diagnosis
from pointsman.model.logs import TailChunk, TailMode
from pointsman.model.metrics import MetricList
from pointsman.model.pipelines import Board
from pointsman.model.service_map import MapQuery, ServiceMap
from pointsman.model.snapshot import Snapshot
from pointsman.model.traces import TraceList, TraceQuery

Compare = Callable[..., bool]
SIZES = ((80, 24), (120, 40), (200, 50))


def said(line: str) -> tuple[str, ...]:
    """A command line among keys: carried out, not typed."""
    return (f":{line}",)


PLACES: dict[str, tuple[str, ...]] = {
    "overview": (),
    "pipelines": ("2",),
    "pipeline": ("2", "enter"),
    "approval": ("2", "down", "enter"),
    "execution": ("2", "enter", "tab", "enter"),
    "builds": ("3",),
    "build": ("3", "tab", "down", "enter"),
    "running-build": ("3", "tab", "enter"),
    "deployments": ("4",),
    "deployment": ("4", "down", "enter"),
    "canary": ("4", "enter"),
    "blue-green": ("4", "down", "down", "enter"),
    "failed-deployment": ("4", "down", "down", "down", "down", "enter"),
    "fleet": ("4", "down", "f"),
    "metrics": ("6", *["left"] * 4),
    "metric": ("6", "enter", *["left"] * 9),
    "browse": said("browse"),
    "browse-metrics": (*said("browse"), "enter", "enter", "p"),
    "insights": (*said("insights in /shop/web"), "ctrl+r"),
    "alarms": said("alarms"),
    "alarm": said("alarm checkout-cpu"),
    "composite-alarm": said("alarm shop-is-ill"),
    "activity": ("8",),
    "traces": ("5",),
    "trace": ("5", "enter", "e", "e", "e", "e", "e", "e"),
    "map": said("map"),
    "map-table": (*said("map"), "v"),
    "sampling": (*said("sampling"), "j", "j"),
    "compare-traces": said(f"compare {tracing.CHECKOUT.id} {mapped.BETTER.id}"),
    "traces-groups": ("5", "b", "b"),
    "trace-operations": ("5", "enter", "v"),
    "trace-map": ("5", "enter", "v", "v"),
    "approvals": ("A",),
    "conditions": said("pipeline orders"),
    "parallel": (*said("pipeline matrix"), "tab"),
    "reports": ("3", "tab", "down", "enter", "r"),
    "coverage": ("3", "tab", "down", "enter", "r", "shift+tab", "down"),
    "batches": said("batches"),
    "batch": (*said("batches"), "enter"),
    "commit": said("commit a41f9c2"),
    "dashboards": said("dashboards"),
    "dashboard": said("dashboard mixed"),
    "logs": ("7",),
    "log-group": (*said("group /shop/api"), "down", "enter"),
    "tail": said("tail /shop/api /shop/worker"),
    "tail-json": (*said("tail /shop/api /shop/worker"), "g", *"jjjj", "m", "f", "slash", *"4711", "enter"),
}
DIALOGS: dict[str, tuple[str, ...]] = {
    "menu": ("2", "a"),
    "start": ("2", "a", "s"),
    "approve": ("2", "down", "enter", "enter", "y"),
    "close-gate": ("2", "a", "c"),
    "help": ("2", "question_mark"),
    "identity": ("i",),
    "errors": ("exclamation_mark",),
    "command-line": ("colon", "b"),
    "filter": ("2", "slash", "c", "h"),
    "quit": ("q",),
    "compare": ("2", "enter", "x"),
    "where": ("2", "enter", "w"),
    "environment": ("3", "tab", "down", "enter", "d"),
    "copy-as": ("2", "C"),
    "deed": ("8", "down", "d"),
    "approve-inbox": ("A", "enter", "y"),
    "variables": (*said("pipeline orders"), "v"),
    "override": (*said("pipeline orders"), "a", "o"),
    "compare-builds": ("3", "tab", "space", "space", "x"),
    "several": ("2", "space", "space", "a"),
    "several-close": ("2", "space", "space", "a", "enter"),
    "case": ("3", "tab", "down", "enter", "r", "enter"),
    "deployment-menu": ("4", "down", "a"),
    "stop-roll-back": ("4", "down", "a", "X"),
    "continue": ("4", "down", "down", "a", "c"),
    "deploy": ("4", "down", "down", "down", "f", "a", "s"),
    "deployment-help": ("4", "down", "enter", "question_mark"),
    "target-events": ("4", "down", "enter", "enter"),
    "hook-log": ("4", "down", "enter", "l"),
    "what-changed": ("4", "down", "enter", "x"),
    "deployment-copy": ("4", "down", "enter", "C"),
    "trace-folded": ("5", "enter", "down", "down", "down", "enter", "plus", "L"),
    "trace-search": ("5", "enter", "slash", *"stock", "enter", "n"),
    "trace-page": ("5", "enter", "e", "e", "e", "e", "e", "e", "right_square_bracket"),
    "trace-leave-out": ("5", "enter", "s"),
    "trace-pruned": ("5", "enter", "s", "down", "down", "enter"),
    "trace-logs": ("5", "enter", "l"),
    "trace-compare-with": ("5", "enter", "x"),
    "traces-durations": ("5", "h", "G", "shift+left", "shift+left"),
    "traces-completion": ("5", "slash", *"serv", "tab", "quotation_mark"),
    "trace-document": ("5", "enter", "d"),
    "trace-help": ("5", "enter", "question_mark"),
    "traces-range": ("5", "t"),
    "map-neighbours": (*said("map"), "f"),
    "map-group": (*said("map"), "w"),
    "map-help": (*said("map"), "question_mark"),
    "sampling-rule": (*said("sampling"), "j", "a", "n"),
    "traces-mistake": ("5", "slash", *"fault=durration", "enter"),
    "start-build": ("3", "G", "a", "s"),
    "start-batch-open": ("3", "G", "a", "b", *["tab"] * 6, "enter"),
    "dashboard-range": (*said("dashboard mixed"), "t"),
    "dashboard-save": (*said("dashboard operations"), "a", "e"),
    "tail-help": (*said("tail /shop/api /shop/worker"), "question_mark"),
    "tail-mistake": (*said("tail /shop/api"), "p", *"{ $.a =", "enter"),
    "log-menu": ("7", "G", "a"),
    "log-retention": ("7", "G", "a", "r"),
    "log-filter": (*said("group /shop/api"), "a", "m"),
    "beside": (*said("alarm checkout-cpu"), "B"),
    "alarm-menu": (*said("alarm checkout-cpu"), "a"),
    "alarm-edit": (*said("alarm checkout-cpu"), "a", "u"),
    "alarm-edit-composite": (*said("alarm shop-is-ill"), "a", "U"),
    "alarm-create-band": (*said("alarm checkout-cpu"), "a", "b"),
    "deployments-filter": ("4", "slash", "@", "f", "a"),
}


def _app(made: World, *, ascii_only: bool = False, connect: Callable[[], Any] | None = None) -> ConsoleApp:
    settings = Settings(ascii=ascii_only)
    return ConsoleApp(connect or made.connect, settings, made.services.world, clock=made.clock)


def _pressing(made: World, keys: tuple[str, ...]) -> Callable[[Pilot[Any]], Any]:
    async def press(pilot: Pilot[Any]) -> None:
        assert isinstance(pilot.app, ConsoleApp)
        user = Driver(pilot.app, pilot, made)
        await user.settle()
        for key in keys:
            await (user.obey(key[1:]) if key.startswith(":") else user.press(key))
            # A query is no work that a screen waits for: the driver does not wait for it either.
            while not made.services.insights_logs.forever and getattr(pilot.app.screen, "running", False) is True:
                await asyncio.sleep(0.001)
                await user.settle()

    return press


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("place", PLACES)
def test_place(snap_compare: Compare, place: str, size: tuple[int, int]) -> None:
    made = full(world())
    assert snap_compare(_app(made), terminal_size=size, run_before=_pressing(made, PLACES[place]))


@pytest.mark.parametrize("dialog", DIALOGS)
def test_dialog(snap_compare: Compare, dialog: str) -> None:
    made = full(world())
    assert snap_compare(_app(made), terminal_size=(80, 24), run_before=_pressing(made, DIALOGS[dialog]))


@pytest.mark.parametrize("place", PLACES)
def test_without_colour(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    made = full(world())
    assert snap_compare(_app(made), terminal_size=(100, 30), run_before=_pressing(made, PLACES[place]))


@pytest.mark.parametrize("place", PLACES)
def test_in_ascii(snap_compare: Compare, place: str) -> None:
    made = full(world())
    app = _app(made, ascii_only=True)
    assert snap_compare(app, terminal_size=(100, 30), run_before=_pressing(made, PLACES[place]))


LINE = ("overview", "pipelines", "pipeline", "builds", "build", "approvals", "reports", "batches", "batch", "commit")
TROUBLED = (
    *LINE,
    *("deployments", "deployment", "fleet", "traces", "trace", "metrics", "metric", "alarms", "alarm"),
    *("map", "sampling", "compare-traces", "browse"),
    *("dashboards", "dashboard"),
    *("logs", "log-group"),
)
DETAILS = ("pipeline", "build", "reports", "batch", "deployment", "fleet", "trace", "metric", "alarm")
LISTS = ("board", "builds", "projects", "batches", "deployments", "traces", "metrics", "alarms")
"""What has to be there for a way into a detail."""


def _empty() -> World:
    made = world()
    made.fresh("board", value=Board(()))
    made.fresh("projects", value=())
    made.fresh("builds", "", value=BuildList())
    made.fresh("batches", "", value=BatchList())
    made.fresh("deployments", "", "", value=DeploymentList())
    made.fresh("deployment-groups", value=())
    made.fresh("traces", TraceQuery(), value=TraceList(TraceQuery(), scanned=31))
    made.fresh("metrics", True, value=MetricList(()))
    made.fresh("thresholds", value=())
    made.fresh("alarms", value=AlarmList(()))
    made.fresh("service-map", MapQuery(), value=ServiceMap())
    made.fresh("dashboards", value=DashboardList())
    made.fresh("dashboard", "mixed", None, None, value=dashing.of("mixed", '{"widgets": []}'))
    made.fresh("log-groups", value=())
    made.services.logs.tails.chunks = [logbook.told()]
    return made


EMPTY = ["overview", "pipelines", "builds", "deployments", "traces", "activity", "approvals", "batches", "commit"]
EMPTY += ["metrics", "alarms", "map", "browse"]
EMPTY += ["dashboards", "dashboard"]
EMPTY += ["logs", "tail"]


@pytest.mark.parametrize("place", EMPTY)
def test_empty(snap_compare: Compare, place: str) -> None:
    made = _empty()
    assert snap_compare(_app(made), terminal_size=(100, 30), run_before=_pressing(made, PLACES[place]))


@pytest.mark.parametrize("place", ["overview", "pipelines", "builds", "deployments"])
def test_not_connected(snap_compare: Compare, place: str) -> None:
    made = world()
    app = _app(made, connect=refusing(samples.EXPIRED))
    assert snap_compare(app, terminal_size=(100, 30), run_before=_pressing(made, PLACES[place]))


@pytest.mark.parametrize("place", TROUBLED)
def test_denied(snap_compare: Compare, place: str) -> None:
    made = full(world())
    for key in list(made.feeds.snapshots):
        kind = key[0]  # type: ignore[index]
        if place in DETAILS and kind in LISTS:
            continue
        if place == "reports" and kind == "build":
            continue
        made.feeds.snapshots[key] = Snapshot(fault=samples.DENIED, failures=1)
    assert snap_compare(_app(made), terminal_size=(100, 30), run_before=_pressing(made, PLACES[place]))


QUERIES: dict[str, tuple[Callable[[asking.Logs], None], tuple[str, ...]]] = {
    "bins": (lambda logs: logs.give(asking.bins()), ()),
    "series": (lambda logs: logs.give(asking.levels()), ()),
    "axes": (lambda logs: logs.give(asking.levels()), ("escape", "v")),
    "bars": (lambda logs: logs.give(asking.streams()), ()),
    "row": (lambda logs: None, ("escape", "enter")),
    "nothing": (lambda logs: logs.give([]), ()),
    "denied": (lambda logs: logs.refuse("StartQuery", samples.DENIED), ()),
    "running": (lambda logs: logs.go_on(), ()),
    "mistake": (lambda logs: None, (*" | limit x", "ctrl+r")),
    "saved": (lambda logs: None, ("ctrl+o",)),
    "keep": (lambda logs: None, ("f2",)),
    "export": (lambda logs: None, ("escape", "right", "H", "ctrl+s")),
}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("query", QUERIES)
def test_insights(snap_compare: Compare, query: str, size: tuple[int, int]) -> None:
    made = full(world())
    prepare, keys = QUERIES[query]
    prepare(made.services.insights_logs)
    assert snap_compare(_app(made), terminal_size=size, run_before=_pressing(made, (*PLACES["insights"], *keys)))


HEALTH: dict[str, Diagnosis | None] = {
    "broken": doctoring.FOUND,
    "well": Diagnosis(doctoring.FOUND.looked),
    "refused": None,
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("health", HEALTH)
def test_doctor(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch, health: str, size: tuple[int, int]) -> None:
    async def look(*_: Any) -> Diagnosis:
        if (found := HEALTH[health]) is None:
            raise CallFailed(samples.DENIED)
        return found

    monkeypatch.setattr("pointsman.services.doctor.Doctor.look", look)
    made = full(world())
    assert snap_compare(_app(made), terminal_size=size, run_before=_pressing(made, said("doctor")))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("how", ["code", "refused-code", "login", "login-begun"])
def test_credentials(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch, how: str, size: tuple[int, int]) -> None:
    made, _ = logins.lacking()
    pauses = logins.patient(monkeypatch)
    cloud = made.services.cloud
    if how.endswith("code"):
        wrong = "the MFA code was not accepted: MultiFactorAuthentication failed with invalid MFA one time pass code"
        said = wrong if how == "refused-code" else "this profile needs an MFA code"
        cloud.identity = Fault(FaultKind.NO_CREDENTIALS, said, "press i to give it here")
        cloud.code_wanted, cloud.logging_in = "arn:aws:iam::123456789012:mfa/operator", None

    async def press(pilot: Pilot[Any]) -> None:
        assert isinstance(pilot.app, ConsoleApp)
        user = Driver(pilot.app, pilot, made)
        await user.settle()
        if how.startswith("login"):
            await user.press("i")
        if how == "login-begun":
            await logins.begun(user, pauses)

    assert snap_compare(_app(made), terminal_size=size, run_before=press)


@pytest.mark.parametrize("trouble", ["denied", "throttled", "polled"])
def test_a_tail_in_trouble(snap_compare: Compare, trouble: str) -> None:
    made = full(world())
    told: dict[str, list[TailChunk | Fault]] = {
        "denied": [samples.DENIED],
        "throttled": [*logbook.chunks(), logbook.told(fault=samples.THROTTLED, sampled=True)],
        "polled": [logbook.told(*logbook.LINES, mode=TailMode.POLLING, why="StartLiveTail: access denied")],
    }
    made.services.logs.tails.chunks = told[trouble]
    assert snap_compare(_app(made), terminal_size=(100, 30), run_before=_pressing(made, PLACES["tail"]))


@pytest.mark.parametrize("place", TROUBLED)
def test_stale(snap_compare: Compare, place: str) -> None:
    made = full(world())
    for key, known in list(made.feeds.snapshots.items()):
        made.feeds.snapshots[key] = Snapshot(known.value, samples.ago(minutes=3), samples.THROTTLED, 3)
    assert snap_compare(_app(made), terminal_size=(100, 30), run_before=_pressing(made, PLACES[place]))


@pytest.mark.parametrize("armed", [False, True], ids=["read-only", "armed"])
def test_mode(snap_compare: Compare, armed: bool) -> None:
    made = full(world())
    made.services.cloud.guard.read_only = True
    if armed:
        made.services.cloud.guard.armed_until = samples.NOW + (samples.NOW - samples.ago(minutes=15))
    assert snap_compare(_app(made), terminal_size=(80, 24), run_before=_pressing(made, ("2", "a")))
