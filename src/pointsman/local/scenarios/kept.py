"""A scenario at second 0, kept: its three hours are lived once, by ``scripts/keep_floor.py``, and not at each start.

A test lives them again and compares; when an engine has changed what they come to, the script is to be run.
"""

from __future__ import annotations

import zlib
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pointsman.local.store import image

if TYPE_CHECKING:
    from pointsman.local.scenarios.floor import Floor

SEED = 0
"""The only seed that is kept: the one nobody asks for."""


def file(name: str) -> Path:
    """Where a scenario is kept."""
    return Path(__file__).with_name(f"{name}.bin")


class _Live(msgspec.Struct, frozen=True, array_like=True):
    hidden: frozenset[str]
    tail: list[str]
    command: str
    number: int


class _Rest(msgspec.Struct, frozen=True, array_like=True):
    """What is wanted once its engines are there."""

    database: bytes
    commits: msgspec.Raw
    """Of (repository, branch, commits)."""
    broken: list[str]
    pushes: int
    live: dict[str, _Live]


class Kept(msgspec.Struct, frozen=True):
    """A scenario at second 0: what a first board asks of it, and the rest as it lies on the disk."""

    world: image.Image
    rest: bytes


def keep(floor: Floor) -> bytes:
    """What a floor is at second 0: the length of the first part, and two parts, each compressed by itself."""
    from pointsman.local.codebuild.driver import LiveBuilds  # whoever only reads what was kept does without engines

    live = {
        build_id: _Live(one.hidden, list(one.tail), one.command, one.number)
        for build_id, one in floor.backend.world.tool(LiveBuilds).by_id.items()
    }
    commits = [(name, branch, line) for (name, branch), line in floor.repositories.commits.items()]
    world, database = image.take(floor.backend.world)
    raw = msgspec.Raw(msgspec.msgpack.encode(commits))
    rest = _Rest(database, raw, sorted(floor.broken), floor.pushes, live)
    first, second = (zlib.compress(msgspec.msgpack.encode(one), 9) for one in (world, rest))
    return len(first).to_bytes(4, "big") + first + second


def read(name: str) -> Kept | None:
    """What a scenario is at second 0; None where it has not been kept, or this Python's SQLite cannot take it up."""
    path = file(name)
    if not image.available() or not path.exists():
        return None
    data = path.read_bytes()
    end = 4 + int.from_bytes(data[:4], "big")
    return Kept(msgspec.msgpack.decode(zlib.decompress(data[4:end]), type=image.Image), data[end:])


def take_up(floor: Floor, kept: Kept) -> None:
    """Make a floor that has not begun, and whose clock stands at its second 0, what another one was then."""
    from pointsman.local.codebuild.driver import LiveBuild, LiveBuilds
    from pointsman.local.codecommit.repositories import Commit
    from pointsman.local.runners.lines import Mask

    world = floor.backend.world
    rest = msgspec.msgpack.decode(zlib.decompress(kept.rest), type=_Rest)
    with world.lock:
        image.put_back(world, kept.world, rest.database)
    commits = msgspec.msgpack.decode(rest.commits, type=list[tuple[str, str, list[Commit]]])
    floor.repositories.commits.update({(name, branch): line for name, branch, line in commits})
    floor.broken.update(rest.broken)
    floor.pushes = rest.pushes
    by_id = world.tool(LiveBuilds).by_id
    for build_id, one in rest.live.items():
        build = by_id[build_id] = LiveBuild(Mask(()), one.hidden)
        build.tail = deque(one.tail, build.tail.maxlen)
        build.command, build.number = one.command, one.number
