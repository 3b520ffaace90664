"""AWS Query: a form in (``Action=…&Member.1=…``), XML out."""

from __future__ import annotations

from typing import Any

from pointsman.digits import digits
from pointsman.local.answers import AwsError, Parameters
from pointsman.local.endpoint.messages import Request, Response, Undecodable, pairs
from pointsman.local.endpoint.models import service_model
from pointsman.local.endpoint.protocols.failures import seen
from pointsman.local.endpoint.protocols.trees import DEPTH
from pointsman.local.endpoint.protocols.values import from_text
from pointsman.local.endpoint.protocols.xml import Writer, escaped

_WRITER = Writer(always=False)


class _Node:
    """A name of the form, what was given for it, and the names below it."""

    __slots__ = ("below", "value")

    def __init__(self) -> None:
        self.value: str | None = None
        self.below: dict[str, _Node] = {}


def form(request: Request) -> list[tuple[str, str]]:
    """The request's form, wherever it is: in the body of a POST, in the query of a GET.

    Raises:
        Undecodable: It is not UTF-8, or too long.
    """
    try:
        text = request.body.decode()
    except UnicodeDecodeError:
        raise Undecodable("The request body is not UTF-8") from None
    return [*request.arguments, *pairs(text.strip())]


def _tree(fields: list[tuple[str, str]]) -> _Node:
    root = _Node()
    for name, value in fields:
        names = name.split(".")
        if len(names) > DEPTH:
            raise Undecodable("A parameter's name is nested too deeply")
        node = root
        for part in names:
            node = node.below.setdefault(part, _Node())
        node.value = value
    return root


def _read(node: _Node, shape: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _structure(node, shape)
    if kind == "list":
        below = node if shape.serialization.get("flattened") else _step(node, shape.member, "member")
        return [_read(item, shape.member) for item in _numbered(below)]
    if kind == "map":
        below = node if shape.serialization.get("flattened") else _step(node, None, "entry")
        return _map(below, shape)
    if node.value is None:
        raise Undecodable(f"Unexpected complex element termination: {shape.name}")
    return from_text(node.value, shape)


def _step(node: _Node, member: Any, name: str) -> _Node:
    wire = member.serialization.get("name", name) if member is not None else name
    return node.below.get(wire) or _Node()


def _structure(node: _Node, shape: Any) -> dict[str, Any]:
    found = {}
    for name, member in shape.members.items():
        wire = member.serialization.get("name", name)
        if member.type_name == "list" and member.serialization.get("flattened"):
            # botocore writes a flattened list under its member's name, where that has one.
            wire = member.member.serialization.get("name", wire)
        if (inner := node.below.get(wire)) is not None:
            found[name] = _read(inner, member)
    return found


def _numbered(node: _Node) -> list[_Node]:
    numbers = []
    for name in node.below:
        if not (digits(name, 7)):
            raise Undecodable(f"Key {name[:64]} is not a number")
        numbers.append((int(name), name))
    return [node.below[name] for _, name in sorted(numbers)]


def _map(node: _Node, shape: Any) -> dict[str, Any]:
    key, value = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
    found = {}
    for entry in _numbered(node):
        if key not in entry.below or value not in entry.below:
            raise Undecodable("An entry of a map lacks its key or its value")
        found[_read(entry.below[key], shape.key)] = _read(entry.below[value], shape.value)
    return found


class Query:
    """The protocol of the oldest services."""

    name = "query"
    malformed = "MalformedQueryString"

    def decode(self, operation: Any, request: Request, _: dict[str, str]) -> Parameters:
        """A request's parameters.

        Raises:
            Undecodable: It cannot be read.
        """
        shape = operation.input_shape
        return {} if shape is None else _structure(_tree(form(request)), shape)

    def encode(self, operation: Any, answer: dict[str, Any], request_id: str) -> Response:
        """An answer."""
        parts: list[str] = []
        name, shape = operation.name, operation.output_shape
        parts.append(f'<{name}Response xmlns="{operation.service_model.metadata.get("xmlNamespace", "")}">')
        if shape is not None:
            wrapper = shape.serialization.get("resultWrapper")
            if wrapper:
                parts.append(f"<{wrapper}>")
            _WRITER.members(parts.append, answer, shape)
            if wrapper:
                parts.append(f"</{wrapper}>")
        parts.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>")
        return Response(200, _headers(request_id), "".join(parts).encode())

    def fail(self, service: str | None, error: AwsError, request_id: str) -> Response:
        """An error."""
        failure = seen(service, error)
        namespace = service_model(service).metadata.get("xmlNamespace", "") if service else ""
        parts = [
            f'<ErrorResponse xmlns="{namespace}"><Error><Type>{failure.blame}</Type>'
            f"<Code>{escaped(failure.code)}</Code><Message>{escaped(failure.message)}</Message>"
        ]
        if failure.shape is not None:
            rest = {name: value for name, value in failure.members.items() if name.lower() != "message"}
            _WRITER.members(parts.append, rest, failure.shape)
        parts.append(f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>")
        return Response(failure.status, _headers(request_id), "".join(parts).encode())


def _headers(request_id: str) -> dict[str, str]:
    return {"content-type": "text/xml", "x-amzn-requestid": request_id}
