"""What goes in and out over HTTP, free of any server: a request as it was received, an answer as it will be sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Protocol
from urllib.parse import unquote_plus

from msgspec import Struct, field

from pointsman.local.endpoint.eventstream import Events


class Undecodable(Exception):
    """A request that cannot be read.

    Args:
        message: AWS's sentence about it.
        code: The error's code, where it is not the protocol's usual one.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Readable(Protocol):
    """A body that is read in pieces."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; empty at the end."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Request(Struct, dict=True):
    """A request as it was received, its body whole unless it was large."""

    method: str
    path: str
    """As it was sent: percent-encoded, without the query."""
    query: str = ""
    """As it was sent, without the question mark."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Lower-case names; values of one name joined by commas."""
    body: bytes = b""
    payload: object = None
    """A large body that is kept elsewhere already: what takes the place of the bytes among the parameters."""

    @cached_property
    def arguments(self) -> list[tuple[str, str]]:
        """The query's names and values in order, decoded.

        Raises:
            Undecodable: There are too many, or they are not UTF-8.
        """
        return pairs(self.query)


class Response(Struct):
    """An answer as it will be sent."""

    status: int
    headers: dict[str, str]
    body: bytes | Readable | Events = b""


_MOST_PAIRS = 20_000


def pairs(text: str) -> list[tuple[str, str]]:
    """Names and values of a query or a form, in order; a name without ``=`` has an empty value.

    Raises:
        Undecodable: There are too many, or they are not UTF-8.
    """
    if not text:
        return []
    if text.count("&") >= _MOST_PAIRS:
        raise Undecodable("The request has too many parameters")
    return list(_pairs(text))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for piece in text.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            try:
                yield unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
            except UnicodeDecodeError:
                raise Undecodable("The request's parameters are not UTF-8") from None
