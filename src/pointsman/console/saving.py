"""Text into files of the user's own: the folder 0700, the file 0600, never over another."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

__all__ = ["saved"]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_TRIES = 1000


def saved(folder: Path, name: str, suffix: str, lines: Iterable[str]) -> Path:
    """Write lines into a new file and say where it is. Blocking.

    Args:
        folder: Made if it is missing, for its owner only.
        name: What it is about; characters that file systems dislike are replaced.
        suffix: ``.log``.
        lines: Without their line ends.

    Raises:
        OSError: The folder or the file cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem = _UNSAFE.sub("-", name).strip(".-")[:120] or "saved"
    for number in range(_TRIES):
        path = folder / f"{stem}{f'-{number + 1}' if number else ''}{suffix}"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.writelines(f"{line}\n" for line in lines)
        return path
    raise FileExistsError(f"{folder} holds {_TRIES} files called {stem} already")
