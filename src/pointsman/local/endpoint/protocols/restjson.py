"""REST-JSON: the path names the operation, bodies are JSON."""

from __future__ import annotations

from typing import Any

from pointsman.local.answers import AwsError, Parameters
from pointsman.local.endpoint.messages import Request, Response
from pointsman.local.endpoint.protocols.failures import seen
from pointsman.local.endpoint.protocols.jsonrpc import failure_tree, parse, reader, text, writer
from pointsman.local.endpoint.protocols.rest import answer_head, bind_failure, bound, plan, raw_payload
from pointsman.local.endpoint.protocols.values import raw


class RestJson:
    """The protocol of services that think in resources."""

    name = "rest-json"
    malformed = "SerializationException"

    def decode(self, operation: Any, request: Request, labels: dict[str, str]) -> Parameters:
        """A request's parameters.

        Raises:
            Undecodable: It cannot be read.
        """
        shape = operation.input_shape
        if shape is None:
            return {}
        found = bound(operation, request, labels)
        where = plan(shape)
        read = reader(operation.service_model.service_name)
        if where.payload:
            member = shape.members[where.payload]
            if member.type_name in ("blob", "string"):
                if request.body or request.payload is not None:
                    found[where.payload] = raw_payload(request, member)
            elif request.body:
                found[where.payload] = read.of(member)(parse(request.body), 0)
        elif where.body:
            names = {name for name, *_ in where.bound}
            given = read.of(shape)(parse(request.body), 0)
            found.update({name: value for name, value in given.items() if name not in names})
        return found

    def encode(self, operation: Any, answer: dict[str, Any], request_id: str) -> Response:
        """An answer."""
        shape = operation.output_shape
        response = answer_head(operation, answer, {"x-amzn-requestid": request_id})
        if shape is None:
            return response
        where = plan(shape)
        write = writer(operation.service_model.service_name)
        if where.payload:
            member, value = shape.members[where.payload], answer.get(where.payload)
            if member.type_name in ("blob", "string"):
                response.headers.setdefault("content-type", "application/octet-stream")
                if value is not None:
                    response.body = value if hasattr(value, "read") else raw(value)
                return response
            response.body = b"{}" if value is None else text(write.of(member)(value))
        else:
            names = {name for name, *_ in where.bound}
            rest = {name: value for name, value in answer.items() if name not in names}
            response.body = text(write.of(shape)(rest))
        response.headers.setdefault("content-type", "application/json")
        return response

    def fail(self, service: str | None, error: AwsError, request_id: str) -> Response:
        """An error."""
        failure = seen(service, error)
        headers = {
            "content-type": "application/json",
            "x-amzn-requestid": request_id,
            "x-amzn-errortype": failure.name,
        }
        if failure.shape is not None:
            bind_failure(failure.shape, failure.members, headers)
        return Response(failure.status, headers, text({"__type": failure.name, **failure_tree(service, failure)}))
