"""A person's own keys: checked before a screen opens, pressed on one, written where keys are written."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from console.driving import console
from pointsman.config.settings import KeyWish, Settings
from pointsman.console.keymap import catalogue, keymap, registry_with
from pointsman.console.screens.overview import Overview
from pointsman.console.screens.pipeline import Pipeline
from pointsman.errors import ConfigError
from pointsman.operations.registry import default_registry

FILE = Path("config.yml")


def wishes(**keys: str | tuple[str, ...]) -> Settings:
    made = [
        KeyWish(name.replace("__", "."), keys if isinstance(keys, tuple) else (keys,), line)
        for line, (name, keys) in enumerate(keys.items(), 2)
    ]
    return Settings(keys=tuple(made), source=FILE)


def said(settings: Settings) -> str:
    with pytest.raises(ConfigError) as caught:
        keymap(settings)
    return str(caught.value.message)


def test_every_key_in_the_catalogue_has_words() -> None:
    known = catalogue()
    assert {"describe", "filter", "down", "go-builds", "first-error"} <= known.keys()
    assert all(one.does and one.keys and one.where for one in known.values())


def test_nothing_wished_is_nothing_changed() -> None:
    assert keymap(Settings()) == {}
    assert registry_with(Settings(), registry := default_registry()) is registry


def test_wishes_become_textuals_keymap() -> None:
    assert keymap(wishes(describe="f3", down=("down", "u"))) == {"describe": "f3", "down": "down,u"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (wishes(descrbe="f3"), 'config.yml:2: keys.descrbe: there is no such id; did you mean "describe"?'),
        (wishes(describe="hyper+x"), '"hyper+x" is no key'),
        (wishes(describe="nonsense"), '"nonsense" is no key'),
        (wishes(describe="q"), 'q is the key of "quit"'),
        (wishes(describe="?"), '? is the key of "help"'),
        (wishes(compare="j"), 'j is the key of "down"'),
        (wishes(describe="f3", copy="f3"), "f3 is the key of"),
        (wishes(approval__approve="f3"), "an operation's key is one letter or digit"),
        (wishes(approval__approve="n"), "share the key n"),
    ],
)
def test_what_cannot_be_wished(settings: Settings, words: str) -> None:
    assert words in said(settings)


def test_two_keys_may_change_places() -> None:
    assert keymap(wishes(copy="d", describe="c")) == {"copy": "d", "describe": "c"}


def test_an_operation_takes_another_letter() -> None:
    assert registry_with(wishes(approval__approve="Y"), default_registry()).get("approval.approve").key == "Y"


async def test_the_new_key_works_the_old_one_does_not_and_footer_and_help_say_so() -> None:
    settings = replace(wishes(describe="f3"), ascii=False)
    async with console(settings=settings, keys=keymap(settings), size=(100, 60)) as user:
        assert "f3 describe" in user.lines[-1]
        await user.press("d")
        assert isinstance(user.app.place, Overview)
        await user.press("question_mark")
        assert any(line.replace("│", " ").split()[:2] == ["f3", "describe"] for line in user.lines)
        await user.press("escape", "f3")
        assert isinstance(user.app.place, Pipeline)


async def test_the_zone_is_the_headers() -> None:
    async with console(settings=Settings(ascii=False, time_zone="Europe/Berlin")) as user:
        assert "10:00 CET" in user.lines[0]
