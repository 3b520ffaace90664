"""Typed records: frozen ``msgspec.Struct`` values under a key, per account and region.

A record's kind is its class name. Values are immutable, so what ``get`` returns may be kept and shared; to change
one, ``put`` its replacement (``msgspec.structs.replace``). Keys sort as text: zero-pad numbers that must sort.

Within a transaction a record that is put again and again is encoded and written once, before the commit or before
the next scan, whichever comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

import msgspec

from pointsman.local.store.database import Database

R = TypeVar("R", bound=msgspec.Struct)
Where = tuple[str, str, str, str]
"""Account, region, kind, key."""

_CACHED = 8192


@cache
def decoder(kind: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    """What reads the bodies of a kind."""
    return msgspec.json.Decoder(kind)


encode = msgspec.json.Encoder().encode
"""A record's body."""


class Records:
    """Every record of one database, with the decoded values kept at hand."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: dict[Where, msgspec.Struct] = {}
        self._unwritten: dict[Where, msgspec.Struct] = {}
        database.on_rollback(self._forget)
        database.before_commit(self._write)

    def get(self, account: str, region: str, kind: type[R], key: str) -> R | None:
        """The record, or None."""
        place = (account, region, kind.__name__, key)
        value = self._cache.get(place)
        if value is None and self._unwritten:
            value = self._unwritten.get(place)
        if value is not None:
            return value  # type: ignore[return-value]
        row = self._database.execute(
            "SELECT body FROM records WHERE account = ? AND region = ? AND kind = ? AND key = ?", place
        ).fetchone()
        return None if row is None else self._keep(place, kind, row[0])

    def put(self, account: str, region: str, key: str, value: msgspec.Struct) -> None:
        """Write the record, replacing what stood under the key."""
        place = (account, region, type(value).__name__, key)
        self._unwritten[place] = value
        if not self._database.in_transaction:
            self._write()
        self._remember(place, value)

    def delete(self, account: str, region: str, kind: type[msgspec.Struct], key: str) -> bool:
        """Remove the record; False when there was none."""
        place = (account, region, kind.__name__, key)
        self._cache.pop(place, None)
        if self._unwritten:
            self._write()
        cursor = self._database.execute(
            "DELETE FROM records WHERE account = ? AND region = ? AND kind = ? AND key = ?", place
        )
        return cursor.rowcount > 0

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
        """The records whose key begins with ``prefix``, in key order, as (key, value).

        Args:
            account: Whose.
            region: Where.
            kind: The record class.
            prefix: What the keys begin with.
            reverse: Last key first.
            after: Begin behind this key (in the order asked for).
            limit: At most so many; -1 is all.
        """
        if self._unwritten:
            self._write()
        conditions = ["account = ?", "region = ?", "kind = ?"]
        parameters: list[Any] = [account, region, kind.__name__]
        if prefix:
            conditions.append("key >= ? AND key < ?")
            parameters += [prefix, prefix + "\U0010ffff"]
        if after is not None:
            conditions.append("key < ?" if reverse else "key > ?")
            parameters.append(after)
        order = "DESC" if reverse else "ASC"
        rows = self._database.execute(
            f"SELECT key, body FROM records WHERE {' AND '.join(conditions)} ORDER BY key {order} LIMIT ?",
            (*parameters, limit),
        ).fetchall()
        for key, body in rows:
            place = (account, region, kind.__name__, key)
            value = self._cache.get(place)
            yield key, value if value is not None else self._keep(place, kind, body)  # type: ignore[misc]

    def places(self, kind: type[msgspec.Struct]) -> list[tuple[str, str]]:
        """Every (account, region) that holds a record of this kind."""
        if self._unwritten:
            self._write()
        return self._database.execute(
            "SELECT DISTINCT account, region FROM records WHERE kind = ? ORDER BY account, region", (kind.__name__,)
        ).fetchall()

    def next_number(self, account: str, region: str, name: str) -> int:
        """1, 2, 3 …: never the same number twice for a name, even after deletion."""
        row = self._database.execute(
            "INSERT INTO numbers VALUES (?, ?, ?, 1)"
            " ON CONFLICT (account, region, name) DO UPDATE SET value = value + 1 RETURNING value",
            (account, region, name),
        ).fetchone()
        return int(row[0])

    def _forget(self) -> None:
        self._cache.clear()
        self._unwritten.clear()

    def _write(self) -> None:
        unwritten, self._unwritten = self._unwritten, {}
        for place, value in unwritten.items():
            self._database.execute(
                "INSERT INTO records VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (account, region, kind, key) DO UPDATE SET body = excluded.body",
                (*place, encode(value)),
            )

    def _keep(self, place: Where, kind: type[R], body: bytes) -> R:
        value: R = decoder(kind).decode(body)
        self._remember(place, value)
        return value

    def _remember(self, place: Where, value: msgspec.Struct) -> None:
        if len(self._cache) >= _CACHED:
            for stale in list(self._cache)[: _CACHED // 4]:
                del self._cache[stale]
        self._cache[place] = value
