"""``POST /_pointsman/reset``: all work killed, everything empty, soon; what is not the backend's stays."""

from __future__ import annotations

import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from pointsman.errors import StateError
from pointsman.local import Backend
from pointsman.local.emptying import sweep
from pointsman.local.endpoint import Endpoint
from pointsman.local.reach import Reach
from pointsman.local.state import StateFolder
from support.endpoint import KEY, ask, call

PROJECT: dict[str, Any] = {
    "name": "stubborn",
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
    "serviceRole": "arn:aws:iam::123456789012:role/r",
}


@cache
def client(endpoint: Endpoint, service: str) -> Any:
    session = boto3.Session(KEY.access_key_id, KEY.secret_access_key, region_name="us-east-1")
    once = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return session.client(service, endpoint_url=endpoint.address, config=once)


def furnish(endpoint: Endpoint, number: int) -> None:
    """Something of everything."""
    client(endpoint, "s3").create_bucket(Bucket="bucket")
    for key in range(number):
        client(endpoint, "s3").put_object(Bucket="bucket", Key=str(key), Body=b"x" * 5000)
    client(endpoint, "ssm").put_parameter(Name="/a", Value="b", Type="String")
    git = client(endpoint, "codecommit")
    git.create_repository(repositoryName="app")
    git.put_file(repositoryName="app", branchName="main", filePath="a", fileContent=b"x")


def stubborn(endpoint: Endpoint, seen: Path) -> int:
    """A build that does not end when it is asked to; its pid."""
    builds = client(endpoint, "codebuild")
    command = f"trap '' TERM HUP INT; echo $$ > {seen}.new; mv {seen}.new {seen}; while :; do sleep 0.05; done"
    spec = f'version: 0.2\nphases: {{build: {{commands: ["{command}"]}}}}\n'
    builds.create_project(**PROJECT, source={"type": "NO_SOURCE", "buildspec": spec})
    builds.start_build(projectName="stubborn")
    deadline = time.monotonic() + 30
    while not seen.exists():
        assert time.monotonic() < deadline, "the build never began"
        time.sleep(0.02)
    return int(seen.read_text())


def test_work_is_killed_and_everything_is_empty_in_a_tenth_of_a_second(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "notes.txt").write_text("mine")
    with Backend(state=state) as backend, Endpoint(backend, keys=KEY, reset=backend.reset) as endpoint:
        took = []
        for turn in range(10):
            furnish(endpoint, 20)
            seen = tmp_path / f"seen-{turn}"
            pid = stubborn(endpoint, seen)
            begun = time.perf_counter()
            status, _, answer = ask(endpoint, "POST", "/_pointsman/reset", {})
            took.append(time.perf_counter() - begun)
            assert (status, answer) == (200, b'{"status":"empty"}')
            assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]
            assert client(endpoint, "s3").list_buckets()["Buckets"] == []
            assert client(endpoint, "ssm").describe_parameters()["Parameters"] == []
            assert client(endpoint, "codecommit").list_repositories()["repositories"] == []
            assert client(endpoint, "codebuild").list_builds()["ids"] == []
            assert backend.world.tool(Reach).address == endpoint.address, "builds still know where to call"
            # What other processes take of a busy machine is not ours: once is enough.
            if turn > 0 and min(took) < 0.1:
                break
        assert min(took) < 0.1, took
        assert (state / "notes.txt").read_text() == "mine"
    with Backend(state=state) as again:
        assert again.session().client("s3").list_buckets()["Buckets"] == []


def test_calls_that_come_meanwhile_are_answered_or_told_to_come_again(tmp_path: Path) -> None:
    with Backend(state=tmp_path / "state") as backend, Endpoint(backend, keys=KEY, reset=backend.reset) as endpoint:
        told: set[tuple[int, str]] = set()
        done = threading.Event()

        def ask_on() -> None:
            while not done.is_set():
                status, headers, _ = call(endpoint, "ListPipelines")
                told.add((status, headers.get("x-amzn-errortype", "")))

        threads = [threading.Thread(target=ask_on) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(10):
            assert ask(endpoint, "POST", "/_pointsman/reset", {})[0] == 200
        done.set()
        for thread in threads:
            thread.join()
    assert told <= {(200, ""), (503, "ServiceUnavailable")}
    assert (200, "") in told


def test_a_backend_in_memory_is_emptied_too_and_a_closed_one_is_not() -> None:
    with Backend() as backend:
        backend.session().client("ssm").put_parameter(Name="/a", Value="b", Type="String")
        backend.reset()
        assert backend.session().client("ssm").describe_parameters()["Parameters"] == []
    with pytest.raises(StateError, match="has been closed"):
        backend.reset()


def test_a_folder_whose_records_are_none_is_let_go_of(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"no database" * 500)
    with pytest.raises(StateError, match="file is not a database"):
        Backend(state=tmp_path)
    StateFolder.claim(tmp_path).release()


def test_what_a_killed_process_had_only_moved_away_is_removed_at_the_next_start(tmp_path: Path) -> None:
    left = tmp_path / ".emptied-x"
    (left / "blobs").mkdir(parents=True)
    sweep(tmp_path)
    deadline = time.monotonic() + 10
    while left.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
