"""What was going on at a moment: what had gone out just before, and which alarms changed. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from pointsman.model.alarms import Change
from pointsman.model.metrics import Release

__all__ = ["AROUND", "BEFORE", "MOST", "Neighbours", "nearest"]

BEFORE = timedelta(hours=2)
"""How long before a moment what goes out is taken for a cause of it."""
AROUND = timedelta(minutes=15)
"""How far from it an alarm may have changed."""
MOST = 6
"""Of each at most so many."""


class Neighbours(Struct, frozen=True):
    """The neighbours of a moment."""

    at: datetime
    released: tuple[Release, ...] = ()
    """The last one first."""
    changes: tuple[Change, ...] = ()
    """State updates of alarms, the nearest first."""
    unread: tuple[tuple[str, str], ...] = ()
    """What could not be read, and why."""


def nearest(at: datetime, released: tuple[Release, ...], changes: tuple[Change, ...]) -> Neighbours:
    """Those of many that are neighbours of a moment."""
    out = [one for one in released if at - BEFORE <= one.at <= at]
    near = [one for one in changes if one.kind == "StateUpdate" and one.at is not None and abs(one.at - at) <= AROUND]
    near.sort(key=lambda one: (abs((one.at or at) - at), one.ref.name))
    return Neighbours(
        at, tuple(sorted(out, key=lambda one: (one.at, one.name), reverse=True)[:MOST]), tuple(near[:MOST])
    )
