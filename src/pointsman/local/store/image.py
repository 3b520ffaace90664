"""A whole world in memory as one value: what a seeded scenario has become, to be taken up again without living it.

Only for a world without a state folder: one that has a folder is its own image.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from pointsman.local.store.blobs import MemoryBlobs
from pointsman.local.store.resident import ResidentRecords
from pointsman.local.world import World


class Image(msgspec.Struct, frozen=True, array_like=True):
    """What such a world consists of, but for its clock and its database: large, and a board needs none of it."""

    records: list[tuple[str, str, str, str, bytes]]
    """Account, region, kind, key, body."""
    bodies: dict[str, bytes]
    dice: list[Any]
    """The states of the generators that ids come from."""
    due: float | None
    """The time stamp of the first timer; None when there is none."""


def take(world: World) -> tuple[Image, bytes]:
    """The image of a seeded world in memory, at rest; and its database."""
    records, blobs = _parts(world)
    due = world.next_due()
    made = Image(
        records.dump(),
        dict(blobs.bodies),
        [dice.getstate() for dice in world.dice],
        None if due is None else due.timestamp(),
    )
    return made, world.database.connection.serialize()


def put_back(world: World, image: Image, database: bytes | None = None) -> None:
    """Make a new world what the image's was; with its database, one of the same engines, whole."""
    records, blobs = _parts(world)
    if database is not None:
        world.database.connection.deserialize(database)
    records.fill(image.records)
    blobs.bodies.update(image.bodies)
    for dice, (version, numbers, gauss) in zip(world.dice, image.dice, strict=True):
        dice.setstate((version, tuple(numbers), gauss))


def _parts(world: World) -> tuple[ResidentRecords, MemoryBlobs]:
    records, blobs = world.records, world.blobs
    if not isinstance(records, ResidentRecords) or not isinstance(blobs, MemoryBlobs):
        raise TypeError("only a world in memory has an image")
    return records, blobs


def available() -> bool:
    """Whether this Python's SQLite can take and put back the image of a database."""
    return hasattr(sqlite3.Connection, "deserialize")
