"""On every screen: a storm of sizes, a stop, a mistake, SIGTERM and SIGHUP leave the terminal as it was."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pointsman.console import screens
from pointsman.console.screens.base import Place

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("terminal")]

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def told() -> list[dict[str, Any]]:
    """What became of the terminal, for every screen."""
    command = [sys.executable, "-m", "support.endings"]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=230, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("how", ["lived_through", "hung_up"])
def test_the_terminal_is_left_as_it_was(told: list[dict[str, Any]], how: str) -> None:
    mine = [one for one in told if one["how"] == how]
    assert len(mine) > 28
    assert [one for one in mine if one["wrong"]] == []


def test_that_is_every_screen_there_is(told: list[dict[str, Any]]) -> None:
    found = set()
    for module in pkgutil.iter_modules(screens.__path__):
        loaded = importlib.import_module(f"{screens.__name__}.{module.name}")
        found |= {one for one in vars(loaded).values() if isinstance(one, type) and issubclass(one, Place)}
    ends = {one.__name__ for one in found if not any(other is not one and issubclass(other, one) for other in found)}
    assert {one["place"] for one in told} == ends
