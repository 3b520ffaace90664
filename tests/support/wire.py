"""Requests as botocore sends them and answers as it reads them; values that a protocol can carry, made up.

What a protocol cannot carry by its nature is not made up for it: a control character in XML, more than a second's
precision in a header, an empty list where a list is only its members.
"""

from __future__ import annotations

import random
import string
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from pointsman.local.endpoint.messages import Request, Response
from pointsman.local.endpoint.protocols.rest import literals

_START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_WORDS = (
    "x",
    "checkout",
    "Deploy-Prod",
    "a b",
    "[red]not markup[/]",
    "naïve ☃ 🚉",
    "line\nnext",
    "{",
    "7",
    "a&b=c",
    "%2F",
)
_HEADER = string.ascii_letters + string.digits + "-_.:/"
_DEPTH = 7


class Maker:
    """Makes values up for one protocol.

    Args:
        chance: Where luck comes from.
        protocol: botocore's name of it.
        keep: How likely an optional member is there.
        form: It is to be a form, where nothing is said of an empty structure or map.
    """

    def __init__(self, chance: random.Random, protocol: str, keep: float = 0.5, *, form: bool = False) -> None:
        self._form = form
        self._chance = chance
        self._protocol = protocol
        self._keep = keep
        self._markup = protocol in ("rest-xml", "query")

    def structure(self, shape: Any, depth: int = 0) -> dict[str, Any]:
        """A valid value of a structure."""
        needed = set(shape.required_members)
        chosen = [
            name for name in shape.members if name in needed or (depth < _DEPTH and self._chance.random() < self._keep)
        ]
        if getattr(shape, "is_tagged_union", False):
            chosen = [self._chance.choice(list(shape.members))]
        made = {}
        for name in chosen:
            member = shape.members[name]
            if member.serialization.get("hostLabel"):
                made[name] = "label"
                continue
            if member.type_name == "structure" and member.serialization.get("eventstream"):
                continue
            value = self.value(member, depth + 1, member.serialization.get("location", ""))
            if not self._lost(member, value):
                made[name] = value
        return made

    def _lost(self, member: Any, value: Any) -> bool:
        """Whether the wire says nothing of an empty value."""
        location = member.serialization.get("location", "")
        return (value in ([], {}) and bool(location or member.serialization.get("flattened"))) or (
            self._form and value == {}
        )

    def value(self, shape: Any, depth: int, location: str = "") -> Any:
        """A valid value of any shape."""
        kind = shape.type_name
        if kind == "structure":
            if getattr(shape, "is_document_type", False):
                return {"a": [1, "two", None, {"b": True}]}
            return self.structure(shape, depth)
        if kind == "list":
            made = [self.value(shape.member, depth + 1, location) for _ in range(self._count(shape, depth))]
            return [item for item in made if item != {}] if self._form else made
        if kind == "map":
            return {
                self._key(shape.key, depth, location): self.value(shape.value, depth + 1, location)
                for _ in range(self._count(shape, depth))
            }
        return self._scalar(shape, kind, location)

    def _key(self, shape: Any, depth: int, location: str) -> Any:
        if location in ("headers", "querystring"):
            return "".join(self._chance.choices(string.ascii_lowercase, k=6))
        return self.value(shape, depth + 1, location)

    def _count(self, shape: Any, depth: int) -> int:
        least = int(shape.metadata.get("min", 0))
        most = int(shape.metadata.get("max", 3))
        if depth > _DEPTH:
            return least
        return self._chance.randint(least, max(least, min(most, least + 3)))

    def _scalar(self, shape: Any, kind: str, location: str) -> Any:
        chance = self._chance
        if kind in ("string", "character"):
            return self._string(shape, location)
        if kind in ("integer", "long"):
            least = int(shape.metadata.get("min", 0 if location == "statusCode" else -5))
            most = int(shape.metadata.get("max", least + 10_000))
            return 200 if location == "statusCode" else chance.randint(least, min(most, 2**31 - 1))
        if kind in ("float", "double"):
            return chance.choice([0.5, 12.0, -3.25, 1e9, 1024.125])
        if kind == "boolean":
            return chance.random() < 0.5
        if kind == "timestamp":
            when = _START + timedelta(seconds=chance.randint(-(10**6), 10**6))
            exact = location in ("header", "uri") or shape.serialization.get("timestampFormat", "").lower() == "rfc822"
            return when if exact else when + timedelta(milliseconds=chance.choice([0, 0, 1, 250, 999]))
        assert kind == "blob", kind
        return bytes(chance.randrange(256) for _ in range(chance.randint(0, 8)))

    def _string(self, shape: Any, location: str) -> Any:
        if shape.enum:
            return self._chance.choice(shape.enum)
        if shape.serialization.get("jsonvalue") and location == "header":
            return {"a": [1, "ü"]}
        most, least = int(shape.metadata.get("max", 10_000)), int(shape.metadata.get("min", 0))
        if location in ("header", "headers"):
            word = "".join(self._chance.choices(_HEADER, k=8))
        elif location == "uri":
            word = self._chance.choice(["x", "a b", "ü☃", "a.b", "..", "%41", "a:b@c", "a+b"])
        elif "pattern" in shape.metadata:
            word = "".join(self._chance.choices("abcXYZ019", k=8))
        else:
            word = self._chance.choice(_WORDS if self._markup else (*_WORDS, "\x1b[31m", ""))
        return word.ljust(least, "x")[:most]


def sent(operation: Any, parameters: dict[str, Any], protocol: str) -> Request:
    """The request botocore sends."""
    serialized = create_serializer(protocol, include_validation=False).serialize_to_request(parameters, operation)
    serialized.pop("host_prefix", None)
    prepare_request_dict(serialized, endpoint_url="http://127.0.0.1:1")
    prepared = create_request_object(serialized).prepare()
    url = urlsplit(prepared.url)
    body = prepared.body or b""
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in prepared.headers.items()
    }
    return Request(
        prepared.method, url.path or "/", url.query, headers, body.encode() if isinstance(body, str) else bytes(body)
    )


def read(operation: Any, response: Response, protocol: str) -> dict[str, Any]:
    """What botocore reads out of an answer, with ``ResponseMetadata``."""
    return _parse(response, protocol, operation.output_shape, operation.has_streaming_output)


def read_error(response: Response, protocol: str, shape: Any = None) -> dict[str, Any]:
    """What botocore reads out of an error."""
    return _parse(response, protocol, shape, streaming=False)


def _parse(response: Response, protocol: str, shape: Any, streaming: bool) -> dict[str, Any]:
    body: Any = response.body
    if streaming and not isinstance(body, bytes):
        body = body.read()
    if streaming:
        body = _Stream(body)
    parsed: dict[str, Any] = create_parser(protocol).parse(
        {"status_code": response.status, "headers": _Headers(response.headers), "body": body, "context": {}}, shape
    )
    return parsed


class _Headers(dict[str, str]):
    """Headers as an HTTP client gives them: names in any case."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


class _Stream:
    """A body that is not read into memory by the parser."""

    def __init__(self, content: bytes) -> None:
        self.content = content


def plain(value: Any) -> Any:
    """A parsed answer without its metadata and with streams read, to be compared."""
    return {
        name: inner.content if isinstance(inner, _Stream) else inner
        for name, inner in value.items()
        if name != "ResponseMetadata"
    }


def unbound(operation: Any) -> set[str]:
    """The names of the query that a URI template always has."""
    return {name for name, _ in literals(operation.http["requestUri"])}
