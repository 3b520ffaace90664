"""``pointsman local`` and the process that owns its folder: who starts whom, who finds whom, and every way to end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from pointsman.local.state import StateFolder, start_time
from support.terminal import Terminal, terminal

pytestmark = pytest.mark.timeout(120)

WORLD = """
region: eu-west-1
calls:
  - ssm: {put_parameter: {Name: /webapp/colour, Value: green, Type: String}}
"""
PROJECT = {
    "name": "slow",
    "source": {"type": "NO_SOURCE", "buildspec": "{version: 0.2, phases: {build: {commands: [sleep 600]}}}"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
    "serviceRole": "arn:aws:iam::123456789012:role/r",
}


def until(done: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait until something is so; what it is."""
    deadline = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return found


def owner(state: Path) -> dict[str, Any]:
    """Who serves a folder, as it says in it."""
    found: dict[str, Any] = json.loads((state / "endpoint.json").read_text())
    return found


def client(state: Path, service: str) -> Any:
    """A client of whoever serves a folder, with the folder's keys."""
    key = json.loads((state / "keys.json").read_text())
    session = boto3.Session(key["access_key_id"], key["secret_access_key"], region_name=owner(state)["region"])
    once = Config(retries={"total_max_attempts": 1})
    return session.client(service, endpoint_url=owner(state)["address"], config=once)


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has asked after yet counts."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def opened(screen: Terminal, state: Path) -> int:
    """Wait until a console shows its world; the pid of the process that serves it."""
    screen.until("no pipelines")
    return int(owner(state)["pid"])


def refreshed(screen: Terminal, words: str) -> str:
    """Ask for a fresh look until something is said."""
    for _ in range(15):
        screen.send("\x12")  # ctrl+r
        with contextlib.suppress(AssertionError):
            return screen.until(words, 1.5)
    return screen.until(words, 1)


def test_a_child_owns_the_folder_and_a_console_that_is_left_ends_it_with_its_builds_recorded(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with terminal(["local", "--state", str(state)]) as screen:
        child = opened(screen, state)
        assert child != screen.process.pid
        assert int(Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[1]) == screen.process.pid
        assert json.loads((state / "owner.json").read_text())["pid"] == child
        builds = client(state, "codebuild")
        builds.create_project(**PROJECT)
        build = builds.start_build(projectName="slow")["build"]["id"]
        until(lambda: builds.batch_get_builds(ids=[build])["builds"][0]["currentPhase"] == "BUILD")
        screen.send("\x03\x03")
        assert screen.ended() == 0
    assert gone(child)
    assert not (state / "endpoint.json").exists()
    with terminal(["local", "--state", str(state)]) as screen:
        opened(screen, state)
        ended = client(state, "codebuild").batch_get_builds(ids=[build])["builds"][0]
        assert ended["buildStatus"] == "STOPPED"


def test_a_console_that_is_killed_takes_its_child_with_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with terminal(["local", "--state", str(state)]) as screen:
        child = opened(screen, state)
        screen.process.kill()
        until(lambda: gone(child))
    assert not (state / "endpoint.json").exists(), "it ended cleanly"
    StateFolder.claim(state).release()


def test_a_child_that_is_killed_is_told_with_a_way_out_and_the_next_start_recovers(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with terminal(["local", "--state", str(state)], size=(160, 40)) as screen:
        child = opened(screen, state)
        client(state, "ssm").put_parameter(Name="/a", Value="kept", Type="String")
        os.kill(child, signal.SIGKILL)
        said = refreshed(screen, "the local backend has ended")
        assert "Traceback" not in said
        screen.send("!")
        said = " ".join(screen.until("no acknowledged write is lost").split())
        assert f"its process {child} was ended by SIGKILL" in said
        assert "start pointsman local again" in said
        screen.process.send_signal(signal.SIGTERM)
        assert screen.ended() == 143
    with terminal(["local", "--state", str(state)]) as screen:
        assert opened(screen, state) != child
        assert client(state, "ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "kept"


def test_a_second_console_finds_the_first_ones_world_and_leaves_it_running(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (tmp_path / "world.yml").write_text(WORLD)
    with terminal(["local", "--state", str(state), "--load", str(tmp_path)]) as first:
        child = opened(first, state)
        assert owner(state)["region"] == "eu-west-1"
        with terminal(["local", "--state", str(state)]) as second:
            second.until("no pipelines")
            assert "eu-west-1" in second.text
            assert owner(state)["pid"] == child
            assert client(state, "ssm").get_parameter(Name="/webapp/colour")["Parameter"]["Value"] == "green"
            second.send("q")
            second.until("What runs here goes on: process")
            second.send("y")
            assert second.ended() == 0
        assert not gone(child)
        with terminal(["local", "--state", str(state), "--load", str(tmp_path)]) as third:
            assert third.ended() == 2
            assert f"--load is for whoever serves a world, and process {child} serves" in " ".join(third.text.split())


def test_a_console_joins_what_is_served_and_leaves_it_running(tmp_path: Path) -> None:
    state, ready = tmp_path / "state", tmp_path / "ready.json"
    command = [sys.executable, "-m", "pointsman", "serve", "--state", str(state), "--ready-file", str(ready)]
    served = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(ready.exists)
        with terminal(["local", "--state", str(state)]) as screen:
            assert opened(screen, state) == served.pid
            screen.send("\x03\x03")
            assert screen.ended() == 0
        assert served.poll() is None
    finally:
        served.terminate()
        assert served.wait(30) == 0


def test_records_that_are_none_are_said_by_console_and_serve(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "state.db").write_bytes(b"this is no database, whatever its name" * 100)
    command = [sys.executable, "-m", "pointsman", "serve", "--state", str(state)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 2
    assert f"the records in {state / 'state.db'} cannot be used: file is not a database" in done.stderr
    with terminal(["local", "--state", str(state)], size=(200, 40)) as screen:
        screen.until("state.db cannot be used: file is not")
        screen.process.send_signal(signal.SIGTERM)
        assert screen.ended() == 143


def test_an_owner_that_ends_is_told_to_whoever_joined_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with terminal(["local", "--state", str(state)]) as first:
        child = opened(first, state)
        with terminal(["local", "--state", str(state)], size=(160, 40)) as second:
            second.until("no pipelines")
            first.process.kill()
            until(lambda: gone(child))
            refreshed(second, f"the process that served this world, {child}, has ended")


def test_env_finds_a_consoles_backend_and_serve_says_who_serves(tmp_path: Path) -> None:
    state = tmp_path / "state"

    def told(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pointsman", *arguments, "--state", str(state)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    with terminal(["local", "--state", str(state)]) as screen:
        child = opened(screen, state)
        assert f"export AWS_ENDPOINT_URL={owner(state)['address']}\n" in told("env").stdout
        refused = told("serve")
        assert refused.returncode == 2
        assert f"in use by process {child}, which serves it at {owner(state)['address']}" in refused.stderr
        assert 'eval "$(pointsman env --state' in refused.stderr


def test_the_ports_are_chosen_and_what_cannot_be_had_is_said_before_a_screen(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for option in ("--listen", "--xray-port"):
            with terminal(["local", "--state", str(state), option, str(port)]) as screen:
                assert screen.ended() == 2
                assert f"port {port} on 127.0.0.1 cannot be had" in screen.text
                assert b"\x1b[?1049h" not in screen.raw
    with terminal(["local", "--state", str(state), "--listen", str(port), "--xray-port", "0"]) as screen:
        opened(screen, state)
        assert owner(state)["address"] == f"http://127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", owner(state)["xray_port"]), 5):
            pass


def test_a_world_that_cannot_be_applied_is_a_fault_on_the_screen(tmp_path: Path) -> None:
    (tmp_path / "world.yml").write_text("calls:\n  - s3: {create_bucket: {Bucket: X}}\n")
    with terminal(["local", "--state", str(tmp_path / "state"), "--load", str(tmp_path)], size=(160, 40)) as screen:
        screen.until("world.yml:2")
        screen.process.send_signal(signal.SIGTERM)
        assert screen.ended() == 143


def test_the_operators_proxies_and_aws_files_mean_nothing_to_it(tmp_path: Path) -> None:
    nowhere = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    other = {"AWS_PROFILE": "nobody", "AWS_ACCESS_KEY_ID": "theirs", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    state = tmp_path / "state"
    with terminal(["local", "--state", str(state)], environ={**nowhere, **other}) as screen:
        opened(screen, state)


@pytest.mark.parametrize("started", ["", "1"])
def test_what_a_dead_owner_left_is_believed_by_pid_and_start_time(tmp_path: Path, started: str) -> None:
    """The pid is taken again by a process that has started at another time, or by none."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    pid = os.getpid() if started else 2**22 - 1
    assert start_time(os.getpid()) != started
    (state / "owner.json").write_text(json.dumps({"pid": pid, "started": started}))
    left = {"address": "http://127.0.0.1:9", "region": "us-east-1", "pid": pid, "started": started}
    (state / "endpoint.json").write_text(json.dumps(left))
    with terminal(["local", "--state", str(state)]) as screen:
        assert opened(screen, state) != pid
