"""Who has the last word."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointsman.config.launch import Launch, World
from pointsman.config.paths import config_file, local_world, log_file
from pointsman.config.resolve import settings
from pointsman.config.settings import Settings
from pointsman.errors import ConfigError, UsageError

FILE = "profile: file\nregion: eu-west-3\nendpoint_url: http://file:1\ntheme: night\n"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    made = tmp_path / "xdg" / "pointsman" / "config.yml"
    made.parent.mkdir(parents=True)
    made.write_text(FILE)
    return {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}


def test_the_file_is_found_under_xdg(environ: dict[str, str]) -> None:
    found = settings(Launch(), environ)
    assert (found.profile, found.region, found.endpoint_url, found.theme) == (
        "file",
        "eu-west-3",
        "http://file:1",
        "night",
    )


def test_environment_comes_before_the_file(environ: dict[str, str]) -> None:
    environ |= {"AWS_REGION": "eu-west-2", "AWS_ENDPOINT_URL": "http://env:1", "AWS_PROFILE": "env"}
    found = settings(Launch(), environ)
    assert (found.profile, found.region, found.endpoint_url) == ("", "eu-west-2", "http://env:1")


def test_keys_in_the_environment_come_before_a_profile_of_the_file(environ: dict[str, str]) -> None:
    assert settings(Launch(), environ | {"AWS_ACCESS_KEY_ID": "AKIA"}).profile == ""


def test_the_command_line_comes_before_everything(environ: dict[str, str]) -> None:
    environ |= {"AWS_REGION": "eu-west-2", "AWS_ENDPOINT_URL": "http://env:1", "AWS_PROFILE": "env"}
    found = settings(Launch(profile="cli", region="eu-west-1", endpoint_url="http://cli:1"), environ)
    assert (found.profile, found.region, found.endpoint_url) == ("cli", "eu-west-1", "http://cli:1")


def test_a_named_file_comes_before_the_usual_one(environ: dict[str, str], tmp_path: Path) -> None:
    other, third = tmp_path / "other.yml", tmp_path / "third.yml"
    other.write_text("theme: other")
    third.write_text("theme: third")
    assert settings(Launch(), environ | {"POINTSMAN_CONFIG": str(other)}).theme == "other"
    assert settings(Launch(config=third), environ | {"POINTSMAN_CONFIG": str(other)}).theme == "third"


def test_a_named_file_must_exist(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="there is no configuration file"):
        settings(Launch(), environ | {"POINTSMAN_CONFIG": "/nowhere/config.yml"})


def test_no_file_is_no_mistake_and_none_is_made(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert settings(Launch(), environ) == Settings(theme_folder=tmp_path / ".config" / "pointsman" / "themes")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("world", [World.DEMO, World.LOCAL])
def test_the_bundled_worlds_know_no_profile_and_no_endpoint(environ: dict[str, str], world: World) -> None:
    found = settings(Launch(world=world), environ | {"AWS_REGION": "eu-west-2", "AWS_ENDPOINT_URL": "http://env:1"})
    assert (found.profile, found.region, found.endpoint_url, found.theme) == ("", "", "", "night")


@pytest.mark.parametrize(
    ("launch", "said"),
    [
        (Launch(region="Europe"), "is not a region"),
        (Launch(world=World.LOCAL, region="-"), "is not a region"),
        (Launch(endpoint_url="localhost:5000"), "is not an endpoint"),
    ],
)
def test_what_cannot_be_is_refused(launch: Launch, said: str, environ: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=said):
        settings(launch, environ)


def test_read_only_can_only_be_added(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "c.yml"
    file.write_text("read_only: true")
    assert settings(Launch(config=file), environ).read_only
    file.write_text("read_only: false")
    assert settings(Launch(config=file, read_only=True), environ).read_only


def test_a_relative_xdg_folder_counts_as_unset() -> None:
    environ = {"HOME": "/h", "XDG_CONFIG_HOME": "x", "XDG_STATE_HOME": "/s"}
    assert config_file(environ) == Path("/h/.config/pointsman/config.yml")
    assert log_file(environ) == Path("/s/pointsman/pointsman.log")
    assert local_world(environ) == Path("/s/pointsman/local")


def test_protected_names_are_shell_patterns() -> None:
    protected = Settings(protected=("*-prod", "billing")).is_protected
    assert protected("checkout-prod")
    assert protected("billing")
    assert not protected("billing-2")
    assert not protected("Checkout-PROD")


def test_plain_output_and_low_bandwidth_come_from_either(environ: dict[str, str], tmp_path: Path) -> None:
    assert settings(Launch(), environ).output == "lean"
    assert settings(Launch(plain_output=True), environ).output == "plain"
    file = tmp_path / "c.yml"
    file.write_text("output: plain\nlow_bandwidth: true")
    found = settings(Launch(config=file), environ)
    assert (found.output, found.low_bandwidth) == ("plain", True)
    assert settings(Launch(low_bandwidth=True), environ).low_bandwidth
