from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from pointsman.clock import SystemClock
from pointsman.local.xray import address, listener
from pointsman.local.xray.daemon import Daemon, annotated
from support.backend import CheckedBackend
from support.traces import segment, trace_id
from support.xray_port import HEADER, listening, send, wait

pytestmark = pytest.mark.xdist_group("xray-port")


def now() -> float:
    return datetime.now(UTC).timestamp()


@pytest.fixture
def live() -> Iterator[CheckedBackend]:
    """A backend on the wall clock, as a served one is."""
    with CheckedBackend(clock=SystemClock()) as made:
        yield made


def found(backend: CheckedBackend, region: str = "us-east-1") -> list[str]:
    client = backend.session(region).client("xray")
    start = datetime.now(UTC) - timedelta(hours=1)
    pages = client.get_paginator("get_trace_summaries").paginate(StartTime=start, EndTime=start + timedelta(hours=2))
    return sorted(one["Id"] for page in pages for one in page["TraceSummaries"])


def fresh(number: int, **members: Any) -> dict[str, Any]:
    return segment(trace_id(number, now()), 2, start=now(), **members)


def sampler(daemon: Daemon) -> Any:
    return boto3.client(
        "xray",
        endpoint_url=f"http://127.0.0.1:{daemon.port}",
        region_name="us-west-2",
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )


def test_what_is_sent_by_udp_is_found(live: CheckedBackend) -> None:
    with listening(live, "eu-west-1") as daemon:
        sent = [fresh(number) for number in range(5)]
        send(daemon, *sent)
        told = wait(daemon, lambda told: told["kept"] == 5)
        assert found(live, "eu-west-1") == sorted(one["trace_id"] for one in sent)
        assert found(live, "us-east-1") == []
        assert told["port"] == daemon.port


def test_what_is_malformed_is_counted_and_skipped(live: CheckedBackend) -> None:
    good = fresh(1)
    bad = [
        b"",
        b"\n",
        b"{}",
        HEADER,
        HEADER + b"  \n ",
        b'{"format": "xml", "version": 1}\n{}',
        b'{"format": "json", "version": 2}\n{}',
        b'{"format": "json", "version": true}\n{}',
        b"[" * 60_000,
        os.urandom(2000).replace(b"\n", b" "),
    ]
    refused = [HEADER + b"{", HEADER + b'{"id": "\x00\xff"}', HEADER + b"[1, 2]\n[3]"]
    with listening(live) as daemon:
        send(daemon, *bad, *refused, good)
        send(daemon, b'{"format":"JSON",  "version":1}\n' + b'{"a":\n1}')
        told = wait(daemon, lambda told: told["kept"] == 1 and told["refused"] == 4 and told["malformed"] == len(bad))
        assert told["received"] == len(bad) + len(refused) + 2
        assert found(live) == [good["trace_id"]]


def test_the_largest_datagram_and_one_that_is_too_large(live: CheckedBackend) -> None:
    bare = fresh(1, metadata={"x": ""})
    room = 65_507 - len(HEADER) - 400
    with listening(live) as daemon:
        send(daemon, bare | {"metadata": {"x": "a" * room}})
        with pytest.raises(OSError):
            send(daemon, HEADER + b"a" * 65_507)
        wait(daemon, lambda told: told["kept"] == 1)


def test_a_backend_that_is_busy_makes_nothing_lost_up_to_a_bound(live: CheckedBackend) -> None:
    with listening(live, held=200_000) as daemon:
        size = 2_000
        with live.world.lock:  # nobody is answered
            for number in range(400):
                send(daemon, fresh(number, metadata={"x": "a" * size}))
            wait(daemon, lambda told: told["spilled"] > 0, 30)
        told = wait(
            daemon, lambda told: told["received"] == 400 and told["kept"] + told["spilled"] == 400 and not told["held"]
        )
        assert told["kept"] > 50
        assert told["dropped"] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells what it dropped in /proc")
def test_what_the_kernel_drops_is_told(live: CheckedBackend) -> None:
    with listening(live) as daemon:
        process = daemon._process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)
        daemon._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        send(daemon, *(fresh(number, metadata={"x": "a" * 1000}) for number in range(200)))
        os.kill(process.pid, signal.SIGCONT)
        told = wait(daemon, lambda told: told["dropped"] > 0)
        told = wait(daemon, lambda told: told["received"] + told["dropped"] == 200)
        assert told["kept"] <= told["received"]


def test_a_listener_that_is_killed_is_started_again(live: CheckedBackend) -> None:
    with listening(live) as daemon:
        send(daemon, fresh(1))
        wait(daemon, lambda told: told["kept"] == 1 and told["received"] == 1)
        process = daemon._process
        assert process is not None
        process.kill()
        wait(daemon, lambda told: told["restarts"] == 1)
        send(daemon, fresh(2))
        assert wait(daemon, lambda told: told["kept"] == 2)["received"] >= 1


def test_closing_while_a_killed_listener_is_started_again_takes_no_time(live: CheckedBackend) -> None:
    with listening(live) as daemon:
        process = daemon._process
        assert process is not None
        process.kill()
        process.wait()
        begun = time.monotonic()
        daemon.close()
        assert time.monotonic() - begun < 5
        assert daemon._process is process or daemon._process is None or daemon._process.poll() is not None


def test_closing_takes_in_what_has_come_and_lets_go_of_the_port(live: CheckedBackend) -> None:
    with listening(live) as daemon:
        port = daemon.port
        send(daemon, *(fresh(number) for number in range(20)))
        daemon.close()
        process = daemon._process
        assert process is not None
        assert process.poll() == 0
        assert len(found(live)) == 20
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind(("127.0.0.1", port))


def test_samplers_get_rules_and_targets_unsigned(live: CheckedBackend) -> None:
    with listening(live) as daemon:
        client = sampler(daemon)
        [default] = client.get_sampling_rules()["SamplingRuleRecords"]
        assert default["SamplingRule"]["RuleName"] == "Default"
        statistics = {
            "RuleName": "Default",
            "ClientID": "a" * 24,
            "Timestamp": datetime.now(UTC),
            "RequestCount": 3,
            "SampledCount": 1,
        }
        [target] = client.get_sampling_targets(SamplingStatisticsDocuments=[statistics])["SamplingTargetDocuments"]
        assert target["ReservoirQuota"] == 1


def test_the_unsigned_side_answers_nothing_else(live: CheckedBackend) -> None:
    with listening(live) as daemon:
        client = sampler(daemon)
        for call, parameters in (
            (client.put_trace_segments, {"TraceSegmentDocuments": ["{}"]}),
            (client.get_groups, {}),
            (client.delete_sampling_rule, {"RuleName": "x"}),
        ):
            with pytest.raises(ClientError) as caught:
                call(**parameters)
            assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
        with pytest.raises(ClientError) as caught:
            client.get_sampling_targets(SamplingStatisticsDocuments=[{**_STATISTICS, "ClientID": "a" * 25}])
        assert caught.value.response["Error"]["Code"] == "InvalidRequestException"


_STATISTICS: dict[str, Any] = {"RuleName": "Default", "Timestamp": 0, "RequestCount": 0, "SampledCount": 0}


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
        b"POST /GetSamplingRules HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 0\r\n\r\n",
        b"POST /GetSamplingRules HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: http://evil\r\ncontent-length: 0\r\n\r\n",
        b"POST /SamplingTargets HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 3\r\n\r\n{\xff}",
        b"nonsense\r\n\r\n",
    ],
)
def test_what_does_not_belong_at_the_tcp_port_is_refused_by_a_4xx(live: CheckedBackend, request_: bytes) -> None:
    with listening(live) as daemon, socket.create_connection(("127.0.0.1", daemon.port), 10) as connection:
        connection.sendall(request_)
        assert connection.recv(4096).split(b" ")[1][:1] == b"4"


def test_builds_are_told_where_the_daemon_is(live: CheckedBackend) -> None:
    assert address.variables(live.world) == {}
    with listening(live) as daemon:
        expected = {
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.port}",
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        }
        assert address.variables(live.world) == expected
        live.reset()
        assert address.variables(live.world) == expected
        send(daemon, fresh(1))
        wait(daemon, lambda told: told["kept"] == 1)
        assert len(found(live)) == 1
    assert address.variables(live.world) == {}


@given(st.lists(st.binary(max_size=80) | st.binary(max_size=80).map(HEADER.__add__), max_size=30))
def test_every_datagram_waits_or_is_counted(datagrams: list[bytes]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        made = listener.Listener(udp, ours, 1000, 1000)
        for one in datagrams:
            made._read(one, ("127.0.0.1", 0))
        assert len(made._waiting) + made.malformed + made.spilled == len(datagrams)
        assert made._held <= 1000 + 200
        assert all(body and b"\n" not in body for _, body in made._waiting)


@given(st.binary(max_size=300))
def test_any_header_is_read_or_not(content: bytes) -> None:
    assert listener._announces(content) in (True, False)


_PROGRAM = """
import json, os, socket, sys
host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.sendto(sys.argv[1].encode(), (host, int(port)))
sys.stdin.read()
"""
"""Sends a datagram, and runs on until its input ends."""


def sent_by(daemon: Daemon, live: CheckedBackend, document: dict[str, Any], **environment: str) -> None:
    command = [sys.executable, "-c", _PROGRAM, HEADER.decode() + json.dumps(document)]
    variables = {**address.variables(live.world), **environment}
    before = daemon.about()["xray"]["kept"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=variables) as process:
        wait(daemon, lambda told: told["kept"] > before)
        process.communicate()


def marks(live: CheckedBackend) -> dict[str, Any]:
    client = live.session("us-east-1").client("xray")
    start = datetime.now(UTC) - timedelta(hours=1)
    [one] = client.get_trace_summaries(StartTime=start, EndTime=start + timedelta(hours=2))["TraceSummaries"]
    return {key: values[0]["AnnotationValue"]["StringValue"] for key, values in one["Annotations"].items()}


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells whose a port is in /proc")


@on_linux
def test_what_a_build_sends_leads_to_the_build(live: CheckedBackend) -> None:
    with listening(live) as daemon:
        build = {"CODEBUILD_BUILD_ID": "shop:1", "CODEBUILD_INITIATOR": "codepipeline/release", "OTHER": "x"}
        sent_by(daemon, live, fresh(1, annotations={"own": "kept"}), **build)
        expected = {"codebuild_build_id": "shop:1", "codepipeline_name": "release", "own": "kept"}
        assert marks(live) == expected


@on_linux
def test_what_a_deployed_program_sends_leads_to_its_deployment(live: CheckedBackend) -> None:
    with listening(live) as daemon:
        hook = {"DEPLOYMENT_ID": "d-ABC", "APPLICATION_NAME": "shop", "DEPLOYMENT_GROUP_NAME": "prod"}
        sent_by(daemon, live, fresh(1), **hook)
        assert marks(live) == {
            "codedeploy_deployment_id": "d-ABC",
            "codedeploy_application": "shop",
            "codedeploy_deployment_group": "prod",
        }


@on_linux
def test_what_belongs_to_no_release_is_left_as_it_is(live: CheckedBackend) -> None:
    with listening(live) as daemon:
        sent_by(daemon, live, fresh(1), APPLICATION_NAME="mine", DEPLOYMENT_ID="seven")
        assert marks(live) == {}


def test_annotations_of_a_documents_own_win_and_what_cannot_be_read_stays() -> None:
    ids = {"codebuild_build_id": "a:1"}
    assert json.loads(annotated(b'{"annotations": {"codebuild_build_id": "mine"}}', ids)) == {
        "annotations": {"codebuild_build_id": "mine"}
    }
    deep = b'{"subsegments":[' * 3000 + b"]}" * 3000
    for content in (b"{", b"[]", b"5", b'{"annotations": 5}', deep, b'{"a": "' + b"a" * 65_500 + b'"}'):
        assert annotated(content, ids).replace(b" ", b"") == content.replace(b" ", b"")


@on_linux
def test_a_real_build_is_told_where_to_send_and_its_trace_leads_back(live: CheckedBackend, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM.replace("sys.stdin.read()", "import time; time.sleep(1)"))
    datagram = tmp_path / "datagram"
    datagram.write_bytes(HEADER + json.dumps(fresh(1)).encode())
    command = f'{sys.executable} {program} "$(cat {datagram})"'
    spec = {"version": 0.2, "phases": {"build": {"commands": [command]}}}
    client = live.session("us-east-1").client("codebuild")
    client.create_project(
        name="shop",
        source={"type": "NO_SOURCE", "buildspec": json.dumps(spec)},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "none", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/build",
    )
    with listening(live) as daemon:
        build = client.start_build(projectName="shop")["build"]["id"]
        wait(daemon, lambda told: told["kept"] == 1)
        assert marks(live) == {"codebuild_build_id": build}
