"""Whether a repository's own commands may run on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class Trust(Protocol):
    """Asked before a build takes its commands from a repository or folder of this machine.

    Called on a worker thread: an implementation may ask a person at a terminal.
    """

    def allowed(self, repository_path: Path) -> bool:
        """Whether builds may run what this repository says."""
        ...


class TrustEverything:
    """Asks nobody: for the library and the tests, whose caller wrote the repository."""

    def allowed(self, repository_path: Path) -> bool:  # noqa: ARG002
        """Always."""
        return True
