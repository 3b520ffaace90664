"""The ``:`` line: what is understood, completed and refused."""

from __future__ import annotations

import pytest

from pointsman.console.command_line import COMMANDS, Line, Names, complete, parse

NAMES = Names(pipelines=("billing", "checkout", "my-checkout"), projects=("checkout-test",))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", Line()),
        (":", Line()),
        ("pipelines", Line("pipelines")),
        (":pipelines", Line("pipelines")),
        ("pipeline checkout", Line("pipeline", "checkout")),
        ("pl checkout", Line("pipeline", "checkout")),
        ("  arm   15 ", Line("arm", "15")),
        ("acti", Line("activity")),
        ("q", Line("quit")),
        ("builds  checkout-test", Line("builds", "checkout-test")),
    ],
)
def test_a_line_is_its_command_and_argument(text: str, line: Line) -> None:
    assert parse(text) == line


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pipelins", "did you mean pipelines"),
        ("xyzzy", "try :help"),
        ("pipeline", "which pipeline?"),
        ("disarm now", "takes nothing after it"),
        ("arm", "minutes"),
        ("arm ten", "minutes"),
        ("arm 9999", "minutes"),
    ],
)
def test_a_mistake_is_a_sentence(text: str, says: str) -> None:
    line = parse(text)
    assert line.name == ""
    assert says in line.error


def test_words_complete_to_commands_and_arguments_to_names() -> None:
    assert complete("pipel", NAMES) == ("pipelines", "pipeline")
    assert complete(":pipeline che", NAMES) == ("pipeline checkout", "pipeline my-checkout")
    assert complete("arm ", NAMES)[0] == "arm 5"
    assert complete("nothing here", NAMES) == ()


def test_names_and_aliases_are_unique_and_explained() -> None:
    words = [word for command in COMMANDS for word in (command.name, *command.aliases)]
    assert len(words) == len(set(words))
    assert all(command.help.endswith(".") for command in COMMANDS)
