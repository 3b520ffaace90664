"""The folders that travel with the program: inside the package in a wheel, beside ``src`` in a checkout."""

from __future__ import annotations

from pathlib import Path

import pointsman


def folder(name: str) -> Path:
    """``themes`` or ``sample_config``, wherever this installation keeps it.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    package = Path(pointsman.__file__).parent
    for candidate in (package / name, package.parents[1] / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"this installation of pointsman has no folder {name}")
