"""Which service and operation a request is for, and in which protocol it speaks.

The signature's scope names the service, ``X-Amz-Target`` or the path the operation: never the host, for all services
share one endpoint. S3 is spoken path-style. What is asked of a service that is not here is answered 501, by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from msgspec import Struct, field

from pointsman.local.answers import AwsError
from pointsman.local.endpoint.messages import Request, Undecodable
from pointsman.local.endpoint.models import known_services, operation_model, protocols, service_model
from pointsman.local.endpoint.protocols import CODECS, Codec
from pointsman.local.endpoint.protocols.query import form
from pointsman.local.endpoint.protocols.rest import literals

_CBOR_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)/?")
_LABEL = re.compile(r"\{([^}+]+)(\+?)\}")
_FORM = "application/x-www-form-urlencoded"


class Place(Struct, frozen=True):
    """Where a request speaks to: enough to word an error in its protocol."""

    service: str | None
    """botocore's name; None when the request does not say, or says one there is no model of."""
    codec: Codec
    named: str = ""
    """The service as the request calls it."""


class Route(Struct, frozen=True):
    """What a request asks for."""

    service: str
    operation: str
    codec: Codec
    labels: dict[str, str] = field(default_factory=dict)


class Router:
    """Finds the way among the services that are answered.

    Args:
        answered: Service -> the operations of it that are answered.
    """

    def __init__(self, answered: Mapping[str, Iterable[str]]) -> None:
        self._answered = {service: frozenset(operations) for service, operations in answered.items()}

    # A model takes milliseconds to read, so each is read when its service is first spoken to.

    @cached_property
    def _scopes(self) -> dict[str, str]:
        return {service_model(service).signing_name: service for service in self._answered}

    @cached_property
    def _prefixes(self) -> dict[str, str]:
        found = {service_model(service).metadata.get("targetPrefix", ""): service for service in self._answered}
        found.pop("", None)
        return found

    @cached_property
    def _versions(self) -> dict[str, str]:
        spoken = [service for service in self._answered if "query" in protocols(service)]
        return {service_model(service).api_version: service for service in spoken}

    def place(self, request: Request, scope: str | None) -> Place:
        """Where a request speaks to; never fails, for an error needs a protocol too.

        Args:
            request: The request; its body is looked at only when it is a form nobody signed.
            scope: The service in the signature's scope; None when there is no signature.
        """
        named = scope or ""
        service = self._by_scope(scope) if scope else None
        target = request.headers.get("x-amz-target")
        path = _CBOR_PATH.fullmatch(request.path)
        if path is not None and (service is None or "smithy-rpc-v2-cbor" in protocols(service)):
            named = named or path[1]
            return Place(service or self._prefixes.get(path[1]), CODECS["smithy-rpc-v2-cbor"], named)
        if target is not None or "x-amz-json" in request.headers.get("content-type", ""):
            prefix = (target or "").rpartition(".")[0]
            return Place(service or self._prefixes.get(prefix), CODECS["json"], named or prefix)
        if service is not None:
            return Place(service, CODECS[_spoken(service, request)], named)
        if scope is not None:
            codec = "query" if _is_form(request) else "rest-json" if "json" in _content_type(request) else "rest-xml"
            return Place(None, CODECS[codec], named)
        if _is_form(request):
            return Place(self._by_version(request), CODECS["query"], named)
        return Place("s3" if "s3" in self._answered else None, CODECS["rest-xml"], named)

    def _by_scope(self, scope: str) -> str | None:
        if scope in self._answered and service_model(scope).signing_name == scope:
            return scope
        found = self._scopes.get(scope)
        if found is None and scope in known_services() and _spoken_at_all(scope):
            return scope
        return found

    def _by_version(self, request: Request) -> str | None:
        try:
            fields = dict(form(request))
        except Undecodable:
            return None
        return self._versions.get(fields.get("Version", ""))

    def route(self, request: Request, place: Place) -> Route:
        """What a request asks for.

        Raises:
            AwsError: The service is not here (501), or has no such operation.
            Undecodable: The path or the form cannot be read.
        """
        service, codec = place.service, place.codec
        if service is None:
            raise AwsError(
                "NotImplemented",
                f"Pointsman's backend does not answer the service {place.named[:64]!r}"
                if place.named
                else "The request does not say which service it is for",
                501 if place.named else 400,
            )
        if codec.name in ("rest-json", "rest-xml"):
            return self._rest(request, service, codec)
        if codec.name == "smithy-rpc-v2-cbor":
            match = _CBOR_PATH.fullmatch(request.path)
            prefix, operation = (match[1], match[2]) if match is not None else ("", "")
        elif codec.name == "json":
            prefix, _, operation = request.headers.get("x-amz-target", "").rpartition(".")
        else:
            prefix, operation = "", _action(request)
        wanted = service_model(service).metadata.get("targetPrefix", "")
        if (codec.name != "query" and prefix != wanted) or operation not in service_model(service).operation_names:
            if codec.name == "query":
                raise AwsError(
                    "InvalidAction" if operation else "MissingAction",
                    f"Could not find operation {operation[:64]} for version {service_model(service).api_version}"
                    if operation
                    else "The request must contain the parameter Action",
                )
            raise AwsError("UnknownOperationException", f"{operation[:64]} is not an operation of {service}")
        return Route(service, operation, codec)

    def _rest(self, request: Request, service: str, codec: Codec) -> Route:
        answered = self._answered.get(service, frozenset())
        arguments = dict(request.arguments)
        best: tuple[tuple[int, int, int, int, bool, bool], str, dict[str, str]] | None = None
        for template in _templates(service).get(request.method, ()):
            match = template.pattern.fullmatch(request.path)
            if match is None:
                continue
            for operation in template.operations:
                score = operation.score(template, arguments, request.headers, answered)
                if score is not None and (best is None or score > best[0]):
                    best = (score, operation.name, dict(zip(template.labels, match.groups(), strict=True)))
        if best is None:
            if service == "s3":
                raise AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
            raise AwsError("UnknownOperationException", f"{request.method} of that path is no operation", 404)
        return Route(service, best[1], codec, {name: _decoded(value) for name, value in best[2].items()})


def _decoded(text: str) -> str:
    try:
        found = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        found = "\0"
    if "\0" in found:
        raise Undecodable("Couldn't parse the specified URI.", "InvalidURI")
    return found


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_form(request: Request) -> bool:
    if request.method == "POST" and _content_type(request) == _FORM:
        return True
    return request.method in ("GET", "POST") and ("Action=" in request.query)


@cache
def _spoken_at_all(service: str) -> bool:
    return any(name in CODECS for name in protocols(service))


def _spoken(service: str, request: Request) -> str:
    """The protocol of a request that neither header nor path told of."""
    spoken = [name for name in protocols(service) if name in CODECS]
    for name in ("rest-json", "rest-xml"):
        if name in spoken:
            return name
    if "query" in spoken and (_is_form(request) or "json" not in spoken):
        return "query"
    return spoken[-1]


def _action(request: Request) -> str:
    return next((value for name, value in form(request) if name == "Action"), "")


class _Operation(NamedTuple):
    name: str
    literals: tuple[tuple[str, str], ...]
    query: tuple[str, ...]
    """Query parameters that are required."""
    headers: tuple[str, ...]
    """Headers that are required."""
    current: bool
    """Not deprecated."""

    def score(
        self, template: _Template, arguments: Mapping[str, str], headers: Mapping[str, str], answered: frozenset[str]
    ) -> tuple[int, int, int, int, bool, bool] | None:
        """How well a request fits; None when it does not."""
        for name, value in self.literals:
            if name not in arguments or (value and arguments[name] != value):
                return None
        there = sum(name in arguments for name in self.query) + sum(name in headers for name in self.headers)
        missing = len(self.query) + len(self.headers) - there
        return template.weight, len(self.literals), -missing, there, self.name in answered, self.current


class _Template(NamedTuple):
    pattern: re.Pattern[str]
    labels: tuple[str, ...]
    weight: int
    """How much of the path is written out."""
    operations: tuple[_Operation, ...]


@cache
def _templates(service: str) -> dict[str, tuple[_Template, ...]]:
    found: dict[tuple[str, str], list[_Operation]] = {}
    for name in service_model(service).operation_names:
        operation = operation_model(service, name)
        method, uri = operation.http.get("method", "POST"), operation.http["requestUri"]
        found.setdefault((method, uri.partition("?")[0]), []).append(_operation(operation, uri))
    templates: dict[str, list[_Template]] = {}
    for (method, path), operations in found.items():
        templates.setdefault(method, []).append(_template(path, tuple(operations)))
    return {method: tuple(made) for method, made in templates.items()}


def _operation(operation: Any, uri: str) -> _Operation:
    shape = operation.input_shape
    query, headers = [], []
    if shape is not None:
        for name in shape.required_members:
            traits = shape.members[name].serialization
            wire = traits.get("name", name)
            if traits.get("location") == "querystring":
                query.append(wire)
            elif traits.get("location") == "header":
                headers.append(wire.lower())
    return _Operation(operation.name, literals(uri), tuple(query), tuple(headers), not operation.deprecated)


def _template(path: str, operations: tuple[_Operation, ...]) -> _Template:
    labels, pattern, place = [], "", 0
    for match in _LABEL.finditer(path):
        labels.append(match[1])
        pattern += re.escape(path[place : match.start()]) + ("(.+)" if match[2] else "([^/]+)")
        place = match.end()
    pattern += re.escape(path[place:].rstrip("/"))
    return _Template(re.compile(f"{pattern}/?", re.DOTALL), tuple(labels), len(_LABEL.sub("", path)), operations)
