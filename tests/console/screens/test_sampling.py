"""What the screen of sampling rules says and leads to."""

from __future__ import annotations

from typing import Any

from console.driving import console
from pointsman.console.screens.sampling import SamplingPlace
from pointsman.console.screens.service_map import ServiceMapPlace
from pointsman.console.widgets.table import LineTable
from pointsman.model.refs import SamplingRuleRef


async def opened(user: Any, *keys: str) -> None:
    await user.press("colon")
    await user.type("sampling")
    await user.press("enter", *keys)


async def test_rules_in_the_order_they_are_asked_with_what_they_took_and_would() -> None:
    async with console(size=(120, 40)) as user:
        await opened(user)
        rows = user.app.screen.query_one("#list", LineTable).rows
        assert [row.one.rule.name for row in rows] == ["health-checks", "carts", "failures", "gold", "Default"]
        carts = next(line for line in user.lines if " carts " in line)
        for words in ("100", "service gateway, path /cart*", "25%", "1,900", "32%", "3", "100%"):
            assert words in carts
        assert "1 can never match  against 8 traces of the last 5m" in user.text


async def test_a_rule_that_can_never_match_says_why() -> None:
    async with console(size=(80, 24)) as user:
        await opened(user, "j", "j")
        assert "It can never match: http.status_code is not known yet" in user.text
        assert "X-Ray's SDKs ignore rules with attributes." in user.text


async def test_a_rule_is_made_changed_and_deleted_by_the_menu() -> None:
    async with console(size=(120, 40)) as user:
        await opened(user, "j", "a")
        for words in ("New rule", "Change rule", "Delete rule"):
            assert words in user.text
        await user.press("n")
        assert "New rule: carts" in user.text
        assert "xray:CreateSamplingRule" in user.text
        await user.press("escape", "G", "a", "D")
        assert any("cannot be deleted" in one for one in user.toasts) or "cannot be deleted" in user.text


async def test_the_command_line_goes_to_a_rule_and_m_to_the_map() -> None:
    async with console() as user:
        await user.press("colon")
        await user.type("sampling gold")
        await user.press("enter")
        place = user.app.screen
        assert isinstance(place, SamplingPlace)
        assert place.selected() == SamplingRuleRef("gold")
        await user.press("m")
        assert isinstance(user.app.screen, ServiceMapPlace)
        await user.press("S")
        assert isinstance(user.app.screen, SamplingPlace)
