"""The list of log groups, and one of them with its filters and the test bench."""

from __future__ import annotations

from typing import Any

from console import logbook, samples
from console.driving import Driver, console, full
from console.fakes import world
from pointsman.console.screens.log_group import LogGroupPlace
from pointsman.console.screens.logs import Logs
from pointsman.console.screens.tail import TailPlace
from pointsman.console.widgets.table import LineTable
from pointsman.errors import Fault, FaultKind
from pointsman.model.logs import LogSource
from pointsman.model.refs import LogGroupRef, MetricFilterRef
from pointsman.model.snapshot import Snapshot


def names(user: Any) -> list[str]:
    return [row.name for row in user.app.screen.query_one("#list", LineTable).rows]


def line(user: Driver, word: str) -> str:
    return next(one for one in user.lines if word in one)


async def test_what_never_expires_is_flagged_and_what_is_stored_is_said() -> None:
    async with console() as user:
        await user.press("7")
        assert isinstance(user.app.screen, Logs)
        flagged = line(user, "/aws/lambda/prices")
        assert "▲ never expires" in flagged and "812 GB" in flagged
        assert "14 days" in line(user, logbook.API) and "98 MB" in line(user, logbook.API)
        assert "3653 days" not in user.text and "infrequent" in line(user, "/audit/trail")
        assert "2 days, fixed" in line(user, "/delivered"), "a group of this class does not grow for ever"
        assert "1 never expire" in user.text and "18 TB stored" in user.text


async def test_words_and_states_filter() -> None:
    async with console() as user:
        await user.press("7", "slash")
        await user.type("shop")
        await user.press("enter")
        assert names(user) == [logbook.API, logbook.WORKER]
        await user.press("escape", "ctrl+z")
        assert names(user) == ["/aws/lambda/prices"]


async def test_stored_is_sorted_by_size() -> None:
    async with console() as user:
        await user.press("7", "o", "o", "o", "O")
        table = user.app.screen.query_one("#list", LineTable)
        assert table.order.column == "stored"
        assert names(user)[:3] == ["/audit/trail", "/aws/lambda/prices", logbook.API]


async def test_marked_groups_are_tailed_together() -> None:
    async with console() as user:
        await user.press("7", "G", "space", "k", "space", "enter")
        place = user.app.screen
        assert isinstance(place, TailPlace)
        assert place.sources_asked == (LogSource(logbook.API), LogSource(logbook.WORKER))


async def test_the_group_says_what_it_has() -> None:
    async with console() as user:
        user.app.router.open(MetricFilterRef(logbook.API, "latency"))
        await user.settle()
        place = user.app.screen
        assert isinstance(place, LogGroupPlace)
        assert place.selected() == MetricFilterRef(logbook.API, "latency")
        for words in ("keeps 14 days", "subscription  siem", "Shop/Latency", "by Tenant=$.tenant", "else 0 Count"):
            assert words in user.text


async def test_the_bench_tries_patterns_on_samples() -> None:
    async with console() as user:
        user.app.router.open(MetricFilterRef(logbook.API, ""))
        await user.settle()
        assert "no sample lines" in user.text
        await user.press("S", "p")
        await user.press("ctrl+u")
        await user.type("ERROR")
        await user.press("enter")
        assert "match" in user.text
        assert user.world.services.logs.groups.tried[-1][0] == "ERROR"
        matching = [one for one in user.lines if "✓" in one and "ERROR job 4711" in one]
        assert matching
        await user.press("s")
        await user.type("an ERROR of mine")
        await user.press("enter")
        assert any("✓" in one and "an ERROR of mine" in one for one in user.lines)
        await user.press("ctrl+k")
        assert "no sample lines" in user.text


async def test_a_filter_is_tried_with_enter_and_shows_what_it_finds() -> None:
    async with console(size=(120, 50)) as user:
        user.app.router.open(MetricFilterRef(logbook.API, "latency"))
        await user.settle()
        await user.press("enter")
        assert "$.ms = 812" in user.text


async def test_a_pattern_that_is_none_is_the_services_sentence() -> None:
    async with console() as user:
        user.world.services.logs.groups.wrong = Fault(FaultKind.INVALID, "Invalid character(s) in term '$.a'")
        user.app.router.open(MetricFilterRef(logbook.API, ""))
        await user.settle()
        await user.press("S", "p", "enter")
        assert "Invalid character(s) in term" in user.text


async def test_denied_and_empty_are_different() -> None:
    there = full(world())
    there.feeds.push("log-groups", snapshot=Snapshot(fault=samples.DENIED, failures=1))
    async with console(there) as user:
        await user.press("7")
        assert "access denied" in user.text
        user.world.fresh("log-groups", value=())
        await user.settle()
        assert "no log groups" in user.text


async def test_copies_name_and_command() -> None:
    async with console() as user:
        await user.press("7", "G")
        place = user.app.screen
        assert isinstance(place, Logs)
        forms = dict(place.copy_forms())
        assert forms["CLI line"] == "aws logs tail /shop/worker --follow"
        assert forms["console URL"].endswith("#logsV2:log-groups/log-group/$252Fshop$252Fworker")
        assert place.targets() == ((LogGroupRef(logbook.WORKER), None),)
