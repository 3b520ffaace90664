"""The queries that were run, in this session and earlier ones: a file of the user's own, the newest first."""

from __future__ import annotations

import logging
import os
from datetime import datetime
from pathlib import Path

import msgspec

from pointsman.model.insights import Query

__all__ = ["Past", "QueryHistory"]

log = logging.getLogger("pointsman.insights")

MOST = 200
"""Queries that are kept."""
LARGEST = 4_000_000
"""Bytes; a file beyond this is not read."""
FORMAT = 1


class Past(msgspec.Struct, frozen=True):
    """A query that was run."""

    text: str
    groups: tuple[str, ...]
    at: datetime
    place: str = ""
    """Account and region: another one's log groups are of no use."""


class _Kept(msgspec.Struct, frozen=True):
    format: int
    queries: tuple[Past, ...]


class QueryHistory:
    """What was asked.

    Args:
        file: Where it is kept; None keeps it for this session only.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._loaded = False
        self.entries: tuple[Past, ...] = ()
        """The newest first; those of earlier sessions once ``load`` was called."""

    def load(self) -> tuple[Past, ...]:
        """What earlier sessions asked, too. Blocking."""
        if not self._loaded:
            self._loaded = True
            self.entries = _merged(self.entries, self._read())
        return self.entries

    def add(self, query: Query, at: datetime, place: str) -> None:
        """Remember a query; one of the same text and groups moves to the front."""
        self.entries = _merged((Past(query.text, query.groups, at, place),), self.entries)

    def keep(self) -> bool:
        """Write it for the next session; what another console has added since stays. Blocking.

        Returns:
            Whether it was written.
        """
        if self._file is None:
            return False
        self.entries = _merged(self.entries, self._read())
        new = self._file.with_suffix(f".{os.getpid()}.new")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(_Kept(FORMAT, self.entries)))
            new.replace(self._file)
        except OSError as error:
            log.warning("the history of queries cannot be kept: %s", error)
            return False
        return True

    def _read(self) -> tuple[Past, ...]:
        if self._file is None:
            return ()
        try:
            found = self._file.stat()
            if found.st_size > LARGEST or found.st_uid != os.getuid():
                return ()
            kept = msgspec.json.decode(self._file.read_bytes(), type=_Kept)
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.DecodeError, ValueError) as error:
            log.warning("the history of queries cannot be read: %s", error)
            return ()
        return kept.queries if kept.format == FORMAT else ()


def _merged(newer: tuple[Past, ...], older: tuple[Past, ...]) -> tuple[Past, ...]:
    """Both, the newest first, none twice."""
    found: dict[tuple[str, tuple[str, ...], str], Past] = {}
    for one in sorted((*newer, *older), key=lambda past: past.at, reverse=True):
        found.setdefault((one.text, one.groups, one.place), one)
    return tuple(found.values())[:MOST]
