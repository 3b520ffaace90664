"""The backend as a library: what ``moto`` is to tests, but it executes."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import pointsman.local.backend
from pointsman.clock import ManualClock
from pointsman.local import Backend
from pointsman.local.scenarios import open_demo
from pointsman.local.state import StateFolder
from support.backend import CheckedBackend

WORLD = """
region: eu-west-1
calls:
  - ssm: {put_parameter: {Name: /app/colour, Value: green, Type: String}}
  - s3: {create_bucket: {Bucket: things, CreateBucketConfiguration: {LocationConstraint: eu-west-1}}}
"""


def project(backend: Backend, *commands: str, name: str = "work") -> Any:
    """CodeBuild's client, and a project with these commands."""
    client = backend.session().client("codebuild")
    listed = "".join(f"\n      - {command}" for command in commands)
    client.create_project(
        name=name,
        source={"type": "NO_SOURCE", "buildspec": f"version: 0.2\nphases:\n  build:\n    commands:{listed}\n"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/r",
    )
    return client


def status(client: Any, build_id: str) -> str:
    return str(client.batch_get_builds(ids=[build_id])["builds"][0]["buildStatus"])


def test_the_example_of_the_module_runs() -> None:
    told = pointsman.local.backend.__doc__ or ""
    lines = [line[4:] for line in told.splitlines() if line.startswith("    ")]
    example = "\n".join([*lines, "    assert codepipeline.list_pipelines()['pipelines'] == []"])
    exec(compile(example, "example", "exec"), {"__name__": "example"})


def test_the_library_imports_no_textual() -> None:
    code = "import sys; from pointsman.local import Backend\nwith Backend(): pass\nprint('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_nothing_is_left_of_a_backend_without_a_folder() -> None:
    with Backend(state=None) as backend:
        backend.session().client("ssm").put_parameter(Name="a", Value="b", Type="String")
        place = backend.root
        assert place.is_dir()
    assert not place.exists()
    with Backend(state=None) as other, pytest.raises(ClientError, match="ParameterNotFound"):
        other.session().client("ssm").get_parameter(Name="a")


def test_leaving_stops_builds_flushes_and_unlocks(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Backend(state=state) as backend:
        client = project(backend, "echo begun", "sleep 300")
        build_id = client.start_build(projectName="work")["build"]["id"]
        backend.session().client("ssm").put_parameter(Name="last", Value="word", Type="String")
        began = time.monotonic()
    assert time.monotonic() - began < 10
    StateFolder.claim(state).release()
    with pytest.raises(ClientError, match="closed"):
        client.list_projects()
    with Backend(state=state) as again:
        assert again.session().client("ssm").get_parameter(Name="last")["Parameter"]["Value"] == "word"
        until(lambda: status(again.session().client("codebuild"), build_id) != "IN_PROGRESS" or None)
    again.close()  # closing twice is harmless


def until(true: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_an_exception_inside_leaves_nothing_running_and_is_not_swallowed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Backend(state=tmp_path / "state"):
        raise ZeroDivisionError
    StateFolder.claim(tmp_path / "state").release()
    assert not [one for one in threading.enumerate() if one.name == "pointsman-backend"]


def test_clients_from_eight_threads_at_once_lose_nothing(tmp_path: Path) -> None:
    with CheckedBackend(state=tmp_path / "state") as backend:
        shared = backend.session().client("s3")
        shared.create_bucket(Bucket="things")

        def work(thread: int) -> int:
            own = backend.session().client("ssm")
            for number in range(25):
                own.put_parameter(Name=f"/{thread}/{number}", Value=str(number), Type="String")
                shared.put_object(Bucket="things", Key=f"{thread}/{number}", Body=f"{thread} {number}".encode())
                assert shared.get_object(Bucket="things", Key=f"{thread}/{number}")["Body"].read()
            return thread

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(work, range(8))) == list(range(8))
        keys = shared.list_objects_v2(Bucket="things")["KeyCount"]
        pages = backend.session().client("ssm").get_paginator("describe_parameters").paginate()
        assert (keys, sum(len(page["Parameters"]) for page in pages)) == (200, 200)


def test_bodies_stream_both_ways(tmp_path: Path) -> None:
    big = bytes(range(256)) * 4096 * 12  # past boto3's limit for multipart
    (tmp_path / "big").write_bytes(big)
    with Backend(state=tmp_path / "state") as backend:
        s3 = backend.session().client("s3")
        s3.create_bucket(Bucket="things")
        s3.upload_file(str(tmp_path / "big"), "things", "big")
        body = s3.get_object(Bucket="things", Key="big")["Body"]
        assert body.read(1000) == big[:1000]
        assert b"".join(body.iter_chunks(100_000)) == big[1000:]
        s3.download_file("things", "big", str(tmp_path / "back"))
        assert (tmp_path / "back").read_bytes() == big
        with (tmp_path / "big").open("rb") as handle:
            s3.put_object(Bucket="things", Key="again", Body=handle)
        lines = s3.get_object(Bucket="things", Key="again", Range="bytes=0-9")["Body"].read()
        assert lines == big[:10]


def test_a_manual_clock_carries_real_processes_before_it_returns(clock: ManualClock) -> None:
    with CheckedBackend(clock=clock) as backend:
        client = project(backend, "sleep 0.3", "echo really > done.txt", "cat done.txt")
        build_id = client.start_build(projectName="work")["build"]["id"]
        assert status(client, build_id) == "IN_PROGRESS"
        backend.settle()
        assert status(client, build_id) == "SUCCEEDED"
        second = client.start_build(projectName="work")["build"]["id"]
        clock.advance(0.5)
        assert status(client, second) == "SUCCEEDED"
        build = client.batch_get_builds(ids=[second])["builds"][0]
        assert build["endTime"] <= clock.now()


def test_a_manual_clock_carries_timeouts_past_a_process_that_hangs(clock: ManualClock) -> None:
    with Backend(clock=clock, patience=0.3) as backend:
        client = project(backend, "sleep 300")
        client.update_project(name="work", timeoutInMinutes=5)
        build_id = client.start_build(projectName="work")["build"]["id"]
        clock.advance(301)
        assert status(client, build_id) == "TIMED_OUT"


def test_the_wall_clock_carries_a_build_on_its_own_thread() -> None:
    with Backend() as backend:
        client = project(backend, "echo hello")
        build_id = client.start_build(projectName="work")["build"]["id"]
        until(lambda: status(client, build_id) != "IN_PROGRESS")
        assert status(client, build_id) == "SUCCEEDED"


def test_the_same_seed_gives_the_same_ids() -> None:
    made = []
    for seed in (7, 7, 8):
        with Backend(clock=ManualClock(), seed=seed) as backend:
            made.append(project(backend, "true").start_build(projectName="work")["build"]["id"])
    assert made[0] == made[1] != made[2]


def test_loading_a_world_twice_changes_nothing(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "world.yml").write_text(WORLD)
    with Backend(state=tmp_path / "state", clock=clock) as backend:
        backend.load(tmp_path / "world.yml")
        ssm = backend.session("eu-west-1").client("ssm")
        before = ssm.get_parameter(Name="/app/colour")["Parameter"]
        clock.advance(60)
        backend.load(str(tmp_path / "world.yml"))
        assert ssm.get_parameter(Name="/app/colour")["Parameter"] == before


def test_regions_are_apart_and_buckets_are_not() -> None:
    with Backend(clock=ManualClock()) as backend:
        west, east = backend.session("eu-west-1"), backend.session("us-east-1")
        west.client("ssm").put_parameter(Name="a", Value="b", Type="String")
        with pytest.raises(ClientError, match="ParameterNotFound"):
            east.client("ssm").get_parameter(Name="a")
        east.client("s3").create_bucket(Bucket="things")
        assert [one["Name"] for one in west.client("s3").list_buckets()["Buckets"]] == ["things"]


HOSTILE = {
    "AWS_PROFILE": "nobody",
    "AWS_ACCESS_KEY_ID": "AKIAREALKEY",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_ENDPOINT_URL": "http://198.51.100.1:1",
    "AWS_ENDPOINT_URL_S3": "http://198.51.100.1:1",
    "AWS_DEFAULT_REGION": "ap-south-1",
    "AWS_REGION": "ap-south-1",
    "AWS_MAX_ATTEMPTS": "9",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_CA_BUNDLE": "/nowhere.pem",
    "HTTPS_PROXY": "http://198.51.100.1:1",
    "HTTP_PROXY": "http://198.51.100.1:1",
}


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Any attempt to reach beyond this machine, or to look up a name, is noted and fails."""
    tried: list[Any] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> Any:
        if self.family == socket.AF_UNIX or (isinstance(address, tuple) and address[0] in ("127.0.0.1", "::1")):
            return real(self, address)
        tried.append(address)
        raise OSError("this test allows no network")

    def resolve(host: Any, *_: Any, **__: Any) -> Any:
        tried.append(host)
        raise OSError("this test allows no names")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return tried


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user whose environment and AWS files point elsewhere."""
    config = tmp_path / "config"
    config.write_text(
        "[default]\nregion = ap-south-1\nendpoint_url = http://198.51.100.1:1\nretry_mode = adaptive\n"
        "s3 =\n  addressing_style = virtual\n[profile nobody]\ncredential_process = /bin/false\n"
    )
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(config))


@pytest.mark.usefixtures("hostile")
def test_a_hostile_environment_is_not_seen_and_nothing_leaves_the_machine(sealed: list[Any], tmp_path: Path) -> None:
    with Backend(state=tmp_path / "state", clock=ManualClock()) as backend:
        session = backend.session(region_name="eu-west-1")
        assert (session.region_name, session.get_credentials().access_key) == ("eu-west-1", "POINTSMANLOCAL")
        s3 = session.client("s3")
        s3.create_bucket(Bucket="things", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket="things", Key="a", Body=b"b")
        assert s3.get_object(Bucket="things", Key="a")["Body"].read() == b"b"
        identity = session.client("sts").get_caller_identity()
        assert identity["Account"] == "123456789012"
        assert session.resource("s3").Bucket("things").Object("a").content_length == 1
        client = project(backend, "env")
        build_id = client.start_build(projectName="work")["build"]["id"]
        backend.settle()
        assert status(client, build_id) == "SUCCEEDED"
        about = client.batch_get_builds(ids=[build_id])["builds"][0]["logs"]
        log = (
            backend.session()
            .client("logs")
            .get_log_events(logGroupName=about["groupName"], logStreamName=about["streamName"], startFromHead=True)
        )
        said = "".join(event["message"] for event in log["events"])
        for leak in ("AKIAREALKEY", "198.51.100.1", "ap-south-1", "nobody"):
            assert leak not in said
    assert sealed == []


@pytest.mark.usefixtures("hostile")
def test_a_call_that_is_not_built_stays_on_this_machine_too(sealed: list[Any]) -> None:
    with Backend(clock=ManualClock()) as backend:
        session = backend.session()
        for service, call in (("ec2", "describe_instances"), ("dynamodb", "list_tables"), ("iam", "list_users")):
            with pytest.raises(ClientError, match="NotImplemented") as refused:
                getattr(session.client(service), call)()
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
        url = session.client("s3").generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
        assert url.startswith("http://127.0.0.1:9/")
    assert sealed == []


@pytest.mark.usefixtures("hostile")
def test_the_demo_reaches_no_network(sealed: list[Any]) -> None:
    demo = open_demo(paused=True)
    try:
        session = demo.session_factory()
        assert len(session.client("codepipeline").list_pipelines()["pipelines"]) == 8
        assert session.client("codebuild").list_projects()["projects"]
        with pytest.raises(ClientError):
            session.client("kms").list_keys()
    finally:
        demo.close()
    assert sealed == []


def test_a_session_of_ones_own_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with Backend(clock=ManualClock()) as backend:
        backend.session().client("sts").get_caller_identity()
        own = boto3.session.Session(aws_access_key_id="x", aws_secret_access_key="y", region_name="us-east-1")
        endpoint = own.client("sts").meta.endpoint_url
        assert endpoint == "https://sts.us-east-1.amazonaws.com"
