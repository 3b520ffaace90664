"""REST-XML: the path names the operation, bodies are XML; S3, and the few that took after it."""

from __future__ import annotations

from typing import Any

from pointsman.local.answers import AwsError, Parameters
from pointsman.local.endpoint.messages import Request, Response
from pointsman.local.endpoint.models import service_model
from pointsman.local.endpoint.protocols.failures import seen
from pointsman.local.endpoint.protocols.rest import answer_head, bind_failure, bound, plan, raw_payload
from pointsman.local.endpoint.protocols.values import raw
from pointsman.local.endpoint.protocols.xml import Writer, escaped, parse, read

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_S3 = "http://s3.amazonaws.com/doc/2006-03-01/"
_BARE = {204, 304, 404, 405, 412, 416, 400, 403}
"""Statuses that S3 answers with a number for a code, to HEAD: there is no body to carry more."""


class RestXml:
    """The protocol of S3."""

    name = "rest-xml"
    malformed = "InvalidArgument"

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
        if where.payload:
            member = shape.members[where.payload]
            if member.type_name in ("blob", "string"):
                if request.body or request.payload is not None:
                    found[where.payload] = raw_payload(request, member)
            elif request.body:
                found[where.payload] = read(parse(request.body), member)
        elif where.body and request.body:
            found.update(read(parse(request.body), shape))
        return found

    def encode(self, operation: Any, answer: dict[str, Any], request_id: str) -> Response:
        """An answer."""
        service = operation.service_model.service_name
        response = answer_head(operation, answer, _ids(service, request_id))
        shape = operation.output_shape
        if shape is None:
            return response
        where = plan(shape)
        writer = Writer(always=service == "s3")
        parts = [_HEAD]
        if where.payload:
            member, value = shape.members[where.payload], answer.get(where.payload)
            if member.type_name in ("blob", "string"):
                if value is not None:
                    response.body = value if hasattr(value, "read") else raw(value)
                return response
            if value is None:
                return response
            root = member.serialization.get("name", where.payload)
            parts.append(f'<{root} xmlns="{_namespace(service)}">')
            writer.members(parts.append, value, member)
        elif operation.name == "GetBucketLocation":
            # Its one member is not in an element of its own but is the root's text: null is us-east-1.
            root = "LocationConstraint"
            parts.append(f'<{root} xmlns="{_namespace(service)}">{escaped(answer.get(root) or "")}')
        elif where.body:
            root = shape.serialization.get("name", shape.name)
            parts.append(f'<{root} xmlns="{_namespace(service)}">')
            writer.members(parts.append, answer, shape)
        else:
            return response
        parts.append(f"</{root}>")
        response.body = "".join(parts).encode()
        response.headers.setdefault("content-type", "application/xml")
        return response

    def fail(self, service: str | None, error: AwsError, request_id: str) -> Response:
        """An error."""
        failure = seen(service, error)
        headers = {**_ids(service, request_id), "content-type": "application/xml"}
        if failure.code.isdigit() and failure.status in _BARE:
            return Response(failure.status, headers)
        if failure.shape is not None:
            bind_failure(failure.shape, failure.members, headers)
        code, message = escaped(failure.code), escaped(failure.message)
        inside = f"<Code>{code}</Code><Message>{message}</Message>{_extra(failure.members)}"
        if service not in ("s3", None):
            inside = (
                f'<ErrorResponse xmlns="{_namespace(service)}"><Error><Type>{failure.blame}</Type>{inside}</Error>'
                f"<RequestId>{request_id}</RequestId></ErrorResponse>"
            )
        else:
            inside = f"<Error>{inside}<RequestId>{request_id}</RequestId><HostId>{_HOST}</HostId></Error>"
        return Response(failure.status, headers, (_HEAD + inside).encode())


_HOST = "cG9pbnRzbWFu"


def _extra(members: dict[str, Any]) -> str:
    return "".join(
        f"<{name}>{escaped(str(value))}</{name}>"
        for name, value in members.items()
        if isinstance(value, str | int) and name.isidentifier() and name.lower() != "message"
    )


def _namespace(service: str | None) -> str:
    if service in ("s3", None):
        return _S3
    return str(service_model(service).metadata.get("xmlNamespace", ""))


def _ids(service: str | None, request_id: str) -> dict[str, str]:
    if service in ("s3", None):
        return {"x-amz-request-id": request_id, "x-amz-id-2": _HOST}
    return {"x-amzn-requestid": request_id}
