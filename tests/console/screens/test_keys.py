"""No key of a screen is taken away by what has the focus in it."""

from __future__ import annotations

import pytest
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input, TextArea

from console.driving import console, full
from console.fakes import world
from console.screens.test_pictures import PLACES
from pointsman.console.screens.base import Place

SHARED = {"escape", "enter"}
"""Keys that mean what the focused part makes of them, and what the screen makes of them elsewhere."""
MEANT = {
    ("h", "faster"),  # the screen's key leads to the band of durations, and in the band it moves
    ("e", "log-error"),  # the screen's does the same from outside the log
    ("tab", "next"),  # through the widgets of a dashboard
    ("shift+tab", "previous"),
}
PASSED_ON = {"scroll_left", "scroll_right", "scroll_up", "scroll_down"}
"""What Textual hands on where there is nothing to scroll."""


def keys_of(node: Widget) -> dict[str, Binding]:
    return {key: bindings[0] for key, bindings in node._bindings.key_to_bindings.items()}


@pytest.mark.parametrize("place", PLACES)
async def test_no_key_of_a_screen_is_hidden_by_a_part_of_it(place: str) -> None:
    async with console(full(world())) as user:
        for key in PLACES[place]:
            await (user.obey(key[1:]) if key.startswith(":") else user.press(key))
        screen = user.app.screen
        assert isinstance(screen, Place)
        own = keys_of(screen)
        for part in screen.query("*"):
            # What is typed into takes every letter: that is what it is for.
            if not part.can_focus or isinstance(part, Input | TextArea):
                continue
            between: Widget = part
            while between is not screen:
                for key, binding in keys_of(between).items():
                    meant = key in SHARED or (key, binding.id) in MEANT or binding.action in PASSED_ON
                    if key in own and not meant and not own[key].priority:
                        assert (binding.id, binding.action) == (own[key].id, own[key].action), (type(part), key)
                parent = between.parent
                assert isinstance(parent, Widget)
                between = parent
