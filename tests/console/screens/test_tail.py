"""What the tail shows, owns up to, and is told with keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console import logbook, samples, tracing
from console.driving import Driver, console, full
from console.fakes import World, world
from pointsman.console.screens.logs import Logs
from pointsman.console.screens.tail import TailPlace
from pointsman.console.widgets.log_rate import LogRate
from pointsman.console.widgets.log_view import LogView
from pointsman.errors import Fault, FaultKind
from pointsman.model.logs import LogSource, TailMode
from pointsman.model.refs import DeploymentRef, LogGroupRef, TailRef, TraceRef


async def tail(user: Driver, words: str = f"{logbook.API} {logbook.WORKER}") -> TailPlace:
    await user.press("colon")
    await user.type(f"tail {words}")
    await user.press("enter")
    place = user.app.screen
    assert isinstance(place, TailPlace)
    return place


def view(user: Driver) -> LogView:
    return user.app.screen.query_one("#view", LogView)


def made(*chunks: Any) -> World:
    there = full(world())
    there.services.logs.tails.chunks = list(chunks)
    return there


def shown(user: Driver, word: str) -> str:
    return next(line for line in user.lines if word in line)


async def test_groups_are_interleaved_under_their_names() -> None:
    async with console() as user:
        await tail(user)
        assert "api" in shown(user, "listening on").split()
        assert "worker" in shown(user, "INFO job 4711 taken").split()
        assert "live" in user.text and "since 15m ago" in user.text
        assert "4 errors" in user.text, "of JSON's own level, of words, of a traceback"
        asked = user.world.services.logs.tails.asked[0]
        assert asked.sources == (LogSource(logbook.API), LogSource(logbook.WORKER))
        assert asked.since == logbook.NOW - 15 * 60_000 and asked.until is None


async def test_control_sequences_and_markup_are_text() -> None:
    async with console() as user:
        await tail(user)
        assert "red [b]not bold[/b] txet" in user.text


async def test_another_range_is_another_reading() -> None:
    async with console() as user:
        await tail(user)
        await user.press("r", "down", "down", "down", "down", "enter")
        asked = user.world.services.logs.tails.asked
        assert [one.since for one in asked] == [logbook.NOW - 15 * 60_000, logbook.NOW - 60 * 60_000]
        await user.press("r", "G", "enter")
        assert asked[-1].since == 0 and "from the oldest on" in user.text


async def test_a_time_within_is_gone_to_and_one_outside_is_read() -> None:
    async with console() as user:
        await tail(user)
        await user.press("at")
        await user.type("08:59:20")
        await user.press("enter")
        line = view(user).current_line
        assert line is not None and '"no stock"' in line.text and not view(user).following
        assert len(user.world.services.logs.tails.asked) == 1
        await user.press("at")
        await user.type("07:00")
        await user.press("enter")
        asked = user.world.services.logs.tails.asked[-1]
        seven = logbook.NOW - 2 * 3_600_000
        assert (asked.since, asked.until) == (seven - 300_000, seven + 600_000)
        await user.press("at")
        await user.type("noon")
        await user.press("enter")
        assert "write a moment as" in user.text


async def test_a_pattern_is_asked_of_the_service_when_it_is_one() -> None:
    async with console() as user:
        place = await tail(user)
        await user.press("p")
        await user.type("{ $.a = ")
        await user.press("enter")
        assert "column" in user.text and place.pattern == ""
        await user.press("escape", "p")
        await user.type("ERROR")
        await user.press("enter")
        assert user.world.services.logs.tails.asked[-1].pattern == "ERROR"
        assert "pattern ERROR" in user.text


async def test_the_search_is_of_what_is_here() -> None:
    async with console() as user:
        await tail(user)
        await user.press("slash")
        await user.type("4711")
        assert "of 3" in user.text
        await user.press("enter", "n")
        assert len(user.world.services.logs.tails.asked) == 1
        await user.press("escape")
        assert "/4711" not in user.text


async def test_a_pause_does_not_move_and_says_what_is_below() -> None:
    many = [logbook.event(600 - number, f"line {number:04d}") for number in range(500)]
    async with console(made(logbook.told(*many))) as user:
        place = await tail(user, logbook.API)
        await user.press("space")
        before = [line[:60].rstrip() for line in user.lines if "line 0" in line]
        place._take(logbook.told(*[logbook.event(1, f"new {number}") for number in range(200)]))
        await user.settle()
        assert [line[:60].rstrip() for line in user.lines if "line 0" in line] == before
        assert "paused, 200 below" in user.text
        await user.press("space")
        assert "new 199" in user.text


async def test_what_is_not_shown_is_owned_up_to() -> None:
    late = logbook.event(300, "came late")
    some = made(
        logbook.told(*logbook.LINES),
        logbook.told(late, sampled=True),
        logbook.told(sampled=True),
        logbook.told(skipped=(0, 1)),
    )
    async with console(some, size=(200, 50)) as user:
        await tail(user)
        for words in ("sampled: 500 of more in 2 seconds", "a stretch was too long", "1 came late"):
            assert words in user.text


async def test_polling_says_why_it_is_not_live() -> None:
    async with console(made(logbook.told(mode=TailMode.POLLING, why="access denied: no live tail"))) as user:
        await tail(user)
        assert "polling" in user.text and "no live tail: access denied" in user.text


async def test_trouble_is_said_and_goes_on() -> None:
    throttled = logbook.told(mode=TailMode.READING, fault=Fault(FaultKind.THROTTLED, "slow down"))
    async with console(made(logbook.told(logbook.LINES[0]), throttled)) as user:
        await tail(user)
        assert "throttled: slow down; it goes on by itself" in user.text and "listening" in user.text


async def test_denied_is_no_empty_log() -> None:
    async with console(made(samples.DENIED)) as user:
        await tail(user)
        assert "access denied" in user.text


async def test_a_missing_group_is_named() -> None:
    async with console(made(logbook.told(missing=("/nowhere",)))) as user:
        await tail(user, "/nowhere")
        assert "there is no log group /nowhere (yet)" in user.text


async def test_a_line_leads_to_its_trace_and_its_deployment() -> None:
    async with console() as user:
        place = await tail(user)
        opened: list[Any] = []
        user.app.router.open = lambda ref, at=None: opened.append((ref, at))  # type: ignore[method-assign]
        for line in (4, 6):
            view(user).go_to(line)
            await user.press("enter")
        assert [ref for ref, _ in opened] == [TraceRef(logbook.TRACE), DeploymentRef("d-8KQ2XQ1AB")]
        assert opened[0][1] is not None and int(opened[0][1].timestamp() * 1000) == logbook.LINES[4].at
        view(user).go_to(0)
        assert place.why_not("link") == "this line names no trace, build or deployment"


async def test_columns_are_picked_from_json() -> None:
    async with console() as user:
        await tail(user)
        await user.press("o")
        assert "http.status" in user.text
        await user.press("enter")
        assert view(user).ink.columns


async def test_a_line_is_copied_as_itself_and_as_json() -> None:
    async with console() as user:
        place = await tail(user)
        view(user).go_to(4)
        await user.press("m", "j", "m", "k")
        forms = dict(place.copy_forms())
        assert '"logGroup": "/shop/api"' in forms["event as JSON"] and '"status": 502' in forms["event as JSON"]
        assert forms["2 marked lines"].count("\n") == 2
        assert forms["CLI line"] == "aws logs tail /shop/api --follow --since 15m"
        view(user).go_to(5)
        assert place.targets() == ((LogGroupRef(logbook.WORKER), None),)


async def test_it_is_saved_whole() -> None:
    async with console() as user:
        await tail(user)
        await user.press("ctrl+s")
        said = next(one for one in user.toasts if "saved 12 lines" in one)
        text = Path(said.rpartition(": ")[2]).read_text()
        assert text.startswith("2026-01-05T08:59:10.000Z /shop/api web-1 listening on :8080\n")
        assert "\x1b" not in text


async def test_the_rate_counts_lines_and_errors() -> None:
    async with console() as user:
        await tail(user)
        rate = user.app.screen.query_one(LogRate)
        assert sum(rate.rates.lines.values()) == 12 and sum(rate.rates.errors.values()) == 4
        assert "highest" in user.text
        view(user).go_to(4)
        await user.settle()
        assert rate.cursor == logbook.LINES[4].at // 1000


async def test_hidden_it_reads_nothing_and_goes_on_where_it_was() -> None:
    async with console() as user:
        place = await tail(user)
        state = place._state
        await user.press("d")
        assert user.app.screen is not place
        await user.press("escape")
        assert place._state is state
        assert user.app.screen is place and "listening on" in user.text


async def test_it_ends_with_what_it_follows() -> None:
    async with console() as user:
        build = samples.failed_build()
        user.app.router.open(TailRef((logbook.API,), build.ref))
        await user.settle()
        place = user.app.screen
        assert isinstance(place, TailPlace) and place._ended()
        assert ("build", build.ref.id) in user.world.feeds.heard()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_it_fits(size: tuple[int, int]) -> None:
    async with console(size=size) as user:
        await tail(user)
        assert "GET /health 200" in user.text


async def test_a_moment_opens_it_there() -> None:
    async with console() as user:
        from datetime import UTC, datetime

        at = datetime.fromtimestamp(logbook.LINES[4].at / 1000, UTC)
        user.app.router.open(LogGroupRef(logbook.API), at)
        await user.settle()
        line = view(user).current_line
        assert line is not None and '"no stock"' in line.text


async def test_a_build_opens_its_log_as_a_tail_of_its_time() -> None:
    async with console() as user:
        build = samples.failed_build()
        user.app.router.open(build.ref)
        await user.settle()
        await user.press("L")
        place = user.app.screen
        assert isinstance(place, TailPlace)
        assert build.log is not None and build.started is not None
        assert place.sources_asked == (LogSource(build.log.group, (build.log.stream,)),)
        assert user.world.services.logs.tails.asked[-1].since == int(build.started.timestamp() * 1000) - 300_000


async def test_a_trace_leads_to_the_logs_of_its_moment() -> None:
    async with console() as user:
        await user.press("5", "enter", "l")
        assert "lines of this trace in" in user.text
        await user.press("down", "enter")
        assert isinstance(user.app.screen, TailPlace)
        began = tracing.checkout().trace.start
        asked = user.world.services.logs.tails.asked[-1]
        assert asked.since == pytest.approx(int(began * 1000) - 300_000, abs=1)
        await user.press("escape", "at")


async def test_one_key_follows_the_logs_of_the_trace_in_the_waterfall() -> None:
    async with console() as user:
        await user.press("5", "enter", "f")
        assert isinstance(user.app.screen, TailPlace)
        asked = user.world.services.logs.tails.asked[-1]
        assert asked.since == pytest.approx(int(tracing.checkout().trace.start * 1000) - 300_000, abs=1)


async def test_a_deployment_and_a_pipeline_lead_to_the_logs_of_their_moment() -> None:
    async with console() as user:
        for keys in (("4", "down", "enter", "L"), ("2", "enter", "L")):
            await user.press(*keys)
            logs = user.app.screen
            assert isinstance(logs, Logs) and logs.at is not None, keys


async def test_groups_that_a_trace_names_are_searched_for_it() -> None:
    async with console() as user:
        user.app.router.open(TailRef((logbook.API,), find=logbook.TRACE))
        await user.settle()
        assert "1 of 1" in user.text
        line = view(user).current_line
        assert line is not None and logbook.TRACE in line.text


async def test_hostile_events_are_lines_like_others() -> None:
    """Half a megabyte, binary, out of order, the same twice, no stream, no time."""
    wild = [
        logbook.event(5, '{"level":"error","blob":"' + "x" * 262_000 + '"}'),
        logbook.event(900, "very late", stream="\x1b]0;title\x07"),
        logbook.event(4, "".join(map(chr, range(256)))),
        logbook.event(4, "\ud800 lone"),
        logbook.event(3, "same"),
        logbook.event(3, "same"),
        logbook.event(2, "", stream=""),
        logbook.event(1, "\t[red]tabs[/]\r\nand \u202eends\r"),
    ]
    async with console(made(logbook.told(*wild))) as user:
        place = await tail(user, logbook.API)
        await user.press("g", "f", "w", "t", "F", "slash")
        await user.type("same")
        await user.press("enter")
        assert "of 2" in user.text
        assert "[red]tabs[/]" in user.text and "title" not in user.text
        assert not any(ord(one) < 32 for line in user.lines for one in line)
        assert dict(place.copy_forms())["event as JSON"]
