"""What really leaves: counted by a server on this machine."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import pointsman
from pointsman.aws.cloud import Cloud
from pointsman.aws.sessions import for_aws
from pointsman.clock import SystemClock
from pointsman.errors import CallFailed, FaultKind


class Server(ThreadingHTTPServer):
    """Remembers what it was asked, and answers badly in the way it is told to."""

    daemon_threads = True
    seen: list[str]
    agents: list[str]
    manner: str


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(self.headers["X-Amz-Target"].rpartition(".")[2])
        self.server.agents.append(self.headers["User-Agent"])
        if self.server.manner == "hang up":
            self.close_connection = True
            return
        body = b'{"__type":"InternalFailure","message":"oops"}'
        self.send_response(500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.seen, made.agents, made.manner = [], [], "500"
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def cloud(server: Server, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    endpoint = f"http://127.0.0.1:{server.server_port}"
    return Cloud(lambda: for_aws("", "eu-west-1", endpoint), SystemClock(), attempts=3, sleep=at_once)


@pytest.mark.parametrize(("manner", "kind"), [("500", FaultKind.UNKNOWN), ("hang up", FaultKind.UNREACHABLE)])
async def test_a_write_leaves_once_and_its_outcome_is_unknown(
    server: Server, cloud: Cloud, manner: str, kind: FaultKind
) -> None:
    server.manner = manner
    with pytest.raises(CallFailed) as caught:
        await cloud.write("codepipeline", "StartPipelineExecution", {"name": "checkout"})
    assert server.seen == ["StartPipelineExecution"]
    assert (caught.value.fault.kind, caught.value.fault.sent) == (kind, True)


@pytest.mark.parametrize("manner", ["500", "hang up"])
async def test_a_read_is_sent_as_often_as_tenacity_says_and_no_oftener(
    server: Server, cloud: Cloud, manner: str
) -> None:
    server.manner = manner
    with pytest.raises(CallFailed):
        await cloud.read("codepipeline", "ListPipelines")
    assert server.seen == ["ListPipelines"] * 3
    assert len(cloud.trail.calls) == 3
    assert f"pointsman/{pointsman.__version__}" in server.agents[0]


def test_a_call_that_hangs_does_not_hold_the_process() -> None:
    code = """
import asyncio, threading
from pointsman.aws.threads import Daemons
async def main():
    reading = asyncio.ensure_future(Daemons("read", 2).run(threading.Event().wait))
    await asyncio.sleep(0.05)
    reading.cancel()
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=20)
