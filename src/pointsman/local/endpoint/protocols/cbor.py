"""Smithy RPC v2 CBOR: ``POST /service/NAME/operation/NAME``, bodies are CBOR both ways."""

from __future__ import annotations

from typing import Any

import cbor2

from pointsman.local.answers import AwsError, Parameters
from pointsman.local.endpoint.messages import Request, Response, Undecodable
from pointsman.local.endpoint.models import service_model
from pointsman.local.endpoint.protocols.failures import message_names, seen
from pointsman.local.endpoint.protocols.jsonrpc import failure_tree, reader, writer
from pointsman.local.endpoint.protocols.trees import DEPTH
from pointsman.local.endpoint.protocols.values import moment


def _refused(*_: Any) -> Any:
    raise ValueError("a tag that AWS does not use")


def _epoch(value: Any, *_: Any) -> Any:
    return moment(value)


_TAGS = dict.fromkeys(
    (0, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799), _refused
)
_TAGS[1] = _epoch
"""Times are the one tag of the protocol. The decoder's others make cycles, patterns and big numbers: refused."""


def parse(body: bytes) -> Any:
    """What a CBOR body says; nothing said is an empty map.

    Raises:
        Undecodable: It is not CBOR, or more than the protocol's data.
    """
    if not body:
        return {}
    try:
        return cbor2.loads(body, semantic_decoders=_TAGS, max_depth=DEPTH, strict_hashable_types=True)
    except (cbor2.CBORDecodeError, ValueError, OverflowError, RecursionError, MemoryError, TypeError):
        raise Undecodable("The request body is not valid CBOR") from None


class Cbor:
    """The protocol newer SDKs prefer."""

    name = "smithy-rpc-v2-cbor"
    malformed = "SerializationException"

    def decode(self, operation: Any, request: Request, _: dict[str, str]) -> Parameters:
        """A request's parameters.

        Raises:
            Undecodable: It cannot be read.
        """
        shape = operation.input_shape
        if shape is None:
            return {}
        read = reader(operation.service_model.service_name, binary=True).of(shape)
        found: Parameters = read(parse(request.body), 0)
        return found

    def encode(self, operation: Any, answer: dict[str, Any], request_id: str) -> Response:
        """An answer."""
        shape = operation.output_shape
        tree = {} if shape is None else writer(operation.service_model.service_name, binary=True).of(shape)(answer)
        return Response(200, _headers(request_id), cbor2.dumps(tree))

    def fail(self, service: str | None, error: AwsError, request_id: str) -> Response:
        """An error."""
        failure = seen(service, error)
        headers = _headers(request_id)
        if service and service_model(service).is_query_compatible:
            headers["x-amzn-query-error"] = f"{failure.code};{failure.blame}"
        if failure.shape is None or service is None:
            tree = failure_tree(None, failure)
        else:
            tree = writer(service, binary=True).of(failure.shape)(failure.parameters())
            if not message_names(tree):
                tree["message"] = failure.message
        return Response(failure.status, headers, cbor2.dumps({"__type": failure.name, **tree}))


def _headers(request_id: str) -> dict[str, str]:
    return {
        "content-type": "application/cbor",
        "smithy-protocol": "rpc-v2-cbor",
        "x-amzn-requestid": request_id,
    }
