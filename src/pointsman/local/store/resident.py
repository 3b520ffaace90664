"""Typed records that never leave memory: those of a backend without a state folder.

What would be encoded, written and never read again is only kept, in key order; a transaction that is rolled back puts
back what it had replaced.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import TypeVar, cast

import msgspec
from msgspec import Struct, field

from pointsman.local.store.database import Database
from pointsman.local.store.records import Records, decoder, encode

R = TypeVar("R", bound=msgspec.Struct)

Shelf = tuple[str, str, str]
"""Account, region, kind."""


class _Sorted(Struct):
    """The values of one kind in one place, and their keys in order."""

    values: dict[str, msgspec.Struct | bytes] = field(default_factory=dict)
    """A body that came from an image is decoded when it is first asked for."""
    keys: list[str] = field(default_factory=list)

    def get(self, kind: type[R], key: str) -> R | None:
        value = self.values.get(key)
        if isinstance(value, bytes):
            value = self.values[key] = cast("R", decoder(kind).decode(value))
        return cast("R | None", value)

    def set(self, key: str, value: msgspec.Struct | bytes | None) -> None:
        if value is None:
            if self.values.pop(key, None) is not None:
                del self.keys[bisect_left(self.keys, key)]
            return
        if key not in self.values:
            insort(self.keys, key)
        self.values[key] = value


class ResidentRecords(Records):
    """Records in memory, with the behaviour of those in the database.

    Args:
        database: Whose transactions they follow.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._shelves: dict[Shelf, _Sorted] = {}
        self._before: dict[tuple[Shelf, str], msgspec.Struct | bytes | None] = {}
        """What stood under each key that the open transaction has touched."""
        database.before_commit(self._before.clear)
        database.on_rollback(self._undo)

    def get(self, account: str, region: str, kind: type[R], key: str) -> R | None:
        """The record, or None."""
        shelf = self._shelves.get((account, region, kind.__name__))
        return None if shelf is None else shelf.get(kind, key)

    def put(self, account: str, region: str, key: str, value: msgspec.Struct) -> None:
        """Keep the record, in place of what stood under the key."""
        self._set((account, region, type(value).__name__), key, value)

    def delete(self, account: str, region: str, kind: type[msgspec.Struct], key: str) -> bool:
        """Remove the record; False when there was none."""
        shelf = self._shelves.get((account, region, kind.__name__))
        if shelf is None or key not in shelf.values:
            return False
        self._set((account, region, kind.__name__), key, None)
        return True

    def scan(
        self,
        account: str,
        region: str,
        kind: type[R],
        prefix: str = "",
        *,
        reverse: bool = False,
        after: str | None = None,
        limit: int = -1,
    ) -> Iterator[tuple[str, R]]:
        """The records whose key begins with ``prefix``, in key order, as (key, value); as they are at the first."""
        shelf = self._shelves.get((account, region, kind.__name__))
        if shelf is None:
            return
        keys = shelf.keys
        low = bisect_left(keys, prefix) if prefix else 0
        high = bisect_left(keys, prefix + "\U0010ffff") if prefix else len(keys)
        if after is not None and reverse:
            high = min(high, bisect_left(keys, after))
        elif after is not None:
            low = max(low, bisect_right(keys, after))
        chosen = keys[low:high]
        if reverse:
            chosen.reverse()
        if limit >= 0:
            del chosen[limit:]
        for key, value in [(key, shelf.get(kind, key)) for key in chosen]:
            yield key, cast("R", value)

    def places(self, kind: type[msgspec.Struct]) -> list[tuple[str, str]]:
        """Every (account, region) that holds a record of this kind."""
        name = kind.__name__
        return sorted((shelf[0], shelf[1]) for shelf, held in self._shelves.items() if shelf[2] == name and held.keys)

    def dump(self) -> list[tuple[str, str, str, str, bytes]]:
        """Every record: account, region, kind, key, body."""
        return [
            (*where, key, value if isinstance(value, bytes) else encode(value))
            for where, shelf in sorted(self._shelves.items())
            for key in shelf.keys
            for value in (shelf.values[key],)
        ]

    def fill(self, rows: list[tuple[str, str, str, str, bytes]]) -> None:
        """Keep what another one's ``dump`` gave; for records that are empty yet."""
        for account, region, kind, key, body in rows:
            shelf = self._shelves.setdefault((account, region, kind), _Sorted())
            shelf.values[key] = body
            shelf.keys.append(key)

    def _set(self, where: Shelf, key: str, value: msgspec.Struct | None) -> None:
        shelf = self._shelves.get(where)
        if shelf is None:
            shelf = self._shelves[where] = _Sorted()
        if self._database.in_transaction:
            self._before.setdefault((where, key), shelf.values.get(key))
        shelf.set(key, value)

    def _undo(self) -> None:
        for (where, key), value in self._before.items():
            self._shelves[where].set(key, value)
        self._before.clear()
