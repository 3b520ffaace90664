"""Values that are the same by some of their fields only."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct


class Partly(Struct, frozen=True, eq=False):
    """A frozen value two of which are equal, and one in a set, whatever the fields named in ``apart`` hold."""

    apart: ClassVar[frozenset[str]] = frozenset()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return same(self) == same(other)

    def __ne__(self, other: object) -> bool:
        # Struct has one of its own, which does not ask ``__eq__``.
        if type(other) is not type(self):
            return NotImplemented
        return same(self) != same(other)

    def __lt__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return same(self) < same(other)

    def __le__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return same(self) <= same(other)

    def __hash__(self) -> int:
        return hash(same(self))


def same(value: Struct) -> tuple[Any, ...]:
    """What makes a value equal to another of its kind."""
    apart = value.apart if isinstance(value, Partly) else ()
    return tuple([getattr(value, name) for name in value.__struct_fields__ if name not in apart])
