"""What an open trace is held against: a second trace, and its like in the loaded ones."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from console import mapped, samples, tracing
from console.driving import console
from pointsman.console.screens.trace import TracePlace
from pointsman.console.screens.trace_comparison import TraceComparisonPlace
from pointsman.console.widgets.lines import CellLines
from pointsman.model.trace_alike import asked_of
from pointsman.model.traces import TraceSummary
from pointsman.services.reads.traces import opened


def details(user: Any) -> str:
    return str(user.app.screen.query_one("#details", CellLines).text())


def again(at: int, **more: Any) -> TraceSummary:
    """Another trace of the checkout."""
    return replace(tracing.listed().traces[0], ref=tracing.ref(at), **more)


async def test_a_loaded_trace_of_the_same_request_is_offered_first_and_compared() -> None:
    async with console() as user:
        user.world.services.traces.loaded.add((*tracing.listed().traces[2:], again(2, fault=False)))
        await user.press("5", "enter", "x")
        lines = [line for line in user.lines if "  1-" in line and ("same request" in line or "/cart" in line)]
        assert "same request" in lines[0]
        assert not any("same request" in line for line in lines[1:])
        assert tracing.CHECKOUT.id not in "".join(lines), "it is not compared with itself"
        await user.press("down", "down", "enter")
        place = user.app.screen
        assert isinstance(place, TraceComparisonPlace)
        assert (place.ref, place.other) == (tracing.CHECKOUT, mapped.BETTER)
        await user.press("escape")
        assert isinstance(user.app.screen, TracePlace), "and back"
        assert user.app.screen.ref == tracing.CHECKOUT


async def test_the_same_request_before_the_deployment_is_looked_for() -> None:
    async with console() as user:
        services = user.world.services
        for at, state in enumerate(services.deployments.states.values()):
            made = replace(state.deployment, created=samples.ago(minutes=90 + at))
            services.deployments.states[made.id] = replace(state, deployment=made)
        services.traces.earlier = (again(2, response=0.3), again(7, response=0.1), again(8, response=0.9))
        await user.press("5", "enter", "x")
        assert "POST shop.example/checkout before what went out last was deployed" in user.text
        await user.press("enter")
        (asked,) = services.traces.asked_before
        assert asked == (asked_of(tracing.listed().traces[0]), samples.ago(minutes=90))
        place = user.app.screen
        assert isinstance(place, TraceComparisonPlace)
        assert place.other == mapped.BETTER, "all failed: the middle one of all of them"
        assert any(
            "the middle one of 3 of POST shop.example/checkout before deployment d-" in one for one in user.toasts
        )


async def test_without_a_deployment_or_a_trace_before_it_that_is_said() -> None:
    async with console() as user:
        await user.press("5", "enter", "x", "enter")
        assert any("there is no trace of POST shop.example/checkout in the six hours" in one for one in user.toasts)
        user.world.services.deployments.states.clear()
        await user.press("x", "enter")
        assert any("no deployment is known of before this trace" in one for one in user.toasts)
        assert isinstance(user.app.screen, TracePlace)


async def test_an_id_is_written_into_the_command() -> None:
    async with console() as user:
        await user.press("5", "enter", "x", "down", "enter")
        assert f"compare {tracing.CHECKOUT.id} " in user.text
        await user.type(mapped.BETTER.id)
        await user.press("enter")
        place = user.app.screen
        assert isinstance(place, TraceComparisonPlace)
        assert (place.ref, place.other) == (tracing.CHECKOUT, mapped.BETTER)


async def test_a_few_traces_of_the_same_request_are_read_by_themselves_and_more_at_a_key() -> None:
    async with console() as user:
        traces = user.world.services.traces
        traces.population.add(tracing.checkout())
        rows = [again(at) for at in range(1, 31)]
        traces.loaded.add([*rows, again(40, url="https://shop.example/other")])
        traces.others = [replace(tracing.checkout(), ref=one.ref) for one in rows]
        await user.press("5", "enter", "down")
        assert "p50 of 11 in 11 traces" in details(user)
        assert "11 of 31 loaded traces read: p reads more" in details(user)
        await user.press("p")
        assert any("19 more traces read: spans are compared with those of 30" in one for one in user.toasts)
        assert "30 of 31 loaded traces read" in details(user)


async def test_when_all_are_read_the_key_says_so_and_leaving_ends_the_reading() -> None:
    async with console() as user:
        await user.press("5", "enter", "p")
        assert any("every loaded trace that its service had a part in is read" in one for one in user.toasts)
        place = user.app.screen
        assert isinstance(place, TracePlace)

        async def forever() -> None:
            import asyncio

            await asyncio.Event().wait()

        place.work_on("read other traces", forever, group="widen")
        assert any(one.group == "widen" for one in user.app.workers)
        user.app.call_later(place.post_message, place.CommandAsked("map"))
        for _ in range(50):
            await user.pilot.pause()
            if not any(one.group == "widen" for one in user.app.workers):
                break
        else:
            raise AssertionError("it reads on")


async def test_times_of_no_calendar_are_no_reason_to_fail() -> None:
    async with console() as user:
        text = {"trace_id": tracing.CHECKOUT.id, "id": "a" * 16, "name": "shop", "origin": "AWS::Lambda::Function"}
        times = {"start_time": 4e10, "end_time": 4e10 + 2, "http": {"request": {"url": "http://x/", "method": "GET"}}}
        strange = opened(tracing.CHECKOUT, [json.dumps({**text, **times})], limit_exceeded=False, settled=True)
        user.world.fresh("trace", tracing.CHECKOUT.id, value=strange)
        await user.press("5", "enter", "l")
        assert "/aws/lambda/shop" in user.text
        assert "now" in user.text
        await user.press("escape", "x", "enter", "v", "v", "v", "d")
        assert any("no time of any calendar" in one for one in user.toasts)
