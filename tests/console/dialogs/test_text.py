"""The dialog that reads: long texts are laid out beside the loop, searched without laying them out again."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from console.driving import console
from pointsman.console.dialogs import text as dialogs
from pointsman.console.dialogs.text import LONG, TextDialog
from pointsman.console.present.cells import Cell
from pointsman.console.present.log_json import parsed
from pointsman.console.present.text import _cut, cells, head
from pointsman.console.toolkit import screen_lines

LINES = "\n".join(f'  "line {number}": "{"x" * 80} ä",' for number in range(2_000))


class Layouts:
    """Every text that was laid out: for which width, and on the loop's thread or not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[tuple[int, bool]] = []
        plain = dialogs.block

        def block(text: str, width: int) -> Sequence[Cell]:
            self.made.append((width, threading.current_thread() is threading.main_thread()))
            return plain(text, width)

        monkeypatch.setattr(dialogs, "block", block)


async def test_a_long_text_is_laid_out_beside_the_loop_once_for_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    layouts = Layouts(monkeypatch)
    assert len(LINES) > LONG
    async with console(size=(120, 40)) as user:
        user.app.push_screen(TextDialog(user.app.desk.look, "a body", LINES, wide=True))
        await user.settle()
        assert '"line 0"' in user.text
        assert [loop for _, loop in layouts.made] == [False]
        await user.press("slash")
        await user.type("line 1999")
        await user.press("enter")
        assert '"line 1999"' in user.text
        assert "1 of 1" in user.text
        await user.press("g", "slash", "escape", "n")
        assert "nothing says" not in user.text
        assert len(layouts.made) == 1
        await user.pilot.resize_terminal(80, 24)
        await user.settle()
        assert '"line 0"' in user.text
        assert [loop for _, loop in layouts.made] == [False, False]
        assert layouts.made[0][0] != layouts.made[1][0]


async def test_what_is_looked_for_is_marked_where_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    layouts = Layouts(monkeypatch)
    async with console(size=(120, 40)) as user:
        user.app.push_screen(TextDialog(user.app.desk.look, "a body", "one\ntwo\none more", wide=True))
        await user.press("slash", "o", "n", "e")
        rows = [row for row in screen_lines(user.app) if "one" in row]
        assert len(rows) == 3, "twice in the text and once in what is typed"
        await user.press("enter", "n")
        assert "2 of 2" in user.text
        await user.press("N")
        assert "1 of 2" in user.text
        await user.press("slash", "x", "enter")
        assert "nothing says" in user.text
    assert layouts.made and all(loop for _, loop in layouts.made)


def test_a_line_of_megabytes_is_not_kept_for_its_beginning() -> None:
    _cut.cache_clear()
    long = "ä" * 1_000_000
    assert head(long, 20) == "ä" * 20
    assert head("á" * 500_000, 20) == "á" * 20
    assert cells(head("e" + "\u0301" * 5_000 + "b" * 30, 10)) == 10, "what takes no cell does not count"
    assert head("漢字", 3) == "漢"
    info = _cut.cache_info()
    assert info.currsize == 4
    assert parsed('{"a": "' + "x" * 200_000 + '"}')["a"] == "x" * 200_000
    assert parsed("[1, 2]") == [1, 2]
    assert parsed("3") is None
