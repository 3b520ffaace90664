"""Parameters held against the constraints of botocore's models, in AWS's words.

Types are the protocols' business and right by now; here it is what is missing, too long, too short, out of range, off
the pattern or not among an enum's values. Checks are compiled once per shape. Patterns are Java's and are run by an
engine with a time-out; one that it does not understand, or that takes too long, refuses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Any

import regex

from pointsman.local.answers import AwsError, Parameters
from pointsman.local.endpoint.models import error_shapes, operation_model, protocols

log = logging.getLogger("pointsman.local")

Complain = Callable[[str], None]
Check = Callable[[Any, str, Complain], None]

_PATIENCE = 0.5
_SHOWN = 1024
_CODES = {"logs": "InvalidParameterException", "xray": "InvalidRequestException"}
"""What services whose code is not the usual one call a broken constraint."""


def check(service: str, operation: str, parameters: Parameters) -> None:
    """Judge an operation's parameters.

    Raises:
        AwsError: Naming every value that the model does not allow.
    """
    judge = _input(service, operation)
    if judge is None:
        return
    found: list[str] = []
    judge(parameters, "", found.append)
    if found:
        many = "error" if len(found) == 1 else "errors"
        raise AwsError(code(service), f"{len(found)} validation {many} detected: {'; '.join(found)}")


@cache
def code(service: str) -> str:
    """What a service calls a broken constraint."""
    spoken = protocols(service)
    if service in _CODES:
        return _CODES[service]
    if spoken[0] == "query" or ("query" in spoken and "ValidationException" not in error_shapes(service)):
        return "ValidationError"
    return "ValidationException"


@cache
def _input(service: str, operation: str) -> Check | None:
    if service == "s3":
        # S3 is older than these constraints and keeps to its own: only what must be there is checked.
        return _required_only(operation_model(service, operation).input_shape)
    shape = operation_model(service, operation).input_shape
    return None if shape is None else _compile(service, shape)


def _required_only(shape: Any) -> Check | None:
    if shape is None or not shape.required_members:
        return None
    needed = [(name, shape.members[name]) for name in shape.required_members]

    def judge(value: Any, _: str, __: Complain) -> None:
        for name, member in needed:
            if name not in value:
                location = member.serialization.get("location")
                if location in ("querystring", "header"):
                    wire = member.serialization.get("name", name)
                    raise AwsError("InvalidArgument", f"Missing required parameter for this request: '{wire}'")
                raise AwsError("MissingRequestBodyError", "Request Body is empty")
            _s3_needed(value[name], member)

    return judge


def _s3_needed(value: Any, shape: Any) -> None:
    """What must be in a body: S3 holds it against its schema."""
    if shape.type_name == "list":
        for item in value:
            _s3_needed(item, shape.member)
    elif shape.type_name == "structure":
        if any(name not in value for name in shape.required_members):
            raise AwsError(
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our published schema",
            )
        for name, inner in value.items():
            _s3_needed(inner, shape.members[name])


_COMPILED: dict[tuple[str, str], Check | None] = {}


def _compile(service: str, shape: Any) -> Check | None:
    kind = shape.type_name
    place = (service, shape.name)
    if place in _COMPILED:
        return _COMPILED[place]
    if kind == "structure":
        found: Check | None = _structure(service, shape)
    elif kind == "list":
        found = _list(service, shape)
    elif kind == "map":
        found = _map(service, shape)
    else:
        found = _scalar(shape)
    _COMPILED[place] = found
    return found


def _lowered(name: str) -> str:
    """A member as AWS's messages spell it: they begin with a lower-case letter whatever the wire does."""
    return name[:1].lower() + name[1:]


def _structure(service: str, shape: Any) -> Check | None:
    if getattr(shape, "is_document_type", False):
        return None
    needed = tuple(shape.required_members)
    members: dict[str, tuple[str, Check | None]] = {}

    def judge(value: Any, path: str, complain: Complain) -> None:
        for name in needed:
            if name not in value:
                complain(
                    f"Value null at '{path}{_lowered(name)}' failed to satisfy constraint: Member must not be null"
                )
        for name, inner in value.items():
            # Members are compiled when they are first met: shapes may contain themselves.
            if name not in members:
                members[name] = (_lowered(name), _compile(service, shape.members[name]))
            shown, made = members[name]
            if made is not None:
                made(inner, f"{path}{shown}", complain)

    def nested(value: Any, path: str, complain: Complain) -> None:
        judge(value, f"{path}." if path else "", complain)

    return nested


def _list(service: str, shape: Any) -> Check | None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    inner_kind = shape.member.type_name
    compound = inner_kind in ("structure", "list", "map")
    member = _compile(service, shape.member) if compound else None
    rules = None if compound else _rules(shape.member)

    def judge(value: Any, path: str, complain: Complain) -> None:
        if bad := _size(len(value), least, most):
            complain(f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: {bad}")
        for index, inner in enumerate(value, 1):
            if inner is None:
                complain(f"Value null at '{path}.{index}.member' failed to satisfy constraint: Member must not be null")
            elif member is not None:
                member(inner, f"{path}.{index}.member", complain)
        if rules is not None and any(inner is not None and rules.broken(inner) for inner in value):
            complain(
                f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: Member must satisfy constraint:"
                f" [{', '.join(rules.words)}]"
            )

    return judge


def _map(service: str, shape: Any) -> Check | None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    compound = shape.value.type_name in ("structure", "list", "map")
    member = _compile(service, shape.value) if compound else None
    keys, values = _rules(shape.key), None if compound else _rules(shape.value)

    def judge(value: Any, path: str, complain: Complain) -> None:
        if bad := _size(len(value), least, most):
            complain(f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: {bad}")
        if keys is not None and any(keys.broken(name) for name in value):
            complain(
                f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: Map keys must satisfy constraint:"
                f" [{', '.join(keys.words)}]"
            )
        if values is not None and any(inner is not None and values.broken(inner) for inner in value.values()):
            complain(
                f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: Map value must satisfy constraint:"
                f" [{', '.join(values.words)}]"
            )
        for name, inner in value.items():
            if inner is None:
                complain(f"Value null at '{path}.{name}.member' failed to satisfy constraint: Member must not be null")
            elif member is not None:
                member(inner, f"{path}.{name}.member", complain)

    return judge


def _size(size: int, least: int | None, most: int | None) -> str:
    if most is not None and size > most:
        return f"Member must have length less than or equal to {most}"
    if least is not None and size < least:
        return f"Member must have length greater than or equal to {least}"
    return ""


class _Rules:
    """The constraints of a scalar: how each is worded, and how it is broken."""

    def __init__(self, shape: Any) -> None:
        self._each: list[tuple[str, Callable[[Any], bool]]] = []
        metadata, kind = shape.metadata, shape.type_name
        least, most = metadata.get("min"), metadata.get("max")
        if kind in ("string", "blob"):
            if shape.type_name == "string" and shape.enum:
                allowed = frozenset(shape.enum)
                words = f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
                self._each.append((words, lambda value: value not in allowed))
            if most is not None:
                words = f"Member must have length less than or equal to {most}"
                self._each.append((words, lambda value: len(value) > most))
            if least:
                words = f"Member must have length greater than or equal to {least}"
                self._each.append((words, lambda value: len(value) < least))
            if (source := metadata.get("pattern")) and (pattern := _pattern(source)) is not None:
                words = f"Member must satisfy regular expression pattern: {source}"
                self._each.append((words, lambda value: not _matches(pattern, value)))
        elif kind in ("integer", "long", "float", "double"):
            if most is not None:
                words = f"Member must have value less than or equal to {most}"
                self._each.append((words, lambda value: value > most))
            if least is not None:
                words = f"Member must have value greater than or equal to {least}"
                self._each.append((words, lambda value: value < least))

    @property
    def words(self) -> list[str]:
        """Every constraint."""
        return [words for words, _ in self._each]

    def broken(self, value: Any) -> list[str]:
        """The constraints a value does not keep."""
        return [words for words, breaks in self._each if breaks(value)]


def _rules(shape: Any) -> _Rules | None:
    rules = _Rules(shape)
    return rules if rules.words else None


def _scalar(shape: Any) -> Check | None:
    rules = _rules(shape)
    if rules is None:
        return None
    hidden = bool(shape.metadata.get("sensitive")) or shape.type_name == "blob"

    def judge(value: Any, path: str, complain: Complain) -> None:
        for words in rules.broken(value):
            shown = "" if hidden else f" '{_shown(value)}'"
            complain(f"Value{shown} at '{path}' failed to satisfy constraint: {words}")

    return judge


def _shown(value: Any) -> str:
    """A value as AWS's messages show it: Java's way of writing lists and maps, and not at any length."""
    text = _java(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _java(value: Any, depth: int = 0) -> str:
    if depth > 4:
        return "..."
    if isinstance(value, list):
        return f"[{', '.join(_java(inner, depth + 1) for inner in value[:100])}]"
    if isinstance(value, dict):
        pairs = (f"{name}={_java(inner, depth + 1)}" for name, inner in list(value.items())[:100])
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


@cache
def _pattern(source: str) -> Any:
    try:
        return regex.compile(source, regex.DOTALL if source == ".*" else 0)
    except regex.error:
        # A surrogate range or another of Java's own: such a pattern is left to the service's own checks.
        return None


def _matches(pattern: Any, value: str) -> bool:
    try:
        return pattern.fullmatch(value, timeout=_PATIENCE) is not None
    except TimeoutError:
        log.warning("the pattern %s took too long and was passed over", pattern.pattern)
        return True
