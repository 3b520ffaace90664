"""Who gets lean output, and how much of it."""

from __future__ import annotations

import pytest
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver

from pointsman.config.settings import Settings
from pointsman.console.app import ConsoleApp
from pointsman.console.output import frames
from pointsman.console.output.choice import lean
from pointsman.console.output.terminals import Abilities, abilities_of


@pytest.mark.parametrize(
    ("environ", "scrolls", "erases"),
    [
        ({"TERM": "xterm-256color"}, True, True),
        ({"TERM": "xterm-kitty"}, True, True),
        ({"TERM": "alacritty"}, True, True),
        ({"TERM": "tmux-256color", "TMUX": "/x"}, True, True),
        ({"TERM": "screen-256color", "TMUX": "/x"}, True, True),
        ({"TERM": "screen.xterm-256color"}, True, False),
        ({"TERM": "linux"}, True, True),
        ({"TERM": "vt52"}, False, False),
        ({"TERM": "eterm-color", "INSIDE_EMACS": "29,term"}, False, False),
        ({"TERM": "xterm-256color", "TERMINAL_EMULATOR": "JetBrains-JediTerm"}, False, False),
        ({}, False, False),
    ],
)
def test_what_a_terminal_is_trusted_with(environ: dict[str, str], scrolls: bool, erases: bool) -> None:
    found = abilities_of(environ)
    assert (found.scrolls, found.erases) == (scrolls, erases)


def app(settings: Settings | None) -> ConsoleApp:
    return ConsoleApp(lambda: pytest.fail("no connection is made"), settings)


def test_lean_output_takes_the_place_of_textuals_own_driver_only() -> None:
    assert lean(HeadlessDriver) is HeadlessDriver
    assert lean(LinuxDriver) is not LinuxDriver


def test_plain_output_is_textuals_own() -> None:
    assert app(Settings(output="plain")).driver_class is LinuxDriver
    assert app(None).driver_class is LinuxDriver
    assert app(Settings()).driver_class is not LinuxDriver


class Named(Driver):
    """A driver that the environment names."""


def test_a_driver_that_the_environment_names_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.DRIVER", f"{__name__}:Named")
    monkeypatch.setitem(__import__("sys").modules, __name__, __import__("types").SimpleNamespace(Named=Named))
    assert app(Settings()).driver_class is Named


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ("\x1b[?25h", True),
        ("\x1b[?1000h", True),
        ("\x1b[>25u", True),
        ("\x1b]22;pointer\x07", True),
        ("\x1b]52;c;YWJj\x07", True),
        ("\x1bPtmux;\x1b\x1b]52;c;YWJj\x07\x1b\\", True),
        ("\x1bP\x1b]52;c;YW\x1b\\\x1bPJj\x07\x1b\\", True),
        ("\x07", True),
        ("\x1b[?1049h", False),
        ("\x1b[2J", False),
        ("\x1b[?3h", False),
        ("\x1bPq#0;2;0;0;0#0~~\x1b\\", False),
        ("\x1b_Gf=24;AAAA\x1b\\", False),
        ("text", False),
        ("\x1b]8;;http://x\x1b\\", False),
    ],
)
def test_what_leaves_the_cells_alone(data: str, kept: bool) -> None:
    assert frames.keeps_cells(data) is kept


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("\x1b[1;1Hsecret\x1b[5C", r"'\x1b[5C'"),
        ("\x1b[1;1Hsecret\x1b_Gkey\x1b\\", r"'\x1b_'"),
        ("\x1b[1;1Hse\tcret", r"'\t'"),
        ("\x1b[1;1Hsecret", "text that does not fit the screen"),
    ],
)
def test_the_log_names_the_sequence_and_none_of_the_text(data: str, said: str) -> None:
    assert frames.stranger(data) == said


@pytest.mark.parametrize("name", ["COLUMNS", "LINES"])
def test_a_size_of_the_environments_own_gets_the_subset(name: str) -> None:
    assert abilities_of({"TERM": "xterm-256color", name: "80"}) == Abilities(scrolls=False, erases=False)
