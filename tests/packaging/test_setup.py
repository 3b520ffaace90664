"""The two commands of the README, and the script that runs one of them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

_COMMAND = re.compile(r"^python3 -m venv .*$", re.MULTILINE)
_IMPORTED_AS = {"yaml": "pyyaml", "markdown_it": "markdown-it-py"}


def readme_commands() -> list[str]:
    return _COMMAND.findall((ROOT / "README.md").read_text())


def test_the_first_screen_of_the_readme_has_the_two_commands() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:40])
    demo, test = _COMMAND.findall(first_screen)
    assert demo.endswith(".venv/bin/pointsman demo")
    assert ".venv/bin/pytest" in test


def test_the_script_runs_the_readmes_test_command() -> None:
    steps = readme_commands()[1].split(" && ")
    script = (ROOT / ".ci" / "run").read_text()
    assert steps[0] == "python3 -m venv .venv"
    for step in steps[1:]:
        tool, _, rest = step.removeprefix(".venv/bin/").partition(" ")
        assert f'"$venv/bin/{tool}" {rest}' in script


def test_the_script_is_a_script() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["sh", "-n", str(script)], check=True)


def test_what_is_imported_is_what_is_declared() -> None:
    declared = {re.split(r"[^a-z0-9-]", line.lower())[0] for line in PROJECT["dependencies"]}
    found: dict[str, str] = {}
    for file in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            found |= {name.split(".")[0]: str(file) for name in names}
    ours = {"pointsman", *sys.stdlib_module_names}
    missing = {
        name: file for name, file in found.items() if name not in ours and _IMPORTED_AS.get(name, name) not in declared
    }
    missing.pop("botocore", None)  # boto3 brings it, of the version it needs
    assert missing == {}
