"""One SQLite connection, its schema and its transactions.

WAL with synchronous NORMAL: a commit survives kill -9 of this process; a power cut may lose the last ones, never the
file. Every use happens under the world's lock, so one connection serves all threads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pointsman.errors import StateError

FORMAT = 1
"""What this version writes. One that could not be read by an earlier version counts up."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    account TEXT NOT NULL, region TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (account, region, kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY (account, region, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timers (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, due REAL NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
    topic TEXT NOT NULL, key TEXT, payload BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS timers_key ON timers (account, region, key) WHERE key IS NOT NULL;
CREATE INDEX IF NOT EXISTS timers_due ON timers (due, seq);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Database:
    """A SQLite database in a file, or in memory when there is no path.

    Args:
        path: The file, made with mode 0600 when it is not there; None keeps everything in memory.

    Raises:
        StateError: The file is no database, cannot be read, or was written by a newer version.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.touch(mode=0o600, exist_ok=True)
        self.connection = sqlite3.connect(
            str(path) if path else ":memory:", isolation_level=None, check_same_thread=False, cached_statements=512
        )
        try:
            self._refuse_newer(path)
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=NORMAL")
            self.connection.execute("PRAGMA temp_store=MEMORY")
            self.connection.executescript(_SCHEMA)
            self.connection.execute(f"PRAGMA user_version={FORMAT}")
        except sqlite3.DatabaseError as error:
            self.connection.close()
            raise StateError(
                f"the records in {path} cannot be used: {error}", "name another folder, or move this file away"
            ) from error
        self._path = path
        self.resident = path is None
        """Whether it goes with the process."""
        self._depth = 0
        self._before_commit: list[Callable[[], None]] = []
        self._on_rollback: list[Callable[[], None]] = []

    def _refuse_newer(self, path: Path | None) -> None:
        """Leave what a newer version has written as it is."""
        found = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if found > FORMAT:
            self.connection.close()
            raise StateError(
                f"the records in {path} were written by a newer version of Pointsman (format {found}, not {FORMAT})",
                "use that version, or name another folder",
            )

    def declare(self, schema: str) -> None:
        """Add an engine's own tables: statements with ``IF NOT EXISTS``."""
        self.connection.executescript(schema)

    def execute(self, sql: str, parameters: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Run one statement; outside a transaction it commits by itself."""
        return self.connection.execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterator[tuple[Any, ...]] | list[tuple[Any, ...]]) -> None:
        """Run one statement for many rows."""
        self.connection.executemany(sql, rows)

    def before_commit(self, write: Callable[[], None]) -> None:
        """Have ``write`` called at the end of each transaction: what was held back joins it."""
        self._before_commit.append(write)

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """Have ``undo`` called each time a transaction is rolled back: caches forget what never happened."""
        self._on_rollback.append(undo)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; a transaction inside another joins it."""
        if self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        self.connection.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            for write in self._before_commit:
                write()
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:  # a full disk has rolled it back already
                self.connection.execute("ROLLBACK")
            for undo in self._on_rollback:
                undo()
            raise
        finally:
            self._depth = 0

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._depth > 0

    def reader(self) -> sqlite3.Connection | None:
        """A connection of its own that only reads, for whoever reads for long without the world's lock.

        It sees what was committed when its transaction began. None for a database in memory: there is nothing that
        another connection could open. The caller closes it.
        """
        if self._path is None:
            return None
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    def fact(self, name: str) -> str | None:
        """A single remembered value (the schema's version, the seed)."""
        row = self.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def remember(self, name: str, value: str) -> None:
        """Set a single value."""
        self.execute(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )

    def abandon(self) -> None:
        """Have ``close`` wait for no disk: the file is about to be thrown away."""
        self.connection.execute("PRAGMA synchronous=OFF")

    def close(self) -> None:
        """Close the connection, folding the write-ahead log into the file."""
        self.connection.close()
