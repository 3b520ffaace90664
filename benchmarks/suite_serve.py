"""The backend over HTTP: how much it answers, how soon, whether it grows, loses or fails, and what keys feel of it.

moto's server is the floor: the same calls by the same load generator, on the same machine, turn and turn about.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, alternate, median, spread
from benchmarks.load import Keys, first_answer, hammer, json_call
from benchmarks.terminal import Terminal, children
from pointsman.local.endpoint.keys import of_folder

CONNECTIONS = 8
CLIENTS = 64
_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "POINTSMAN_"))},
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    calls: int = 4000
    floor_calls: int = 800
    many: int = 100_000
    writes: int = 6400
    keys: int = 120
    emptied: int = 1000


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    sizes = Sizes(60, 20, 300, 128, 4, 20) if small else Sizes()
    figures = [*_throughput(runs, sizes), _start(runs, small=small)]
    with _ours("--allow-reset") as server:
        figures += [*_endurance(server, sizes), _reset(server, runs, sizes)]
    return [*figures, _keys(max(1, runs // 2), sizes)]


# -- servers --------------------------------------------------------------------------------------------------------


def _port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@dataclass
class Server:
    """A running server, ours or the floor."""

    address: str
    keys: Keys
    process: subprocess.Popen[bytes]

    @property
    def rss_mib(self) -> float:
        """Resident memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def calls(self) -> list[bytes]:
        """Reads and a write, as both servers answer them."""
        call = partial(json_call, self.address, self.keys)
        value = {"Name": "/app/mode", "Value": "x", "Type": "String", "Overwrite": True}
        return [
            call("codepipeline", "CodePipeline_20150709.ListPipelines", {}),
            call("ssm", "AmazonSSM.PutParameter", value),
            call("ssm", "AmazonSSM.GetParameter", {"Name": "/app/mode"}),
        ]


@contextlib.contextmanager
def _ours(*more: str) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        state.mkdir(mode=0o700)
        key, port = of_folder(state), _port()
        command = [sys.executable, "-m", "pointsman", "serve", "--state", str(state), "--port", str(port), *more]
        keys = Keys(key.access_key_id, key.secret_access_key)
        with _running(command, port, keys) as server:
            yield server


@contextlib.contextmanager
def _floor() -> Iterator[Server]:
    port = _port()
    with _running([sys.executable, "-m", "moto.server", "-p", str(port)], port, Keys()) as server:
        yield server


@contextlib.contextmanager
def _running(command: list[str], port: int, keys: Keys) -> Iterator[Server]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    process: Any = subprocess.Popen(command, env=_ENVIRONMENT, **quiet)
    server = Server(f"http://127.0.0.1:{port}", keys, process)
    try:
        first_answer(server.address, lambda: server.calls()[0])
        yield server
    finally:
        process.terminate()
        process.wait(30)


# -- figures --------------------------------------------------------------------------------------------------------


def _throughput(runs: int, sizes: Sizes) -> list[Figure]:
    with _ours() as ours, _floor() as floor:
        for server in (ours, floor):
            hammer(server.address, server.calls()[1:2], 1, 1)
        # Signatures are good for minutes: calls are signed anew for each turn.
        rates = alternate(
            runs,
            {
                "ours": lambda: hammer(ours.address, ours.calls(), CONNECTIONS, sizes.calls).rate,
                "floor": lambda: hammer(floor.address, floor.calls(), CONNECTIONS, sizes.floor_calls).rate,
            },
        )
    of = f"moto's {spread(rates['floor'], 1, 'calls/s')} / {spread(rates['ours'], 1, 'calls/s')}"
    slower = median(rates["floor"]) / median(rates["ours"])
    return [Figure("serve", "seconds a call: served / moto's server", slower, 0.2, of=of)]


def _start(runs: int, *, small: bool) -> Figure:
    takers = {"ours": partial(_started, _ours), "floor": partial(_started, _floor)}
    if not small:
        alternate(1, takers)
    taken = alternate(runs, takers)
    of = f"{spread(taken['ours'], 1e3, 'ms')} / {spread(taken['floor'], 1e3, 'ms')}"
    ratio = median(taken["ours"]) / median(taken["floor"])
    return Figure("serve", "start to the first ListPipelines: served / moto's server", ratio, 1.0, of=of)


def _started(make: Any) -> float:
    begun = time.perf_counter()
    with make():
        return time.perf_counter() - begun


def _endurance(server: Server, sizes: Sizes) -> list[Figure]:
    hammer(server.address, server.calls()[1:2], 1, 1)
    slice_ = max(1, sizes.many // 10)
    memory, errors = [], 0
    for _ in range(10):
        errors += hammer(server.address, server.calls(), CONNECTIONS, slice_).errors
        memory.append(server.rss_mib)
    lost, failed = _concurrent(server, sizes.writes)
    of = f"{memory[-1]:.0f} MiB / {memory[0]:.0f} MiB after a tenth of them"
    return [
        Figure("serve", f"memory after {sizes.many} calls / after a tenth", memory[-1] / memory[0], 1.05, of=of),
        Figure("serve", f"errors among {sizes.many} calls", errors, 0, ""),
        Figure("serve", f"{CLIENTS} clients at once: errors and lost writes", lost + failed, 0, "", f"{sizes.writes}"),
    ]


def _concurrent(server: Server, writes: int) -> tuple[int, int]:
    """Writes that were answered and are not there, and answers that were none."""
    call = partial(json_call, server.address, server.keys, "ssm")
    names = [f"/many/{number:05d}" for number in range(writes)]
    values = [{"Name": name, "Value": name, "Type": "String"} for name in names]
    puts = [call("AmazonSSM.PutParameter", value) for value in values]
    clients = min(CLIENTS, writes)
    failed = hammer(server.address, puts, clients, writes).errors
    gets = [call("AmazonSSM.GetParameter", {"Name": name}) for name in names]
    return hammer(server.address, gets, clients, writes).errors, failed


def _reset(server: Server, runs: int, sizes: Sizes) -> Figure:
    """Emptying a world of many parameters and a build that does not end when it is asked to."""
    host = server.address.removeprefix("http://")
    asked = f"POST /_pointsman/reset HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode()
    build = partial(json_call, server.address, server.keys, "codebuild")
    command = "trap '' TERM HUP INT; while :; do sleep 0.05; done"
    project = {
        "name": "stubborn",
        "source": {"type": "NO_SOURCE", "buildspec": json.dumps({"version": 0.2, "phases": _phases(command)})},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
        "serviceRole": "arn:aws:iam::123456789012:role/r",
    }
    taken: list[float] = []
    hammer(server.address, [asked], 1, 1)
    for _ in range(runs):
        hammer(server.address, [build("CodeBuild_20161006.CreateProject", project)], 1, 1)
        hammer(server.address, [build("CodeBuild_20161006.StartBuild", {"projectName": "stubborn"})], 1, 1)
        _concurrent(server, sizes.emptied)
        taken.append(hammer(server.address, [asked], 1, 1).seconds)
    return Figure("serve", "reset over HTTP, work killed", median(taken) * 1e3, 100, "ms", spread(taken, 1e3, "ms"))


def _phases(command: str) -> dict[str, Any]:
    return {"build": {"commands": [command]}}


# -- keys -----------------------------------------------------------------------------------------------------------


def _keys(runs: int, sizes: Sizes) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        world = Path(folder) / "world.yml"
        world.write_text(json.dumps({"calls": _world()}))
        arguments = ["local", "--state", str(state), "--trust", "--load", str(world)]
        code = "import sys; from pointsman.cli import main; sys.exit(main())"
        with Terminal((sys.executable, "-c", code, *arguments), {"HOME": folder, "XDG_STATE_HOME": folder}) as console:
            console.wait_for(r"pipeline-08 .*Waiting")
            console.drain(0.5)
            taken = alternate(
                runs,
                {
                    "idle": lambda: _pressed(console, sizes.keys),
                    "busy": lambda: _while_busy(console, state, sizes.keys),
                },
            )
            (child,) = children(console.pid)
            os.kill(child, 15)
    ratio = median(taken["busy"]) / median(taken["idle"])
    of = f"{spread(taken['busy'], 1e3, 'ms')} / {spread(taken['idle'], 1e3, 'ms')}"
    return Figure("serve", "a key's p95 in `local`, its backend at full load / at rest", ratio, 1.5, of=of)


def _pressed(console: Terminal, keys: int) -> float:
    """The p95 of cursor keys, in seconds."""
    taken = sorted(console.press(b"j" if number % 2 == 0 else b"k") for number in range(keys))
    return taken[int(len(taken) * 0.95)]


def _while_busy(console: Terminal, state: Path, keys: int) -> float:
    served, key = json.loads((state / "endpoint.json").read_text()), json.loads((state / "keys.json").read_text())
    server = Keys(key["access_key_id"], key["secret_access_key"])
    call = partial(json_call, served["address"], server)
    value = {"Name": "/app/mode", "Value": "x", "Type": "String", "Overwrite": True}
    requests = [
        call("codepipeline", "CodePipeline_20150709.GetPipelineState", {"name": "pipeline-00"}),
        call("ssm", "AmazonSSM.PutParameter", value),
    ]
    file = state.parent / "requests"
    file.write_text("\n".join(json.dumps(one.decode("latin-1")) for one in requests))
    root = str(Path(__file__).resolve().parents[1])
    command = [sys.executable, "-m", "benchmarks.load", served["address"], str(file), str(CONNECTIONS), str(10**9)]
    with subprocess.Popen(command, env={**_ENVIRONMENT, "PYTHONPATH": root}, start_new_session=True) as load:
        _give_way(load.pid)
        try:
            time.sleep(0.5)
            return _pressed(console, keys)
        finally:
            load.kill()


def _give_way(pid: int) -> None:
    """Have a process take no more from the console than the backend does: it is the backend's load that is measured."""
    os.setpriority(os.PRIO_PROCESS, pid, 5)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text("5")


def _world() -> list[dict[str, Any]]:
    """Twenty pipelines that wait for a person: the console reads them, and they start nothing."""
    approve = {
        "name": "Approve",
        "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
    }
    source = {
        "name": "Code",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {"S3Bucket": "store", "S3ObjectKey": "source.zip", "PollForSourceChanges": "false"},
        "outputArtifacts": [{"name": "Code"}],
    }
    pipelines = [
        {
            "pipeline": {
                "name": f"pipeline-{number:02d}",
                "roleArn": "arn:aws:iam::123456789012:role/pipeline",
                "artifactStore": {"type": "S3", "location": "store"},
                "stages": [{"name": "Source", "actions": [source]}, {"name": "Approve", "actions": [approve]}],
            }
        }
        for number in range(20)
    ]
    return [
        {"s3": {"create_bucket": {"Bucket": "store"}}},
        {"s3": {"put_bucket_versioning": {"Bucket": "store", "VersioningConfiguration": {"Status": "Enabled"}}}},
        {"s3": {"put_object": {"Bucket": "store", "Key": "source.zip", "Body": "PK\x05\x06" + "\0" * 18}}},
        {"codepipeline": {"create_pipeline": pipelines}},
    ]
