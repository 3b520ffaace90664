"""Who may know whom: the import contracts, statically; and what is really loaded, in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LINT = "from importlinter.cli import lint_imports_command as run; run()"

_LATER = {"textual", "rich", "boto3", "botocore", "yaml", "msgspec", "asyncio", "dataclasses"}
PROOFS = [
    ("pointsman.arguments", {"textual", "rich", "boto3", "botocore", "yaml", "msgspec", "asyncio", "dataclasses"}),
    (
        "pointsman.cli",
        {"argparse", "typing", "textual", "rich", "boto3", "botocore", "yaml", "msgspec", "asyncio", "dataclasses"},
    ),
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


FIRST = """
import sys
from pointsman import bootstrap
from pointsman.config import terminal
from pointsman.config.launch import Launch, World
from pointsman.config.settings import Settings
terminal.check = lambda _: None
plan = bootstrap._demo(Launch(world=World.DEMO, paused=True), Settings(), {"XDG_STATE_HOME": sys.argv[1]})
connection = plan.connect()
print(*sys.modules)
connection.services.warm()
print(*sys.modules)
plan.closing.close()
"""


def test_a_first_board_waits_for_nothing_that_it_does_not_show(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FIRST, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, warm = (set(line.split()) for line in done.stdout.splitlines())
    later = {
        "pointsman.services.alarms",
        "pointsman.services.deployments",
        "pointsman.services.logs",
        "pointsman.services.traces",
        "pointsman.operations.deployments",
    }
    assert later & first == set() and later <= warm
