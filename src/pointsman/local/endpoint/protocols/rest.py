"""What REST-JSON and REST-XML share: members in the path, the query, the headers, the status and the body."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from pointsman.local.answers import Parameters
from pointsman.local.endpoint.messages import Request, Response, Undecodable
from pointsman.local.endpoint.protocols.values import from_text, to_text, unbase64

_CONTROL = re.compile("[\x00-\x1f\x7f]")
_QUOTED = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)')
_DATES = re.compile(r",(?=\s*[A-Z][a-z]{2},)")


class _Binding(NamedTuple):
    name: str
    location: str
    wire: str
    shape: Any


class Plan(NamedTuple):
    """Where the members of a structure are."""

    bound: tuple[_Binding, ...]
    payload: str
    """The member that is the whole body, or empty."""
    body: bool
    """Whether there are members in the body at all."""


_PLANS: dict[Any, Plan] = {}


def plan(shape: Any) -> Plan:
    """Where the members of a structure are."""
    found = _PLANS.get(shape)
    if found is None:
        found = _PLANS[shape] = _plan(shape)
    return found


def _plan(shape: Any) -> Plan:
    bound, rest = [], False
    payload = shape.serialization.get("payload", "")
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if location:
            wire = member.serialization.get("name", name)
            bound.append(_Binding(name, location, wire.lower() if location.startswith("header") else wire, member))
        elif name != payload:
            rest = True
    return Plan(tuple(bound), payload, rest)


@cache
def literals(uri: str) -> tuple[tuple[str, str], ...]:
    """The query a URI template always has."""
    return tuple(parse_qsl(uri.partition("?")[2], keep_blank_values=True))


def bound(operation: Any, request: Request, labels: Mapping[str, str]) -> Parameters:
    """The parameters outside the body.

    Raises:
        Undecodable: One is not of its type.
    """
    shape = operation.input_shape
    found: Parameters = {}
    arguments: dict[str, list[str]] = {}
    for name, value in request.arguments:
        arguments.setdefault(name, []).append(value)
    bindings = plan(shape).bound
    for name, location, wire, member in bindings:
        if location == "uri":
            if wire in labels:
                found[name] = from_text(labels[wire], member)
        elif location == "querystring":
            if member.type_name == "map":
                taken = {other.wire for other in bindings if other.location == "querystring" and other.name != name}
                taken.update(key for key, _ in literals(operation.http["requestUri"]))
                found.update(_query_map(name, member, arguments, taken))
            elif wire in arguments:
                found[name] = _query(arguments[wire], member)
        elif location == "header":
            if wire in request.headers:
                found[name] = _header(request.headers[wire], member)
        elif location == "headers":
            given = {key[len(wire) :]: value for key, value in request.headers.items() if key.startswith(wire)}
            if given:
                found[name] = given
    return found


def _query(values: list[str], shape: Any) -> Any:
    if shape.type_name == "list":
        return [from_text(value, shape.member) for value in values]
    return from_text(values[0], shape)


def _query_map(name: str, shape: Any, arguments: dict[str, list[str]], taken: set[str]) -> Parameters:
    given: dict[str, Any] = {}
    for key, values in arguments.items():
        if key not in taken and not key.startswith("X-Amz-"):
            given[key] = values if shape.value.type_name == "list" else values[0]
    return {name: given} if given else {}


def _json_value(shape: Any) -> bool:
    return bool(shape.serialization.get("jsonvalue")) and shape.type_name == "string"


def _header(text: str, shape: Any) -> Any:
    if _json_value(shape):
        try:
            return msgspec.json.decode(unbase64(text))
        except (msgspec.DecodeError, RecursionError):
            raise Undecodable("A header is not valid JSON") from None
    if shape.type_name == "list":
        if shape.member.type_name == "timestamp":
            dates = _DATES.split(text) if shape.member.serialization.get("timestampFormat") is None else text.split(",")
            return [from_text(piece.strip(), shape.member) for piece in dates]
        return [from_text(piece, shape.member) for piece in _pieces(text)]
    return from_text(text, shape)


def _pieces(text: str) -> list[str]:
    """A header's list: by commas, where they are not quoted."""
    pieces, place = [], 0
    while place < len(text):
        match = _QUOTED.match(text, place)
        if match is None:
            raise Undecodable("A header's list has an open quotation mark")
        quoted, bare = match.groups()
        pieces.append(quoted.replace('\\"', '"') if quoted is not None else bare.strip())
        place = match.end()
    return pieces


def raw_payload(request: Request, shape: Any) -> Any:
    """A payload that is the whole body as it is.

    Raises:
        Undecodable: It should be text and is not.
    """
    if request.payload is not None:
        return request.payload
    if shape.type_name == "string":
        try:
            return request.body.decode()
        except UnicodeDecodeError:
            raise Undecodable("The request body is not UTF-8") from None
    return request.body


def answer_head(operation: Any, answer: Mapping[str, Any], headers: dict[str, str]) -> Response:
    """The status and headers of an answer."""
    status = int(operation.http.get("responseCode", 200))
    shape = operation.output_shape
    if shape is not None:
        for name, location, wire, member in plan(shape).bound:
            value = answer.get(name)
            if value is None:
                continue
            if location == "statusCode":
                status = int(value)
            elif location == "headers":
                headers.update({_clean(wire + key).lower(): _clean(str(inner)) for key, inner in value.items()})
            elif location == "header":
                text = _clean(_header_text(value, member))
                if text or member.type_name != "list":
                    headers[wire] = text
    return Response(status, headers)


def bind_failure(shape: Any, members: Mapping[str, Any], headers: dict[str, str]) -> None:
    """The headers of an error."""
    for name, location, wire, member in plan(shape).bound:
        if location == "header" and members.get(name) is not None:
            headers[wire] = _clean(_header_text(members[name], member))


def _clean(text: str) -> str:
    """Text that can stand in a header: it does not begin another."""
    return _CONTROL.sub(" ", text)


def _header_text(value: Any, shape: Any) -> str:
    if _json_value(shape):
        return base64.b64encode(msgspec.json.encode(value)).decode()
    if shape.type_name == "list":
        return ",".join(_list_piece(inner, shape.member) for inner in value)
    return to_text(value, shape, "rfc822")


def _list_piece(value: Any, shape: Any) -> str:
    text = to_text(value, shape, "rfc822")
    if shape.type_name == "string" and ("," in text or '"' in text):
        return '"' + text.replace('"', '\\"') + '"'
    return text
