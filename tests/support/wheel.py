"""The project's wheel, installed on its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Installed:
    """A wheel, and the folder it was installed into; its dependencies come from the interpreter that tests it."""

    wheel: Path
    site: Path

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run something with the wheel's package in front, from a folder of the caller's."""
        environ = {**os.environ, "PYTHONPATH": str(self.site), "PYTHONSAFEPATH": "1"}
        return subprocess.run([*command], cwd=cwd, env=environ, capture_output=True, text=True, check=False)

    def python(self, code: str, cwd: Path) -> str:
        """What a piece of code prints."""
        done = self.run(sys.executable, "-c", code, cwd=cwd)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
