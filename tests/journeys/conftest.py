"""The scenes that journeys are made in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from journeys.driving import Scene
from pointsman.local.scenarios import Demo, open_demo


@pytest.fixture
def demo() -> Iterator[Demo]:
    """The release floor, standing still at second 0."""
    made = open_demo(paused=True)
    yield made
    made.close()


@pytest.fixture
def floor(demo: Demo) -> Scene:
    """The release floor as ``pointsman demo`` shows it."""
    return Scene(demo.floor.backend, demo.clock, demo.region)


@pytest.fixture
def guarded_floor(demo: Demo) -> Scene:
    """The release floor under the rules of an AWS account: read-only until armed."""
    return Scene(demo.floor.backend, demo.clock, demo.region, read_only=True)
