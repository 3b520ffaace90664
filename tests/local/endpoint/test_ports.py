"""Ports are had whole or not at all, and a taken one is said."""

from __future__ import annotations

import socket

import pytest

from pointsman.errors import StateError
from pointsman.local.ports import bind_http, bind_xray


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
