"""Emptying a state folder: at once for whoever looks, at leisure on the disk.

What goes is renamed into a folder of its own, which takes no time however much it is, and removed on a thread; what a
killed process has left of that is removed at the next start.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path

from pointsman.errors import StateError

RECORDS = ("state.db", "state.db-wal", "state.db-shm", "blobs")
"""What every backend keeps in its folder, beside its engines' folders."""
_PREFIX = ".emptied-"


def discard(root: Path, names: Iterable[str]) -> None:
    """Have files and folders of ``root`` gone.

    Args:
        root: The state folder.
        names: What is in it; what is not there is no error.

    Raises:
        StateError: One cannot be moved away.
    """
    away: Path | None = None
    try:
        for name in names:
            if (root / name).exists():
                away = away or Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
                (root / name).rename(away / name)
    except OSError as error:
        raise StateError(f"{error.filename} cannot be removed: {error.strerror}", "check the state folder") from error
    finally:
        if away is not None:
            _remove(away)


def sweep(root: Path) -> None:
    """Remove what a process that was killed while it emptied the folder has left."""
    for place in root.glob(f"{_PREFIX}*"):
        _remove(place)


def _remove(place: Path) -> None:
    threading.Thread(
        target=shutil.rmtree, args=(place,), kwargs={"ignore_errors": True}, name="pointsman-emptying", daemon=True
    ).start()
