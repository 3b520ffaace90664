"""The shortest way to a build."""

from __future__ import annotations

import pytest

from pointsman.clock import ManualClock
from support.backend import CheckedBackend
from support.builds import Builds


@pytest.fixture
def builds(backend: CheckedBackend, clock: ManualClock) -> Builds:
    return Builds(backend, clock)
