"""Commands of this machine that a world file names: how one is written down, for whoever is asked about it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def described(command: Sequence[str], folder: str) -> str:
    """A command and where it runs, as a person agrees to it and as the agreement is kept."""
    shown = command[2] if len(command) == 3 and command[:2] == ("/bin/sh", "-c") else shlex.join(command)
    return f"{shown} (in {folder})"
