"""A scenario at second 0, kept: its three hours are lived once, by ``scripts/keep_floor.py``, and not at each start.

A test lives them again and compares; when an engine has changed what they come to, the script is to be run.
"""

from __future__ import annotations

import zlib
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pointsman.local.codecommit.repositories import Commit
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


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A scenario at second 0."""

    world: image.Image
    commits: list[tuple[str, str, list[Commit]]]
    broken: list[str]
    pushes: int
    live: dict[str, _Live]


def keep(floor: Floor) -> bytes:
    """What a floor is at second 0."""
    from pointsman.local.codebuild.driver import LiveBuilds  # whoever only reads what was kept does without engines

    live = {
        build_id: _Live(one.hidden, list(one.tail), one.command, one.number)
        for build_id, one in floor.backend.world.tool(LiveBuilds).by_id.items()
    }
    commits = [(name, branch, line) for (name, branch), line in floor.repositories.commits.items()]
    kept = Kept(image.take(floor.backend.world), commits, sorted(floor.broken), floor.pushes, live)
    return zlib.compress(msgspec.msgpack.encode(kept), 9)


def read(name: str) -> Kept | None:
    """What a scenario is at second 0; None where it has not been kept, or this Python's SQLite cannot take it up."""
    path = file(name)
    if not image.available() or not path.exists():
        return None
    return msgspec.msgpack.decode(zlib.decompress(path.read_bytes()), type=Kept)


def take_up(floor: Floor, kept: Kept) -> None:
    """Make a floor that has not begun, and whose clock stands at its second 0, what another one was then."""
    from pointsman.local.codebuild.driver import LiveBuild, LiveBuilds
    from pointsman.local.runners.lines import Mask

    world = floor.backend.world
    with world.lock:
        image.put_back(world, kept.world)
    floor.repositories.commits.update({(name, branch): line for name, branch, line in kept.commits})
    floor.broken.update(kept.broken)
    floor.pushes = kept.pushes
    by_id = world.tool(LiveBuilds).by_id
    for build_id, one in kept.live.items():
        build = by_id[build_id] = LiveBuild(Mask(()), one.hidden)
        build.tail = deque(one.tail, build.tail.maxlen)
        build.command, build.number = one.command, one.number
