"""Lint, layout and types, as part of the one test command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _says(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


def test_lint() -> None:
    done = _says("ruff", "check", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_layout() -> None:
    done = _says("ruff", "format", "--check", ".")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(600)
@pytest.mark.slow
def test_types() -> None:
    done = _says("mypy", "--no-error-summary")
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_too_long_to_hold_one_idea() -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for file in (ROOT / "src").rglob("*.py")
        if (lines := len(file.read_text().splitlines())) > 600
    }
    assert long == {}


def test_every_module_says_what_it_owns() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in (ROOT / "src").rglob("*.py")
        if not file.read_text().lstrip().startswith(('"""', 'r"""'))
    ]
    assert silent == []
