"""Segments for the benchmarks: documents of a small shop, and a sender that keeps a pace.

::

    python -m benchmarks.segments PORT RATE SECONDS     # sends, then prints how many

"""

from __future__ import annotations

import json
import socket
import sys
import time
from typing import Any

HEADER = b'{"format": "json", "version": 1}\n'
_TURN = 0.004


def trace_id(number: int, at: float) -> str:
    """A trace id of a time."""
    return f"1-{int(at):08x}-{number:024x}"


def purchase(number: int, at: float) -> list[bytes]:
    """A trace of two services and a table: two documents of five spans."""
    slow, failed = (number * 37 % 100) / 100, number % 50 == 0
    call = _span(3, "cart.local", at + 0.01, 0.2 + slow, namespace="remote", http=_http(500 if failed else 200))
    table = _span(
        5, "DynamoDB", at + 0.03, slow / 2, namespace="aws", aws={"table_name": "carts", "operation": "GetItem"}
    )
    shop = _span(
        2, "shop", at, 1 + slow, http=_http(200, f"http://shop.local/items/{number % 100}"), subsegments=[call]
    )
    cart = _span(4, "cart", at + 0.02, 0.1 + slow, fault=failed, subsegments=[table], parent_id=f"{3:016x}")
    shop |= {"user": f"u{number % 1000}", "annotations": {"tenant": f"t{number % 97}", "items": number % 7}}
    return [json.dumps({**one, "trace_id": trace_id(number, at)}).encode() for one in (shop, cart)]


def wide(spans: int, at: float) -> list[bytes]:
    """One trace of so many spans, fifty to a document."""
    found = []
    for first in range(0, spans, 50):
        inner = [
            _span(first + n, "call", at + n / 1000, 0.01, namespace="aws") for n in range(1, min(50, spans - first))
        ]
        top = _span(first, "worker", at, 1.0, http=_http(200, "http://worker/x"), subsegments=inner)
        found.append(json.dumps({**top, "trace_id": trace_id(1, at)}).encode())
    return found


def _span(number: int, name: str, start: float, lasts: float, **members: Any) -> dict[str, Any]:
    times = {"start_time": round(start, 6), "end_time": round(start + lasts, 6)}
    return {"id": f"{number + 1:016x}", "name": name, **times, **members}


def _http(status: int, url: str = "http://cart.local/x") -> dict[str, Any]:
    request = {"method": "GET", "url": url, "user_agent": "Mozilla/5.0", "client_ip": "10.0.0.7"}
    return {"request": request, "response": {"status": status, "content_length": 64}}


def send(port: int, rate: int, seconds: float) -> int:
    """Send segments at a pace; returns how many."""
    sent, number = 0, 0
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(("127.0.0.1", port))
    begun = time.monotonic()
    ready: list[bytes] = []
    while (passed := time.monotonic() - begun) < seconds:
        while sent < passed * rate:
            if not ready:
                number += 1
                ready = purchase(number, time.time())
            sender.send(HEADER + ready.pop())
            sent += 1
        time.sleep(_TURN)
    return sent


if __name__ == "__main__":
    print(send(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
