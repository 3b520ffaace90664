"""What engines answer over plain HTTP beside AWS's protocols: calls of webhooks, pictures of badges.

An engine adds a page under a name; an endpoint gives it at ``/_pointsman/NAME`` while it listens. Nobody signs such a
request: each page judges for itself who may ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from pointsman.local.answers import AwsError
from pointsman.local.reach import Reach
from pointsman.local.world import World

ROOT = "/_pointsman/"


class Visit(Struct, frozen=True):
    """A request for a page."""

    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    peer: str = ""
    """The address it came from."""


class Shown(Struct, frozen=True):
    """The answer to a visit."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


Answering = Callable[[World, str, Visit], Shown]
"""Answers a visit of the world, in its transaction; the text is the account."""


class Page(Struct, frozen=True):
    """One page."""

    method: str
    answer: Answering


class Pages:
    """The pages of a world: a tool of it."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}

    def add(self, name: str, method: str, answer: Answering) -> None:
        """Give a page under a name, asked for with a method."""
        self._pages[name] = Page(method, answer)

    def find(self, name: str) -> Page | None:
        """The page of a name."""
        return self._pages.get(name)


def address(world: World, name: str) -> str:
    """Where a page is reached now; empty while nothing listens."""
    root = world.tool(Reach).address
    return f"{root}{ROOT}{name}" if root else ""


def visited(
    world: World, account: str, place: tuple[str, str], visit: Visit, closed: Callable[[], bool]
) -> Shown | None:
    """Answer a visit under the world's lock, in one transaction; None when there is no such page.

    Args:
        world: The world.
        account: The backend's.
        place: The page's name, and the method it is asked for with.
        visit: The visit.
        closed: Whether the backend has been closed.

    Raises:
        AwsError: The page's, or 503 when the backend has been closed.
    """
    name, method = place
    page = world.tool(Pages).find(name)
    if page is None or page.method != method:
        return None
    with world.lock:
        if closed() or world.closing:
            raise AwsError("ServiceUnavailable", "the local backend has been closed", 503)
        with world.transaction():
            return page.answer(world, account, visit)
