"""Processes of this machine, as a test looks for what should be gone."""

from __future__ import annotations

from pathlib import Path


def alive(marker: str) -> list[str]:
    """The processes with a marker in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"MARKER={marker}\0".encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found
