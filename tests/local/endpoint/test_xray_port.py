"""X-Ray's port while no trace is taken in: bound for both, counted, refused by name."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator

import pytest

from pointsman.errors import StateError
from pointsman.local.endpoint.xray_port import UntakenTraces
from pointsman.local.ports import bind_http, bind_xray


@pytest.fixture
def seat() -> Iterator[UntakenTraces]:
    """It, on a free port."""
    made = UntakenTraces(bind_xray(0))
    made.start()
    yield made
    made.close()
    made.close()


def port_of(seat: UntakenTraces) -> int:
    return int(seat.about()["xray"]["port"])


def asked(seat: UntakenTraces, path: str, **headers: str) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(seat), timeout=10)
    try:
        connection.request("POST", path, b"{}", headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_datagrams_are_counted(seat: UntakenTraces) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(10):
            sender.sendto(b'{"format": "json", "version": 1}\n{}', ("127.0.0.1", port_of(seat)))
        sender.sendto(b"", ("127.0.0.1", port_of(seat)))
    deadline = time.monotonic() + 10
    while seat.dropped < 11:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert seat.about()["xray"]["dropped"] == 11


@pytest.mark.parametrize(
    ("path", "operation"), [("/GetSamplingRules", "GetSamplingRules"), ("/SamplingTargets", "GetSamplingTargets")]
)
def test_what_a_daemon_answers_says_by_name_that_it_is_not_built(
    seat: UntakenTraces, path: str, operation: str
) -> None:
    status, said = asked(seat, path)
    assert (status, said["message"]) == (501, f"Pointsman's backend does not answer xray:{operation}")


def test_strangers_and_pages_are_turned_away(seat: UntakenTraces) -> None:
    assert asked(seat, "/Nowhere")[0] == 404
    assert asked(seat, "/GetSamplingRules", Origin="http://evil.example")[0] == 403
    assert asked(seat, "/GetSamplingRules", Host="evil.example")[0] == 403


def test_a_port_that_is_taken_for_either_is_refused_and_neither_is_kept() -> None:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.bind(("127.0.0.1", 0))
            if kind == socket.SOCK_STREAM:
                taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(StateError, match=f"X-Ray's port {port} on 127.0.0.1 cannot be had"):
                bind_xray(port)
        bind_xray(port).close()


def test_the_endpoints_port_is_refused_when_it_is_taken() -> None:
    with bind_http("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StateError, match=f"port {port} on 127.0.0.1 cannot be had"):
            bind_http("127.0.0.1", port)
