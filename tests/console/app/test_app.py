"""The shell: connecting, routing, leaving, and what happens to mistakes."""

from __future__ import annotations

import asyncio
import contextvars
import subprocess
import sys
import threading

import pytest
from msgspec.structs import replace
from textual.app import App
from textual.widgets import Input

from console import samples
from console.driving import console, full, refusing
from console.fakes import world
from pointsman.config.settings import Settings
from pointsman.console import standing, toolkit
from pointsman.console.app import ConsoleApp
from pointsman.console.connection import Connect
from pointsman.console.dialogs.quit import QuitDialog
from pointsman.console.keys import SCREENS
from pointsman.console.screens.base import Place
from pointsman.console.toolkit import clock_moved
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.errors import StateError
from pointsman.model.activity import Deed
from pointsman.model.refs import BuildRef, PipelineRef
from pointsman.model.snapshot import Snapshot
from pointsman.model.traces import TraceQuery


def test_the_console_is_imported_without_boto3_and_without_the_services() -> None:
    code = (
        "import sys, pointsman.console.app;"
        "print([m for m in ('boto3','botocore','pointsman.local','pointsman.aws.cloud','pointsman.operations.runner')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_the_first_paint_comes_before_the_connection() -> None:
    made, go = world(), threading.Event()

    def connect() -> object:
        go.wait(20)
        return made.connect()

    async with console(made, connect=connect, wait=False) as user:
        await user.pilot.pause()
        assert "connecting" in user.text
        assert "loading pipelines" in user.text
        go.set()
        await user.settle()
        made.fresh("board", value=samples.board())
        await user.settle()
        assert "checkout" in user.text


async def test_the_loader_is_a_daemon_thread_and_not_the_loop() -> None:
    made, seen = world(), []

    def connect() -> object:
        seen.append(threading.current_thread())
        return made.connect()

    async with console(made, connect=connect):
        assert seen[0].daemon
        assert seen[0] is not threading.main_thread()


async def test_a_failed_connection_shows_in_every_pane_with_its_hint_and_no_traceback() -> None:
    async with console(connect=refusing(samples.EXPIRED)) as user:
        assert "aws sso login --profile prod" in user.text
        assert "not connected" in user.text
        for digit in ("2", "3"):
            await user.press(digit)
            assert "credentials expired" in user.text
        assert "Traceback" not in user.text
        await user.press("exclamation_mark")
        assert "aws sso login" in user.text


@pytest.mark.parametrize("error", [StateError("the folder is not ours"), RuntimeError("odd [thing]")])
async def test_any_failure_to_connect_is_a_sentence(error: Exception) -> None:
    def connect() -> object:
        raise error

    async with console(connect=connect) as user:
        assert str(error) in user.text


@pytest.mark.parametrize("screen", SCREENS, ids=lambda one: one.name)
async def test_a_digit_is_always_its_screen(screen: object) -> None:
    async with console(size=(100, 30)) as user:
        await user.press("5", screen.digit)  # type: ignore[attr-defined]
        assert user.app.current_mode == screen.name  # type: ignore[attr-defined]
        assert isinstance(user.app.screen, Place)


async def test_enter_goes_in_escape_comes_back_and_a_digit_returns_to_the_beginning() -> None:
    async with console() as user:
        await user.press("enter")
        assert getattr(user.app.screen, "ref", None) == PipelineRef("checkout")
        await user.press("escape")
        assert user.app.screen.__class__.__name__ == "Overview"
        await user.press("2", "enter", "2")
        assert user.app.screen.__class__.__name__ == "Pipelines"


async def test_another_screen_keeps_ones_place() -> None:
    async with console() as user:
        await user.press("2", "enter", "3", "2")
        assert getattr(user.app.screen, "ref", None) == PipelineRef("checkout")


async def test_a_screen_reads_while_it_shows_and_lets_go_when_it_does_not() -> None:
    async with console(size=(80, 24)) as user:
        feeds = user.world.feeds
        traces = ("traces", TraceQuery())
        assert feeds.heard() == {("board",), ("builds", ""), ("deployments", "", ""), traces, ("alarms",)}
        await user.press("2", "enter")
        assert feeds.heard() == {("pipeline", "checkout"), ("history", "checkout"), ("forecast", "checkout")}
        await user.press("a")
        assert feeds.heard() == {("pipeline", "checkout"), ("history", "checkout"), ("forecast", "checkout")}
        await user.press("escape", "5")
        assert feeds.heard() == {traces}
        await user.press("6", "slash")
        await user.type("nothing is called so")
        await user.press("enter")
        others = {("metrics", True), ("thresholds",), ("deployments", "", ""), ("board",)}
        assert feeds.heard() == others, "no values of what is not listed"
        await user.press("2", "escape")
        assert feeds.heard() == {("board",)}


async def test_q_goes_back_and_at_the_root_asks() -> None:
    async with console() as user:
        await user.press("2", "enter", "q")
        assert user.app.screen.__class__.__name__ == "Pipelines"
        await user.press("q")
        assert isinstance(user.app.screen, QuitDialog)
        await user.press("escape")
        assert user.app.is_running
        await user.press("q", "enter")
        assert user.app._exit


async def test_what_becomes_of_the_world_is_said_before_one_leaves() -> None:
    made = world()
    async with console(made, connect=lambda: replace(made.connect(), leaving="What runs here stops.")) as user:
        await user.press("q")
        assert "Leave the console? What runs here stops." in user.text


async def test_leaving_with_a_write_on_its_way_says_so_and_waits() -> None:
    async with console() as user:
        user.world.runner.sending = 1
        await user.press("q")
        assert "1 write is on the way" in user.text
        await user.press("y")
        assert user.world.runner.sending == 0
        assert user.app._exit


async def test_control_c_twice_leaves() -> None:
    async with console() as user:
        await user.press("ctrl+c")
        assert "ctrl+c again" in user.toasts[-1]
        assert not user.app._exit
        await user.pilot.press("ctrl+c")
        assert user.app._exit


async def test_control_c_leaves_from_within_a_dialog_too() -> None:
    async with console() as user:
        await user.press("colon")
        await user.pilot.press("ctrl+c", "ctrl+c")
        assert user.app._exit


async def test_the_command_line_goes_everywhere() -> None:
    async with console() as user:
        await user.press("colon")
        await user.type("pipeline bill")
        await user.press("tab", "enter")
        assert getattr(user.app.screen, "ref", None) == PipelineRef("billing")
        await user.press("colon")
        await user.type("builds checkout-test")
        await user.press("enter")
        assert user.app.current_mode == "builds"
        assert ("builds", "checkout-test") in user.world.feeds.heard()


async def test_the_command_line_says_what_is_wrong_and_stays() -> None:
    async with console() as user:
        await user.press("colon")
        await user.type("pipelins")
        await user.press("enter")
        assert "did you mean pipelines" in user.text
        await user.press("escape")
        assert isinstance(user.app.screen, Place)


async def test_arming_shows_in_the_header() -> None:
    made = world()
    made.services.cloud.guard.read_only = True
    async with console(made) as user:
        assert "READ-ONLY" in user.text
        await user.press("colon")
        await user.type("arm 15")
        await user.press("enter")
        assert made.runner.arming.asked == [15]
        assert "ARMED" in user.text
        await user.press("colon")
        await user.type("disarm")
        await user.press("enter")
        assert "READ-ONLY" in user.text


async def test_the_palette_is_fed_from_the_registry() -> None:
    async with console() as user:
        await user.press("2", "ctrl+p")
        await user.type("start pipeline")
        await user.pilot.pause(0.3)
        assert "Start pipeline: checkout" in user.text


async def test_help_lists_keys_operations_and_commands() -> None:
    async with console(size=(120, 160)) as user:
        await user.press("2", "question_mark")
        for words in (
            "Keys of this screen",
            "problems only",
            "Start pipeline",
            ":arm MINUTES",
            "palette of everything",
        ):
            assert words in user.text


async def test_who_one_is_stands_in_the_header_and_behind_i() -> None:
    async with console() as user:
        assert "123456789012" in user.lines[0]
        assert "OnCall" in user.lines[0]
        await user.press("i")
        assert "arn:aws:sts::123456789012:assumed-role/OnCall/ada" in user.text


async def test_a_caller_who_is_not_known_is_said() -> None:
    made = world()
    made.services.cloud.identity = samples.EXPIRED
    async with console(made) as user:
        assert "credentials expired" in user.lines[0]
        await user.press("i")
        assert "aws sso login --profile prod" in user.text


async def test_copying_says_sent_and_writes_the_sequence(monkeypatch: pytest.MonkeyPatch) -> None:

    written: list[str] = []
    monkeypatch.setattr(toolkit, "write", lambda _app, control: written.append(control))
    async with console() as user:
        await user.press("2", "c")
        assert written == ["\x1b]52;c;Y2hlY2tvdXQ=\x07"]
        assert user.toasts[-1] == "name sent to the clipboard"
        await user.press("C")
        assert "arn:aws:codepipeline:eu-west-1:123456789012:checkout" in user.text
        await user.press("down", "enter")
        assert "ARN sent" in user.toasts[-1]


async def test_refresh_reads_what_shows_and_writes_nothing() -> None:
    async with console() as user:
        await user.press("2", "ctrl+r")
        assert user.world.feeds.poked == [("board",)]
        assert user.world.runner.ran == []


async def test_an_unknown_theme_is_said_and_a_known_one_used() -> None:
    async with console(settings=Settings(theme="no-such-theme", ascii=False)) as user:
        assert any("no-such-theme" in toast for toast in user.toasts)
        await user.press("colon")
        await user.type("theme pointsman-light")
        await user.press("enter")
        assert user.app.theme == "pointsman-light"


async def test_nothing_moves_on_a_screen_at_rest() -> None:
    async with console() as user:
        before = user.lines
        assert user.app.animation_level == "none"
        await asyncio.sleep(0)
        await user.settle()
        assert user.lines == before


async def test_another_region_is_another_connection() -> None:
    first, second, asked = world(), world(), []
    second.services.cloud.region = "us-west-2"

    def elsewhere(*, profile: str | None = None, region: str | None = None) -> Connect:
        asked.append((profile, region))
        return second.connect

    async with console(first, elsewhere=elsewhere) as user:
        first.fresh("board", value=samples.board())
        await user.press("2", "enter", "colon")
        await user.type("region us-west-2")
        await user.press("enter")
        assert asked == [(None, "us-west-2")]
        assert first.feeds.closed
        assert first.services.was_closed
        assert "us-west-2" in user.lines[0]
        assert user.app.current_mode == "overview"
        assert "checkout" not in user.text


async def test_where_there_is_only_one_region_that_is_said() -> None:
    async with console() as user:
        await user.press("colon")
        await user.type("region us-west-2")
        await user.press("enter")
        assert "one account and one region" in user.toasts[-1]


async def test_an_unknown_outcome_stays_in_the_header_until_the_activity_is_looked_at() -> None:
    async with console() as user:
        user.app.operating.tell(
            Deed("1", user.world.clock.now(), "pipeline.start", "start checkout", outcome="unknown", detail="no answer")
        )
        await user.settle()
        assert "OUTCOME UNKNOWN" in user.lines[0]
        await user.press("3")
        assert "OUTCOME UNKNOWN" in user.lines[0]
        await user.press("8")
        assert "OUTCOME UNKNOWN" not in user.lines[0]


async def test_a_worker_that_fails_is_an_entry_in_the_error_log() -> None:
    async def broken() -> None:
        raise RuntimeError("the [odd] kind")

    async with console() as user:
        place = user.app.screen
        assert isinstance(place, Place)
        place.work_on("look at it", broken, group="test")
        await user.settle()
        assert "RuntimeError: the [odd] kind" in user.toasts[-1]
        await user.press("exclamation_mark")
        assert "look at it" in user.text


async def test_a_link_to_what_shows_already_opens_nothing_twice() -> None:
    async with console() as user:
        ref = BuildRef("checkout-test:9f1c2d3e-aaaa-bbbb-cccc-1234567890ab")
        user.app.router.open(ref)
        await user.settle()
        user.app.router.open(ref)
        await user.settle()
        assert len(user.app.screen_stack) == 2


async def test_the_meter_hears_calls_from_outside_the_apps_context(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(standing, "PACE", 0.01)
    async with console() as user:
        trail = user.world.services.cloud.trail
        trail.calls = (*trail.calls, samples.calls()[0])
        contextvars.Context().run(trail.listeners[0], samples.calls()[0])
        await user.pilot.pause(0.1)
        await user.settle()
        assert "api 5/min" in user.lines[0]


async def test_the_header_says_what_is_true_when_it_is_drawn() -> None:
    async with console() as user:
        trail = user.world.services.cloud.trail
        trail.calls = (*trail.calls, *trail.calls)
        user.world.clock.advance(60)
        clock_moved(user.app)
        await user.settle()
        assert f"api {len(trail.calls)}/min" in user.lines[0]


async def test_what_is_typed_at_once_after_the_colon_is_the_command() -> None:
    async with console() as user:
        for key in ("colon", "p", "a", "c"):
            user.app.simulate_key(key)
        await user.settle()
        assert user.app.screen.query_one(Input).value == "pac"


async def test_what_is_typed_at_once_after_the_slash_is_the_filter() -> None:
    async with console() as user:
        await user.press("2")
        for key in ("slash", "c", "h"):
            user.app.simulate_key(key)
        await user.settle()
        assert user.app.screen.query_one(FilterBar).value == "ch"
        assert user.toasts == []


async def test_a_colon_is_a_colon_in_a_filter() -> None:
    async with console() as user:
        await user.press("slash", "a", "colon", "slash")
        assert user.app.screen.query_one(FilterBar).value == "a:/"


class _Time:
    """A clock that notes what is done to it."""

    def __init__(self) -> None:
        self.paused, self.speed, self.steps = False, 1.0, [0.0]

    def pause(self, on: bool = True) -> None:
        self.paused = on

    def set_speed(self, speed: float) -> None:
        self.speed = speed

    def step(self, seconds: float) -> None:
        self.steps.append(seconds)


async def test_a_demos_clock_is_held_hurried_and_stepped_and_the_header_says_so() -> None:
    made, time = full(world()), _Time()
    made.services.world = "demo"

    async with console(made, connect=lambda: replace(made.connect(), time=time)) as user:
        await user.press("colon")
        await user.type("pause")
        await user.press("enter")
        assert " demo paused " in user.lines[0]
        await user.press("colon")
        await user.type("step 90")
        await user.press("enter")
        assert time.steps == [0.0, 90.0]
        await user.press("colon")
        await user.type("speed 5")
        await user.press("enter")
        assert (time.paused, time.speed) == (False, 5.0)
        assert " demo x5 " in user.lines[0]


async def test_a_demos_clock_has_keys() -> None:
    made, time = full(world()), _Time()
    made.services.world = "demo"
    async with console(made, connect=lambda: replace(made.connect(), time=time)) as user:
        await user.press("f7")
        assert time.paused
        assert " demo paused " in user.lines[0]
        await user.press("f8")
        assert time.steps == [0.0, 60.0]
        await user.press("f7")
        assert not time.paused
        speeds = []
        for _ in range(6):
            await user.press("f9")
            speeds.append(time.speed)
        assert speeds == [2, 4, 8, 16, 32, 1]


async def test_only_a_demos_clock_can_be_held() -> None:
    async with console() as user:
        await user.press("colon")
        await user.type("pause")
        await user.press("enter")
        assert user.toasts == ["only a demo's clock can be held and moved"]


async def test_a_fault_of_a_feed_is_in_the_error_log_once_and_again_when_it_is_another() -> None:
    async with console() as user:
        for _ in range(3):
            user.world.feeds.push("board", snapshot=Snapshot(fault=samples.DENIED, failures=1))
            await user.settle()
        assert [(one.doing, one.times) for one in user.app.desk.troubles.entries] == [("read board", 1)]
        user.world.feeds.push("board", snapshot=Snapshot(fault=samples.EXPIRED, failures=1))
        await user.settle()
        user.world.fresh("board", value=samples.board())
        await user.settle()
        user.world.feeds.push("board", snapshot=Snapshot(fault=samples.EXPIRED, failures=1))
        await user.settle()
        assert [one.times for one in user.app.desk.troubles.entries] == [1, 2]


def test_a_mistake_outside_a_test_is_a_log_entry_and_the_app_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    app = ConsoleApp(refusing(samples.EXPIRED), clock=world().clock)
    told: list[str] = []
    monkeypatch.setattr(ConsoleApp, "is_headless", False)
    monkeypatch.setattr(toolkit, "survives", lambda _: True)
    monkeypatch.setattr(app, "notify", lambda sentence, **_: told.append(sentence))
    for _ in range(3):
        app._handle_exception(RuntimeError("odd [thing]"))
    assert len(told) == 1
    assert "odd [thing]" in told[0]
    assert [one.times for one in app.desk.troubles.entries] == [3]


def test_a_mistake_before_the_screen_stands_ends_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    app = ConsoleApp(refusing(samples.EXPIRED), clock=world().clock)
    ended: list[Exception] = []
    monkeypatch.setattr(ConsoleApp, "is_headless", False)
    monkeypatch.setattr(App, "_handle_exception", lambda _, error: ended.append(error))
    odd = RuntimeError("odd")
    app._handle_exception(odd)
    assert ended == [odd]


async def test_a_protected_profile_is_framed_and_named_wherever_one_is() -> None:
    settings = Settings(ascii=False, protected_profiles=("prod*",))
    async with console(settings=settings) as user:
        for keys in (("2",), ("3",), ("2", "enter")):
            await user.press(*keys)
            assert "PROTECTED" in user.lines[0]
            assert all(line[:1] == "▌" and line[-1:] == "▐" for line in user.lines[1:-1])
    async with console() as user:
        assert "PROTECTED" not in user.text


async def test_the_header_says_the_way_here() -> None:
    async with console() as user:
        await user.press("2")
        assert "Pipelines ▸" not in user.lines[0]
        user.app.router.open(PipelineRef("checkout"))
        await user.settle()
        assert "Pipelines ▸ checkout" in user.lines[0]
        await user.press("escape")
        assert "▸ checkout" not in user.lines[0]
