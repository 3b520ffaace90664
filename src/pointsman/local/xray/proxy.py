"""The TCP side of X-Ray's daemon: the two calls that samplers make, unsigned, for processes of this user.

The real daemon signs and forwards whatever it is sent. This one has nothing to sign with, and whoever reaches a
loopback port is nobody in particular: what is not sampling is refused.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from typing import Any, Final

from pointsman.local.answers import AwsError, Parameters
from pointsman.local.endpoint import guard
from pointsman.local.endpoint.messages import Request, Response, Undecodable
from pointsman.local.endpoint.models import operation_model
from pointsman.local.endpoint.protocols import CODECS
from pointsman.local.endpoint.routing import Place, Router
from pointsman.local.endpoint.server import Server
from pointsman.local.endpoint.validation import check

log = logging.getLogger("pointsman.local")

OPERATIONS: Final = ("GetSamplingRules", "GetSamplingTargets")
_LARGEST: Final = 256 * 1024
_CODEC: Final = CODECS["rest-json"]
_PLACE: Final = Place("xray", _CODEC, "xray")
_REQUEST_ID: Final = "00000000-0000-0000-0000-000000000000"

Ask = Callable[[str, str, str, Parameters], tuple[dict[str, Any], str]]
_Message = MutableMapping[str, Any]


class SamplingProxy:
    """Answers samplers.

    Args:
        ask: The backend.
        region: Whose rules.
        tcp: The port, bound; it is closed with this.
        workers: Where answers are made.
    """

    def __init__(self, ask: Ask, region: str, tcp: socket.socket, workers: Executor) -> None:
        self._ask = ask
        self._region = region
        self._workers = workers
        self._router = Router({"xray": OPERATIONS})
        self._server = Server(self, tcp, concurrency=64)
        self._open = False

    def start(self) -> None:
        """Answer from now on."""
        self._open = True
        self._server.start()

    def close(self) -> None:
        """Let go of the port."""
        if self._open:
            self._open = False
            self._server.stop()

    async def __call__(
        self,
        scope: _Message,
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        request = Request(scope["method"], path, query, headers)
        try:
            guard.check_origin(request, guard.LOOPBACK)
            guard.check_user(scope)
            request.body = await _body(receive)
            loop = asyncio.get_running_loop()
            response = await loop.run_in_executor(self._workers, self._answer, request)
        except guard.Turned as turned:
            response = _CODEC.fail("xray", turned.error(), _REQUEST_ID)
        except AwsError as error:
            response = _CODEC.fail("xray", error, _REQUEST_ID)
        await _send(send, response)

    def _answer(self, request: Request) -> Response:
        request_id = _REQUEST_ID
        try:
            route = self._router.route(request, _PLACE)
            if route.operation not in OPERATIONS:
                raise AwsError(
                    "AccessDeniedException",
                    f"X-Ray's port answers {' and '.join(OPERATIONS)} only; sign {route.operation} and send it to"
                    " the endpoint",
                    403,
                )
            operation = operation_model("xray", route.operation)
            parameters = route.codec.decode(operation, request, route.labels)
            check("xray", route.operation, parameters)
            answer, request_id = self._ask(self._region, "xray", route.operation, parameters)
            return _CODEC.encode(operation, answer, request_id)
        except Undecodable as undecodable:
            error = AwsError(undecodable.code or _CODEC.malformed, undecodable.message)
        except AwsError as failed:
            error = failed
        except Exception:  # the worker's boundary: a broken answer is an error of ours, said and logged
            log.exception("%s %s failed", request.method, request.path)
            error = AwsError("InternalFailure", "The request failed inside the backend", 500)
        return _CODEC.fail("xray", error, str(error.members.pop("request_id", request_id)))


async def _body(receive: Callable[[], Awaitable[_Message]]) -> bytes:
    found = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise AwsError("RequestTimeout", "The request did not come whole.")
        found += message.get("body", b"")
        if len(found) > _LARGEST:
            raise AwsError("RequestEntityTooLarge", "The request is too large.", 413)
        if not message.get("more_body", False):
            return bytes(found)


async def _send(send: Callable[[_Message], Awaitable[None]], response: Response) -> None:
    body: bytes = response.body if isinstance(response.body, bytes) else b""
    response.headers["content-length"] = str(len(body))
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
