"""``application/vnd.amazon.eventstream``: what AWS sends where an answer goes on, message by message.

A message is a prelude (lengths and their checksum), headers, a payload and the checksum of it all. The first one stands
for the answer itself; an event that is an exception ends the stream.
"""

from __future__ import annotations

import asyncio
from binascii import crc32
from collections.abc import Callable, Mapping
from struct import pack
from typing import Any

from pointsman.local.flows import Flow, failure

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_STRING = 7
_OVERHEAD = 16
"""Bytes of a message beside headers and payload."""
_PAUSE = 1.0
"""Seconds after which a flow is asked again at the latest."""


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = pack("!II", len(head) + len(payload) + _OVERHEAD, len(head))
    checked = prelude + pack("!I", crc32(prelude)) + head + payload
    return checked + pack("!I", crc32(checked))


def _header(name: str, value: str) -> bytes:
    told, text = name.encode(), value.encode()
    return pack("!B", len(told)) + told + pack("!BH", _STRING, len(text)) + text


class Events:
    """A flow as a body.

    Args:
        flow: Where the events come from.
        written: Member of the event stream -> what writes its payload.
    """

    def __init__(self, flow: Flow, written: Mapping[str, Callable[[Any], bytes]]) -> None:
        self._flow = flow
        self._written = written
        self._first = True

    async def next(self) -> bytes:
        """The messages that are due, waited for; empty at the end."""
        if self._first:
            self._first = False
            return message(_kinds("event", "initial-response"), b"{}") + await asyncio.to_thread(self._due)
        while not (due := await asyncio.to_thread(self._due)):
            if self._flow.over:
                return b""
            await asyncio.sleep(min(_PAUSE, self._flow.pause()))
        return due

    def _due(self) -> bytes:
        pieces = []
        for event in self._flow.take():
            kind = "event" if failure(event) is None else "exception"
            pieces += [message(_kinds(kind, name), self._written[name](value)) for name, value in event.items()]
        return b"".join(pieces)

    def close(self) -> None:
        """Whoever took it has gone, or it is over."""
        self._flow.close()


def _kinds(kind: str, name: str) -> dict[str, str]:
    return {":message-type": kind, f":{kind}-type": name, ":content-type": "application/json"}
