"""What sits at X-Ray's port while no trace is taken in: datagrams are counted and dropped, TCP answers 501 by name.

A daemon takes this seat by doing as it does: it is given bound sockets, started once, closed once, and tells in
``about`` what ``GET /_pointsman/health`` says of it.
"""

from __future__ import annotations

import os
import select
import threading
from typing import Any

from pointsman.local.answers import AwsError, not_built
from pointsman.local.endpoint import guard
from pointsman.local.endpoint.app import Receive, Scope, Send, request_of, send_response
from pointsman.local.endpoint.messages import Request, Response, Undecodable
from pointsman.local.endpoint.protocols import CODECS
from pointsman.local.endpoint.routing import Place, Router
from pointsman.local.endpoint.server import Server
from pointsman.local.ports import XraySockets

_LARGEST = 65_536


class UntakenTraces:
    """Holds X-Ray's port.

    Args:
        sockets: The port, bound.
    """

    def __init__(self, sockets: XraySockets) -> None:
        self._sockets = sockets
        self._port = sockets.port
        self.dropped = 0
        """Datagrams that came."""
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._drop, name="pointsman-xray", daemon=True)
        self._server = Server(_answer, sockets.tcp, concurrency=64)
        self._open = True

    def start(self) -> None:
        """Take datagrams and requests from now on."""
        self._thread.start()
        self._server.start()

    def about(self) -> dict[str, Any]:
        """The port, and what came to it."""
        return {"xray": {"port": self._port, "dropped": self.dropped}}

    def close(self) -> None:
        """Let go of the port. Closing twice is harmless."""
        if self._open:
            self._open = False
            os.close(self._waker)
            self._thread.join(5)
            os.close(self._wake)
            self._server.stop()
            self._sockets.close()

    def _drop(self) -> None:
        udp = self._sockets.udp
        buffer = bytearray(_LARGEST)
        while True:
            ready, _, _ = select.select([udp.fileno(), self._wake], [], [])
            if self._wake in ready:
                return
            udp.recv_into(buffer)
            self.dropped += 1


_ROUTER = Router({"xray": ()})
_PLACE = Place("xray", CODECS["rest-json"], "xray")
_REQUEST_ID = "00000000-0000-0000-0000-000000000000"


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Say by name that it is not built."""
    del receive
    await send_response(send, _refused(request_of(scope)))


def _refused(request: Request) -> Response:
    try:
        guard.check_origin(request, guard.LOOPBACK)
        error = not_built("xray", _ROUTER.route(request, _PLACE).operation)
    except guard.Turned as turned:
        error = turned.error()
    except Undecodable as undecodable:
        error = AwsError(undecodable.code or _PLACE.codec.malformed, undecodable.message)
    except AwsError as unknown:
        error = unknown
    return _PLACE.codec.fail("xray", error, _REQUEST_ID)
