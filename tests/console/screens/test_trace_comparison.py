"""What the comparison of two traces shows, and what its keys do."""

from __future__ import annotations

from typing import Any

from console import mapped, samples, tracing
from console.driving import console
from pointsman.console.screens.sampling import SamplingPlace
from pointsman.console.screens.service_map import ServiceMapPlace
from pointsman.console.screens.trace import TracePlace
from pointsman.console.screens.trace_comparison import TraceComparisonPlace
from pointsman.console.widgets.table import LineTable
from pointsman.model.snapshot import Snapshot

IDS = f"{tracing.CHECKOUT.id} {mapped.BETTER.id}"


async def opened(user: Any, *keys: str) -> None:
    await user.press("colon")
    await user.type(f"compare {IDS}")
    await user.press("enter", *keys)


def names(user: Any) -> list[str]:
    return [row[1].name for row in user.app.screen.query_one("#list", LineTable).rows]


async def test_it_says_what_became_of_the_whole_and_of_each_operation() -> None:
    async with console(size=(120, 40)) as user:
        await opened(user)
        for words in ("812ms → 420ms -392ms", "1 new", "of that  -202ms DynamoDB UpdateItem  -170ms bank.example"):
            assert words in user.text
        bank = next(line for line in user.lines if "bank.example" in line and "faster" in line)
        for words in ("✓", "300ms", "130ms", "faster", "170ms", "1 fewer went wrong"):
            assert words in bank
        assert any("SELECT stock" in line and "12→1" in line for line in user.lines)
        assert any(" cache " in line and "new" in line for line in user.lines)
        assert any(" mailer " in line and "gone" in line for line in user.lines)


async def test_changes_causes_and_words() -> None:
    async with console() as user:
        await opened(user, "w")
        assert names(user)[:2] == ["DynamoDB UpdateItem", "bank.example"]
        await user.press("w", "slash")
        await user.type("bank")
        await user.press("enter")
        assert names(user) == ["bank.example"]
        await user.press("escape", "ctrl+z")
        assert "checkout" in names(user)
        assert "changes only" in user.text


async def test_the_other_way_round_and_into_either() -> None:
    async with console() as user:
        await opened(user, "x")
        assert "420ms → 812ms +392ms" in user.text
        await user.press("enter")
        assert isinstance(user.app.screen, TracePlace)
        assert user.app.screen.ref == tracing.CHECKOUT
        await user.press("escape", "b")
        assert user.app.screen.ref == mapped.BETTER


async def test_one_that_cannot_be_read_says_so() -> None:
    async with console(size=(80, 24)) as user:
        user.world.feeds.push("trace", mapped.BETTER.id, snapshot=Snapshot(fault=samples.DENIED, failures=1))
        await opened(user, "enter")
        await user.press("escape") if not isinstance(user.app.screen, TraceComparisonPlace) else None
        assert "access denied" in user.text


async def test_one_id_is_not_enough() -> None:
    async with console() as user:
        await user.press("colon")
        await user.type("compare 1-x")
        await user.press("enter")
        assert "which two traces" in user.text


async def test_two_marked_traces_are_compared_the_older_first() -> None:
    async with console() as user:
        await user.press("5", "x")
        assert any("mark two traces" in one for one in user.toasts)
        await user.press("space", "x")
        place = user.app.screen
        assert isinstance(place, TraceComparisonPlace)
        assert (place.ref, place.other) == (tracing.CHECKOUT, mapped.BETTER)


async def test_the_list_of_traces_leads_to_the_map_and_the_rules() -> None:
    async with console() as user:
        await user.press("5", "m")
        assert isinstance(user.app.screen, ServiceMapPlace)
        await user.press("escape", "S")
        assert isinstance(user.app.screen, SamplingPlace)
