"""Small manners: what is too long to copy is in a file, and the mouse can be had back."""

from __future__ import annotations

import base64
import gc
from pathlib import Path

import pytest
from textual._styles_cache import StylesCache
from textual.widget import Widget

from console.driving import console
from pointsman.console import toolkit
from pointsman.console.clipboard import LIMIT
from pointsman.console.command_line import parse


async def test_what_no_terminal_takes_is_in_a_file_without_control_sequences() -> None:
    async with console() as user:
        user.app.copy("first\n\x1b[31mred\x1b[0m\n" + "x" * LIMIT, "the log/of build 7")
        await user.settle()
        said = user.toasts[-1]
        assert said.startswith("the log/of build 7 is too long for a terminal's clipboard: it is in ")
        text = Path(said.rsplit(" ", 1)[1]).read_text()
        assert text.startswith("first\nred\nxxx")
        assert len(text) > LIMIT


async def test_copies_carry_no_control_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(toolkit, "write", lambda _app, control: sent.append(control))
    async with console() as user:
        user.app.copy("a\x1b]52;c;eA==\x07b", "name")
        assert base64.b64decode(sent[0].split(";")[2].rstrip("\a")) == b"ab"


async def test_the_mouse_goes_to_the_terminal_and_comes_back() -> None:
    class Driver:
        _mouse = True
        calls: list[str]

        def __init__(self) -> None:
            self.calls = []

        def _enable_mouse_support(self) -> None:
            self.calls.append("on")

        def _disable_mouse_support(self) -> None:
            self.calls.append("off")

    async with console() as user:
        kept, driver = user.app._driver, Driver()
        user.app._driver = driver  # type: ignore[assignment]
        toolkit.take_mouse(user.app, False)
        toolkit.take_mouse(user.app, False)
        assert (driver.calls, driver._mouse) == (["off"], False)
        toolkit.take_mouse(user.app, True)
        assert (driver.calls, driver._mouse) == (["off", "on"], True)
        user.app._driver = kept
        await user.press("colon")
        await user.type("mouse off")
        await user.press("enter")
        assert "the mouse is the terminal's" in user.toasts[-1]


def test_the_mouse_is_on_or_off() -> None:
    assert parse("mouse off").argument == "off"
    assert parse("mouse maybe").error == ":mouse: say on or off"


async def test_nothing_of_a_closed_screen_is_kept() -> None:
    async with console() as user:
        for _ in range(3):
            await user.press("2", "enter", "escape", "question_mark", "escape")
        gc.collect()
        held = gc.get_objects()
        owned = {id(one._styles_cache) for one in held if isinstance(one, Widget)}
        assert [one for one in held if isinstance(one, StylesCache) and id(one) not in owned] == []
