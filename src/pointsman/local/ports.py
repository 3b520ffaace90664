"""The ports of whoever owns a state folder, bound before anything heavy is imported: what cannot be had is soon said.

The HTTP endpoint has one, X-Ray's daemon has one number for UDP and TCP. Bound sockets are handed to the process that
serves them.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket

from msgspec import Struct

from pointsman.errors import StateError

LOOPBACK = "127.0.0.1"
XRAY_BUFFER = 4 * 1024 * 1024
"""Bytes of datagrams the kernel is asked to hold while nobody reads; it grants what its own limit allows."""
_TRIES = 50


class XraySockets(Struct, frozen=True):
    """The X-Ray daemon's port: segments by UDP, sampling by TCP, under one number."""

    udp: socket.socket
    tcp: socket.socket

    @property
    def port(self) -> int:
        """The number."""
        return int(self.udp.getsockname()[1])

    def close(self) -> None:
        """Let go of both."""
        self.udp.close()
        self.tcp.close()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bind_http(host: str, port: int) -> socket.socket:
    """Bind the endpoint's port; nobody is answered before it listens.

    Args:
        host: An address, or ``localhost``.
        port: The port; 0 takes a free one.

    Raises:
        StateError: It cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return _bound(family, socket.SOCK_STREAM, host, port)
    except OSError as error:
        raise _not_had("", host, port, error) from error


def bind_xray(port: int) -> XraySockets:
    """Bind the X-Ray daemon's port on loopback: whoever reaches it needs no keys.

    Args:
        port: The port; 0 takes one that is free for both.

    Raises:
        StateError: It cannot be had.
    """
    for turn in range(_TRIES):
        with contextlib.ExitStack() as bound:
            try:
                tcp = bound.enter_context(_bound(socket.AF_INET, socket.SOCK_STREAM, LOOPBACK, port))
                number = port or tcp.getsockname()[1]
                udp = bound.enter_context(_bound(socket.AF_INET, socket.SOCK_DGRAM, LOOPBACK, number))
            except OSError as error:
                if port or turn == _TRIES - 1:
                    raise _not_had("X-Ray's ", LOOPBACK, port, error) from error
                continue
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, XRAY_BUFFER)
            bound.pop_all()
            return XraySockets(udp, tcp)
    raise AssertionError("unreachable: the last turn raises")


def _bound(family: int, kind: int, host: str, port: int) -> socket.socket:
    tcp = kind == socket.SOCK_STREAM
    # asyncio turns Nagle's algorithm off only where it is told that this is TCP.
    made = socket.socket(family, kind, socket.IPPROTO_TCP if tcp else socket.IPPROTO_UDP)
    try:
        if tcp:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        if tcp:
            made.listen(256)  # a port that another process listens on is refused here at the latest
    except OSError:
        made.close()
        raise
    return made


def _not_had(whose: str, host: str, port: int, error: OSError) -> StateError:
    return StateError(
        f"{whose}port {port} on {host} cannot be had: {error.strerror or error}", "name another port, or 0 for any"
    )
