"""kill -9 of ``pointsman serve`` while many clients write, start again: every acknowledged write is there."""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pointsman.local.endpoint.keys import Key
from support.endpoint import ask, signed

CLIENTS = 16
ROUNDS = 3

pytestmark = pytest.mark.timeout(120)


class Served:
    """A running ``pointsman serve`` on a folder."""

    def __init__(self, state: Path, ready: Path) -> None:
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pointsman", "serve", "--state", str(state), "--ready-file", str(ready)]
        environ = {"PATH": os.environ["PATH"], "HOME": str(state.parent)}
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, env=environ, stdin=quiet, stdout=quiet, stderr=quiet)
        deadline = time.monotonic() + 30
        while not ready.exists():
            assert time.monotonic() < deadline, "it did not start"
            time.sleep(0.02)
        address = json.loads(ready.read_text())["address"]
        self.place: Any = SimpleNamespace(address=address, port=int(address.rpartition(":")[2]))
        key = json.loads((state / "keys.json").read_text())
        self.key = Key(key["access_key_id"], key["secret_access_key"])

    def call(self, service: str, target: str, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """One JSON call."""
        body = json.dumps(parameters).encode()
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
        sent = signed(self.place, "POST", "/", service, body, headers, self.key)
        status, _, answer = ask(self.place, "POST", "/", sent, body)
        return status, json.loads(answer)

    def store(self, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
        """One call of S3."""
        return ask(self.place, method, path, signed(self.place, method, path, "s3", body, None, self.key), body)


@contextmanager
def serving(state: Path, ready: Path) -> Iterator[Served]:
    served = Served(state, ready)
    try:
        yield served
    finally:
        served.process.kill()
        served.process.wait(30)


def write_until_killed(served: Served, turn: int, client: int, acknowledged: list[tuple[str, str]]) -> None:
    """Parameters and objects, one after the other; what was answered is noted."""
    try:
        for number in itertools.count():
            name = f"/{turn}/{client}/{number}"
            value = {"Name": name, "Value": name, "Type": "String"}
            status, said = served.call("ssm", "AmazonSSM.PutParameter", value)
            assert status == 200, said
            acknowledged.append(("parameter", name))
            path = f"/bucket/{turn}-{client}-{number}"
            status, _, answer = served.store("PUT", path, path.encode() * 300)
            assert status == 200, answer
            acknowledged.append(("object", path))
    except (OSError, http.client.HTTPException):
        return  # it was killed: what had no answer may be there or not


def test_what_was_answered_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    state, ready = tmp_path / "state", tmp_path / "ready.json"
    chance = random.Random(7)
    acknowledged: list[tuple[str, str]] = []
    with serving(state, ready) as served:
        home = (
            b"<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
        )
        assert served.store("PUT", "/bucket", home)[0] == 200
    for turn in range(ROUNDS):
        with serving(state, ready) as served:
            before = len(acknowledged)
            threads = [
                threading.Thread(target=write_until_killed, args=(served, turn, client, acknowledged))
                for client in range(CLIENTS)
            ]
            for thread in threads:
                thread.start()
            threading.Event().wait(chance.uniform(0.5, 1.2))
            served.process.kill()
            for thread in threads:
                thread.join(30)
                assert not thread.is_alive()
            assert len(acknowledged) > before, "it was killed before anything was answered"
    with serving(state, ready) as served:
        names = [name for kind, name in acknowledged if kind == "parameter"]
        for start in range(0, len(names), 10):
            _, found = served.call("ssm", "AmazonSSM.GetParameters", {"Names": names[start : start + 10]})
            assert found["InvalidParameters"] == []
        for path in (name for kind, name in acknowledged if kind == "object"):
            status, headers, _ = served.store("HEAD", path)
            digest = hashlib.md5(path.encode() * 300, usedforsecurity=False).hexdigest()
            assert (status, headers.get("etag")) == (200, f'"{digest}"'), path
