"""The program on a real terminal: how it opens, what it refuses, how it ends."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.terminal import terminal

pytestmark = pytest.mark.timeout(120)

WORLD = """
region: eu-west-1
local:
  repositories:
    webapp: {seed: app}
calls:
  - ssm: {put_parameter: {Name: /webapp/colour, Value: green, Type: String}}
"""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "buildspec.yml").write_text("version: 0.2\n")
    file = tmp_path / "world.yml"
    file.write_text(WORLD)
    return file


def silent(said: str) -> bool:
    return "Traceback" not in said and "Error:" not in said


def test_the_demo_opens_with_data_and_sigterm_ends_it_clean() -> None:
    with terminal(["demo", "--paused"]) as screen:
        screen.until("checkout")
        screen.process.send_signal(signal.SIGTERM)
        assert screen.ended() == 143
        assert b"\x1b[?1049l" in screen.raw, "the terminal was given back"
        assert silent(screen.text)


def test_a_closed_terminal_ends_it() -> None:
    with terminal(["demo", "--paused"]) as screen:
        screen.until("checkout")
        screen.hang_up()
        assert screen.ended() == 129


def test_a_person_leaves() -> None:
    with terminal(["demo", "--paused"]) as screen:
        screen.until("checkout")
        screen.send("\x03\x03")
        assert screen.ended() == 0
        assert silent(screen.text)


def test_a_demo_opens_with_its_tour_which_a_key_leaves() -> None:
    with terminal(["demo"]) as screen:
        screen.until("Find the failure")
        screen.send("\x14\x03\x03")
        assert screen.ended() == 0
        assert silent(screen.text)


def test_no_colour_is_black_white_and_grey() -> None:
    with terminal(["demo", "--paused"], environ={"NO_COLOR": "1", "COLORTERM": "truecolor"}) as screen:
        screen.until("checkout")
        shades = {match.groups() for match in re.finditer(rb"[34]8;2;(\d+);(\d+);(\d+)", screen.raw)}
        assert shades
        assert {shade for shade in shades if len(set(shade)) > 1} == set()


@pytest.mark.parametrize(
    ("environ", "size", "said"),
    [
        ({"TERM": "dumb"}, (80, 24), "a terminal of type dumb cannot carry a screen"),
        ({}, (30, 5), "this terminal is 30 columns by 5 rows: too small for a screen"),
    ],
)
def test_a_terminal_that_cannot_carry_a_screen_is_said(
    environ: dict[str, str], size: tuple[int, int], said: str
) -> None:
    with terminal(["demo"], environ=environ, size=size) as screen:
        assert screen.ended() == 2
        assert said in screen.text
        assert b"\x1b[?1049h" not in screen.raw


def test_without_credentials_the_screen_opens_and_says_what_to_run() -> None:
    with terminal(["--region", "eu-west-1"]) as screen:
        screen.until("no credentials")
        screen.process.send_signal(signal.SIGTERM)
        assert screen.ended() == 143


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--profile", "nobody"], "there is no AWS profile named nobody"),
        ([], "no AWS region"),
        (["--config", "/nowhere.yml"], "there is no configuration file /nowhere.yml"),
        (["demo", "--scenario", "flor"], 'there is no scenario "flor"; did you mean "floor"?'),
        (["local", "--load", "/nowhere.yml"], "there is no world file /nowhere.yml"),
        (["demo"], "the standard input is not a terminal"),
    ],
)
def test_what_cannot_start_is_one_sentence_and_exit_code_2(arguments: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pointsman", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert done.stdout == ""


def test_a_theme_that_does_not_exist_is_said(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text("theme: pointsman-drak\n")
    with terminal(["--config", str(file), "demo"]) as screen:
        assert screen.ended() == 2
        assert 'did you mean "pointsman-dark"?' in " ".join(screen.text.split())


def test_a_theme_that_is_wished_for_and_broken_is_said_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "themes").mkdir()
    theme = tmp_path / "themes" / "mine.yaml"
    theme.write_text('name: mine\ncolours: {primary: red}\nvariables: {border: "a } b"}\n')
    file = tmp_path / "config.yml"
    file.write_text("theme: mine\n")
    with terminal(["--config", str(file), "demo"]) as screen:
        assert screen.ended() == 2
        said = " ".join(screen.text.split())
        assert "theme mine.yaml was skipped: variables.border" in said
        assert silent(said)


@pytest.mark.parametrize(
    "environ",
    [
        {"TERM": "no-such-terminal"},
        {"COLUMNS": "0", "LINES": "abc"},
        {"LANG": "en_US.ISO-8859-1", "LC_ALL": "en_US.ISO-8859-1", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"HOME": "{file}/at/all"},
        {"XDG_STATE_HOME": "{file}", "XDG_CACHE_HOME": "{file}", "XDG_CONFIG_HOME": "{file}"},
    ],
    ids=lambda environ: next(iter(environ)),
)
def test_an_odd_environment_has_a_default_that_works(environ: dict[str, str], tmp_path: Path) -> None:
    in_the_way = tmp_path / "a file"
    in_the_way.write_text("mine")
    given = {name: value.format(file=in_the_way) for name, value in environ.items()}
    with terminal(["demo", "--paused"], environ=given) as screen:
        screen.until("checkout")
        screen.send("\x03\x03")
        assert screen.ended() == 0
        assert silent(screen.text)
    assert in_the_way.read_text() == "mine"


# -- the local world ------------------------------------------------------------------------------------------------


def test_a_first_run_asks_for_trust_and_no_means_nothing_starts(world: Path, tmp_path: Path) -> None:
    with terminal(["local", "--state", str(tmp_path / "state"), "--load", str(world)]) as screen:
        assert str(tmp_path / "app") in screen.until("Trust them? [y/N]").replace("\r\n", "")
        screen.send("n\n")
        assert screen.ended() == 2
        assert "nothing was started" in screen.text


def test_a_command_is_shown_with_its_folder_before_it_is_agreed_to(tmp_path: Path) -> None:
    (tmp_path / "world.yml").write_text("local: {commands: {notify: 'mail -s Approve me@example.com'}}\n")
    with terminal(["local", "--state", str(tmp_path / "state"), "--load", str(tmp_path)], size=(200, 24)) as screen:
        said = screen.until("Trust them? [y/N]")
        assert f"command  mail -s Approve me@example.com (in {tmp_path})" in said
        screen.send("y\n")
        screen.until("no pipelines")
    trusted = json.loads((tmp_path / "state" / "trusted.json").read_text())["trusted"]
    assert trusted == [f"mail -s Approve me@example.com (in {tmp_path})"]


def test_trust_is_asked_for_once_and_the_world_is_kept(world: Path, tmp_path: Path) -> None:
    arguments = ["local", "--state", str(tmp_path / "state"), "--load", str(world)]
    with terminal(arguments) as screen:
        screen.until("Trust them? [y/N]")
        screen.send("y\n")
        screen.until("eu-west-1")
        screen.process.send_signal(signal.SIGTERM)
        assert screen.ended() == 143
    with terminal(arguments[:3]) as screen:
        said = screen.until("eu-west-1")
        assert "Trust" not in said
        screen.process.send_signal(signal.SIGTERM)
        assert screen.ended() == 143
    assert (tmp_path / "state" / "repositories" / "123456789012" / "eu-west-1" / "webapp.git").is_dir()


def test_trust_can_be_given_on_the_command_line(world: Path, tmp_path: Path) -> None:
    with terminal(["local", "--trust", "--state", str(tmp_path / "state"), "--load", str(world)]) as screen:
        assert "Trust them" not in screen.until("eu-west-1")


def test_a_world_of_another_account_is_refused_before_a_screen(tmp_path: Path) -> None:
    (tmp_path / "world.yml").write_text('account: "210987654321"\n')
    with terminal(["local", "--state", str(tmp_path / "state"), "--load", str(tmp_path)]) as screen:
        assert screen.ended() == 2
        assert "start with --account 210987654321" in screen.text
    assert not (tmp_path / "state").exists()


def test_unknown_files_in_the_state_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "notes.txt").write_text("mine")
    with terminal(["local", "--state", str(tmp_path / "state")]) as screen:
        screen.until("us-east-1")
        screen.process.send_signal(signal.SIGTERM)
        assert screen.ended() == 143
    assert (tmp_path / "state" / "notes.txt").read_text() == "mine"


# -- the last of all handlers ---------------------------------------------------------------------------------------


def test_what_nobody_expected_is_one_sentence_and_a_log(tmp_path: Path) -> None:
    code = (
        "import sys, pointsman.bootstrap as b\nfrom pointsman.cli import main\n"
        "def boom(*_): raise ZeroDivisionError('by\\nzero')\n"
        "b.launch = boom\nsys.exit(main(['demo']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    log = tmp_path / ".local" / "state" / "pointsman" / "pointsman.log"
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "pointsman: pointsman broke: ZeroDivisionError: by zero",
        f"  please report it; the details are in {log}",
    ]
    assert "ZeroDivisionError" in json.loads(log.read_text())["error"]
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_screen_that_breaks_leaves_a_sentence_and_no_traceback() -> None:
    first = (
        "from pointsman.console.screens.overview import Overview\n"
        "def boom(self): secret = 'hunter2'; raise ZeroDivisionError('on the way in')\n"
        "Overview.compose = boom"
    )
    with terminal(["demo"], first=first) as screen:
        assert screen.ended() == 1
        assert "pointsman broke: ZeroDivisionError: on the way in" in screen.text
        assert "hunter2" not in screen.text
        assert "Traceback" not in screen.text


def test_a_file_of_traces_opens_as_a_waterfall_without_an_account(tmp_path: Path) -> None:
    file = tmp_path / "slow.json"
    trace = {"trace_id": f"1-695b7d90-{1:024x}", "id": f"{1:016x}", "name": "gateway"}
    call = {"id": f"{2:016x}", "name": "carts", "start_time": 1767603600.1, "end_time": 1767603600.3}
    segment = {**trace, "start_time": 1767603600, "end_time": 1767603601, "subsegments": [call]}
    file.write_text(json.dumps(segment))
    with terminal(["trace", str(file)]) as screen:
        screen.until("carts")
        screen.until("1.00s")
        screen.send("\x03\x03")
        assert screen.ended() == 0
        assert silent(screen.text)
