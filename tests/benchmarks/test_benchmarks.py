"""The benchmark suites run: with tiny sizes, whose figures mean nothing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.skipif(not (ROOT / "benchmarks").is_dir(), reason="the benchmarks are part of the checkout"),
    pytest.mark.skipif(importlib.util.find_spec("pyte") is None, reason="the terminal is played by pyte"),
]


@pytest.mark.xdist_group("benchmarks")
@pytest.mark.timeout(150)  # the suite of servers starts seven processes, the console's among them
@pytest.mark.parametrize(
    ("suite", "figures"),
    [
        ("start", ["first paint", "ready with data", "peak memory"]),
        (
            "manners",
            ["first paint of a kept", "fresh data", "a filter's key", "another column", "MiB held", "tasks"],
        ),
        ("table", ["pipelines open", "a cursor key"]),
        ("log", ["LogView's CPU", "from pipe to screen", "longest frame"]),
        ("output", ["a scrolled line", "backlog of page jumps", "nothing changes", "cost of a full frame"]),
        ("deployments", ["a cursor key down", "a cursor key across", "targets open"]),
        ("backend", ["GetPipelineState", "PutParameter"]),
        ("xray", ["raw documents to a tree", "a filter", "segments lost"]),
        ("waterfall", ["to the first frame", "a zoom key", "a search", "a scrolled line", "critical path", "RSS"]),
        ("map", ["to the first frame", "laid out at", "an arrow key", "figures that change"]),
        ("sparklines", ["CPU / Sparkline", "a key beside", "GetMetricData calls", "to the terminal"]),
        ("metrics", ["arrays of values", "single values", "in AWS's pages", "alarms evaluated"]),
        ("serve", ["seconds a call", "first ListPipelines", "memory after", "lost writes", "a key's p95"]),
    ],
)
def test_a_suite_runs_and_prints_its_figures(suite: str, figures: list[str]) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--small", "--runs", "1", "--only", suite],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=140,
        check=False,
    )
    assert told.returncode in (0, 1), told.stderr
    assert all(what in told.stdout for what in figures), told.stderr


@pytest.mark.xdist_group("benchmarks")
def test_the_readme_takes_the_table_between_its_marks(tmp_path: Path) -> None:
    begin, end = "<!-- figures: written by the benchmarks run, never by hand -->", "<!-- /figures -->"
    assert begin in (ROOT / "README.md").read_text(encoding="utf-8")
    page = tmp_path / "README.md"
    page.write_text(f"before\n{begin}\nold\n{end}\nafter\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "benchmarks", "--small", "--runs", "1", "--only", "backend", "--write", str(page)],
        cwd=ROOT,
        capture_output=True,
        timeout=55,
        check=False,
    )
    told = page.read_text(encoding="utf-8")
    assert told.startswith("before\n")
    assert told.endswith(f"{end}\nafter\n")
    assert "old" not in told
    assert "| GetPipelineState" in told


def test_an_unknown_suite_is_refused() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", "nothing"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert told.returncode == 2
    assert "nothing" in told.stderr
