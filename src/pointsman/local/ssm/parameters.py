"""Parameters as records, and the value of one for the other engines."""

from __future__ import annotations

from datetime import datetime

import msgspec

from pointsman.local.world import Scope


class Version(msgspec.Struct, frozen=True):
    """One version of a parameter."""

    number: int
    value: str
    modified: datetime
    kind: str = "String"
    data_type: str = "text"
    key_id: str = ""
    description: str = ""
    allowed_pattern: str = ""
    tier: str = "Standard"
    labels: tuple[str, ...] = ()


class Parameter(msgspec.Struct, frozen=True):
    """A parameter with its versions, oldest first; the last is the current one."""

    name: str
    versions: tuple[Version, ...]
    tags: dict[str, str] = {}

    @property
    def current(self) -> Version:
        """The newest version."""
        return self.versions[-1]


KEPT = 100
"""Versions kept of a parameter, as AWS does."""


def bare(name: str) -> str:
    """A parameter's name from a name or its ARN (where a hierarchy's leading slash is part of ``parameter/``)."""
    if not name.startswith("arn:"):
        return name
    tail = name.split(":", 5)[-1].removeprefix("parameter")
    return tail if tail.count("/") > 1 else tail.removeprefix("/")


def find(scope: Scope, name: str) -> tuple[Parameter, Version, str] | None:
    """The parameter, the version asked for and the selector, of ``name``, ``name:3``, ``name:label`` or an ARN."""
    plain = bare(name)
    if (parameter := scope.get(Parameter, plain)) is not None:
        return parameter, parameter.current, ""
    plain, _, selector = plain.rpartition(":")
    parameter = scope.get(Parameter, plain) if plain else None
    if parameter is None:
        return None
    for version in parameter.versions:
        if selector == str(version.number) or selector in version.labels:
            return parameter, version, f":{selector}"
    return None


def value(scope: Scope, name: str) -> str | None:
    """The value of a parameter as a build asks for it (``name``, ``name:version``, ``name:label``); None: no such."""
    found = find(scope, name)
    return None if found is None else found[1].value
