"""Run the suites and print the figures.

::

    python -m benchmarks                      # everything, five runs each
    python -m benchmarks --only start log     # some suites
    python -m benchmarks --only manners       # one: a kept session, ten thousand rows, an hour of a demo (a minute)
    python -m benchmarks --runs 9 --json FILE
    python -m benchmarks --write README.md    # between its two marks, too

Everything is a ratio to a floor measured in the same run, turn and turn about, so that a busy or slow machine matters
little; a median of five is still best taken on a quiet one.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure, between_marks, summary, table

SUITES = (
    *("start", "manners", "table", "log", "output", "deployments"),
    *("backend", "serve", "xray", "waterfall", "map", "sparklines", "deploy", "metrics", "logs"),
)


def measure(name: str, runs: int, *, small: bool = False) -> list[Figure]:
    """The figures of one suite.

    Args:
        name: One of ``SUITES``.
        runs: How often each measurement is taken.
        small: Tiny sizes, to see that it works; the figures then mean nothing.
    """
    suite = importlib.import_module(f"benchmarks.suite_{name}")
    found: list[Figure] = suite.measure(runs, small=small)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="The figures, with their targets.")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=SUITES, default=SUITES, help=", ".join(SUITES))
    parser.add_argument("--runs", type=int, default=5, help="how often each is taken; the median counts (5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the table between a page's marks too")
    parser.add_argument("--small", action="store_true", help="tiny sizes: only to see that it works")
    asked = parser.parse_args(arguments)
    # Bytecode is part of an installation: a shell that forbids to write it must not have it compiled at every start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    figures: list[Figure] = []
    for name in SUITES:
        if name in asked.only:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            figures += measure(name, asked.runs, small=asked.small)
    load = f"load {os.getloadavg()[0]:.1f}"
    machine = f"CPython {platform.python_version()}, {os.cpu_count()} CPUs, {load}, medians of {asked.runs}"
    print(machine)
    print()
    print(table(figures))
    if asked.json is not None:
        asked.json.write_text(json.dumps([one.as_dict() for one in figures], indent=1) + "\n", encoding="utf-8")
    if asked.write is not None:
        page = asked.write.read_text(encoding="utf-8")
        asked.write.write_text(between_marks(page, summary(figures, machine)), encoding="utf-8")
    return 0 if all(one.met for one in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
