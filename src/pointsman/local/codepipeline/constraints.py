"""The constraints of AWS's model that botocore leaves to the service: patterns, enums, greatest lengths and values.

``check(operation, parameters)`` words its complaints as AWS does. The shapes are compiled once per operation into
plain closures, so that checking a name costs a microsecond.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from pointsman.local.answers import AwsError, Parameters
from pointsman.local.botodata import service_model

_Complain = Callable[[Any, str], None]
_Check = Callable[[Any, str, _Complain], None]

_SECRET = re.compile("token|secret|password", re.IGNORECASE)


def check(operation: str, parameters: Parameters) -> None:
    """Judge an operation's parameters.

    Raises:
        AwsError: ValidationException, naming every value that the model does not allow.
    """
    found: list[str] = []
    if (judge := _input(operation)) is not None:
        judge(parameters, "", lambda value, rule: found.append(f"Value {value} failed to satisfy constraint: {rule}"))
    if found:
        many = "error" if len(found) == 1 else "errors"
        raise AwsError("ValidationException", f"{len(found)} validation {many} detected: {'; '.join(found)}")


@cache
def _input(operation: str) -> _Check | None:
    return _compile(service_model("codepipeline").operation_model(operation).input_shape, "")


def _compile(shape: Any, member: str) -> _Check | None:
    kind = shape.type_name
    if kind == "structure":
        members = {name: made for name, inner in shape.members.items() if (made := _compile(inner, name))}
        return _structure(members) if members else None
    if kind == "list":
        return _list(_compile(shape.member, member), shape.metadata.get("max"))
    if kind == "map":
        key = _compile(shape.key, "key")
        value = _compile(shape.value, "value")
        return _map(key, value) if key or value else None
    if kind == "string":
        return _string(shape, member)
    if kind == "integer" and "max" in shape.metadata:
        return _number(shape.metadata["max"])
    return None


def _structure(members: dict[str, _Check]) -> _Check:
    def judge(value: Any, path: str, complain: _Complain) -> None:
        for name, inner in value.items():
            if (made := members.get(name)) is not None:
                made(inner, f"{path}.{name}" if path else name, complain)

    return judge


def _list(member: _Check | None, most: int | None) -> _Check | None:
    if member is None and most is None:
        return None

    def judge(value: Any, path: str, complain: _Complain) -> None:
        if most is not None and len(value) > most:
            complain(f"at '{path}'", f"Member must have length less than or equal to {most}")
        if member is not None:
            for index, inner in enumerate(value, 1):
                member(inner, f"{path}.{index}.member", complain)

    return judge


def _map(key: _Check | None, value: _Check | None) -> _Check:
    def judge(given: Any, path: str, complain: _Complain) -> None:
        for name, inner in given.items():
            if key is not None:
                key(name, f"{path}.key", complain)
            if value is not None:
                value(inner, f"{path}.{name}.member", complain)

    return judge


def _string(shape: Any, member: str) -> _Check | None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    enum, source = shape.enum, shape.metadata.get("pattern")
    if not (least or most or enum or source):
        return None
    pattern = re.compile(source, re.DOTALL if source == ".*" else 0) if source else None
    hidden = bool(_SECRET.search(member))

    def judge(value: Any, path: str, complain: _Complain) -> None:
        shown = f"at '{path}'" if hidden else f"'{value}' at '{path}'"
        if enum and value not in enum:
            complain(shown, f"Member must satisfy enum value set: [{', '.join(enum)}]")
        if pattern is not None and pattern.fullmatch(value) is None:
            complain(shown, f"Member must satisfy regular expression pattern: {source}")
        if most is not None and len(value) > most:
            complain(shown, f"Member must have length less than or equal to {most}")
        if least is not None and len(value) < least:
            complain(shown, f"Member must have length greater than or equal to {least}")

    return judge


def _number(most: int) -> _Check:
    def judge(value: Any, path: str, complain: _Complain) -> None:
        if value > most:
            complain(f"'{value}' at '{path}'", f"Member must have value less than or equal to {most}")

    return judge
