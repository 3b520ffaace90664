"""The wardrobe: a person's own themes beside the bundled ones, read when wanted, broken ones reported."""

from __future__ import annotations

from pathlib import Path

from console.driving import console
from pointsman.config.settings import Settings
from pointsman.console.themes import DEFAULT

_MINE = 'name: mine\ncolours: {primary: "#ff0000"}\n'


def wishing(folder: Path, theme: str = "") -> Settings:
    return Settings(ascii=False, theme=theme, theme_folder=folder)


async def test_a_theme_of_ones_own_is_offered_and_worn(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(_MINE)
    async with console(settings=wishing(tmp_path)) as user:
        assert "mine" in user.app.wardrobe.names
        assert user.app.theme == DEFAULT
        await user.press("colon")
        await user.type("theme mine")
        await user.press("enter")
        assert user.app.theme == "mine"


async def test_it_is_worn_from_the_start(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(_MINE)
    async with console(settings=wishing(tmp_path, "mine")) as user:
        assert user.app.theme == "mine"
        assert user.toasts == []


async def test_a_broken_one_is_said_and_skipped(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(_MINE)
    (tmp_path / "broken.yaml").write_text('name: broken\ncolours: {primary: "no colour"}\n')
    async with console(settings=wishing(tmp_path)) as user:
        assert "mine" in user.app.wardrobe.names
        assert "broken" not in user.app.wardrobe.names
        assert any("theme broken.yaml was skipped: colours.primary" in toast for toast in user.toasts)


async def test_one_that_takes_the_defaults_name_takes_its_place(tmp_path: Path) -> None:
    (tmp_path / "dark.yaml").write_text(_MINE.replace("mine", DEFAULT))
    async with console(settings=wishing(tmp_path)) as user:
        assert user.app.current_theme.primary == "#ff0000"


async def test_an_unknown_wish_is_said(tmp_path: Path) -> None:
    async with console(settings=wishing(tmp_path, "nothing")) as user:
        assert user.app.theme == DEFAULT
        assert user.toasts == ["there is no theme nothing"]


async def test_every_bundled_theme_is_worn_in_turn_and_everything_is_still_drawn() -> None:
    async with console() as user:
        for name in (*user.app.wardrobe.names, DEFAULT):
            await user.obey(f"theme {name}")
            assert user.app.theme == name
            await user.obey("pipelines")
            assert "checkout" in user.text
            await user.press("question_mark", "escape", "escape")


async def test_a_theme_of_the_terminals_own_colours_needs_no_more_than_any_other(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(f"{_MINE}ansi: true\ndark: false\n")
    async with console(settings=wishing(tmp_path)) as user:
        await user.obey("theme mine")
        assert user.app.theme == "mine"
        assert "checkout" in user.text
