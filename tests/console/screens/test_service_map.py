"""What the service map's screen does with snapshots and keys."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from console import alarming, mapped, samples
from console.driving import console
from pointsman.console.screens.alarm import AlarmPlace
from pointsman.console.screens.logs import Logs
from pointsman.console.screens.metrics import Metrics
from pointsman.console.screens.service_map import ServiceMapPlace
from pointsman.console.screens.tail import TailPlace
from pointsman.console.screens.traces import Traces
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.service_graph import ServiceGraph
from pointsman.model.alarms import AlarmList, Mute
from pointsman.model.refs import AlarmRef, TraceServiceRef
from pointsman.model.service_map import MapQuery, ServiceMap, canonical
from pointsman.model.snapshot import Snapshot
from pointsman.model.traces import TraceQuery
from pointsman.semantics.traces.facts import Service


async def opened(user: Any, *keys: str) -> None:
    await user.press("colon")
    await user.type("map")
    await user.press("enter", *keys)


def details(user: Any) -> str:
    return str(user.app.screen.query_one("#details", CellLines).text())


async def test_it_opens_at_the_gravest_trouble_and_says_how_that_does() -> None:
    async with console() as user:
        await opened(user)
        assert ("service-map", MapQuery()) in user.world.feeds.heard()
        assert "last 5m  12 services, 12 calls" in user.text
        assert user.app.screen.query_one(ServiceGraph).service == mapped.CHECKOUT
        for words in ("2.2/s, 651 requests", "ok 91% (590)", "fault 9% (61)", "p99 1.79s", "called by 1", "calls 3"):
            assert words in details(user)


async def test_the_arrows_go_along_calls() -> None:
    async with console() as user:
        await opened(user)
        graph = user.app.screen.query_one(ServiceGraph)
        await user.press("left")
        assert graph.service == mapped.GATEWAY
        await user.press("left")
        assert graph.service == Service("gateway", "client")
        await user.press("enter")
        assert any("they send no traces" in one for one in user.toasts)
        await user.press("right")
        assert graph.service == mapped.GATEWAY
        await user.press("G")
        assert graph.service == Service("nightly-report", "AWS::EC2::Instance", "123456789012")


async def test_neighbours_alone_have_figures_on_their_calls() -> None:
    async with console(size=(80, 24)) as user:
        await opened(user, "f")
        assert "5 services, 4 calls  around checkout" in user.text
        assert "━650ms ✗9%━" in user.text
        assert "mailer" not in user.text
        await user.press("escape")
        assert "12 services" in user.text
        assert isinstance(user.app.screen, ServiceMapPlace), "escape showed the rest, it did not leave"


async def test_the_table_says_the_same_and_keeps_the_cursor() -> None:
    async with console() as user:
        await opened(user, "left", "v")
        line = next(line for line in user.lines if line.startswith("▌"))
        assert "gateway" in line
        assert "190ms" in line
        await user.press("j", "v")
        graph = user.app.screen.query_one(ServiceGraph)
        assert graph.service == mapped.LEDGER
        assert graph.has_focus


async def test_a_service_leads_to_its_traces() -> None:
    async with console() as user:
        await opened(user, "enter")
        assert isinstance(user.app.screen, Traces)
        assert ("traces", TraceQuery(expression='service("checkout")')) in user.world.feeds.heard()


async def test_a_name_that_two_services_have_is_told_by_its_type() -> None:
    async with console() as user:
        whole = mapped.service_map()
        twin = replace(whole.nodes[2], service=Service("checkout", "remote"))
        user.world.fresh("service-map", MapQuery(), value=canonical((*whole.nodes, twin), whole.calls, whole.query))
        await opened(user, "C")
        assert 'service(id(name: "checkout", type: "AWS::ECS::Container"))' in user.text


async def test_another_range_and_a_group_are_other_feeds() -> None:
    async with console() as user:
        user.world.fresh("service-map", mapped.HOUR, value=mapped.service_map(mapped.HOUR))
        await opened(user, "t", "down", "enter")
        assert ("service-map", mapped.HOUR) in user.world.feeds.heard()
        assert "last 1h" in user.text
        await user.press("w", "down", "enter")
        assert ("service-map", replace(mapped.HOUR, group="gold")) in user.world.feeds.heard()
        assert "group gold" in user.text


async def test_the_same_graph_keeps_its_places_and_its_cursor() -> None:
    async with console() as user:
        await opened(user, "left")
        graph = user.app.screen.query_one(ServiceGraph)
        before = graph.painted
        whole = mapped.service_map()
        busier = canonical([replace(one, traffic=mapped.traffic(9)) for one in whole.nodes], whole.calls, whole.query)
        user.world.fresh("service-map", MapQuery(), value=busier)
        await user.settle()
        assert graph.painted is not None
        assert before is not None
        assert graph.painted is not before
        assert graph.painted.plan == before.plan
        assert graph.service == mapped.GATEWAY


async def test_an_alarm_stands_beside_its_service_and_is_one_key_away() -> None:
    async with console() as user:
        await opened(user)
        assert "checkout ▲" in user.text
        assert "alarm  ▲ checkout-cpu ALARM" in details(user)
        await user.press("v")
        assert "▲" in next(line for line in user.lines if line.startswith("▌"))
        await user.press("W")
        assert isinstance(user.app.screen, AlarmPlace)
        assert user.app.screen.ref == alarming.CPU.ref
        await user.press("escape", "v", "left", "W")
        assert any("no alarm watches a metric of it" in one for one in user.toasts)


async def test_of_several_alarms_one_is_chosen_and_a_muted_one_stands_back() -> None:
    async with console() as user:
        muted = replace(alarming.CPU, ref=AlarmRef("[red]slow[/]"), muted=Mute("night", frozenset({"[red]slow[/]"})))
        quiet = replace(alarming.CPU, ref=AlarmRef("checkout-memory"), state="OK")
        user.world.fresh("alarms", value=AlarmList((quiet, muted)))
        await opened(user)
        assert "checkout ▲" in user.text
        assert "alarms  ▲ [red]slow[/] ALARM, muted  checkout-memory OK" in details(user)
        await user.press("W", "down", "enter")
        assert isinstance(user.app.screen, AlarmPlace)
        assert user.app.screen.ref == quiet.ref


async def test_alarms_that_cannot_be_read_are_said_to_be_unknown() -> None:
    async with console() as user:
        user.world.feeds.push("alarms", snapshot=Snapshot(fault=samples.DENIED, failures=1))
        await opened(user, "W")
        assert "alarms are not known" in user.text
        assert any("the alarms have not been read" in one for one in user.toasts)
        assert "▲" not in user.text.partition("Service map")[2].partition("\n")[2]


async def test_a_service_leads_to_its_logs_and_metrics() -> None:
    async with console() as user:
        await opened(user, "M")
        assert isinstance(user.app.screen, Metrics)
        assert "checkout" in user.app.screen.filter_text
        await user.press("1", "l")
        assert isinstance(user.app.screen, Logs)
        assert user.app.screen.filter_text == "checkout"
        await user.press("1")
        place = user.app.screen
        assert isinstance(place, ServiceMapPlace)
        place.query_one(ServiceGraph).move_to(mapped.MAILER)
        await user.press("l")
        assert isinstance(user.app.screen, TailPlace)
        assert "/aws/lambda/mailer" in user.text


async def test_nothing_denied_and_old_say_so() -> None:
    async with console(size=(80, 24)) as user:
        await opened(user)
        stale = Snapshot(mapped.service_map(), samples.ago(minutes=3), samples.THROTTLED, 3)
        user.world.feeds.push("service-map", MapQuery(), snapshot=stale)
        await user.settle()
        assert "as of 3m ago" in user.text
        assert "checkout" in user.text
        user.world.feeds.push("service-map", MapQuery(), snapshot=Snapshot(fault=samples.DENIED, failures=1))
        await user.settle()
        assert "access denied" in user.text
        user.world.fresh("service-map", MapQuery(), value=ServiceMap())
        await user.settle()
        assert "t looks further back" in user.text
        await user.press("enter", "f", "v", "enter", "l", "d", "right", "G")
        assert isinstance(user.app.screen, ServiceMapPlace)


async def test_names_from_outside_are_text() -> None:
    async with console(size=(80, 24)) as user:
        nasty = Service("[red]x[/] \x1b[31m\u202e" + "y" * 300, "[bold]")
        wide = Service("決済サービス")
        whole = mapped.service_map()
        nodes = [replace(whole.nodes[1], service=nasty), replace(whole.nodes[2], service=wide)]
        user.world.fresh("service-map", MapQuery(), value=canonical(nodes, (), whole.query))
        await opened(user, "v", "v", "d")
        assert "[red]x[/]" in user.text
        assert "\x1b" not in user.text
        assert "決済" in user.text


async def test_what_a_service_is_asked_by_is_a_filter_expression() -> None:
    from pointsman.console.screens.service_map_words import expression
    from pointsman.semantics.traces.filters import parse

    for name in ("checkout", 'a "b" \\ c', "x) OR fault", ""):
        for kind in ("", 'AWS::"odd"\\'):
            assert parse(expression(TraceServiceRef(name, kind))) is not None


async def test_the_map_of_a_group_is_another_one() -> None:
    async with console() as user:
        await opened(user)
        await user.press("colon")
        await user.type("map gold")
        await user.press("enter")
        assert ("service-map", MapQuery(group="gold")) in user.world.feeds.heard()
