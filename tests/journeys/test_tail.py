"""Two log groups followed by hand: live, paused, throttled, filtered, polled; and a filter made with the bench."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from journeys.driving import Scene, User, at_the_console
from pointsman.clock import ManualClock
from pointsman.console.screens.tail import TailPlace
from pointsman.console.widgets.log_view import LogView
from pointsman.local import Backend, plug
from pointsman.model.logs import TailMode

REGION = "eu-west-1"
API, WORKER = "/shop/api", "/shop/worker"


class Shop:
    """Two services that write logs."""

    def __init__(self, backend: Backend, clock: ManualClock) -> None:
        self.clock = clock
        self.scene = Scene(backend, clock, REGION)
        self.logs = plug.session(backend.ask, REGION).client("logs")
        self.cloudwatch = plug.session(backend.ask, REGION).client("cloudwatch")
        for group in (API, WORKER):
            self.logs.create_log_group(logGroupName=group)
            self.logs.create_log_stream(logGroupName=group, logStreamName="one")

    def writes(self, group: str, *messages: str) -> None:
        now = int(self.clock.now().timestamp() * 1000)
        events = [{"timestamp": now, "message": message} for message in messages]
        self.logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)


@pytest.fixture
def shop(clock: ManualClock, tmp_path: Path) -> Iterator[Shop]:
    with Backend(state=tmp_path / "state", clock=clock) as backend:
        yield Shop(backend, clock)


async def comes(user: User, words: str, most: int = 60, step: float = 1.0) -> None:
    """Time passes until something is on the screen; the thread that takes events gets its turn."""
    for _ in range(most):
        if words in user.screen:
            return
        await user.waits(step)
        await asyncio.sleep(0.06)
    user.sees(words)


def place(user: User) -> TailPlace:
    shown = user.app.screen
    assert isinstance(shown, TailPlace)
    return shown


async def test_two_groups_are_followed_live_and_a_pause_stands(shop: Shop) -> None:
    shop.writes(API, "api begins")
    shop.writes(WORKER, "worker begins")
    async with at_the_console(shop.scene) as user:
        await user.presses("7")
        user.sees(API, "never expires")
        await user.presses("space", "j", "space", "enter")
        await comes(user, "live")
        user.sees("api begins", "worker begins", "since 15m ago")
        shop.writes(API, "GET /cart 200", "ERROR no stock")
        shop.writes(WORKER, '{"level":"warn","job":4711}')
        await comes(user, "ERROR no stock")
        user.sees("1 errors", '"job":4711')
        await user.presses("g")
        before = user.app.screen.query_one(LogView).scroll_offset.y
        for number in range(60):
            shop.writes(API, f"request {number}")
        await comes(user, "below")
        view = user.app.screen.query_one(LogView)
        assert view.scroll_offset.y == before and not view.following
        user.sees("api begins")
        await user.presses("G")
        user.sees("request 59", "following")
        assert view.text().count("request 59\n") == 1


async def test_a_throttled_and_refused_tail_goes_on_by_polling(shop: Shop) -> None:
    shop.writes(API, "api begins")
    weather = shop.scene.weather
    async with at_the_console(shop.scene) as user:
        with weather.fails("StartLiveTail", "AccessDeniedException", "not authorized to perform: logs:StartLiveTail"):
            await user.commands(f"tail {API} {WORKER}")
            await comes(user, "polling")
            user.sees("api begins", "no live tail:")
            with weather.fails("FilterLogEvents", "ThrottlingException", "Rate exceeded"):
                shop.writes(WORKER, "written in the storm")
                await comes(user, "it goes on by itself")
                user.misses("written in the storm")
                await user.waits(10)
            await comes(user, "written in the storm", most=90)
            user.misses("it goes on by itself")
            view = user.app.screen.query_one(LogView)
            assert view.text().count("written in the storm\n") == 1 and view.text().count("api begins\n") == 1


async def test_a_lost_live_tail_is_opened_again_without_a_gap(shop: Shop) -> None:
    async with at_the_console(shop.scene) as user:
        await user.commands(f"tail {API}")
        await comes(user, "live")
        shop.writes(API, "before the end")
        await comes(user, "before the end")
        for _ in range(12):  # a session lasts three hours
            await user.waits(1000, 1000)
            await asyncio.sleep(0.06)
        shop.writes(API, "after three hours")
        await comes(user, "after three hours")
        assert place(user).mode is TailMode.LIVE
        view = user.app.screen.query_one(LogView)
        assert view.text().count("before the end\n") == view.text().count("after three hours\n") == 1


async def test_a_pattern_narrows_what_the_service_sends_and_a_trace_is_one_key_away(shop: Shop) -> None:
    trace = "1-65f0a1b2-0123456789abcdef01234567"
    shop.writes(API, "fine", f"ERROR 502 Root={trace}", "fine again")
    async with at_the_console(shop.scene) as user:
        await user.commands(f"tail {API}")
        await comes(user, "live")
        await user.presses("p")
        await user.types("ERROR")
        await user.presses("enter")
        await comes(user, "live")
        user.sees("ERROR 502", "pattern ERROR")
        user.misses("fine again")
        shop.writes(API, "fine still", "ERROR 503")
        await comes(user, "ERROR 503")
        user.misses("fine still")
        await user.presses("g", "enter")
        user.sees(trace)
        assert user.app.screen.ref.id == trace  # type: ignore[attr-defined]


async def test_it_is_read_at_a_moment_in_the_past(shop: Shop) -> None:
    for hour in range(3):
        shop.writes(API, *[f"hour {hour} line {number:02d}" for number in range(80)])
        shop.clock.advance(3600)
    async with at_the_console(shop.scene) as user:
        await user.commands(f"tail {API}")
        await comes(user, "live")
        user.misses("hour 0")
        await user.presses("at")
        await user.types("10:00")  # the world began at nine
        await user.presses("enter")
        await comes(user, "hour 1 line 00")
        user.misses("hour 0", "hour 2")
        user.sees("ended", "paused")


async def test_a_metric_filter_is_tried_made_and_counts(shop: Shop) -> None:
    shop.writes(API, json.dumps({"status": 200, "ms": 12}), json.dumps({"status": 502, "ms": 812}))
    async with at_the_console(shop.scene) as user:
        await user.presses("7", "f", "S", "p")
        await user.types("{ $.status = 5* }")
        await user.presses("enter")
        user.sees("1 of 2 match", "$.status = 502")
        await user.chooses("Create metric filter")
        for text in ("server-errors", "{ $.status = 5* }", "Shop", "ServerErrors"):
            await user.types(text)
            await user.presses("tab")
        user.sees("a value to Shop/ServerErrors")
        await user.confirms()
        user.hears("made a metric filter of")
        user.sees("server-errors", "Shop/ServerErrors")
        shop.writes(API, json.dumps({"status": 503, "ms": 1}), json.dumps({"status": 200, "ms": 1}))
        await user.waits(61)
        found: Any = shop.cloudwatch.get_metric_statistics(
            Namespace="Shop",
            MetricName="ServerErrors",
            StartTime=shop.clock.now().replace(hour=0),
            EndTime=shop.clock.now(),
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        assert sum(one["Sum"] for one in found) == 1
        await user.chooses("Set retention")
        assert user.asked.startswith("Set retention")
        await user.presses("escape")
