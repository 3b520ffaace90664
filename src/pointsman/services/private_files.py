"""Small files that nobody else may read, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

__all__ = ["name_for", "read_own", "write_own"]


def name_for(whose: Sequence[str]) -> str:
    """A file name that only the same words give."""
    return hashlib.sha256("\0".join(whose).encode()).hexdigest()[:32]


def read_own(path: Path, largest: int) -> bytes | None:
    """What a file of this user's holds; None when there is none, when it is another's, or beyond ``largest`` bytes.

    Raises:
        OSError: It cannot be read.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return None if found.st_size > largest or found.st_uid != os.getuid() else path.read_bytes()


def write_own(path: Path, body: bytes) -> None:
    """Put a file in the place of the one there is, in a folder that is made for this user alone.

    Raises:
        OSError: It cannot be written; what was there before is there still.
    """
    new = path.with_suffix(".new")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
    new.replace(path)
