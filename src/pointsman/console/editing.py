"""Text in a person's own editor: the terminal is given away until the editor ends."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

__all__ = ["edited", "editor_of"]


def editor_of(environ: Mapping[str, str]) -> list[str]:
    """The command of a person's editor."""
    for name in ("VISUAL", "EDITOR"):
        try:
            words = shlex.split(environ.get(name, ""))
        except ValueError:
            continue
        if words:
            return words
    return ["vi"]


def edited(app: App[Any], text: str, name: str) -> str | None:
    """A text after somebody has edited it; None where that cannot be done: no terminal to give away, no editor.

    Args:
        app: Gives the terminal away, and draws itself anew.
        text: What to begin with.
        name: The file's name, for the editor to know what it is.
    """
    with tempfile.TemporaryDirectory(prefix="pointsman-") as folder:
        path = Path(folder) / "".join(char if char.isalnum() or char in "-_." else "_" for char in name[-80:])
        path.write_text(text, encoding="utf-8")
        try:
            with app.suspend():
                ended = subprocess.run([*editor_of(os.environ), str(path)], check=False)
        except (SuspendNotSupported, OSError):
            return None
        if ended.returncode != 0:
            return text
        return path.read_text(encoding="utf-8", errors="replace")
