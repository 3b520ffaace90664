"""A backend whose builds and commits are scripted by the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pointsman.clock import ManualClock
from pointsman.local.codepipeline.actions import built
from pointsman.local.codepipeline.providers import Providers
from support.backend import CheckedBackend
from support.deploying import Deploying
from support.pipelines import Scripted


@pytest.fixture
def script() -> Scripted:
    return Scripted()


@pytest.fixture
def line(clock: ManualClock, tmp_path: Path, script: Scripted) -> Iterator[CheckedBackend]:
    """A backend whose CodeBuild and CodeCommit source actions are scripted."""
    providers: Providers = built()
    for category, name in (("Source", "CodeCommit"), ("Build", "CodeBuild"), ("Test", "CodeBuild")):
        providers.add(category, "AWS", name, script)
    with CheckedBackend(state=tmp_path / "state", clock=clock, tools=[providers]) as made:
        yield made


@pytest.fixture
def codepipeline(line: CheckedBackend) -> Any:
    return line.session("us-east-1").client("codepipeline")


@pytest.fixture
def shop(backend: CheckedBackend, clock: ManualClock) -> Deploying:
    return Deploying(backend, clock)
