"""``pointsman serve`` and ``pointsman env`` as processes, with the stock AWS command line as their client."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(120)

WEBAPP = Path(__file__).parents[2] / "sample_config" / "webapp"
CLI = Path(sys.executable).with_name("aws")
PROGRAM = [sys.executable, "-m", "pointsman"]
LAST = "ctrl+c or SIGTERM ends it"


class Serving:
    """A running ``pointsman serve``, and the stock command line by the profile it printed."""

    def __init__(self, arguments: list[str], home: Path) -> None:
        self.home = home
        self.environ = {"PATH": f"{CLI.parent}:{os.environ['PATH']}", "HOME": str(home)}
        self.process = subprocess.Popen(
            [*PROGRAM, "serve", *arguments],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
            if line.startswith(LAST):
                return
        raise AssertionError(f"it did not start: {self.process.communicate()[1]}")

    @property
    def profile(self) -> dict[str, str]:
        """The printed variables."""
        words = [shlex.split(line)[1] for line in self.said if line.startswith("export ")]
        return dict(word.split("=", 1) for word in words)

    def aws(self, *words: str) -> Any:
        """The command line's answer, parsed."""
        done = subprocess.run(
            [str(CLI), *words],
            env=self.environ | self.profile | {"AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def end(self, number: int) -> int:
        """Send a signal and wait; the exit code."""
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode


Serve = Callable[..., Serving]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """``serve("--state", …)``: starts one, and waits until it answers."""
    home = tmp_path / "home"
    home.mkdir()
    started: list[Serving] = []

    def start(*arguments: str) -> Serving:
        started.append(Serving(list(arguments), home))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate(timeout=30)


def told(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program, run to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def refused(tmp_path: Path, *arguments: str) -> str:
    """What it says when it does not start."""
    done = told(tmp_path, *arguments)
    assert done.returncode == 2, done
    assert done.stdout == ""
    return done.stderr


def pipeline(name: str) -> dict[str, Any]:
    """A pipeline over the sample application's repository, as ``--cli-input-json`` takes it."""
    return {
        "pipeline": {
            "name": name,
            "roleArn": "arn:aws:iam::123456789012:role/pipeline",
            "artifactStore": {"type": "S3", "location": "webapp-artifacts"},
            "stages": [
                {
                    "name": "Source",
                    "actions": [
                        {
                            "name": "Commit",
                            "actionTypeId": {
                                "category": "Source",
                                "owner": "AWS",
                                "provider": "CodeCommit",
                                "version": "1",
                            },
                            "configuration": {"RepositoryName": "webapp", "BranchName": "main"},
                            "outputArtifacts": [{"name": "Source"}],
                        }
                    ],
                },
                {
                    "name": "Approve",
                    "actions": [
                        {
                            "name": "Release",
                            "actionTypeId": {
                                "category": "Approval",
                                "owner": "AWS",
                                "provider": "Manual",
                                "version": "1",
                            },
                        }
                    ],
                },
            ],
        }
    }


def test_the_stock_command_line_runs_a_pipeline_and_a_build_and_sigterm_stops_and_records_it(
    serve: Serve, tmp_path: Path
) -> None:
    state, ready = tmp_path / "state", tmp_path / "ready.json"
    served = serve("--state", str(state), "--load", str(WEBAPP), "--trust", "--ready-file", str(ready))
    assert json.loads(ready.read_text()) == {
        "address": served.profile["AWS_ENDPOINT_URL"],
        "pid": served.process.pid,
    }
    (tmp_path / "pipeline.json").write_text(json.dumps(pipeline("release")))

    made = served.aws("codepipeline", "create-pipeline", "--cli-input-json", f"file://{tmp_path / 'pipeline.json'}")
    assert made["pipeline"]["version"] == 1
    started = served.aws("codepipeline", "start-pipeline-execution", "--name", "release")
    assert started["pipelineExecutionId"]
    gate = ("--pipeline-name", "release", "--stage-name", "Approve", "--transition-type", "Inbound")
    served.aws("codepipeline", "disable-stage-transition", *gate, "--reason", "not today")
    stages = served.aws("codepipeline", "get-pipeline-state", "--name", "release")["stageStates"]
    assert [stage["stageName"] for stage in stages] == ["Source", "Approve"]
    assert stages[1]["inboundTransitionState"]["disabledReason"] == "not today"

    os.mkfifo(tmp_path / "seen")
    spec = {"version": 0.2, "phases": {"build": {"commands": [f'echo "$COLOUR" > {tmp_path / "seen"}', "sleep 600"]}}}
    build = served.aws(
        *("codebuild", "start-build", "--project-name", "webapp-build"),
        *("--source-type-override", "NO_SOURCE", "--artifacts-override", "type=NO_ARTIFACTS"),
        *("--buildspec-override", json.dumps(spec)),
        *("--environment-variables-override", "name=COLOUR,value=green"),
    )["build"]
    assert build["buildStatus"] == "IN_PROGRESS"
    assert (tmp_path / "seen").read_text() == "green\n", "it runs, with what was overridden"

    assert served.end(signal.SIGTERM) == 0
    assert not ready.exists()
    assert not (state / "endpoint.json").exists()

    again = serve("--state", str(state))
    found = again.aws("codebuild", "batch-get-builds", "--ids", build["id"])["builds"]
    assert [one["buildStatus"] for one in found] == ["STOPPED"]
    assert again.end(signal.SIGINT) == 0


def test_a_shell_evaluates_env_and_nothing_else_prints_or_shows_the_secret(serve: Serve, tmp_path: Path) -> None:
    state = tmp_path / "a state"
    served = serve("--state", str(state), "--region", "eu-west-1", "--account", "210987654321")
    secret = json.loads((state / "keys.json").read_text())["secret_access_key"]
    assert secret not in "\n".join(served.said)
    for file in ("keys.json", "endpoint.json", "aws/config", "aws/credentials"):
        assert (state / file).stat().st_mode & 0o777 == 0o600, file
    script = (
        f'eval "$({shlex.join([*PROGRAM, "env", "--state", str(state)])})"\n'
        'aws sts get-caller-identity --query Account --output text; echo "$AWS_REGION"; echo "$AWS_PROFILE"'
    )
    before = {"AWS_PROFILE": "of another world", "AWS_SESSION_TOKEN": "old", "AWS_PAGER": ""}
    done = subprocess.run(
        ["sh", "-c", script],
        env=served.environ | before,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.stdout.split("\n") == ["210987654321", "eu-west-1", "", ""], done.stderr


def test_a_folder_has_one_owner_and_one_that_was_killed_leaves_nothing_behind(serve: Serve, tmp_path: Path) -> None:
    state, ready = tmp_path / "state", tmp_path / "ready.json"
    first = serve("--state", str(state), "--ready-file", str(ready), "--auth", "none")
    second = refused(tmp_path, "serve", "--state", str(state), "--ready-file", str(ready))
    assert f"is in use by process {first.process.pid}" in second
    assert json.loads(ready.read_text())["pid"] == first.process.pid, "the first one's is left alone"

    port = first.profile["AWS_ENDPOINT_URL"].rpartition(":")[2]
    taken = refused(tmp_path, "serve", "--state", str(tmp_path / "other"), "--port", port)
    assert f"port {port} on 127.0.0.1 cannot be had" in taken

    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    assert (state / "endpoint.json").exists()
    gone = refused(tmp_path, "env", "--state", str(state))
    assert gone.startswith(f"pointsman: nothing serves the state folder {state}\n  pointsman serve --state")

    again = serve("--state", str(state), "--ready-file", str(ready))
    assert json.loads(ready.read_text())["pid"] == again.process.pid
    assert again.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "0.0.0.0 can be reached from other machines"),
        (["--host", "0.0.0.0", "--expose", "--auth", "none"], "--auth none answers this machine only"),
        (["--region", "Nowhere!"], '"Nowhere!" is not a region'),
        (["--ready-file", "/nowhere/ready"], "the ready file /nowhere/ready cannot be written there"),
        (["--load", "/nowhere.yml"], "there is no world file /nowhere.yml"),
    ],
)
def test_what_cannot_be_served_is_a_sentence_before_a_folder_is_made(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    assert said in refused(tmp_path, "serve", "--state", str(tmp_path / "state"), *arguments)
    assert not (tmp_path / "state").exists()


def test_every_port_is_there_with_the_ready_file_and_a_reset_keeps_keys_and_file(serve: Serve, tmp_path: Path) -> None:
    state, ready = tmp_path / "state", tmp_path / "ready.json"
    served = serve("--state", str(state), "--ready-file", str(ready), "--xray-port", "0", "--allow-reset")
    about = json.loads(ready.read_text())
    assert f"x-ray      127.0.0.1:{about['xray_port']}, udp and tcp" in served.said
    with socket.create_connection(("127.0.0.1", about["xray_port"]), 5):
        pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"a segment", ("127.0.0.1", about["xray_port"]))
    assert served.profile["AWS_XRAY_DAEMON_ADDRESS"] == f"127.0.0.1:{about['xray_port']}"
    env = told(tmp_path, "env", "--state", str(state)).stdout
    assert f"export AWS_XRAY_DAEMON_ADDRESS=127.0.0.1:{about['xray_port']}\n" in env
    keys = (state / "keys.json").read_text()
    served.aws("ssm", "put-parameter", "--name", "/a", "--value", "b", "--type", "String")
    request = urllib.request.Request(f"{about['address']}/_pointsman/reset", b"")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    assert served.aws("ssm", "describe-parameters")["Parameters"] == []
    assert (state / "keys.json").read_text() == keys
    assert json.loads(ready.read_text()) == about
    with urllib.request.urlopen(f"{about['address']}/_pointsman/health", timeout=10) as answer:
        seen = json.load(answer)["xray"]
    assert (seen["port"], seen["malformed"], seen["kept"]) == (about["xray_port"], 1, 0)
    assert served.end(signal.SIGTERM) == 0
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", about["xray_port"]), 5):
        pass


def test_what_is_meant_to_be_exposed_still_wants_signatures_and_is_reached_from_here(
    serve: Serve, tmp_path: Path
) -> None:
    served = serve("--state", str(tmp_path / "state"), "--host", "0.0.0.0", "--expose")
    assert served.profile["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert served.aws("sts", "get-caller-identity")["Account"] == "123456789012"
    assert served.end(signal.SIGINT) == 0


def test_without_a_terminal_nobody_is_asked_for_trust(tmp_path: Path) -> None:
    said = refused(tmp_path, "serve", "--state", str(tmp_path / "state"), "--load", str(WEBAPP))
    assert "is not trusted, and there is no terminal to ask on" in said
    assert "start with --trust" in said


def test_env_makes_no_folder_and_no_keys(tmp_path: Path) -> None:
    assert "nothing serves the state folder" in refused(tmp_path, "env", "--state", str(tmp_path / "state"))
    assert not (tmp_path / "state").exists()


def test_what_a_program_sends_to_x_rays_port_is_found_by_the_stock_command_line(serve: Serve, tmp_path: Path) -> None:
    served = serve("--state", str(tmp_path / "state"), "--xray-port", "0", "--region", "eu-west-1")
    now = time.time()
    shop = {"trace_id": f"1-{int(now):08x}-{1:024x}", "id": f"{2:016x}", "name": "shop", "start_time": now}
    datagram = b'{"format": "json", "version": 1}\n' + json.dumps(shop | {"end_time": now + 1, "fault": True}).encode()
    host, _, port = served.profile["AWS_XRAY_DAEMON_ADDRESS"].partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(datagram, (host, int(port)))
    times = ["--start-time", str(int(now) - 60), "--end-time", str(int(now) + 60)]
    asked = ["xray", "get-trace-summaries", *times, "--filter-expression", 'service("shop") { fault }']
    [found] = served.aws(*asked)["TraceSummaries"]  # the command line starts slower than a trace arrives
    assert found["Id"] == shop["trace_id"]
    assert served.end(signal.SIGTERM) == 0
    again = serve("--state", str(tmp_path / "state"), "--region", "eu-west-1")
    assert again.aws(*asked)["TraceSummaries"][0]["Id"] == shop["trace_id"]
