"""A screen that was left is let go, whatever of it was due to change hours later."""

from __future__ import annotations

import gc
import weakref

import pytest

from console.driving import console, full
from console.fakes import world
from console.screens.test_pictures import PLACES
from pointsman.console.screens.base import Place

LEFT = ("pipeline", "build", "deployment", "canary", "trace", "map", "alarm", "metric", "dashboard", "browse", "tail")


@pytest.mark.parametrize("place", LEFT)
async def test_a_screen_that_was_left_is_let_go(place: str) -> None:
    async with console(full(world())) as user:
        for key in PLACES[place]:
            await (user.obey(key[1:]) if key.startswith(":") else user.press(key))
        found = weakref.ref(user.app.screen)
        assert isinstance(found(), Place)
        await user.press("escape")
        assert user.app.screen is not found()
        await user.press("down", "2", "down", "3")  # Textual remembers what it looked at last
        gc.collect()
        left = found()
        assert left is None, [type(one) for one in gc.get_referrers(left)]
