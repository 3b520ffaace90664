"""An answer on its way: whole, piece by piece, or as events for as long as there is somebody who takes them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from pointsman.local.endpoint.eventstream import Events
from pointsman.local.endpoint.messages import Readable, Response

__all__ = ["Receive", "Send", "send_events", "send_response"]

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_PIECE = 256 * 1024


async def send_response(send: Send, response: Response, *, head: bool = False) -> None:
    """Send an answer; without its body when that was not asked for."""
    body = response.body
    bare = head or response.status in (204, 304)
    said = head and "content-length" in response.headers
    if isinstance(body, bytes) and response.status not in (204, 304) and not said:
        response.headers["content-length"] = str(len(body))
    await _send_head(send, response)
    if isinstance(body, bytes):
        await send({"type": "http.response.body", "body": b"" if bare else body})
        return
    assert not isinstance(body, Events), "events are sent by send_events"
    try:
        if not bare:
            await _stream(send, body)
        await send({"type": "http.response.body", "body": b""})
    finally:
        body.close()


async def _send_head(send: Send, response: Response) -> None:
    headers = [(name.encode("latin-1"), _header(value)) for name, value in response.headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})


async def _stream(send: Send, body: Readable) -> None:
    while piece := body.read(_PIECE):
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def send_events(receive: Receive, send: Send, response: Response, events: Events) -> None:
    """Send an event stream for as long as there is somebody who takes it."""
    gone = asyncio.ensure_future(receive())
    """The request is whole, so whatever comes now is that the client has closed its side."""
    try:
        await _send_head(send, response)
        while not gone.done():
            coming = asyncio.ensure_future(events.next())
            await asyncio.wait({coming, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                break
            if not (piece := coming.result()):
                break
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        events.close()
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone


def _header(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")
