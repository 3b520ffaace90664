"""Credentials of source providers: that there are some, and the connection or secret they name."""

from __future__ import annotations

import msgspec

from pointsman.local.codeconnections import connections
from pointsman.local.world import Scope


class SourceCredentials(msgspec.Struct, frozen=True):
    """The credentials for a server; key: its type."""

    server: str
    kind: str
    resource: str = ""
    """The ARN of a connection or of a secret; empty for a token, which is not kept."""


def connection_of(scope: Scope, server: str) -> str:
    """The name of the connection that the credentials for a server name; empty when they name none."""
    found = scope.get(SourceCredentials, server)
    return named(scope, found.resource) if found is not None and found.kind == "CODECONNECTIONS" else ""


def named(scope: Scope, resource: str) -> str:
    """The name of the connection of an ARN; of an unknown one, what stands for its name there."""
    found = connections.find(scope, resource) if resource.startswith("arn:") else None
    return found.name if found is not None else resource.rpartition("/")[2]
