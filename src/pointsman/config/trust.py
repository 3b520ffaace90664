"""Which repositories and commands of this machine a person has said may run, kept beside the world that runs them.

Builds run what a repository says with the rights of whoever started the program. So before the first run of each
repository or command that a world file names, a person is asked, once; the answer is kept in the state folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from pointsman.errors import StateError


class Wish(Struct, frozen=True):
    """Something a world file wants to run."""

    what: str
    """``repository`` or ``command``."""
    value: str
    """The path, absolute; or the command."""
    by: str
    """The world file that wants it."""


class KeptTrust:
    """What is trusted, in a file.

    Args:
        folder: The state folder. What is inside it was put there by its owner, and is trusted.
        everything: Trust whatever is asked about (``--trust``), and remember nothing.
    """

    def __init__(self, folder: Path, *, everything: bool = False) -> None:
        self._folder = folder
        self._file = folder / "trusted.json"
        self._everything = everything
        self._known = set() if everything else self._read()

    def allowed(self, repository_path: Path) -> bool:
        """Whether builds may run what this repository says. Safe from any thread."""
        path = repository_path.resolve()
        return self._everything or str(path) in self._known or path.is_relative_to(self._folder.resolve())

    def allows(self, command: str) -> bool:
        """Whether a command that a world file names may run. Safe from any thread."""
        return self._everything or command in self._known

    def unknown(self, wishes: Iterable[Wish]) -> tuple[Wish, ...]:
        """The wishes nobody has agreed to yet, each once."""
        if self._everything:
            return ()
        return tuple({wish.value: wish for wish in wishes if wish.value not in self._known}.values())

    def remember(self, wishes: Sequence[Wish]) -> None:
        """Keep an agreement.

        Raises:
            StateError: It cannot be written.
        """
        self._known |= {wish.value for wish in wishes}
        new = self._file.with_suffix(".new")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"trusted": sorted(self._known)}, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._file)
        except OSError as error:
            raise StateError(f"{self._file} cannot be written: {error.strerror}", "check the state folder") from error

    def _read(self) -> set[str]:
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))["trusted"]
            return {str(value) for value in kept}
        except FileNotFoundError:
            return set()
        except (OSError, ValueError, KeyError, TypeError):
            return set()  # what cannot be read was not agreed to: the person is asked again
