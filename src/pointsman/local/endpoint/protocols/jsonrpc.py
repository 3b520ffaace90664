"""AWS JSON 1.0 and 1.1: ``X-Amz-Target`` names the operation, bodies are JSON both ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters
from pointsman.local.endpoint.eventstream import CONTENT_TYPE, Events
from pointsman.local.endpoint.messages import Request, Response, Undecodable
from pointsman.local.endpoint.models import service_model
from pointsman.local.endpoint.protocols.failures import Failure, message_names, seen
from pointsman.local.endpoint.protocols.trees import Reader, Writer
from pointsman.local.flows import Flow

_READ, _WRITE = {}, {}  # type: ignore[var-annotated]


def reader(service: str, *, binary: bool = False) -> Reader:
    """The reader of a service's trees."""
    made = _READ.get((service, binary))
    if made is None:
        made = _READ[service, binary] = Reader(binary=binary)
    return made


def writer(service: str, *, binary: bool = False) -> Writer:
    """The writer of a service's trees."""
    made = _WRITE.get((service, binary))
    if made is None:
        made = _WRITE[service, binary] = Writer(binary=binary)
    return made


def parse(body: bytes) -> Any:
    """What a JSON body says; nothing said is an empty object.

    Raises:
        Undecodable: It is not JSON.
    """
    if not body:
        return {}
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Undecodable("The request body is not valid JSON") from None


def text(tree: Any) -> bytes:
    """A tree as JSON."""
    return msgspec.json.encode(tree)


def failure_tree(service: str | None, failure: Failure) -> dict[str, Any]:
    """An error's members, without its type."""
    if failure.shape is None or service is None:
        return {**_plain(failure.members), "message": failure.message}
    tree: dict[str, Any] = writer(service).of(failure.shape)(failure.parameters())
    if not message_names(tree):
        tree["message"] = failure.message
    return tree


def _of(service: str, shape: Any) -> Callable[[Any], bytes]:
    write = writer(service).of(shape)
    return lambda value: text(write(value))


def _plain(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if isinstance(value, str | int | float | bool)}


class JsonRpc:
    """The protocol of most services."""

    name = "json"
    malformed = "SerializationException"

    def decode(self, operation: Any, request: Request, _: dict[str, str]) -> Parameters:
        """A request's parameters.

        Raises:
            Undecodable: It cannot be read.
        """
        shape = operation.input_shape
        if shape is None:
            return {}
        found: Parameters = reader(operation.service_model.service_name).of(shape)(parse(request.body), 0)
        return found

    def encode(self, operation: Any, answer: dict[str, Any], request_id: str) -> Response:
        """An answer."""
        shape = operation.output_shape
        service = operation.service_model.service_name
        for name, value in answer.items():
            if isinstance(value, Flow):
                members = shape.members[name].members
                headers = {**self._headers(service, request_id), "content-type": CONTENT_TYPE}
                return Response(200, headers, Events(value, {one: _of(service, members[one]) for one in members}))
        tree = {} if shape is None else writer(service).of(shape)(answer)
        return Response(200, self._headers(service, request_id), text(tree) if shape is not None else b"{}")

    def fail(self, service: str | None, error: AwsError, request_id: str) -> Response:
        """An error."""
        failure = seen(service, error)
        headers = {**self._headers(service, request_id), "x-amzn-errortype": failure.name}
        if service and service_model(service).is_query_compatible:
            headers["x-amzn-query-error"] = f"{failure.code};{failure.blame}"
        tree = {"__type": failure.name, **failure_tree(service, failure)}
        return Response(failure.status, headers, text(tree))

    def _headers(self, service: str | None, request_id: str) -> dict[str, str]:
        version = service_model(service).metadata.get("jsonVersion", "1.1") if service else "1.1"
        return {"content-type": f"application/x-amz-json-{version}", "x-amzn-requestid": request_id}
