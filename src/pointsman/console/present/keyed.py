"""Keeping one's place in a list that changes underneath: cursor and scroll stay on the same key."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from pointsman.values import same


class Place(Struct, frozen=True):
    """Where a person is in a list."""

    cursor: int = 0
    """Index of the selected row."""
    top: int = 0
    """Index of the first row shown."""


def keep(
    old: Sequence[Hashable], new: Sequence[Hashable], index: Mapping[Any, int], place: Place, height: int
) -> Place:
    """The same place in the new list.

    The cursor stays on its key. When that key is gone, it goes to the nearest row after it that is still there, else to
    the nearest before. The selected row keeps its line on the screen; a list shown from its top stays at its top while
    the cursor remains in sight, so that what comes in above is seen.

    Args:
        old: The keys before.
        new: The keys now.
        index: Where each new key is.
        place: Where the person was in the old list.
        height: How many rows are shown.
    """
    if not new:
        return Place()
    cursor = _follow(old, index, place.cursor, len(new))
    on_line = place.cursor - place.top
    in_sight = 0 <= on_line < max(1, height)
    if place.top == 0 and in_sight and cursor < height:
        top = 0
    elif in_sight:
        top = cursor - on_line
    else:
        top = _follow(old, index, place.top, len(new))
    return Place(cursor, max(0, min(top, len(new) - max(1, height))))


def _follow(old: Sequence[Hashable], index: Mapping[Any, int], at: int, length: int) -> int:
    if not old:
        return min(at, length - 1)
    at = max(0, min(at, len(old) - 1))
    for key in old[at:]:
        if key in index:
            return index[key]
    for key in reversed(old[:at]):
        if key in index:
            return index[key]
    return min(at, length - 1)


def reveal(place: Place, height: int) -> Place:
    """Scroll just as far as it takes to see the cursor."""
    height = max(1, height)
    if place.cursor < place.top:
        return Place(place.cursor, place.cursor)
    if place.cursor >= place.top + height:
        return Place(place.cursor, place.cursor - height + 1)
    return place


def key_name(key: Hashable) -> str:
    """A key as text that is the same in every session: its kind, and what makes it equal to another."""
    if not isinstance(key, Struct):
        return str(key)
    values = [str(one) for one in same(key)]
    return "\x1f".join((type(key).__name__, *values))
