"""The application: who may come in, what is asked, the answer of the backend, or the error that says why not.

A request passes, in this order: the host and origin checks, its signature, its body, the router, the decoder, the
model's constraints, the backend. Whatever stops it is an error in the shape of the service it was meant for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, MutableMapping
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from pointsman.clock import Clock
from pointsman.local.answers import AwsError, Parameters
from pointsman.local.endpoint import guard, signing
from pointsman.local.endpoint.eventstream import Events
from pointsman.local.endpoint.guard import Turned
from pointsman.local.endpoint.intake import Intake, incomplete, unpacked
from pointsman.local.endpoint.messages import Request, Response, Undecodable
from pointsman.local.endpoint.models import operation_model, protocols
from pointsman.local.endpoint.pacing import Pacing
from pointsman.local.endpoint.protocols import CODECS
from pointsman.local.endpoint.refusals import Fault, Refusal
from pointsman.local.endpoint.routing import Place, Router
from pointsman.local.endpoint.sending import Receive, Send, send_events, send_response
from pointsman.local.endpoint.signing import ChunkSigner, Signature
from pointsman.local.endpoint.validation import check
from pointsman.local.pages import ROOT, Shown, Visit

log = logging.getLogger("pointsman.local")

Scope = MutableMapping[str, Any]

_SMALL = 64 * 1024
"""Bytes of a body beyond which reading it takes its time."""
_REGION = "us-east-1"


class Secret(Struct, frozen=True):
    """What an access key is checked against."""

    secret: str
    token: str | None = None
    """The session token that must come with it."""
    expires: datetime | None = None


class Service(Protocol):
    """What the application asks of whatever answers."""

    def ask(self, region: str, service: str, operation: str, parameters: Parameters, /) -> tuple[dict[str, Any], str]:
        """Answer one call; raises AwsError."""
        ...

    def is_free(self) -> bool:
        """Whether ``ask`` would begin at once: nobody else is being answered."""
        ...

    def request_id(self) -> str:
        """The id of a request that never reaches ``ask``."""
        ...

    def keep(self, intake: Intake, /) -> object:
        """Keep an object's large body; returns what takes its place among the parameters. It may block."""
        ...

    def reset(self) -> None:
        """Empty everything. It may block."""
        ...

    def has_page(self, name: str, method: str, /) -> bool:
        """Whether an engine gives a page of this name, by this method."""
        ...

    def visit(self, name: str, method: str, visit: Visit, /) -> Shown | None:
        """Answer a request for an engine's page; None when there is none. It may block."""
        ...

    def about(self) -> Mapping[str, Any]:
        """What ``GET /_pointsman/health`` says beside what is answered."""
        ...


class Doors(Struct, frozen=True):
    """Who is let in.

    Args:
        secret: Access key -> what it is checked against; None lets any key in, and those without one.
        hosts: The names a request may be addressed to.
        own_user: Only processes of this user are let in.
        reset: Whether ``POST /_pointsman/reset`` is there.
    """

    secret: Callable[[str], Secret | None] | None
    hosts: frozenset[str]
    own_user: bool = False
    reset: bool = False


class Application:
    """An ASGI application over a backend.

    Args:
        service: What answers.
        answered: Service -> the operations of it that are answered.
        doors: Who is let in.
        clock: What signatures' times are held against.
        workers: Where answers are made, beside the event loop.
        eager: Whether the loop answers what it knows to be quick itself.
    """

    def __init__(
        self,
        service: Service,
        answered: Mapping[str, list[str]],
        doors: Doors,
        clock: Clock,
        workers: Executor | None,
        *,
        eager: bool = True,
    ) -> None:
        self._service = service
        self._answered = answered
        self._doors = doors
        self._clock = clock
        self._workers = workers
        self._router = Router(answered)
        self._pacing = Pacing()
        self._eager = eager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = request_of(scope)
        try:
            response = await self._respond(request, scope, receive)
        except Turned as turned:
            response = self._failed(self._router.place(request, None), turned.error())
        except _Gone:
            return
        if isinstance(response.body, Events):
            await send_events(receive, send, response, response.body)
            return
        await send_response(send, response, head=request.method == "HEAD")

    async def _respond(self, request: Request, scope: Scope, receive: Receive) -> Response:
        guard.check_origin(request, self._doors.hosts)
        if request.path.startswith(ROOT):
            return await self._own(request, scope, receive)
        place: Place | None = None
        try:
            signature = self._signature(request)
            place = self._router.place(request, signature.service if signature is not None else None)
            if self._doors.own_user:
                guard.check_user(scope)
            secret = self._admit(signature, request, place)
            return await self._take(request, place, signature, secret, (receive, scope.get("state", {})))
        except (Refusal, Undecodable, AwsError) as why:
            # Without a signature that can be read, the rest of the request says whose words the error is in.
            return self._refused(place or self._router.place(request, None), why)

    def _refused(self, place: Place, why: Refusal | Undecodable | AwsError) -> Response:
        if isinstance(why, Refusal):
            why = why.worded(place.codec.name)
        elif isinstance(why, Undecodable):
            why = AwsError(why.code or place.codec.malformed, why.message)
        return self._failed(place, why)

    def _signature(self, request: Request) -> Signature | None:
        try:
            return signing.read(request)
        except Refusal:
            if self._doors.secret is None:
                return None
            raise
        except Undecodable as error:
            raise signing.unreadable(error) from None

    def _admit(self, signature: Signature | None, request: Request, place: Place) -> Secret | None:
        """The secret a request is signed with, everything checked that does not need its body."""
        if self._doors.secret is None:
            return None
        if signature is None:
            if place.service == "s3" and signing.is_version_2(request):
                raise AwsError(
                    "InvalidRequest",
                    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
                )
            raise Refusal(Fault.MISSING)
        secret = self._doors.secret(signature.access_key)
        if secret is None:
            raise Refusal(Fault.KEY, AWSAccessKeyId=signature.access_key[:128])
        if secret.token != signature.token:
            raise Refusal(Fault.TOKEN)
        now = self._clock.now()
        if secret.expires is not None and secret.expires <= now:
            raise Refusal(Fault.OLD_TOKEN)
        signing.check_time(signature, now)
        if signature.payload is not None:
            signing.verify(signature, request, secret.secret, signature.payload)
        elif place.service == "s3":
            raise AwsError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        return secret

    async def _take(
        self,
        request: Request,
        place: Place,
        signature: Signature | None,
        secret: Secret | None,
        source: tuple[Receive, Mapping[str, Any]],
    ) -> Response:
        s3 = place.service == "s3"
        payload = signature.payload if signature is not None else request.headers.get("x-amz-content-sha256")
        signer = None
        if signature is not None and secret is not None and payload and "HMAC" in payload:
            signer = ChunkSigner(signature, secret.secret)
        intake = Intake(request.headers, s3=s3, signer=signer, payload=payload)
        try:
            await _receive(*source, intake)
            request.headers = intake.finish()
            if secret is not None and signature is not None:
                if signature.payload is None:
                    signing.verify(signature, request, secret.secret, intake.sha256)
                elif signature.hashed() not in (None, intake.sha256):
                    raise Refusal(Fault.BODY)
            region = signature.region if signature is not None else _REGION
            if self._workers is None or self._is_quick(request, place, intake):
                return self._timed(request, place, region, intake)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._workers, self._timed, request, place, region, intake)
        finally:
            intake.close()

    def _is_quick(self, request: Request, place: Place, intake: Intake) -> bool:
        """Whether a request is answered sooner than a worker could take it.

        Never one whose answer may wait for a process, which may have a question for us: that is Lambda's Invoke, and
        Lambda does not speak this protocol.
        """
        target = request.headers.get("x-amz-target")
        if not self._eager or target is None or not self._pacing.is_quick(target):
            return False
        spoken = place.service is not None and "json" in protocols(place.service)
        small = intake.size <= _SMALL and "content-encoding" not in request.headers
        return spoken and small and self._service.is_free()

    def _timed(self, request: Request, place: Place, region: str, intake: Intake) -> Response:
        begun = time.perf_counter()
        try:
            return self._carry(request, place, region, intake)
        finally:
            if (target := request.headers.get("x-amz-target")) is not None:
                self._pacing.took(target, time.perf_counter() - begun)

    def _carry(self, request: Request, place: Place, region: str, intake: Intake) -> Response:
        """From the request, whole, to the answer: all that may take its time."""
        if place.service != "s3":
            request.body = unpacked(intake.body(), request.headers)
        elif intake.path is None or not _is_object(request):
            request.body = intake.body()
        if place.service is None and not place.named:
            # A form that nobody signed says in its body which service it is for.
            place = self._router.place(request, None)
        try:
            route = self._router.route(request, place)
            if place.service == "s3" and intake.path is not None and _is_object(request):
                request.payload = self._service.keep(intake)
            operation = operation_model(route.service, route.operation)
            parameters = route.codec.decode(operation, request, route.labels)
            check(route.service, route.operation, parameters)
            answer, request_id = self._service.ask(region, route.service, route.operation, parameters)
            return route.codec.encode(operation, answer, request_id)
        except (Undecodable, AwsError) as why:
            return self._refused(place, why)
        except Exception:  # the worker's boundary: a broken answer is an error of ours, said and logged
            log.exception("%s %s failed", request.method, request.path)
            return self._failed(place, AwsError("InternalFailure", "The request failed inside the backend", 500))

    def _failed(self, place: Place, error: AwsError) -> Response:
        request_id = error.members.pop("request_id", None) or self._service.request_id()
        return place.codec.fail(place.service, error, str(request_id))

    async def _own(self, request: Request, scope: Scope, receive: Receive) -> Response:
        """What is under ``/_pointsman/``: not AWS's, so plain JSON, and the engines' pages."""
        if (request.method, request.path) == ("GET", "/_pointsman/health"):
            return _json(200, {"status": "ok", "services": sorted(self._answered), **self._service.about()})
        if request.path == "/_pointsman/reset" and self._doors.reset:
            if request.method != "POST":
                return _json(405, {"message": "reset is asked for with POST"})
            try:
                self._admit_reset(request, scope)
            except Refusal:
                return _json(403, {"message": "reset takes this folder's keys, or a process of the same user"})
            await asyncio.get_running_loop().run_in_executor(self._workers, self._service.reset)
            return _json(200, {"status": "empty"})
        shown = await self._visit(request, scope, receive)
        if shown is None:
            return _json(404, {"message": "there is no such path"})
        return Response(shown.status, {"content-type": shown.content_type, **shown.headers}, shown.body)

    async def _visit(self, request: Request, scope: Scope, receive: Receive) -> Shown | None:
        """An engine's page; who may see it is the page's to judge."""
        name = request.path.removeprefix(ROOT)
        if not self._service.has_page(name, request.method):
            return None  # nobody's body is taken in for nothing
        intake = Intake(request.headers, s3=False)
        client = scope.get("client")
        try:
            await _receive(receive, scope.get("state", {}), intake)
            intake.finish()
            body = unpacked(intake.body(), request.headers)
            visit = Visit(dict(request.arguments), request.headers, body, str(client[0]) if client else "")
            return await asyncio.get_running_loop().run_in_executor(
                self._workers, self._service.visit, name, request.method, visit
            )
        except (Undecodable, AwsError) as why:
            status = why.status if isinstance(why, AwsError) else 400
            return Shown(status, msgspec.json.encode({"message": why.message}))
        except _Gone:
            raise
        except Exception:  # the worker's boundary: a broken page is an error of ours, said and logged
            log.exception("%s %s failed", request.method, request.path)
            return Shown(500, msgspec.json.encode({"message": "The request failed inside the backend"}))
        finally:
            intake.close()

    def _admit_reset(self, request: Request, scope: Scope) -> None:
        try:
            guard.check_user(scope)
        except Turned:
            signature = self._signature(request)
            if self._doors.secret is None or signature is None or signature.payload is None:
                raise Refusal(Fault.MISSING) from None
            self._admit(signature, request, Place(None, CODECS["json"]))


def request_of(scope: Scope) -> Request:
    """A request's head as the server gives it."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    return Request(scope["method"], path, query, headers)


def _is_object(request: Request) -> bool:
    """Whether a request's body is an object or a part of one."""
    return request.method == "PUT" and request.path.strip("/").count("/") > 0


class _Gone(Exception):
    """The client has left."""


async def _receive(receive: Receive, state: Mapping[str, Any], intake: Intake) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        if body := message.get("body", b""):
            intake.feed(body)
        if not message.get("more_body", False):
            break
    if state.get("late"):
        raise _slow()
    if state.get("cut"):
        raise incomplete()


def _slow() -> AwsError:
    return AwsError(
        "RequestTimeout",
        "Your socket connection to the server was not read from or written to within the timeout period. Idle"
        " connections will be closed.",
    )


def _json(status: int, tree: dict[str, Any]) -> Response:
    return Response(status, {"content-type": "application/json"}, msgspec.json.encode(tree))
