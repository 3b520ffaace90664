"""The configuration file: what it may say, and how its mistakes are said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from pointsman.config.assets import folder
from pointsman.config.loader import load, parse
from pointsman.config.settings import SCREENS, Cadence, KeyWish, Settings, Watch
from pointsman.console import keys
from pointsman.errors import ConfigError


def mistakes(text: str) -> list[tuple[int, str]]:
    return [(mistake.line, str(mistake)) for mistake in parse(text)[1]]


def test_the_sample_is_the_defaults_said_aloud() -> None:
    settings, wrong = parse((folder("sample_config") / "pointsman.yml").read_text())
    assert wrong == []
    assert settings == Settings()


def test_the_sample_names_every_key() -> None:
    text = (folder("sample_config") / "pointsman.yml").read_text()
    for key in (one.name for one in fields(Settings) if one.name not in ("source", "theme_folder")):
        assert f"\n{key}:" in text or f"\n# {key}:" in text, key


def test_everything_at_once(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text(
        "profile: prod\nregion: eu-west-1\nendpoint_url: http://127.0.0.1:5000\n"
        "watch: {pipelines: [checkout-*], projects: [a, b]}\ncadence: {moving: 1.5, rest: 60}\n"
        "protected: ['*-prod']\ntheme: night\nascii: yes\nread_only: true\nalarm_bell: true\nalarm_title: yes\n"
    )
    assert load(file) == Settings(
        profile="prod",
        region="eu-west-1",
        endpoint_url="http://127.0.0.1:5000",
        watch=Watch(("checkout-*",), ("a", "b")),
        cadence=Cadence(moving=1.5, rest=60.0),
        protected=("*-prod",),
        theme="night",
        ascii=True,
        alarm_bell=True,
        alarm_title=True,
        read_only=True,
        source=file,
    )


def test_keys_zone_and_first_screen() -> None:
    settings, wrong = parse(
        "keys:\n  describe: f3\n  down: [down, n]\n  approval.approve: Y\ntime_zone: Europe/Berlin\nstart: builds\n"
        "watch: {log_groups: [/aws/*], metrics: [Shop/Orders*], pins: [Shop/Orders Region=eu]}\n"
    )
    assert wrong == []
    assert settings.keys == (
        KeyWish("describe", ("f3",), 2),
        KeyWish("down", ("down", "n"), 3),
        KeyWish("approval.approve", ("Y",), 4),
    )
    assert settings.time_zone == "Europe/Berlin"
    assert settings.start == "builds"
    assert settings.watch == Watch((), (), ("/aws/*",), ("Shop/Orders*",), ("Shop/Orders Region=eu",))


def test_pins_that_are_no_metrics_are_said() -> None:
    form = "write NAMESPACE/NAME [DIMENSION=VALUE ...]"
    assert mistakes("watch:\n  pins: [Shop/Orders, Orders]\n") == [(2, f'watch.pins: "Orders" is no metric: {form}')]
    assert mistakes("watch: {pins: Shop/Orders}\n") == [
        (1, "watch.pins: this must be a list of metrics, each NAMESPACE/NAME [DIMENSION=VALUE ...]")
    ]


def test_wrong_keys_zones_and_screens_are_said() -> None:
    assert mistakes("time_zone: Europe/Berln\nstart: build\nkeys: {describe: []}\n") == [
        (1, 'time_zone: there is no time zone "Europe/Berln"; did you mean "Europe/Berlin"?'),
        (2, 'start: there is no "build"; did you mean "builds"?'),
        (3, 'keys: "describe" takes a key or a list of keys'),
    ]
    assert mistakes("keys: [a]\n") == [(1, "keys: this must be a mapping of ids to keys, and it is a list")]
    assert mistakes("keys:\n  a: x\n  a: y\n") == [(2, 'keys: "a" stands on line 2 already')]


def test_the_bastions_sample_loads_and_its_theme_exists() -> None:
    settings, wrong = parse((folder("sample_config") / "bastion.yml").read_text())
    assert wrong == []
    assert settings.read_only
    names = [file.read_text().split("name: ")[1].split()[0] for file in folder("themes").iterdir()]
    assert settings.theme in names


def test_the_screens_of_the_configuration_are_the_consoles() -> None:
    assert tuple(one.name for one in keys.SCREENS) == SCREENS


@pytest.mark.parametrize("text", ["", "# nothing\n", "watch:\n", "~", "protected: []"])
def test_nothing_said_is_the_defaults(text: str) -> None:
    assert parse(text) == (Settings(), [])


def test_every_mistake_is_said_at_once_with_its_line() -> None:
    text = "regoin: eu-west-1\nwatch:\n  pipelnes: [a]\n  projects: a\ncadence:\n  moving: fast\n  rest: 2\nascii: 3\n"
    assert mistakes(text) == [
        (1, 'regoin: there is no such key; did you mean "region"?'),
        (3, 'watch.pipelnes: there is no such key; did you mean "pipelines"?'),
        (4, "watch.projects: this must be a list of names or patterns: [a]"),
        (6, "cadence.moving: this must be a number of seconds from 1 to 3600"),
        (7, "cadence.rest: this must be a number of seconds from 5 to 3600"),
        (8, "ascii: this must be true or false"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profile: yes", "put it in quotes"),
        ("profile: [a]", "this must be text, and it is a list"),
        ("profile: ''", "not empty"),
        ("region: Europe", '"Europe" is not a region: it looks like eu-west-1'),
        ("endpoint_url: ftp://x", "is not an endpoint"),
        ("endpoint_url: http://user:secret@x", "is not an endpoint"),
        ("cadence: 3", "cadence: this must be a mapping of settings, and it is a number"),
        ("- a", "this must be a mapping of settings, and it is a list"),
        ("theme: a\ntheme: b", "this key stands on line 1 already"),
        ("zzz: 1", "there are: profile, region"),
        ("a: [", "this is not YAML"),
        ("a: \x00", "this is not YAML"),
        ("cadence: {moving: .nan}", "must be a number of seconds"),
        ("cadence: {moving: 1:30}", "must be a number of seconds"),
        ("protected: [[a]]", "this must be text"),
        ("insights_price: free", "this must be US dollars for a GB"),
        ("insights_price: -1", "this must be US dollars for a GB"),
    ],
)
def test_a_mistake_says_what_would_be_right(text: str, said: str) -> None:
    found = mistakes(text)
    assert len(found) == 1
    assert said in found[0][1]


def test_a_deep_nest_is_a_sentence() -> None:
    assert mistakes("[" * 100_000)


def test_the_error_names_file_line_and_key(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text("a: 1\nb: 2\n")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.message.splitlines()[0] == f"{file} has 2 mistakes:"
    assert f"{file}:2: b: there is no such key" in caught.value.message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no configuration file"):
        load(tmp_path / "absent.yml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)
    big = tmp_path / "big"
    big.write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigError, match="over 1 MB"):
        load(big)


@given(st.one_of(st.text(), st.binary()))
def test_no_text_is_a_traceback(text: str | bytes) -> None:
    settings, wrong = parse(text)
    assert isinstance(settings, Settings)
    assert all(mistake.line >= 1 for mistake in wrong)
