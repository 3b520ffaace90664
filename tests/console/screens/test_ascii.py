"""On a terminal that has nothing but ASCII, every screen and dialog shows nothing but ASCII."""

from __future__ import annotations

import pytest

from console.driving import console
from console.screens.test_pictures import DIALOGS, PLACES
from pointsman.config.settings import Settings


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("shown", [*PLACES, *DIALOGS])
async def test_nothing_but_ascii_shows(shown: str, size: tuple[int, int]) -> None:
    async with console(size=size, settings=Settings(ascii=True)) as user:
        await user.press(*{**PLACES, **DIALOGS}[shown])
        assert [line for line in user.lines if not line.isascii()] == []
