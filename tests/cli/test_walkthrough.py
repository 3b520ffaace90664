"""The walk-through of docs/serve.md, as it stands there: its files, its commands, what it says they print."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.clients import current_cli

PAGE = Path(__file__).parents[2] / "docs" / "serve.md"

pytestmark = pytest.mark.timeout(180)


def walk() -> dict[str, str]:
    """Its blocks by language."""
    section = PAGE.read_text().partition("## A walk through")[2].partition("\n## ")[0]
    found = re.findall(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert [language for language, _ in found] == ["json", "yaml", "sh"]
    return dict(found)


@pytest.mark.skipif(not PAGE.exists(), reason="the documents are part of the checkout")
def test_the_documented_walk_through_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    blocks = walk()
    (tmp_path / "pipeline.json").write_text(blocks["json"])
    (tmp_path / "buildspec.yml").write_text(blocks["yaml"])
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, command in (("pointsman", [sys.executable, "-m", "pointsman"]), ("aws", current_cli())):
        (programs / name).write_text(f'#!/bin/sh\nexec {" ".join(command)} "$@"\n')
        (programs / name).chmod(0o755)
    environ = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path), "AWS_PAGER": ""}
    done = subprocess.run(
        ["sh", "-eu", "-c", blocks["sh"]],
        cwd=tmp_path,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = re.findall(r"^# prints (.*)$", blocks["sh"], re.MULTILINE)
    assert len(expected) == 12
    at = done.stdout.index("ctrl+c or SIGTERM ends it")
    for words in expected:
        found = done.stdout.find(words, at)
        assert found >= 0, (words, done.stdout)
        at = found
    assert not (tmp_path / "ready.json").exists(), "it ended cleanly"
    for operation in ("create-pipeline", "start-pipeline-execution", "get-pipeline-state", "disable-stage-transition"):
        assert f"aws codepipeline {operation}" in blocks["sh"]
    for service in ("codebuild", "deploy", "logs", "cloudwatch", "xray"):
        assert f"aws {service} " in blocks["sh"]
    assert json.loads(blocks["json"])["pipeline"]["name"] == "release"
