"""Rules are parsed once for a theme, and styles are those of the theme there is."""

from __future__ import annotations

import pytest
from textual.css.stylesheet import Stylesheet

from console.driving import console, full
from console.fakes import world
from pointsman.console import toolkit


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts of rules were parsed, not counting those that were at hand."""
    count = [0]
    parse = Stylesheet._parse_rules

    def counted(self: Stylesheet, css: str, *given: object, **named: object) -> object:
        before = len(self._parse_cache)
        found = parse(self, css, *given, **named)  # type: ignore[arg-type]
        count[0] += len(self._parse_cache) > before
        return found

    monkeypatch.setattr(Stylesheet, "_parse_rules", counted)
    return count


async def test_rules_are_parsed_once(parsed: list[int]) -> None:
    async with console(full(world())) as user:
        for key in "12345678":
            await user.press(key)
        once = parsed[0]
        # A class that is met again as another's base counts for less than it did: its rules are read for that.
        assert once < 1.5 * len(user.app.stylesheet.source)
        for key in "12345678":
            await user.press(key)
        user.app.refresh_css()
        await user.press("2")
        assert parsed[0] == once


async def test_another_theme_parses_them_again_and_colours_everything() -> None:
    async def colours(*themes: str) -> dict[str, tuple[str, str]]:
        async with console(full(world())) as user:
            for theme in themes:
                user.app.theme = theme
                await toolkit.settle(user.pilot)
            nodes = [user.app.screen, *user.app.screen.query("*")]
            return {type(one).__name__: (one.styles.background.css, one.styles.color.css) for one in nodes}

    async with console() as user:
        first, *others = user.app.available_themes
    others = others[-5:]
    direct = {name: await colours(name) for name in others}
    assert len({str(one) for one in direct.values()}) > 3
    for name in others:
        assert await colours(first, others[0], name) == direct[name]
