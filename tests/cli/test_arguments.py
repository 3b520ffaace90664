"""What a command line asks for, and what it is told when it asks for nonsense."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pointsman import arguments as command_line
from pointsman import cli
from pointsman.config.launch import Launch, World


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as caught:
        command_line.parse(arguments)
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert len(lines) == 2, "a sentence and a way out"
    assert lines[1].startswith("  pointsman")
    return lines[0]


_REGIONAL = "--region goes with pointsman or pointsman local or pointsman serve or pointsman doctor"


@pytest.mark.parametrize(
    ("line", "launch"),
    [
        ("", Launch()),
        (
            "--profile prod --region eu-west-1 --endpoint-url http://x:1 --read-only --config c.yml",
            Launch(profile="prod", region="eu-west-1", endpoint_url="http://x:1", read_only=True, config=Path("c.yml")),
        ),
        ("demo", Launch(world=World.DEMO)),
        (
            "demo --seed 7 --at 90.5 --speed 10 --paused --scenario x --read-only",
            Launch(world=World.DEMO, seed=7, at=90.5, speed=10.0, paused=True, scenario="x", read_only=True),
        ),
        ("demo --plain-output --low-bandwidth", Launch(world=World.DEMO, plain_output=True, low_bandwidth=True)),
        ("--read-only --config c.yml demo", Launch(world=World.DEMO, read_only=True, config=Path("c.yml"))),
        ("local", Launch(world=World.LOCAL)),
        (
            "local --state d --load a.yml b.yml --load c.yml --account 210987654321 --region eu-west-1 --trust",
            Launch(
                world=World.LOCAL,
                state=Path("d"),
                load=(Path("a.yml"), Path("b.yml"), Path("c.yml")),
                account="210987654321",
                region="eu-west-1",
                trust=True,
            ),
        ),
        ("--region eu-west-1 local", Launch(world=World.LOCAL, region="eu-west-1")),
        ("trace slow.json", Launch(world=World.TRACE, file=Path("slow.json"))),
        (
            "trace --config c.yml --low-bandwidth x",
            Launch(world=World.TRACE, file=Path("x"), config=Path("c.yml"), low_bandwidth=True),
        ),
        ("serve", Launch(world=World.SERVE)),
        (
            "serve --state d --load a.yml --host ::1 --port 4600 --expose --auth none --ready-file r --trust",
            Launch(
                world=World.SERVE,
                state=Path("d"),
                load=(Path("a.yml"),),
                host="::1",
                port=4600,
                expose=True,
                auth="none",
                ready_file=Path("r"),
                trust=True,
            ),
        ),
        ("env --state d", Launch(world=World.ENV, state=Path("d"))),
        ("iam-policy", Launch(world=World.IAM_POLICY)),
        (
            "iam-policy approval.approve build.stop --list",
            Launch(world=World.IAM_POLICY, operations=("approval.approve", "build.stop"), list_operations=True),
        ),
        ("iam-policy --all", Launch(world=World.IAM_POLICY, every_operation=True)),
    ],
)
def test_what_is_asked_for(line: str, launch: Launch) -> None:
    assert command_line.parse(line.split()) == launch


@pytest.mark.parametrize("arguments", list(cli.BARE))
def test_a_bare_world_is_what_the_parser_makes_of_it(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Launch] = []

    def launched(launch: Launch, _: object) -> int:
        seen.append(launch)
        return 0

    monkeypatch.setattr("pointsman.bootstrap.launch", launched)
    assert cli.main(list(arguments)) == 0
    assert seen == [command_line.parse(arguments)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dmeo", 'there is no "pointsman dmeo"; did you mean "demo"?'),
        ("srve", 'there is no "pointsman srve"; did you mean "serve"?'),
        ("watch", 'there is no "pointsman watch"'),
        ("serve --port 70000", '--port: "70000" must be a whole number from 0 to 65535'),
        ("serve --auth basic", '--auth: "basic" must be sigv4 or none'),
        (
            "serve --read-only",
            "--read-only goes with pointsman or pointsman demo or pointsman local or pointsman trace",
        ),
        (
            "--read-only serve",
            "--read-only goes with pointsman or pointsman demo or pointsman local or pointsman trace",
        ),
        (
            "--config c.yml env",
            "--config goes with pointsman or pointsman demo or pointsman local or pointsman trace or pointsman doctor",
        ),
        (
            "env --region eu-west-1",
            _REGIONAL,
        ),
        ("--profile x serve", "--profile goes with AWS: pointsman serve makes no call to AWS"),
        ("local --port 3", "--port goes with pointsman serve"),
        ("--profle x", 'there is no --profle; did you mean "--profile"?'),
        ("demo --sped=3", 'there is no --sped; did you mean "--speed"?'),
        ("--at 3", "--at goes with pointsman demo"),
        (
            "demo --region eu-west-1",
            _REGIONAL,
        ),
        ("--region eu-west-1 demo", "--region goes with AWS: pointsman demo makes no call to AWS"),
        ("--profile x local", "--profile goes with AWS: pointsman local makes no call to AWS"),
        ("local --endpoint-url http://x", "--endpoint-url goes with pointsman or pointsman doctor"),
        ("demo more", 'there is nothing to do with "more"'),
        ("demo --seed", "--seed: expected one argument"),
        ("demo --seed x", '--seed: "x" must be a whole number from 0 to 2147483647'),
        ("demo --seed 1.5", '--seed: "1.5" must be a whole number from 0 to 2147483647'),
        ("demo --speed 0", '--speed: "0" must be a number from 0.01 to 1000'),
        ("demo --speed nan", '--speed: "nan" must be a number from 0.01 to 1000'),
        ("demo --at -1", '--at: "-1" must be a number from 0 to 864000'),
        ("demo --at=inf", '--at: "inf" must be a number from 0 to 864000'),
        ("local --account 12", '"12" is not an AWS account: it is twelve digits'),
        ("local --load", "--load: expected at least one argument"),
    ],
)
def test_nonsense_is_one_sentence_and_a_way_out(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, *line.split()) == f"pointsman: {said}"


def test_the_table_of_options_is_the_parsers() -> None:
    found: dict[str, list[str]] = {}
    for parser in parsers():
        for option in parser._option_string_actions:
            if option.startswith("--"):
                found.setdefault(option, []).append(parser.prog)
    assert {option: tuple(where) for option, where in found.items()} == command_line._OPTIONS


def parsers() -> list[argparse.ArgumentParser]:
    root = command_line._parser()
    below = next(action for action in root._actions if isinstance(action, argparse._SubParsersAction))
    return [root, *below.choices.values()]


@pytest.mark.parametrize("parser", parsers(), ids=lambda parser: parser.prog)
def test_help_explains_itself(parser: argparse.ArgumentParser) -> None:
    text = parser.format_help()
    assert "examples:" in text
    assert all(action.help for action in parser._actions)
    for line in text.splitlines():
        if line.strip().startswith("pointsman "):
            words = line.split("    ")[1 if line.startswith("    ") else 0].split()
            assert words[0] == "pointsman"


def test_every_example_is_a_command_line_that_is_understood() -> None:
    for parser in parsers():
        text = (parser.epilog or "").split("examples:\n", 1)[1].split("\n\n", 1)[0]
        for line in text.splitlines():
            command = line.strip().split("   ")[0].split()
            assert command[0] == "pointsman"
            assert isinstance(command_line.parse(command[1:]), Launch)


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_a_cold_answer_loads_next_to_nothing(option: str) -> None:
    code = (
        "import sys\nfrom pointsman.cli import main\n"
        f"try: main(['{option}'])\nexcept SystemExit as end: code = end.code\n"
        "print(code, *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    code_, *modules = done.stderr.split()
    assert code_ == "0"
    assert done.stdout.startswith(("pointsman ", "usage: pointsman"))
    heavy = {"textual", "rich", "boto3", "botocore", "yaml", "asyncio", "dataclasses", "typing", "logging", "msgspec"}
    assert heavy & set(modules) == set()


def test_help_into_a_pager_that_has_left_is_silent() -> None:
    command = f"{sys.executable} -m pointsman --help | true"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stderr == ""


_SEGMENT = {"trace_id": f"1-695b7d90-{1:024x}", "id": f"{1:016x}", "name": "shop", "start_time": 1767603600}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"{", "it is not JSON"),
        (b"hello", "it is not JSON"),
        (bytes(range(256)) * 40, "it is not text"),
        (b"\x1f\x8b\x08\x00" + b"\x00" * 60, "it is not text"),
        (b"[" * 200_000, "it is not JSON"),
        (b'{"a":' * 50_000, "it is not JSON"),
        (b'[{"start_time":' + b"9" * 50_000 + b"}]", "it is not JSON"),
        (b"\n".join([b"{}", b"junk"] * 500), "it is not JSON"),
        (b"3", "neither a trace nor a segment"),
        (b'{"Traces": [1, null, {"Segments": "x"}]}', "neither a trace nor a segment"),
        (b'"' + b"a" * 10_000_000 + b'"', "neither a trace nor a segment"),
        (b'{"x": "' + b"a" * 10_000_000 + b'"}', "it holds no segment"),
        (json.dumps([{**_SEGMENT, "id": None}]).encode(), "no segment that can be read: the first has MissingId"),
        (json.dumps([{**_SEGMENT, "start_time": -5}]).encode(), "the first has InvalidStartTime"),
        (json.dumps({"Traces": [{"Id": "x", "Segments": [{"Document": "{no"}]}]}).encode(), "it is not JSON"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_file_that_holds_no_trace_ends_it_with_a_sentence(
    content: bytes, words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    assert cli.main(["trace", str(path)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"pointsman: {path}: it ")
    assert words in said[0]
    assert len(said) == 2
    assert len(said[0]) < 300 + len(str(path))


def test_a_file_that_cannot_be_read_ends_it_with_a_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "missing", loop, tmp_path / "pipe", tmp_path / ("x" * 300)):
        assert cli.main(["trace", str(path)]) == 2
        said = capsys.readouterr().err.splitlines()
        assert said[0].startswith(f"pointsman: {path}: it ")
        assert len(said) == 2
