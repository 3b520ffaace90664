"""X-Ray's port for tests: datagrams, and waiting for what becomes of them."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from pointsman.local import Backend
from pointsman.local.ports import bind_xray
from pointsman.local.xray.daemon import Daemon

HEADER = b'{"format": "json", "version": 1}\n'


@contextlib.contextmanager
def listening(backend: Backend, region: str = "us-east-1", **options: Any) -> Iterator[Daemon]:
    """A daemon for a backend."""
    port = bind_xray(0)
    daemon = Daemon(backend, port.udp, port.tcp, region=region, **options)
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.close()


def send(daemon: Daemon, *datagrams: bytes | dict[str, Any]) -> None:
    """Send datagrams; a document is given its header."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for one in datagrams:
            content = one if isinstance(one, bytes) else HEADER + json.dumps(one).encode()
            sender.sendto(content, ("127.0.0.1", daemon.port))


def wait(daemon: Daemon, settled: Callable[[dict[str, Any]], bool], seconds: float = 20.0) -> dict[str, Any]:
    """Wait until the daemon's counts are so; they are told once a second."""
    deadline = time.monotonic() + seconds
    while True:
        told: dict[str, Any] = daemon.about()["xray"]
        if settled(told):
            return told
        assert time.monotonic() < deadline, told
        time.sleep(0.02)
