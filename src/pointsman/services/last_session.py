"""How a person looked at things in the last session: one small file for each identity and region.

Filters and selections name things of an account, so the file's name comes from what decides whose they are.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pointsman.model.views import Session
from pointsman.services.private_files import name_for, read_own, write_own

__all__ = ["LastSession"]

log = logging.getLogger("pointsman.session")

FORMAT = 1
LARGEST = 1_000_000
"""Bytes; a file beyond this is neither read nor written."""


class _Kept(msgspec.Struct, frozen=True):
    format: int
    session: Session


class LastSession:
    """One place's session, in a file.

    Args:
        folder: Where the files are; made, with nobody else let in, when one is written.
        whose: What decides whose names these are: profile, region, endpoint, the identity.
    """

    def __init__(self, folder: Path, whose: Sequence[str]) -> None:
        self._file = folder / f"{name_for(whose)}.json"

    def recall(self) -> Session:
        """The session; an empty one when there is none that can be read."""
        try:
            body = read_own(self._file, LARGEST)
            kept = msgspec.json.decode(body, type=_Kept) if body is not None else None
        except (OSError, msgspec.DecodeError, ValueError) as error:
            # Another version's, or not ours: it is left as it is until this session is kept in its place.
            log.warning("the last session cannot be read: %s", error)
            return Session()
        return kept.session if kept is not None and kept.format == FORMAT else Session()

    def keep(self, session: Session) -> bool:
        """Write a session for the next one; False when it cannot be written."""
        body = msgspec.json.encode(_Kept(FORMAT, session))
        if len(body) > LARGEST:
            return False
        try:
            write_own(self._file, body)
        except OSError as error:
            log.warning("the session cannot be kept for the next one: %s", error)
            return False
        return True
