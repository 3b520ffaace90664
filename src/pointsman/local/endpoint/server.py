"""uvicorn carries the application: on a thread of its own, with deadlines and limits of ours.

uvicorn bounds neither a request's head nor the time it takes nor that of its body; ``Connection`` does, by looking at
itself every few seconds. What cannot be parsed is answered in AWS's shape too.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from asyncio.events import TimerHandle
from typing import Any

import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

log = logging.getLogger("pointsman.local")

HEAD_SECONDS = 20.0
"""How long a request's head may take."""
IDLE_SECONDS = 30.0
"""How long a body may pause, and how long a client may take nothing of its answer."""
PACE = 2048
"""Bytes a second that a body must have come at, after its first minute."""
HEAD_BYTES = 64 * 1024
"""How large a head may be."""
HEADERS = 200
"""How many headers it may have."""
DISCARDED = 256 * 1024 * 1024
"""Bytes of a refused body that are read and thrown away, so that its sender gets to read the refusal."""
LOOK_SECONDS = 5.0
"""How often a connection looks at itself."""
_GATHERED = 64 * 1024


class TooLarge(ValueError):
    """A head beyond its limits."""


class Gathering:
    """A transport that sends what is written in one turn of the loop at once: a head and its body are one packet."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send, soon; at once when it has become much, so that the transport's own limits still hold."""
        if not self._pieces:
            self._loop.call_soon(self.flush)
        self._pieces.append(data)
        self._size += len(data)
        if self._size > _GATHERED:
            self.flush()

    def flush(self) -> None:
        """Send what has gathered."""
        if self._pieces:
            data = b"".join(self._pieces)
            self._pieces.clear()
            self._size = 0
            self._transport.write(data)

    def close(self) -> None:
        """Send what has gathered, then close."""
        self.flush()
        self._transport.close()


class Connection(HttpToolsProtocol):
    """One connection: uvicorn's, with limits."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        self._refused = 0
        self._waste = 0
        self._head_bytes = 0
        self._body_bytes = 0
        now = self.loop.time()
        self._head_since: float | None = now
        self._last = self._body_since = now
        self._stuck_since: float | None = None
        super().connection_made(Gathering(transport, self.loop))  # type: ignore[arg-type]
        self._look: TimerHandle = self.loop.call_later(LOOK_SECONDS, self._on_look)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._look.cancel()
        super().connection_lost(exc)

    def _on_look(self) -> None:
        if self.transport.is_closing():
            return
        now = self.loop.time()
        cycle: Any = self.cycle
        if self._head_since is not None and now - self._head_since > HEAD_SECONDS:
            self._refuse(408, "RequestTimeout", "The head of the request did not come in time.")
            return
        if self._stuck_since is not None and now - self._stuck_since > IDLE_SECONDS:
            self.transport.abort()
            return
        if cycle is not None and not cycle.response_complete and cycle.more_body:
            took = now - self._body_since
            if now - self._last > IDLE_SECONDS or (took > 60 and self._body_bytes < took * PACE):
                self._cut(late=True)
        self._look = self.loop.call_later(LOOK_SECONDS, self._on_look)

    def _cut(self, *, late: bool) -> None:
        """End a body where it is; the application finds it short, and answers so."""
        cycle = self.cycle
        cycle.keep_alive = False
        if cycle.more_body:
            cycle.more_body = False
            cycle.scope["state"]["late" if late else "cut"] = True
        cycle.message_event.set()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head_bytes = self._body_bytes = 0
        self._head_since = self.loop.time()

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._count(len(name) + len(value) + 4)
        if len(self.headers) >= HEADERS:
            self._refused = 431
            raise TooLarge("too many headers")
        super().on_header(name, value)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES:
            self._refused = 431
            raise TooLarge("the head is too large")

    def on_headers_complete(self) -> None:
        """The head has come."""
        super().on_headers_complete()
        self._head_since = None
        self._body_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self._refused:
            return
        self._last = self.loop.time()
        pending = self._head_since is not None
        super().data_received(data)
        if pending and self._head_since is not None and not self._refused:
            # A target or a header that does not end: the parser keeps it to itself until it does.
            self._head_bytes += len(data)
            if self._head_bytes > 2 * HEAD_BYTES:
                self._refused = 431
                self.send_400_response("")

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        self._body_bytes += len(body)
        if self.cycle.response_complete:
            self._waste += len(body)
            if self._waste > DISCARDED:
                self.transport.close()
        super().on_body(body)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """The client has closed its half: it still gets the answer to what it has sent."""
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete or self._refused:
            return None
        self._cut(late=False)
        return True

    def pause_writing(self) -> None:
        """The client takes less than it is sent."""
        self._stuck_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It has taken some."""
        self._stuck_since = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed."""
        del msg
        if self._refused == 431:
            self._refuse(431, "RequestHeaderSectionTooLarge", "Your request header section exceeds the maximum size.")
        else:
            self._refuse(400, "BadRequest", "An error occurred when parsing the HTTP request.")

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._refused = status
        self._head_since = None
        body = msgspec.json.encode({"__type": code, "message": message})
        head = (
            f"content-type: application/x-amz-json-1.1\r\nx-amzn-errortype: {code}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(STATUS_LINE[status] + head.encode() + body)
        self.transport.close()


class Server:
    """The server's thread.

    Args:
        app: The application.
        listener: The bound socket.
        concurrency: Connections beyond which further ones are told to come later.
    """

    def __init__(self, app: Any, listener: socket.socket, *, concurrency: int = 1024) -> None:
        config = uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
            limit_concurrency=concurrency,
            backlog=256,
        )
        self._server = uvicorn.Server(config)
        self._listener = listener
        self._thread = threading.Thread(target=self._run, name="pointsman-endpoint", daemon=True)

    def start(self) -> None:
        """Answer from now on."""
        self._listener.listen(256)
        self._thread.start()

    def _run(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._listener]))
        except Exception:  # the thread's boundary
            log.exception("the endpoint's server ended")

    def stop(self, seconds: float = 5.0) -> None:
        """Let go of every client and of the port."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(seconds)
        self._listener.close()
