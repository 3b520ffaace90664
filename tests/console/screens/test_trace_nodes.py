"""The services of an open trace as a map: the cursor on them, their figures, and where each leads."""

from __future__ import annotations

from typing import Any

from console import mapped, samples, tracing
from console.driving import console
from pointsman.console.screens.logs import Logs
from pointsman.console.screens.metrics import Metrics
from pointsman.console.screens.tail import TailPlace
from pointsman.console.screens.trace import TracePlace
from pointsman.console.screens.traces import Traces
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.service_graph import ServiceGraph
from pointsman.console.widgets.waterfall import Waterfall
from pointsman.model.service_map import of_trace, spans_of
from pointsman.model.snapshot import Snapshot
from pointsman.model.traces import TraceQuery
from pointsman.semantics.traces import assembly
from pointsman.semantics.traces.facts import Service


async def opened(user: Any, *keys: str) -> ServiceGraph:
    await user.press("5", "enter", "v", "v", *keys)
    found: ServiceGraph = user.app.screen.query_one("#map", ServiceGraph)
    return found


async def put_on(user: Any, name: str) -> None:
    graph = user.app.screen.query_one("#map", ServiceGraph)
    whole = of_trace(tracing.checkout().trace)
    assert graph.move_to(next(one.service for one in whole.nodes if one.service.name == name and not one.client))
    await user.settle()


def details(user: Any) -> str:
    return str(user.app.screen.query_one("#details", CellLines).text())


async def test_it_begins_where_it_failed_and_says_how_each_service_did_in_this_trace() -> None:
    async with console() as user:
        graph = await opened(user)
        assert graph.has_focus
        for name in ("gateway", "checkout", "payments", "bank.example", "ledger"):
            assert name in user.text
        assert "as a map" in user.text
        assert "enter its spans" in user.text
        await put_on(user, "payments")
        for words in ("  1 request\n", "fault 100% (1)", "called by 1", "calls 2", "bank.example", "ledger"):
            assert words in details(user)
        await user.press("left")
        assert graph.service is not None
        assert graph.service.name == "checkout"
        assert "calls 1" in details(user)
        await user.press("v")
        assert user.app.screen.query_one(Waterfall).has_focus
        assert "gateway" in details(user), "the span's details again"
        await user.press("v", "v", "right_square_bracket")
        assert any("pages of a span" in one for one in user.toasts)
        await user.press("e")
        assert user.app.screen.query_one(Waterfall).has_focus, "the next failure is a span"


async def test_enter_goes_to_the_spans_of_a_service_and_n_through_them() -> None:
    async with console() as user:
        await opened(user)
        await put_on(user, "ledger")
        await user.press("enter")
        view = user.app.screen.query_one(Waterfall)
        assert view.has_focus
        spans = tracing.checkout().trace.spans
        assert view.matches
        assert view.place == view.matches[0]
        assert [spans[one].name for one in view.matches] == ["DynamoDB"], "it sent no segment: the call to it"
        assert "ledger: 1 span" in user.text
        await user.press("g", "n")
        assert view.place == view.matches[0]
        await user.press("slash")
        await user.type("bank")
        assert "ledger: 1 span" not in user.text, "a search takes the place of the marks"
        assert "/bank: " in user.text


async def test_a_service_leads_to_logs_metrics_and_other_traces() -> None:
    async with console() as user:
        await opened(user)
        await put_on(user, "checkout")
        await user.press("l")
        assert "/shop/checkout" in user.text
        assert "lines of this trace in 1 group" in user.text
        assert "as a tail" in user.text
        await user.press("down", "enter")
        assert isinstance(user.app.screen, TailPlace)
        await user.press("escape", "l", "down", "down", "enter")
        assert isinstance(user.app.screen, TailPlace)
        await user.press("escape")
        await put_on(user, "payments")
        await user.press("l")
        assert isinstance(user.app.screen, Logs)
        assert user.app.screen.filter_text == "payments"
        await user.press("5", "M")
        assert isinstance(user.app.screen, Metrics)
        assert user.app.screen.filter_text == "payments"
        await user.press("5", "T")
        assert isinstance(user.app.screen, Traces)
        assert ("traces", TraceQuery(expression='service("payments")')) in user.world.feeds.heard()
        await user.press("escape", "escape")
        assert isinstance(user.app.screen, TracePlace)
        assert user.app.screen.query_one("#map", ServiceGraph).has_focus, "back where it was"


async def test_in_the_waterfall_the_span_s_service_is_meant() -> None:
    async with console() as user:
        await user.press("5", "enter", "T")
        assert ("traces", TraceQuery(expression='service("gateway")')) in user.world.feeds.heard()


async def test_who_calls_has_nothing_of_its_own() -> None:
    async with console() as user:
        graph = await opened(user)
        await put_on(user, "gateway")
        await user.press("left")
        assert graph.service == Service("gateway", "client")
        for key in ("enter", "l", "M", "T"):
            await user.press(key)
        assert sum("this is the caller" in one for one in user.toasts) == 4
        assert graph.has_focus


async def test_what_is_known_of_a_service_is_read_and_copied() -> None:
    async with console() as user:
        await opened(user)
        await put_on(user, "ledger")
        await user.press("C")
        assert 'service("ledger")' in user.text
        await user.press("escape", "d")
        assert "service ledger" in user.text
        assert "AWS::DynamoDB::Table" in user.text


async def test_a_trace_that_grows_keeps_the_cursor_and_one_that_is_gone_has_no_map() -> None:
    async with console() as user:
        graph = await opened(user)
        await put_on(user, "ledger")
        user.world.fresh("trace", tracing.CHECKOUT.id, value=mapped.better())
        await user.settle()
        assert graph.service is not None
        assert graph.service.name == "ledger"
        assert "ok 100% (1)" in details(user)
        user.world.feeds.push("trace", tracing.CHECKOUT.id, snapshot=Snapshot(fault=samples.DENIED, failures=1))
        await user.settle()
        await user.press("enter", "l", "M", "T", "d")
        assert any("has not been read" in one for one in user.toasts)


def test_the_spans_of_a_service_are_its_segments_or_the_calls_to_it() -> None:
    trace = tracing.checkout().trace
    whole, found = of_trace(trace), spans_of(trace)
    assert set(found) == {node.service for node in whole.nodes if not node.client}
    names = {service.name: [trace.spans[place].name for place in places] for service, places in found.items()}
    assert names["payments"] == ["payments"]
    assert names["ledger"] == ["DynamoDB"]
    assert names["bank.example"] == ["bank.example"]
    for service, places in found.items():
        sent = service.name not in ("ledger", "bank.example")
        assert all(trace.spans[place].has(assembly.SUBSEGMENT) is not sent for place in places)
