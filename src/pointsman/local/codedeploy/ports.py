"""Ports of this machine: who serves where, and who finds a free one."""

from __future__ import annotations

import socket
from typing import Protocol, runtime_checkable

from pointsman.local.world import Scope


@runtime_checkable
class Ports(Protocol):
    """Finds ports: a tool of the world."""

    def port_for(self, name: str) -> int:
        """A port for somebody to serve on."""
        ...


class FreePorts:
    """Ports of the loopback address that nobody listens on."""

    def port_for(self, name: str) -> int:  # noqa: ARG002
        """A free one, whoever asks."""
        return free_port()


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_for(scope: Scope, name: str) -> int:
    """A port for somebody to serve on, as this world finds them."""
    return scope.world.tool(Ports).port_for(name)  # type: ignore[type-abstract]
