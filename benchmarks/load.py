"""A raw load generator: requests written down once, sent over connections that are kept, answers counted.

Nothing is parsed but what keeps a connection in step (the status, the length, whether it is kept), so that it costs
little beside the server it drives::

    python -m benchmarks.load ADDRESS FILE CONNECTIONS COUNT      # FILE: requests, each a JSON string, one a line
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"


@dataclass
class Load:
    """What came of it."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.statuses.total() / self.seconds

    @property
    def errors(self) -> int:
        """Answers that were none."""
        return self.statuses.total() - self.statuses[200]


@dataclass(frozen=True)
class Keys:
    """What requests are signed with."""

    access_key_id: str = "testing"
    secret_access_key: str = "testing"


def request(
    address: str,
    keys: Keys,
    service: str,
    body: bytes,
    headers: Mapping[str, str],
    method: str = "POST",
    path: str = "/",
) -> bytes:
    """A signed request as it goes over the wire."""
    asked = AWSRequest(method, address + path, dict(headers), body)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(keys.access_key_id, keys.secret_access_key), service, REGION).add_auth(asked)
    told = {name: value.decode() if isinstance(value, bytes) else str(value) for name, value in asked.headers.items()}
    told |= {"Host": urlsplit(address).netloc, "Content-Length": str(len(body))}
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"{head}\r\n".encode() + body


def json_call(address: str, keys: Keys, service: str, target: str, parameters: object) -> bytes:
    """A call of AWS JSON 1.1."""
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    return request(address, keys, service, json.dumps(parameters).encode(), headers)


class _Connection:
    def __init__(self, place: tuple[str, int]) -> None:
        self._place = place
        self._buffer = b""
        self._missing = -1
        self._kept = True
        self.status = 0
        self.socket = self._connected()

    def _connected(self) -> socket.socket:
        made = socket.create_connection(self._place, 30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def send(self, data: bytes, selector: selectors.BaseSelector) -> None:
        """Send a request, over a new connection where the server keeps none."""
        if not self._kept:
            selector.unregister(self.socket)
            self.socket.close()
            self.socket = self._connected()
            selector.register(self.socket, selectors.EVENT_READ, self)
        self.socket.sendall(data)

    def feed(self) -> bool:
        """Read what has come; whether the answer is whole."""
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionError("the server closed a connection before its answer")
        if self._missing >= 0:
            self._missing -= len(data)
        else:
            self._buffer += data
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = self._buffer[:end].lower()
            self.status = int(head[9:12])
            self._kept = b"\r\nconnection: close" not in head
            at = head.find(b"\r\ncontent-length:")
            length = int(head[at + 17 :].split(b"\r", 1)[0]) if at >= 0 else 0
            self._missing = length - (len(self._buffer) - end - 4)
        if self._missing > 0:
            return False
        self._buffer, self._missing = b"", -1
        return True


def hammer(address: str, requests: Sequence[bytes], connections: int, count: int) -> Load:
    """Send ``count`` requests, turn and turn about, over so many connections at once.

    Raises:
        ConnectionError: A connection was closed.
    """
    parts = urlsplit(address)
    place = (str(parts.hostname), int(parts.port or 80))
    load = Load()
    with selectors.DefaultSelector() as selector:
        opened = [_Connection(place) for _ in range(connections)]
        sent = 0
        begun = time.perf_counter()
        for one in opened:
            selector.register(one.socket, selectors.EVENT_READ, one)
            one.send(requests[sent % len(requests)], selector)
            sent += 1
        done = 0
        while done < count:
            ready = selector.select(30)
            if not ready:
                raise ConnectionError("nothing was answered for half a minute")
            for key, _ in ready:
                one = key.data
                if not one.feed():
                    continue
                load.statuses[one.status] += 1
                done += 1
                if sent < count:
                    one.send(requests[sent % len(requests)], selector)
                    sent += 1
                else:
                    selector.unregister(one.socket)
        load.seconds = time.perf_counter() - begun
        for one in opened:
            one.socket.close()
    return load


def first_answer(address: str, make: Callable[[], bytes], timeout: float = 60.0) -> None:
    """Ask again and again until there is a good answer.

    Raises:
        TimeoutError: There is none.
    """
    deadline = time.perf_counter() + timeout
    while time.perf_counter() < deadline:
        try:
            if not hammer(address, [make()], 1, 1).errors:
                return
        except OSError:
            time.sleep(0.005)
    raise TimeoutError(f"{address} never answered")


def main() -> None:
    """Hammer until the count is reached, and say what came of it."""
    address, file, connections, count = sys.argv[1:]
    requests = [json.loads(line).encode("latin-1") for line in Path(file).read_text().splitlines()]
    load = hammer(address, requests, int(connections), int(count))
    print(json.dumps({"rate": load.rate, "errors": load.errors}))


if __name__ == "__main__":
    main()
