"""What was typed before: the lines of a kind, kept from one session to the next, the newest last.

A file for each kind, for its owner's eyes only; what cannot be read counts as nothing.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Final

import msgspec

__all__ = ["Typed"]

log = logging.getLogger("pointsman.typed")

MOST: Final = 100
"""Lines of a kind."""
LONGEST: Final = 10_000
"""Characters of a line."""
LARGEST: Final = 4_000_000
"""Bytes of a file that is read."""
_KIND: Final = re.compile(r"[a-z][a-z-]*")


class Typed:
    """Lines by kind.

    Args:
        folder: Where they are kept; made when one is written. None keeps them for this session only.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lines: dict[str, list[str]] = {}

    def lines(self, kind: str) -> tuple[str, ...]:
        """What was typed, the newest last. Reads a small file the first time."""
        return tuple(self._known(kind))

    def add(self, kind: str, line: str) -> None:
        """Something was typed: it is the newest now, wherever it stood. Writes a small file."""
        line = line.strip()
        if not line or len(line) > LONGEST:
            return
        known = self._known(kind)
        kept = [*(one for one in known if one != line), line][-MOST:]
        if kept != known:
            self._lines[kind] = kept
            self._write(kind, kept)

    def _file(self, kind: str) -> Path | None:
        assert _KIND.fullmatch(kind)
        return self._folder / f"{kind}.json" if self._folder is not None else None

    def _known(self, kind: str) -> list[str]:
        if kind not in self._lines:
            self._lines[kind] = self._read(self._file(kind))
        return self._lines[kind]

    @staticmethod
    def _read(file: Path | None) -> list[str]:
        if file is None:
            return []
        try:
            about = file.stat()
            if about.st_size > LARGEST or about.st_uid != os.getuid():
                return []
            found = msgspec.json.decode(file.read_bytes(), type=list[str])
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            log.warning("what was typed before cannot be read: %s", error)
            return []
        return [one for one in found if len(one) <= LONGEST][-MOST:]

    def _write(self, kind: str, lines: list[str]) -> None:
        file = self._file(kind)
        if file is None:
            return
        new = file.with_suffix(".new")
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                out.write(msgspec.json.encode(lines))
            new.replace(file)
        except OSError as error:
            log.warning("what was typed cannot be kept: %s", error)
