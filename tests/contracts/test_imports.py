"""Who may know whom: the import contracts, statically; and what is really loaded, in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LINT = "from importlinter.cli import lint_imports_command as run; run()"

PROOFS = [
    ("pointsman.cli", {"textual", "rich", "boto3", "botocore", "yaml", "msgspec", "asyncio", "dataclasses"}),
    ("pointsman.bootstrap", {"textual", "rich", "boto3", "botocore", "yaml", "asyncio"}),
    ("pointsman.serving", {"textual", "rich", "boto3", "botocore", "yaml", "asyncio", "uvicorn"}),
    (
        "pointsman.console.app",
        {"boto3", "botocore", "pointsman.local", "pointsman.aws", "pointsman.operations.registry"},
    ),
    ("pointsman.services.feeds", {"textual", "rich", "boto3", "botocore"}),
    ("pointsman.model.pipelines", {"textual", "rich", "boto3", "botocore"}),
    ("pointsman.operations.registry", {"textual", "rich", "boto3", "botocore"}),
    ("pointsman.local", {"textual", "rich", "pointsman.model", "pointsman.services"}),
]
"""What is imported, and what must then not be loaded."""


def test_the_contracts_are_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--config", "tests/importlinter.ini", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("module", "never"), PROOFS, ids=[module for module, _ in PROOFS])
def test_what_an_import_loads(module: str, never: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert never & set(done.stdout.split()) == set()
